//! Our bytes of values and of contracts are those of eosjs and of wharfkit, and their values are
//! ours: on random types and values, and on the contracts of others. `SMART51_ABI_VALUES` says on
//! how many values; `make long` takes 10,000.

use contract::{Codec, Contract};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tests::rng::Rng;
use tests::typed::judges::{Asked, Judges};
use tests::typed::random;

const PAGE: &str = include_str!("../../docs/contract-json.md");

/// What a judge says differently: who, a type of the contract below, a value, the bytes that we
/// give it and the JSON or the sentence that the judge has instead. The page has a row for each.
const DIFFERENT: &[(&str, &str, &str, &str, &str)] = &[
    ("eosjs", "bytes", "\"00ff\"", "0200ff", "\"00FF\""),
    (
        "eosjs",
        "uint8[3]",
        "[1, 2, 3]",
        "010203",
        "Unknown type: uint8[3]",
    ),
    ("eosjs", "float64", "\"NaN\"", "000000000000f87f", "null"),
    (
        "eosjs",
        "time_point",
        "\"1970-01-01T00:00:00.000001\"",
        "0100000000000000",
        "\"1970-01-01T00:00:00.000\"",
    ),
    (
        "eosjs",
        "time_point_sec",
        "\"1970-01-01T00:00:01\"",
        "01000000",
        "\"1970-01-01T00:00:01.000\"",
    ),
    ("eosjs", "string", "\"\u{feff}a\"", "04efbbbf61", "\"a\""),
    (
        "eosjs",
        "symbol",
        "\"0,\"",
        "0000000000000000",
        "Invalid symbol",
    ),
    ("wharfkit", "uint64", "\"7\"", "0700000000000000", "7"),
    (
        "wharfkit",
        "float32",
        "0.10000000149011612",
        "cdcccc3d",
        "\"0.1000000\"",
    ),
    ("wharfkit", "float64", "0.5", "000000000000e03f", "\"0.5\""),
    (
        "wharfkit",
        "float128",
        "\"000102030405060708090a0b0c0d0e0f\"",
        "000102030405060708090a0b0c0d0e0f",
        "\"0x000102030405060708090a0b0c0d0e0f\"",
    ),
    ("wharfkit", "uint8[][]", "[[1]]", "010101", "Unknown type"),
    ("wharfkit", "uint8?[]", "[7]", "010107", "Unknown type"),
    ("wharfkit", "uint8[3]", "[1, 2, 3]", "010203", "[2]"),
    (
        "wharfkit",
        "open",
        "{\"a\": 1}",
        "01",
        "{\"a\":1,\"b\":null}",
    ),
    (
        "wharfkit",
        "time_point",
        "\"1970-01-01T00:00:00.000001\"",
        "0100000000000000",
        "\"1970-01-01T00:00:00.000\"",
    ),
    ("wharfkit", "string", "\"\u{feff}a\"", "04efbbbf61", "\"a\""),
];

/// The judges, or why they are not asked: said aloud.
fn judges() -> Option<&'static Judges> {
    // Once, for all tests: they are brought into one folder.
    static JUDGES: LazyLock<Result<Judges, String>> =
        LazyLock::new(|| Judges::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi-judges")));
    match &*JUDGES {
        Ok(judges) => Some(judges),
        Err(why) => {
            eprintln!("SKIPPED: eosjs and @wharfkit/antelope are not asked: {why}");
            None
        }
    }
}

