//! The token sample in Rust. It makes the very host calls of `token.c`, which tells what it does.

#![no_std]

use smart51_sdk::{contract, db_read, db_write, exit, input, print, tx_sender};

contract!(token);

const MINT: u8 = 1;
const TRANSFER: u8 = 2;
const BALANCE: u8 = 3;

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

fn mint(sender: &Account, account: &Account, amount: i64) {
    let mut owner = Account::default();
    if db_read(b"owner", &mut owner) == 0 {
        db_write(b"owner", sender);
    } else if owner != *sender {
        exit(NOT_OWNER);
    }
    let Some(total) = load(b"total").checked_add(amount) else {
        exit(TOO_MUCH)
    };
    save(b"total", total);
    credit(account, amount);
}

fn transfer(sender: &Account, account: &Account, amount: i64) {
    let balance = load(sender);
    if balance < amount {
        exit(TOO_LITTLE);
    }
    save(sender, balance - amount);
    credit(account, amount);
}

fn token() {
    let mut request = [0; 15];
    let length = input(&mut request);
    let [action, a, b, c, d, e, f, amount @ ..] = request;
    let account = [a, b, c, d, e, f];
    if action == BALANCE && length == 7 {
        print(true, &load(&account).to_le_bytes());
        return;
    }
    let amount = i64::from_le_bytes(amount);
    if length != request.len() || amount <= 0 {
        exit(WRONG_INPUT);
    }
    let sender = tx_sender();
    match action {
        MINT => mint(&sender, &account, amount),
        TRANSFER => transfer(&sender, &account, amount),
        _ => exit(WRONG_INPUT),
    }
}
