//! Numbers as people write them, on the command line and in files.

/// A number, decimal or `0x…`, with `_` anywhere between its digits.
///
/// # Errors
/// The problem, as text to show beside the number.
pub fn number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let plain = text.replace('_', "");
    let value = match plain
        .strip_prefix("0x")
        .or_else(|| plain.strip_prefix("0X"))
    {
        // `from_str_radix` and `parse` would take a sign.
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
        None if !plain.starts_with('+') => plain.parse(),
        _ => return Err("expected a number, found a sign".into()),
    };
    let value = value.map_err(|e| e.to_string())?;
    T::try_from(value).map_err(|_| format!("{value} is too large here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hex_with_underscores() {
        assert_eq!(number::<u64>("1_000"), Ok(1000));
        assert_eq!(number::<u64>("0xFF_ff"), Ok(0xFFFF));
        assert_eq!(number::<u64>("0"), Ok(0));
        assert_eq!(number::<u64>("18446744073709551615"), Ok(u64::MAX));
        for wrong in [
            "",
            "_",
            "0x",
            "-1",
            "+1",
            "0x+1",
            "1.5",
            "ten",
            "18446744073709551616",
            "0x1_0000_0000_0000_0000",
        ] {
            assert!(number::<u64>(wrong).is_err(), "{wrong}");
        }
        assert!(number::<u16>("0x10000").is_err());
    }
}
