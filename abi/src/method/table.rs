//! The rows: [`methods`] says how one is written. Sources: the original's `FunMap` and `Ex…Func`
//! functions, and for prices see the module `price`.
//!
//! It is longer than 500 lines because it is one table, to be read from its first row to its last.

use super::expand::{about, item, methods, typed};
use super::request::{AccountName, DesKey, Items};
use super::{Effect, GasRule, Item, Kind, MethodSpec, StepRule};
use crate::{ExitCode, Semantics};

methods! {
    /// Compares two signed 64-bit numbers: 0 if equal, 1 if a is the smaller, 2 if a is the larger.
    0 Compare COMPARE = compare / Some("COMP_FUNC"), (a: Int64, b: Int64) -> (order: Flag) {
        gas: GasRule::flat(40),
        steps: None,
        failures: [],
        notes: "",
        example: "if (s51_compare(price, paid) == 2) s51_exit(2); /* paid too little */",
    }
    /// Multiplies two signed 64-bit numbers; the product wraps around.
    1 Mul MUL = mul / Some("MULL_MONEY"), (a: Int64, b: Int64) -> (product: Int64) {
        gas: GasRule::flat(40),
        steps: None,
        failures: [],
        notes: "",
        example: "int64_t sum = s51_mul(price, 12);",
    }
    /// Adds two signed 64-bit numbers; the sum wraps around.
    2 Add ADD = add / Some("ADD_MONEY"), (a: Int64, b: Int64) -> (sum: Int64) {
        gas: GasRule::flat(40),
        steps: None,
        failures: [],
        notes: "",
        example: "int64_t sum = s51_add(price, paid);",
    }
    /// Subtracts b from a, signed 64-bit numbers; the difference wraps around.
    3 Sub SUB = sub / Some("SUB_MONEY"), (a: Int64, b: Int64) -> (difference: Int64) {
        gas: GasRule::flat(40),
        steps: None,
        failures: [],
        notes: "",
        example: "int64_t change = s51_sub(paid, price);",
    }
    /// Divides a by b, signed 64-bit numbers, rounding toward zero.
    4 Div DIV = div / Some("DIV_MONEY"), (a: Int64, b: Int64) -> (quotient: Int64) {
        gas: GasRule::flat(40),
        steps: None,
        failures: [
            "b is 0: nothing is answered",
            "a is -2^63 and b is -1: nothing is answered; under the old rules the run ends",
        ],
        notes: "",
        example: "int64_t half = s51_div(paid, 2);",
    }
    /// Hashes data with SHA-256 twice, as the chain hashes its transactions.
    5 Hash HASH = hash / Some("SHA256_FUNC"), (data: Bytes) -> (hash: Hash) {
        gas: GasRule::flat(150).per_request(30, 32),
        steps: None,
        failures: [],
        notes: "Despite its old name this is SHA-256 of SHA-256; a single one is method 0x0100.",
        example: "uint8_t hash[32]; s51_hash(\"abc\", 3, hash);",
    }
    /// Encrypts or decrypts data with DES or triple DES (keys 1, 2, 1), block by block.
    6 Des DES = des / Some("DES_FUNC"),
    (data: Bytes, key: DesKey, encrypt: Flag) -> (data: Bytes) {
        gas: GasRule::flat(40).with(Effect::Cipher),
        steps: None,
        failures: ["the key is neither 8 nor 16 bytes long: nothing is answered"],
        notes: "The data is padded with zero bytes to a multiple of 8. The first byte of `encrypt` is 1 to \
                encrypt and anything else to decrypt. The parity bits of the key are ignored. DES keeps no \
                secret today: it is here for old contracts.",
        example: "uint8_t out[8]; s51_des(\"8 bytes.\", 8, \"key of 8\", 8, 1, out, sizeof out);",
    }
    /// Verifies an ECDSA signature over a 32-byte hash, on the curve secp256k1.
    7 Verify VERIFY = verify / Some("VERFIY_SIGNATURE_FUNC"),
    (signature: Bytes, public_key: PublicKey, hash: Hash) -> (valid: Flag) {
        gas: GasRule::flat(15_000),
        steps: None,
        failures: [
            "the signature is not valid, or signature or key is not one at all: nothing is answered, never a 0 byte",
        ],
        notes: "The signature is a DER object; bytes after it are ignored and no low S is demanded. The key \
                is compressed: its first byte is 02 or 03.",
        example: "if (!s51_verify(signature, signature_len, public_key, hash)) s51_exit(3);",
    }
    /// Does nothing; the original reserved it for signing.
    8 Sign SIGN = sign / Some("SIGNATURE_FUNC"), () -> () {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "Always served, whatever the request holds.",
        example: "s51_sign();",
    }
    /// Prints text to the log of the run, or bytes as hex.
    9 Print PRINT = print / Some("PRINT_FUNC"), (hex: Flag; text: Bytes) -> () {
        gas: GasRule::flat(375).per_request(8, 1),
        steps: None,
        failures: ["no text: an empty line; under the old rules nothing is printed"],
        notes: "The first byte of `hex` is 0 for text. What is printed stands in the receipt and in no contract's data.",
        example: "s51_print(0, \"hello\", 5);",
    }
    /// Reads the contract bytes, the input, of a confirmed transaction.
    10 TxContract TX_CONTRACT = tx_contract / Some("GETTX_CONTRACT_FUNC"), (tx: Hash) -> (input: Bytes) {
        gas: GasRule::flat(2_000),
        steps: None,
        failures: [
            "the transaction is not known: nothing is answered",
            "its input is empty: the run ends under the old rules, nothing is answered under ours",
        ],
        notes: "",
        example: "uint8_t terms[64]; uint16_t n = s51_tx_contract(hash, terms, sizeof terms);",
    }
    /// Reads who sent a confirmed transaction.
    11 TxAccount TX_ACCOUNT = tx_account / Some("GETTX_ACCOUNT_FUNC"), (tx: Hash) -> (sender: Regid) {
        gas: GasRule::flat(2_000),
        steps: None,
        failures: ["the transaction is not known: nothing is answered"],
        notes: "",
        example: "uint8_t who[6]; if (!s51_tx_account(hash, who)) s51_exit(2);",
    }
    /// Reads the public key of an account.
    12 Pubkey PUBKEY = pubkey / Some("GETACCPUB_FUNC"), (account: Account) -> (public_key: PublicKey) {
        gas: GasRule::flat(2_500),
        steps: None,
        failures: [
            "there is no such account: nothing is answered",
            "the account has no registered key, as no contract has: nothing is answered; under the old rules the run ends",
        ],
        notes: "",
        example: "uint8_t key[33]; if (!s51_pubkey(sender, 6, key)) s51_exit(2);",
    }
    /// Reads the balance of an account, as it stands during the run.
    13 Balance BALANCE = balance / Some("QUEYACCBALANCE_FUNC"), (account: Account) -> (balance: Int64) {
        gas: GasRule::flat(2_500),
        steps: None,
        failures: ["there is no such account: nothing is answered"],
        notes: "The fee and the amount sent have left the sender, and the amount has reached the contract, \
                before the run begins. What method 24 asks for moves only after the run.",
        example: "int64_t mine = s51_balance(sender, 6);",
    }
    /// Reads the height of the block that holds a transaction.
    14 TxHeight TX_HEIGHT = tx_height / Some("GETTXCONFIRH_FUNC"), (tx: Hash) -> (height: Int32) {
        gas: GasRule::flat(2_000),
        steps: None,
        failures: ["the transaction is not known: nothing is answered"],
        notes: "",
        example: "uint32_t since = s51_tx_height(hash);",
    }
    /// Reads the hash of a block below the one being built.
    15 BlockHash BLOCK_HASH = block_hash / Some("GETBLOCKHASH_FUNC"), (height: Int32) -> (hash: Hash) {
        gas: GasRule::flat(2_000),
        steps: None,
        failures: ["the height is 0, negative, that of the block being built or beyond the tip: nothing is answered"],
        notes: "Whoever builds a block chooses its hash: a poor source of chance where much money depends on it.",
        example: "uint8_t dice[32]; s51_block_hash(s51_height() - 1, dice);",
    }
    /// Reads the height of the block being built.
    16 Height HEIGHT = height / Some("GETCTXCONFIRMH_FUNC"), () -> (height: Int32) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "",
        example: "uint32_t now = s51_height();",
    }
    /// Writes a key of the contract's data, new or not.
    17 DbWrite DB_WRITE = db_write / Some("WRITEDB_FUNC"), (key: Bytes, value: Bytes) -> (written: Flag) {
        gas: GasRule::flat(2_200).with(Effect::Storage),
        steps: Written,
        failures: ["no value, or no key: nothing is answered and nothing written"],
        notes: "A request has no empty argument, so neither key nor value can be empty. The SDK takes an empty value for \
                a key that shall not be there: `s51_db_write` then calls method 18 and returns 1.",
        example: "s51_db_write(\"count\", 5, &price, sizeof price);",
    }
    /// Deletes a key of the contract's data: 1 if it was there, 0 if not.
    18 DbDelete DB_DELETE = db_delete / Some("DELETEDB_FUNC"), (key: Bytes) -> (deleted: Flag) {
        gas: GasRule::flat(1_200).with(Effect::Storage),
        steps: Deleted,
        failures: [],
        notes: "",
        example: "s51_db_delete(\"count\", 5);",
    }
    /// Reads the value of a key of the contract's data.
    19 DbRead DB_READ = db_read / Some("READDB_FUNC"), (key: Bytes) -> (value: Bytes) {
        gas: GasRule::flat(800),
        steps: None,
        failures: ["the key is not there: nothing is answered"],
        notes: "",
        example: "if (!s51_db_read(\"count\", 5, &price, sizeof price)) price = 0;",
    }
    /// Counts the keys of the contract's data.
    20 DbSize DB_SIZE = db_size / Some("GETDBSIZE_FUNC"), () -> (keys: Int32) {
        gas: GasRule::flat(400),
        steps: None,
        failures: ["there are none: nothing is answered"],
        notes: "",
        example: "uint32_t keys = s51_db_size();",
    }
    /// Reads the contract's data in the order of its keys: index 0 for the first, 1 for the one after a key.
    21 DbNext DB_NEXT = db_next / Some("GETDBVALUE_FUNC"),
    (index: Index; after: Bytes) -> (key: Bytes, value: Bytes) {
        gas: GasRule::flat(1_200),
        steps: None,
        failures: [
            "there is no such key: nothing is answered",
            "index 1 without a key, or any other index than 0 and 1: nothing is answered",
            "under the old rules, on a node that does not allow traversal: nothing is answered",
        ],
        notes: "Keys are in byte order; what this run wrote and deleted is seen. The key given need not exist; with index 0 it does not matter.",
        example: "uint8_t key[8]; uint16_t n = s51_db_next(0, 0, 0, key, sizeof key); s51_item(&price, sizeof price);",
    }
    /// Reads the hash of the transaction that is running.
    22 TxHash TX_HASH = tx_hash / Some("GetCURTXHASH_FUNC"), () -> (hash: Hash) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "",
        example: "s51_tx_hash(hash);",
    }
    /// Writes over a key of the contract's data that is there already.
    23 DbModify DB_MODIFY = db_modify / Some("MODIFYDBVALUE_FUNC"),
    (key: Bytes, value: Bytes) -> (written: Flag) {
        gas: GasRule::flat(1_000).with(Effect::Storage),
        steps: Replaced,
        failures: ["the key is not there, or there is no value: nothing is answered and nothing written"],
        notes: "With an empty value the SDK's `s51_db_modify` calls method 18.",
        example: "if (!s51_db_modify(\"count\", 5, &price, sizeof price)) s51_exit(2);",
    }
    /// Asks for money to move after the run: from the contract's account to others.
    24 Output OUTPUT = output / Some("WRITEOUTPUT_FUNC"), (records: Records(48)) -> () {
        gas: GasRule::flat(40).with(Effect::Outputs),
        steps: None,
        failures: [
            "no record, or one that is cut short: the run ends with a fault; under the old rules nothing is asked for",
            "the hundredth record of a run: the run ends and leaves no trace",
            "after the run, any of these undoes all of it: an unknown kind or operation; an amount to take that \
             does not equal the amount given, in sum; taking from any account but the contract's own; giving to a \
             registered id that is not there; an amount or balance beyond the supply; too little money",
        ],
        notes: "A record is: kind (1 registered id, 2 address), account (34 bytes), operation (1 give, 2 take), \
                LE32 height (ignored), LE64 amount. Records add up over the run. An address without an account \
                holds what it is paid until somebody registers it. A request holds 85 records; the SDK sends as many \
                requests as it needs.",
        example: "s51_output_t pay[2]; s51_record(&pay[0], S51_GIVE, sender, price); \
                  s51_record(&pay[1], S51_TAKE, self, price); s51_output(pay, 2);",
    }
    /// Reads a value of another contract's data.
    25 ScriptData SCRIPT_DATA = script_data / Some("GETSCRIPTDATA_FUNC"),
    (contract: Regid, key: Bytes) -> (value: Bytes) {
        gas: GasRule::flat(1_000),
        steps: None,
        failures: ["there is no such contract or no such key: nothing is answered"],
        notes: "",
        example: "uint16_t n = s51_script_data(other, \"rate\", 4, &price, sizeof price);",
    }
    /// Reads the registered id of the contract that is running.
    26 ScriptId SCRIPT_ID = script_id / Some("GETSCRIPTID_FUNC"), () -> (contract: Regid) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "",
        example: "uint8_t me[6]; s51_script_id(me);",
    }
    /// Reads the registered id of the account that sent the transaction.
    27 TxSender TX_SENDER = tx_sender / Some("GETCURTXACCOUNT_FUNC"), () -> (sender: Regid) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "",
        example: "uint8_t who[6]; s51_tx_sender(who);",
    }
    /// Reads the input of the call once more.
    28 Input INPUT = input / Some("GETCURTXCONTACT_FUNC"), () -> (input: Bytes) {
        gas: GasRule::flat(30),
        steps: None,
        failures: ["the input is empty: the run ends under the old rules, nothing is answered under ours"],
        notes: "The input lies in the buffer when the run begins and is gone after the first call.",
        example: "uint8_t args[64]; uint16_t n = s51_input(args, sizeof args);",
    }
    /// Decodes the variable-length numbers of the input.
    29 Unpack UNPACK = unpack / Some("GETCURDECOMPRESSCONTACR_FUNC"), (format: Bytes) -> (decoded: Bytes) {
        gas: GasRule::flat(40).per_request(1, 1).per_reply(1, 1),
        steps: None,
        failures: [
            "an unknown format byte, a format that ends in 6, or an input that is too short: nothing is answered",
            "a format that yields no bytes: the run ends under the old rules, nothing is answered under ours",
        ],
        notes: "Format bytes: 0, 1 two bytes; 2, 3 four bytes; 4, 5 eight bytes; 6 and a count: so many single \
                bytes. Under the old rules 2 yields only two bytes, a defect that contracts rely on.",
        example: "uint8_t fields[12]; s51_unpack(\"\\x04\\x03\", 2, fields, sizeof fields);",
    }
    /// Decodes the variable-length numbers of a confirmed transaction's input.
    30 TxUnpack TX_UNPACK = tx_unpack / Some("GETDECOMPRESSCONTACR_FUNC"),
    (format: Bytes, tx: Hash) -> (decoded: Bytes) {
        gas: GasRule::flat(2_000).per_request(1, 1).per_reply(1, 1),
        steps: None,
        failures: [
            "the transaction is not known: nothing is answered",
            "as method 29 over that input",
        ],
        notes: "",
        example: "uint8_t fields[8]; s51_tx_unpack(\"\\x04\", 1, hash, fields, sizeof fields);",
    }
    /// Reads how much money was sent with the transaction.
    31 PayAmount PAY_AMOUNT = pay_amount / Some("GETCURPAYMONEY_FUN"), () -> (amount: Int64) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "",
        example: "if (s51_pay_amount() < price) s51_exit(2);",
    }
    /// Reads the free amount of an app account.
    32 AppFree APP_FREE = app_free / Some("GET_APP_USER_ACC_VALUE_FUN"), (user: AppUser) -> (amount: Int64) {
        gas: GasRule::flat(1_200).with(Effect::Thawing),
        steps: None,
        failures: ["the length byte of `user` is above 40: nothing is answered; under the old rules the run ends"],
        notes: "An unknown user has 0. Frozen funds whose height is reached count as free; the next operation on the account that succeeds makes them free. What method 34 asked \
                for in this run is not yet seen.",
        example: "s51_user_t user; s51_user(&user, sender, 6); price = s51_app_free(&user);",
    }
    /// Reads a frozen fund of an app account.
    33 AppFrozen APP_FROZEN = app_frozen / Some("GET_APP_USER_ACC_FUND_WITH_TAG_FUN"),
    (fund: Record(95)) -> (amount: Int64) {
        gas: GasRule::flat(1_000),
        steps: None,
        failures: [
            "no fund of this user has exactly this tag and height: nothing is answered",
            "the user's length is 0 or above 40, or the tag's above 40: nothing is answered; under the old rules the run ends",
        ],
        notes: "The record is one of method 34; its kind and amount are ignored.",
        example: "s51_fund_t fund; s51_fund(&fund, S51_ADD_FROZEN, sender, 6, 0); fund.height = 100; \
                  price = s51_app_frozen(&fund);",
    }
    /// Asks for app accounts to change after the run.
    34 AppOperate APP_OPERATE = app_operate / Some("GET_WIRITE_OUT_APP_OPERATE_FUN"), (records: Records(95)) -> () {
        gas: GasRule::flat(40).with(Effect::AppOperations),
        steps: AppOperated,
        failures: [
            "no record, or one that is cut short: the run ends with a fault; under the old rules nothing is asked for",
            "a negative amount: the run ends with a fault; under the old rules nothing is answered, only above height \
             99,854, and the records before it stay asked for; below it counts as unsigned",
            "the user's length is 0 or above 40: the run ends with a fault",
            "after the run, any of these undoes all of it: an unknown kind; a tag's length above 40; too little free \
             money; a frozen fund that is not there or too small; an overflow; freezing at height 0, or nothing",
        ],
        notes: "A record is: kind (1 add free, 2 take free, 3 add frozen, 4 take frozen), LE32 height, LE64 \
                amount, user's length, user (40 bytes), tag's length, tag (40 bytes). Applied by user in byte order, \
                each user's records in the order of the calls. A request holds 43 records; the SDK sends as many \
                requests as it needs.",
        example: "s51_fund_t fund; s51_fund(&fund, S51_ADD_FREE, sender, 6, price); s51_app_operate(&fund, 1);",
    }
    /// Reads the address of an account as text.
    35 Address ADDRESS = address / Some("GET_DACRS_ADDRESS_FUN"), (account: Regid) -> (address: Address) {
        gas: GasRule::flat(2_500),
        steps: None,
        failures: ["there is no such account: nothing is answered"],
        notes: "",
        example: "uint8_t text[34]; s51_address(sender, text);",
    }
    /// Hashes data with SHA-256 once.
    0x0100 Sha256Once SHA256_ONCE = sha256_once / Option::None, (data: Bytes) -> (hash: Hash) {
        gas: GasRule::flat(100).per_request(15, 32),
        steps: None,
        failures: [],
        notes: "",
        example: "s51_sha256_once(\"abc\", 3, hash);",
    }
    /// Reads the time of the block being built, in seconds since 1970.
    0x0101 BlockTime BLOCK_TIME = block_time / Option::None, () -> (seconds: Int64) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "",
        example: "int64_t now = s51_block_time();",
    }
    /// Reads the registered id of the caller: the sender of the transaction, or the contract that calls this one.
    0x0102 Caller CALLER = caller / Option::None, () -> (caller: Regid) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "Method 27 reads who sent the transaction, however deep the call is.",
        example: "uint8_t from[6]; s51_caller(from);",
    }
    /// Calls another contract, which runs to its end before this one goes on.
    0x0103 CallContract CALL_CONTRACT = call_contract / Option::None,
    (call: Record(22); input: Bytes) -> (result: Record(10), data: Bytes) {
        gas: GasRule::flat(5_000).with(Effect::Call),
        steps: None,
        failures: ["in a static call an amount other than 0: nothing is answered"],
        notes: "The record is: registered id of the contract (6), amount to send (LE64), most gas to use (LE64, 0 for \
                all that may be used). A contract can spend at most what is left less a 64th of it; what it does not \
                use comes back. The result is: status (1 success, 2 refused, 3 fault, 4 not entered), code, gas used \
                (LE64). The code of a refusal is the contract's exit code, or 1 where it succeeded but asked for \
                money it must not have; of a contract that was not entered it is 1 no such contract, 2 more than 8 \
                calls deep, 3 the contract is running already, 4 too little money, 5 too little gas, 6 a contract of \
                the old rules, 7 too many calls in one transaction, 8 a contract that takes no amounts. Unless the status is 1, all that the contract \
                did is undone. The data is what it gave to method 0x0106.",
        example: "s51_call_t call; s51_result_t result; s51_callee(&call, other); \
                  s51_call_contract(&call, \"hello\", 5, &result); if (result.status != S51_SUCCESS) s51_exit(2);",
    }
    /// Calls another contract that can change nothing: a static call.
    0x0104 StaticCall STATIC_CALL = static_call / Option::None,
    (call: Record(22); input: Bytes) -> (result: Record(10), data: Bytes) {
        gas: GasRule::flat(5_000).with(Effect::Call),
        steps: None,
        failures: ["an amount other than 0: nothing is answered"],
        notes: "As method 0x0103. In the contract, and in those that it calls, every method that writes data, moves \
                money or emits an event is refused.",
        example: "s51_call_t call; s51_result_t result; s51_callee(&call, other); s51_static_call(&call, \"rate\", 4, &result); \
                  s51_item(&price, sizeof price);",
    }
    /// Emits an event, which the receipt keeps where the contract and its callers succeed.
    0x0105 Emit EMIT = emit / Option::None, (event: Records(32); data: Bytes) -> () {
        gas: GasRule::flat(375).per_request(8, 1).with(Effect::Event),
        steps: None,
        failures: [
            "a name of other characters than a to z, 0 to 9 and _, or more than four topics: the run ends with a fault",
            "in a static call: the run ends with a fault",
        ],
        notes: "The first record is the name, with zeros behind it, and up to four topics follow. A contract's data \
                never shows events.",
        example: "s51_event_t event; s51_event(&event, \"paid\"); s51_topic(&event, sender, 6); \
                  s51_emit(&event, 1 + event.topics, &price, sizeof price);",
    }
    /// Sets the data that the call returns, to its caller and in the receipt.
    0x0106 ReturnData RETURN_DATA = return_data / Option::None, (data: Bytes) -> () {
        gas: GasRule::flat(100).per_request(8, 1),
        steps: None,
        failures: ["more than 4,079 bytes: the run ends with a fault"],
        notes: "The last one counts. The run goes on; a call that does not succeed returns its data too.",
        example: "s51_return_data(&price, sizeof price);",
    }
    /// Ends the run with an exit code other than 1 and an error text for people.
    0x0107 Fail FAIL = fail / Option::None, (code: Code; text: Bytes) -> () {
        gas: GasRule::flat(100).per_request(8, 1),
        steps: None,
        failures: ["code 1, which is success, or more than 256 bytes of text: the run ends with a fault"],
        notes: "What the contract did is undone, as by any exit code but 1, and its caller goes on. The receipt has the text.",
        example: "if (s51_pay_amount() < price) s51_fail(2, \"too little\", 10);",
    }
    /// Ends the whole transaction, and undoes all of it.
    0x0108 Abort ABORT = abort / Option::None, (code: Code; text: Bytes) -> () {
        gas: GasRule::flat(100).per_request(8, 1),
        steps: None,
        failures: ["code 1, which is success, or more than 256 bytes of text: the run ends with a fault"],
        notes: "No caller goes on: each ends with the fault `aborted`.",
        example: "s51_abort(3, \"the books do not balance\", 24);",
    }
    /// Says whether the action has the authority of an account: 1 or 0.
    0x0109 HasAuth HAS_AUTH = has_auth / Option::None, (account: Regid) -> (has: Flag) {
        gas: GasRule::flat(30),
        steps: None,
        failures: [],
        notes: "An action of a transaction has the authority of its sender, if it names it; an inline action that of the \
                contract that sent it. A contract that another one calls has its caller's.",
        example: "if (!s51_has_auth(sender)) s51_fail(2, \"not yours\", 9);",
    }
    /// Has an account notified of the running action, after the contract has run: its contract runs with the same data.
    0x010A Notify NOTIFY = notify / Option::None, (account: Regid) -> () {
        gas: GasRule::flat(5_000).with(Effect::Action),
        steps: None,
        failures: ["in a static call and in a context-free action: the run ends with a fault"],
        notes: "Each account is notified once of an action, in the order of the calls, those included that notified \
                contracts make. Only a contract that was deployed with `--apply` runs then: it finds the account that was \
                acted on in its input. If it fails, so does the transaction.",
        example: "s51_notify(other);",
    }
    /// Sends an inline action: it is executed after the running one and those who are notified of it.
    0x010B SendAction SEND_ACTION = send_action / Option::None,
    (action: Record(22), authorization: Records(14); data: Bytes) -> () {
        gas: GasRule::flat(5_000).per_request(1, 1).with(Effect::Action),
        steps: None,
        failures: [
            "an actor who is not the running contract: the run ends with a fault",
            "in a static call and in a context-free action: the run ends with a fault",
        ],
        notes: "The action is: registered id of its account (6), name (LE64), amount to send with it (LE64). An \
                authorization is: registered id of the actor (6), name of the permission (LE64). If the action fails, so \
                does the transaction. The account check counts the amount, and that of the chain's own transfer, as sent.",
        example: "s51_action_t act; s51_authorization_t by; s51_action(&act, other); s51_authorization(&by, self); \
                  s51_send_action(&act, &by, 1, \"hello\", 5);",
    }
    /// Sends a context-free inline action, which is executed before the other inline ones.
    0x010C SendContextFree SEND_CONTEXT_FREE = send_context_free / Option::None, (action: Record(22); data: Bytes) -> () {
        gas: GasRule::flat(5_000).per_request(1, 1).with(Effect::Action),
        steps: None,
        failures: [
            "an amount other than 0: the run ends with a fault",
            "in a static call and in a context-free action: the run ends with a fault",
        ],
        notes: "As method 0x010B, but nobody's authority goes with it, and the methods that ask for the state or change \
                it are refused in it.",
        example: "s51_action_t act; s51_action(&act, other); s51_send_context_free(&act, \"hello\", 5);",
    }
    /// Sends an action that is executed in a later block, as a transaction of its own: its first height.
    0x010D SendDeferred SEND_DEFERRED = send_deferred / Option::None,
    (deferred: Record(50), authorization: Records(14); data: Bytes) -> (due: Int32) {
        gas: GasRule::flat(5_000).per_request(1, 1).with(Effect::Deferred),
        steps: None,
        failures: [
            "an action with this id waits already: nothing is answered",
            "the contract does not hold what the gas costs: nothing is answered",
            "a delay of 0 or of more than 1,000,000 blocks, or more than 20,000,000 gas: nothing is answered",
            "an actor who is not the running contract: nothing is answered",
            "an amount, also that of the chain's own transfer, in a contract with the account check on: nothing is answered",
            "in a static call and in a context-free action: nothing is answered",
        ],
        notes: "The record is: an id of the contract's choice (LE64), how many blocks later (LE32), the most gas (LE64), \
                the most gas for telling the contract that the action failed (LE64, 0 to be told nothing), and the action \
                of method 0x010B (22); the authorization is that of the same. The contract's account pays for the gas at once; \
                what is not used comes back to it. If the action fails, its contract does not: it runs with the action \
                `onerror` of the account 0-0, if it was deployed with `--apply`.",
        example: "s51_deferred_t later; s51_authorization_t by; s51_defer(&later, 1, 10, 100000); \
                  s51_action(&later.action, self); s51_authorization(&by, self); \
                  if (!s51_send_deferred(&later, &by, 1, \"hello\", 5)) s51_exit(2);",
    }
    /// Cancels a deferred action of the contract that waits: 1, or 0 if none has this id.
    0x010E CancelDeferred CANCEL_DEFERRED = cancel_deferred / Option::None, (id: Int64) -> (cancelled: Flag) {
        gas: GasRule::flat(5_000).with(Effect::Deferred),
        steps: None,
        failures: [
            "the contract's account has no room for what comes back: nothing is answered",
            "in a static call and in a context-free action: nothing is answered",
        ],
        notes: "What the contract has paid for its gas comes back to it.",
        example: "if (!s51_cancel_deferred(1)) s51_exit(2);",
    }
    /// Finds a key of the contract's data in their order: the first from a bound on, or the last before it.
    0x0110 DbSeek DB_SEEK = db_seek / Option::None, (seek: Record(2); bound: Bytes) -> (key: Bytes, value: Bytes) {
        gas: GasRule::flat(2_000),
        steps: None,
        failures: [
            "there is no such key: nothing is answered",
            "an unknown way, or a prefix that is longer than the bound: nothing is answered",
        ],
        notes: "The record is: the way (0 the first key from the bound on, 1 the first behind it, 2 the last before it, 3 \
                the last up to it), and how many of the first bytes of the bound each key must begin with (0 for any key). \
                Keys are in byte order; what this run wrote and deleted is seen. The bound need not be a key. Without one \
                the search is among all keys, from the first or from the last; and backwards, a bound that is nothing but \
                the prefix stands for the end of the keys that begin with it.",
        example: "s51_seek_t seek; uint8_t key[8]; s51_seek(&seek, S51_BEFORE, 1, 0); \
                  if (s51_db_seek(&seek, \"a9\", 2, key, sizeof key)) s51_item(&price, sizeof price);",
    }
    /// Reads keys of the contract's data with their values in their order, as many as are asked for or fit.
    0x0111 DbRange DB_RANGE = db_range / Option::None,
    (range: Record(4); bound: Bytes, end: Bytes) -> (entries: Bytes) {
        gas: GasRule::flat(600).with(Effect::Walk),
        steps: None,
        failures: [
            "there is no such key, or the limit is 0: nothing is answered",
            "an unknown way, or a prefix that is longer than the bound: nothing is answered",
        ],
        notes: "The record is: way and prefix of method 0x0110 (1 byte each), and the most keys (LE16). The end is where \
                the range ends: forwards the first key that is no longer in it, backwards the last that is. Each entry is: \
                length of the key (LE16), key, length of the value (LE16), value. An answer has at most 4,094 bytes: \
                who wants more goes on behind the last key, or before it. A key that does not fit ends the answer, and is \
                paid for.",
        example: "s51_seek_t seek; uint8_t entries[200]; s51_seek(&seek, S51_FROM, 1, 10); \
                  uint16_t n = s51_db_range(&seek, \"a3\", 2, \"a8\", 2, entries, sizeof entries);",
    }
    /// Sets a key of the contract's data, and keeps its entries in indexes of the contract.
    0x0112 RowWrite ROW_WRITE = row_write / Option::None,
    (indexes: Records(2), key: Bytes, value: Bytes) -> (written: Flag) {
        gas: GasRule::flat(2_200).with(Effect::Indexed),
        steps: None,
        failures: [
            "more than 8 indexes, one of them twice, or a value in which the number of an index does not lie: nothing is \
             answered and nothing written",
        ],
        notes: "A record is: the number of an index (0 to 255, of the contract's choice), and where in the value the number \
                lies by which it is in order (8 bytes, unsigned, lowest first), in bytes from the start. The entry that the \
                old value had in the index goes, that of the new value comes, in the same step. An index is kept by this \
                method and 0x0113 alone: methods 17, 18 and 23 leave entries behind.",
        example: "static const s51_index_t by_price = {1, 0}; \
                  if (!s51_row_write(&by_price, 1, \"lamp\", 4, &price, sizeof price)) s51_exit(2);",
    }
    /// Deletes a key of the contract's data, and its entries in indexes of the contract: 1 if it was there, 0 if not.
    0x0113 RowDelete ROW_DELETE = row_delete / Option::None, (indexes: Records(2), key: Bytes) -> (deleted: Flag) {
        gas: GasRule::flat(1_200).with(Effect::Indexed),
        steps: None,
        failures: ["more than 8 indexes, or one of them twice: nothing is answered and nothing deleted"],
        notes: "The records are those of method 0x0112.",
        example: "static const s51_index_t by_price = {1, 0}; s51_row_delete(&by_price, 1, \"lamp\", 4);",
    }
    /// Finds an entry of an index in their order, by number and then by key: 1 with its row, 2 if the row is gone.
    0x0114 IndexSeek INDEX_SEEK = index_seek / Option::None,
    (seek: Record(11); bound: Bytes) -> (found: Flag, number: Int64, key: Bytes, value: Bytes) {
        gas: GasRule::flat(3_000),
        steps: None,
        failures: ["there is no such entry, or an unknown way: nothing is answered"],
        notes: "The record is: number of the index and place in the value, as in method 0x0112 (1 byte each), the way of \
                method 0x0110 (1 byte), and the number from which it is looked (LE64, unsigned); the bound is a key, which need \
                not be there. Without one all entries of this number are as one: way 1 begins behind them, way 3 with the last of them. A row is gone where the \
                key was deleted, or now has another number, by a method that keeps no index: then there is no value, and \
                method 0x0115 removes the entry.",
        example: "static const s51_index_t by_price = {1, 0}; s51_by_t by; uint8_t key[8]; s51_by(&by, &by_price, S51_FROM, 100); \
                  if (s51_index_seek(&by, 0, 0) == S51_ROW) { price = s51_item64(); s51_item(key, sizeof key); }",
    }
    /// Deletes an entry of an index of the contract whose row is gone: 1 if it was there, 0 if not.
    0x0115 IndexDelete INDEX_DELETE = index_delete / Option::None, (entry: Record(9), key: Bytes) -> (deleted: Flag) {
        gas: GasRule::flat(1_200).with(Effect::Storage),
        steps: None,
        failures: [],
        notes: "The record is: number of the index (1 byte), number of the entry (LE64). The row, if there is one, stays.",
        example: "static const s51_index_t by_price = {1, 0}; s51_entry_t entry; s51_entry(&entry, &by_price, 100); \
                  s51_index_delete(&entry, \"lamp\", 4);",
    }
    /// Makes an object of the contract, which this account or contract owns: its id.
    0x0120 ObjectCreate OBJECT_CREATE = object_create / Option::None, (owner: Regid) -> (id: Int64) {
        gas: GasRule::flat(3_600).with(Effect::Storage),
        steps: None,
        failures: ["there is no account of this id: nothing is answered"],
        notes: "A contract's objects are numbered from 1 on, and no number is given twice. An object is known by its contract \
                and its id. The storage is that of three records: the object, its entry among those of its owner, and the \
                count.",
        example: "int64_t id = s51_object_create(sender);",
    }
    /// Deletes an object of the contract with its fields.
    0x0121 ObjectDelete OBJECT_DELETE = object_delete / Option::None, (id: Int64) -> (done: Code) {
        gas: GasRule::flat(3_600).with(Effect::Object),
        steps: None,
        failures: [],
        notes: "The answer is 1 done, 2 no such object, or 3 not the owner's call: the owner is neither the contract itself \
                nor one whose authority the call has, as method 0x0109 tells it. Each field is looked for, paid and removed \
                before the next one.",
        example: "if (s51_object_delete(1) != S51_DONE) s51_exit(2);",
    }
    /// Reads who owns an object, of any contract, and who else may give it away.
    0x0122 ObjectOwner OBJECT_OWNER = object_owner / Option::None,
    (object: Record(14)) -> (owner: Regid, approved: Regid) {
        gas: GasRule::flat(1_000),
        steps: None,
        failures: ["there is no such object: nothing is answered"],
        notes: "The record is: registered id of the contract that made it (6), id (LE64). Approved is 0-0 for nobody.",
        example: "s51_object_t object; s51_object(&object, other, 1); uint8_t owner[6]; \
                  if (!s51_object_owner(&object, owner)) s51_exit(2);",
    }
    /// Gives an object of the contract to another account or contract.
    0x0123 ObjectSetOwner OBJECT_SET_OWNER = object_set_owner / Option::None, (id: Int64, owner: Regid) -> (done: Code) {
        gas: GasRule::flat(5_000).with(Effect::Storage),
        steps: None,
        failures: [],
        notes: "The answer is that of method 0x0121, or 4 where there is no account of this id. Who is approved may do it too; \
                afterwards nobody is approved.",
        example: "if (s51_object_set_owner(1, other) != S51_DONE) s51_exit(2);",
    }
    /// Approves somebody, beside the owner, who may give an object of the contract to another one.
    0x0124 ObjectApprove OBJECT_APPROVE = object_approve / Option::None, (id: Int64, account: Regid) -> (done: Code) {
        gas: GasRule::flat(2_600).with(Effect::Storage),
        steps: None,
        failures: [],
        notes: "The answer is that of method 0x0121. With 0-0 nobody is approved any more. Who is approved sets no field and \
                deletes nothing.",
        example: "if (s51_object_approve(1, other) != S51_DONE) s51_exit(2);",
    }
    /// Reads a field of an object, of any contract.
    0x0125 ObjectGet OBJECT_GET = object_get / Option::None, (object: Record(14), field: Bytes) -> (value: Bytes) {
        gas: GasRule::flat(1_000),
        steps: None,
        failures: ["there is no such object, or it has no such field: nothing is answered"],
        notes: "The record is that of method 0x0122. A field is a name or a number of 1 to 32 bytes.",
        example: "s51_object_t object; s51_object(&object, self, 1); \
                  if (!s51_object_get(&object, \"price\", 5, &price, sizeof price)) price = 0;",
    }
    /// Sets a field of an object of the contract, or removes it where no value is given.
    0x0126 ObjectSet OBJECT_SET = object_set / Option::None, (id: Int64, field: Bytes; value: Bytes) -> (done: Code) {
        gas: GasRule::flat(2_600).with(Effect::Storage),
        steps: None,
        failures: ["a field of more than 32 bytes: nothing is answered"],
        notes: "The answer is that of method 0x0121.",
        example: "if (s51_object_set(1, \"price\", 5, &price, sizeof price) != S51_DONE) s51_exit(2);",
    }
    /// Finds the objects of an owner that a contract has made, by id: the first, or the one after another.
    0x0127 ObjectNext OBJECT_NEXT = object_next / Option::None,
    (owner: Regid, contract: Regid; after: Int64) -> (id: Int64) {
        gas: GasRule::flat(1_600),
        steps: None,
        failures: ["there is none: nothing is answered"],
        notes: "The object of which the id is given need not be there.",
        example: "int64_t id = s51_object_next(sender, self, 0); \
                  while (id) id = s51_object_next(sender, self, id);",
    }

    in 2014:
    /// [`Method::DbWrite`] of 2014, with the height at which the key ends; nothing ever looked at it again.
    DbWrite2014 = DbWrite, (key: Bytes, value: Bytes, lifetime: Int32)
    /// [`Method::Output`] of 2014, with records of registered id 6, operation 1, height 4, amount 8 bytes.
    Output2014 = Output, (records: Records(19))
}
