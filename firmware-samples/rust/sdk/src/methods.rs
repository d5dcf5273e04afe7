//! The methods of the host, as functions. docs/abi.md says what each costs and when it answers nothing.
//!
//! Generated from the method table in abi/src/method/table.rs. Refresh: cargo run -p smart51-abi --example generate

use crate::{call, call_items};

/// The methods' numbers, for [`call`].
pub mod number {
    /// [`compare`](super::compare).
    pub const COMPARE: u16 = 0x0000;
    /// [`mul`](super::mul).
    pub const MUL: u16 = 0x0001;
    /// [`add`](super::add).
    pub const ADD: u16 = 0x0002;
    /// [`sub`](super::sub).
    pub const SUB: u16 = 0x0003;
    /// [`div`](super::div).
    pub const DIV: u16 = 0x0004;
    /// [`hash`](super::hash).
    pub const HASH: u16 = 0x0005;
    /// [`des`](super::des).
    pub const DES: u16 = 0x0006;
    /// [`verify`](super::verify).
    pub const VERIFY: u16 = 0x0007;
    /// [`sign`](super::sign).
    pub const SIGN: u16 = 0x0008;
    /// [`print`](super::print).
    pub const PRINT: u16 = 0x0009;
    /// [`tx_contract`](super::tx_contract).
    pub const TX_CONTRACT: u16 = 0x000A;
    /// [`tx_account`](super::tx_account).
    pub const TX_ACCOUNT: u16 = 0x000B;
    /// [`pubkey`](super::pubkey).
    pub const PUBKEY: u16 = 0x000C;
    /// [`balance`](super::balance).
    pub const BALANCE: u16 = 0x000D;
    /// [`tx_height`](super::tx_height).
    pub const TX_HEIGHT: u16 = 0x000E;
    /// [`block_hash`](super::block_hash).
    pub const BLOCK_HASH: u16 = 0x000F;
    /// [`height`](super::height).
    pub const HEIGHT: u16 = 0x0010;
    /// [`db_write`](super::db_write).
    pub const DB_WRITE: u16 = 0x0011;
    /// [`db_delete`](super::db_delete).
    pub const DB_DELETE: u16 = 0x0012;
    /// [`db_read`](super::db_read).
    pub const DB_READ: u16 = 0x0013;
    /// [`db_size`](super::db_size).
    pub const DB_SIZE: u16 = 0x0014;
    /// [`db_next`](super::db_next).
    pub const DB_NEXT: u16 = 0x0015;
    /// [`tx_hash`](super::tx_hash).
    pub const TX_HASH: u16 = 0x0016;
    /// [`db_modify`](super::db_modify).
    pub const DB_MODIFY: u16 = 0x0017;
    /// [`output`](super::output).
    pub const OUTPUT: u16 = 0x0018;
    /// [`script_data`](super::script_data).
    pub const SCRIPT_DATA: u16 = 0x0019;
    /// [`script_id`](super::script_id).
    pub const SCRIPT_ID: u16 = 0x001A;
    /// [`tx_sender`](super::tx_sender).
    pub const TX_SENDER: u16 = 0x001B;
    /// [`input`](super::input).
    pub const INPUT: u16 = 0x001C;
    /// [`unpack`](super::unpack).
    pub const UNPACK: u16 = 0x001D;
    /// [`tx_unpack`](super::tx_unpack).
    pub const TX_UNPACK: u16 = 0x001E;
    /// [`pay_amount`](super::pay_amount).
    pub const PAY_AMOUNT: u16 = 0x001F;
    /// [`app_free`](super::app_free).
    pub const APP_FREE: u16 = 0x0020;
    /// [`app_frozen`](super::app_frozen).
    pub const APP_FROZEN: u16 = 0x0021;
    /// [`app_operate`](super::app_operate).
    pub const APP_OPERATE: u16 = 0x0022;
    /// [`address`](super::address).
    pub const ADDRESS: u16 = 0x0023;
    /// [`sha256_once`](super::sha256_once).
    pub const SHA256_ONCE: u16 = 0x0100;
    /// [`block_time`](super::block_time).
    pub const BLOCK_TIME: u16 = 0x0101;
    /// [`caller`](super::caller).
    pub const CALLER: u16 = 0x0102;
    /// [`call_contract`](super::call_contract).
    pub const CALL_CONTRACT: u16 = 0x0103;
    /// [`static_call`](super::static_call).
    pub const STATIC_CALL: u16 = 0x0104;
    /// [`emit`](super::emit).
    pub const EMIT: u16 = 0x0105;
    /// [`return_data`](super::return_data).
    pub const RETURN_DATA: u16 = 0x0106;
    /// [`fail`](super::fail).
    pub const FAIL: u16 = 0x0107;
    /// [`abort`](super::abort).
    pub const ABORT: u16 = 0x0108;
    /// [`has_auth`](super::has_auth).
    pub const HAS_AUTH: u16 = 0x0109;
    /// [`notify`](super::notify).
    pub const NOTIFY: u16 = 0x010A;
    /// [`send_action`](super::send_action).
    pub const SEND_ACTION: u16 = 0x010B;
    /// [`send_context_free`](super::send_context_free).
    pub const SEND_CONTEXT_FREE: u16 = 0x010C;
    /// [`send_deferred`](super::send_deferred).
    pub const SEND_DEFERRED: u16 = 0x010D;
    /// [`cancel_deferred`](super::cancel_deferred).
    pub const CANCEL_DEFERRED: u16 = 0x010E;
    /// [`db_seek`](super::db_seek).
    pub const DB_SEEK: u16 = 0x0110;
    /// [`db_range`](super::db_range).
    pub const DB_RANGE: u16 = 0x0111;
    /// [`row_write`](super::row_write).
    pub const ROW_WRITE: u16 = 0x0112;
    /// [`row_delete`](super::row_delete).
    pub const ROW_DELETE: u16 = 0x0113;
    /// [`index_seek`](super::index_seek).
    pub const INDEX_SEEK: u16 = 0x0114;
    /// [`index_delete`](super::index_delete).
    pub const INDEX_DELETE: u16 = 0x0115;
    /// [`object_create`](super::object_create).
    pub const OBJECT_CREATE: u16 = 0x0120;
    /// [`object_delete`](super::object_delete).
    pub const OBJECT_DELETE: u16 = 0x0121;
    /// [`object_owner`](super::object_owner).
    pub const OBJECT_OWNER: u16 = 0x0122;
    /// [`object_set_owner`](super::object_set_owner).
    pub const OBJECT_SET_OWNER: u16 = 0x0123;
    /// [`object_approve`](super::object_approve).
    pub const OBJECT_APPROVE: u16 = 0x0124;
    /// [`object_get`](super::object_get).
    pub const OBJECT_GET: u16 = 0x0125;
    /// [`object_set`](super::object_set).
    pub const OBJECT_SET: u16 = 0x0126;
    /// [`object_next`](super::object_next).
    pub const OBJECT_NEXT: u16 = 0x0127;
}

