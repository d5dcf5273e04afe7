//! WebAssembly text to the binary module.

use crate::LoadError;
use wast::Wat;
use wast::parser::{self, ParseBuffer};

/// The module that `text` describes.
pub(crate) fn assemble(text: &[u8]) -> Result<Vec<u8>, LoadError> {
    let text = str::from_utf8(text).map_err(|e| LoadError::NotUtf8 {
        offset: e.valid_up_to(),
    })?;
    let place = |error: wast::Error| {
        let (line, column) = error.span().linecol_in(text);
        LoadError::Wat {
            line: line + 1,
            column: column + 1,
            message: error.message(),
        }
    };
    let buffer = ParseBuffer::new(text).map_err(place)?;
    parser::parse::<Wat>(&buffer)
        .and_then(|mut module| module.encode())
        .map_err(place)
}
