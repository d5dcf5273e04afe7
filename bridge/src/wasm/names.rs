//! The names of a module's functions.

use std::collections::BTreeMap;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

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

/// The functions that a module has itself, with their names as far as its name section has them; those that it imports
/// have the indices before. Of a module that can't be read, those up to there.
#[must_use]
pub fn own_functions(wasm: &[u8]) -> BTreeMap<u32, Option<String>> {
    let (mut imports, mut count) = (0, 0);
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ImportSection(section) => {
                let all = section.into_imports().map_while(Result::ok);
                let functions = all.filter(|import| matches!(import.ty, TypeRef::Func(_)));
                imports = functions.count() as u32;
            }
            Payload::FunctionSection(section) => count = section.count(),
            _ => {}
        }
    }
    let mut names = function_names(wasm);
    (imports..imports.saturating_add(count))
        .map(|index| (index, names.remove(&index)))
        .collect()
}
