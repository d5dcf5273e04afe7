/* NAME: counts up to a limit.
 *
 * Input: the number to add, little endian, up to 4 bytes; no input adds 1.
 * Refuses with code 2, and changes nothing, when the count would pass the limit.
 */
#include "smart51.h"

#define LIMIT 1000
#define OVER_THE_LIMIT 2

void contract(void)
{
    uint32_t step = 0, count = 0;
    if (!s51_take_input(&step, sizeof step))
        step = 1;
    s51_db_read("count", 5, &count, sizeof count);
    if (step > LIMIT - count)
        s51_exit(OVER_THE_LIMIT);
    count += step;
    s51_db_write("count", 5, &count, sizeof count);
    s51_say("counted");
}
