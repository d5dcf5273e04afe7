/* escrow: a secured trade. A buyer's money waits in the contract until the trade is settled.
 *
 * Input: the action (1 byte), a number for the trade (LE32), and for
 *   1 open      seller, arbiter (registered ids, 6 bytes each), blocks until the buyer may withdraw (LE32);
 *               the money sent with the call is what the trade is about, and its sender the buyer
 *   2 release   pays the seller; the buyer or the arbiter may
 *   3 refund    pays the buyer; the seller or the arbiter may, and the buyer once the blocks have passed
 * Data: a trade's number -> the trade, until it is settled.
 * Exit codes: 1 done, 2 wrong input, 3 number in use, 4 no such trade, 5 not allowed to the sender.
 */
#include "smart51.h"

enum { OPEN = 1, RELEASE, REFUND };
enum { WRONG_INPUT = 2, IN_USE, NO_TRADE, NOT_ALLOWED };
enum { LONGEST = 1000000 }; /* blocks */

static struct S51_PACKED {
    uint8_t action;
    uint32_t number;
    uint8_t seller[6];
    uint8_t arbiter[6];
    uint32_t blocks;
} request;

static struct S51_PACKED {
    uint8_t buyer[6];
    uint8_t seller[6];
    uint8_t arbiter[6];
    uint32_t deadline;
    int64_t amount;
} trade;

static uint8_t sender[6];

static uint8_t is_sender(const void *account)
{
    return s51_equal(account, sender, sizeof sender);
}

static void open(void)
{
    trade.amount = s51_pay_amount();
    if (trade.amount <= 0 || request.blocks == 0 || request.blocks > LONGEST)
        s51_exit(WRONG_INPUT);
    trade.deadline = s51_height() + request.blocks;
    s51_copy(sender, trade.buyer, 6);
    s51_copy(request.seller, trade.seller, 6);
    s51_copy(request.arbiter, trade.arbiter, 6);
    s51_db_write(&request.number, 4, &trade, sizeof trade);
}

static void settle(const void *winner, uint8_t allowed)
{
    if (!allowed)
        s51_exit(NOT_ALLOWED);
    s51_pay(winner, trade.amount);
    s51_db_delete(&request.number, 4);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);
    uint8_t known;

    if (length != (request.action == OPEN ? sizeof request : 5))
        s51_exit(WRONG_INPUT);
    s51_tx_sender(sender);
    known = s51_db_read(&request.number, 4, &trade, sizeof trade) != 0;

    if (request.action == OPEN) {
        if (known)
            s51_exit(IN_USE);
        open();
        return;
    }
    if (!known)
        s51_exit(NO_TRADE);
    if (request.action == RELEASE)
        settle(trade.seller, is_sender(trade.buyer) || is_sender(trade.arbiter));
    else if (request.action == REFUND)
        settle(trade.buyer, is_sender(trade.seller) || is_sender(trade.arbiter) ||
                                (is_sender(trade.buyer) && s51_height() >= trade.deadline));
    else
        s51_exit(WRONG_INPUT);
}
