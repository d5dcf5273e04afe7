/* A clock: timer 2 of an 8052 reloads itself 100 times a second, and the time goes out once a second, 9600 Bd from
 * timer 1. */
#include <mcs51/8052.h>

/* 9,216 machine cycles are 10 ms at 11.0592 MHz. */
#define RELOAD (65536 - 9216)

static volatile unsigned char hundredths, seconds, minutes, hours;
static volatile __bit second;

void tick(void) __interrupt(5)
{
    TF2 = 0;
    if (++hundredths < 100)
        return;
    hundredths = 0;
    second = 1;
    if (++seconds < 60)
        return;
    seconds = 0;
    if (++minutes < 60)
        return;
    minutes = 0;
    if (++hours == 24)
        hours = 0;
}

static void put(char c)
{
    SBUF = c;
    while (!TI)
        ;
    TI = 0;
}

static void two_digits(unsigned char n)
{
    put('0' + n / 10);
    put('0' + n % 10);
}

void main(void)
{
    TMOD = 0x20;
    TH1 = 0xFD;
    TL1 = 0xFD;
    TR1 = 1;
    SCON = 0x40;
    hours = 23;
    minutes = 59;
    seconds = 58;
    RCAP2H = RELOAD >> 8;
    RCAP2L = RELOAD & 0xFF;
    TH2 = RELOAD >> 8;
    TL2 = RELOAD & 0xFF;
    ET2 = 1;
    EA = 1;
    TR2 = 1;
    for (;;) {
        while (!second)
            ;
        second = 0;
        two_digits(hours);
        put(':');
        two_digits(minutes);
        put(':');
        two_digits(seconds);
        put('\n');
    }
}
