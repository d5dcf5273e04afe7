//! The token sample in Rust. It makes the very host calls of `token.c`, which tells what it does.

#![no_std]

use smart51_sdk::{
    caller, contract, db_delete, db_read, db_write, exit, input, print, return_data,
};

contract!(token);

const MINT: u8 = 1;
const TRANSFER: u8 = 2;
const BALANCE: u8 = 3;
const APPROVE: u8 = 4;
const TAKE: u8 = 5;

const WRONG_INPUT: u8 = 2;
const NOT_OWNER: u8 = 3;
const TOO_LITTLE: u8 = 4;
const TOO_MUCH: u8 = 5;

type Account = [u8; 6];

/// A number of the contract's data, 0 if it is not there.
fn load(key: &[u8]) -> i64 {
    let mut value = [0; 8];
    db_read(key, &mut value);
    i64::from_le_bytes(value)
}

fn save(key: &[u8], value: i64) {
    db_write(key, &value.to_le_bytes());
}

/// A balance cannot overflow: it is at most the total, which `mint` keeps below 2^63.
fn credit(account: &Account, amount: i64) {
    save(account, load(account).wrapping_add(amount));
}

fn mint(caller: &Account, account: &Account, amount: i64) {
    let mut owner = Account::default();
    if db_read(b"owner", &mut owner) == 0 {
        db_write(b"owner", caller);
    } else if owner != *caller {
        exit(NOT_OWNER);
    }
    let Some(total) = load(b"total").checked_add(amount) else {
        exit(TOO_MUCH)
    };
    save(b"total", total);
    credit(account, amount);
}

fn transfer(caller: &Account, account: &Account, amount: i64) {
    let balance = load(caller);
    if balance < amount {
        exit(TOO_LITTLE);
    }
    save(caller, balance - amount);
    credit(account, amount);
}

/// Two accounts: the first lets the second take something.
fn allowance(owner: &Account, taker: &Account) -> [u8; 12] {
    let mut key = [0; 12];
    key[..6].copy_from_slice(owner);
    key[6..].copy_from_slice(taker);
    key
}

fn set_allowance(key: &[u8; 12], amount: i64) {
    if amount == 0 {
        db_delete(key);
    } else {
        save(key, amount);
    }
}

fn take(caller: &Account, account: &Account, amount: i64) {
    let key = allowance(account, caller);
    let left = load(&key) - amount;
    if left < 0 {
        exit(TOO_LITTLE);
    }
    set_allowance(&key, left);
    transfer(account, caller, amount);
}

fn token() {
    let mut request = [0; 15];
    let length = input(&mut request);
    let [action, a, b, c, d, e, f, amount @ ..] = request;
    let account = [a, b, c, d, e, f];
    if action == BALANCE && length == 7 {
        let balance = load(&account).to_le_bytes();
        print(true, &balance);
        return_data(&balance);
        return;
    }
    let amount = i64::from_le_bytes(amount);
    if length != request.len() || amount < i64::from(action != APPROVE) {
        exit(WRONG_INPUT);
    }
    let caller = caller();
    match action {
        MINT => mint(&caller, &account, amount),
        TRANSFER => transfer(&caller, &account, amount),
        APPROVE => set_allowance(&allowance(&caller, &account), amount),
        TAKE => take(&caller, &account, amount),
        _ => exit(WRONG_INPUT),
    }
}
