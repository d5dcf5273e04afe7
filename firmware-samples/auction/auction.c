/* auction: whoever pays most gets it. A bid that is beaten is paid back at once.
 *
 * Input: the action (1 byte), and
 *   1 open   the height at which it ends (LE32), and the least bid (LE64); the caller is the seller
 *   2 bid    nothing more; the amount sent is the bid
 *   3 close  nothing more; from the height of the end on anybody may, and the seller gets the highest bid
 * Data: "auction" -> seller, end, least or highest bid, bidder (zeros for none).
 * Events: "bid" (topic: the bidder, data: LE64), "closed" (topic: the winner, or zeros; data: LE64).
 * Exit codes: 1 done, 2 wrong input, 3 not now, 4 too low.
 */
#include "smart51.h"

enum { OPEN = 1, BID, CLOSE };
enum { WRONG_INPUT = 2, NOT_NOW, TOO_LOW };

static struct S51_PACKED {
    uint8_t seller[6];
    uint32_t end;
    int64_t bid;
    uint8_t bidder[6];
} S51_XDATA auction;

static struct S51_PACKED {
    uint8_t action;
    uint32_t end;
    int64_t least;
} S51_XDATA request;

static const uint8_t nobody[6] = {0};
static s51_event_t S51_XDATA event;

static void save(void)
{
    s51_db_write("auction", 7, &auction, sizeof auction);
}

static void tell(void)
{
    s51_topic(&event, auction.bidder, sizeof auction.bidder);
    s51_emit(&event, 1 + event.topics, &auction.bid, sizeof auction.bid);
}

static void bid(void)
{
    int64_t amount = s51_pay_amount();
    uint8_t is_first = s51_equal(auction.bidder, nobody, sizeof nobody);

    if (s51_height() >= auction.end)
        s51_fail_with(NOT_NOW, "the auction is over");
    if (amount < auction.bid || (!is_first && amount == auction.bid))
        s51_fail_with(TOO_LOW, "the bid is too low");
    if (!is_first)
        s51_pay(auction.bidder, auction.bid);
    s51_caller(auction.bidder);
    auction.bid = amount;
    save();
    s51_event(&event, "bid");
    tell();
}

static void close(void)
{
    if (s51_height() < auction.end)
        s51_fail_with(NOT_NOW, "the auction is not over yet");
    s51_db_delete("auction", 7);
    if (!s51_equal(auction.bidder, nobody, sizeof nobody))
        s51_pay(auction.seller, auction.bid);
    s51_event(&event, "closed");
    tell();
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);
    uint8_t is_open = s51_db_read("auction", 7, &auction, sizeof auction) != 0;

    if (request.action != BID && s51_pay_amount())
        s51_fail_with(WRONG_INPUT, "only a bid is paid");
    if (length == sizeof request && request.action == OPEN) {
        if (is_open)
            s51_fail_with(NOT_NOW, "another auction is under way");
        if (request.end <= s51_height() || request.least <= 0)
            s51_fail_with(WRONG_INPUT, "the end lies ahead, and the least bid is more than nothing");
        s51_caller(auction.seller);
        auction.end = request.end;
        auction.bid = request.least;
        s51_copy(nobody, auction.bidder, sizeof nobody);
        save();
    } else if (!is_open) {
        s51_fail_with(NOT_NOW, "there is no auction");
    } else if (length == 1 && request.action == BID) {
        bid();
    } else if (length == 1 && request.action == CLOSE) {
        close();
    } else {
        s51_fail_with(WRONG_INPUT, "wrong input");
    }
}
