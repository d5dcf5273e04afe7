/* What comes over the serial line is sent back: 9600 Bd at 11.0592 MHz, with a ring buffer in each direction that
 * only the interrupt routine and one line of the program touch. */
#include <mcs51/8051.h>

#define SIZE 16
#define NEXT(i) (((i) + 1) & (SIZE - 1))

static volatile unsigned char in[SIZE], out[SIZE];
static volatile unsigned char in_head, in_tail, out_head, out_tail;
static volatile __bit sending;

void serial(void) __interrupt(SI0_VECTOR)
{
    if (RI) {
        RI = 0;
        if (NEXT(in_head) != in_tail) {
            in[in_head] = SBUF;
            in_head = NEXT(in_head);
        }
    }
    if (TI) {
        TI = 0;
        if (out_head == out_tail) {
            sending = 0;
        } else {
            SBUF = out[out_tail];
            out_tail = NEXT(out_tail);
        }
    }
}

static void put(unsigned char c)
{
    while (NEXT(out_head) == out_tail)
        ;
    ES = 0;
    if (sending) {
        out[out_head] = c;
        out_head = NEXT(out_head);
    } else {
        sending = 1;
        SBUF = c;
    }
    ES = 1;
}

void main(void)
{
    TMOD = 0x20;
    TH1 = 0xFD;
    TL1 = 0xFD;
    TR1 = 1;
    SCON = 0x50;
    ES = 1;
    EA = 1;
    for (;;) {
        if (in_head != in_tail) {
            unsigned char c = in[in_tail];
            in_tail = NEXT(in_tail);
            put(c);
        }
    }
}
