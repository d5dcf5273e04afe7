/* guarantee: a trade with a third party that vouches for it. The price is held,
 * frozen, for whoever gets it when time runs out.
 *
 * Input: the action (1 byte), then, but for withdraw, a number for the trade (LE32), and for
 *   1 open      seller, arbiter (registered ids), blocks for each stage (LE32), the arbiter's fee
 *               should he have to decide (LE64); the caller is the buyer, the money sent the price
 *   2 send      a hash that says what was sent, as of a waybill (32 bytes); by the seller
 *   3 confirm   by the buyer, once it is sent: the seller is paid
 *   4 dispute   by the buyer, once it is sent: the arbiter is asked
 *   5 decide    what the seller gets (LE64); by the arbiter of a disputed trade: the buyer gets the
 *               rest, less the fee
 *   6 cancel    by the seller: the buyer is paid back
 *   7 withdraw  pays the caller the free money of his app account; no number
 * Data: a trade's number -> the trade; one whose height is reached is over, and its number free
 * again.
 * Events: "opened", "sent", "disputed", "settled"; topic: the number; data: the price, for "sent"
 * the hash, for "settled" what seller, buyer and arbiter got (LE64 each).
 * Exit codes: 1 done, 2 wrong input, 3 not now, 4 no such trade, 5 not the caller's to do, 6
 * nothing to withdraw.
 *
 * The price is a frozen fund, its tag the number, in the app account of whoever gets it should
 * nothing more happen: the buyer until it is sent, then the seller, and the buyer again while the
 * arbiter thinks. So no call is needed when time runs out: the fund thaws, and can be withdrawn.
 */
#define S51_ACCOUNT_CHECK 1
#include "smart51.h"

enum { OPEN = 1, SEND, CONFIRM, DISPUTE, DECIDE, CANCEL, WITHDRAW };
enum { WRONG_INPUT = 2, NOT_NOW, NO_TRADE, NOT_YOURS, NOTHING };
enum { OPENED, SENT, DISPUTED };
enum { LONGEST = 1000000 }; /* blocks */

static struct S51_PACKED {
    uint8_t action;
    uint32_t number;
    union {
        struct S51_PACKED {
            uint8_t seller[6];
            uint8_t arbiter[6];
            uint32_t blocks;
            int64_t fee;
        } open;
        uint8_t sent[32];
        int64_t to_seller;
    } with;
} S51_XDATA request;

static struct S51_PACKED {
    uint8_t stage;
    uint8_t buyer[6];
    uint8_t seller[6];
    uint8_t arbiter[6];
    uint32_t blocks;
    uint32_t deadline;
    int64_t price;
    int64_t fee;
} S51_XDATA trade;

/* What seller, buyer and arbiter get. */
static struct S51_PACKED {
    int64_t seller, buyer, arbiter;
} S51_XDATA shares;

static uint8_t S51_XDATA caller[6];
static s51_fund_t S51_XDATA funds[4];
static uint8_t S51_XDATA records;
static s51_event_t S51_XDATA event;

static void only(const void *who)
{
    if (!s51_equal(who, caller, sizeof caller))
        s51_fail_with(NOT_YOURS, "that is for another party to do");
}

static void frozen(uint8_t kind, const void *user)
{
    s51_fund(&funds[records], kind, user, 6, trade.price);
    funds[records].height = trade.deadline;
    s51_user(&funds[records].tag, &request.number, sizeof request.number);
    records++;
}

static void freed(const void *user, int64_t amount)
{
    if (amount)
        s51_fund(&funds[records++], S51_ADD_FREE, user, 6, amount);
}

static const uint8_t S51_XDATA *holder(void)
{
    return trade.stage == SENT ? trade.seller : trade.buyer;
}

/* The next stage begins, in which another one holds the money. */
static void begin(uint8_t stage)
{
    trade.stage = stage;
    trade.deadline = s51_height() + trade.blocks;
    frozen(S51_ADD_FROZEN, holder());
    s51_app_operate(funds, records);
    s51_db_write(&request.number, 4, &trade, sizeof trade);
}

static void settle(void)
{
    frozen(S51_SUB_FROZEN, holder());
    freed(trade.seller, shares.seller);
    freed(trade.buyer, shares.buyer);
    freed(trade.arbiter, shares.arbiter);
    s51_app_operate(funds, records);
    s51_db_delete(&request.number, 4);
    s51_event(&event, "settled");
    s51_topic(&event, &request.number, 4);
    s51_emit(&event, 1 + event.topics, &shares, sizeof shares);
}

