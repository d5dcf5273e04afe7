/* smart51.h: what a contract in C calls, for the 8051 (sdcc --model-large) and for WebAssembly (clang).
 *
 * Generated from the method table in abi/src/method/table.rs. Refresh: cargo run -p smart51-abi --example generate
 *
 * A contract is one function, `void contract(void)`. When it returns, the call has succeeded; s51_exit with
 * any code but S51_OK refuses, and all it wrote is undone. Methods are called as s51_NAME(...), as docs/abi.md
 * shows for each. Those that answer bytes copy them out and return their length, 0 when nothing was answered;
 * those that answer a number return it, 0 when nothing was answered. Those that answer nothing are served or end the
 * call: the host faults on a request that it does not take, so a payment is never lost without a word.
 *
 * A contract that says `#define S51_CONTRACT` before it includes this header is a list of functions instead, one for each
 * of its actions: the last part of this header tells how.
 *
 * sdcc adds, subtracts and compares numbers of 64 bits for the 8051 but cannot multiply and divide them: s51_mul and
 * s51_div can.
 */
#ifndef SMART51_H
#define SMART51_H

#include <stdint.h>

/* Where things lie. */
#define S51_EXIT 0x0008 /* CODE: the run ends here */
#define S51_APICALL 0x0012 /* CODE: the host serves a call here */
#define S51_ACCOUNT_CHECK_SWITCH 0x0014 /* CODE: 1 demands that app accounts match what was paid */
#define S51_RESULT 0xEFFD /* XDATA: a method's number, or the exit code */
#define S51_BUFFER 0xEFFF /* XDATA: the input, then requests and replies */
#define S51_REFUSED_WORD 0xFFFF /* in the result word behind a refused call */
#define S51_BUFFER_SIZE 4096 /* bytes */

#ifdef __SDCC_mcs51
/* Of a branch left out, and code that is never reached: the functions below have both where they are given constants. */
#pragma disable_warning 110
#pragma disable_warning 126
#define S51_XDATA __xdata
#define S51_FAST __data   /* for the few variables used most: IRAM, of which some 80 bytes are free */
#define S51_INLINE inline /* no code for what is not called */
#define S51_PACKED
#else
#define S51_XDATA
#define S51_FAST
#define S51_INLINE static inline
#define S51_PACKED __attribute__((packed))
#endif

/* The account check, CODE 0x0014: a contract that wants it says `#define S51_ACCOUNT_CHECK 1` before it includes
 * this header. A contract of several files says `#define S51_PART` in all but one of them. */
#ifndef S51_ACCOUNT_CHECK
#define S51_ACCOUNT_CHECK 0
#endif
#ifndef S51_PART
#ifdef __SDCC_mcs51
static const __code __at(S51_ACCOUNT_CHECK_SWITCH) uint8_t s51_account_check = S51_ACCOUNT_CHECK;
#elif S51_ACCOUNT_CHECK
/* In a WebAssembly module an export of this name is the switch. */
__attribute__((export_name("smart51_account_check"))) void smart51_account_check(void) {}
#endif
#endif

/* The contract: the one function its author must write. */
void contract(void);

/* Ends the call. S51_OK keeps what was written; any other code, 0 to 255, refuses and undoes it. */
#define S51_OK 1
void s51_exit(uint8_t code);

/* Copies the call's input and returns its whole length. It must come before any call of a method: the input lies
 * where replies come. s51_input does the same at any time, for the price of a call. */
#define s51_take_input(out, cap) s51_item(out, cap)

/* Prints a string literal. */
#define s51_say(literal) s51_print(0, literal, sizeof(literal) - 1)

/* A request: the arguments in order, then the call. An argument of length 0 is left out. Then the items of the
 * reply, one by one; s51_item returns the whole length of an item, 0 if there is none, and copies at most `cap`
 * bytes of it. */
#ifdef __SDCC_mcs51
/* The length goes by IRAM: sdcc passes all parameters but the first in XDATA, which takes three times as long. */
extern __data uint16_t smart51_length;
void smart51_put(const void *bytes);
uint16_t smart51_take(void *out);

S51_INLINE void s51_arg(const void *bytes, uint16_t length)
{
    smart51_length = length;
    smart51_put(bytes);
}

S51_INLINE uint16_t s51_item(void *out, uint16_t cap)
{
    smart51_length = cap;
    return smart51_take(out);
}
#else
void s51_arg(const void *bytes, uint16_t length);
uint16_t s51_item(void *out, uint16_t cap);
#endif
void s51_call(uint16_t method);

/* Whether the last call of a method was refused: 1 or 0. A refused call answers nothing, as one does that has nothing
 * to answer. */
#ifdef __SDCC_mcs51
S51_INLINE uint8_t s51_refused(void)
{
    return *(volatile uint16_t __xdata *)S51_RESULT == S51_REFUSED_WORD;
}
#else
extern uint8_t smart51_refused;
S51_INLINE uint8_t s51_refused(void)
{
    return smart51_refused;
}
#endif

/* The same for numbers. */
void s51_arg8(uint8_t value);
void s51_arg32(uint32_t value);
void s51_arg64(int64_t value);
uint8_t s51_item8(void);
uint32_t s51_item32(void);
int64_t s51_item64(void);

/* Copies bytes to XDATA. */
void s51_copy(const void *from, void S51_XDATA *to, uint16_t count);
/* Whether two places hold the same bytes: 1 or 0. */
uint8_t s51_equal(const void *a, const void *b, uint16_t length);

/* A record of s51_output. */
typedef struct S51_PACKED {
    uint8_t kind;        /* S51_REGID or S51_ADDRESS_TEXT */
    uint8_t account[34]; /* 6 or 34 bytes of it */
    uint8_t operation;   /* S51_GIVE or S51_TAKE */
    uint32_t height;     /* ignored */
    int64_t amount;
} s51_output_t;
#define S51_REGID 1
#define S51_ADDRESS_TEXT 2
#define S51_GIVE 1
#define S51_TAKE 2

/* Fills a record for an account of registered id. */
void s51_record(s51_output_t S51_XDATA *record, uint8_t operation, const void *regid, int64_t amount);
/* Asks for `amount` to move from this contract to the account of this registered id, when the call succeeds. */
void s51_pay(const void *regid, int64_t amount);

/* The user of an app account, for s51_app_free. */
typedef struct S51_PACKED {
    uint8_t length; /* 1 to 40 */
    uint8_t name[40];
} s51_user_t;

/* A record of s51_app_operate and s51_app_frozen. */
typedef struct S51_PACKED {
    uint8_t kind; /* S51_ADD_FREE to S51_SUB_FROZEN */
    uint32_t height;
    int64_t amount;
    s51_user_t user;
    s51_user_t tag;
} s51_fund_t;
#define S51_ADD_FREE 1
#define S51_SUB_FREE 2
#define S51_ADD_FROZEN 3
#define S51_SUB_FROZEN 4