/// Compares two signed 64-bit numbers: 0 if equal, 1 if a is the smaller, 2 if a is the larger.
pub fn compare(a: i64, b: i64) -> u8 {
    let mut out = [0];
    call(number::COMPARE, &[&a.to_le_bytes(), &b.to_le_bytes()], &mut out);
    out[0]
}

/// Multiplies two signed 64-bit numbers; the product wraps around.
pub fn mul(a: i64, b: i64) -> i64 {
    let mut out = [0; 8];
    call(number::MUL, &[&a.to_le_bytes(), &b.to_le_bytes()], &mut out);
    i64::from_le_bytes(out)
}

/// Adds two signed 64-bit numbers; the sum wraps around.
pub fn add(a: i64, b: i64) -> i64 {
    let mut out = [0; 8];
    call(number::ADD, &[&a.to_le_bytes(), &b.to_le_bytes()], &mut out);
    i64::from_le_bytes(out)
}

/// Subtracts b from a, signed 64-bit numbers; the difference wraps around.
pub fn sub(a: i64, b: i64) -> i64 {
    let mut out = [0; 8];
    call(number::SUB, &[&a.to_le_bytes(), &b.to_le_bytes()], &mut out);
    i64::from_le_bytes(out)
}

/// Divides a by b, signed 64-bit numbers, rounding toward zero. `None` where nothing is answered.
pub fn div(a: i64, b: i64) -> Option<i64> {
    let mut out = [0; 8];
    let answered = call(number::DIV, &[&a.to_le_bytes(), &b.to_le_bytes()], &mut out) != 0;
    answered.then_some(i64::from_le_bytes(out))
}

