//! Firmware images: the forms contracts come in, Intel HEX as programmers read it, and any `.bin` whatever it begins
//! with.

use crate::args::{about, read_file};
use crate::error::Error;
use crate::output::note;
use board::{Board, BoardConfig};
use loader::Image;
use std::path::Path;

/// The 8051 image in a file. What is odd about it is said on standard error.
///
/// # Errors
/// If the file can't be read, is no image, or is one for another machine.
pub(crate) fn read(path: &Path) -> Result<Image, Error> {
    let bytes = read_file(path)?;
    let raw = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("bin"));
    let (image, odd) = match loader::load_firmware(&bytes) {
        Ok(loaded) => loaded,
        Err(_) if raw => (
            Image::bin(&bytes).map_err(|error| about(path, error))?,
            Vec::new(),
        ),
        Err(error) => return Err(about(path, error)),
    };
    if image.as_wasm().is_some() {
        let problem = "expected an 8051 image, found a WebAssembly module";
        return Err(about(path, problem));
    }
    for warning in odd {
        note(format_args!("warning: {}: {warning}", path.display()));
    }
    Ok(image)
}

/// A board with `image` in its CODE.
///
/// # Errors
/// If the image does not fit the chip.
pub(crate) fn board(config: &BoardConfig, image: &Image) -> Result<Board, Error> {
    let segments = image
        .segments()
        .iter()
        .map(|segment| (segment.start, segment.bytes.as_slice()));
    Board::new(config, segments).map_err(Error::input)
}
