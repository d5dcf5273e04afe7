/* standing_order: an amount that goes to somebody again and again, by deferred actions. Deployed with --apply.
 *
 * Actions, by name:
 *   start    data: to whom (6), how much (LE64), every how many blocks (LE32); who sends it owns the order
 *   fill     the amount comes with it, for payments and for their gas
 *   stop     the owner only: no payment follows, and the owner gets what is left
 *   pay      sent by the contract to itself
 *   onerror  by the chain: a payment has failed, and none follows
 * Data: "order" -> owner 6, to whom 6, how much LE64, every how many blocks LE32.
 * Events: "paid" (topic: to whom, data: LE64), "ended" (topic: the owner).
 * Exit codes: 1 done, 2 wrong input, 3 not allowed.
 */
#include "smart51.h"

enum { WRONG_INPUT = 2, NOT_ALLOWED };

#define ID 1
#define GAS 200000

static struct S51_PACKED {
    s51_apply_t apply;
    uint8_t to[6];
    int64_t amount;
    uint32_t every;
} S51_XDATA request;
static struct S51_PACKED {
    uint8_t owner[6];
    uint8_t to[6];
    int64_t amount;
    uint32_t every;
} S51_XDATA order;
static s51_deferred_t S51_XDATA next;
static s51_authorization_t S51_XDATA by;
static s51_event_t S51_XDATA event;

static uint8_t load(void)
{
    return s51_db_read("order", 5, &order, sizeof order) == sizeof order;
}

static void defer(void)
{
    s51_defer(&next, ID, order.every, GAS);
    s51_tell_failure(&next, GAS);
    s51_action(&next.action, request.apply.receiver);
    s51_name(next.action.name, "pay");
    s51_authorization(&by, request.apply.receiver);
    if (!s51_send_deferred(&next, &by, 1, 0, 0))
        s51_fail_with(NOT_ALLOWED, "the next payment cannot be deferred: fill the order");
}

static void end(void)
{
    s51_db_delete("order", 5);
    s51_event(&event, "ended");
    s51_topic(&event, order.owner, sizeof order.owner);
    s51_emit(&event, 1 + event.topics, 0, 0);
}

static void start(void)
{
    if (load())
        s51_fail_with(NOT_ALLOWED, "there is an order already");
    s51_caller(order.owner);
    s51_copy(request.to, order.to, sizeof order.to);
    order.amount = request.amount;
    order.every = request.every;
    s51_db_write("order", 5, &order, sizeof order);
    defer();
}

static void stop(void)
{
    int64_t S51_XDATA left;

    if (!load() || !s51_has_auth(order.owner))
        s51_fail_with(NOT_ALLOWED, "only its owner may stop the order");
    s51_cancel_deferred(ID);
    left = s51_balance(request.apply.receiver, 6);
    if (left)
        s51_pay(order.owner, left);
    end();
}

static void pay(void)
{
    if (!load() || !s51_has_auth(request.apply.receiver))
        s51_fail_with(NOT_ALLOWED, "only the order itself pays");
    s51_pay(order.to, order.amount);
    s51_event(&event, "paid");
    s51_topic(&event, order.to, sizeof order.to);
    s51_emit(&event, 1 + event.topics, &order.amount, sizeof order.amount);
    defer();
}

void contract(void)
{
    static const uint8_t chain[6] = {0};
    uint16_t length = s51_take_input(&request, sizeof request);

    if (s51_equal(request.apply.code, chain, 6)) {
        if (s51_is_name(request.apply.action, "onerror") && load())
            end();
    } else if (!s51_equal(request.apply.receiver, request.apply.code, 6)) {
        s51_exit(S51_OK); /* somebody else's action */
    } else if (s51_is_name(request.apply.action, "start") && length == sizeof request) {
        start();
    } else if (s51_is_name(request.apply.action, "fill")) {
        s51_exit(S51_OK);
    } else if (s51_is_name(request.apply.action, "stop")) {
        stop();
    } else if (s51_is_name(request.apply.action, "pay")) {
        pay();
    } else {
        s51_fail_with(WRONG_INPUT, "there is no such action");
    }
}
