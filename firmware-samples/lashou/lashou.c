/* lashou: a group buys cheaper. Once there are enough buyers before the deadline, the seller has
 * their money; if there are not, each has his own back.
 *
 * Input: the action (1 byte), then, but for withdraw, a number for the deal (LE32), and for
 *   1 open      price for each (LE64), blocks (LE32), least and most buyers (1 byte each); the
 *               caller is the seller
 *   2 join      the price must be sent; every buyer once
 *   3 withdraw  pays the caller the free money of his app account; no number
 *   4 close     after the deadline, by the seller: forgets the deal and its buyers
 * Data: a deal's number -> the deal; the number and an index (1 byte) -> the buyer; the number and
 * a buyer -> 1.
 * Events: "opened" (data: the price), "joined" (data: how many there are, 1 byte), "reached" (data:
 * what the seller got); topics: the number, and the caller.
 * Exit codes: 1 done, 2 wrong input, 3 number in use, 4 no such deal, 5 not the caller's to do, 6
 * not now, 7 not the price, 8 joined before, 9 nothing to withdraw.
 *
 * While they are too few, what a buyer has sent is a frozen fund in his app account, its tag the
 * number and its height the deadline: there it thaws by itself. The buyer who makes them enough
 * moves all of it to the seller.
 */
#define S51_ACCOUNT_CHECK 1
#include "smart51.h"

enum { OPEN = 1, JOIN, WITHDRAW, CLOSE };
enum { WRONG_INPUT = 2, IN_USE, NO_DEAL, NOT_YOURS, NOT_NOW, WRONG_PRICE, JOINED, NOTHING };
/* The least buyers are as many as one call can move the money of, in one request. */
enum { LEAST = 40, MOST = 100, LONGEST = 1000000 };

static struct S51_PACKED {
    uint8_t action;
    uint32_t number;
    int64_t price;
    uint32_t blocks;
    uint8_t least;
    uint8_t most;
} S51_XDATA request;

static struct S51_PACKED {
    uint8_t seller[6];
    int64_t price;
    uint32_t deadline;
    uint8_t least;
    uint8_t most;
    uint8_t buyers;
} S51_XDATA deal;

/* The keys of a buyer: by his index, and by his registered id. */
static struct S51_PACKED {
    uint32_t number;
    uint8_t index;
} S51_XDATA by_index;
static struct S51_PACKED {
    uint32_t number;
    uint8_t buyer[6];
} S51_XDATA by_buyer;

static uint8_t S51_XDATA caller[6];
static s51_fund_t S51_XDATA funds[LEAST];
static s51_event_t S51_XDATA event;

static void save(void)
{
    s51_db_write(&request.number, 4, &deal, sizeof deal);
}

static void tell(const void *data, uint16_t length)
{
    s51_topic(&event, &request.number, sizeof request.number);
    s51_topic(&event, caller, sizeof caller);
    s51_emit(&event, 1 + event.topics, data, length);
}

static void frozen(uint8_t which, uint8_t kind, const void *user)
{
    s51_fund(&funds[which], kind, user, 6, deal.price);
    funds[which].height = deal.deadline;
    s51_user(&funds[which].tag, &request.number, sizeof request.number);
}

static void open(void)
{
    if (request.price <= 0)
        s51_fail_with(WRONG_INPUT, "the price is more than nothing");
    if (request.blocks == 0 || request.blocks > LONGEST)
        s51_fail_with(WRONG_INPUT, "a deal has 1 to 1,000,000 blocks");
    if (request.least == 0 || request.least > LEAST || request.most < request.least || request.most > MOST)
        s51_fail_with(WRONG_INPUT, "the least are 1 to 40, and the most up to 100");
    s51_copy(caller, deal.seller, sizeof caller);
    deal.price = request.price;
    deal.deadline = s51_height() + request.blocks;
    deal.least = request.least;
    deal.most = request.most;
    deal.buyers = 0;
    save();
    s51_event(&event, "opened");
    tell(&deal.price, sizeof deal.price);
}

