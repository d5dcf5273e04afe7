//! The list of a typed contract, read back.

use contract::{Codec, Contract, Dispatch, ExtractError};
use proptest::prelude::*;
use serde_json::json;

/// A list as the preprocessor leaves it, among other text.
const LIST: &str = r##"
# 1 "token.c"
int before; not_smart51_entry(1) smart51_entry (error, 3, NOT_OWNER, "only the " "owner\n")
smart51_entry(option, reentrant)
smart51_entry(struct, pair, (regid, owner), (regid, spender))
smart51_entry(action, 1, mint, (regid, to), (int64, amount)) smart51_entry(doc, mint, "Makes \"money\".")
smart51_entry(payable, 0x02, buy, (string, memo, 40))
smart51_entry(answers, 3, object, next)
smart51_entry(query, 4, int64, balance, (regid, of)) smart51_entry(text_query, 5, 20, title)
smart51_entry(event, 2, moved, (regid, from), (regid, to), (int64, amount))
smart51_entry(table, 0, owner, "owner", (regid, account))
smart51_entry(table, 1, balances, "b\x01", (address, account), (int64, amount))
void contract(void) { }
"##;

fn extracted(list: &str) -> Result<Contract, Vec<String>> {
    let text = |errors: Vec<ExtractError>| errors.iter().map(ToString::to_string).collect();
    Contract::from_entries(list).map_err(text)
}

#[test]
fn a_list_becomes_the_contract_that_it_describes() {
    let contract = extracted(LIST).expect("a contract");
    let codec = Codec::new(&contract).expect("nothing wrong");
    let ours = contract.smart51.as_ref().expect("the extension");
    assert!(ours.reentrant && ours.dispatch == Dispatch::Selector);
    let actions: Vec<_> = ours
        .actions
        .iter()
        .map(|it| (it.name.to_string(), it.selector, it.payable, it.read_only))
        .collect();
    let expected = [
        ("mint", 1, false, false),
        ("buy", 2, true, false),
        ("next", 3, false, false),
        ("balance", 4, false, true),
        ("title", 5, false, true),
    ];
    let expected =
        expected.map(|(name, selector, payable, read)| (name.to_owned(), selector, payable, read));
    assert_eq!(actions, expected);
    assert_eq!(contract.actions[0].ricardian_contract, "Makes \"money\".");
    assert_eq!(contract.error_name(3), Some("NOT_OWNER"));
    assert_eq!(contract.error_message(3), Some("only the owner\n"));
    assert_eq!(contract.error_name(2), Some("WRONG_INPUT"));
    assert_eq!(contract.result_type("title"), Some("string"));

    let call = codec
        .encode_call("mint", &json!({"to": "2-1", "amount": -1}))
        .expect("a call");
    assert_eq!(hex::encode(call), "01020000000100ffffffffffffffff");
    let call = codec.encode_call("buy", &json!(["hi"])).expect("a call");
    assert_eq!(call, b"\x02\x02hi");
    let owner = codec
        .decode_entry(b"owner", &[2, 0, 0, 0, 1, 0])
        .expect("a row")
        .expect("a table");
    assert_eq!(owner.value, json!({"account": {"height": 2, "index": 1}}));
    let key = [&b"b\x01"[..], &[7; 20]].concat();
    let row = codec
        .decode_entry(&key, &5i64.to_le_bytes())
        .expect("a row")
        .expect("a table");
    assert_eq!(
        (row.table.to_string().as_str(), row.value),
        ("balances", json!({"amount": "5"}))
    );

    let again = Contract::from_json(&contract.to_json()).expect("it is written as JSON");
    assert_eq!(again, contract);
    assert_eq!(Contract::from_bytes(&contract.to_bytes()), Ok(contract));
}

