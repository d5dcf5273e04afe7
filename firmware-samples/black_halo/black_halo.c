/* black_halo: a trade without an arbiter. Both sides deposit more than the price, and see nothing
 * of it again until they agree, so that neither gains by cheating.
 *
 * Input: the action (1 byte), a number for the trade (LE32), and for
 *   1 offer   seller (registered id), price (LE64), blocks within which the seller may join (LE32);
 *             the caller is the buyer, and sends the price and a deposit above it
 *   2 join    by the seller, who sends as much as the buyer's deposit
 *   3 agree   what the seller shall get of all that was sent (LE64); by buyer or seller. Each may
 *             say something else as often as he likes; once both say the same, it is paid, and the
 *             rest to the buyer. Price and deposit confirm a good trade, the deposit alone takes it
 *             back
 *   4 cancel  by the buyer, while the seller has not joined
 * Data: a trade's number -> the trade, until it is paid out.
 * Events: "offered", "joined", "said", "settled"; topics: the number, and the caller; data: what
 * was sent, what the seller shall get, what seller and buyer got (LE64 each).
 * Exit codes: 1 done, 2 wrong input, 3 number in use, 4 no such trade, 5 not the caller's to do, 6
 * not now, 7 too little or too much sent.
 *
 * What was sent lies in the app accounts of both, frozen until a height that no chain reaches.
 */
#define S51_ACCOUNT_CHECK 1
#include "smart51.h"

enum { OFFER = 1, JOIN, AGREE, CANCEL };
enum { WRONG_INPUT = 2, IN_USE, NO_TRADE, NOT_YOURS, NOT_NOW, WRONG_AMOUNT };
enum { LONGEST = 1000000 }; /* blocks */
#define NEVER 0xFFFFFFFF    /* a height */
#define SILENT -1           /* for an amount not said yet */

static struct S51_PACKED {
    uint8_t action;
    uint32_t number;
    union {
        struct S51_PACKED {
            uint8_t seller[6];
            int64_t price;
            uint32_t blocks;
        } offer;
        int64_t to_seller;
    } with;
} S51_XDATA request;

static struct S51_PACKED {
    uint8_t buyer[6];
    uint8_t seller[6];
    uint8_t is_joined;
    uint32_t deadline;
    int64_t price;
    int64_t deposit;
    int64_t buyer_says; /* what the seller shall get */
    int64_t seller_says;
} S51_XDATA trade;

static uint8_t S51_XDATA caller[6];
static s51_fund_t S51_XDATA funds[2];
static s51_event_t S51_XDATA event;

/* All that was sent. A variable of a function would take IRAM, of which sdcc needs most for numbers
 * of 64 bits. */
static int64_t S51_XDATA sum;

static uint8_t is_caller(const void *account)
{
    return s51_equal(account, caller, sizeof caller);
}

static void save(void)
{
    s51_db_write(&request.number, 4, &trade, sizeof trade);
}

static void frozen(uint8_t which, uint8_t kind, const void *user, int64_t amount)
{
    s51_fund(&funds[which], kind, user, 6, amount);
    funds[which].height = NEVER;
    s51_user(&funds[which].tag, &request.number, sizeof request.number);
}

static void tell(const void *data, uint16_t length)
{
    s51_topic(&event, &request.number, sizeof request.number);
    s51_topic(&event, caller, sizeof caller);
    s51_emit(&event, 1 + event.topics, data, length);
}

static void offer(void)
{
    sum = s51_pay_amount();
    trade.price = request.with.offer.price;
    /* What is sent is far below 2^62, so the price is, too, before it is added to or doubled. */
    if (trade.price <= 0 || trade.price >= sum)
        s51_fail_with(WRONG_AMOUNT, "the price is more than nothing, and less than what is sent");
    trade.deposit = sum - trade.price;
    if (trade.deposit <= trade.price)
        s51_fail_with(WRONG_AMOUNT, "the deposit is more than the price");
    if (request.with.offer.blocks == 0 || request.with.offer.blocks > LONGEST)
        s51_fail_with(WRONG_INPUT, "the seller has 1 to 1,000,000 blocks");
    if (is_caller(request.with.offer.seller))
        s51_fail_with(WRONG_INPUT, "buyer and seller are two");
    s51_copy(caller, trade.buyer, 6);
    s51_copy(request.with.offer.seller, trade.seller, 6);
    trade.is_joined = 0;
    trade.deadline = s51_height() + request.with.offer.blocks;
    trade.buyer_says = trade.seller_says = SILENT;
    save();
    frozen(0, S51_ADD_FROZEN, trade.buyer, sum);
    s51_app_operate(funds, 1);
    s51_event(&event, "offered");
    tell(&sum, sizeof sum);
}

