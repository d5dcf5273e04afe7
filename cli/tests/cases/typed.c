#define S51_CONTRACT                                                   \
    S51_ERROR(3, TOO_LITTLE, "more than there is")                     \
    S51_DOC(give, "Gives of the caller's to somebody.")                \
    S51_ACTION(1, give, (regid, to), (uint64, amount))                 \
    S51_PAYABLE(2, buy, (string, memo, 40))                            \
    S51_QUERY(3, uint64, held, (regid, by))                            \
    S51_TEXT_QUERY(4, 20, title)                                        \
    S51_ANSWERS(5, uint64, burn, (uint64, amount))                      \
    S51_ACTION(6, fill)                                                 \
    S51_EVENT(0, filled)                                                \
    S51_EVENT(2, given, (regid, from), (regid, to), (uint64, amount))  \
    S51_TABLE(1, holdings, "h", (regid, account), (uint64, amount))
#include "smart51.h"

static regid_t caller;
static uint64_t amount;
static uint8_t S51_XDATA key[7];

static void load(const void *account)
{
    key[0] = 'h';
    s51_copy(account, key + 1, 6);
    if (!s51_db_read(key, sizeof key, &amount, sizeof amount))
        amount = 0;
}

static void save(void)
{
    s51_db_write(key, sizeof key, &amount, sizeof amount);
}

void give(void)
{
    s51_caller(caller);
    load(caller);
    if (amount < args.give.amount)
        s51_exit(TOO_LITTLE);
    amount -= args.give.amount;
    save();
    load(args.give.to);
    amount += args.give.amount;
    save();
    s51_copy(caller, event.given.from, 6);
    s51_copy(args.give.to, event.given.to, 6);
    event.given.amount = args.give.amount;
    emit_given();
}

void buy(void)
{
    s51_caller(caller);
    load(caller);
    amount += s51_pay_amount();
    save();
    s51_print(0, args.buy.memo.bytes, args.buy.memo.length);
}

void held(void)
{
    load(args.held.by);
    result.held = amount;
}

void title(void)
{
    result.title.length = 2;
    s51_copy("a\"", result.title.bytes, 2);
}

void burn(void)
{
    s51_caller(caller);
    load(caller);
    if (amount < args.burn.amount)
        s51_exit(TOO_LITTLE);
    amount -= args.burn.amount;
    save();
    result.burn = amount;
}

void fill(void)
{
    emit_filled();
}
