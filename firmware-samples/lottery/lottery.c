/* lottery: tickets of equal price; one of them wins all that was paid.
 *
 * Input: the action (1 byte), and for
 *   1 buy       how many tickets, 1 to 10 (1 byte); their price must be sent. The first ticket opens a round of 10
 *               blocks
 *   2 draw      after the round, by anybody: the hash of its last block picks the ticket
 *   3 withdraw  pays the sender what was won
 * Data: "round" -> the block that ends it (LE32) and the number of tickets (1 byte); 't' and a ticket's number
 * (1 byte) -> who bought it. The money lies in app accounts: the one named "pot", and the winners'. The account check
 * makes the host compare them with the money that really moves.
 * Exit codes: 1 done, 2 wrong input, 3 wrong price, 4 sold out or over, 5 no round, or not over, 6 nothing won.
 *
 * Who builds the last block chooses its hash. A pot must be worth less than a block.
 */
#define S51_ACCOUNT_CHECK 1
#include "smart51.h"

enum { BUY = 1, DRAW, WITHDRAW };
enum { WRONG_INPUT = 2, WRONG_PRICE, CLOSED, NOT_OVER, NOTHING_WON };
enum { PRICE = 1000, BLOCKS = 10, MOST_AT_ONCE = 10, MOST = 100 };

static struct S51_PACKED {
    uint8_t action;
    uint8_t tickets;
} request;

static struct S51_PACKED {
    uint32_t last;
    uint8_t tickets;
} round;

static uint8_t sender[6];
static uint8_t ticket[2] = {'t', 0};
static s51_fund_t funds[2];

static int64_t price(uint8_t tickets)
{
    return s51_mul(tickets, PRICE);
}

static void buy(void)
{
    int64_t paid = s51_pay_amount();

    if (request.tickets == 0 || request.tickets > MOST_AT_ONCE)
        s51_exit(WRONG_INPUT);
    if (paid != price(request.tickets))
        s51_exit(WRONG_PRICE);
    if (!s51_db_read("round", 5, &round, sizeof round))
        round.last = s51_height() + BLOCKS;
    else if (s51_height() > round.last || request.tickets > MOST - round.tickets)
        s51_exit(CLOSED);

    while (request.tickets--) {
        ticket[1] = round.tickets++;
        s51_db_write(ticket, sizeof ticket, sender, sizeof sender);
    }
    s51_db_write("round", 5, &round, sizeof round);
    s51_fund(&funds[0], S51_ADD_FREE, "pot", 3, paid);
    s51_app_operate(funds, 1);
}

static void draw(void)
{
    static uint8_t hash[32], winner[6];
    int64_t pot;
    uint32_t chance;

    if (!s51_db_read("round", 5, &round, sizeof round) || !s51_block_hash(round.last, hash))
        s51_exit(NOT_OVER);
    s51_copy(hash, &chance, sizeof chance);
    ticket[1] = (uint8_t)(chance % round.tickets);
    s51_db_read(ticket, sizeof ticket, winner, sizeof winner);

    pot = price(round.tickets);
    s51_fund(&funds[0], S51_SUB_FREE, "pot", 3, pot);
    s51_fund(&funds[1], S51_ADD_FREE, winner, sizeof winner, pot);
    s51_app_operate(funds, 2);

    while (round.tickets) {
        ticket[1] = --round.tickets;
        s51_db_delete(ticket, sizeof ticket);
    }
    s51_db_delete("round", 5);
}

static void withdraw(void)
{
    static s51_user_t user;
    int64_t won;

    s51_user(&user, sender, sizeof sender);
    won = s51_app_free(&user);
    if (won == 0)
        s51_exit(NOTHING_WON);
    s51_fund(&funds[0], S51_SUB_FREE, sender, sizeof sender, won);
    s51_app_operate(funds, 1);
    s51_pay(sender, won);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);

    s51_tx_sender(sender);
    if (request.action == BUY && length == 2)
        buy();
    else if (request.action == DRAW && length == 1)
        draw();
    else if (request.action == WITHDRAW && length == 1)
        withdraw();
    else
        s51_exit(WRONG_INPUT);
}