/// Hashes data with SHA-256 twice, as the chain hashes its transactions. `None` where nothing is
/// answered.
pub fn hash(data: &[u8]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let answered = call(number::HASH, &[data], &mut out) != 0;
    answered.then_some(out)
}

/// Encrypts or decrypts data with DES or triple DES (keys 1, 2, 1), block by block. Returns its
/// whole length, 0 where nothing is answered.
pub fn des(data: &[u8], key: &[u8], encrypt: bool, out: &mut [u8]) -> usize {
    call(number::DES, &[data, key, &[encrypt.into()]], out)
}

/// Verifies an ECDSA signature over a 32-byte hash, on the curve secp256k1.
pub fn verify(signature: &[u8], public_key: &[u8; 33], hash: &[u8; 32]) -> bool {
    let mut out = [0];
    call(number::VERIFY, &[signature, public_key, hash], &mut out);
    out[0] != 0
}

/// Does nothing; the original reserved it for signing.
pub fn sign() {
    call(number::SIGN, &[], &mut []);
}

/// Prints text to the log of the run, or bytes as hex. A request that the host does not take ends
/// the call.
pub fn print(hex: bool, text: &[u8]) {
    call(number::PRINT, &[&[hex.into()], text], &mut []);
}

/// Reads the contract bytes, the input, of a confirmed transaction. Returns its whole length, 0
/// where nothing is answered.
pub fn tx_contract(tx: &[u8; 32], out: &mut [u8]) -> usize {
    call(number::TX_CONTRACT, &[tx], out)
}

/// Reads who sent a confirmed transaction. `None` where nothing is answered.
pub fn tx_account(tx: &[u8; 32]) -> Option<[u8; 6]> {
    let mut out = [0; 6];
    let answered = call(number::TX_ACCOUNT, &[tx], &mut out) != 0;
    answered.then_some(out)
}

/// Reads the public key of an account. `None` where nothing is answered.
pub fn pubkey(account: &[u8]) -> Option<[u8; 33]> {
    let mut out = [0; 33];
    let answered = call(number::PUBKEY, &[account], &mut out) != 0;
    answered.then_some(out)
}

/// Reads the balance of an account, as it stands during the run. `None` where nothing is answered.
pub fn balance(account: &[u8]) -> Option<i64> {
    let mut out = [0; 8];
    let answered = call(number::BALANCE, &[account], &mut out) != 0;
    answered.then_some(i64::from_le_bytes(out))
}

/// Reads the height of the block that holds a transaction. `None` where nothing is answered.
pub fn tx_height(tx: &[u8; 32]) -> Option<u32> {
    let mut out = [0; 4];
    let answered = call(number::TX_HEIGHT, &[tx], &mut out) != 0;
    answered.then_some(u32::from_le_bytes(out))
}

/// Reads the hash of a block below the one being built. `None` where nothing is answered.
pub fn block_hash(height: u32) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let answered = call(number::BLOCK_HASH, &[&height.to_le_bytes()], &mut out) != 0;
    answered.then_some(out)
}

/// Reads the height of the block being built.
pub fn height() -> u32 {
    let mut out = [0; 4];
    call(number::HEIGHT, &[], &mut out);
    u32::from_le_bytes(out)
}

/// Writes a key of the contract's data, new or not. An empty value removes the key.
pub fn db_write(key: &[u8], value: &[u8]) -> bool {
    if value.is_empty() {
        db_delete(key);
        return true;
    }
    let mut out = [0];
    call(number::DB_WRITE, &[key, value], &mut out);
    out[0] != 0
}

/// Deletes a key of the contract's data: 1 if it was there, 0 if not.
pub fn db_delete(key: &[u8]) -> bool {
    let mut out = [0];
    call(number::DB_DELETE, &[key], &mut out);
    out[0] != 0
}

/// Reads the value of a key of the contract's data. Returns its whole length, 0 where nothing is
/// answered.
pub fn db_read(key: &[u8], out: &mut [u8]) -> usize {
    call(number::DB_READ, &[key], out)
}

/// Counts the keys of the contract's data. `None` where nothing is answered.
pub fn db_size() -> Option<u32> {
    let mut out = [0; 4];
    let answered = call(number::DB_SIZE, &[], &mut out) != 0;
    answered.then_some(u32::from_le_bytes(out))
}

