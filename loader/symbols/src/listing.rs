//! `NAME.rst`: the assembler's listing after linking, a line for each line of the assembler source.
//!
//! ```text
//!                                     632 ;    echo.c:49: TMOD = 0x20;
//!       000131 75 89 20         [24]  633     mov    _TMOD,#0x20
//! ```

use super::{Files, Function, Span, Symbols};

/// The lines and functions in the text of a `.rst` file of one module. Where the compiler did not write lines of C into
/// comments, they are those of `assembler`, the source the listing is of.
#[must_use]
pub fn listing(text: &str, assembler: &str) -> Symbols {
    let mut symbols = Symbols::default();
    let mut files = Files::default();
    let compiled = text.lines().any(|line| line_of_c(line).is_some());
    let mut of_c = None;
    for line in text.lines() {
        if let Some((file, number)) = line_of_c(line) {
            of_c = Some((files.index(file), number));
        }
        let Some(listed) = Listed::of(line) else {
            continue;
        };
        let source = match (compiled, listed.size) {
            (_, 0) => None,
            (true, _) => of_c,
            (false, _) => Some((files.index(assembler), listed.number)),
        };
        if let Some((file, line)) = source {
            let first = listed.at;
            symbols.spans.push(Span {
                first,
                last: first,
                file,
                line,
            });
        }
        let label = listed.text.trim().strip_suffix(':');
        if let Some(name) = label
            .and_then(|label| label.strip_prefix('_'))
            .filter(|_| compiled)
        {
            symbols.functions.push(Function {
                at: listed.at,
                last: None,
                name: name.into(),
            });
        }
    }
    symbols.files = files.names;
    symbols.sort();
    symbols
}

/// File and line in a comment of the compiler: `; echo.c:49: TMOD = 0x20;` after the number of the listing's line.
fn line_of_c(line: &str) -> Option<(&str, u32)> {
    let (number, comment) = line.split_once(";\t")?;
    number.trim().parse::<u32>().ok()?;
    let (place, _) = comment.split_once(": ")?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file, line.parse().ok()?))
}

/// A line of the listing with an address.
struct Listed<'a> {
    at: u16,
    /// Bytes of the instruction there; 0 if there is none.
    size: usize,
    number: u32,
    text: &'a str,
}

impl Listed<'_> {
    fn of(line: &str) -> Option<Listed<'_>> {
        let (address, rest) = word(line)?;
        let at = (address.len() >= 4).then(|| u16::from_str_radix(address, 16).ok())??;
        // An instruction's cycles stand in brackets behind its bytes; without them the line has none.
        let (size, rest) = match rest.split_once('[') {
            Some((bytes, rest)) if bytes.split_whitespace().all(is_byte) => {
                (bytes.split_whitespace().count(), rest.split_once(']')?.1)
            }
            _ => (0, rest),
        };
        let (number, text) = word(rest)?;
        Some(Listed {
            at,
            size,
            number: number.parse().ok()?,
            text,
        })
    }
}

fn is_byte(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The first word, and what comes after it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPILED: &str = "\
      000000                         56 \t.area HOME    (CODE)
      000000 02 00 06         [24]   57 \tljmp\t__sdcc_gsinit_startup
                                    628 ;\techo.c:47: void main(void)
                                    629 ;\t-----------------------------------------
      000131                        630 _main:
                           0000AC   631 \tC$echo.c$49$1_0$13 ==.
                                    632 ;\techo.c:49: TMOD = 0x20;
      000131 75 89 20         [24]  633 \tmov\t_TMOD,#0x20
      000134                        655 00104$:
                                    656 ;\tsrc/echo.c:57: if (in_head != in_tail) {
      000134 E5 42            [12]  658 \tmov\ta,_in_tail
      000136 30 31 32 33 34 35  659 \t.ascii \"012345\"
";

    #[test]
    fn instructions_are_of_the_line_of_c_above_them() {
        let symbols = listing(COMPILED, "echo.asm");
        assert_eq!(symbols.files, ["echo.c", "src/echo.c"]);
        let spans: Vec<_> = symbols
            .spans
            .iter()
            .map(|span| (span.first, span.file, span.line))
            .collect();
        assert_eq!(spans, [(0x131, 0, 49), (0x134, 1, 57)]);
        let main = Function {
            at: 0x131,
            last: None,
            name: "main".into(),
        };
        assert_eq!(symbols.functions, [main]);
    }

    #[test]
    fn without_a_compiler_lines_are_the_assemblers() {
        let text = "
                                      8         .module monitor
      000000                         10         .org    0
      000000 02 00 40         [24]   11         ljmp    main
                                     41 ; A character into A.
      000075 30 98 FD         [24]   42 get:    jnb     ri,get
";
        let symbols = listing(text, "monitor.asm");
        assert_eq!(symbols.files, ["monitor.asm"]);
        let spans: Vec<_> = symbols.spans.iter().map(|s| (s.first, s.line)).collect();
        assert_eq!(spans, [(0x00, 11), (0x75, 42)]);
        assert!(symbols.functions.is_empty(), "labels are not functions");
    }
}
