/* ipo: shares are sold, and the seller gets the money in stages. Until then a share can be given
 * back for the rest.
 *
 * Input: the action (1 byte), and
 *   1 offer      shares, price of one (LE64), the height at which the sale ends, blocks from one
 *                stage to the next (LE32 each), stages (1 byte); the caller is the seller;
 *                only once
 *   2 buy        how many shares; their price must be sent
 *   3 give_back  how many shares: pays the caller what is still frozen of their price
 *   4 withdraw   pays the seller what has been released; no more input
 * Shares are counted in LE32.
 * Data: "offer" -> the offer, with the shares left; a registered id -> its shares.
 * Events: "offered", "bought", "given_back"; topic: the caller; data: the shares (LE32) and their
 * money (LE64).
 * Exit codes: 1 done, 2 wrong input, 3 not now, 4 another price, 5 not so many shares, 6 not the
 * caller's to do, 7 nothing to withdraw.
 *
 * The money lies in the seller's app account, in a frozen fund for each stage. Funds of one tag and
 * height add up, so there are never more than the stages, and each thaws by itself.
 */
#define S51_ACCOUNT_CHECK 1
#include "smart51.h"

enum { OFFER = 1, BUY, GIVE_BACK, WITHDRAW };
enum { WRONG_INPUT = 2, NOT_NOW, WRONG_PRICE, NO_SHARES, NOT_YOURS, NOTHING };
enum { STAGES = 12, LONGEST = 1000000 };

/* Products of shares and price stay below 2^63. */
#define MOST 1000000000

static struct S51_PACKED {
    uint8_t action;
    uint32_t shares;
    int64_t price;
    uint32_t end;
    uint32_t blocks;
    uint8_t stages;
} S51_XDATA request;

static struct S51_PACKED {
    uint8_t seller[6];
    uint32_t left; /* shares */
    int64_t part;  /* of the price of one, for each stage */
    uint32_t end;
    uint32_t blocks;
    uint8_t stages;
} S51_XDATA offer;

static uint8_t S51_XDATA caller[6];
static s51_fund_t S51_XDATA funds[STAGES];
static s51_event_t S51_XDATA event;

/* The price of the shares, or the part that is still frozen. A variable of a function would take
 * IRAM, of which sdcc needs most for numbers of 64 bits. */
static int64_t S51_XDATA money;

static void save(void)
{
    s51_db_write("offer", 5, &offer, sizeof offer);
}

static void tell(void)
{
    static struct S51_PACKED {
        uint32_t shares;
        int64_t money;
    } S51_XDATA data;

    data.shares = request.shares;
    data.money = money;
    s51_topic(&event, caller, sizeof caller);
    s51_emit(&event, 1 + event.topics, &data, sizeof data);
}

/* A function of its own, for s51_mul is inline and takes IRAM wherever it is called. */
static int64_t times(int64_t a, uint32_t b)
{
    return s51_mul(a, b);
}

/* Adds to the frozen fund of each stage to come, or takes from it, what the shares of the request
 * cost then, and leaves the sum in `money`. */
static void stages(uint8_t kind)
{
    uint8_t stage, records = 0;
    uint32_t height = offer.end, now = s51_height();
    static int64_t S51_XDATA part;

    part = times(offer.part, request.shares);
    money = 0;
    for (stage = 0; stage < offer.stages; stage++) {
        height += offer.blocks;
        if (height <= now)
            continue;
        s51_fund(&funds[records], kind, offer.seller, sizeof offer.seller, part);
        funds[records].height = height;
        s51_user(&funds[records].tag, "ipo", 3);
        records++;
        money += part;
    }
    s51_app_operate(funds, records);
}

/* The caller's shares. */
static uint32_t owned(void)
{
    uint32_t shares = 0;
    s51_db_read(caller, sizeof caller, &shares, sizeof shares);
    return shares;
}

static void make_offer(void)
{
    uint32_t now = s51_height();

    if (request.shares == 0 || request.shares > MOST || request.price <= 0 || request.price > MOST)
        s51_fail_with(WRONG_INPUT, "shares and price are 1 to 1,000,000,000");
    if (request.stages == 0 || request.stages > STAGES)
        s51_fail_with(WRONG_INPUT, "there are 1 to 12 stages");
    if (request.end <= now || request.end - now > LONGEST)
        s51_fail_with(WRONG_INPUT, "the sale ends 1 to 1,000,000 blocks from now");
    if (request.blocks == 0 || request.blocks > LONGEST)
        s51_fail_with(WRONG_INPUT, "a stage has 1 to 1,000,000 blocks");
    offer.part = s51_div(request.price, request.stages);
    if (times(offer.part, request.stages) != request.price)
        s51_fail_with(WRONG_INPUT, "each stage gets the same part of the price");
    s51_copy(caller, offer.seller, sizeof caller);
    offer.left = request.shares;
    offer.end = request.end;
    offer.blocks = request.blocks;
    offer.stages = request.stages;
    save();
    s51_event(&event, "offered");
    money = request.price;
    tell();
}

static void buy(void)
{
    uint32_t shares;

    if (s51_height() >= offer.end)
        s51_fail_with(NOT_NOW, "the sale is over");
    if (request.shares > offer.left)
        s51_fail_with(NO_SHARES, "so many shares are not left");
    if (s51_pay_amount() != times(times(offer.part, offer.stages), request.shares))
        s51_fail_with(WRONG_PRICE, "that is not what the shares cost");
    stages(S51_ADD_FROZEN);
    offer.left -= request.shares;
    save();
    shares = owned() + request.shares;
    s51_db_write(caller, sizeof caller, &shares, sizeof shares);
    s51_event(&event, "bought");
    tell();
}

static void give_back(void)
{
    uint32_t shares = owned();

    if (request.shares > shares)
        s51_fail_with(NO_SHARES, "the caller has not so many shares");
    stages(S51_SUB_FROZEN);
    if (!money)
        s51_fail_with(NOT_NOW, "the seller has all of it");
    offer.left += request.shares;
    save();
    shares -= request.shares;
    s51_db_write(caller, sizeof caller, &shares, shares ? sizeof shares : 0);
    s51_pay(caller, money);
    s51_event(&event, "given_back");
    tell();
}

static void withdraw(void)
{
    static s51_user_t S51_XDATA user;
    int64_t amount;

    if (!s51_equal(caller, offer.seller, sizeof caller))
        s51_fail_with(NOT_YOURS, "only the seller withdraws");
    s51_user(&user, caller, sizeof caller);
    amount = s51_app_free(&user);
    if (!amount)
        s51_fail_with(NOTHING, "there is nothing to withdraw");
    s51_fund(funds, S51_SUB_FREE, caller, sizeof caller, amount);
    s51_app_operate(funds, 1);
    s51_pay(caller, amount);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);
    uint8_t is_open = s51_db_read("offer", 5, &offer, sizeof offer) != 0;

    s51_caller(caller);
    if (request.action != BUY && s51_pay_amount())
        s51_fail_with(WRONG_INPUT, "only shares are paid");
    if (length == sizeof request && request.action == OFFER) {
        if (is_open)
            s51_fail_with(NOT_NOW, "the shares have been offered");
        make_offer();
    } else if (!is_open) {
        s51_fail_with(NOT_NOW, "no shares have been offered");
    } else if (length == 5 && request.shares != 0 && request.action == BUY) {
        buy();
    } else if (length == 5 && request.shares != 0 && request.action == GIVE_BACK) {
        give_back();
    } else if (length == 1 && request.action == WITHDRAW) {
        withdraw();
    } else {
        s51_fail_with(WRONG_INPUT, "wrong input");
    }
}
