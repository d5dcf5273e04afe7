#define S51_CONTRACT                                                            \
    S51_ERROR(3, TOO_LITTLE, "more than there is")                              \
    S51_ACTION(1, mint, (regid, to), (uint32, amount))                          \
    S51_ACTION(2, give, (regid, to), (uint32, amount))                          \
    S51_ACTION(3, stop)                                                         \
    S51_TABLE(0, total, "total", (uint32, amount))                              \
    S51_TABLE(1, balances, "", (regid, account), (uint32, amount))
#include "smart51.h"

static regid_t caller;
static uint32_t held, total;

static void load(const void *account)
{
    if (!s51_db_read(account, 6, &held, sizeof held))
        held = 0;
}

void mint(void)
{
    s51_db_read("total", 5, &total, sizeof total);
    if (args.mint.amount > 1000000 || total > 1000000)
        s51_exit(TOO_LITTLE);
    total += args.mint.amount;
    s51_db_write("total", 5, &total, sizeof total);
    load(args.mint.to);
    held += args.mint.amount;
    s51_db_write(args.mint.to, 6, &held, sizeof held);
}

/* What is given to oneself is there twice. */
void give(void)
{
    uint32_t mine;
    s51_caller(caller);
    load(caller);
    if (held < args.give.amount)
        s51_exit(TOO_LITTLE);
    mine = held - args.give.amount;
    load(args.give.to);
    s51_db_write(caller, 6, &mine, sizeof mine);
    held += args.give.amount;
    s51_db_write(args.give.to, 6, &held, sizeof held);
}

void stop(void)
{
    s51_caller(caller);
    load(caller);
    if (held > 10)
        s51_call(0xFFF0);
}
