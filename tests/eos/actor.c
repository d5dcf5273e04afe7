/* An EOS contract that does what the data of its action says: record.py writes the data and compiles this.
 *
 * The data are parts: an account (8), the length of its script (LE16), and the script; an account of zeros ends them.
 * A script is operations: a number (1), the length of what follows (LE16), and that. Each contract does the part of its
 * own account, whether it is acted on or notified.
 */
#include <stdint.h>

#define ENV(name) __attribute__((import_module("env"), import_name(#name)))

ENV(read_action_data) uint32_t read_action_data(void *to, uint32_t length);
ENV(require_recipient) void require_recipient(uint64_t account);
ENV(send_inline) void send_inline(const void *action, uint32_t length);
ENV(send_context_free_inline) void send_context_free_inline(const void *action, uint32_t length);
ENV(eosio_assert_message) void assert_message(uint32_t test, const void *text, uint32_t length);
ENV(db_store_i64) int32_t store(uint64_t scope, uint64_t table, uint64_t payer, uint64_t id, const void *data, uint32_t length);
ENV(db_find_i64) int32_t find(uint64_t code, uint64_t scope, uint64_t table, uint64_t id);
ENV(send_deferred) void send_deferred(const void *id, uint64_t payer, const void *transaction, uint32_t length, uint32_t replace);
ENV(cancel_deferred) int32_t cancel_deferred(const void *id);

enum { NOTIFY = 1, INLINE, CONTEXT_FREE, WRITE, FAIL, DEFER, CANCEL, HOLDS };

/* ROWS is the name `rows`, given by who compiles this. */

static uint8_t data[32768];

static uint16_t u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint64_t u64(const uint8_t *at)
{
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | at[i];
    return number;
}

static void write(uint64_t self, uint64_t id)
{
    if (find(self, self, ROWS, id) < 0)
        store(self, ROWS, self, id, &id, sizeof id);
}

static void run(uint64_t self, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *what = at + 3;
        uint16_t length = u16(at + 1);
        switch (at[0]) {
        case NOTIFY: require_recipient(u64(what)); break;
        case INLINE: send_inline(what, length); break;
        case CONTEXT_FREE: send_context_free_inline(what, length); break;
        case WRITE: write(self, u64(what)); break;
        case FAIL: assert_message(0, what, length); break;
        case DEFER: send_deferred(what, self, what + 16, length - 16u, 0); break;
        case CANCEL: cancel_deferred(what); break;
        case HOLDS: find(self, self, ROWS, u64(what)) < 0 ? assert_message(0, "no", 2) : assert_message(0, "yes", 3); break;
        }
        at = what + length;
    }
}

__attribute__((export_name("apply"))) void apply(uint64_t self, uint64_t code, uint64_t action)
{
    const uint8_t *at = data, *end = data + read_action_data(data, sizeof data);

    (void)code, (void)action;
    for (; at + 10 <= end && u64(at); at += 10 + u16(at + 8))
        if (u64(at) == self)
            run(self, at + 10, at + 10 + u16(at + 8));
}
