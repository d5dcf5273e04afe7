/* factory: makes contracts of an image that the chain has, and owns them. Deployed with --apply.
 *
 * Actions, by name:
 *   make   data: the hash of the image (32). The chain makes the contract after the action, and notifies the factory
 *   add    data: the place of a contract, from 0 (1), and its input. The factory calls it, and returns what it returns
 * Data: "count" -> how many there are (1), a place (1) -> registered id (6).
 * Event: "made" (topic: the registered id).
 * Exit codes: 1 done, 2 wrong input, 3 the contract did not succeed.
 */
#include "smart51.h"

enum { WRONG_INPUT = 2, FAILED };

#define INPUT_MAX 64

static struct S51_PACKED {
    s51_apply_t apply;
    uint8_t data[6 + 32 + 1 + INPUT_MAX];
} S51_XDATA request;
static const uint8_t chain_itself[6] = {0};
static s51_event_t S51_XDATA event;
static s51_action_t S51_XDATA action;
static s51_authorization_t S51_XDATA by;
static s51_call_t S51_XDATA call;
static s51_result_t S51_XDATA result;

/* A new contract: 0-0, the hash, no flags. */
static void make(void)
{
    uint8_t S51_XDATA code[6 + 32 + 1];

    s51_copy(chain_itself, code, 6);
    s51_copy(request.data, code + 6, 32);
    code[6 + 32] = 0;
    s51_action(&action, chain_itself);
    s51_name(action.name, "setcode");
    s51_authorization(&by, request.apply.receiver);
    s51_send_action(&action, &by, 1, code, sizeof code);
}

/* The chain says which contract it has made. */
static void made(void)
{
    uint8_t S51_XDATA count;

    if (!s51_db_read("count", 5, &count, sizeof count))
        count = 0;
    s51_db_write(&count, 1, request.data, 6);
    count++;
    s51_db_write("count", 5, &count, sizeof count);
    s51_event(&event, "made");
    s51_topic(&event, request.data, 6);
    s51_emit(&event, 1 + event.topics, 0, 0);
}

static void add(uint16_t length)
{
    uint8_t S51_XDATA child[6];
    uint8_t S51_XDATA returned[32];

    if (!s51_db_read(request.data, 1, child, sizeof child))
        s51_fail_with(WRONG_INPUT, "there is no such contract");
    s51_callee(&call, child);
    s51_call_contract(&call, request.data + 1, length - 1, &result);
    if (result.status != S51_SUCCESS)
        s51_fail_with(FAILED, "the contract did not succeed");
    length = s51_item(returned, sizeof returned);
    if (length)
        s51_return_data(returned, length < sizeof returned ? length : sizeof returned);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);

    if (length > sizeof request)
        s51_fail_with(WRONG_INPUT, "too long");
    length -= sizeof request.apply;
    if (!s51_equal(request.apply.receiver, request.apply.code, 6)) {
        if (s51_equal(request.apply.code, chain_itself, 6) && s51_is_name(request.apply.action, "setcode"))
            made();
    } else if (s51_is_name(request.apply.action, "make") && length == 32) {
        make();
    } else if (s51_is_name(request.apply.action, "add") && length > 1) {
        add(length);
    } else {
        s51_fail_with(WRONG_INPUT, "there is no such action");
    }
}
