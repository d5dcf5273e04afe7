//! Places in CODE: the function, the source file and the line of an address.

use super::symbol_files::{SymbolsError, Wanted, are_of, symbols_of};
use crate::files::Files;
use crate::values::Address;
use loader::Image;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use symbols::Symbols;

/// The most calls that are told of a stack.
const DEEPEST: usize = 16;

/// The opcode of LCALL, and its bytes.
const LCALL: u8 = 0x12;
const LCALL_SIZE: u16 = 3;

/// What the symbols of an image say of its addresses.
#[derive(Debug, Default)]
pub struct Places {
    symbols: Symbols,
    image: Option<Image>,
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
        Ok((!is_empty).then(|| Places {
            symbols,
            image: Some(image.clone()),
        }))
    }

    /// The calls on a stack, the newest byte of which comes first, of a program that is at `pc`: those
    /// of the function that `pc` is in, and so on. Whatever else lies on the stack is passed over.
    /// Outside of all functions `pc` is at a RET, as that of a host call, to which a function may
    /// have jumped: then any call on top is the newest one.
    #[must_use]
    pub fn callers(&self, pc: u16, stack: &[u8]) -> Vec<Place> {
        let begin_of = |at: u16| self.symbols.function_at(at).map(|function| function.at);
        let mut callers = Vec::new();
        let mut called = begin_of(pc);
        let mut rest = stack;
        while let [high, low, ..] = *rest
            && callers.len() < DEEPEST
        {
            let call = u16::from_be_bytes([high, low]).wrapping_sub(LCALL_SIZE);
            match called {
                Some(called) if !self.calls(call, called) => {
                    rest = &rest[1..];
                    continue;
                }
                None if self.byte(call) != Some(LCALL) => break,
                _ => callers.push(self.at(call)),
            }
            rest = &rest[2..];
            called = begin_of(call);
            if called.is_none() {
                break;
            }
        }
        callers
    }

    /// Whether the instruction at `at` is the call of `called`.
    fn calls(&self, at: u16, called: u16) -> bool {
        let byte = |offset: u16| self.byte(at.checked_add(offset)?);
        let [high, low] = called.to_be_bytes();
        [byte(0), byte(1), byte(2)] == [Some(LCALL), Some(high), Some(low)]
    }

    fn byte(&self, at: u16) -> Option<u8> {
        self.image.as_ref()?.byte(at)
    }

    /// The addresses at which functions begin, in order.
    pub fn starts(&self) -> impl Iterator<Item = u16> {
        self.symbols.functions.iter().map(|function| function.at)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `outer` at 0x10 calls `inner` at 0x20, which calls 0x05; something was pushed in between.
    #[test]
    fn callers_are_the_calls_on_the_stack() {
        let mut code = vec![0; 0x30];
        code[0x12..0x15].copy_from_slice(&[LCALL, 0x00, 0x20]);
        code[0x24..0x27].copy_from_slice(&[LCALL, 0x00, 0x05]);
        let text = "L:G$outer$0$0:10\nL:XG$outer$0$0:1F\nL:G$inner$0$0:20\nL:XG$inner$0$0:2F\n\
                    L:C$a.c$7$0_0$1:10\nL:C$a.c$9$0_0$1:20\n";
        let places = Places {
            symbols: symbols::cdb(text).expect("a cdb"),
            image: Some(Image::bin(&code).expect("an image")),
        };
        let lines = |pc, stack: &[u8]| -> Vec<Option<u32>> {
            let callers = places.callers(pc, stack).into_iter();
            callers.map(|place| place.line).collect()
        };
        let stack = [0x00, 0x27, 0xAA, 0x00, 0x15, 0x00, 0x27];
        assert_eq!(lines(0x05, &stack), [Some(9), Some(7)]);
        assert_eq!(lines(0x22, &stack[2..]), [Some(7)]);
        assert_eq!(lines(0x22, &stack[..3]), []);
        assert_eq!(lines(0x05, &[0x00, 0x01]), []);
        assert_eq!(Places::default().callers(0x05, &stack), []);
    }
}
