//! Traps of C on the 8051 that sdcc says nothing of, as far as its assembly shows them. `docs/c.md` has the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something in a contract that compiles and does not do what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trap {
    /// A constant without a value: sdcc leaves a gap in the image.
    NoValue { name: String, bytes: String },
    /// A function that calls itself, perhaps by others, and keeps what it works with in fixed places.
    Recursion { function: String, by: Vec<String> },
    /// An unsigned byte that sdcc shifts to the right as if it had a sign.
    SignedShift { line: String },
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::NoValue { name, bytes } => write!(
                f,
                "`{name}` is const and has no value: its {bytes} bytes read FF on the 8051 and 00 in WebAssembly; \
                 give it one, as = {{0}}"
            ),
            Trap::Recursion { function, by } => {
                write!(f, "`{function}` calls itself")?;
                if !by.is_empty() {
                    write!(f, " by `{}`", by.join("`, `"))?;
                }
                write!(
                    f,
                    " and is not __reentrant: each call overwrites the parameters and variables of the one before; \
                     declare it __reentrant"
                )
            }
            Trap::SignedShift { line } => write!(
                f,
                "sdcc shifts an unsigned byte as a signed one in `{line}`: store the shifted byte in a variable of \
                 type uint8_t before shifting it back"
            ),
        }
    }
}

/// What is known of a function.
#[derive(Debug, Default)]
struct Function {
    calls: BTreeSet<String>,
    /// Whether something of it lies in a fixed place.
    is_fixed: bool,
    /// Whether something of it lies on the stack: it is reentrant.
    is_stacked: bool,
}

/// The traps in the assembly that sdcc wrote for the files of a contract, each once.
pub(crate) fn traps<'a>(files: impl IntoIterator<Item = &'a str>) -> Vec<Trap> {
    let mut found = BTreeSet::new();
    let mut functions = BTreeMap::new();
    for file in files {
        read(file, &mut functions, &mut found);
    }
    for (name, function) in &functions {
        if function.is_fixed
            && !function.is_stacked
            && let Some(by) = way_back(name, &functions)
        {
            found.insert(Trap::Recursion {
                function: name.clone(),
                by,
            });
        }
    }
    found.into_iter().collect()
}

/// Takes the functions of one file, and notes what its lines show.
fn read(file: &str, functions: &mut BTreeMap<String, Function>, found: &mut BTreeSet<Trap>) {
    let mut function = String::new();
    let (mut area, mut label, mut source) = ("", "", "");
    // The last two instructions.
    let mut before = ["", ""];
    for line in file.lines() {
        if let Some(comment) = line.strip_prefix(';') {
            if let Some(name) =
                comment.strip_prefix("Allocation info for local variables in function '")
            {
                function = name.trim_end_matches('\'').to_owned();
                functions.entry(function.clone()).or_default();
            } else if let Some(function) = functions.get_mut(&function) {
                function.is_fixed |= comment.contains("Allocated with name '");
                function.is_stacked |= comment.contains("Allocated to stack");
            }
            if let Some(text) = source_line(comment) {
                source = text;
            }
            continue;
        }
        if let Some(name) = line
            .strip_suffix(':')
            .and_then(|line| line.strip_prefix('_'))
        {
            label = name;
            continue;
        }
        let line = line.trim();
        let (operation, operands) = line.split_once(['\t', ' ']).unwrap_or((line, ""));
        match operation {
            ".area" => area = operands.split_whitespace().next().unwrap_or_default(),
            ".ds" if area == "CONST" => {
                found.insert(Trap::NoValue {
                    name: variable(label).to_owned(),
                    bytes: operands.trim().to_owned(),
                });
            }
            "lcall" | "acall" | "ljmp" | "ajmp" | "sjmp" => {
                if let Some(to) = operands.trim().strip_prefix('_')
                    && let Some(function) = functions.get_mut(&function)
                {
                    function.calls.insert(to.to_owned());
                }
            }
            "push" if operands.trim() == "_bp" => {
                if let Some(function) = functions.get_mut(&function) {
                    function.is_stacked = true;
                }
            }
            "orl" if spreads_a_sign(before, operands.trim()) && is_unsigned_shift(source) => {
                found.insert(Trap::SignedShift {
                    line: source.to_owned(),
                });
            }
            _ => {}
        }
        before = [before[1], line];
    }
}

/// The text of the source that a comment `FILE:LINE: TEXT` holds.
fn source_line(comment: &str) -> Option<&str> {
    let rest = comment.strip_prefix('\t')?;
    let (place, text) = rest.split_once(": ")?;
    let (_, line) = place.rsplit_once(':')?;
    line.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text.trim())
}

/// The name of a variable without what sdcc adds to a local one: `_LEVEL_NUMBER`.
fn variable(label: &str) -> &str {
    let mut name = label;
    for _ in 0..2 {
        match name.rsplit_once('_') {
            Some((rest, number))
                if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                name = rest;
            }
            _ => return label,
        }
    }
    name
}

