//! The names of a module's functions.

use std::collections::BTreeMap;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// The names of functions in the name section of a module, by index among all functions, imports first. What of it
/// can't be read is passed over.
#[must_use]
pub fn function_names(wasm: &[u8]) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else {
            break;
        };
        let Payload::CustomSection(section) = payload else {
            continue;
        };
        let KnownCustom::Name(section) = section.as_known() else {
            continue;
        };
        for part in section {
            let Ok(Name::Function(functions)) = part else {
                continue;
            };
            for naming in functions.into_iter().map_while(Result::ok) {
                names.insert(naming.index, naming.name.to_owned());
            }
        }
    }
    names
}