/// What of a type a judge does not know: text of types that are in it, also those of others.
fn is_unknown(judge: &str, codec: &Codec, of: &str) -> bool {
    let contract = codec.contract();
    let unknown = match judge {
        // One such type anywhere, and it takes nothing of the contract.
        "eosjs" => of.contains("[3]") || contract.to_json().contains("[3]"),
        // It takes one suffix of each kind, the list first, and reads a length where there is none.
        _ => of.contains("[][]") || of.contains("?[") || of.contains("[3]") || of.ends_with("][]"),
    };
    let mut name = of;
    while let Some(inner) = ["[]", "[3]", "?", "$"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
    {
        name = inner;
    }
    let mut parts: Vec<&str> = Vec::new();
    // Names of types that are built in end with digits too.
    for name in [of, name] {
        let types = contract
            .types
            .iter()
            .filter(|def| def.new_type_name == name);
        parts.extend(types.map(|def| def.r#type.as_str()));
        for def in contract.structs.iter().filter(|def| def.name == name) {
            parts.extend(def.fields.iter().map(|field| field.r#type.as_str()));
            parts.push(&def.base);
        }
        let variants = contract.variants.iter().filter(|def| def.name == name);
        parts.extend(variants.flat_map(|def| def.types.iter().map(String::as_str)));
    }
    parts.retain(|part| *part != of && !part.is_empty());
    unknown || parts.into_iter().any(|part| is_unknown(judge, codec, part))
}

fn asked(rng: &mut Rng) -> (Contract, Codec, Asked) {
    let contract = random::contract(rng);
    let codec = Codec::new(&contract).expect("it is sound");
    let own = (0..random::TYPES).map(|at| format!("t{at}"));
    let built_in = random::BUILT_IN.iter().map(|of| (*of).to_owned());
    let values = own.chain(built_in).map(|of| {
        let value = random::value(rng, &codec, &of);
        let bytes = codec
            .encode(&of, &value)
            .unwrap_or_else(|error| panic!("{error}: {value}"));
        assert_eq!(codec.decode(&of, &bytes).as_ref(), Ok(&value), "{of}");
        (of, value, bytes)
    });
    let values = values.collect();
    let asked = Asked {
        abi: contract.to_value(),
        binary: contract.to_bytes(),
        values,
    };
    (contract, codec, asked)
}

#[test]
fn values_have_the_bytes_that_others_give_them() {
    let Some(judges) = judges() else { return };
    let wanted = std::env::var("SMART51_ABI_VALUES").ok();
    let wanted = wanted.map_or(400, |count| count.parse().expect("a number"));
    let mut rng = Rng::new(0x51AB1);
    let mut compared: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut count = 0;
    while count < wanted {
        let all: Vec<_> = (0..20).map(|_| asked(&mut rng)).collect();
        let questions: Vec<Asked> = all.iter().map(|(.., asked)| asked.clone()).collect();
        let answers = judges.ask(&questions).expect("answers");
        for ((_, codec, asked), answer) in all.iter().zip(answers) {
            for ((of, value, bytes), answer) in asked
                .values
                .iter()
                .zip(answer["values"].as_array().expect("a list"))
            {
                let mut judged = 0;
                for judge in ["eosjs", "wharfkit"] {
                    if is_unknown(judge, codec, of) {
                        continue;
                    }
                    let context = || {
                        format!(
                            "{judge} {of} {value} {}\n{answer}\n{}",
                            hex::encode(bytes),
                            asked.abi
                        )
                    };
                    let said = &answer[judge];
                    assert_eq!(said["encoded"], json!(hex::encode(bytes)), "{}", context());
                    let decoded = said["decoded"]
                        .get("value")
                        .unwrap_or_else(|| panic!("{}", context()));
                    assert_eq!(
                        codec.encode(of, decoded).as_ref(),
                        Ok(bytes),
                        "{}",
                        context()
                    );
                    let kind = if of.starts_with('t') && of.len() == 2 {
                        "own"
                    } else {
                        "built in"
                    };
                    *compared.entry((judge, kind)).or_default() += 1;
                    judged += 1;
                }
                count += judged / 2;
            }
        }
    }
    println!("values compared: {compared:?}");
    for kind in [
        ("eosjs", "own"),
        ("eosjs", "built in"),
        ("wharfkit", "own"),
        ("wharfkit", "built in"),
    ] {
        assert!(compared[&kind] * 10 > count, "{compared:?}");
    }
}

/// The contract without what wharfkit does not keep.
fn without_errors(contract: &Contract) -> Contract {
    Contract {
        error_messages: Vec::new(),
        abi_extensions: Vec::new(),
        smart51: None,
        ..contract.clone()
    }
}

/// What a judge says of a contract's forms is what we say.
fn assert_same(contract: &Contract, answer: &Value) {
    let said = &answer["contract"];
    let is = |name: &str| {
        said["eosjs"][name]
            .as_str()
            .unwrap_or_else(|| panic!("{said}"))
    };
    assert_eq!(is("packed"), hex::encode(contract.to_bytes()));
    assert_eq!(is("again"), hex::encode(contract.to_bytes()));
    if contract.smart51.is_none() {
        let decoded = Contract::from_value(&said["eosjs"]["decoded"]);
        assert_eq!(decoded.as_ref(), Ok(contract));
    }
    let kept = without_errors(contract);
    let is = |name: &str| {
        said["wharfkit"][name]
            .as_str()
            .unwrap_or_else(|| panic!("{said}"))
    };
    assert_eq!(is("packed"), hex::encode(kept.to_bytes()));
    assert_eq!(is("again"), hex::encode(kept.to_bytes()));
    let decoded = Contract::from_value(&said["wharfkit"]["decoded"]);
    assert_eq!(decoded, Ok(kept));
}

/// The contract's JSON as foreign clients have it: our extension is one of the ABI's.
fn foreign(contract: &Contract) -> Value {
    let mut json = contract.to_value();
    if contract.smart51.is_some() {
        json.as_object_mut().expect("an object").remove("smart51");
        let bytes = contract.to_bytes();
        let plain = Contract {
            smart51: None,
            abi_extensions: Vec::new(),
            ..contract.clone()
        };
        // The extensions lie before variants and results, behind a list that is empty otherwise.
        let plain = plain.to_bytes();
        let behind = Contract {
            variants: contract.variants.clone(),
            action_results: contract.action_results.clone(),
            version: String::new(),
            ..Contract::default()
        };
        let behind = behind.to_bytes().len() - 8;
        let ours = &bytes[plain.len() - behind..bytes.len() - behind];
        // One of three bytes with the tag 7, then ours with its tag and a length of up to two
        // bytes.
        let ours = &ours[1 + 2 + 1 + 3 - 1..];
        let header = 2 + if ours[2] & 0x80 == 0 { 1 } else { 2 };
        let ours = json!({"tag": 0x5101, "value": hex::encode(&ours[header..])});
        json["abi_extensions"]
            .as_array_mut()
            .expect("a list")
            .push(ours);
    }
    json
}

#[test]
fn contracts_have_the_bytes_that_others_give_them() {
    let Some(judges) = judges() else { return };
    let mut rng = Rng::new(0x51AB2);
    let mut all = Vec::new();
    for _ in 0..60 {
        let contract = random::contract(&mut rng);
        all.extend([random::extended(&contract), contract]);
    }
    let ask = |contract: &Contract| Asked {
        abi: foreign(contract),
        binary: contract.to_bytes(),
        values: Vec::new(),
    };
    let questions: Vec<Asked> = all.iter().map(ask).collect();
    let answers = judges.ask(&questions).expect("answers");
    for (contract, answer) in all.iter().zip(&answers) {
        assert_same(contract, answer);
    }
}

#[test]
fn what_differs_from_others_is_as_stated() {
    let rows: Vec<String> = DIFFERENT
        .iter()
        .map(|(judge, of, value, bytes, said)| {
            let value = value.replace('\u{feff}', "\\ufeff");
            format!("| {judge} | `{of}` | `{value}` | `{bytes}` | `{said}` |")
        })
        .collect();
    for row in &rows {
        assert!(
            PAGE.lines().any(|line| line == row),
            "the page does not have: {row}"
        );
    }
    let json = json!({
        "version": "eosio::abi/1.2",
        "structs": [{"name": "open", "fields": [{"name": "a", "type": "uint8"}, {"name": "b", "type": "uint8$"}]}],
    });
    let contract = Contract::from_value(&json).expect("a contract");
    let codec = Codec::new(&contract).expect("it is sound");
    let case = |(_, of, value, bytes, _): &(&str, &str, &str, &str, &str)| {
        let value: Value = serde_json::from_str(value).expect("JSON");
        let bytes = hex::decode(bytes).expect("hexadecimal");
        assert_eq!(codec.encode(of, &value).as_ref(), Ok(&bytes));
        assert_eq!(codec.decode(of, &bytes).as_ref(), Ok(&value));
        ((*of).to_owned(), value, bytes)
    };
    let asked = Asked {
        abi: contract.to_value(),
        binary: contract.to_bytes(),
        values: DIFFERENT.iter().map(case).collect(),
    };
    let Some(judges) = judges() else { return };
    let answers = judges.ask(&[asked]).expect("answers").remove(0);
    for ((judge, of, _, _, stated), answer) in DIFFERENT
        .iter()
        .zip(answers["values"].as_array().expect("a list"))
    {
        let said = &answer[*judge];
        let decoded = said["decoded"].get("value").map(Value::to_string);
        let errors = ["encoded", "decoded"].map(|part| said[part]["error"].to_string());
        let is_so = decoded.as_deref() == Some(*stated)
            || errors.iter().any(|error| error.contains(stated));
        assert!(is_so, "{judge} {of}: {said}");
    }
}

/// All files of this ending below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "abi") {
            found.push(path);
        }
    }
}

/// The place of something that `given` has and `written` does not: comments apart, and what is
/// empty.
fn lost(given: &Value, written: &Value, path: String) -> Option<String> {
    match (given, written) {
        (Value::Object(given), Value::Object(written)) => given.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match written.get(key) {
                Some(written) => lost(value, written, path),
                None if key.starts_with('_') => None,
                None if value.as_object().is_some_and(serde_json::Map::is_empty) => None,
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(written)) if given.len() == written.len() => {
            let pairs = given.iter().zip(written).enumerate();
            let mut lost = pairs
                .filter_map(|(at, (given, written))| lost(given, written, format!("{path}[{at}]")));
            lost.next()
        }
        _ => (given != written).then_some(path),
    }
}

/// Contracts of others, JSON files ending with `.abi`: `make abi-public`. They read, write back,
/// and are what eosjs and wharfkit make of them.
#[test]
fn public_contracts_read_and_write_back() {
    let Some(folder) = std::env::var_os("ABI_DIR") else {
        eprintln!(
            "SKIPPED: ABI_DIR names no folder with the .abi files of other people's contracts"
        );
        return;
    };
    let mut found = Vec::new();
    files(Path::new(&folder), &mut found);
    found.sort();
    assert!(!found.is_empty(), "no .abi file is below ABI_DIR");
    let judges = judges();
    let mut wrong = Vec::new();
    for path in &found {
        let text = fs::read_to_string(path).expect("text");
        let contract = Contract::from_json(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let given: Value = serde_json::from_str(&text).expect("JSON");
        let difference = lost(&given, &contract.to_value(), String::new());
        assert_eq!(difference, None, "{}", path.display());
        assert_eq!(
            Contract::from_bytes(&contract.to_bytes()).as_ref(),
            Ok(&contract),
            "{}",
            path.display()
        );
        if let Err(errors) = contract.check() {
            wrong.push(format!("{}: {}", path.display(), errors[0]));
        }
        if let Some(judges) = judges {
            let asked = Asked {
                abi: contract.to_value(),
                binary: contract.to_bytes(),
                values: Vec::new(),
            };
            assert_same(&contract, &judges.ask(&[asked]).expect("an answer")[0]);
        }
    }
    println!(
        "{} contracts read and write back; not sound here: {wrong:#?}",
        found.len()
    );
}
