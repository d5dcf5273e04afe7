/* The runtime of smart51.h. What it does on the 8051 to put, call and take is in mcs51.asm. */
#define S51_PART
#include "smart51.h"

#ifdef __wasm__
__attribute__((import_module("smart51"), import_name("call"))) int32_t
smart51_call(uint32_t method, const void *args, uint32_t args_len, void *reply, uint32_t reply_cap);
__attribute__((import_module("smart51"), import_name("exit"))) _Noreturn void smart51_exit(uint32_t code);

/* The exchange buffer, as the 8051 has it in XDATA: the input, then requests and replies. Behind a reply that fills it
 * stand two zero bytes: no further item. */
uint8_t smart51_buffer[S51_BUFFER_SIZE + 2];
/* Whether the last call was refused. */
uint8_t smart51_refused;
/* The length of the request so far. */
static uint16_t total;
/* Where the next item is; at first the input, which lies there as items do. */
static uint16_t at;

void s51_exit(uint8_t code)
{
    smart51_exit(code);
}

void s51_copy(const void *from, void *to, uint16_t count)
{
    __builtin_memcpy(to, from, count);
}

void s51_arg(const void *bytes, uint16_t length)
{
    uint8_t *to = smart51_buffer + 2 + total;
    if (!length)
        return;
    if (total > S51_BUFFER_SIZE - 3 || length > S51_BUFFER_SIZE - 3 - total) {
        total = S51_BUFFER_SIZE; /* no host accepts it */
        return;
    }
    to[0] = (uint8_t)length;
    to[1] = (uint8_t)(length >> 8);
    s51_copy(bytes, to + 2, length);
    total += length + 2;
}

void s51_call(uint16_t method)
{
    int32_t length;
    smart51_buffer[0] = (uint8_t)total;
    smart51_buffer[1] = (uint8_t)(total >> 8);
    length = smart51_call(method, smart51_buffer, S51_BUFFER_SIZE + 1, smart51_buffer, S51_BUFFER_SIZE);
    smart51_refused = length == -1;
    if (length < 0)
        length = 0;
    smart51_buffer[length] = smart51_buffer[length + 1] = 0; /* no further item */
    total = 0;
    at = 0;
}

uint16_t s51_item(void *out, uint16_t cap)
{
    const uint8_t *item = smart51_buffer + at;
    uint16_t length = item[0] | (uint16_t)item[1] << 8;
    if (length) {
        s51_copy(item + 2, out, length < cap ? length : cap);
        at += length + 2;
    }
    return length;
}

uint8_t s51_item8(void)
{
    uint8_t value = 0;
    s51_item(&value, sizeof value);
    return value;
}
#endif

/* Where a call begins. */
void smart51_main(void)
{
    contract();
    s51_exit(S51_OK);
}

void s51_arg8(uint8_t value)
{
    S51_FAST static uint8_t bytes;
    bytes = value;
    s51_arg(&bytes, sizeof bytes);
}

void s51_arg32(uint32_t value)
{
    S51_FAST static uint32_t bytes;
    bytes = value;
    s51_arg(&bytes, sizeof bytes);
}

void s51_arg64(int64_t value)
{
    S51_FAST static int64_t bytes;
    bytes = value;
    s51_arg(&bytes, sizeof bytes);
}

uint32_t s51_item32(void)
{
    S51_FAST static uint32_t value;
    value = 0;
    s51_item(&value, sizeof value);
    return value;
}

int64_t s51_item64(void)
{
    S51_FAST static int64_t value;
    value = 0;
    s51_item(&value, sizeof value);
    return value;
}

uint8_t s51_equal(const void *a, const void *b, uint16_t length)
{
    const uint8_t *left = a, *right = b;
    while (length--)
        if (*left++ != *right++)
            return 0;
    return 1;
}

void s51_record(s51_output_t S51_XDATA *record, uint8_t operation, const void *regid, int64_t amount)
{
    record->kind = S51_REGID;
    s51_copy(regid, record->account, 6);
    record->operation = operation;
    record->height = 0;
    record->amount = amount;
}

void s51_pay(const void *regid, int64_t amount)
{
    static s51_output_t S51_XDATA records[2];
    static uint8_t self[6];
    s51_script_id(self);
    s51_record(&records[0], S51_GIVE, regid, amount);
    s51_record(&records[1], S51_TAKE, self, amount);
    s51_arg(records, sizeof records);
    s51_call(S51_OUTPUT);
}

void s51_user(s51_user_t S51_XDATA *user, const void *name, uint8_t length)
{
    uint8_t i;
    user->length = length;
    for (i = 0; i < sizeof user->name; i++)
        user->name[i] = 0;
    s51_copy(name, user->name, length < sizeof user->name ? length : sizeof user->name);
}

void s51_fund(s51_fund_t S51_XDATA *fund, uint8_t kind, const void *user, uint8_t length, int64_t amount)
{
    fund->kind = kind;
    fund->height = 0;
    fund->amount = amount;
    s51_user(&fund->user, user, length);
    s51_user(&fund->tag, user, 0);
}
