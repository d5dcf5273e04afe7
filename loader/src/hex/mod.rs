//! Intel HEX, read and written.
//!
//! A record is a line `:LLAAAATT…CC`: the number of data bytes, a 16-bit address, a type, the data, and a
//! checksum that makes the sum of all bytes 0. Source: Intel's *Hexadecimal Object File Format
//! Specification*, revision A, 1988.
//!
//! Reading is strict: each address at most once, nothing beyond 0xFFFF, no record across the end of its
//! segment, an end record and nothing after it. Free are: the order of data, the case of digits, the line
//! ends (LF, CRLF or CR), blank lines, and blanks around a record. The address fields of types other than
//! 00 are not looked at (early assemblers put a start address into the end record), nor the start
//! addresses of types 03 and 05: an 8051 starts at its reset vector.
//!
//! That is for contracts ([`parse`]), whose hash has to mean one thing. Firmware comes out of other people's tools, so
//! what programmers load is loaded ([`parse_firmware`]), and what was passed over is said ([`Warning`]).

mod error;

pub use error::{HexError, Problem, Warning};

use crate::image::{Segment, merge};
use crate::limits::LINE_MAX;
use nom::character::complete::char;
use nom::combinator::{all_consuming, map_opt};
use nom::error::{Error, ErrorKind};
use nom::multi::count;
use nom::number::complete::u8 as byte;
use nom::sequence::preceded;
use nom::{Err, IResult, Parser};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How many data bytes a written record has.
const WRITTEN: usize = 16;
/// The first address beyond CODE, and beyond any segment.
const END: u32 = 0x1_0000;

/// The programmed bytes of a HEX file: sorted, not overlapping, not touching.
///
/// # Errors
/// The first thing that is wrong, with its line, column and address.
pub fn parse(text: &[u8]) -> Result<Vec<Segment>, HexError> {
    read(text, Reader::default()).map(Reader::segments)
}

/// The same of firmware, as programmers and `s51` read it: what follows the end record is ignored, or there is none; of
/// bytes for the same address the last one counts; bytes beyond CODE are left out. Each of these is said once.
///
/// # Errors
/// The first thing that has no clear meaning, with its line, column and address.
pub fn parse_firmware(text: &[u8]) -> Result<(Vec<Segment>, Vec<Warning>), HexError> {
    let lenient = Reader {
        oddities: Some(Oddities::default()),
        ..Reader::default()
    };
    let mut reader = read(text, lenient)?;
    let warnings = reader.oddities.take().map_or_else(Vec::new, Oddities::all);
    Ok((reader.segments(), warnings))
}

/// Whether a line of `text` begins as a record does, whatever stands before it.
pub(crate) fn has_record(text: &[u8]) -> bool {
    lines(text).any(|line| line.trim_ascii_start().starts_with(b":"))
}

/// What `reader` makes of all lines.
fn read(text: &[u8], mut reader: Reader) -> Result<Reader, HexError> {
    let mut end = (1, 1);
    for (number, line) in (1..).zip(lines(text)) {
        let record = line.trim_ascii();
        let indent = line.len() - line.trim_ascii_start().len();
        end = (number, line.len() + 1);
        reader
            .line(number, record)
            .map_err(|(column, address, problem)| HexError {
                line: number,
                column: indent + column,
                address,
                problem,
            })?;
    }
    match &mut reader.oddities {
        _ if reader.ended => {}
        Some(oddities) => oddities.no_end = Some(Warning::NoEnd { line: end.0 }),
        None => {
            return Err(HexError {
                line: end.0,
                column: end.1,
                address: None,
                problem: Problem::NoEnd,
            });
        }
    }
    Ok(reader)
}

/// The text between line ends, of which CRLF is one and not two.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.iter().position(|&c| c == b'\n' || c == b'\r') else {
            return rest.take();
        };
        let (line, tail) = text.split_at(at);
        rest = tail.strip_prefix(b"\r\n").or_else(|| tail.get(1..));
        Some(line)
    })
}

/// A problem, its column in the record, and the record's address if that is known.
type Refusal = (usize, Option<u32>, Problem);

/// What has been read so far.
#[derive(Default)]
struct Reader {
    /// What types 02 and 04 add to the addresses that follow.
    base: u32,
    /// Data by address, with the line it stands on. The pieces never overlap.
    placed: BTreeMap<u16, (usize, Vec<u8>)>,
    ended: bool,
    /// What was odd so far, if that is not refused.
    oddities: Option<Oddities>,
}

/// The warnings about a file, one of each kind.
#[derive(Default)]
struct Oddities {
    after_end: Option<Warning>,
    no_end: Option<Warning>,
    repeated: Option<Warning>,
    patched: Option<Warning>,
    beyond: Option<Warning>,
}

