/* redpacket: a sum of money in several packets, for whoever comes first; what is in each is a surprise.
 *
 * Input: the action (1 byte), a number for the packets (LE32), and for
 *   1 fund     how many packets (1 byte), blocks until the rest may be taken back (LE32); the money sent is shared
 *   2 grab     pays one packet to the sender; everyone but once
 *   3 reclaim  after the blocks: pays what is left to who funded it
 * Data: the number -> the packets; the number and a registered id -> what that account grabbed (LE64).
 * Exit codes: 1 done, 2 wrong input, 3 number in use, 4 nothing left, 5 grabbed before, 6 too early or not the funder.
 *
 * The surprise comes from the transaction's hash, which the sender can influence: fine for presents, not for more.
 */
#include "smart51.h"

enum { FUND = 1, GRAB, RECLAIM };
enum { WRONG_INPUT = 2, IN_USE, NOTHING_LEFT, GRABBED_BEFORE, NOT_YOURS };
enum { LONGEST = 1000000 }; /* blocks */

static struct S51_PACKED {
    uint8_t action;
    uint32_t number;
    uint8_t packets;
    uint32_t blocks;
} request;

static struct S51_PACKED {
    uint8_t funder[6];
    uint8_t left;
    uint32_t deadline;
    int64_t rest;
} packets;

/* The key of what an account grabbed: the number and its registered id. */
static struct S51_PACKED {
    uint32_t number;
    uint8_t sender[6];
} grab_key;

static void fund(void)
{
    packets.rest = s51_pay_amount();
    if (request.packets == 0 || packets.rest < request.packets || request.blocks == 0 || request.blocks > LONGEST)
        s51_exit(WRONG_INPUT);
    s51_copy(grab_key.sender, packets.funder, 6);
    packets.left = request.packets;
    packets.deadline = s51_height() + request.blocks;
    s51_db_write(&request.number, 4, &packets, sizeof packets);
}

/* Between 1 and twice the average, and never so much that a later packet is empty. */
static int64_t share(void)
{
    static uint8_t hash[32];
    uint32_t chance;
    int64_t most;

    if (packets.left == 1)
        return packets.rest;
    s51_tx_hash(hash);
    s51_copy(hash, &chance, sizeof chance);
    most = s51_div(packets.rest - packets.left, packets.left) * 2;
    if (most == 0)
        return 1;
    return 1 + chance - s51_mul(s51_div(chance, most), most);
}

static void grab(void)
{
    int64_t amount;
    if (s51_db_read(&grab_key, sizeof grab_key, &amount, sizeof amount))
        s51_exit(GRABBED_BEFORE);
    amount = share();
    packets.rest -= amount;
    packets.left--;
    s51_pay(grab_key.sender, amount);
    s51_db_write(&grab_key, sizeof grab_key, &amount, sizeof amount);
    s51_db_write(&request.number, 4, &packets, sizeof packets);
}

static void reclaim(void)
{
    if (s51_height() < packets.deadline || !s51_equal(packets.funder, grab_key.sender, 6))
        s51_exit(NOT_YOURS);
    s51_pay(packets.funder, packets.rest);
    packets.rest = 0;
    packets.left = 0;
    s51_db_write(&request.number, 4, &packets, sizeof packets);
}

void contract(void)
{
    uint16_t length = s51_take_input(&request, sizeof request);
    uint8_t known;

    if (request.action < FUND || request.action > RECLAIM || length != (request.action == FUND ? sizeof request : 5))
        s51_exit(WRONG_INPUT);
    grab_key.number = request.number;
    s51_tx_sender(grab_key.sender);
    known = s51_db_read(&request.number, 4, &packets, sizeof packets) != 0;

    if (request.action == FUND) {
        if (known)
            s51_exit(IN_USE);
        fund();
        return;
    }
    if (packets.left == 0)
        s51_exit(NOTHING_LEFT);
    if (request.action == GRAB)
        grab();
    else
        reclaim();
}
