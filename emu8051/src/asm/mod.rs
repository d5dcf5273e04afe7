//! Text to bytes: a two-pass assembler over the instruction table, for tests, samples and the command line.
//!
//! ```text
//! [label:] [MNEMONIC operand,operand | .directive arguments] [; comment]
//! ```
//!
//! | directive | does |
//! |---|---|
//! | `.org address` | goes on at `address` |
//! | `.db a, b, "text"` | bytes |
//! | `.dw a, b` | words, high byte first |
//! | `.ds n` | leaves `n` bytes unprogrammed |
//! | `.equ name, value` | names a number |
//!
//! Numbers are `12`, `0x0C`, `0Ch`, `1100b`, `'c'`; expressions add and subtract numbers and names; `$` is the address
//! of the line. Mnemonics, registers and the names of SFRs and bits (those of [`sfr`](crate::sfr), or a chip's) may be
//! in either case; bits are named (`TI`),
//! or written `P1.3`, `0x20.7`, or by their bit address.

mod error;
mod grammar;
mod lex;

use std::collections::BTreeMap;

pub use error::{AsmError, AsmErrorKind};
use grammar::{Expr, Parser, Term, Written, is_reserved};
use lex::{Placed, Token, tokens};

use crate::isa::{Attrs, OPCODES, OpInfo, Operand};
use crate::names::{Names8052, SfrNames};
use crate::program::{Program, ProgramBuilder};

/// Assembled CODE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembly {
    /// Stretches of bytes with their addresses, in the order of the text.
    pub segments: Vec<(u16, Vec<u8>)>,
    /// Labels and `.equ` names with their values.
    pub symbols: BTreeMap<String, i64>,
}

impl Assembly {
    /// A program that consists of these bytes.
    pub fn program(&self) -> ProgramBuilder {
        self.segments
            .iter()
            .fold(Program::builder(), |builder, (at, bytes)| {
                builder.segment(*at, bytes)
            })
    }
}

type Result<T> = std::result::Result<T, AsmError>;

/// Assembles `source`.
///
/// # Errors
///
/// The first thing that is wrong, with its line and column.
pub fn assemble(source: &str) -> Result<Assembly> {
    assemble_with(source, &Names8052)
}

/// Does what [`assemble`] does, with the names of a chip.
///
/// # Errors
///
/// As [`assemble`].
pub fn assemble_with(source: &str, names: &dyn SfrNames) -> Result<Assembly> {
    let mut statements = Vec::new();
    let mut assembler = Assembler {
        names,
        location: 0,
        symbols: BTreeMap::new(),
        segments: Vec::new(),
        filled: Vec::new(),
    };
    for (index, text) in source.lines().enumerate() {
        let tokens = tokens(text, index + 1)?;
        let line = index + 1;
        let mut parser = Parser {
            tokens: &tokens,
            position: 0,
            line,
            end: text.chars().count() + 1,
        };
        assembler.place(&mut parser, &mut statements)?;
    }
    for statement in &statements {
        assembler.emit(statement)?;
    }
    Ok(Assembly {
        segments: assembler.segments,
        symbols: assembler.symbols,
    })
}

/// Something that makes bytes, with its place.
struct Statement {
    line: usize,
    column: usize,
    at: u16,
    what: What,
}

enum What {
    Instruction(&'static OpInfo, Vec<Written>),
    Bytes(Vec<Expr>),
    Words(Vec<Expr>),
}

struct Assembler<'a> {
    names: &'a dyn SfrNames,
    /// Where the next byte goes; may be 0x10000, just past the end.
    location: u32,
    symbols: BTreeMap<String, i64>,
    segments: Vec<(u16, Vec<u8>)>,
    /// Which addresses have bytes already.
    filled: Vec<bool>,
}