/// Whether `anl a,#mask` · `jnb acc.top,over` · `orl a,#rest` copies the top bit that is left of a
/// shifted byte to those above it.
fn spreads_a_sign([anl, jnb]: [&str; 2], orl: &str) -> bool {
    let byte = |text: &str| {
        let digits = text.strip_prefix("a,#0x")?;
        u8::from_str_radix(digits, 16).ok()
    };
    let mask = anl.strip_prefix("anl").and_then(|rest| byte(rest.trim()));
    let (Some(mask), Some(rest)) = (mask, byte(orl)) else {
        return false;
    };
    let top = mask.checked_ilog2().map(|bit| format!("acc.{bit},"));
    rest == !mask
        && jnb
            .strip_prefix("jnb")
            .map(str::trim_start)
            .zip(top)
            .is_some_and(|(jnb, top)| jnb.starts_with(&top))
}

/// Whether a line shifts to the left and then, as an unsigned byte, to the right.
fn is_unsigned_shift(line: &str) -> bool {
    let has = |texts: &[&str]| texts.iter().any(|text| line.contains(text));
    line.split_once("<<")
        .is_some_and(|(_, rest)| rest.contains(">>"))
        && has(&["(uint8_t)", "(unsigned char)"])
        && !has(&["(int8_t)", "(signed char)", "(char)"])
}

/// The functions by which `name` calls itself, without it, if it does.
fn way_back(name: &str, functions: &BTreeMap<String, Function>) -> Option<Vec<String>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = vec![name];
    while let Some(at) = open.pop() {
        for to in functions
            .get(at)
            .into_iter()
            .flat_map(|function| &function.calls)
        {
            if to == name {
                let mut by = Vec::new();
                let mut step = at;
                while step != name {
                    by.push(step.to_owned());
                    step = from[step];
                }
                by.reverse();
                return Some(by);
            }
            if functions.contains_key(to) && !from.contains_key(&**to) {
                from.insert(to, at);
                open.push(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_the_constants_is_named() {
        let file = "\t.area CONST   (CODE)\n_nobody:\n\t.ds 6\n_contract_none_65536_3:\n\t.ds 2\n_some:\n\t.db #0x01\n\
                    \t.area XSEG    (XDATA)\n_free:\n\t.ds 9\n";
        let gap = |name: &str, bytes: &str| Trap::NoValue {
            name: name.into(),
            bytes: bytes.into(),
        };
        assert_eq!(
            traps([file]),
            [gap("contract_none", "2"), gap("nobody", "6")]
        );
    }

    /// `a` calls itself, `b` and `c` each other from two files, `d` lies on the stack and `e` calls others only.
    #[test]
    fn recursion_is_found_across_files() {
        let function = |name: &str, place: &str, calls: &str| {
            format!(
                ";Allocation info for local variables in function '{name}'\n;n  Allocated {place}\n_{name}:\n\tlcall\t_{calls}\n"
            )
        };
        let first = [
            function("a", "with name '_a_n_65536_1'", "a"),
            function("b", "with name '_b_PARM_2'", "c"),
            function("d", "to stack - _bp +1", "d"),
        ]
        .concat();
        let second = [
            function("c", "with name '_c_n_65536_1'", "b"),
            function("e", "with name '_e_n_65536_1'", "a"),
        ]
        .concat();
        let found: Vec<String> = traps([&*first, &second])
            .iter()
            .map(Trap::to_string)
            .collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("`a` calls itself and"));
        assert!(found[1].starts_with("`b` calls itself by `c` and"));
        assert!(found[2].starts_with("`c` calls itself by `b` and"));
    }

    #[test]
    fn only_an_unsigned_shift_with_a_sign_is_one() {
        let asm = |line: &str, anl: &str, orl: &str| {
            format!(
                ";\tx.c:8: {line}\n\tadd\ta,acc\n\tanl\ta,#{anl}\n\tjnb\tacc.2,00106$\n\torl\ta,#{orl}\n00106$:\n"
            )
        };
        let wrong = "r = (uint8_t)((uint8_t)f << 1) >> 5;";
        assert_eq!(
            traps([&*asm(wrong, "0x07", "0xf8")]),
            [Trap::SignedShift { line: wrong.into() }]
        );
        for (line, anl, orl) in [
            (wrong, "0x07", "0xf0"),
            (wrong, "0x0f", "0xf0"),
            ("r = (int8_t)(f << 1) >> 5;", "0x07", "0xf8"),
            ("r = (uint8_t)(f >> 5) << 1;", "0x07", "0xf8"),
        ] {
            assert_eq!(traps([&*asm(line, anl, orl)]), [], "{line}");
        }
    }

    #[test]
    fn no_cut_upsets_the_reader() {
        let file = ";Allocation info for local variables in function 'f'\n;n Allocated with name '_f_n'\n_f:\n\
                    ;\tf.c:1: x = (uint8_t)(x << 1) >> 5;\n\tanl\ta,#0x07\n\tjnb\tacc.2,1$\n\torl\ta,#0xf8\n\tlcall\t_f\n\
                    \t.area CONST   (CODE)\n_k:\n\t.ds 6\n";
        assert_eq!(traps([file]).len(), 3);
        for end in 0..file.len() {
            traps([&file[..end], &file[end..]]);
        }
    }
}
