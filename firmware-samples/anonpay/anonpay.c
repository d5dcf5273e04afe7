/* anonpay: a payment of which nobody sees to whom it goes until it is claimed.
 *
 * The payer locks money with a hash of 32 secret bytes and the receiver's registered id. Whoever shows both makes the
 * contract pay that receiver and nobody else, so the secret is of no use to others who see it pass.
 *
 * Input: the action (1 byte) and for
 *   1 lock   the hash (method 5 over 32 secret bytes and the registered id, 32 bytes), blocks until the payer may
 *            take the money back (LE32); the money sent is what is paid
 *   2 claim  the secret (32 bytes), the receiver's registered id (6 bytes)
 *   3 back   the hash (32 bytes); after the blocks, to the payer
 * Data: a hash -> the lock, until it is paid. The money is a frozen fund of the app account that the hash names: at
 * the deadline the host itself makes it free, and only then it can be taken back. The account check makes the host
 * compare these accounts with the money that really moves.
 * Exit codes: 1 done, 2 wrong input, 3 hash in use, 4 nothing locked so, 5 too late to claim, too early to take back.
 */
#define S51_ACCOUNT_CHECK 1
#include "smart51.h"

enum { LOCK = 1, CLAIM, BACK };
enum { WRONG_INPUT = 2, IN_USE, NO_LOCK, NOT_NOW };
enum { LONGEST = 1000000 }; /* blocks */

static struct S51_PACKED {
    uint8_t action;
    uint8_t hash[32]; /* or the secret */
    union {
        uint32_t blocks;
        uint8_t receiver[6];
    };
} request;

static struct S51_PACKED {
    uint8_t payer[6];
    uint32_t deadline;
    int64_t amount;
} lock;

static uint8_t hash[32];
static s51_fund_t fund;

static void operate(uint8_t kind, uint32_t height)
{
    s51_fund(&fund, kind, hash, sizeof hash, lock.amount);
    fund.height = height;
    s51_app_operate(&fund, 1);
}

static void load(void)
{
    if (!s51_db_read(hash, sizeof hash, &lock, sizeof lock))
        s51_exit(NO_LOCK);
}

static void pay(const void *receiver)
{
    s51_pay(receiver, lock.amount);
    s51_db_delete(hash, sizeof hash);
}

static void open(void)
{
    s51_copy(request.hash, hash, sizeof hash);
    if (s51_db_read(hash, sizeof hash, &lock, sizeof lock))
        s51_exit(IN_USE);
    lock.amount = s51_pay_amount();
    if (lock.amount <= 0 || request.blocks == 0 || request.blocks > LONGEST)
        s51_exit(WRONG_INPUT);
    lock.deadline = s51_height() + request.blocks;
    s51_tx_sender(lock.payer);
    s51_db_write(hash, sizeof hash, &lock, sizeof lock);
    operate(S51_ADD_FROZEN, lock.deadline);
}

static void claim(void)
{
    s51_hash(request.hash, 38, hash); /* the secret and the receiver lie one behind the other */
    load();
    if (s51_height() >= lock.deadline)
        s51_exit(NOT_NOW);
    pay(request.receiver);
    operate(S51_SUB_FROZEN, lock.deadline);
}

static void back(void)
{
    static s51_user_t user;
    s51_copy(request.hash, hash, sizeof hash);
    load();
    s51_user(&user, hash, sizeof hash);
    if (s51_app_free(&user) < lock.amount)
        s51_exit(NOT_NOW);
    pay(lock.payer);
    operate(S51_SUB_FREE, 0);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);

    if (request.action == LOCK && length == 37)
        open();
    else if (request.action == CLAIM && length == 39)
        claim();
    else if (request.action == BACK && length == 33)
        back();
    else
        s51_exit(WRONG_INPUT);
}
