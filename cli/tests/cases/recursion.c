/* factorial, even and odd are recursive and not __reentrant; deep is, and chain is no recursion. */
#include "smart51.h"

#ifndef __SDCC_mcs51
#define __reentrant
#endif

static uint8_t odd(uint8_t n, uint8_t k);

static uint16_t factorial(uint16_t n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

static uint8_t even(uint8_t n, uint8_t k)
{
    return n ? odd(n - 1, k) : k;
}

static uint8_t odd(uint8_t n, uint8_t k)
{
    return n ? even(n - 1, k) : 0;
}

static uint8_t deep(uint8_t n) __reentrant
{
    uint8_t kept[2];
    kept[n & 1] = n;
    return n ? deep(n - 1) + kept[n & 1] : 0;
}

static uint8_t chain(uint8_t n, uint8_t k)
{
    return even(n, k) + deep(n);
}

void contract(void)
{
    uint16_t n = factorial(5) + chain(4, 3);
    s51_print(1, &n, sizeof n);
}
