/* smart51.h: what a contract in C calls, for the 8051 (sdcc --model-large) and for WebAssembly (clang).
 *
 * Generated from the method table in abi/src/method/table.rs. Refresh: @REFRESH@
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
@ADDRESSES@

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
@NUMBERS@

/* The methods. */
@CALLS@

@TYPED@
#endif
