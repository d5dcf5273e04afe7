/* Writes a key of 1 byte with a value of as many bytes as the input says (2 bytes), and lists it. */
#include "smart51.h"

static S51_XDATA uint8_t bytes[5000];
static uint16_t length;
static struct S51_PACKED { uint8_t written; uint16_t key, value, more; } found;

void contract(void)
{
    s51_take_input(&length, sizeof length);
    bytes[length - 1] = 7;
    found.written = s51_db_write("k", 1, bytes, length);
    found.key = s51_db_next(0, 0, 0, bytes, 1);
    found.value = s51_item(bytes, sizeof bytes);
    found.more = s51_item(bytes, 0);
    s51_print(1, &found, sizeof found);
    s51_print(1, &bytes[length - 1], 1);
}
