//! Any text as contract JSON: what is read is written and read back, and nothing in it stops a check or a page.
#![no_main]

use contract::{Codec, Contract, diff, docs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(contract) = Contract::from_json(text) else {
        return;
    };
    assert_eq!(
        Contract::from_json(&contract.to_json()).as_ref(),
        Ok(&contract)
    );
    assert_eq!(
        Contract::from_bytes(&contract.to_bytes()).as_ref(),
        Ok(&contract)
    );
    let _ = docs(&contract);
    if let Ok(codec) = Codec::new(&contract) {
        assert_eq!(diff(&codec, &codec), []);
    }
});
