//! What a contract prints.

use core::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hex: bool, bytes: &[u8]) -> String {
        Print {
            hex,
            bytes: bytes.to_vec(),
        }
        .to_string()
    }

    #[test]
    fn text_ends_at_a_zero_byte_and_cannot_move_the_cursor() {
        assert_eq!(shown(false, b"line:1\0\0t"), "line:1");
        assert_eq!(shown(false, b"a\tb\nc"), "a\tb\nc");
        assert_eq!(shown(false, b"\x1b[2J"), "\\u{1b}[2J");
        assert_eq!(shown(false, b"\xff"), "\u{fffd}");
        assert_eq!(shown(true, b"\x00\xDE\xAD"), "00dead");
        assert_eq!(shown(false, b""), "");
    }
}