static void join(void)
{
    if (!is_caller(trade.seller))
        s51_fail_with(NOT_YOURS, "only the seller joins");
    if (trade.is_joined)
        s51_fail_with(NOT_NOW, "the seller has joined");
    if (s51_height() >= trade.deadline)
        s51_fail_with(NOT_NOW, "it is too late to join");
    if (s51_pay_amount() != trade.deposit)
        s51_fail_with(WRONG_AMOUNT, "the deposits of both are equal");
    trade.is_joined = 1;
    save();
    frozen(0, S51_ADD_FROZEN, trade.seller, trade.deposit);
    s51_app_operate(funds, 1);
    s51_event(&event, "joined");
    tell(&trade.deposit, sizeof trade.deposit);
}

/* Frees what is frozen, and pays it out: a record for each account. A seller who has not joined may
 * not exist, and a record for him would keep the buyer's money for ever. */
static void settle(void)
{
    static s51_output_t S51_XDATA records[3];
    static struct S51_PACKED {
        int64_t seller, buyer;
    } S51_XDATA shares;
    static uint8_t S51_XDATA self[6];

    sum = trade.price + trade.deposit;
    frozen(0, S51_SUB_FROZEN, trade.buyer, sum);
    if (trade.is_joined) {
        frozen(1, S51_SUB_FROZEN, trade.seller, trade.deposit);
        sum += trade.deposit;
    }
    s51_app_operate(funds, 1 + trade.is_joined);
    shares.seller = request.with.to_seller;
    shares.buyer = sum - shares.seller;
    s51_script_id(self);
    s51_record(&records[0], S51_TAKE, self, sum);
    s51_record(&records[1], S51_GIVE, trade.buyer, shares.buyer);
    s51_record(&records[2], S51_GIVE, trade.seller, shares.seller);
    s51_output(records, 2 + trade.is_joined);
    s51_db_delete(&request.number, 4);
    s51_event(&event, "settled");
    tell(&shares, sizeof shares);
}

static void agree(void)
{
    if (!trade.is_joined)
        s51_fail_with(NOT_NOW, "the seller has not joined");
    sum = trade.price + trade.deposit + trade.deposit;
    if (request.with.to_seller < 0 || request.with.to_seller > sum)
        s51_fail_with(WRONG_INPUT, "there is not so much to share");
    if (is_caller(trade.buyer))
        trade.buyer_says = request.with.to_seller;
    else if (is_caller(trade.seller))
        trade.seller_says = request.with.to_seller;
    else
        s51_fail_with(NOT_YOURS, "only buyer and seller agree");
    if (trade.buyer_says == trade.seller_says) {
        settle();
        return;
    }
    save();
    s51_event(&event, "said");
    tell(&request.with.to_seller, sizeof request.with.to_seller);
}

static void cancel(void)
{
    if (!is_caller(trade.buyer))
        s51_fail_with(NOT_YOURS, "only the buyer cancels");
    if (trade.is_joined)
        s51_fail_with(NOT_NOW, "the seller has joined");
    request.with.to_seller = 0;
    settle();
}

/* The length of the input of each action. */
static uint16_t expected(void)
{
    switch (request.action) {
    case OFFER:
        return 5 + sizeof request.with.offer;
    case AGREE:
        return 5 + sizeof request.with.to_seller;
    default:
        return 5;
    }
}

void contract(void)
{
    uint8_t is_known;

    if (s51_take_input(&request, sizeof request) != expected() || request.action < OFFER || request.action > CANCEL)
        s51_fail_with(WRONG_INPUT, "wrong input");
    if (request.action > JOIN && s51_pay_amount())
        s51_fail_with(WRONG_AMOUNT, "only price and deposits are paid");
    s51_caller(caller);
    is_known = s51_db_read(&request.number, 4, &trade, sizeof trade) != 0;
    if (request.action == OFFER) {
        if (is_known)
            s51_fail_with(IN_USE, "the number is in use");
        offer();
    } else if (!is_known) {
        s51_fail_with(NO_TRADE, "there is no such trade");
    } else if (request.action == JOIN) {
        join();
    } else if (request.action == AGREE) {
        agree();
    } else {
        cancel();
    }
}
