//! Contract JSON: the forms of a contract, what is checked, values as bytes, and any input at all.

mod bad;
mod calls;
mod extract;
mod forms;
mod page;
mod random;
mod schema;
mod values;

use contract::{Codec, Contract};
use serde_json::Value;

/// The sample of the pages.
const TOKEN: &str = include_str!("../samples/token.contract.json");

/// The sample as a contract.
fn token() -> Contract {
    Contract::from_json(TOKEN).expect("a contract")
}

/// The sample, checked.
fn codec() -> Codec {
    Codec::new(&token()).expect("nothing wrong")
}

/// A contract of some types alone, checked: `{"structs": …}`.
fn types(json: Value) -> Result<Codec, Vec<String>> {
    let mut json = json;
    json["version"] = "eosio::abi/1.2".into();
    let contract = Contract::from_value(&json).map_err(|error| vec![error.to_string()])?;
    Codec::new(&contract).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}
