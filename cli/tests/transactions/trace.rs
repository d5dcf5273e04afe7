//! `smart51 trace`.

use super::tree::with_symbols;
use super::{Dir, EMPTY, SWAP, exchange, on_chain};
use chain::Receipt;
use serde_json::Value;
use state::keys::{self, Hash};
use state::{Batch, SledStore, StateStore};

/// The id of the transaction in the block at this height.
fn id_at(dir: &Dir, height: u32) -> String {
    let block = on_chain(dir, &format!("block {height} --json")).ok().json();
    let id = block["receipts"][0]["transaction"].as_str().expect("an id");
    id.to_owned()
}

fn hash(id: &str) -> Hash {
    let bytes = hex::decode(id).expect("hex");
    bytes.try_into().expect("32 bytes")
}

/// Changes the store behind the program's back.
fn commit(dir: &Dir, batch: Batch) {
    let store = SledStore::existing(&dir.path("chain")).expect("a store");
    store.commit(batch).expect("written");
}

fn export(dir: &Dir) -> Vec<u8> {
    on_chain(dir, "state export all.state").ok();
    dir.read("all.state")
}

/// Transactions of all kinds come out as the chain has them, wherever they lie below the newest block, and the store
/// stays as it was.
#[test]
fn each_transaction_comes_out_again() {
    let dir = exchange();
    dir.write("w.wat", EMPTY);
    dir.write(
        "actions.toml",
        "[[action]]\naccount = \"gold\"\ndata = [\"u8:2\", \"regid:bob\", \"u64:1\"]\n\
         [[action]]\naccount = \"w\"\n",
    );
    let fails = format!("{SWAP} --gas 40000");
    for (words, status) in [
        ("account new bob", 0),
        ("transfer alice bob 1000000", 0),
        ("deploy w.wat --from alice --name w", 0),
        ("upgrade w token.ihx --from alice", 0),
        ("upgrade w w.wat --from alice --init u8:9", 0),
        (SWAP, 0),
        (&fails, 1),
        ("transact actions.toml --from alice", 0),
        ("deploy w.wat --from alice --name old", 0),
        ("undeploy old --from alice", 0),
        (
            "deploy token.ihx --from alice --semantics dacrs2017 --name d",
            0,
        ),
        ("call d --from alice", 1),
        ("chain mine 2", 0),
    ] {
        let ran = on_chain(&dir, words);
        assert_eq!(ran.status, status, "{words}: {}", ran.all());
    }
    let before = export(&dir);
    let newest = on_chain(&dir, "block --json").ok().json()["height"]
        .as_u64()
        .expect("a height");
    let mut traced = 0;
    for height in 1..=newest {
        let block = on_chain(&dir, &format!("block {height} --json"))
            .ok()
            .json();
        for receipt in block["receipts"].as_array().expect("receipts") {
            let id = receipt["transaction"].as_str().expect("an id");
            let report = on_chain(&dir, &format!("trace {id} --json")).ok().json();
            assert_eq!(report["equal"], true, "{height}: {report}");
            assert_eq!(report["receipt_hash"], receipt["receipt_hash"]);
            assert_eq!(report["stored_receipt_hash"], receipt["receipt_hash"]);
            assert_eq!(report["taken_back"], newest - height + 1);
            assert!(report["read"].is_null() && report["written"].is_null());
            traced += 1;
        }
    }
    assert!(traced > 17, "{traced}");
    assert!(export(&dir) == before, "the store has changed");
}

/// Host calls stand in the tree; with `--rwset` there is each key read and written, with its values.
#[test]
fn a_trace_shows_calls_and_what_was_read_and_written() {
    let dir = exchange();
    on_chain(&dir, SWAP).ok();
    on_chain(&dir, SWAP).ok();
    let id = id_at(&dir, 10);
    let plain = on_chain(&dir, &format!("trace {id}")).ok().stdout;
    assert!(
        plain.contains("\ncalls          db_read(706f6f6c) = ["),
        "{plain}"
    );
    assert!(!plain.contains("\nread  ") && !plain.contains("\nwrote  "));
    assert!(plain.ends_with(
        "executed     on block 9 with 2 taken back, after 0 of its own block\n\
         receipt      equal to the stored one, byte for byte\n"
    ));
    let text = on_chain(&dir, &format!("trace {} --rwset", &id[..8]))
        .ok()
        .stdout;
    for line in [
        // Alice had 1,000,000 gold less 100,000 in the pool, and gives 10,000.
        "read         data of gold 2-0 010000000000 = a0bb0d0000000000",
        "wrote        data of gold 2-0 010000000000 = 90940d0000000000, was a0bb0d0000000000",
        "read         key id of alice 1-0 = 95f2e77646de4902fd8220d84992e3f3e8ff54d8",
    ] {
        assert!(
            text.lines().any(|shown| shown == line),
            "no {line:?} in {text}"
        );
    }
    let report = on_chain(&dir, &format!("trace {id} --rwset --json"))
        .ok()
        .json();
    let is = |row: &&Value| row["is"] == "data of gold 2-0 010000000000";
    let rows = |key: &str| report[key].as_array().expect("rows").clone();
    let written = rows("written");
    let row = written.iter().find(is).expect("it is written");
    assert_eq!(
        (&row["before"], &row["after"]),
        (&"a0bb0d0000000000".into(), &"90940d0000000000".into())
    );
    assert_eq!(row["key"], "64020000000000010000000000");
    let read = rows("read");
    assert_eq!(read.iter().filter(is).count(), 1);
    // Nothing of the block itself is in it.
    assert!(written.iter().all(|row| row["is"] != "chain's head"));
}

