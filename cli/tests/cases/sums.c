#include "smart51.h"

static uint16_t square(uint8_t n)
{
    return (uint16_t)n * n;
}

static uint16_t squares(uint8_t up_to)
{
    uint16_t sum = 0;
    uint8_t n;
    for (n = 1; n <= up_to; n++)
        sum += square(n);
    return sum;
}

static void keep(uint16_t sum)
{
    if (sum > 100)
        s51_abort(2, "too much", 8);
    s51_db_write("sum", 3, &sum, sizeof sum);
}

void contract(void)
{
    uint8_t up_to = 0;
    s51_take_input(&up_to, 1);
    keep(squares(up_to));
}
