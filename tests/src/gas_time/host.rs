//! Rows of the host's methods: each with its smallest, its largest and its worst argument, and after the histories
//! that make it dear.

use super::Case;
use super::script::Calls;
use abi::method;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};

/// As many calls as take a fraction of a millisecond at least.
pub(super) const MANY: u32 = 300;
/// As many keys or funds as a transaction can be expected to touch.
pub(super) const HISTORY: u32 = 10_000;
/// The contract's keys: four bytes that are counted, above those that the world has.
pub(super) const KEY: &[u8] = &[0xEE, 0, 0, 0x80];

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut rows = Vec::new();
    refused(&mut rows);
    simple(&mut rows);
    crypto(&mut rows);
    past(&mut rows);
    accounts(&mut rows);
    data(&mut rows);
    next(&mut rows);
    rows
}

/// `MANY` calls of `method`, named by its number, its name and `what`.
pub(super) fn row(method: u16, what: &str, args: &[&[u8]]) -> Case {
    named(method, what, vec![], Calls::new(method, MANY, args))
}

/// The same with four counted bytes at the start of argument `arg`.
pub(super) fn counted(method: u16, what: &str, args: &[&[u8]], arg: usize) -> Case {
    let calls = Calls::new(method, MANY, args).counted(arg, 0);
    named(method, what, vec![], calls)
}

pub(super) fn named(method: u16, what: &str, history: Vec<Calls>, measured: Calls) -> Case {
    let name = method::spec(method).map_or("unknown", |spec| spec.name);
    Case::calls(format!("{method} {name}, {what}"), history, vec![measured])
}

/// Some bytes that begin with `start`.
pub(super) fn long(start: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = start.to_vec();
    bytes.resize(length, 0x51);
    bytes
}

/// Calls that are refused for what stands in the buffer, the same for all methods that look.
fn refused(rows: &mut Vec<Case>) {
    let many_items: Vec<&[u8]> = vec![&[1]; 1300];
    for method in [method::COMPARE, method::TX_UNPACK, method::DB_READ] {
        rows.push(row(method, "1300 arguments", &many_items));
        rows.push(row(
            method,
            "a wrong argument of 4093 bytes",
            &[&long(&[], 4093)],
        ));
        let mut unsound = [1, 0, 1].repeat(1300);
        unsound.splice(0..0, 3900u16.to_le_bytes());
        let last = unsound.len() - 3;
        unsound[last] = 2;
        let calls = Calls::framed(method, MANY, unsound);
        rows.push(named(method, "unsound at its end", vec![], calls));
        let calls = Calls::framed(method, MANY, vec![0xFF; 4097]);
        rows.push(named(method, "unsound at its start", vec![], calls));
    }
}

/// Methods whose work does not grow.
fn simple(rows: &mut Vec<Case>) {
    let number = &[0x35; 8][..];
    for method in [
        method::COMPARE,
        method::MUL,
        method::ADD,
        method::SUB,
        method::DIV,
    ] {
        rows.push(row(method, "two numbers", &[number, number]));
    }
    for method in [
        method::SIGN,
        method::HEIGHT,
        method::TX_HASH,
        method::SCRIPT_ID,
        method::TX_SENDER,
        method::PAY_AMOUNT,
        method::BLOCK_TIME,
        method::DB_SIZE,
    ] {
        rows.push(row(method, "nothing to look at", &[]));
        rows.push(row(method, "a full buffer", &[&long(&[], 4093)]));
        if let Ok(method) = u8::try_from(method) {
            rows.push(Case::mcs51(method));
        }
    }
    rows.push(Case::mcs51(0));
    let filler = Calls::framed(method::SIGN, 0, [1, 2].repeat(1900));
    let calls = Calls::new(method::INPUT, MANY, &[]);
    rows.push(named(
        method::INPUT,
        "3800 bytes",
        vec![filler.clone()],
        calls,
    ));
    for (what, format) in [
        ("1 number", vec![0]),
        ("500 numbers", vec![0; 500]),
        ("3500 single bytes", [6, 250].repeat(14)),
        ("4090 bytes of format", vec![0; 4090]),
        ("unknown at its end", long(&[], 4090)),
    ] {
        let calls = Calls::new(method::UNPACK, MANY, &[&format]);
        rows.push(named(method::UNPACK, what, vec![filler.clone()], calls));
    }
    for length in [1, 4089] {
        let what = format!("{length} bytes");
        rows.push(row(method::PRINT, &what, &[&[0], &long(&[], length)]));
    }
}

