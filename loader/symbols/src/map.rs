//! `NAME.map`: the linker's table of global symbols.
//!
//! ```text
//! C:   00000131  _main                              echo
//! ```

use super::{Function, Symbols};

/// The functions in the text of a `.map` file: global symbols of CODE that are names of C.
#[must_use]
pub fn map(text: &str) -> Symbols {
    let function = |line: &str| {
        let mut words = line.strip_prefix("C:")?.split_whitespace();
        let at = u16::try_from(u32::from_str_radix(words.next()?, 16).ok()?).ok()?;
        let name = words.next()?.strip_prefix('_')?.into();
        Some(Function {
            at,
            last: None,
            name,
        })
    };
    let mut symbols = Symbols {
        functions: text.lines().filter_map(function).collect(),
        ..Symbols::default()
    };
    symbols.sort();
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_the_names_of_c_in_code() {
        let text = "
      Value  Global                              Global Defined In Module
C:   00000000  l_BIT_BANK                      
C:   00000131  _main                              echo
D:   00000021  _in                                echo
C:   00000085  _serial                            echo
";
        let functions = map(text).functions;
        let functions: Vec<_> = functions.iter().map(|f| (f.at, &*f.name)).collect();
        assert_eq!(functions, [(0x85, "serial"), (0x131, "main")]);
    }
}