impl Assembler<'_> {
    /// First pass: sizes and labels.
    fn place(&mut self, parser: &mut Parser<'_>, statements: &mut Vec<Statement>) -> Result<()> {
        if let [
            Placed {
                token: Token::Word(label),
                column,
            },
            Placed {
                token: Token::Sign(':'),
                ..
            },
            ..,
        ] = parser.tokens
        {
            parser.position = 2;
            let here = i64::from(self.location);
            self.define(parser, label, *column, here)?;
        }
        let column = parser.column();
        if parser.peek().is_none() {
            return Ok(());
        }
        let what = if parser.eat('.') {
            match self.directive(parser, column)? {
                Some(what) => what,
                None => return parser.end(),
            }
        } else {
            instruction(parser, column)?
        };
        parser.end()?;
        let size = match &what {
            What::Instruction(info, _) => u32::from(info.len),
            What::Bytes(list) => list.len() as u32,
            What::Words(list) => 2 * list.len() as u32,
        };
        let at = self.advance(parser, column, size)?;
        statements.push(Statement {
            line: parser.line,
            column,
            at,
            what,
        });
        Ok(())
    }

    /// Moves the location on and returns where it was.
    fn advance(&mut self, parser: &Parser<'_>, column: usize, size: u32) -> Result<u16> {
        let end = self.location.saturating_add(size);
        match u16::try_from(self.location) {
            Ok(at) if end <= 0x1_0000 => {
                self.location = end;
                Ok(at)
            }
            _ if size == 0 => Ok(0),
            _ => Err(parser.error(column, AsmErrorKind::BeyondCode)),
        }
    }

    fn define(&mut self, parser: &Parser<'_>, name: &str, column: usize, value: i64) -> Result<()> {
        if is_reserved(name, self.names) || self.symbols.insert(name.to_owned(), value).is_some() {
            return Err(parser.error(column, AsmErrorKind::Taken(name.to_owned())));
        }
        Ok(())
    }

    /// A directive: what it emits, if anything.
    fn directive(&mut self, parser: &mut Parser<'_>, column: usize) -> Result<Option<What>> {
        let name = parser.word("a directive")?;
        match name.to_ascii_lowercase().as_str() {
            "org" => self.location = self.known(parser, "an address", 0x1_0000)?,
            "ds" => {
                let size = self.known(parser, "a size", 0x1_0000)?;
                self.advance(parser, column, size)?;
            }
            "equ" => {
                let at = parser.column();
                let name = parser.word("a name")?;
                if !parser.eat(',') {
                    return parser.expected("a comma");
                }
                let expr = parser.expr()?;
                let value = self.value(&expr, parser.line, self.location)?;
                self.define(parser, &name, at, value)?;
            }
            "db" => {
                let mut bytes = Vec::new();
                loop {
                    let column = parser.column();
                    match parser.peek().cloned() {
                        Some(Token::Text(text)) => {
                            parser.position += 1;
                            let number =
                                |byte: u8| vec![(false, Term::Number(i64::from(byte)), column)];
                            bytes.extend(text.bytes().map(|byte| Expr {
                                terms: number(byte),
                                column,
                            }));
                        }
                        _ => bytes.push(parser.expr()?),
                    }
                    if !parser.eat(',') {
                        return Ok(Some(What::Bytes(bytes)));
                    }
                }
            }
            "dw" => {
                let mut words = vec![parser.expr()?];
                while parser.eat(',') {
                    words.push(parser.expr()?);
                }
                return Ok(Some(What::Words(words)));
            }
            _ => return Err(parser.error(column, AsmErrorKind::Mnemonic(format!(".{name}")))),
        }
        Ok(None)
    }

    /// A number that must be known in the first pass.
    fn known(&self, parser: &mut Parser<'_>, what: &'static str, high: i64) -> Result<u32> {
        let expr = parser.expr()?;
        let value = self.value(&expr, parser.line, self.location)?;
        within(value, what, 0, high)
            .map(|value| value as u32)
            .map_err(|kind| parser.error(expr.column, kind))
    }

    fn value(&self, expr: &Expr, line: usize, here: u32) -> Result<i64> {
        let mut sum = 0_i64;
        for (negative, term, column) in &expr.terms {
            let value = match term {
                Term::Number(number) => *number,
                Term::Here => i64::from(here),
                Term::Name(name) => match self.symbols.get(name) {
                    Some(value) => *value,
                    None => self
                        .names
                        .address_of(name)
                        .map(i64::from)
                        .ok_or_else(|| AsmError {
                            line,
                            column: *column,
                            kind: AsmErrorKind::Undefined(name.clone()),
                        })?,
                },
            };
            sum = if *negative {
                sum.saturating_sub(value)
            } else {
                sum.saturating_add(value)
            };
        }
        Ok(sum)
    }

    /// Second pass: bytes.
    fn emit(&mut self, statement: &Statement) -> Result<()> {
        let evaluate = |expr: &Expr, what, low, high| {
            let value = self.value(expr, statement.line, u32::from(statement.at))?;
            within(value, what, low, high).map_err(|kind| AsmError {
                line: statement.line,
                column: expr.column,
                kind,
            })
        };
        let mut bytes = Vec::new();
        match &statement.what {
            What::Bytes(list) => {
                for expr in list {
                    bytes.push(evaluate(expr, "a byte", -0x80, 0xFF)? as u8);
                }
            }
            What::Words(list) => {
                for expr in list {
                    let word = evaluate(expr, "a word", -0x8000, 0xFFFF)? as u16;
                    bytes.extend(word.to_be_bytes());
                }
            }
            What::Instruction(info, operands) => {
                bytes = encode(info, operands, statement, &evaluate)?;
            }
        }
        self.store(statement, bytes)
    }

    fn store(&mut self, statement: &Statement, bytes: Vec<u8>) -> Result<()> {
        self.filled.resize(0x1_0000, false);
        for at in (0..bytes.len()).map(|offset| statement.at as usize + offset) {
            if std::mem::replace(&mut self.filled[at], true) {
                let kind = AsmErrorKind::Overlap(at as u16);
                return Err(AsmError {
                    line: statement.line,
                    column: statement.column,
                    kind,
                });
            }
        }
        match self.segments.last_mut() {
            Some((at, segment)) if *at as usize + segment.len() == statement.at as usize => {
                segment.extend(bytes)
            }
            _ if bytes.is_empty() => {}
            _ => self.segments.push((statement.at, bytes)),
        }
        Ok(())
    }
}

