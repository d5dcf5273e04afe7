//! Words to operands and expressions.

use super::lex::{Placed, Token};
use super::{AsmError, AsmErrorKind, Result};
use crate::isa::{OPCODES, Operand};
use crate::names::SfrNames;

/// A sum of numbers and names.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    /// Whether it is subtracted, what it is, and its column.
    pub(super) terms: Vec<(bool, Term, usize)>,
    pub(super) column: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    Number(i64),
    Name(String),
    Here,
}

/// An operand as written: what its first signs say it is.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Fixed(Operand),
    Register(Operand, u8),
    Immediate(Expr),
    NotBit(Expr, Option<u8>),
    Plain(Expr, Option<u8>),
}

impl Written {
    /// Whether it can stand for an operand of the table.
    pub(super) fn fits(&self, operand: Operand) -> bool {
        match self {
            Written::Fixed(fixed) | Written::Register(fixed, _) => *fixed == operand,
            Written::Immediate(_) => matches!(operand, Operand::Imm | Operand::Imm16),
            Written::NotBit(..) => operand == Operand::NotBit,
            Written::Plain(_, Some(_)) => operand == Operand::Bit,
            Written::Plain(_, None) => matches!(
                operand,
                Operand::Direct | Operand::Bit | Operand::Rel | Operand::Addr11 | Operand::Addr16
            ),
        }
    }
}

/// A line on its way from words to operands.
pub(super) struct Parser<'a> {
    pub(super) tokens: &'a [Placed],
    pub(super) position: usize,
    pub(super) line: usize,
    /// The column after the last character.
    pub(super) end: usize,
}

impl Parser<'_> {
    pub(super) fn column(&self) -> usize {
        self.tokens
            .get(self.position)
            .map_or(self.end, |placed| placed.column)
    }

    pub(super) fn error(&self, column: usize, kind: AsmErrorKind) -> AsmError {
        AsmError {
            line: self.line,
            column,
            kind,
        }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position).map(|placed| &placed.token)
    }

    pub(super) fn eat(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.position += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.position += usize::from(found);
        found
    }

    pub(super) fn expected<T>(&self, expected: &'static str) -> Result<T> {
        let found = match self.peek() {
            None => "the end of the line".to_owned(),
            Some(Token::Word(word)) => format!("{word:?}"),
            Some(Token::Number(number)) => number.to_string(),
            Some(Token::Text(text)) => format!("the text {text:?}"),
            Some(Token::Sign(sign)) => format!("{sign:?}"),
        };
        Err(self.error(self.column(), AsmErrorKind::Expected { expected, found }))
    }

    pub(super) fn word(&mut self, expected: &'static str) -> Result<String> {
        match self.peek().cloned() {
            Some(Token::Word(word)) => {
                self.position += 1;
                Ok(word)
            }
            _ => self.expected(expected),
        }
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.peek().is_none() {
            Ok(())
        } else {
            self.expected("the end of the line")
        }
    }

    pub(super) fn expr(&mut self) -> Result<Expr> {
        let column = self.column();
        let mut terms = Vec::new();
        let mut negative = self.eat('-');
        loop {
            let at = self.column();
            let term = match self.peek().cloned() {
                Some(Token::Number(number)) => Term::Number(number),
                Some(Token::Word(name)) => Term::Name(name),
                Some(Token::Sign('$')) => Term::Here,
                _ => return self.expected("a number or a name"),
            };
            self.position += 1;
            terms.push((negative, term, at));
            negative = match self.peek() {
                Some(Token::Sign('+')) => false,
                Some(Token::Sign('-')) => true,
                _ => return Ok(Expr { terms, column }),
            };
            self.position += 1;
        }
    }

    /// `.n` after a byte that holds bits.
    fn bit_number(&mut self) -> Result<Option<u8>> {
        if !self.eat('.') {
            return Ok(None);
        }
        match self.peek() {
            Some(Token::Number(n @ 0..=7)) => {
                let n = *n as u8;
                self.position += 1;
                Ok(Some(n))
            }
            _ => self.expected("a bit number, 0 to 7"),
        }
    }

    pub(super) fn operand(&mut self) -> Result<Written> {
        if self.eat('#') {
            return Ok(Written::Immediate(self.expr()?));
        }
        if self.eat('/') {
            let expr = self.expr()?;
            return Ok(Written::NotBit(expr, self.bit_number()?));
        }
        if self.eat('@') {
            return self.pointer();
        }
        if let Some(Token::Word(word)) = self.peek() {
            let fixed = match word.to_ascii_uppercase().as_str() {
                "A" => Some(Written::Fixed(Operand::A)),
                "AB" => Some(Written::Fixed(Operand::Ab)),
                "C" => Some(Written::Fixed(Operand::C)),
                "DPTR" => Some(Written::Fixed(Operand::Dptr)),
                register => register_number(register).map(|n| Written::Register(Operand::Rn, n)),
            };
            if let Some(fixed) = fixed {
                self.position += 1;
                return Ok(fixed);
            }
        }
        let expr = self.expr()?;
        Ok(Written::Plain(expr, self.bit_number()?))
    }

    /// What follows an `@`.
    fn pointer(&mut self) -> Result<Written> {
        if self.eat_word("DPTR") {
            return Ok(Written::Fixed(Operand::AtDptr));
        }
        if self.eat_word("R0") {
            return Ok(Written::Register(Operand::AtRi, 0));
        }
        if self.eat_word("R1") {
            return Ok(Written::Register(Operand::AtRi, 1));
        }
        if self.eat_word("A") && self.eat('+') {
            if self.eat_word("DPTR") {
                return Ok(Written::Fixed(Operand::AtADptr));
            }
            if self.eat_word("PC") {
                return Ok(Written::Fixed(Operand::AtAPc));
            }
        }
        self.expected("R0, R1, DPTR, A+DPTR or A+PC after @")
    }
}

/// The number of a register's name.
pub(super) fn register_number(word: &str) -> Option<u8> {
    match word.as_bytes() {
        [b'R', n @ b'0'..=b'7'] => Some(n - b'0'),
        _ => None,
    }
}

/// Whether a word means something without being defined.
pub(super) fn is_reserved(word: &str, names: &dyn SfrNames) -> bool {
    let upper = word.to_ascii_uppercase();
    matches!(upper.as_str(), "A" | "AB" | "C" | "DPTR" | "PC")
        || register_number(&upper).is_some()
        || names.address_of(&upper).is_some()
        || OPCODES.iter().any(|info| info.mnemonic == upper)
}
