//! What a contract prints, and how text of others is shown.

use core::fmt;
use std::borrow::Cow;

/// One print of a contract (method 9).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Print {
    /// Whether the contract asked for hex.
    pub hex: bool,
    /// What it printed.
    pub bytes: Vec<u8>,
}

impl fmt::Display for Print {
    /// In hex where asked for, else as text: up to the first zero byte, with control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hex {
            return f.write_str(&hex::encode(&self.bytes));
        }
        let text = self
            .bytes
            .split(|&byte| byte == 0)
            .next()
            .unwrap_or_default();
        for letter in String::from_utf8_lossy(text).chars() {
            match letter {
                '\n' | '\t' => write!(f, "{letter}")?,
                _ if letter.is_control() => write!(f, "{}", letter.escape_default())?,
                _ => write!(f, "{letter}")?,
            }
        }
        Ok(())
    }
}

/// `text` as it may stand within a line: what ends a line, moves a cursor, turns the direction of
/// writing or shows nothing is written as `\n` or `\u{202e}`. A backslash stays one.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_visible(letter) {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_default());
        }
    }
    Cow::Owned(shown)
}

/// Whether a letter shows itself, where it stands, and nothing else.
#[must_use]
pub fn is_visible(letter: char) -> bool {
    match letter {
        ' '..='~' => true,
        // Letters and marks by their category, but they show nothing: joiners, fillers, vowels, selectors of variants.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}' => false,
        _ => {
            // A mark is escaped alone, and not behind a letter.
            let mut bytes = [b'a'; 5];
            let end = 1 + letter.encode_utf8(&mut bytes[1..]).len();
            let behind = str::from_utf8(&bytes[..end]).unwrap_or_default();
            behind.escape_debug().nth(1) == Some(letter)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_itself_stays_and_nothing_else() {
        let plain = "a \"b\" \\n ä é e\u{301} 日本 हिन्दी 😀 𐍈";
        assert!(matches!(visible(plain), Cow::Borrowed(shown) if shown == plain));
        assert_eq!(visible("a\nb\r\tc"), "a\\nb\\r\\tc");
        let hidden = "\0\u{7}\u{1b}\u{7f}\u{80}\u{9b}\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{200b}\u{200d}\u{200f}\u{2028}\
            \u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{ffff}\u{e000}\
            \u{e0001}\u{e007f}\u{e0100}\u{10ffff}";
        for letter in hidden.chars() {
            let shown = format!("x\\u{{{:x}}}y", u32::from(letter));
            assert_eq!(visible(&format!("x{letter}y")), shown);
        }
    }

    #[test]
    fn all_that_is_control_or_breaks_a_line_is_escaped() {
        for letter in (0..=0x10FFFF).filter_map(char::from_u32) {
            let harmful = letter.is_control() || (letter != ' ' && letter.is_whitespace());
            assert!(!harmful || !is_visible(letter), "{letter:?}");
        }
    }

    fn shown(hex: bool, bytes: &[u8]) -> String {
        Print {
            hex,
            bytes: bytes.to_vec(),
        }
        .to_string()
    }

    /// Text ends at a zero byte and cannot move the cursor.
    #[test]
    fn text_ends_at_a_zero_and_cannot_move_the_cursor() {
        assert_eq!(shown(false, b"line:1\0\0t"), "line:1");
        assert_eq!(shown(false, b"a\tb\nc"), "a\tb\nc");
        assert_eq!(shown(false, b"\x1b[2J"), "\\u{1b}[2J");
        assert_eq!(shown(false, b"\xff"), "\u{fffd}");
        assert_eq!(shown(true, b"\x00\xDE\xAD"), "00dead");
        assert_eq!(shown(false, b""), "");
    }
}
