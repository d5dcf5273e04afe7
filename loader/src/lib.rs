//! From the bytes of a file to a validated [`Image`].
//!
//! What a file is, its first bytes decide: gzip of any of the others (`1f 8b`), a wasm module (`\0asm`),
//! WebAssembly text (`(`), Intel HEX (`:`), the container of the original chain, or a raw ROM (`02`, an
//! `LJMP`). The forms exclude each other, so nothing is guessed.
//!
//! The loader doesn't run anything and doesn't know the CPU. [`load`] answers *what is in the file*;
//! [`header::check`] answers *whether that is a contract*, under the rules of a [`abi::Semantics`].
//!
//! ```
//! let loaded = loader::load(b":03000000020030CB\n:00000001FF\n")?;
//! assert_eq!(loaded.image.kind(), loader::Kind::Hex);
//! assert_eq!(loaded.image.flat(0xFF), [0x02, 0x00, 0x30]);
//! # Ok::<(), loader::LoadError>(())
//! ```
//!
//! * [`hex`]: Intel HEX, read and written
//! * [`container`]: the original chain's script
//! * [`image`]: what all of them become
//! * [`header`]: reset vector, version, exit and api vectors, account-check switch
//! * [`error`]: everything that can be wrong with a file
//! * [`mod@file`]: reading one, with a bound
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod container;
pub mod error;
pub mod file;
mod gzip;
pub mod header;
pub mod hex;
pub mod image;
mod limits;
mod shown;
mod wat;

use abi::Semantics;
use abi::layout::LJMP;

pub use error::LoadError;
pub use file::FileError;
pub use header::{Header, HeaderError};
pub use image::{Image, Kind, Segment};
pub use limits::FILE_MAX;

/// What a file held.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// The image.
    pub image: Image,
    /// The rules the file's form implies, if it implies any: a container means [`Semantics::Dacrs2017`].
    pub semantics_hint: Option<Semantics>,
    /// The description in a container, as its author wrote it; empty for every other form.
    pub description: Vec<u8>,
}

/// Reads an image file of any form.
///
/// # Errors
/// A [`LoadError`] with the place of the first thing that is wrong.
pub fn load(file: &[u8]) -> Result<Loaded, LoadError> {
    if file.len() > FILE_MAX {
        return Err(LoadError::FileTooLarge { found: file.len() });
    }
    if gzip::is_gzip(file) {
        load_unpacked(&gzip::unpack(file)?)
    } else {
        load_unpacked(file)
    }
}

/// Reads an image file of firmware: as [`load`] does, but Intel HEX as programmers read it
/// ([`hex::parse_firmware`]). What was odd comes with the image.
///
/// # Errors
/// A [`LoadError`] with the place of the first thing that is wrong; [`LoadError::NoCode`] if nothing is programmed.
pub fn load_firmware(file: &[u8]) -> Result<(Image, Vec<hex::Warning>), LoadError> {
    if file.len() > FILE_MAX {
        return Err(LoadError::FileTooLarge { found: file.len() });
    }
    let unpacked;
    let file = if gzip::is_gzip(file) {
        unpacked = gzip::unpack(file)?;
        &unpacked
    } else {
        file
    };
    let (image, warnings) = match load_unpacked(file) {
        Ok(Loaded { image, .. }) if image.kind() != Kind::Hex => (image, Vec::new()),
        Err(error) if !matches!(error, LoadError::Hex(_)) && !hex::has_record(file) => {
            return Err(error);
        }
        _ => {
            let (segments, warnings) = hex::parse_firmware(file)?;
            (Image::code(Kind::Hex, segments), warnings)
        }
    };
    if image.code_bytes() == 0 {
        return Err(LoadError::NoCode);
    }
    Ok((image, warnings))
}

fn load_unpacked(file: &[u8]) -> Result<Loaded, LoadError> {
    let plain = |image| Loaded {
        image,
        semantics_hint: None,
        description: Vec::new(),
    };
    if let Some((rom, description)) = container::parse(file) {
        return Ok(Loaded {
            image: Image::rom(Kind::Container, rom)?,
            semantics_hint: Some(Semantics::Dacrs2017),
            description: description.to_vec(),
        });
    }
    if file.starts_with(b"\0asm") {
        return Ok(plain(Image::wasm(file.to_vec())));
    }
    match file.trim_ascii_start().first() {
        Some(b':') => Ok(plain(Image::code(Kind::Hex, hex::parse(file)?))),
        Some(b'(' | b';') => Ok(plain(Image::wasm(wat::assemble(file)?))),
        Some(&LJMP) if file.first() == Some(&LJMP) => Ok(plain(Image::bin(file)?)),
        _ if file.is_empty() => Err(LoadError::Empty),
        _ => Err(LoadError::UnknownForm {
            start: file.iter().copied().take(4).collect(),
        }),
    }
}
