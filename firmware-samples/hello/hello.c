/* hello: prints a line, whatever it is given. */
#include "smart51.h"

void contract(void)
{
    s51_say("hello, chain");
}