/// Finds the row of the table with this mnemonic and operands.
fn instruction(parser: &mut Parser<'_>, column: usize) -> Result<What> {
    let mnemonic = parser.word("an instruction or a directive")?;
    let upper = mnemonic.to_ascii_uppercase();
    let rows = || {
        OPCODES
            .iter()
            .filter(|info| info.mnemonic == upper && info.mnemonic != "DB")
    };
    if rows().next().is_none() {
        return Err(parser.error(column, AsmErrorKind::Mnemonic(mnemonic)));
    }
    let mut operands = Vec::new();
    if parser.peek().is_some() {
        operands.push(parser.operand()?);
        while parser.eat(',') {
            operands.push(parser.operand()?);
        }
    }
    let fits = |info: &&OpInfo| {
        info.operands.len() == operands.len()
            && operands
                .iter()
                .zip(info.operands)
                .all(|(written, operand)| written.fits(*operand))
    };
    match rows().find(fits) {
        Some(info) => Ok(What::Instruction(info, operands)),
        None => {
            let mut forms: Vec<String> = rows().map(OpInfo::form).collect();
            forms.dedup();
            let forms = forms.join(", ");
            Err(parser.error(
                column,
                AsmErrorKind::Operands {
                    mnemonic: upper,
                    forms,
                },
            ))
        }
    }
}

fn encode(
    info: &OpInfo,
    operands: &[Written],
    statement: &Statement,
    evaluate: &impl Fn(&Expr, &'static str, i64, i64) -> Result<i64>,
) -> Result<Vec<u8>> {
    let next = statement.at.wrapping_add(u16::from(info.len));
    let mut opcode = info.base;
    let mut bytes = Vec::new();
    for (written, operand) in operands.iter().zip(info.operands) {
        let fail = |expr: &Expr, kind| AsmError {
            line: statement.line,
            column: expr.column,
            kind,
        };
        match (written, operand) {
            (Written::Register(_, n), _) => opcode |= n,
            (Written::Immediate(expr), Operand::Imm16) => {
                bytes.extend((evaluate(expr, "a word", -0x8000, 0xFFFF)? as u16).to_be_bytes());
            }
            (Written::Immediate(expr), _) => {
                bytes.push(evaluate(expr, "a byte", -0x80, 0xFF)? as u8)
            }
            (
                Written::NotBit(expr, number) | Written::Plain(expr, number),
                Operand::Bit | Operand::NotBit,
            ) => {
                let value = evaluate(expr, "a bit address", 0, 0xFF)? as u8;
                bytes.push(match number {
                    None => value,
                    Some(n) => bit_address(value, *n)
                        .ok_or_else(|| fail(expr, AsmErrorKind::NoBits(value)))?,
                });
            }
            (Written::Plain(expr, _), Operand::Direct) => {
                bytes.push(evaluate(expr, "a direct address", 0, 0xFF)? as u8);
            }
            (Written::Plain(expr, _), _) => {
                let target = evaluate(expr, "a CODE address", 0, 0xFFFF)? as u16;
                match operand {
                    Operand::Addr11 if target & 0xF800 != next & 0xF800 => {
                        return Err(fail(expr, AsmErrorKind::OtherPage { target, next }));
                    }
                    Operand::Addr11 => {
                        opcode |= (target >> 3) as u8 & 0xE0;
                        bytes.push(target as u8);
                    }
                    Operand::Rel => {
                        let distance = target.wrapping_sub(next) as i16;
                        let near = i8::try_from(distance)
                            .map_err(|_| fail(expr, AsmErrorKind::TooFar { target, distance }))?;
                        bytes.push(near as u8);
                    }
                    _ => bytes.extend(target.to_be_bytes()),
                }
            }
            (Written::Fixed(_) | Written::NotBit(..), _) => {}
        }
    }
    if info.attrs.contains(Attrs::SOURCE_FIRST) {
        bytes.reverse();
    }
    bytes.insert(0, opcode);
    Ok(bytes)
}

/// The address of bit `n` of the byte at a direct address.
fn bit_address(byte: u8, n: u8) -> Option<u8> {
    match byte {
        0x20..=0x2F => Some((byte - 0x20) * 8 + n),
        0x80.. if byte.is_multiple_of(8) => Some(byte + n),
        _ => None,
    }
}

fn within(
    value: i64,
    what: &'static str,
    low: i64,
    high: i64,
) -> std::result::Result<i64, AsmErrorKind> {
    match (low..=high).contains(&value) {
        true => Ok(value),
        false => Err(AsmErrorKind::Range {
            value,
            what,
            low,
            high,
        }),
    }
}
