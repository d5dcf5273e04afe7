/* registry: names that belong to somebody until a height, listed in their order and by the height at which they end.
 *
 * Input: the action (1 byte), and
 *   1 register  a name (16 bytes, zeros behind it) and a number of blocks (LE32, 1 to 1,000,000): it is the caller's for
 *               so long, if it is free or has ended; who has it already makes it last longer
 *   2 resolve   a name (16 bytes): returns the height at which it ends (LE64) and its owner (6 bytes)
 *   3 give      a name (16 bytes) and an account (registered id): the caller's name is that account's
 *   4 drop      a name (16 bytes): the caller's name is free again
 *   5 list      how many bytes of the name must be the same (1 byte), the most names (1 byte) and a name (16 bytes):
 *               returns the names behind it (16 bytes each), in order
 *   6 back      the same backwards: the names before it, the last one first
 *   7 next_end  returns the name that ends first: its end (LE64) and the name (16 bytes)
 *   8 sweep     the most names (1 byte): frees those that have ended, the oldest first, and returns how many (1 byte)
 * Data: a name (16 bytes) -> the height at which it ends (LE64, index 1) and its owner (6 bytes).
 * Event: "registered", topic: the owner, data: name and end.
 * Exit codes: 1 done, 2 wrong input, 3 it is somebody else's, 4 there is no such name.
 */
#include "smart51.h"

enum { REGISTER = 1, RESOLVE, GIVE, DROP, LIST, BACK, NEXT_END, SWEEP };
enum { WRONG_INPUT = 2, NOT_YOURS, NO_SUCH_NAME };

#define NAME 16
#define MOST_BLOCKS 1000000
/* So many entries of a range have room here: 34 bytes each. */
#define MOST_NAMES 16

static const s51_index_t by_end = {1, 0};

static union {
    uint8_t action;
    struct S51_PACKED {
        uint8_t action, name[NAME];
        uint32_t blocks;
    } reg;
    struct S51_PACKED {
        uint8_t action, name[NAME], to[6];
    } give;
    struct S51_PACKED {
        uint8_t action, same, most, name[NAME];
    } list;
    struct S51_PACKED {
        uint8_t action, most;
    } sweep;
} S51_XDATA in;
static uint16_t length;

static struct S51_PACKED {
    int64_t end;
    uint8_t owner[6];
} S51_XDATA row;
static struct S51_PACKED {
    int64_t end;
    uint8_t name[NAME];
} S51_XDATA entry;

static uint8_t S51_XDATA caller[6];
static s51_event_t S51_XDATA event;
static s51_seek_t S51_XDATA seek;
static s51_by_t S51_XDATA by;
static uint8_t S51_XDATA entries[MOST_NAMES * (NAME + sizeof row + 4)], names[MOST_NAMES * NAME];

static void demand(uint16_t size)
{
    if (length != size)
        s51_fail_with(WRONG_INPUT, "the input has another length");
}

/* Reads the name's row: 1 if there is one. */
static uint8_t find(const void *name)
{
    return s51_db_read(name, NAME, &row, sizeof row) == sizeof row;
}

static uint8_t is_over(void)
{
    return row.end <= (int64_t)s51_height();
}

static void save(const void *name)
{
    s51_row_write(&by_end, 1, name, NAME, &row, sizeof row);
}

/* Ends the call unless the name is the caller's. */
static void own(const void *name)
{
    if (!find(name))
        s51_fail_with(NO_SUCH_NAME, "there is no such name");
    if (!s51_equal(row.owner, caller, 6) || is_over())
        s51_fail_with(NOT_YOURS, "it is somebody else's, or has ended");
}

static void reg(void)
{
    demand(sizeof in.reg);
    if (!in.reg.name[0] || !in.reg.blocks || in.reg.blocks > MOST_BLOCKS)
        s51_fail_with(WRONG_INPUT, "a name, and 1 to 1,000,000 blocks");
    if (!find(in.reg.name) || is_over())
        row.end = s51_height();
    else if (!s51_equal(row.owner, caller, 6))
        s51_fail_with(NOT_YOURS, "it is somebody else's");
    row.end += in.reg.blocks;
    s51_copy(caller, row.owner, 6);
    save(in.reg.name);
    entry.end = row.end;
    s51_copy(in.reg.name, entry.name, NAME);
    s51_event(&event, "registered");
    s51_topic(&event, caller, 6);
    s51_emit(&event, 1 + event.topics, &entry, sizeof entry);
}

static void list(uint8_t way)
{
    uint16_t at = 0, total;
    uint8_t count = 0;

    demand(sizeof in.list);
    if (in.list.same >= NAME || !in.list.most || in.list.most > MOST_NAMES)
        s51_fail_with(WRONG_INPUT, "1 to 16 names, less than 16 bytes the same");
    s51_seek(&seek, way, in.list.same, in.list.most);
    total = s51_db_range(&seek, in.list.name, NAME, 0, 0, entries, sizeof entries);
    /* An entry is: LE16 16, name, LE16 14, row. */
    for (; at < total; at += sizeof row + NAME + 4) {
        s51_copy(entries + at + 2, names + count * NAME, NAME);
        count++;
    }
    if (count)
        s51_return_data(names, count * NAME);
}

/* The entry of the index from which on a name ends: 1 if there is one. */
static uint8_t first_end(void)
{
    s51_by(&by, &by_end, S51_FROM, 0);
    if (s51_index_seek(&by, 0, 0) != S51_ROW)
        return 0;
    entry.end = s51_item64();
    return s51_item(entry.name, NAME) == NAME;
}

static void sweep(void)
{
    static uint8_t S51_XDATA freed;

    demand(sizeof in.sweep);
    for (freed = 0; freed < in.sweep.most && first_end() && entry.end <= (int64_t)s51_height(); freed++)
        s51_row_delete(&by_end, 1, entry.name, NAME);
    s51_return_data(&freed, 1);
}

void contract(void)
{
    length = s51_take_input(&in, sizeof in);
    s51_caller(caller);
    switch (length ? in.action : 0) {
    case REGISTER:
        reg();
        break;
    case RESOLVE:
        demand(1 + NAME);
        if (!find(in.reg.name) || is_over())
            s51_fail_with(NO_SUCH_NAME, "there is no such name");
        s51_return_data(&row, sizeof row);
        break;
    case GIVE:
        demand(sizeof in.give);
        own(in.give.name);
        s51_copy(in.give.to, row.owner, 6);
        save(in.give.name);
        break;
    case DROP:
        demand(1 + NAME);
        own(in.reg.name);
        s51_row_delete(&by_end, 1, in.reg.name, NAME);
        break;
    case LIST:
        list(S51_AFTER);
        break;
    case BACK:
        list(S51_BEFORE);
        break;
    case NEXT_END:
        demand(1);
        if (!first_end())
            s51_fail_with(NO_SUCH_NAME, "there is no name");
        s51_return_data(&entry, sizeof entry);
        break;
    case SWEEP:
        sweep();
        break;
    default:
        s51_fail_with(WRONG_INPUT, "there is no such action");
    }
}