/* Fills a user's name. */
void s51_user(s51_user_t S51_XDATA *user, const void *name, uint8_t length);
/* Fills a record with an empty tag and height 0. */
void s51_fund(s51_fund_t S51_XDATA *fund, uint8_t kind, const void *user, uint8_t length, int64_t amount);

/* A call of another contract, for s51_call_contract and s51_static_call. */
typedef struct S51_PACKED {
    uint8_t contract[6];
    int64_t value; /* sent with it */
    int64_t gas;   /* the most it may use; 0 for all that may be */
} s51_call_t;

/* Its result; the data it returned is the next item: s51_item(out, cap). */
typedef struct S51_PACKED {
    uint8_t status; /* S51_SUCCESS to S51_NOT_ENTERED; 0 for a call that the host refuses */
    uint8_t code;
    int64_t gas; /* used */
} s51_result_t;
#define S51_SUCCESS 1
#define S51_REFUSED 2
#define S51_FAULT 3
#define S51_NOT_ENTERED 4
/* The codes of S51_NOT_ENTERED. */
#define S51_NO_CONTRACT 1
#define S51_TOO_DEEP 2
#define S51_REENTRANT 3
#define S51_NO_FUNDS 4
#define S51_TOO_LITTLE_GAS 5
#define S51_OLD_RULES 6
#define S51_TOO_MANY_CALLS 7
#define S51_UNPAYABLE 8

/* Fills a call of the contract of this registered id, without an amount and with all gas that may be used. */
S51_INLINE void s51_callee(s51_call_t S51_XDATA *call, const void *regid)
{
    s51_copy(regid, call->contract, 6);
    call->value = 0;
    call->gas = 0;
}

/* An event, for s51_emit(&event, 1 + event.topics, data, length). */
typedef struct S51_PACKED {
    uint8_t name[32];
    uint8_t topic[4][32];
    uint8_t topics; /* how many there are; not a part of the request */
} s51_event_t;

/* Fills an event with the first `length` bytes of a name, and no topics. */
S51_INLINE void s51_event_named(s51_event_t S51_XDATA *event, const char *name, uint8_t length)
{
    uint8_t i;
    for (i = 0; i < 32; i++)
        event->name[i] = i < length ? name[i] : 0;
    event->topics = 0;
}
#define s51_event(event, literal) s51_event_named(event, literal, sizeof(literal) - 1)

/* Adds a topic of up to 32 bytes; the rest of it is zeros. An event has up to four. */
S51_INLINE void s51_topic(s51_event_t S51_XDATA *event, const void *bytes, uint8_t length)
{
    uint8_t i;
    if (event->topics >= 4)
        return;
    for (i = 0; i < 32; i++)
        event->topic[event->topics][i] = 0;
    s51_copy(bytes, event->topic[event->topics], length < 32 ? length : 32);
    event->topics++;
}

/* What a contract that was deployed with --apply finds in front of the data. */
typedef struct S51_PACKED {
    uint8_t receiver[6]; /* this contract */
    uint8_t code[6];     /* the account whose action it is; another one in a notification */
    uint8_t action[8];   /* its name */
} s51_apply_t;

/* An action, for s51_send_action and s51_send_context_free. */
typedef struct S51_PACKED {
    uint8_t account[6];
    uint8_t name[8];
    int64_t value; /* sent with it */
} s51_action_t;

/* Whose authority goes with it. */
typedef struct S51_PACKED {
    uint8_t actor[6];
    uint8_t permission[8];
} s51_authorization_t;

/* Makes the eight bytes of a name of up to 12 letters: a to z, 1 to 5 and dots. */
S51_INLINE void s51_name_of(uint8_t S51_XDATA *name, const char *letters, uint8_t length)
{
    uint8_t i, shift;
    uint16_t bits;
    for (i = 0; i < 8; i++)
        name[i] = 0;
    for (i = 0; i < length && i < 12; i++) {
        bits = letters[i] == '.' ? 0 : letters[i] < 'a' ? letters[i] - '0' : letters[i] - 'a' + 6;
        shift = 59 - 5 * i;
        bits <<= shift & 7;
        name[shift >> 3] |= (uint8_t)bits;
        if (shift < 56)
            name[(shift >> 3) + 1] |= (uint8_t)(bits >> 8);
    }
}
#define s51_name(name, literal) s51_name_of(name, literal, sizeof(literal) - 1)

/* 1 if the name has these letters, else 0. */
S51_INLINE uint8_t s51_is_name_of(const uint8_t S51_XDATA *name, const char *letters, uint8_t length)
{
    uint8_t i, shift, letter;
    uint16_t bits;
    if (length > 12 || (name[0] & 15))
        return 0;
    for (i = 0; i < 12; i++) {
        shift = 59 - 5 * i;
        bits = name[shift >> 3];
        if (shift < 56)
            bits |= (uint16_t)name[(shift >> 3) + 1] << 8;
        if (i >= length || letters[i] == '.')
            letter = 0;
        else
            letter = letters[i] < 'a' ? letters[i] - '0' : letters[i] - 'a' + 6;
        if (((uint8_t)(bits >> (shift & 7)) & 31) != letter)
            return 0;
    }
    return 1;
}
#define s51_is_name(name, literal) s51_is_name_of(name, literal, sizeof(literal) - 1)

/* Fills an action of this account, without a name and an amount. */
S51_INLINE void s51_action(s51_action_t S51_XDATA *action, const void *account)
{
    uint8_t i;
    s51_copy(account, action->account, 6);
    for (i = 0; i < 8; i++)
        action->name[i] = 0;
    action->value = 0;
}

/* Fills the authorization of this actor, which must be the running contract, for the permission `active`. */
S51_INLINE void s51_authorization(s51_authorization_t S51_XDATA *authorization, const void *actor)
{
    uint8_t i;
    s51_copy(actor, authorization->actor, 6);
    for (i = 0; i < 4; i++)
        authorization->permission[i] = 0;
    authorization->permission[4] = 0xA8; /* what s51_name makes of it */
    authorization->permission[5] = 0xED;
    authorization->permission[6] = 0x32;
    authorization->permission[7] = 0x32;
}

/* A deferred action, for s51_send_deferred. */
typedef struct S51_PACKED {
    uint8_t id[8];          /* of the contract's choice; that of no action of it that waits */
    uint32_t delay;         /* how many blocks later, at least 1 */
    uint8_t gas[8];         /* the most gas of the action, a number from its lowest byte on */
    uint8_t onerror_gas[8]; /* the most gas for telling the contract that it failed; 0 to be told nothing */
    s51_action_t action;
} s51_deferred_t;

