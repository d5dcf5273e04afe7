//! Places in CODE: the function, the source file and the line of an address.

use super::symbol_files::{SymbolsError, Wanted, are_of, symbols_of};
use crate::files::Files;
use crate::values::Address;
use loader::Image;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use symbols::Symbols;

/// What the symbols of an image say of its addresses.
#[derive(Debug, Default)]
pub struct Places {
    symbols: Symbols,
}

/// An address of CODE, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The address.
    pub pc: Address,
    /// The function that it lies in.
    pub function: Option<String>,
    /// The source file that its instruction was made from.
    pub file: Option<String>,
    /// The line of that, from 1.
    pub line: Option<u32>,
}

impl Places {
    /// What the symbols beside `image` say, which was read from `path`; `None` where they say nothing.
    ///
    /// # Errors
    /// If they can't be read, or are those of another image.
    pub fn beside(
        files: &dyn Files,
        path: &Path,
        image: &Image,
    ) -> Result<Option<Places>, SymbolsError> {
        let symbols = symbols_of(files, path, Wanted::default(), &mut Vec::new())?;
        are_of(&symbols, path, image)?;
        let is_empty = symbols.spans.is_empty() && symbols.functions.is_empty();
        Ok((!is_empty).then_some(Places { symbols }))
    }

    /// What is known of an address.
    #[must_use]
    pub fn at(&self, pc: u16) -> Place {
        let function = self.symbols.function_at(pc);
        let line = self.symbols.line_at(pc);
        Place {
            function: function.map(|function| function.name.clone()),
            file: line.map(|(file, _)| file.to_owned()),
            line: line.map(|(_, line)| line),
            ..Place::of(pc)
        }
    }
}

impl Place {
    /// An address of which nothing else is known.
    #[must_use]
    pub const fn of(pc: u16) -> Place {
        Place {
            pc: Address(pc),
            function: None,
            file: None,
            line: None,
        }
    }
}

impl Place {
    /// Whether more is known of it than the address.
    #[must_use]
    pub const fn is_named(&self) -> bool {
        self.function.is_some() || self.file.is_some()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CODE {}", self.pc)?;
        if let Some(function) = &self.function {
            write!(f, " in {function}")?;
        }
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            write!(f, ", {file}:{line}")?;
        }
        Ok(())
    }
}
