/* exchange: a pool of two tokens that swaps one for the other. The product of what it holds of both never shrinks.
 *
 * Input: the action (1 byte), and
 *   1 open   two contracts like the sample token (registered ids), and an amount of each (LE64): takes them from the
 *            caller, who has let the exchange take them; only once
 *   2 swap   0 to give the first token, 1 to give the second (1 byte), the amount given and the least to be had
 *            (LE64 each); returns what the caller gets (LE64)
 *   3 pool   returns what the pool holds of both (LE64 each); no more input
 * Data: "pool" -> both registered ids and both amounts. Event: "swapped", topic: the caller, data: given and had.
 * Exit codes: 1 done, 2 wrong input, 3 open already, or not yet, 4 a token says no, 5 too little for what is given.
 */
#include "smart51.h"

enum { OPEN = 1, SWAP, POOL };
enum { WRONG_INPUT = 2, NOT_NOW, TOKEN_REFUSED, TOO_LITTLE };
/* The token's. */
enum { TRANSFER = 2, TAKE = 5 };

/* Products of two amounts stay below 2^63. */
#define MOST 2000000000

static struct S51_PACKED {
    uint8_t token[2][6];
    int64_t holds[2];
} S51_XDATA pool;

static union {
    struct S51_PACKED {
        uint8_t action;
        uint8_t token[2][6];
        int64_t amount[2];
    } open;
    struct S51_PACKED {
        uint8_t action;
        uint8_t given; /* which token */
        int64_t amount, least;
    } swap;
} S51_XDATA request;

static uint8_t S51_XDATA caller[6];
static s51_call_t S51_XDATA call;
static s51_result_t S51_XDATA result;
static s51_event_t S51_XDATA event;

/* Has a token move an amount between the caller and the exchange. */
static void move(uint8_t which, uint8_t action, int64_t amount)
{
    static struct S51_PACKED {
        uint8_t action;
        uint8_t account[6];
        int64_t amount;
    } S51_XDATA input;

    input.action = action;
    s51_copy(caller, input.account, 6);
    input.amount = amount;
    s51_callee(&call, pool.token[which]);
    s51_call_contract(&call, &input, sizeof input, &result);
    if (result.status != S51_SUCCESS)
        s51_fail_with(TOKEN_REFUSED, "a token says no");
}

static uint8_t wrong(int64_t amount)
{
    return amount <= 0 || amount > MOST;
}

static void open(void)
{
    uint8_t which;
    for (which = 0; which < 2; which++) {
        if (wrong(request.open.amount[which]))
            s51_fail_with(WRONG_INPUT, "an amount is 1 to 2,000,000,000");
        s51_copy(request.open.token[which], pool.token[which], 6);
        pool.holds[which] = request.open.amount[which];
    }
    /* Written first: a token that calls back finds the exchange open. */
    s51_db_write("pool", 4, &pool, sizeof pool);
    for (which = 0; which < 2; which++)
        move(which, TAKE, pool.holds[which]);
}

static void swap(void)
{
    static int64_t S51_XDATA had;
    static struct S51_PACKED {
        int64_t given, had;
    } S51_XDATA data;
    uint8_t given = request.swap.given, other = !given;

    if (given > 1 || wrong(request.swap.amount))
        s51_fail_with(WRONG_INPUT, "give token 0 or 1, and 1 to 2,000,000,000 of it");
    if (pool.holds[given] + request.swap.amount > MOST)
        s51_fail_with(TOO_LITTLE, "the pool cannot hold that much");
    pool.holds[given] += request.swap.amount;
    had = s51_div(s51_mul(pool.holds[other], request.swap.amount), pool.holds[given]);
    if (had < 1 || had < request.swap.least)
        s51_fail_with(TOO_LITTLE, "that buys too little");
    pool.holds[other] -= had;
    s51_db_write("pool", 4, &pool, sizeof pool);
    move(given, TAKE, request.swap.amount);
    move(other, TRANSFER, had);

    data.given = request.swap.amount;
    data.had = had;
    s51_event(&event, "swapped");
    s51_topic(&event, caller, sizeof caller);
    s51_emit(&event, 1 + event.topics, &data, sizeof data);
    s51_return_data(&had, sizeof had);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);
    uint8_t is_open = s51_db_read("pool", 4, &pool, sizeof pool) != 0;

    s51_caller(caller);
    if (length == sizeof request.open && request.open.action == OPEN) {
        if (is_open)
            s51_fail_with(NOT_NOW, "the exchange is open already");
        open();
    } else if (!is_open) {
        s51_fail_with(NOT_NOW, "the exchange is not open yet");
    } else if (length == sizeof request.swap && request.swap.action == SWAP) {
        swap();
    } else if (length == 1 && request.swap.action == POOL) {
        s51_return_data(pool.holds, sizeof pool.holds);
    } else {
        s51_fail_with(WRONG_INPUT, "wrong input");
    }
}