/* Fills one with an id, a delay and the gas for its action, which is still to be filled; of a failure nobody is told. */
S51_INLINE void s51_defer(s51_deferred_t S51_XDATA *deferred, uint32_t id, uint32_t delay, uint32_t gas)
{
    uint8_t i;
    for (i = 0; i < 8; i++) {
        deferred->id[i] = i < 4 ? (uint8_t)(id >> (8 * i)) : 0;
        deferred->gas[i] = i < 4 ? (uint8_t)(gas >> (8 * i)) : 0;
        deferred->onerror_gas[i] = 0;
    }
    deferred->delay = delay;
}

/* Has the contract told of a failure, with so much gas for it: its action `onerror`, by the account 0-0. */
S51_INLINE void s51_tell_failure(s51_deferred_t S51_XDATA *deferred, uint32_t gas)
{
    uint8_t i;
    for (i = 0; i < 4; i++)
        deferred->onerror_gas[i] = (uint8_t)(gas >> (8 * i));
}

/* What the action `onerror` of the account 0-0 has behind its head: the deferred action that failed. */
typedef struct S51_PACKED {
    uint8_t id[8];
    s51_action_t action;
} s51_onerror_t;

/* Where to begin among keys in order, and which way to go: for s51_db_seek, and with the limit for s51_db_range. */
typedef struct S51_PACKED {
    uint8_t way;    /* S51_FROM to S51_UP_TO */
    uint8_t prefix; /* how many of the first bytes of the bound each key must begin with; 0 for any key */
    uint16_t limit; /* the most keys of a range */
} s51_seek_t;
#define S51_FROM 0   /* the first from the bound on */
#define S51_AFTER 1  /* the first behind it */
#define S51_BEFORE 2 /* the last before it */
#define S51_UP_TO 3  /* the last up to it */

S51_INLINE void s51_seek(s51_seek_t S51_XDATA *seek, uint8_t way, uint8_t prefix, uint16_t limit)
{
    seek->way = way;
    seek->prefix = prefix;
    seek->limit = limit;
}

/* An index of rows by the number that lies in their values: for s51_row_write and s51_row_delete. */
typedef struct S51_PACKED {
    uint8_t index; /* its number, of the contract's choice */
    uint8_t at;    /* where in the value the number lies: 8 bytes, from its lowest on, without a sign */
} s51_index_t;

/* Where to begin in one, and which way to go: for s51_index_seek. */
typedef struct S51_PACKED {
    s51_index_t index;
    uint8_t way;
    int64_t number;
} s51_by_t;
#define S51_ROW 1    /* an entry with its row: its number, key and value are the next items */
#define S51_NO_ROW 2 /* an entry whose row is gone: its number and key are the next items */

S51_INLINE void s51_by(s51_by_t S51_XDATA *by, const s51_index_t *index, uint8_t way, int64_t number)
{
    by->index.index = index->index;
    by->index.at = index->at;
    by->way = way;
    by->number = number;
}

/* An entry of an index, for s51_index_delete. */
typedef struct S51_PACKED {
    uint8_t index;
    int64_t number;
} s51_entry_t;

S51_INLINE void s51_entry(s51_entry_t S51_XDATA *entry, const s51_index_t *index, int64_t number)
{
    entry->index = index->index;
    entry->number = number;
}

/* An object, for s51_object_owner and s51_object_get. */
typedef struct S51_PACKED {
    uint8_t contract[6]; /* that made it */
    int64_t id;
} s51_object_t;
/* What the methods answer that change one. */
#define S51_DONE 1
#define S51_NO_OBJECT 2
#define S51_NOT_OWNER 3
#define S51_NO_ACCOUNT 4

S51_INLINE void s51_object(s51_object_t S51_XDATA *object, const void *contract, int64_t id)
{
    s51_copy(contract, object->contract, 6);
    object->id = id;
}

/* Ends the call with a code other than S51_OK and a text for people. */
#define s51_fail_with(code, literal) s51_fail(code, literal, sizeof(literal) - 1)

/* The methods' numbers. */
#define S51_COMPARE 0x0000
#define S51_MUL 0x0001
#define S51_ADD 0x0002
#define S51_SUB 0x0003
#define S51_DIV 0x0004
#define S51_HASH 0x0005
#define S51_DES 0x0006
#define S51_VERIFY 0x0007
#define S51_SIGN 0x0008
#define S51_PRINT 0x0009
#define S51_TX_CONTRACT 0x000A
#define S51_TX_ACCOUNT 0x000B
#define S51_PUBKEY 0x000C
#define S51_BALANCE 0x000D
#define S51_TX_HEIGHT 0x000E
#define S51_BLOCK_HASH 0x000F
#define S51_HEIGHT 0x0010
#define S51_DB_WRITE 0x0011
#define S51_DB_DELETE 0x0012
#define S51_DB_READ 0x0013
#define S51_DB_SIZE 0x0014
#define S51_DB_NEXT 0x0015
#define S51_TX_HASH 0x0016
#define S51_DB_MODIFY 0x0017
#define S51_OUTPUT 0x0018
#define S51_SCRIPT_DATA 0x0019
#define S51_SCRIPT_ID 0x001A
#define S51_TX_SENDER 0x001B
#define S51_INPUT 0x001C
#define S51_UNPACK 0x001D
#define S51_TX_UNPACK 0x001E
#define S51_PAY_AMOUNT 0x001F
#define S51_APP_FREE 0x0020
#define S51_APP_FROZEN 0x0021
#define S51_APP_OPERATE 0x0022
#define S51_ADDRESS 0x0023
#define S51_SHA256_ONCE 0x0100
#define S51_BLOCK_TIME 0x0101
#define S51_CALLER 0x0102
#define S51_CALL_CONTRACT 0x0103
#define S51_STATIC_CALL 0x0104
#define S51_EMIT 0x0105
#define S51_RETURN_DATA 0x0106
#define S51_FAIL 0x0107
#define S51_ABORT 0x0108
#define S51_HAS_AUTH 0x0109
#define S51_NOTIFY 0x010A
#define S51_SEND_ACTION 0x010B
#define S51_SEND_CONTEXT_FREE 0x010C
#define S51_SEND_DEFERRED 0x010D
#define S51_CANCEL_DEFERRED 0x010E
#define S51_DB_SEEK 0x0110
#define S51_DB_RANGE 0x0111
#define S51_ROW_WRITE 0x0112
#define S51_ROW_DELETE 0x0113
#define S51_INDEX_SEEK 0x0114
#define S51_INDEX_DELETE 0x0115
#define S51_OBJECT_CREATE 0x0120
#define S51_OBJECT_DELETE 0x0121
#define S51_OBJECT_OWNER 0x0122
#define S51_OBJECT_SET_OWNER 0x0123
#define S51_OBJECT_APPROVE 0x0124
#define S51_OBJECT_GET 0x0125
#define S51_OBJECT_SET 0x0126
#define S51_OBJECT_NEXT 0x0127

/* The methods. */
/* Compares two signed 64-bit numbers: 0 if equal, 1 if a is the smaller, 2 if a is the larger. */
S51_INLINE uint8_t s51_compare(int64_t a, int64_t b)
{
    s51_arg64(a);
    s51_arg64(b);
    s51_call(S51_COMPARE);
    return s51_item8();
}

