/* echo: prints its input and keeps it under the key "last".
 *
 * Exit codes: 1 done, 2 no input, or more than 256 bytes.
 */
#include "smart51.h"

static uint8_t text[256];

void contract(void)
{
    uint16_t length = s51_take_input(text, sizeof text);
    if (length == 0 || length > sizeof text)
        s51_exit(2);
    s51_print(0, text, length);
    s51_db_write("last", 4, text, length);
}
