//! Whether an image is a contract.

use abi::Semantics;
use bridge::Rules;
use bridge::wasm::{self, InvalidSection};
use loader::Image;
use loader::header::{self, Checked};

/// The header of an 8051 contract, or `None` for a wasm contract, which has none.
///
/// # Errors
/// Why it would be refused at deployment, with the place.
pub(crate) fn check(image: &Image, semantics: Semantics) -> Result<Option<Checked>, String> {
    let rules = Rules::v1(semantics);
    match image.as_wasm() {
        Some(_) if semantics.is_dacrs() => Err(format!(
            "WebAssembly runs under the semantics v1 only, not under {semantics}"
        )),
        Some(module) => match wasm::meter(module, &rules.limits, &rules.schedule) {
            Ok(_) => Ok(None),
            Err(error) => Err(InvalidSection::new(error, module).to_string()),
        },
        None => header::check(image, semantics)
            .map(Some)
            .map_err(|e| e.to_string()),
    }
}
