/* counter: adds to the number under the key "count": one read, one write.
 *
 * Input: nothing, which adds 1, or the number to add, little endian, up to 4 bytes. The count wraps around.
 */
#include "smart51.h"

void contract(void)
{
    uint32_t step = 0, count = 0;
    if (!s51_take_input(&step, sizeof step))
        step = 1;
    s51_db_read("count", 5, &count, sizeof count);
    count += step;
    s51_db_write("count", 5, &count, sizeof count);
}
