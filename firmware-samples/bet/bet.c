/* bet: two parties toss a coin that neither can load.
 *
 * The first commits to a secret by its hash and stakes money; the second guesses 0 or 1 and stakes as much; then the
 * first shows the secret, whose last bit decides. Who does not show it in time has lost.
 *
 * Input: the action (1 byte), a number for the bet (LE32), and for
 *   1 open    hash of the secret (method 5, 32 bytes), blocks the other has to accept, and then the first to show
 *             the secret (LE32); the money sent is the stake
 *   2 accept  the guess, 0 or 1 (1 byte); the same money must be sent
 *   3 show    the secret (32 bytes); pays both stakes to the winner
 *   4 close   after the blocks: pays the first back if nobody accepted, else both stakes to the second
 * Data: a bet's number -> the bet, until it is paid out.
 * Exit codes: 1 done, 2 wrong input, 3 number in use, 4 no such bet, 5 not in this state or not by the sender,
 * 6 another stake than the first's, 7 not the secret.
 */
#include "smart51.h"

enum { OPEN = 1, ACCEPT, SHOW, CLOSE };
enum { WRONG_INPUT = 2, IN_USE, NO_BET, NOT_NOW, WRONG_STAKE, WRONG_SECRET };
enum { LONGEST = 1000000, NOBODY = 2 };

static struct S51_PACKED {
    uint8_t action;
    uint32_t number;
    uint8_t secret[32]; /* or its hash, or the guess in the first byte */
    uint32_t blocks;
} request;

static struct S51_PACKED {
    uint8_t first[6];
    uint8_t second[6];
    uint8_t guess; /* NOBODY until somebody has accepted */
    uint8_t hash[32];
    uint32_t blocks;
    uint32_t deadline;
    int64_t stake;
} bet;

static uint8_t sender[6];

static void save(void)
{
    bet.deadline = s51_height() + bet.blocks;
    s51_db_write(&request.number, 4, &bet, sizeof bet);
}

static void open(void)
{
    bet.stake = s51_pay_amount();
    if (bet.stake <= 0 || bet.stake > INT64_MAX / 2 || request.blocks == 0 || request.blocks > LONGEST)
        s51_exit(WRONG_INPUT);
    s51_copy(sender, bet.first, 6);
    s51_copy(request.secret, bet.hash, 32);
    bet.guess = NOBODY;
    bet.blocks = request.blocks;
    save();
}

static void accept(void)
{
    if (bet.guess != NOBODY || s51_height() >= bet.deadline)
        s51_exit(NOT_NOW);
    if (request.secret[0] > 1)
        s51_exit(WRONG_INPUT);
    if (s51_pay_amount() != bet.stake)
        s51_exit(WRONG_STAKE);
    s51_copy(sender, bet.second, 6);
    bet.guess = request.secret[0];
    save();
}

static void pay_out(const void *winner, int64_t amount)
{
    s51_pay(winner, amount);
    s51_db_delete(&request.number, 4);
}

static void show(void)
{
    static uint8_t hash[32];
    if (bet.guess == NOBODY || s51_height() >= bet.deadline)
        s51_exit(NOT_NOW);
    s51_hash(request.secret, 32, hash);
    if (!s51_equal(hash, bet.hash, 32))
        s51_exit(WRONG_SECRET);
    pay_out((request.secret[31] & 1) == bet.guess ? bet.second : bet.first, bet.stake * 2);
}

static void close(void)
{
    if (s51_height() < bet.deadline)
        s51_exit(NOT_NOW);
    if (bet.guess == NOBODY)
        pay_out(bet.first, bet.stake);
    else
        pay_out(bet.second, bet.stake * 2);
}

/* The length of the input of each action. */
static uint16_t expected(void)
{
    switch (request.action) {
    case OPEN:
        return sizeof request;
    case ACCEPT:
        return 6;
    case SHOW:
        return 37;
    default:
        return 5;
    }
}

void contract(void)
{
    uint8_t known;

    if (s51_take_input(&request, sizeof request) != expected() || request.action < OPEN || request.action > CLOSE)
        s51_exit(WRONG_INPUT);
    s51_tx_sender(sender);
    known = s51_db_read(&request.number, 4, &bet, sizeof bet) != 0;
    if (known != (request.action != OPEN))
        s51_exit(known ? IN_USE : NO_BET);

    if (request.action == OPEN)
        open();
    else if (request.action == ACCEPT)
        accept();
    else if (request.action == SHOW)
        show();
    else
        close();
}