/// A receipt that does not come out again is said on both streams, with the lines that differ.
#[test]
fn a_receipt_that_differs_is_loud() {
    let dir = exchange();
    on_chain(&dir, SWAP).ok();
    let id = id_at(&dir, 10);
    let key = keys::receipt(&hash(&id));
    let stored = {
        let store = SledStore::existing(&dir.path("chain")).expect("a store");
        store.get(&key).expect("read").expect("a receipt")
    };
    let mut receipt = Receipt::decode(&stored).expect("a receipt");
    receipt.fee += 1;
    commit(&dir, Batch::from([(key.to_vec(), Some(receipt.encode()))]));
    let ran = on_chain(&dir, &format!("trace {id}"));
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr
            .starts_with("error: the transaction does not come out"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("`smart51 state check`"));
    assert!(
        ran.stdout
            .contains("\nDIFFERS      the receipt is not the stored one"),
        "{}",
        ran.stdout
    );
    let differing = format!(
        "\nstored       cost         {} gas less 0 given back, fee {}\n",
        receipt.gas, receipt.fee
    );
    assert!(ran.stdout.ends_with(&differing), "{}", ran.stdout);
    let report = on_chain(&dir, &format!("trace {id} --json")).json();
    assert_eq!(report["equal"], false);
    assert_ne!(report["receipt_hash"], report["stored_receipt_hash"]);
}

/// Where an undo record is missing, it is said how far back they reach, and what can be traced all the same.
#[test]
fn undo_records_that_end_say_how_far_they_reach() {
    let dir = exchange();
    commit(&dir, Batch::from([(keys::undo(6).to_vec(), None)]));
    on_chain(&dir, &format!("trace {}", id_at(&dir, 7))).ok();
    for height in [6, 2] {
        let ran = on_chain(&dir, &format!("trace {}", id_at(&dir, height)));
        assert_eq!(ran.status, 3, "{}", ran.all());
        for said in [
            "that of block 6 is missing",
            "blocks 7 to 9 can be traced",
            "`smart51 state check`",
        ] {
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
    }
    commit(
        &dir,
        Batch::from([(keys::undo(9).to_vec(), Some(vec![1, 2, 3]))]),
    );
    let ran = on_chain(&dir, &format!("trace {}", id_at(&dir, 9)));
    assert!(
        ran.stderr.contains("no transaction can be traced"),
        "{}",
        ran.stderr
    );
}

/// An image that the store lacks is asked for, and taken from disk.
#[test]
fn an_image_that_the_store_lacks_is_named() {
    let dir = exchange();
    with_symbols(&dir);
    let deployed = on_chain(&dir, "block 4 --json").ok().json();
    let code = deployed["receipts"][0]["code_hash"]
        .as_str()
        .expect("a hash");
    commit(
        &dir,
        Batch::from([(keys::code(&hash(code)).to_vec(), None)]),
    );
    let id = id_at(&dir, 4);
    let ran = on_chain(&dir, &format!("trace {id}"));
    assert_eq!(ran.status, 2, "{}", ran.all());
    let said = format!(
        "the image {code}, which the transaction sets, is not in the store: name its file with --image"
    );
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    let ran = on_chain(&dir, &format!("trace {id} --image exchange.ihx")).ok();
    assert!(ran.stdout.ends_with("byte for byte\n") && ran.stderr.is_empty());
    // The same option shows the place of a fault.
    let fails = on_chain(
        &dir,
        "call gold --from alice --input u8:3 --input regid:alice --gas 17000 --json",
    )
    .json();
    let id = fails["transaction"].as_str().expect("an id");
    let text = on_chain(&dir, &format!("trace {id} --image token.ihx"))
        .ok()
        .stdout;
    assert!(
        text.contains("\ncalls          at CODE 0x") && text.contains(" in move, token.c:77\n"),
        "{text}"
    );
}

/// Ids that name no transaction say what to do.
#[test]
fn a_trace_of_nothing_says_so() {
    let dir = exchange();
    for (id, said) in [
        ("00", "there is no transaction 00"),
        ("0", "`0` is no transaction id"),
        ("", "give more digits"),
    ] {
        let ran = dir.run(&["trace", id, "--store", "chain"]);
        assert_eq!((ran.status, &*ran.stdout), (2, ""), "{id}");
        assert!(ran.stderr.contains(said), "{id}: {}", ran.stderr);
    }
}
