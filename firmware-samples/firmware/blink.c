/* A pin that blinks: timer 0 overflows 20 times a second at 11.0592 MHz, and P1.0 changes with every tenth. */
#include <mcs51/8051.h>

/* 46,080 machine cycles are 50 ms. */
#define RELOAD (65536 - 46080)

static volatile unsigned char ticks;

void tick(void) __interrupt(TF0_VECTOR)
{
    TH0 = RELOAD >> 8;
    TL0 = RELOAD & 0xFF;
    if (++ticks == 10) {
        ticks = 0;
        P1_0 = !P1_0;
    }
}

void main(void)
{
    TMOD = 0x01;
    TH0 = RELOAD >> 8;
    TL0 = RELOAD & 0xFF;
    ET0 = 1;
    EA = 1;
    TR0 = 1;
    for (;;)
        PCON |= 0x01; /* idle until the next tick */
}
