/* The runtime of smart51.h, for the 8051 and for WebAssembly. */
#define S51_PART
#include "smart51.h"

#ifdef __SDCC_mcs51
#define S51_FAST __data
S51_XDATA __at(S51_BUFFER) uint8_t smart51_buffer[S51_BUFFER_SIZE + 1];
S51_XDATA __at(S51_RESULT) uint8_t smart51_result[2];
#else
#define S51_FAST
uint8_t smart51_buffer[S51_BUFFER_SIZE + 1];
__attribute__((import_module("smart51"), import_name("call"))) int32_t
smart51_call(uint32_t method, const void *args, uint32_t args_len, void *reply, uint32_t reply_cap);
__attribute__((import_module("smart51"), import_name("exit"))) _Noreturn void smart51_exit(uint32_t code);
#endif

/* The length of the request so far. */
static S51_FAST uint16_t total;
/* Where the next item of the reply lies. At first that is the input, which lies there as an item does. */
static S51_FAST uint16_t at;

#ifdef __SDCC_mcs51
/* Copies `count` bytes to XDATA. DPTR reads, and P2 with R0 writes, so neither is ever reloaded. */
void s51_copy(const void *from, void S51_XDATA *to, uint16_t count) __naked
{
    (void)from, (void)to, (void)count;
    // clang-format off
    __asm
        mov     r6,dpl
        mov     r7,dph
        mov     dptr,#_s51_copy_PARM_3
        movx    a,@dptr
        mov     r4,a
        inc     dptr
        movx    a,@dptr
        mov     r5,a
        orl     a,r4
        jz      9$
        mov     a,r4
        jz      1$
        inc     r5                      ; so that djnz counts both bytes
1$:     mov     dptr,#_s51_copy_PARM_2
        movx    a,@dptr
        mov     r0,a
        inc     dptr
        movx    a,@dptr
        mov     p2,a
        mov     dpl,r6
        mov     dph,r7
        mov     a,b                     ; the kind of memory: 0 is XDATA
        jnz     5$
2$:     movx    a,@dptr
        inc     dptr
        movx    @r0,a
        inc     r0
        cjne    r0,#0,3$
        inc     p2
3$:     djnz    r4,2$
        djnz    r5,2$
9$:     ret
5$:     lcall   __gptrget
        inc     dptr
        movx    @r0,a
        inc     r0
        cjne    r0,#0,6$
        inc     p2
6$:     djnz    r4,5$
        djnz    r5,5$
        ret
    __endasm;
    // clang-format on
}
#else
void s51_copy(const void *from, void *to, uint16_t count)
{
    __builtin_memcpy(to, from, count);
}
#endif

void s51_exit(uint8_t code)
{
#ifdef __SDCC_mcs51
    smart51_result[0] = code;
    __asm__("lcall 0x0008");
#else
    smart51_exit(code);
#endif
}

/* Where a call begins. */
void smart51_main(void)
{
    contract();
    s51_exit(S51_OK);
}

void s51_arg(const void *bytes, uint16_t length)
{
    uint8_t S51_XDATA *to = smart51_buffer + 2 + total;
    if (!length)
        return;
    if (total > S51_BUFFER_SIZE - 4 || length > S51_BUFFER_SIZE - 4 - total) {
        total = S51_BUFFER_SIZE; /* no host accepts it: the call answers nothing */
        return;
    }
    to[0] = (uint8_t)length;
    to[1] = (uint8_t)(length >> 8);
    s51_copy(bytes, to + 2, length);
    total += length + 2;
}

void s51_arg8(uint8_t value)
{
    s51_arg(&value, sizeof value);
}

void s51_arg32(uint32_t value)
{
    s51_arg(&value, sizeof value);
}

void s51_arg64(int64_t value)
{
    s51_arg(&value, sizeof value);
}

void s51_call(uint16_t method)
{
    smart51_buffer[0] = (uint8_t)total;
    smart51_buffer[1] = (uint8_t)(total >> 8);
#ifdef __SDCC_mcs51
    smart51_result[0] = (uint8_t)method;
    smart51_result[1] = (uint8_t)(method >> 8);
    __asm__("lcall 0x0012");
#else
    int32_t length = smart51_call(method, smart51_buffer, total + 2u, smart51_buffer, S51_BUFFER_SIZE);
    if (length < 0)
        length = 0;
    smart51_buffer[length] = smart51_buffer[length + 1] = 0; /* no further item */
#endif
    total = 0;
    at = 0;
}

uint16_t s51_item(void S51_XDATA *out, uint16_t cap)
{
    const uint8_t S51_XDATA *item = smart51_buffer + at;
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

uint32_t s51_item32(void)
{
    uint32_t value = 0;
    s51_item(&value, sizeof value);
    return value;
}

int64_t s51_item64(void)
{
    int64_t value = 0;
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
    uint8_t self[6];
    s51_script_id(self);
    s51_record(&records[0], S51_GIVE, regid, amount);
    s51_record(&records[1], S51_TAKE, self, amount);
    s51_output(records, 2);
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