/* The money of all buyers so far, the caller's of just now among it, goes to the seller. */
static void reach(void)
{
    static uint8_t S51_XDATA buyer[6];
    int64_t sum = s51_mul(deal.price, deal.least);

    for (by_index.index = 0; by_index.index < deal.least - 1; by_index.index++) {
        s51_db_read(&by_index, sizeof by_index, buyer, sizeof buyer);
        frozen(by_index.index, S51_SUB_FROZEN, buyer);
    }
    s51_fund(&funds[by_index.index], S51_ADD_FREE, deal.seller, 6, sum);
    s51_app_operate(funds, deal.least);
    s51_event(&event, "reached");
    tell(&sum, sizeof sum);
}

static void join(void)
{
    static const uint8_t yes = 1;
    static uint8_t S51_XDATA found;

    if (s51_height() >= deal.deadline)
        s51_fail_with(NOT_NOW, "the deal is over");
    if (s51_equal(caller, deal.seller, sizeof caller))
        s51_fail_with(NOT_YOURS, "the seller does not buy");
    if (s51_pay_amount() != deal.price)
        s51_fail_with(WRONG_PRICE, "that is not the price");
    s51_copy(caller, by_buyer.buyer, sizeof caller);
    if (s51_db_read(&by_buyer, sizeof by_buyer, &found, 1))
        s51_fail_with(JOINED, "everyone buys once");
    if (deal.buyers == deal.most)
        s51_fail_with(NOT_NOW, "it is sold out");

    by_index.index = deal.buyers++;
    s51_db_write(&by_index, sizeof by_index, caller, sizeof caller);
    s51_db_write(&by_buyer, sizeof by_buyer, &yes, 1);
    save();
    s51_event(&event, "joined");
    tell(&deal.buyers, 1);
    if (deal.buyers == deal.least) {
        reach();
    } else {
        if (deal.buyers < deal.least)
            frozen(0, S51_ADD_FROZEN, caller);
        else
            s51_fund(funds, S51_ADD_FREE, deal.seller, 6, deal.price);
        s51_app_operate(funds, 1);
    }
}

static void close(void)
{
    if (!s51_equal(caller, deal.seller, sizeof caller))
        s51_fail_with(NOT_YOURS, "only the seller closes a deal");
    if (s51_height() < deal.deadline)
        s51_fail_with(NOT_NOW, "the deal is not over yet");
    for (by_index.index = 0; by_index.index < deal.buyers; by_index.index++) {
        s51_db_read(&by_index, sizeof by_index, by_buyer.buyer, sizeof by_buyer.buyer);
        s51_db_delete(&by_index, sizeof by_index);
        s51_db_delete(&by_buyer, sizeof by_buyer);
    }
    s51_db_delete(&request.number, 4);
}

static void withdraw(void)
{
    static s51_user_t S51_XDATA user;
    int64_t amount;

    s51_user(&user, caller, sizeof caller);
    amount = s51_app_free(&user);
    if (!amount)
        s51_fail_with(NOTHING, "there is nothing to withdraw");
    s51_fund(funds, S51_SUB_FREE, caller, sizeof caller, amount);
    s51_app_operate(funds, 1);
    s51_pay(caller, amount);
}

/* The length of the input of each action. */
static uint16_t expected(void)
{
    switch (request.action) {
    case OPEN:
        return sizeof request;
    case WITHDRAW:
        return 1;
    default:
        return 5;
    }
}

void contract(void)
{
    uint8_t is_known;

    if (s51_take_input(&request, sizeof request) != expected() || request.action < OPEN || request.action > CLOSE)
        s51_fail_with(WRONG_INPUT, "wrong input");
    if (request.action != JOIN && s51_pay_amount())
        s51_fail_with(WRONG_PRICE, "only buyers pay");
    s51_caller(caller);
    if (request.action == WITHDRAW) {
        withdraw();
        return;
    }
    by_index.number = by_buyer.number = request.number;
    is_known = s51_db_read(&request.number, 4, &deal, sizeof deal) != 0;
    if (request.action == OPEN) {
        if (is_known)
            s51_fail_with(IN_USE, "the number is in use");
        open();
    } else if (!is_known) {
        s51_fail_with(NO_DEAL, "there is no such deal");
    } else if (request.action == JOIN) {
        join();
    } else {
        close();
    }
}
