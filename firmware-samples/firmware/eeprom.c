/* A 24C02 on two pins, bit by bit: SCL is P1.0, SDA is P1.1. Writes four bytes, waits until the memory answers again,
 * and reads them back into IRAM 0x30. */
#include <mcs51/8051.h>

#define SCL P1_0
#define SDA P1_1

static __data __at(0x30) unsigned char back[4];

static void start(void)
{
    SDA = 1;
    SCL = 1;
    SDA = 0;
    SCL = 0;
}

static void stop(void)
{
    SDA = 0;
    SCL = 1;
    SDA = 1;
}

/* Returns whether the memory acknowledged. */
static __bit send(unsigned char c)
{
    unsigned char n;
    __bit acknowledged;
    for (n = 0; n < 8; n++) {
        SDA = (c & 0x80) != 0;
        SCL = 1;
        SCL = 0;
        c <<= 1;
    }
    SDA = 1;
    SCL = 1;
    acknowledged = !SDA;
    SCL = 0;
    return acknowledged;
}

static unsigned char receive(__bit more)
{
    unsigned char c = 0, n;
    SDA = 1;
    for (n = 0; n < 8; n++) {
        SCL = 1;
        c <<= 1;
        if (SDA)
            c |= 1;
        SCL = 0;
    }
    SDA = !more;
    SCL = 1;
    SCL = 0;
    SDA = 1;
    return c;
}

void main(void)
{
    unsigned char n;
    start();
    send(0xA0);
    send(0x10);
    for (n = 0; n < 4; n++)
        send(0xC0 + n);
    stop();

    do
        start();
    while (!send(0xA0));
    send(0x10);
    start();
    send(0xA1);
    for (n = 0; n < 4; n++)
        back[n] = receive(n < 3);
    stop();
    PCON |= 0x02; /* power down: done */
}
