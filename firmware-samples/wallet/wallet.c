/* wallet: money that its owner sends on, and a watcher who is told of each payment. Deployed with --apply.
 *
 * Actions, by name:
 *   own      whoever is first to send it owns the wallet
 *   watch    data: the account that is notified of payments (6); the owner only
 *   pay      data: to whom (6), how much (LE64); the owner only. The wallet sends `receive` with the amount
 *   receive  the amount comes with it
 * Another wallet that watches this one runs when it is notified, and adds up what was paid.
 * Data: "owner" -> 6, "watcher" -> 6, a watched wallet's id -> the sum of its payments (LE64).
 * Events: "paid" (topic: to whom, data: LE64), "received" (topic: from whom, data: LE64).
 * Exit codes: 1 done, 2 wrong input, 3 not the owner.
 */
#include "smart51.h"

enum { WRONG_INPUT = 2, NOT_OWNER };

static struct S51_PACKED {
    s51_apply_t apply;
    uint8_t account[6];
    int64_t amount;
} S51_XDATA request;
static uint8_t S51_XDATA owner[6];
static s51_event_t S51_XDATA event;
static s51_action_t S51_XDATA action;
static s51_authorization_t S51_XDATA by;

static void tell(const void *whom, const void *amount)
{
    s51_topic(&event, whom, 6);
    s51_emit(&event, 1 + event.topics, amount, 8);
}

static void need_owner(void)
{
    if (s51_db_read("owner", 5, owner, sizeof owner) && s51_has_auth(owner))
        return;
    s51_fail_with(NOT_OWNER, "only the owner may");
}

static void pay(void)
{
    uint8_t S51_XDATA watcher[6];

    need_owner();
    s51_action(&action, request.account);
    s51_name(action.name, "receive");
    action.value = request.amount;
    s51_authorization(&by, request.apply.receiver);
    s51_send_action(&action, &by, 1, 0, 0);
    if (s51_db_read("watcher", 7, watcher, sizeof watcher))
        s51_notify(watcher);
    s51_event(&event, "paid");
    tell(request.account, &request.amount);
}

static void receive(void)
{
    int64_t S51_XDATA amount = s51_pay_amount();
    uint8_t S51_XDATA caller[6];

    s51_caller(caller);
    s51_event(&event, "received");
    tell(caller, &amount);
}

/* Another wallet's action, which it was told of. Whose it is says the chain. */
static void watched(uint16_t length)
{
    int64_t S51_XDATA sum;

    if (length != sizeof request || !s51_is_name(request.apply.action, "pay"))
        return;
    if (!s51_db_read(request.apply.code, 6, &sum, sizeof sum))
        sum = 0;
    sum += request.amount;
    s51_db_write(request.apply.code, 6, &sum, sizeof sum);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);

    if (!s51_equal(request.apply.receiver, request.apply.code, 6)) {
        watched(length);
    } else if (s51_is_name(request.apply.action, "own")) {
        if (s51_db_read("owner", 5, owner, sizeof owner))
            s51_fail_with(NOT_OWNER, "the wallet has an owner");
        s51_caller(owner);
        s51_db_write("owner", 5, owner, sizeof owner);
    } else if (s51_is_name(request.apply.action, "watch") && length == sizeof request - 8) {
        need_owner();
        s51_db_write("watcher", 7, request.account, sizeof request.account);
    } else if (s51_is_name(request.apply.action, "pay") && length == sizeof request) {
        pay();
    } else if (s51_is_name(request.apply.action, "receive")) {
        receive();
    } else {
        s51_fail_with(WRONG_INPUT, "there is no such action");
    }
}
