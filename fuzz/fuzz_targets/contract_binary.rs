//! Any bytes as a contract's binary form, and any as values of its types: what decodes encodes to the same bytes.
#![no_main]

use contract::{Codec, Contract, diff, docs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (bytes, data) = input;
    let Ok(contract) = Contract::from_bytes(bytes) else {
        return;
    };
    assert_eq!(
        Contract::from_bytes(&contract.to_bytes()).as_ref(),
        Ok(&contract)
    );
    let _ = docs(&contract);
    let Ok(codec) = Codec::new(&contract) else {
        return;
    };
    assert_eq!(diff(&codec, &codec), []);
    let types = contract.types.iter().map(|def| &def.new_type_name);
    let structs = contract.structs.iter().map(|def| &def.name);
    let variants = contract.variants.iter().map(|def| &def.name);
    for name in types.chain(structs).chain(variants).take(20) {
        if let Ok((value, size)) = codec.decode_prefix(name, data) {
            let encoded = codec.encode(name, &value);
            assert_eq!(encoded.as_deref(), Ok(&data[..size]), "{name} {value}");
            let _ = codec.text(name, &value);
        }
    }
    let _ = codec.decode_call(data);
    let _ = codec.decode_entry(data, data);
});