/* Multiplies two signed 64-bit numbers; the product wraps around. */
S51_INLINE int64_t s51_mul(int64_t a, int64_t b)
{
    s51_arg64(a);
    s51_arg64(b);
    s51_call(S51_MUL);
    return s51_item64();
}

/* Adds two signed 64-bit numbers; the sum wraps around. */
S51_INLINE int64_t s51_add(int64_t a, int64_t b)
{
    s51_arg64(a);
    s51_arg64(b);
    s51_call(S51_ADD);
    return s51_item64();
}

/* Subtracts b from a, signed 64-bit numbers; the difference wraps around. */
S51_INLINE int64_t s51_sub(int64_t a, int64_t b)
{
    s51_arg64(a);
    s51_arg64(b);
    s51_call(S51_SUB);
    return s51_item64();
}

/* Divides a by b, signed 64-bit numbers, rounding toward zero. */
S51_INLINE int64_t s51_div(int64_t a, int64_t b)
{
    s51_arg64(a);
    s51_arg64(b);
    s51_call(S51_DIV);
    return s51_item64();
}

/* Hashes data with SHA-256 twice, as the chain hashes its transactions. */
S51_INLINE uint16_t s51_hash(const void *data, uint16_t data_len, void *out)
{
    s51_arg(data, data_len);
    s51_call(S51_HASH);
    return s51_item(out, 32);
}

/* Encrypts or decrypts data with DES or triple DES (keys 1, 2, 1), block by block. */
S51_INLINE uint16_t s51_des(const void *data, uint16_t data_len, const void *key, uint16_t key_len, uint8_t encrypt, void *out, uint16_t cap)
{
    s51_arg(data, data_len);
    s51_arg(key, key_len);
    s51_arg8(encrypt);
    s51_call(S51_DES);
    return s51_item(out, cap);
}

/* Verifies an ECDSA signature over a 32-byte hash, on the curve secp256k1. */
S51_INLINE uint8_t s51_verify(const void *signature, uint16_t signature_len, const void *public_key, const void *hash)
{
    s51_arg(signature, signature_len);
    s51_arg(public_key, 33);
    s51_arg(hash, 32);
    s51_call(S51_VERIFY);
    return s51_item8();
}

/* Does nothing; the original reserved it for signing. */
S51_INLINE void s51_sign(void)
{
    s51_call(S51_SIGN);
}

/* Prints text to the log of the run, or bytes as hex. A request that the host does not take ends the call. */
S51_INLINE void s51_print(uint8_t hex, const void *text, uint16_t text_len)
{
    s51_arg8(hex);
    s51_arg(text, text_len);
    s51_call(S51_PRINT);
}

/* Reads the contract bytes, the input, of a confirmed transaction. */
S51_INLINE uint16_t s51_tx_contract(const void *tx, void *out, uint16_t cap)
{
    s51_arg(tx, 32);
    s51_call(S51_TX_CONTRACT);
    return s51_item(out, cap);
}

/* Reads who sent a confirmed transaction. */
S51_INLINE uint16_t s51_tx_account(const void *tx, void *out)
{
    s51_arg(tx, 32);
    s51_call(S51_TX_ACCOUNT);
    return s51_item(out, 6);
}

/* Reads the public key of an account. */
S51_INLINE uint16_t s51_pubkey(const void *account, uint16_t account_len, void *out)
{
    s51_arg(account, account_len);
    s51_call(S51_PUBKEY);
    return s51_item(out, 33);
}

/* Reads the balance of an account, as it stands during the run. */
S51_INLINE int64_t s51_balance(const void *account, uint16_t account_len)
{
    s51_arg(account, account_len);
    s51_call(S51_BALANCE);
    return s51_item64();
}

/* Reads the height of the block that holds a transaction. */
S51_INLINE uint32_t s51_tx_height(const void *tx)
{
    s51_arg(tx, 32);
    s51_call(S51_TX_HEIGHT);
    return s51_item32();
}

/* Reads the hash of a block below the one being built. */
S51_INLINE uint16_t s51_block_hash(uint32_t height, void *out)
{
    s51_arg32(height);
    s51_call(S51_BLOCK_HASH);
    return s51_item(out, 32);
}

/* Reads the height of the block being built. */
S51_INLINE uint32_t s51_height(void)
{
    s51_call(S51_HEIGHT);
    return s51_item32();
}

/* Writes a key of the contract's data, new or not. An empty value removes the key. */
S51_INLINE uint8_t s51_db_write(const void *key, uint16_t key_len, const void *value, uint16_t value_len)
{
    s51_arg(key, key_len);
    s51_arg(value, value_len);
    s51_call(value_len ? S51_DB_WRITE : S51_DB_DELETE);
    return s51_item8() | !value_len;
}

/* Deletes a key of the contract's data: 1 if it was there, 0 if not. */
S51_INLINE uint8_t s51_db_delete(const void *key, uint16_t key_len)
{
    s51_arg(key, key_len);
    s51_call(S51_DB_DELETE);
    return s51_item8();
}

/* Reads the value of a key of the contract's data. */
S51_INLINE uint16_t s51_db_read(const void *key, uint16_t key_len, void *out, uint16_t cap)
{
    s51_arg(key, key_len);
    s51_call(S51_DB_READ);
    return s51_item(out, cap);
}

/* Counts the keys of the contract's data. */
S51_INLINE uint32_t s51_db_size(void)
{
    s51_call(S51_DB_SIZE);
    return s51_item32();
}

/* Reads the contract's data in the order of its keys: index 0 for the first, 1 for the one after a key. */
S51_INLINE uint16_t s51_db_next(uint32_t index, const void *after, uint16_t after_len, void *out, uint16_t cap)
{
    s51_arg32(index);
    s51_arg(after, after_len);
    s51_call(S51_DB_NEXT);
    return s51_item(out, cap);
}

/* Reads the hash of the transaction that is running. */
S51_INLINE uint16_t s51_tx_hash(void *out)
{
    s51_call(S51_TX_HASH);
    return s51_item(out, 32);
}

/* Writes over a key of the contract's data that is there already. An empty value removes the key. */
S51_INLINE uint8_t s51_db_modify(const void *key, uint16_t key_len, const void *value, uint16_t value_len)
{
    s51_arg(key, key_len);
    s51_arg(value, value_len);
    s51_call(value_len ? S51_DB_MODIFY : S51_DB_DELETE);
    return s51_item8();
}

/* Asks for money to move after the run: from the contract's account to others. A request that the host does not take ends the call. */
S51_INLINE void s51_output(const void *records, uint16_t count)
{
    if (count > 85) {
        const uint8_t *from = records;
        uint16_t left = count, some;
        for (; left; left -= some, from += some * 48u) {
            some = left < 85 ? left : 85;
            s51_arg(from, some * 48u);
            s51_call(S51_OUTPUT);
        }
    } else if (count) {
        s51_arg(records, count * 48u);
        s51_call(S51_OUTPUT);
    }
}

