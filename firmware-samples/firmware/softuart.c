/* A serial port made of software: P1.7 sends at 1200 Bd, each bit timed by an overflow of timer 0 in mode 2. */
#include <mcs51/8051.h>

#define LINE P1_7

/* 768 machine cycles are a bit: three overflows of 256. */
static void bit_time(void)
{
    unsigned char n;
    for (n = 0; n < 3; n++) {
        while (!TF0)
            ;
        TF0 = 0;
    }
}

static void put(unsigned char c)
{
    unsigned char n;
    bit_time();
    LINE = 0;
    for (n = 0; n < 8; n++) {
        bit_time();
        LINE = c & 1;
        c >>= 1;
    }
    bit_time();
    LINE = 1;
    bit_time();
}

void main(void)
{
    TMOD = 0x02;
    TH0 = 0;
    TL0 = 0;
    TR0 = 1;
    put('O');
    put('K');
    PCON |= 0x02; /* power down: done */
}
