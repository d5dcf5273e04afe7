/* token: a currency of its own. The first account that mints is its owner.
 *
 * Input: the action (1 byte), an account (registered id, 6 bytes), an amount (LE64).
 *   1 mint      makes `amount` and gives it to `account`; only the owner may
 *   2 transfer  gives `amount` of the caller's to `account`
 *   3 balance   prints what `account` has, as hex, LE64, and returns it; no amount
 *   4 approve   lets `account` take up to `amount` of the caller's; 0 for nothing any more
 *   5 take      takes `amount` of what `account` lets the caller take, for the caller
 * The caller is the account that sends the transaction, or the contract that calls this one.
 * Data: a registered id -> balance (LE64), two of them -> what the first lets the second take (LE64),
 * "owner" -> registered id, "total" -> all there is (LE64).
 * Exit codes: 1 done, 2 wrong input, 3 not the owner, 4 too little, 5 more than a balance can hold.
 */
#include "smart51.h"

enum { MINT = 1, TRANSFER, BALANCE, APPROVE, TAKE };
enum { WRONG_INPUT = 2, NOT_OWNER, TOO_LITTLE, TOO_MUCH };

S51_FAST static struct S51_PACKED {
    uint8_t action;
    uint8_t account[6];
    int64_t amount;
} request;
S51_FAST static uint8_t caller[6];
S51_FAST static int64_t balance;

S51_INLINE void load(const void *account)
{
    if (!s51_db_read(account, 6, &balance, sizeof balance))
        balance = 0;
}

S51_INLINE void save(const void *account)
{
    s51_db_write(account, 6, &balance, sizeof balance);
}

/* A balance cannot overflow: it is at most the total, which mint keeps below 2^63. */
static void credit(const void *account)
{
    load(account);
    balance += request.amount;
    save(account);
}

static void mint(void)
{
    static uint8_t owner[6];
    static int64_t total;

    if (!s51_db_read("owner", 5, owner, sizeof owner))
        s51_db_write("owner", 5, caller, sizeof caller);
    else if (!s51_equal(owner, caller, sizeof owner))
        s51_exit(NOT_OWNER);

    s51_db_read("total", 5, &total, sizeof total);
    if (request.amount > INT64_MAX - total)
        s51_exit(TOO_MUCH);
    total += request.amount;
    s51_db_write("total", 5, &total, sizeof total);
    credit(request.account);
}

static void debit(const void *account)
{
    load(account);
    balance -= request.amount; /* neither is negative: this cannot wrap around */
    if (balance < 0)
        s51_exit(TOO_LITTLE);
    save(account);
}

/* What one account lets another take. */
static uint8_t S51_XDATA allowance[12];

static void approve(void)
{
    s51_copy(caller, allowance, 6);
    s51_copy(request.account, allowance + 6, 6);
    if (request.amount)
        s51_db_write(allowance, sizeof allowance, &request.amount, sizeof request.amount);
    else
        s51_db_delete(allowance, sizeof allowance);
}

static void take(void)
{
    s51_copy(request.account, allowance, 6);
    s51_copy(caller, allowance + 6, 6);
    if (!s51_db_read(allowance, sizeof allowance, &balance, sizeof balance))
        balance = 0;
    balance -= request.amount;
    if (balance < 0)
        s51_exit(TOO_LITTLE);
    if (balance)
        s51_db_write(allowance, sizeof allowance, &balance, sizeof balance);
    else
        s51_db_delete(allowance, sizeof allowance);
    debit(request.account);
    credit(caller);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);

    if (request.action == BALANCE && length == 7) {
        load(request.account);
        s51_print(1, &balance, sizeof balance);
        s51_return_data(&balance, sizeof balance);
        return;
    }
    if (length != sizeof request || request.amount < 0 || (!request.amount && request.action != APPROVE))
        s51_exit(WRONG_INPUT);
    s51_caller(caller);
    if (request.action == TRANSFER) {
        debit(caller);
        credit(request.account);
    } else if (request.action == MINT)
        mint();
    else if (request.action == APPROVE)
        approve();
    else if (request.action == TAKE)
        take();
    else
        s51_exit(WRONG_INPUT);
}
