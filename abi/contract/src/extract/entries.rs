//! The list of a typed contract, as the C preprocessor or a WebAssembly section leaves it: `smart51_entry(KIND, …)`.
//!
//! `smart51.h` makes an entry of each line of `S51_CONTRACT` under `S51_ABI`; a custom section has the same.
//! Words, numbers, texts and brackets are read here; it is not C.

use super::ExtractError;

/// The word that each entry begins with.
const MARK: &str = "smart51_entry";

/// The most entries of a list.
const ENTRIES_MAX: usize = 1024;

/// A part of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A name, or a type.
    Word(String),
    /// A number.
    Number(u64),
    /// A text, without its quotes.
    Text(Vec<u8>),
    /// Several parts in brackets: a field.
    List(Vec<Part>),
}

/// One entry: its kind and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: String,
    pub(super) parts: Vec<Part>,
}

/// All entries of a text, in order.
///
/// # Errors
/// If one is not of this form, or there are more than 1,024.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, ExtractError> {
    let mut entries = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(MARK) {
        let starts_word = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let arguments = behind.trim_start().strip_prefix('(');
        let (Some(arguments), false) = (arguments, starts_word) else {
            rest = behind;
            continue;
        };
        let number = entries.len() + 1;
        if number > ENTRIES_MAX {
            return Err(ExtractError::TooMany);
        }
        let mut reader = Reader { rest: arguments };
        let parts = reader.list(0).ok_or_else(|| ExtractError::Form {
            number,
            text: shown(arguments),
        })?;
        rest = reader.rest;
        let mut parts = parts.into_iter();
        let Some(Part::Word(kind)) = parts.next() else {
            return Err(ExtractError::Form {
                number,
                text: shown(arguments),
            });
        };
        let parts = parts.collect();
        entries.push(Entry { kind, parts });
    }
    Ok(entries)
}

/// The beginning of an entry, for a message.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Reads parts off a text.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// The parts up to the closing bracket, which is read too. Brackets stand in an entry's brackets and no deeper.
    fn list(&mut self, depth: u8) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        self.skip_blanks();
        if self.take(')') {
            return Some(parts);
        }
        loop {
            parts.push(self.part(depth)?);
            self.skip_blanks();
            if self.take(')') {
                return Some(parts);
            }
            if !self.take(',') {
                return None;
            }
            self.skip_blanks();
        }
    }

    fn part(&mut self, depth: u8) -> Option<Part> {
        let first = self.rest.chars().next()?;
        match first {
            '(' if depth == 0 => {
                self.take('(');
                self.list(depth + 1).map(Part::List)
            }
            '"' => {
                let mut text = self.text()?;
                self.skip_blanks();
                while self.rest.starts_with('"') {
                    text.extend(self.text()?);
                    self.skip_blanks();
                }
                Some(Part::Text(text))
            }
            '0'..='9' => self.number().map(Part::Number),
            'a'..='z' | 'A'..='Z' | '_' => Some(Part::Word(self.word())),
            _ => None,
        }
    }

    /// A word with what makes another type of it: `[]`, `?` or `$` at its end.
    fn word(&mut self) -> String {
        let is_in = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '?' | '$' | ':')
        };
        self.take_while(is_in).into()
    }

    /// A whole number, as C writes it.
    fn number(&mut self) -> Option<u64> {
        let digits = self
            .take_while(|c| c.is_ascii_alphanumeric())
            .to_ascii_lowercase();
        let digits = digits.trim_end_matches(['u', 'l']);
        match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None if digits.len() > 1 && digits.starts_with('0') => {
                u64::from_str_radix(digits, 8).ok()
            }
            None => digits.parse().ok(),
        }
    }

    /// A text in quotes, with the escapes of C that make one byte.
    fn text(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut chars = self.rest.strip_prefix('"')?.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 2..];
                    return Some(bytes);
                }
                '\\' => {
                    let (_, escaped) = chars.next()?;
                    let mut digits = |most: usize, radix: u32, first: Option<char>| {
                        let mut digits: String = first.into_iter().collect();
                        while digits.len() < most
                            && let Some((_, digit)) = chars.next_if(|(_, c)| c.is_digit(radix))
                        {
                            digits.push(digit);
                        }
                        u8::from_str_radix(&digits, radix).ok()
                    };
                    bytes.push(match escaped {
                        'n' => b'\n',
                        'r' => b'\r',
                        't' => b'\t',
                        'x' => digits(2, 16, None)?,
                        '0'..='7' => digits(3, 8, Some(escaped))?,
                        '\\' | '"' | '\'' | '?' => u8::try_from(escaped).ok()?,
                        _ => return None,
                    });
                }
                c => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        None
    }

    fn take_while(&mut self, is_in: impl Fn(char) -> bool) -> &str {
        let end = self.rest.find(|c| !is_in(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}