/// Reads the contract's data in the order of its keys: index 0 for the first, 1 for the one after a
/// key. Returns their whole lengths, 0 where nothing is answered.
pub fn db_next(index: u32, after: &[u8], key: &mut [u8], value: &mut [u8]) -> [usize; 2] {
    call_items(number::DB_NEXT, &[&index.to_le_bytes(), after], [key, value])
}

/// Reads the hash of the transaction that is running.
pub fn tx_hash() -> [u8; 32] {
    let mut out = [0; 32];
    call(number::TX_HASH, &[], &mut out);
    out
}

/// Writes over a key of the contract's data that is there already. An empty value removes the key.
pub fn db_modify(key: &[u8], value: &[u8]) -> bool {
    if value.is_empty() {
        return db_delete(key);
    }
    let mut out = [0];
    call(number::DB_MODIFY, &[key, value], &mut out);
    out[0] != 0
}

/// Asks for money to move after the run: from the contract's account to others. A request that the
/// host does not take ends the call.
pub fn output(records: &[[u8; 48]]) {
    for records in records.chunks(85) {
        call(number::OUTPUT, &[records.as_flattened()], &mut []);
    }
}

/// Reads a value of another contract's data. Returns its whole length, 0 where nothing is answered.
pub fn script_data(contract: &[u8; 6], key: &[u8], out: &mut [u8]) -> usize {
    call(number::SCRIPT_DATA, &[contract, key], out)
}

/// Reads the registered id of the contract that is running.
pub fn script_id() -> [u8; 6] {
    let mut out = [0; 6];
    call(number::SCRIPT_ID, &[], &mut out);
    out
}

/// Reads the registered id of the account that sent the transaction.
pub fn tx_sender() -> [u8; 6] {
    let mut out = [0; 6];
    call(number::TX_SENDER, &[], &mut out);
    out
}

/// Reads the input of the call once more. Returns its whole length, 0 where nothing is answered.
pub fn input(out: &mut [u8]) -> usize {
    call(number::INPUT, &[], out)
}

/// Decodes the variable-length numbers of the input. Returns its whole length, 0 where nothing is
/// answered.
pub fn unpack(format: &[u8], out: &mut [u8]) -> usize {
    call(number::UNPACK, &[format], out)
}

/// Decodes the variable-length numbers of a confirmed transaction's input. Returns its whole
/// length, 0 where nothing is answered.
pub fn tx_unpack(format: &[u8], tx: &[u8; 32], out: &mut [u8]) -> usize {
    call(number::TX_UNPACK, &[format, tx], out)
}

/// Reads how much money was sent with the transaction.
pub fn pay_amount() -> i64 {
    let mut out = [0; 8];
    call(number::PAY_AMOUNT, &[], &mut out);
    i64::from_le_bytes(out)
}

/// Reads the free amount of an app account. `None` where nothing is answered.
pub fn app_free(user: &[u8; 41]) -> Option<i64> {
    let mut out = [0; 8];
    let answered = call(number::APP_FREE, &[user], &mut out) != 0;
    answered.then_some(i64::from_le_bytes(out))
}

/// Reads a frozen fund of an app account. `None` where nothing is answered.
pub fn app_frozen(fund: &[u8; 95]) -> Option<i64> {
    let mut out = [0; 8];
    let answered = call(number::APP_FROZEN, &[fund], &mut out) != 0;
    answered.then_some(i64::from_le_bytes(out))
}

/// Asks for app accounts to change after the run. A request that the host does not take ends the
/// call.
pub fn app_operate(records: &[[u8; 95]]) {
    for records in records.chunks(43) {
        call(number::APP_OPERATE, &[records.as_flattened()], &mut []);
    }
}

/// Reads the address of an account as text. `None` where nothing is answered.
pub fn address(account: &[u8; 6]) -> Option<[u8; 34]> {
    let mut out = [0; 34];
    let answered = call(number::ADDRESS, &[account], &mut out) != 0;
    answered.then_some(out)
}

/// Hashes data with SHA-256 once. `None` where nothing is answered.
pub fn sha256_once(data: &[u8]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let answered = call(number::SHA256_ONCE, &[data], &mut out) != 0;
    answered.then_some(out)
}