/* Reads a value of another contract's data. */
S51_INLINE uint16_t s51_script_data(const void *contract, const void *key, uint16_t key_len, void *out, uint16_t cap)
{
    s51_arg(contract, 6);
    s51_arg(key, key_len);
    s51_call(S51_SCRIPT_DATA);
    return s51_item(out, cap);
}

/* Reads the registered id of the contract that is running. */
S51_INLINE uint16_t s51_script_id(void *out)
{
    s51_call(S51_SCRIPT_ID);
    return s51_item(out, 6);
}

/* Reads the registered id of the account that sent the transaction. */
S51_INLINE uint16_t s51_tx_sender(void *out)
{
    s51_call(S51_TX_SENDER);
    return s51_item(out, 6);
}

/* Reads the input of the call once more. */
S51_INLINE uint16_t s51_input(void *out, uint16_t cap)
{
    s51_call(S51_INPUT);
    return s51_item(out, cap);
}

/* Decodes the variable-length numbers of the input. */
S51_INLINE uint16_t s51_unpack(const void *format, uint16_t format_len, void *out, uint16_t cap)
{
    s51_arg(format, format_len);
    s51_call(S51_UNPACK);
    return s51_item(out, cap);
}

/* Decodes the variable-length numbers of a confirmed transaction's input. */
S51_INLINE uint16_t s51_tx_unpack(const void *format, uint16_t format_len, const void *tx, void *out, uint16_t cap)
{
    s51_arg(format, format_len);
    s51_arg(tx, 32);
    s51_call(S51_TX_UNPACK);
    return s51_item(out, cap);
}

/* Reads how much money was sent with the transaction. */
S51_INLINE int64_t s51_pay_amount(void)
{
    s51_call(S51_PAY_AMOUNT);
    return s51_item64();
}

/* Reads the free amount of an app account. */
S51_INLINE int64_t s51_app_free(const void *user)
{
    s51_arg(user, 41);
    s51_call(S51_APP_FREE);
    return s51_item64();
}

/* Reads a frozen fund of an app account. */
S51_INLINE int64_t s51_app_frozen(const void *fund)
{
    s51_arg(fund, 95);
    s51_call(S51_APP_FROZEN);
    return s51_item64();
}

/* Asks for app accounts to change after the run. A request that the host does not take ends the call. */
S51_INLINE void s51_app_operate(const void *records, uint16_t count)
{
    if (count > 43) {
        const uint8_t *from = records;
        uint16_t left = count, some;
        for (; left; left -= some, from += some * 95u) {
            some = left < 43 ? left : 43;
            s51_arg(from, some * 95u);
            s51_call(S51_APP_OPERATE);
        }
    } else if (count) {
        s51_arg(records, count * 95u);
        s51_call(S51_APP_OPERATE);
    }
}

/* Reads the address of an account as text. */
S51_INLINE uint16_t s51_address(const void *account, void *out)
{
    s51_arg(account, 6);
    s51_call(S51_ADDRESS);
    return s51_item(out, 34);
}

/* Hashes data with SHA-256 once. */
S51_INLINE uint16_t s51_sha256_once(const void *data, uint16_t data_len, void *out)
{
    s51_arg(data, data_len);
    s51_call(S51_SHA256_ONCE);
    return s51_item(out, 32);
}

/* Reads the time of the block being built, in seconds since 1970. */
S51_INLINE int64_t s51_block_time(void)
{
    s51_call(S51_BLOCK_TIME);
    return s51_item64();
}

/* Reads the registered id of the caller: the sender of the transaction, or the contract that calls this one. */
S51_INLINE uint16_t s51_caller(void *out)
{
    s51_call(S51_CALLER);
    return s51_item(out, 6);
}

/* Calls another contract, which runs to its end before this one goes on. Where nothing is answered, as for too long an input, the status is 0. */
S51_INLINE uint16_t s51_call_contract(const void *call, const void *input, uint16_t input_len, void *out)
{
    s51_arg(call, 22);
    s51_arg(input, input_len);
    s51_call(S51_CALL_CONTRACT);
    *(uint8_t *)out = 0;
    return s51_item(out, 10);
}

/* Calls another contract that can change nothing: a static call. Where nothing is answered, as for too long an input, the status is 0. */
S51_INLINE uint16_t s51_static_call(const void *call, const void *input, uint16_t input_len, void *out)
{
    s51_arg(call, 22);
    s51_arg(input, input_len);
    s51_call(S51_STATIC_CALL);
    *(uint8_t *)out = 0;
    return s51_item(out, 10);
}

/* Emits an event, which the receipt keeps where the contract and its callers succeed. A request that the host does not take ends the call. */
S51_INLINE void s51_emit(const void *event, uint16_t count, const void *data, uint16_t data_len)
{
    s51_arg(event, count * 32u);
    s51_arg(data, data_len);
    s51_call(S51_EMIT);
}

/* Sets the data that the call returns, to its caller and in the receipt. A request that the host does not take ends the call. */
S51_INLINE void s51_return_data(const void *data, uint16_t data_len)
{
    s51_arg(data, data_len);
    s51_call(S51_RETURN_DATA);
}

/* Ends the run with an exit code other than 1 and an error text for people. A request that the host does not take ends the call. */
S51_INLINE void s51_fail(uint8_t code, const void *text, uint16_t text_len)
{
    s51_arg8(code);
    s51_arg(text, text_len);
    s51_call(S51_FAIL);
}

/* Ends the whole transaction, and undoes all of it. A request that the host does not take ends the call. */
S51_INLINE void s51_abort(uint8_t code, const void *text, uint16_t text_len)
{
    s51_arg8(code);
    s51_arg(text, text_len);
    s51_call(S51_ABORT);
}

/* Says whether the action has the authority of an account: 1 or 0. */
S51_INLINE uint8_t s51_has_auth(const void *account)
{
    s51_arg(account, 6);
    s51_call(S51_HAS_AUTH);
    return s51_item8();
}

/* Has an account notified of the running action, after the contract has run: its contract runs with the same data. A request that the host does not take ends the call. */
S51_INLINE void s51_notify(const void *account)
{
    s51_arg(account, 6);
    s51_call(S51_NOTIFY);
}

/* Sends an inline action: it is executed after the running one and those who are notified of it. A request that the host does not take ends the call. */
S51_INLINE void s51_send_action(const void *action, const void *authorization, uint16_t count, const void *data, uint16_t data_len)
{
    s51_arg(action, 22);
    s51_arg(authorization, count * 14u);
    s51_arg(data, data_len);
    s51_call(S51_SEND_ACTION);
}

/* Sends a context-free inline action, which is executed before the other inline ones. A request that the host does not take ends the call. */
S51_INLINE void s51_send_context_free(const void *action, const void *data, uint16_t data_len)
{
    s51_arg(action, 22);
    s51_arg(data, data_len);
    s51_call(S51_SEND_CONTEXT_FREE);
}