fn crypto(rows: &mut Vec<Case>) {
    for method in [method::HASH, method::SHA256_ONCE] {
        for length in [1, 55, 56, 4093] {
            rows.push(row(
                method,
                &format!("{length} bytes"),
                &[&long(&[], length)],
            ));
        }
    }
    for (data, key, flag) in [
        (1, 8, 1),
        (1, 16, 1),
        (1, 16, 0),
        (4000, 8, 1),
        (4000, 16, 1),
        (4000, 16, 0),
    ] {
        let what = format!("{data} bytes, {key}-byte key, {flag}");
        let (data, key) = (long(&[], data), long(&[], key));
        let calls = Calls::new(method::DES, 20, &[&data, &key, &[flag]]);
        rows.push(named(method::DES, &what, vec![], calls));
    }
    let Signed {
        signature,
        key,
        hash,
    } = Signed::new();
    let mut other = hash;
    other[0] ^= 1;
    for (what, signature, hash) in [
        ("a valid signature", signature.clone(), hash),
        ("a wrong hash", signature.clone(), other),
        ("no signature", vec![1], hash),
        ("a valid one and 4000 bytes", long(&signature, 4000), hash),
    ] {
        let calls = Calls::new(method::VERIFY, 5, &[&signature, &key, &hash]);
        rows.push(named(method::VERIFY, what, vec![], calls));
    }
}

/// What the chain knows of its past.
fn past(rows: &mut Vec<Case>) {
    for method in [method::TX_CONTRACT, method::TX_ACCOUNT, method::TX_HEIGHT] {
        rows.push(Case::new(
            format!("{method} {}, a known transaction", name(method)),
            move |world| {
                let calls = Calls::new(method, 20, &[&world.known]);
                Case::calls("", vec![], vec![calls]).prepare(world)
            },
        ));
        rows.push(counted(method, "unknown ones", &[&[7; 32]], 0));
    }
    for format in [vec![0], vec![0; 2000], long(&[], 4050)] {
        rows.push(Case::new(
            format!(
                "30 tx_unpack, a known transaction, {} bytes of format",
                format.len()
            ),
            move |world| {
                let calls = Calls::new(method::TX_UNPACK, 20, &[&format, &world.known]);
                Case::calls("", vec![], vec![calls]).prepare(world)
            },
        ));
    }
    rows.push(counted(
        method::TX_UNPACK,
        "unknown ones",
        &[&[0], &[7; 32]],
        1,
    ));
    for height in [1u32, 2, 100] {
        let what = format!("height {height}");
        rows.push(row(method::BLOCK_HASH, &what, &[&height.to_le_bytes()]));
    }
}

fn name(method: u16) -> &'static str {
    method::spec(method).map_or("unknown", |spec| spec.name)
}

fn accounts(rows: &mut Vec<Case>) {
    for method in [method::PUBKEY, method::BALANCE, method::ADDRESS] {
        for (what, contract) in [("the sender", false), ("the contract", true)] {
            rows.push(Case::new(
                format!("{method} {}, {what}", name(method)),
                move |world| {
                    let id = if contract { world.script } else { world.payer };
                    let calls = Calls::new(method, MANY, &[&id]);
                    Case::calls("", vec![], vec![calls]).prepare(world)
                },
            ));
        }
        rows.push(counted(method, "unknown ids", &[&[0, 0, 0, 0x70, 1, 0]], 0));
        if method != method::ADDRESS {
            let address = hostapi::network::Network::Test.address(&[9; 20]);
            rows.push(row(method, "an unknown address", &[address.as_bytes()]));
            // The number counted stands among the characters: no address with a right checksum.
            rows.push(counted(method, "no addresses", &[&[b'm'; 34]], 0));
        }
    }
}

