#include "smart51.h"
/* input: a size; calls itself with an empty input and then with one of that size, into the same result */
static S51_XDATA uint8_t big[4100];
static S51_XDATA s51_call_t call;
static S51_XDATA s51_result_t result;
void contract(void)
{
    uint8_t me[6];
    uint16_t size = 0;
    if (s51_take_input(&size, 2) != 2)
        return;
    s51_script_id(me);
    s51_callee(&call, me);
    s51_static_call(&call, big, 0, &result);
    if (result.status != S51_SUCCESS)
        s51_exit(2);
    s51_static_call(&call, big, size, &result);
    if (result.status != S51_SUCCESS)
        s51_exit(3 + result.status);
}
