/* nft: single things that people own, as objects: the host knows who owns one and lets nobody else give it away.
 *
 * Input: the action (1 byte), and
 *   1 mint      an account (registered id) and a text of 1 to 64 bytes: makes an object of that account's and returns its
 *               id (LE64); the first account that mints is the only one that may
 *   2 transfer  an id (LE64) and an account (registered id): gives it to that account; its owner may, and who is approved
 *   3 approve   an id (LE64) and an account (registered id): who else may give it away, once; 0-0 for nobody
 *   4 burn      an id (LE64): its owner destroys it
 *   5 about     an id (LE64): returns owner and approved (registered ids), and the text
 *   6 list      an account (registered id), an id (LE64): returns the ids of its objects behind that one (LE64 each), at
 *               most 8
 * Objects: the field "text". Data: "minter" -> registered id.
 * Event: "given", topics: from (0-0 where it was made) and to (0-0 where it was destroyed), data: id.
 * Exit codes: 1 done, 2 wrong input, 3 not yours, 4 there is no such thing, 5 there is no such account.
 */
#include "smart51.h"

enum { MINT = 1, TRANSFER, APPROVE, BURN, ABOUT, LIST };
enum { WRONG_INPUT = 2, NOT_YOURS, NO_SUCH_THING, NO_SUCH_ACCOUNT };

#define TEXT_MAX 64
#define LIST_MAX 8

static union {
    uint8_t action;
    struct S51_PACKED {
        uint8_t action, account[6], text[TEXT_MAX];
    } mint;
    struct S51_PACKED {
        uint8_t action;
        int64_t id;
        uint8_t account[6];
    } thing;
    struct S51_PACKED {
        uint8_t action, account[6];
        int64_t after;
    } list;
} S51_XDATA in;
static uint16_t length;

static const uint8_t nobody[6] = {0};
static uint8_t S51_XDATA caller[6], self[6];
static int64_t S51_XDATA id;
static s51_object_t S51_XDATA object;
static s51_event_t S51_XDATA event;
static struct S51_PACKED {
    uint8_t owner[6], approved[6], text[TEXT_MAX];
} S51_XDATA about;

static void demand(uint16_t size)
{
    if (length != size)
        s51_fail_with(WRONG_INPUT, "the input has another length");
}

static void tell(const void *from, const void *to)
{
    s51_event(&event, "given");
    s51_topic(&event, from, 6);
    s51_topic(&event, to, 6);
    s51_emit(&event, 1 + event.topics, &id, sizeof id);
}

/* Reads owner and approved of the object `id`. */
static void find(void)
{
    s51_script_id(self);
    s51_object(&object, self, id);
    if (!s51_object_owner(&object, about.owner))
        s51_fail_with(NO_SUCH_THING, "there is no such thing");
    s51_item(about.approved, 6);
}

/* Ends the call if the host has not done what it was asked. */
static void done(uint8_t code)
{
    if (code == S51_NO_ACCOUNT)
        s51_fail_with(NO_SUCH_ACCOUNT, "there is no such account");
    if (code != S51_DONE)
        s51_fail_with(NOT_YOURS, "it is not yours");
}

/* A new object is the contract's own until its text stands in it. */
static void mint(void)
{
    static uint8_t S51_XDATA minter[6];

    if (length <= 7 || length > sizeof in.mint)
        s51_fail_with(WRONG_INPUT, "a text has 1 to 64 bytes");
    if (!s51_db_read("minter", 6, minter, sizeof minter))
        s51_db_write("minter", 6, caller, sizeof caller);
    else if (!s51_equal(minter, caller, 6))
        s51_fail_with(NOT_YOURS, "only the minter may");
    s51_script_id(self);
    id = s51_object_create(self);
    done(s51_object_set(id, "text", 4, in.mint.text, length - 7));
    done(s51_object_set_owner(id, in.mint.account));
    tell(nobody, in.mint.account);
    s51_return_data(&id, sizeof id);
}

static void list(void)
{
    static int64_t S51_XDATA ids[LIST_MAX];
    uint8_t count = 0;

    demand(sizeof in.list);
    s51_script_id(self);
    id = in.list.after;
    while (count < LIST_MAX && (id = s51_object_next(in.list.account, self, id)) != 0)
        ids[count++] = id;
    if (count)
        s51_return_data(ids, count * sizeof id);
}

void contract(void)
{
    uint16_t text;

    length = s51_take_input(&in, sizeof in);
    s51_caller(caller);
    if (!length)
        s51_fail_with(WRONG_INPUT, "there is no action");
    if (in.action == MINT) {
        mint();
        return;
    }
    if (in.action == LIST) {
        list();
        return;
    }
    demand(in.action == TRANSFER || in.action == APPROVE ? sizeof in.thing : sizeof in.thing - 6);
    id = in.thing.id;
    find();
    switch (in.action) {
    case TRANSFER:
        done(s51_object_set_owner(id, in.thing.account));
        tell(about.owner, in.thing.account);
        break;
    case APPROVE:
        done(s51_object_approve(id, in.thing.account));
        break;
    case BURN:
        done(s51_object_delete(id));
        tell(about.owner, nobody);
        break;
    case ABOUT:
        text = s51_object_get(&object, "text", 4, about.text, TEXT_MAX);
        s51_return_data(&about, 12 + text);
        break;
    default:
        s51_fail_with(WRONG_INPUT, "there is no such action");
    }
}