impl Oddities {
    fn all(self) -> Vec<Warning> {
        [
            self.repeated,
            self.patched,
            self.beyond,
            self.after_end,
            self.no_end,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Line `line` programs `at` with `now`, which a line before it has programmed with `before`.
    fn again(&mut self, line: usize, at: u16, before: u8, now: u8) {
        let odd = if before == now {
            self.repeated.get_or_insert(Warning::Repeated {
                line,
                first: at,
                count: 0,
            })
        } else {
            self.patched.get_or_insert(Warning::Patched {
                line,
                first: at,
                before,
                now,
                count: 0,
            })
        };
        if let Warning::Repeated { count, .. } | Warning::Patched { count, .. } = odd {
            *count += 1;
        }
    }

    /// Line `line` has a byte for an address that CODE does not have.
    fn beyond(&mut self, line: usize, at: u64) {
        let odd = self.beyond.get_or_insert(Warning::BeyondCode {
            line,
            first: at,
            count: 0,
        });
        if let Warning::BeyondCode { count, .. } = odd {
            *count += 1;
        }
    }
}

impl Reader {
    /// What CODE is programmed with.
    fn segments(self) -> Vec<Segment> {
        let pieces = self.placed.into_iter();
        merge(pieces.map(|(start, (_, bytes))| Segment { start, bytes }))
    }

    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), Refusal> {
        let Some(&found) = line.first() else {
            return Ok(());
        };
        match &mut self.oddities {
            Some(oddities) if self.ended => {
                let warning = Warning::AfterEnd {
                    line: number,
                    found,
                };
                oddities.after_end.get_or_insert(warning);
                return Ok(());
            }
            None if self.ended => return Err((1, None, Problem::AfterEnd { found })),
            _ => {}
        }
        if line.len() > LINE_MAX {
            return Err((
                LINE_MAX + 1,
                None,
                Problem::LineTooLong { found: line.len() },
            ));
        }
        let (_, record) = all_consuming(record)
            .parse(line)
            .map_err(|error| self.explain(line, &error))?;
        self.record(number, record)
    }

    fn record(
        &mut self,
        line: usize,
        Record {
            head,
            data,
            checksum,
        }: Record,
    ) -> Result<(), Refusal> {
        let address = self.address(head);
        let expected = data
            .iter()
            .fold(head.sum(), |sum, byte| sum.wrapping_add(*byte))
            .wrapping_neg();
        if checksum != expected {
            let column = 10 + 2 * data.len();
            return Err((
                column,
                address,
                Problem::Checksum {
                    expected,
                    found: checksum,
                },
            ));
        }
        let wrong_length = |expected| {
            Err((
                2,
                None,
                Problem::TypeLength {
                    record: head.kind,
                    expected,
                    found: data.len(),
                },
            ))
        };
        match (head.kind, &data[..]) {
            (0, _) => return self.place(line, head.offset, data),
            (1, []) => self.ended = true,
            (2, &[high, low]) => self.base = u32::from(u16::from_be_bytes([high, low])) << 4,
            (4, &[high, low]) => self.base = u32::from(u16::from_be_bytes([high, low])) << 16,
            (3 | 5, [_, _, _, _]) => {}
            (1, _) => return wrong_length(0),
            (2 | 4, _) => return wrong_length(2),
            (3 | 5, _) => return wrong_length(4),
            (found, _) => return Err((8, None, Problem::UnknownType { found })),
        }
        Ok(())
    }

    /// Places the bytes of a record one by one; later ones replace earlier ones.
    fn place_each(&mut self, line: usize, offset: u16, bytes: &[u8], oddities: &mut Oddities) {
        let first = u64::from(self.base) + u64::from(offset);
        for (at, &byte) in (first..).zip(bytes) {
            let Ok(start) = u16::try_from(at) else {
                oddities.beyond(line, at);
                continue;
            };
            let below = self.placed.range_mut(..=start).next_back();
            let taken =
                below.and_then(|(from, (_, piece))| piece.get_mut(usize::from(start - from)));
            match taken {
                Some(taken) => {
                    oddities.again(line, start, *taken, byte);
                    *taken = byte;
                }
                None => _ = self.placed.insert(start, (line, vec![byte])),
            }
        }
    }

    fn place(&mut self, line: usize, offset: u16, bytes: Vec<u8>) -> Result<(), Refusal> {
        if let Some(mut oddities) = self.oddities.take() {
            self.place_each(line, offset, &bytes, &mut oddities);
            self.oddities = Some(oddities);
            return Ok(());
        }
        let Some(last) = bytes.len().checked_sub(1) else {
            return Ok(());
        };
        let refused = |problem| Err((4, Some(self.base + u32::from(offset)), problem));
        // A record holds at most 255 bytes, so the sums stay far below the widths' ends.
        if usize::from(offset) + last >= END as usize {
            return refused(Problem::Wraps {
                offset,
                found: bytes.len(),
            });
        }
        let first = self.base + u32::from(offset);
        let last = first + last as u32;
        let Some(start) = u16::try_from(first).ok().filter(|_| last < END) else {
            return refused(Problem::BeyondCode { found: last });
        };
        // Only the nearest piece on either side can reach into this one, as pieces don't overlap.
        let below = self.placed.range(..=start).next_back();
        let above = self.placed.range(start..).next();
        for (&other, (line, taken)) in below.into_iter().chain(above) {
            let other = u32::from(other);
            if other <= last && first < other + taken.len() as u32 {
                return refused(Problem::Overlap {
                    found: first.max(other),
                    line: *line,
                });
            }
        }
        self.placed.insert(start, (line, bytes));
        Ok(())
    }

    /// Where the record's data goes, if it is a data record.
    fn address(&self, head: Head) -> Option<u32> {
        (head.kind == 0).then(|| self.base + u32::from(head.offset))
    }

    /// What nom's error means, in the words of the format.
    fn explain(&self, line: &[u8], error: &Err<Error<&[u8]>>) -> Refusal {
        let (rest, code) = match error {
            Err::Error(e) | Err::Failure(e) => (e.input, e.code),
            Err::Incomplete(_) => (&[][..], ErrorKind::Eof),
        };
        let column = 1 + line.len() - rest.len();
        let head = head(line).ok().map(|(_, head)| head);
        let digits = line.len() - 1;
        let problem = match rest.first() {
            Some(&found) if code == ErrorKind::Char => Problem::NoColon { found },
            Some(&found) if !found.is_ascii_hexdigit() => Problem::NotHex { found },
            _ if digits % 2 == 1 => Problem::OddDigits { found: digits },
            _ => Problem::Length {
                expected: 10 + 2 * head.map_or(0, |h| usize::from(h.length)),
                found: digits,
            },
        };
        (column, head.and_then(|head| self.address(head)), problem)
    }
}

/// The part of a record before its data.
#[derive(Clone, Copy)]
struct Head {
    length: u8,
    offset: u16,
    kind: u8,
}

impl Head {
    /// The sum of its bytes, modulo 256.
    fn sum(self) -> u8 {
        let [high, low] = self.offset.to_be_bytes();
        [high, low, self.kind]
            .into_iter()
            .fold(self.length, u8::wrapping_add)
    }
}

/// One line of a HEX file.
struct Record {
    head: Head,
    data: Vec<u8>,
    checksum: u8,
}

fn record(line: &[u8]) -> IResult<&[u8], Record> {
    let (rest, head) = head(line)?;
    let (rest, data) = count(octet, usize::from(head.length)).parse(rest)?;
    let (rest, checksum) = octet(rest)?;
    Ok((
        rest,
        Record {
            head,
            data,
            checksum,
        },
    ))
}

fn head(line: &[u8]) -> IResult<&[u8], Head> {
    preceded(char(':'), (octet, octet, octet, octet))
        .map(|(length, high, low, kind)| Head {
            length,
            offset: u16::from_be_bytes([high, low]),
            kind,
        })
        .parse(line)
}

fn octet(input: &[u8]) -> IResult<&[u8], u8> {
    (digit, digit)
        .map(|(high, low)| high << 4 | low)
        .parse(input)
}

fn digit(input: &[u8]) -> IResult<&[u8], u8> {
    map_opt(byte, |c| char::from(c).to_digit(16).map(|d| d as u8)).parse(input)
}

/// Segments as a HEX file: LF, upper-case digits, 16 data bytes a record, an end record.
#[must_use]
pub fn write(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        let mut offset = segment.start;
        for data in segment.bytes.chunks(WRITTEN) {
            write_record(&mut text, offset, 0, data);
            offset = offset.wrapping_add(WRITTEN as u16);
        }
    }
    write_record(&mut text, 0, 1, &[]);
    text
}

fn write_record(text: &mut String, offset: u16, kind: u8, data: &[u8]) {
    let head = Head {
        length: data.len() as u8,
        offset,
        kind,
    };
    let checksum = data
        .iter()
        .fold(head.sum(), |sum, byte| sum.wrapping_add(*byte))
        .wrapping_neg();
    let _ = write!(text, ":{:02X}{offset:04X}{kind:02X}", head.length);
    for byte in data.iter().chain([&checksum]) {
        let _ = write!(text, "{byte:02X}");
    }
    text.push('\n');
}
