/* Input: an action, then a value: 1 writes it, 2 writes over what is there. Prints what was answered, and the count. */
#include "smart51.h"

static struct S51_PACKED { uint8_t action, value[8]; } in;

void contract(void)
{
    uint16_t length = s51_take_input(&in, sizeof in) - 1;
    uint8_t done = in.action == 1 ? s51_db_write("k", 1, in.value, length) : s51_db_modify("k", 1, in.value, length);
    uint32_t keys = s51_db_size();
    s51_print(1, &done, 1);
    s51_print(1, &keys, 1);
}