/* Sends an action that is executed in a later block, as a transaction of its own: its first height. */
S51_INLINE uint32_t s51_send_deferred(const void *deferred, const void *authorization, uint16_t count, const void *data, uint16_t data_len)
{
    s51_arg(deferred, 50);
    s51_arg(authorization, count * 14u);
    s51_arg(data, data_len);
    s51_call(S51_SEND_DEFERRED);
    return s51_item32();
}

/* Cancels a deferred action of the contract that waits: 1, or 0 if none has this id. */
S51_INLINE uint8_t s51_cancel_deferred(int64_t id)
{
    s51_arg64(id);
    s51_call(S51_CANCEL_DEFERRED);
    return s51_item8();
}

/* Finds a key of the contract's data in their order: the first from a bound on, or the last before it. */
S51_INLINE uint16_t s51_db_seek(const void *seek, const void *bound, uint16_t bound_len, void *out, uint16_t cap)
{
    s51_arg(seek, 2);
    s51_arg(bound, bound_len);
    s51_call(S51_DB_SEEK);
    return s51_item(out, cap);
}

/* Reads keys of the contract's data with their values in their order, as many as are asked for or fit. */
S51_INLINE uint16_t s51_db_range(const void *range, const void *bound, uint16_t bound_len, const void *end, uint16_t end_len, void *out, uint16_t cap)
{
    s51_arg(range, 4);
    s51_arg(bound, bound_len);
    s51_arg(end, end_len);
    s51_call(S51_DB_RANGE);
    return s51_item(out, cap);
}

/* Sets a key of the contract's data, and keeps its entries in indexes of the contract. */
S51_INLINE uint8_t s51_row_write(const void *indexes, uint16_t count, const void *key, uint16_t key_len, const void *value, uint16_t value_len)
{
    s51_arg(indexes, count * 2u);
    s51_arg(key, key_len);
    s51_arg(value, value_len);
    s51_call(S51_ROW_WRITE);
    return s51_item8();
}

/* Deletes a key of the contract's data, and its entries in indexes of the contract: 1 if it was there, 0 if not. */
S51_INLINE uint8_t s51_row_delete(const void *indexes, uint16_t count, const void *key, uint16_t key_len)
{
    s51_arg(indexes, count * 2u);
    s51_arg(key, key_len);
    s51_call(S51_ROW_DELETE);
    return s51_item8();
}

/* Finds an entry of an index in their order, by number and then by key: 1 with its row, 2 if the row is gone. */
S51_INLINE uint8_t s51_index_seek(const void *seek, const void *bound, uint16_t bound_len)
{
    s51_arg(seek, 11);
    s51_arg(bound, bound_len);
    s51_call(S51_INDEX_SEEK);
    return s51_item8();
}

/* Deletes an entry of an index of the contract whose row is gone: 1 if it was there, 0 if not. */
S51_INLINE uint8_t s51_index_delete(const void *entry, const void *key, uint16_t key_len)
{
    s51_arg(entry, 9);
    s51_arg(key, key_len);
    s51_call(S51_INDEX_DELETE);
    return s51_item8();
}

/* Makes an object of the contract, which this account or contract owns: its id. */
S51_INLINE int64_t s51_object_create(const void *owner)
{
    s51_arg(owner, 6);
    s51_call(S51_OBJECT_CREATE);
    return s51_item64();
}

/* Deletes an object of the contract with its fields. */
S51_INLINE uint8_t s51_object_delete(int64_t id)
{
    s51_arg64(id);
    s51_call(S51_OBJECT_DELETE);
    return s51_item8();
}

/* Reads who owns an object, of any contract, and who else may give it away. */
S51_INLINE uint16_t s51_object_owner(const void *object, void *out)
{
    s51_arg(object, 14);
    s51_call(S51_OBJECT_OWNER);
    return s51_item(out, 6);
}

/* Gives an object of the contract to another account or contract. */
S51_INLINE uint8_t s51_object_set_owner(int64_t id, const void *owner)
{
    s51_arg64(id);
    s51_arg(owner, 6);
    s51_call(S51_OBJECT_SET_OWNER);
    return s51_item8();
}

/* Approves somebody, beside the owner, who may give an object of the contract to another one. */
S51_INLINE uint8_t s51_object_approve(int64_t id, const void *account)
{
    s51_arg64(id);
    s51_arg(account, 6);
    s51_call(S51_OBJECT_APPROVE);
    return s51_item8();
}

/* Reads a field of an object, of any contract. */
S51_INLINE uint16_t s51_object_get(const void *object, const void *field, uint16_t field_len, void *out, uint16_t cap)
{
    s51_arg(object, 14);
    s51_arg(field, field_len);
    s51_call(S51_OBJECT_GET);
    return s51_item(out, cap);
}

/* Sets a field of an object of the contract, or removes it where no value is given. */
S51_INLINE uint8_t s51_object_set(int64_t id, const void *field, uint16_t field_len, const void *value, uint16_t value_len)
{
    s51_arg64(id);
    s51_arg(field, field_len);
    s51_arg(value, value_len);
    s51_call(S51_OBJECT_SET);
    return s51_item8();
}

/* Finds the objects of an owner that a contract has made, by id: the first, or the one after another. */
S51_INLINE int64_t s51_object_next(const void *owner, const void *contract, int64_t after)
{
    s51_arg(owner, 6);
    s51_arg(contract, 6);
    s51_arg64(after);
    s51_call(S51_OBJECT_NEXT);
    return s51_item64();
}

/* A typed contract says `#define S51_CONTRACT`, the list of what it has, before it includes this header; docs/c.md
 * tells of each entry. From the list come its types, `args`, `result` and `event`, and the function `contract`, which
 * calls the function of an action by the first byte of the input. `smart51 abi extract` makes the contract JSON of it.
 *
 * A field is (TYPE, NAME), or as the last one (string, NAME, MOST) or (bytes, NAME, MOST), of up to MOST bytes, at
 * most 127. An entry has up to 16. */
#ifdef S51_CONTRACT

/* The exit code of an input that is none of the actions. */
#define S51_WRONG_INPUT 2

/* The memory that `args` and `result` lie in. S51_FAST takes less code and time, where there is room. */
#ifndef S51_ARGUMENTS
#define S51_ARGUMENTS S51_XDATA
#endif

/* The types of fields, beside uint8 to uint64 and int8 to int64: NAME_t for the type NAME. They lie in memory as they
 * are passed. */