static void open(void)
{
    trade.price = s51_pay_amount();
    if (trade.price <= 0)
        s51_fail_with(WRONG_INPUT, "the price is more than nothing");
    if (request.with.open.fee < 0 || request.with.open.fee > trade.price)
        s51_fail_with(WRONG_INPUT, "the fee is a part of the price");
    if (request.with.open.blocks == 0 || request.with.open.blocks > LONGEST)
        s51_fail_with(WRONG_INPUT, "a stage has 1 to 1,000,000 blocks");
    s51_copy(caller, trade.buyer, 6);
    s51_copy(request.with.open.seller, trade.seller, 6);
    s51_copy(request.with.open.arbiter, trade.arbiter, 6);
    if (s51_equal(trade.buyer, trade.seller, 6) || s51_equal(trade.buyer, trade.arbiter, 6) ||
        s51_equal(trade.seller, trade.arbiter, 6))
        s51_fail_with(WRONG_INPUT, "buyer, seller and arbiter are three");
    trade.blocks = request.with.open.blocks;
    trade.fee = request.with.open.fee;
    begin(OPENED);
    s51_event(&event, "opened");
    s51_topic(&event, &request.number, 4);
    s51_emit(&event, 1 + event.topics, &trade.price, sizeof trade.price);
}

static void send(void)
{
    only(trade.seller);
    if (trade.stage != OPENED)
        s51_fail_with(NOT_NOW, "it is sent already");
    frozen(S51_SUB_FROZEN, holder());
    begin(SENT);
    s51_event(&event, "sent");
    s51_topic(&event, &request.number, 4);
    s51_emit(&event, 1 + event.topics, request.with.sent, sizeof request.with.sent);
}

static void confirm(void)
{
    only(trade.buyer);
    if (trade.stage == OPENED)
        s51_fail_with(NOT_NOW, "nothing is sent yet");
    shares.seller = trade.price;
    settle();
}

static void dispute(void)
{
    only(trade.buyer);
    if (trade.stage != SENT)
        s51_fail_with(NOT_NOW, "only what is sent is disputed, and once");
    frozen(S51_SUB_FROZEN, holder());
    begin(DISPUTED);
    s51_event(&event, "disputed");
    s51_topic(&event, &request.number, 4);
    s51_emit(&event, 1 + event.topics, &trade.price, sizeof trade.price);
}

static void decide(void)
{
    only(trade.arbiter);
    if (trade.stage != DISPUTED)
        s51_fail_with(NOT_NOW, "nobody disputes it");
    shares.arbiter = trade.fee;
    shares.seller = request.with.to_seller;
    if (shares.seller < 0 || shares.seller > trade.price - trade.fee)
        s51_fail_with(WRONG_INPUT, "there is not so much to share");
    shares.buyer = trade.price - trade.fee - shares.seller;
    settle();
}

static void withdraw(void)
{
    static s51_user_t S51_XDATA user;
    int64_t amount;

    s51_user(&user, caller, sizeof caller);
    amount = s51_app_free(&user);
    if (!amount)
        s51_fail_with(NOTHING, "there is nothing to withdraw");
    freed(caller, amount);
    funds[0].kind = S51_SUB_FREE;
    s51_app_operate(funds, records);
    s51_pay(caller, amount);
}

/* The length of the input of each action. */
static uint16_t expected(void)
{
    switch (request.action) {
    case OPEN:
        return 5 + sizeof request.with.open;
    case SEND:
        return 5 + sizeof request.with.sent;
    case DECIDE:
        return 5 + sizeof request.with.to_seller;
    case WITHDRAW:
        return 1;
    default:
        return 5;
    }
}

void contract(void)
{
    uint8_t is_known;

    if (s51_take_input(&request, sizeof request) != expected() || request.action < OPEN || request.action > WITHDRAW)
        s51_fail_with(WRONG_INPUT, "wrong input");
    if (request.action != OPEN && s51_pay_amount())
        s51_fail_with(WRONG_INPUT, "only the price is paid");
    s51_caller(caller);
    records = 0;
    shares.seller = shares.buyer = shares.arbiter = 0;
    if (request.action == WITHDRAW) {
        withdraw();
        return;
    }
    is_known = s51_db_read(&request.number, 4, &trade, sizeof trade) && s51_height() < trade.deadline;
    if (request.action == OPEN && is_known)
        s51_fail_with(NOT_NOW, "the number is in use");
    if (request.action != OPEN && !is_known)
        s51_fail_with(NO_TRADE, "there is no such trade, or it is over");
    switch (request.action) {
    case OPEN:
        open();
        break;
    case SEND:
        send();
        break;
    case CONFIRM:
        confirm();
        break;
    case DISPUTE:
        dispute();
        break;
    case DECIDE:
        decide();
        break;
    default:
        shares.buyer = trade.price;
        only(trade.seller);
        settle();
    }
}
