//! `NAME.cdb`: the records of the linker in it, `L:SYMBOL:ADDRESS`.
//!
//! ```text
//! L:C$echo.c$12$0_0$2:85      line 12 of echo.c begins at CODE 0x0085
//! L:G$serial$0$0:85           so does the function serial
//! L:XG$serial$0$0:F5          its last instruction, a RET or RETI, is at 0x00F5
//! L:Fecho$put$0$0:F6          a static function of the module echo
//! ```

use super::{Files, Function, Span, SymbolError, Symbols};
use std::collections::{BTreeMap, BTreeSet};

/// The lines and functions in the text of a `.cdb` file.
///
/// # Errors
/// The first line of code or function whose address is none.
pub fn cdb(text: &str) -> Result<Symbols, SymbolError> {
    let mut symbols = Symbols::default();
    let mut files = Files::default();
    let mut lines = Vec::new();
    let mut begins = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for (number, record) in (1..).zip(text.lines()) {
        let Some((symbol, address)) = record.strip_prefix("L:").and_then(|r| r.rsplit_once(':'))
        else {
            continue;
        };
        let at = || address_of(address, number);
        if let Some(line) = symbol.strip_prefix("C$") {
            if let Some((file, line)) = line_of(line) {
                lines.push((at()?, files.index(file), line));
            }
        } else if let Some(function) = symbol.strip_prefix('X').filter(|s| is_name(s)) {
            ends.insert(function, at()?);
        } else if is_name(symbol) {
            // A variable looks the same, but has no end; it may lie anywhere.
            begins.insert(symbol, address_of(address, number));
        }
    }
    for (symbol, begin) in begins {
        if let (Some(last), Some(name)) = (ends.get(symbol), symbol.split('$').nth(1)) {
            symbols.functions.push(Function {
                at: begin?,
                last: Some(*last),
                name: name.into(),
            });
        }
    }
    lines.sort_by_key(|(at, _, _)| *at);
    // A line has one label, so of a function on a single line only its end has one.
    let unlabelled = symbols.functions.iter().filter_map(|function| {
        let next = lines.partition_point(|(at, _, _)| *at < function.at);
        let &(at, file, line) = lines.get(next)?;
        (at > function.at && Some(at) <= function.last).then_some((function.at, file, line))
    });
    let unlabelled: Vec<_> = unlabelled.collect();
    lines.extend(unlabelled);
    lines.sort_by_key(|(at, _, _)| *at);
    let ends: BTreeSet<u16> = ends.into_values().collect();
    let starts: BTreeSet<u16> = lines.iter().map(|(at, _, _)| *at).collect();
    for (first, file, line) in lines {
        // It goes on until another line begins, or the function ends.
        let next = first
            .checked_add(1)
            .and_then(|after| starts.range(after..).next());
        let before = next.map_or(u16::MAX, |next| next - 1);
        let end = ends.range(first..).next().copied();
        let last = before.min(end.unwrap_or(first));
        symbols.spans.push(Span {
            first,
            last,
            file,
            line,
        });
    }
    symbols.files = files.names;
    symbols.sort();
    Ok(symbols)
}

/// Whether it names something global (`G$main$0$0`) or of a module (`Fecho$put$0$0`).
fn is_name(symbol: &str) -> bool {
    symbol.starts_with("G$") || symbol.starts_with('F')
}

/// File and line of `echo.c$12$0_0$2`; a file's name may hold a `$` itself.
fn line_of(symbol: &str) -> Option<(&str, u32)> {
    let mut parts = symbol.rsplitn(4, '$');
    let (_block, _level) = (parts.next()?, parts.next()?);
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line))
}

fn address_of(text: &str, line: usize) -> Result<u16, SymbolError> {
    u16::from_str_radix(text.trim_end(), 16).map_err(|_| SymbolError {
        line,
        expected: "an address of CODE in hex",
        found: text.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "M:echo
S:G$P0$0_0$0({1}SC:U),I,0,0
L:G$P0$0_0$0:80
L:A$echo$451:85
L:C$echo.c$12$0_0$2:85
L:G$serial$0$0:85
L:C$echo.c$14$1_0$2:98
L:C$echo.c$15$2_0$3:98
L:C$echo.c$30$1_0$2:F5
L:XG$serial$0$0:F5
L:Fecho$put$0$0:F6
L:C$echo.c$32$1_0$9:F6
L:XFecho$put$0$0:130
";

    /// A line lasts until the next one or the end of its function.
    #[test]
    fn a_line_lasts_until_the_next_or_its_functions_end() {
        let symbols = cdb(TEXT).expect("it is one");
        assert_eq!(symbols.files, ["echo.c"]);
        let spans: Vec<_> = symbols
            .spans
            .iter()
            .map(|span| (span.line, span.first, span.last))
            .collect();
        let expected = [
            (12, 0x85, 0x97),
            (14, 0x98, 0xF4),
            (15, 0x98, 0xF4),
            (30, 0xF5, 0xF5),
            (32, 0xF6, 0x130),
        ];
        assert_eq!(spans, expected);
    }

    /// sdcc gives a line one label for all its code, and the linker keeps the last of them.
    #[test]
    fn a_function_on_one_line_has_all_its_code() {
        let text = "L:Fecho$put$0$0:65\nL:C$echo.c$6$1_0$4:71\nL:XFecho$put$0$0:71\n\
                    L:G$get$0$0:72\nL:C$echo.c$7$1_0$6:80\nL:XG$get$0$0:80\n";
        let symbols = cdb(text).expect("it is one");
        let line = |at| {
            symbols
                .spans
                .iter()
                .find(|s| (s.first..=s.last).contains(&at))
        };
        let lines = [0x65, 0x70, 0x71, 0x72, 0x80].map(|at| line(at).map(|span| span.line));
        assert_eq!(lines, [Some(6), Some(6), Some(6), Some(7), Some(7)]);
        assert!(line(0x81).is_none());
    }

    #[test]
    fn functions_are_what_has_an_end() {
        let symbols = cdb(TEXT).expect("it is one");
        let functions: Vec<_> = symbols.functions.iter().map(|f| (f.at, &*f.name)).collect();
        assert_eq!(functions, [(0x85, "serial"), (0xF6, "put")]);
    }

    #[test]
    fn an_address_that_is_none_is_named_with_its_line() {
        let error = cdb("M:echo\nL:C$echo.c$12$0_0$2:1G\n").expect_err("no address");
        assert_eq!(
            error.to_string(),
            "line 2: expected an address of CODE in hex, found \"1G\": link the program again"
        );
        assert!(cdb("L:C$echo.c$12$0_0$2:10000\n").is_err());
        assert_eq!(cdb("L:G$variable$0_0$0:123456\n"), Ok(Symbols::default()));
    }
}