typedef uint8_t bool_t;
typedef uint8_t regid_t[6];
typedef uint8_t address_t[20];
typedef uint8_t object_t[8];
typedef uint8_t name_t[8];
typedef uint8_t int128_t[16];
typedef uint8_t uint128_t[16];
typedef uint8_t checksum160_t[20];
typedef uint8_t checksum256_t[32];
typedef uint8_t checksum512_t[64];
typedef uint8_t public_key_t[34];
typedef uint8_t signature_t[66];
typedef int64_t time_point_t;
typedef uint32_t time_point_sec_t;
typedef uint8_t symbol_t[8];
typedef uint8_t symbol_code_t[8];
typedef uint8_t asset_t[16];

/* How many fields stand behind the first argument, up to 16; whether there are any; and for each of them
 * do(of, how many are left with it, ...). */
#define SMART51_PICK(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, ...) r
#define SMART51_COUNT(...) SMART51_PICK(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define SMART51_ANY(...) SMART51_PICK(__VA_ARGS__, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, )
#define SMART51_JOIN2(a, b) a##_##b
#define SMART51_JOIN(a, b) SMART51_JOIN2(a, b)
#define SMART51_OPEN(...) __VA_ARGS__
#define SMART51_EACH_0(do, of)
#define SMART51_EACH_1(do, of, f) do(of, 1, SMART51_OPEN f)
#define SMART51_EACH_2(do, of, f, ...) do(of, 2, SMART51_OPEN f) SMART51_EACH_1(do, of, __VA_ARGS__)
#define SMART51_EACH_3(do, of, f, ...) do(of, 3, SMART51_OPEN f) SMART51_EACH_2(do, of, __VA_ARGS__)
#define SMART51_EACH_4(do, of, f, ...) do(of, 4, SMART51_OPEN f) SMART51_EACH_3(do, of, __VA_ARGS__)
#define SMART51_EACH_5(do, of, f, ...) do(of, 5, SMART51_OPEN f) SMART51_EACH_4(do, of, __VA_ARGS__)
#define SMART51_EACH_6(do, of, f, ...) do(of, 6, SMART51_OPEN f) SMART51_EACH_5(do, of, __VA_ARGS__)
#define SMART51_EACH_7(do, of, f, ...) do(of, 7, SMART51_OPEN f) SMART51_EACH_6(do, of, __VA_ARGS__)
#define SMART51_EACH_8(do, of, f, ...) do(of, 8, SMART51_OPEN f) SMART51_EACH_7(do, of, __VA_ARGS__)
#define SMART51_EACH_9(do, of, f, ...) do(of, 9, SMART51_OPEN f) SMART51_EACH_8(do, of, __VA_ARGS__)
#define SMART51_EACH_10(do, of, f, ...) do(of, 10, SMART51_OPEN f) SMART51_EACH_9(do, of, __VA_ARGS__)
#define SMART51_EACH_11(do, of, f, ...) do(of, 11, SMART51_OPEN f) SMART51_EACH_10(do, of, __VA_ARGS__)
#define SMART51_EACH_12(do, of, f, ...) do(of, 12, SMART51_OPEN f) SMART51_EACH_11(do, of, __VA_ARGS__)
#define SMART51_EACH_13(do, of, f, ...) do(of, 13, SMART51_OPEN f) SMART51_EACH_12(do, of, __VA_ARGS__)
#define SMART51_EACH_14(do, of, f, ...) do(of, 14, SMART51_OPEN f) SMART51_EACH_13(do, of, __VA_ARGS__)
#define SMART51_EACH_15(do, of, f, ...) do(of, 15, SMART51_OPEN f) SMART51_EACH_14(do, of, __VA_ARGS__)
#define SMART51_EACH_16(do, of, f, ...) do(of, 16, SMART51_OPEN f) SMART51_EACH_15(do, of, __VA_ARGS__)
#define SMART51_FIELDS(do, ...) SMART51_JOIN(SMART51_EACH, SMART51_COUNT(__VA_ARGS__))(do, __VA_ARGS__)
#define SMART51_BY_COUNT(do, ...) SMART51_JOIN(do, SMART51_COUNT(__VA_ARGS__))(__VA_ARGS__)

#ifdef S51_ABI
/* What `smart51 abi extract` reads behind the preprocessor. */
#define S51_DOC(...) smart51_entry(doc, __VA_ARGS__)
#define S51_OPTION(...) smart51_entry(option, __VA_ARGS__)
#define S51_ERROR(...) smart51_entry(error, __VA_ARGS__)
#define S51_STRUCT(...) smart51_entry(struct, __VA_ARGS__)
#define S51_TABLE(...) smart51_entry(table, __VA_ARGS__)
#define S51_EVENT(...) smart51_entry(event, __VA_ARGS__)
#define S51_ACTION(...) smart51_entry(action, __VA_ARGS__)
#define S51_PAYABLE(...) smart51_entry(payable, __VA_ARGS__)
#define S51_ANSWERS(...) smart51_entry(answers, __VA_ARGS__)
#define S51_QUERY(...) smart51_entry(query, __VA_ARGS__)
#define S51_TEXT_QUERY(...) smart51_entry(text_query, __VA_ARGS__)
S51_CONTRACT
#else

/* A field as a member, its size as it is passed, and whether its text is too long. */
#define SMART51_TEXT(most)                                       \
    struct S51_PACKED {                                          \
        uint8_t length;                                          \
        uint8_t bytes[(most) > 0 && (most) < 128 ? (most) : -1]; \
    }
#define SMART51_MEMBER(...) SMART51_BY_COUNT(SMART51_MEMBER, __VA_ARGS__)
#define SMART51_MEMBER_3(of, left, type, name) type##_t name;
#define SMART51_MEMBER_4(of, left, type, name, most) SMART51_TEXT(most) name;
#define SMART51_SIZE(...) SMART51_BY_COUNT(SMART51_SIZE, __VA_ARGS__)
#define SMART51_SIZE_3(of, left, type, name) + sizeof args.of.name
#define SMART51_SIZE_4(of, left, type, name, most) + 1 + args.of.name.length
#define SMART51_LONG(...) SMART51_BY_COUNT(SMART51_LONG, __VA_ARGS__)
#define SMART51_LONG_3(of, left, type, name)
#define SMART51_LONG_4(of, left, type, name, most) || args.of.name.length > (most)
/* All fields as one member; where there are none, a byte that nobody uses. */
#define SMART51_MEMBERS(...) SMART51_JOIN(SMART51_MEMBERS, SMART51_ANY(__VA_ARGS__))(__VA_ARGS__)
#define SMART51_MEMBERS_0(name) uint8_t name;
#define SMART51_MEMBERS_1(name, ...) struct S51_PACKED { SMART51_FIELDS(SMART51_MEMBER, name, __VA_ARGS__) } name;

/* The entries mean nothing but where the list is gone through for them. */
#define S51_DOC(...)
#define S51_OPTION(...)
#define S51_ERROR(...)
#define S51_STRUCT(...)
#define S51_TABLE(...)
#define S51_EVENT(...)
#define S51_ACTION(...)
#define S51_PAYABLE(...)
#define S51_ANSWERS(...)
#define S51_QUERY(...)
#define S51_TEXT_QUERY(...)