/// What is wrong, entry by entry.
#[test]
fn a_wrong_entry_is_told_with_its_name() {
    for (list, problem) in [
        ("", "there is no S51_CONTRACT: the contract is not typed"),
        (
            "smart51_entry(action, 1, a",
            "entry 1 of S51_CONTRACT: expected words",
        ),
        (
            "smart51_entry(action, 1, a, (int8, x, y, (z)))",
            "entry 1 of S51_CONTRACT: expected words",
        ),
        (
            "smart51_entry(1)",
            "entry 1 of S51_CONTRACT: expected words",
        ),
        (
            "smart51_entry(wish, 1)",
            "S51_WISH: there is no such entry: docs/c.md has their list",
        ),
        (
            "smart51_entry(action, MINT, mint)",
            "S51_ACTION: expected a selector as a number or as a macro that is one, found MINT",
        ),
        (
            "smart51_entry(action, 256, mint)",
            "S51_ACTION: expected a selector, a number from 0 to 255",
        ),
        (
            "smart51_entry(action, 1, set_owner)",
            "S51_ACTION set_owner: names of actions and tables have up to 12 of the letters",
        ),
        (
            "smart51_entry(action, 1, a, int8)",
            "S51_ACTION a: expected fields in brackets: (TYPE, NAME)",
        ),
        (
            "smart51_entry(action, 1, a, (string, x))",
            "S51_ACTION a: (string, x): expected (string, x, MOST)",
        ),
        (
            "smart51_entry(action, 1, a, (string, x, 128))",
            "S51_ACTION a: x: a text has 1 to 127 bytes",
        ),
        (
            "smart51_entry(action, 1, a, (string, x, 9), (int8, y))",
            "S51_ACTION a: x: only the last field is a text",
        ),
        (
            "smart51_entry(query, 1, string, a)",
            "S51_QUERY: a text is answered by S51_TEXT_QUERY",
        ),
        (
            "smart51_entry(text_query, 1, 0, a)",
            "S51_TEXT_QUERY: a text has 1 to 127 bytes",
        ),
        (
            "smart51_entry(error, 2, MINE, \"\")",
            "S51_ERROR MINE: exit code 2 is taken",
        ),
        (
            "smart51_entry(error, 3, MINE)",
            "S51_ERROR MINE: expected a text in quotes",
        ),
        (
            "smart51_entry(event, 3, e, (int8, x))",
            "S51_EVENT e: 3 topics are more than it has fields",
        ),
        (
            "smart51_entry(event, 5, e, (int8, x))",
            "S51_EVENT: expected the number of topics, a number from 0 to 4",
        ),
        (
            "smart51_entry(event, 1, e, (string, x, 9))",
            "S51_EVENT e: x: a text is no topic",
        ),
        (
            "smart51_entry(table, 1, t, \"\", (int8, x))",
            "S51_TABLE t: there is no field of the value",
        ),
        (
            "smart51_entry(table, 0, t, \"\", (int8, x))",
            "S51_TABLE t: without fields of the key, the text is the key",
        ),
        (
            "smart51_entry(struct, s, (string, x, 9))",
            "S51_STRUCT s: x: a struct has no texts",
        ),
        (
            "smart51_entry(option, fast)",
            "S51_OPTION fast: expected reentrant or apply",
        ),
        (
            "smart51_entry(doc, x, \"\")",
            "S51_DOC x: there is no such action",
        ),
        (
            "smart51_entry(action, 1, a) smart51_entry(action, 1, b)",
            "smart51.actions.b: selector 1 is that of a too",
        ),
        (
            "smart51_entry(action, 1, a, (uint63, x))",
            "structs.a.x: unknown type `uint63`",
        ),
    ] {
        let found = extracted(list).expect_err(list);
        assert!(found[0].starts_with(problem), "{list}: {found:?}");
    }
    let many = "smart51_entry(doc, a, \"\")".repeat(1025);
    assert_eq!(
        extracted(&many),
        Err(vec!["S51_CONTRACT has more than 1,024 entries".into()])
    );
}

proptest! {
    /// Any text ends in a contract or an error.
    #[test]
    fn any_text_is_read(text in "(smart51_entry|[(),\"\\\\a-z0-9 ]{0,9}|action|table|query){0,40}") {
        let _ = Contract::from_entries(&text);
    }
}