/// Reads the time of the block being built, in seconds since 1970.
pub fn block_time() -> i64 {
    let mut out = [0; 8];
    call(number::BLOCK_TIME, &[], &mut out);
    i64::from_le_bytes(out)
}

/// Reads the registered id of the caller: the sender of the transaction, or the contract that calls
/// this one.
pub fn caller() -> [u8; 6] {
    let mut out = [0; 6];
    call(number::CALLER, &[], &mut out);
    out
}

/// Calls another contract, which runs to its end before this one goes on. Where nothing is
/// answered, as for too long an input, the status is 0. Returns their whole lengths, 0 where
/// nothing is answered.
pub fn call_contract(call: &[u8; 22], input: &[u8], result: &mut [u8], data: &mut [u8]) -> [usize; 2] {
    result.fill(0);
    call_items(number::CALL_CONTRACT, &[call, input], [result, data])
}

/// Calls another contract that can change nothing: a static call. Where nothing is answered, as for
/// too long an input, the status is 0. Returns their whole lengths, 0 where nothing is answered.
pub fn static_call(call: &[u8; 22], input: &[u8], result: &mut [u8], data: &mut [u8]) -> [usize; 2] {
    result.fill(0);
    call_items(number::STATIC_CALL, &[call, input], [result, data])
}

/// Emits an event, which the receipt keeps where the contract and its callers succeed. A request
/// that the host does not take ends the call.
pub fn emit(event: &[[u8; 32]], data: &[u8]) {
    call(number::EMIT, &[event.as_flattened(), data], &mut []);
}

/// Sets the data that the call returns, to its caller and in the receipt. A request that the host
/// does not take ends the call.
pub fn return_data(data: &[u8]) {
    call(number::RETURN_DATA, &[data], &mut []);
}

/// Ends the run with an exit code other than 1 and an error text for people. A request that the
/// host does not take ends the call.
pub fn fail(code: u8, text: &[u8]) {
    call(number::FAIL, &[&[code], text], &mut []);
}

/// Ends the whole transaction, and undoes all of it. A request that the host does not take ends the
/// call.
pub fn abort(code: u8, text: &[u8]) {
    call(number::ABORT, &[&[code], text], &mut []);
}

/// Says whether the action has the authority of an account: 1 or 0.
pub fn has_auth(account: &[u8; 6]) -> u8 {
    let mut out = [0];
    call(number::HAS_AUTH, &[account], &mut out);
    out[0]
}

/// Has an account notified of the running action, after the contract has run: its contract runs
/// with the same data. A request that the host does not take ends the call.
pub fn notify(account: &[u8; 6]) {
    call(number::NOTIFY, &[account], &mut []);
}

/// Sends an inline action: it is executed after the running one and those who are notified of it. A
/// request that the host does not take ends the call.
pub fn send_action(action: &[u8; 22], authorization: &[[u8; 14]], data: &[u8]) {
    call(number::SEND_ACTION, &[action, authorization.as_flattened(), data], &mut []);
}

/// Sends a context-free inline action, which is executed before the other inline ones. A request
/// that the host does not take ends the call.
pub fn send_context_free(action: &[u8; 22], data: &[u8]) {
    call(number::SEND_CONTEXT_FREE, &[action, data], &mut []);
}

/// Sends an action that is executed in a later block, as a transaction of its own: its first
/// height. `None` where nothing is answered.
pub fn send_deferred(deferred: &[u8; 50], authorization: &[[u8; 14]], data: &[u8]) -> Option<u32> {
    let mut out = [0; 4];
    let answered = call(number::SEND_DEFERRED, &[deferred, authorization.as_flattened(), data], &mut out) != 0;
    answered.then_some(u32::from_le_bytes(out))
}

/// Cancels a deferred action of the contract that waits: 1, or 0 if none has this id.
pub fn cancel_deferred(id: i64) -> bool {
    let mut out = [0];
    call(number::CANCEL_DEFERRED, &[&id.to_le_bytes()], &mut out);
    out[0] != 0
}

/// Finds a key of the contract's data in their order: the first from a bound on, or the last before
/// it. Returns their whole lengths, 0 where nothing is answered.
pub fn db_seek(seek: &[u8; 2], bound: &[u8], key: &mut [u8], value: &mut [u8]) -> [usize; 2] {
    call_items(number::DB_SEEK, &[seek, bound], [key, value])
}