/* The names of exit codes, and structs. */
#define SMART51_STRUCT(name, ...)                         \
    typedef struct S51_PACKED {                           \
        SMART51_FIELDS(SMART51_MEMBER, name, __VA_ARGS__) \
    } name##_t;
#undef S51_ERROR
#define S51_ERROR(code, name, text) enum { name = (code) };
#undef S51_STRUCT
#define S51_STRUCT(...) SMART51_STRUCT(__VA_ARGS__)
S51_CONTRACT
#undef S51_ERROR
#define S51_ERROR(...)
#undef S51_STRUCT
#define S51_STRUCT(...)

#ifdef S51_PART
#define SMART51_SHARED extern
#else
#define SMART51_SHARED
#endif

/* The arguments of the action that is called: args.ACTION.FIELD. */
SMART51_SHARED struct S51_PACKED {
    uint8_t selector;
    union {
        uint8_t none;
#undef S51_ACTION
#define S51_ACTION(selector, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_PAYABLE
#define S51_PAYABLE(selector, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_QUERY
#define S51_QUERY(selector, type, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, ...) SMART51_MEMBERS(__VA_ARGS__)
S51_CONTRACT
#undef S51_ACTION
#define S51_ACTION(...)
#undef S51_PAYABLE
#define S51_PAYABLE(...)
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)
    };
} S51_ARGUMENTS args;

/* What an action or a query answers: result.NAME. */
SMART51_SHARED union {
    uint8_t none;
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, name, ...) type##_t name;
#undef S51_QUERY
#define S51_QUERY(selector, type, name, ...) type##_t name;
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, name, ...) SMART51_TEXT(most) name;
S51_CONTRACT
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)
} S51_ARGUMENTS result;

/* The fields of an event, event.EVENT.FIELD, and what tells it: emit_EVENT(). */
SMART51_SHARED union {
    uint8_t none;
#undef S51_EVENT
#define S51_EVENT(topics, ...) SMART51_MEMBERS(__VA_ARGS__)
S51_CONTRACT
#undef S51_EVENT
#define S51_EVENT(...)
} S51_XDATA event;
#define SMART51_EMIT(name, ...) void emit_##name(void);
#undef S51_EVENT
#define S51_EVENT(topics, ...) SMART51_EMIT(__VA_ARGS__)
S51_CONTRACT
#undef S51_EVENT
#define S51_EVENT(...)

#ifndef S51_PART
static s51_event_t S51_XDATA smart51_told;
#undef SMART51_EMIT
static const uint8_t smart51_zeros[32] = {0};
#define SMART51_TOPIC(...) SMART51_TOPIC_OF(__VA_ARGS__, )
#define SMART51_TOPIC_OF(of, left, type, name, ...)                                        \
    if (fields - left < topics) {                                                          \
        s51_copy(smart51_zeros, smart51_told.topic[fields - left], 32);                    \
        s51_copy(&event.of.name, smart51_told.topic[fields - left], sizeof event.of.name); \
        told += sizeof event.of.name;                                                      \
    }
#define SMART51_PART(...) SMART51_BY_COUNT(SMART51_PART, __VA_ARGS__)
#define SMART51_PART_3(of, left, type, name) + sizeof event.of.name
#define SMART51_PART_4(of, left, type, name, most) + 1 + event.of.name.length
#define SMART51_EMIT(count, ...)                                                \
    void SMART51_EMITS(__VA_ARGS__, )(void)                                     \
    {                                                                           \
        static const uint8_t called[32] = SMART51_TEXT_OF(__VA_ARGS__, );       \
        enum { fields = SMART51_COUNT(__VA_ARGS__), topics = (count) };         \
        uint8_t told = 0;                                                       \
        s51_copy(called, smart51_told.name, 32);                                \
        SMART51_FIELDS(SMART51_TOPIC, __VA_ARGS__)                              \
        s51_emit(&smart51_told, 1 + topics, (uint8_t S51_XDATA *)&event + told, \
                 0 SMART51_FIELDS(SMART51_PART, __VA_ARGS__) - told);           \
    }
#define SMART51_EMITS(name, ...) emit_##name
#define SMART51_TEXT_OF(name, ...) #name
#undef S51_EVENT
#define S51_EVENT(...) SMART51_EMIT(__VA_ARGS__)
S51_CONTRACT
#undef S51_EVENT
#define S51_EVENT(...)

#ifndef S51_BY_HAND /* a contract that finds out itself what it is asked for */
/* The functions that the author writes, one for each action. */
#define SMART51_FUNCTION(name, ...) static void name(void);
#undef S51_ACTION
#define S51_ACTION(selector, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_PAYABLE
#define S51_PAYABLE(selector, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_QUERY
#define S51_QUERY(selector, type, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, ...) SMART51_FUNCTION(__VA_ARGS__)
S51_CONTRACT
#undef S51_ACTION
#define S51_ACTION(...)
#undef S51_PAYABLE
#define S51_PAYABLE(...)
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)

/* Calls the function of an action, if the input is as long as its arguments, and answers. */
#define SMART51_CASE(selector, answer, ...) \
    case selector:                          \
        SMART51_CALL(__VA_ARGS__)           \
        answer(__VA_ARGS__, )               \
        return;
#define SMART51_CALL(...)                                                                                \
    if (length != 1 SMART51_FIELDS(SMART51_SIZE, __VA_ARGS__) SMART51_FIELDS(SMART51_LONG, __VA_ARGS__)) \
        break;                                                                                           \
    SMART51_NAME(__VA_ARGS__, )();
#define SMART51_NAME(name, ...) name
#define SMART51_NO_ANSWER(name, ...)
#define SMART51_ANSWER(name, ...) s51_return_data(&result.name, sizeof result.name);
#define SMART51_ANSWER_TEXT(name, ...) s51_return_data(&result.name, result.name.length + 1u);

void contract(void)
{
    uint16_t length = s51_take_input(&args, sizeof args);
    switch (args.selector) {
#undef S51_ACTION
#define S51_ACTION(selector, ...) SMART51_CASE(selector, SMART51_NO_ANSWER, __VA_ARGS__)
#undef S51_PAYABLE
#define S51_PAYABLE(selector, ...) SMART51_CASE(selector, SMART51_NO_ANSWER, __VA_ARGS__)
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, ...) SMART51_CASE(selector, SMART51_ANSWER, __VA_ARGS__)
#undef S51_QUERY
#define S51_QUERY(selector, type, ...) SMART51_CASE(selector, SMART51_ANSWER, __VA_ARGS__)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, ...) SMART51_CASE(selector, SMART51_ANSWER_TEXT, __VA_ARGS__)
S51_CONTRACT
#undef S51_ACTION
#define S51_ACTION(...)
#undef S51_PAYABLE
#define S51_PAYABLE(...)
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)
    }
    s51_exit(S51_WRONG_INPUT);
}
#endif
#endif
#endif
#endif

#endif