fn data(rows: &mut Vec<Case>) {
    let long_key = long(KEY, 4000);
    for (what, key) in [("new keys", KEY), ("new keys of 4000 bytes", &long_key)] {
        rows.push(counted(method::DB_WRITE, what, &[key, &[1]], 0));
    }
    rows.push(counted(
        method::DB_WRITE,
        "new values of 4000 bytes",
        &[KEY, &long_key],
        0,
    ));
    rows.push(row(method::DB_WRITE, "the same again", &[KEY, &[1]]));
    rows.push(row(method::DB_WRITE, "4000 bytes again", &[KEY, &long_key]));
    rows.push(counted(
        method::DB_WRITE,
        "another value each time",
        &[KEY, &[1; 8]],
        1,
    ));
    let wrote = |length| Calls::new(method::DB_WRITE, 1, &[KEY, &long(&[], length)]);
    for method in [method::DB_READ, method::SCRIPT_DATA] {
        let own = |what: &str, history: Vec<Calls>, key: &[u8], counts: bool| {
            let (key, history) = (key.to_vec(), history.clone());
            Case::new(format!("{method} {}, {what}", name(method)), move |world| {
                let args: &[&[u8]] = match method {
                    method::DB_READ => &[&key],
                    _ => &[&world.script, &key],
                };
                let calls = Calls::new(method, MANY, args);
                let calls = if counts {
                    calls.counted(args.len() - 1, 0)
                } else {
                    calls
                };
                Case::calls("", history.clone(), vec![calls]).prepare(world)
            })
        };
        rows.push(own("a small value", vec![wrote(1)], KEY, false));
        rows.push(own("4000 bytes", vec![wrote(4000)], KEY, false));
        rows.push(own("stored keys", vec![], &[0, 1, 0, 0], true));
        rows.push(own("missing keys", vec![], KEY, true));
        rows.push(own("missing keys of 4000 bytes", vec![], &long_key, true));
    }
    let unknown = &[0, 0, 0, 0x70, 1, 0][..];
    rows.push(counted(
        method::SCRIPT_DATA,
        "unknown contracts",
        &[unknown, KEY],
        0,
    ));
    let absent = vec![Calls::new(method::DB_WRITE, HISTORY, &[&long_key, &[1]]).counted(0, 3990)];
    let read = Calls::new(method::DB_READ, 10 * MANY, &[&long_key]).counted(0, 3990);
    let what = "among 10000 keys that differ at their ends only";
    rows.push(named(method::DB_READ, what, absent, read));
    rows.push(counted(method::DB_DELETE, "missing keys", &[KEY], 0));
    rows.push(counted(
        method::DB_DELETE,
        "missing keys of 4000 bytes",
        &[&long_key],
        0,
    ));
    rows.push(counted(
        method::DB_DELETE,
        "stored keys",
        &[&[0, 1, 0, 0]],
        0,
    ));
    let new = |times| Calls::new(method::DB_WRITE, times, &[KEY, &[1]]).counted(0, 0);
    let delete = Calls::new(method::DB_DELETE, MANY, &[KEY]).counted(0, 0);
    rows.push(named(
        method::DB_DELETE,
        "new keys",
        vec![new(MANY)],
        delete,
    ));
    rows.push(counted(method::DB_MODIFY, "missing keys", &[KEY, &[1]], 0));
    rows.push(counted(
        method::DB_MODIFY,
        "stored keys",
        &[&[0, 1, 0, 0], &[1; 8]],
        0,
    ));
    rows.push(counted(
        method::DB_MODIFY,
        "missing keys of 4000 bytes",
        &[&long_key, &[1]],
        0,
    ));
    let modify = Calls::new(method::DB_MODIFY, MANY, &[KEY, &long_key[4..]]);
    rows.push(named(
        method::DB_MODIFY,
        "4000 bytes again",
        vec![wrote(4000)],
        modify,
    ));
}

fn next(rows: &mut Vec<Case>) {
    // Many, so that they stand out from the history.
    const TIMES: u32 = 3_000;
    let after = |key: &[u8]| Calls::new(method::DB_NEXT, TIMES, &[&[1, 0, 0, 0], key]);
    let new = |keys| Calls::new(method::DB_WRITE, keys, &[KEY, &[1]]).counted(0, 0);
    let delete = |keys| Calls::new(method::DB_DELETE, keys, &[KEY]).counted(0, 0);
    let read = Calls::new(method::DB_READ, HISTORY, &[KEY]).counted(0, 0);
    let stored = Calls::new(method::DB_DELETE, HISTORY, &[&[0; 4]]).counted(0, 0);
    let n = method::DB_NEXT;
    let first = || Calls::new(n, TIMES, &[&[0; 4]]);
    rows.push(named(n, "the first", vec![], first()));
    rows.push(named(
        n,
        "each stored key",
        vec![],
        after(&[0, 1, 0, 0]).counted(1, 0),
    ));
    rows.push(named(
        n,
        "each once more",
        vec![after(&[0, 1, 0, 0]).counted(1, 0)],
        after(&[0, 1, 0, 0]).counted(1, 0),
    ));
    rows.push(named(n, "behind the last", vec![], after(&[0xFF; 4])));
    rows.push(named(
        n,
        "behind the last, 4000 bytes",
        vec![],
        after(&long(&[0xFF], 4000)),
    ));
    rows.push(named(
        n,
        "10000 keys written",
        vec![new(HISTORY)],
        after(KEY),
    ));
    rows.push(named(
        n,
        "10000 keys written, each",
        vec![new(HISTORY)],
        after(KEY).counted(1, 0),
    ));
    for keys in [1_000, HISTORY] {
        let what = format!("{keys} keys written and deleted");
        let history = vec![new(keys), delete(keys)];
        rows.push(named(n, &what, history, after(KEY)));
    }
    rows.push(named(n, "10000 missing keys read", vec![read], after(KEY)));
    rows.push(named(
        n,
        "10000 stored keys deleted",
        vec![stored.clone()],
        first(),
    ));
    rows.push(named(n, "10000 stored keys deleted, each", vec![stored], {
        after(&[0; 4]).counted(1, 0)
    }));
    let value = Calls::new(method::DB_WRITE, 1, &[&[0], &long(&[], 4000)]);
    rows.push(named(n, "a value of 4000 bytes", vec![value], first()));
}

/// A signature that is valid.
struct Signed {
    signature: Vec<u8>,
    key: Vec<u8>,
    hash: [u8; 32],
}

impl Signed {
    fn new() -> Signed {
        let hash = [0x51; 32];
        let secret = SigningKey::from_slice(&[0x51; 32]).expect("a number below the order");
        let signature: Signature = secret.sign_prehash(&hash).expect("a hash of 32 bytes");
        Signed {
            signature: signature.to_der().as_bytes().to_vec(),
            key: secret
                .verifying_key()
                .to_sec1_point(true)
                .as_bytes()
                .to_vec(),
            hash,
        }
    }
}