/// Reads keys of the contract's data with their values in their order, as many as are asked for or
/// fit. Returns its whole length, 0 where nothing is answered.
pub fn db_range(range: &[u8; 4], bound: &[u8], end: &[u8], out: &mut [u8]) -> usize {
    call(number::DB_RANGE, &[range, bound, end], out)
}

/// Sets a key of the contract's data, and keeps its entries in indexes of the contract.
pub fn row_write(indexes: &[[u8; 2]], key: &[u8], value: &[u8]) -> bool {
    let mut out = [0];
    call(number::ROW_WRITE, &[indexes.as_flattened(), key, value], &mut out);
    out[0] != 0
}

/// Deletes a key of the contract's data, and its entries in indexes of the contract: 1 if it was
/// there, 0 if not.
pub fn row_delete(indexes: &[[u8; 2]], key: &[u8]) -> bool {
    let mut out = [0];
    call(number::ROW_DELETE, &[indexes.as_flattened(), key], &mut out);
    out[0] != 0
}

/// Finds an entry of an index in their order, by number and then by key: 1 with its row, 2 if the
/// row is gone. Returns their whole lengths, 0 where nothing is answered.
pub fn index_seek(seek: &[u8; 11], bound: &[u8], found: &mut [u8], number: &mut [u8], key: &mut [u8], value: &mut [u8]) -> [usize; 4] {
    call_items(number::INDEX_SEEK, &[seek, bound], [found, number, key, value])
}

/// Deletes an entry of an index of the contract whose row is gone: 1 if it was there, 0 if not.
pub fn index_delete(entry: &[u8; 9], key: &[u8]) -> bool {
    let mut out = [0];
    call(number::INDEX_DELETE, &[entry, key], &mut out);
    out[0] != 0
}

/// Makes an object of the contract, which this account or contract owns: its id. `None` where
/// nothing is answered.
pub fn object_create(owner: &[u8; 6]) -> Option<i64> {
    let mut out = [0; 8];
    let answered = call(number::OBJECT_CREATE, &[owner], &mut out) != 0;
    answered.then_some(i64::from_le_bytes(out))
}

/// Deletes an object of the contract with its fields. 0 where nothing is answered.
pub fn object_delete(id: i64) -> u8 {
    let mut out = [0];
    call(number::OBJECT_DELETE, &[&id.to_le_bytes()], &mut out);
    out[0]
}

/// Reads who owns an object, of any contract, and who else may give it away. Returns their whole
/// lengths, 0 where nothing is answered.
pub fn object_owner(object: &[u8; 14], owner: &mut [u8], approved: &mut [u8]) -> [usize; 2] {
    call_items(number::OBJECT_OWNER, &[object], [owner, approved])
}

/// Gives an object of the contract to another account or contract. 0 where nothing is answered.
pub fn object_set_owner(id: i64, owner: &[u8; 6]) -> u8 {
    let mut out = [0];
    call(number::OBJECT_SET_OWNER, &[&id.to_le_bytes(), owner], &mut out);
    out[0]
}

/// Approves somebody, beside the owner, who may give an object of the contract to another one. 0
/// where nothing is answered.
pub fn object_approve(id: i64, account: &[u8; 6]) -> u8 {
    let mut out = [0];
    call(number::OBJECT_APPROVE, &[&id.to_le_bytes(), account], &mut out);
    out[0]
}

/// Reads a field of an object, of any contract. Returns its whole length, 0 where nothing is
/// answered.
pub fn object_get(object: &[u8; 14], field: &[u8], out: &mut [u8]) -> usize {
    call(number::OBJECT_GET, &[object, field], out)
}

/// Sets a field of an object of the contract, or removes it where no value is given. 0 where
/// nothing is answered.
pub fn object_set(id: i64, field: &[u8], value: &[u8]) -> u8 {
    let mut out = [0];
    call(number::OBJECT_SET, &[&id.to_le_bytes(), field, value], &mut out);
    out[0]
}

/// Finds the objects of an owner that a contract has made, by id: the first, or the one after
/// another. `None` where nothing is answered.
pub fn object_next(owner: &[u8; 6], contract: &[u8; 6], after: i64) -> Option<i64> {
    let mut out = [0; 8];
    let answered = call(number::OBJECT_NEXT, &[owner, contract, &after.to_le_bytes()], &mut out) != 0;
    answered.then_some(i64::from_le_bytes(out))
}
