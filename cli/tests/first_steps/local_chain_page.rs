//! docs/local-chain.md tells the truth.

use super::common::Dir;
use super::page;

/// docs/local-chain.md shows what its commands print.
#[test]
fn the_page_on_the_local_chain_holds() {
    let text = include_str!("../../../docs/local-chain.md");
    let dir = Dir::new();
    for name in ["token", "counter", "exchange"] {
        dir.write(
            &format!("{name}.ihx"),
            firmware_samples::sample(name).unwrap().image,
        );
    }
    let (_, example) = text.split_once("```json\n").unwrap();
    dir.write("context.json", example.split_once("```").unwrap().0);
    assert!(page::holds("local-chain.md", &dir) > 10);
}

/// docs/actions.md shows what its commands print.
#[test]
fn the_page_on_actions_holds() {
    let dir = Dir::new();
    for name in ["wallet", "standing_order"] {
        let sample = firmware_samples::sample(name).unwrap();
        dir.write(&format!("{name}.ihx"), sample.image);
    }
    dir.write(
        "start.toml",
        "[[action]]\naccount = \"order\"\nname = \"fill\"\nvalue = 1_000_000\n\n\
         [[action]]\naccount = \"order\"\nname = \"start\"\ndata = [\"regid:bobs\", \"u64:30\", \"u32:2\"]\n",
    );
    dir.write(
        "pay.toml",
        "[[action]]\naccount = \"wallet\"\nname = \"own\"\n\n\
         [[action]]\naccount = \"wallet\"\nname = \"receive\"\nvalue = 100\n\n\
         [[action]]\naccount = \"wallet\"\nname = \"pay\"\ndata = [\"regid:bobs\", \"u64:30\"]\n",
    );
    assert!(page::holds("actions.md", &dir) > 3);
}

/// The names in backquotes in the first column of the rows after `heading` of the page on the local chain.
fn listed_after(heading: &str) -> Vec<&'static str> {
    let text = include_str!("../../../docs/local-chain.md");
    let (_, rows) = text.split_once(&format!("| {heading} |")).unwrap();
    let rows = rows
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("| "));
    let mut names: Vec<_> = rows
        .flat_map(|row| {
            row[2..]
                .split(" | ")
                .next()
                .unwrap()
                .split('`')
                .skip(1)
                .step_by(2)
        })
        .collect();
    names.sort_unstable();
    names
}

/// The page on the local chain has a row for each field of a context.
#[test]
fn every_field_of_a_context_is_documented() {
    let source = include_str!("../../../chain/verify/src/recording/format.rs");
    let (_, fields) = source.split_once("pub struct Context {").unwrap();
    let (fields, _) = fields.split_once("\n}").unwrap();
    let fields = fields
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub "));
    let mut fields: Vec<&str> = fields
        .map(|field| field.split(':').next().unwrap())
        .collect();
    fields.sort_unstable();
    assert!(fields.len() > 15);
    assert_eq!(listed_after("field"), fields);
}

/// The page on the local chain has every key of a receipt in JSON.
#[test]
fn every_key_of_a_receipt_is_documented() {
    let dir = Dir::new();
    let made = ["account", "new", "amy", "--store", "chain"];
    dir.run(&made).ok();
    let block = ["block", "1", "--store", "chain", "--json"];
    let block = dir.run(&block).ok().json();
    let receipt = block["receipts"][0].as_object().unwrap();
    let mut keys: Vec<&str> = receipt.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert!(keys.len() > 20, "{keys:?}");
    assert_eq!(listed_after("`--json`"), keys);
}

/// The page on the local chain has a row for each name of a fault.
#[test]
fn every_name_of_a_fault_is_documented() {
    let mut names = Vec::new();
    for source in [
        include_str!("../../../bridge/src/outcome.rs"),
        include_str!("../../../hostapi/src/host.rs"),
    ] {
        let faults = source.lines().filter(|line| {
            ["Fault::", "HostFault::", "Trap::"]
                .iter()
                .any(|path| line.trim().starts_with(path))
        });
        let quoted = faults.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
        names.extend(quoted.filter(|name| !name.contains(' ')));
    }
    names.sort_unstable();
    assert!(names.len() > 15, "{names:?}");
    assert_eq!(listed_after("fault"), names);
}

/// A misspelt field of a context is not passed over in silence.
#[test]
fn an_unknown_field_of_a_context_is_told() {
    let dir = Dir::new();
    dir.write(
        "counter.ihx",
        firmware_samples::sample("counter").unwrap().image,
    );
    let run = |context: &str| {
        dir.write("context.json", context);
        dir.run(&["run", "counter.ihx", "--context", "context.json"])
    };
    let known = run(r#"{"height": 7, "tx": {"pay_amount": 1}}"#).ok();
    assert_eq!(known.stderr, "");
    let misspelt = run(r#"{"heigth": 7, "tx": {"amount": 1}}"#).ok();
    assert_eq!(
        misspelt.stderr,
        "context.json: there is no field `heigth`; it does nothing\n\
         context.json: there is no field `tx.amount`; it does nothing\n"
    );
    assert_eq!(run("{} {}").status, 2);
}

/// docs/gas.md shows what its commands print.
#[test]
fn the_page_on_gas_holds() {
    assert!(page::holds("gas.md", &Dir::new()) > 8);
}
