//! Characters to words.

use super::{AsmError, AsmErrorKind, Result};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Number(i64),
    Text(String),
    Sign(char),
}

#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) column: usize,
}

/// The words of a line, up to its comment.
pub(super) fn tokens(text: &str, line: usize) -> Result<Vec<Placed>> {
    let chars: Vec<char> = text.chars().collect();
    let fail = |at: usize, kind| AsmError {
        line,
        column: at + 1,
        kind,
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&first) = chars.get(at) {
        let begin = at;
        let run = |from: usize| {
            let more = chars[from..]
                .iter()
                .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
                .count();
            chars[from..from + more].iter().collect::<String>()
        };
        let token = match first {
            ';' => break,
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            c if c.is_ascii_digit() => {
                let digits = run(at);
                at += digits.len();
                Token::Number(
                    number(&digits).ok_or_else(|| fail(begin, AsmErrorKind::Number(digits)))?,
                )
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let word = run(at);
                at += word.len();
                Token::Word(word)
            }
            '"' | '\'' => {
                let inside: String = chars[at + 1..]
                    .iter()
                    .take_while(|c| **c != first)
                    .collect();
                at += inside.chars().count() + 2;
                if at > chars.len() {
                    return Err(fail(begin, AsmErrorKind::OpenQuote));
                }
                let mut letters = inside.chars();
                match (first, letters.next(), letters.next()) {
                    ('\'', Some(letter), None) => Token::Number(i64::from(u32::from(letter))),
                    _ => Token::Text(inside),
                }
            }
            c if "#@/+-,:.$()".contains(c) => {
                at += 1;
                Token::Sign(c)
            }
            c => return Err(fail(begin, AsmErrorKind::Character(c))),
        };
        found.push(Placed {
            token,
            column: begin + 1,
        });
    }
    Ok(found)
}

/// `12`, `0x0C`, `0Ch`, `1100b`.
fn number(digits: &str) -> Option<i64> {
    let lower = digits.to_ascii_lowercase();
    let (body, base) = match (
        lower.strip_prefix("0x"),
        lower.strip_suffix('h'),
        lower.strip_suffix('b'),
    ) {
        (Some(hex), ..) | (None, Some(hex), _) => (hex, 16),
        (None, None, Some(binary)) => (binary, 2),
        (None, None, None) => (lower.as_str(), 10),
    };
    u32::from_str_radix(body, base).ok().map(i64::from)
}
