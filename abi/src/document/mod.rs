//! The files made from the method table: `smart51.h`, the methods of the SDK in Rust, `docs/abi.md` and the list of
//! functions in `docs/c.md`.
//!
//! `cargo run -p smart51-abi --example generate` writes them; a test compares.

use crate::Semantics;
use crate::layout;
use crate::method::{self, Effect, GasRule, Item, Kind, Length, METHODS, MethodSpec, PerBytes};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

mod rust;

pub use rust::rust_methods;

/// The command that writes the generated files, as their readers are told.
pub const REFRESH: &str = "cargo run -p smart51-abi --example generate";

/// `firmware-samples/include/smart51.h`.
#[must_use]
pub fn c_header() -> String {
    include_str!("smart51.h")
        .replace("@REFRESH@", REFRESH)
        .replace("@ADDRESSES@", &c_addresses())
        .replace("@NUMBERS@", &c_numbers())
        .replace("@CALLS@", &c_calls())
        .replace("@TYPED@", include_str!("typed.h"))
}

/// `docs/c.md`.
#[must_use]
pub fn c_page() -> String {
    let rows: Vec<String> = METHODS
        .iter()
        .map(|m| {
            let summary = format!("{}{}", m.summary, sdk_note(m));
            let number = m.name.to_ascii_uppercase();
            format!("| `{}` | `S51_{number}` | {summary} |", c_function(m).0)
        })
        .collect();
    include_str!("c.md")
        .replace("@REFRESH@", REFRESH)
        .replace("@METHODS@", &rows.join("\n"))
}

/// `docs/abi.md`.
#[must_use]
pub fn markdown() -> String {
    include_str!("abi.md")
        .replace("@REFRESH@", REFRESH)
        .replace("@ADDED@", &method::ADDED.to_string())
        .replace("@CHANGED@", &method::CHANGED.to_string())
        .replace("@UNCHANGED@", &method::UNCHANGED.to_string())
        .replace("@FREED@", &method::FREED.to_string())
        .replace("@REMOVED@", &method::REMOVED.to_string())
        .replace("@CARRIED@", &PerBytes::CARRIED.bytes.to_string())
        .replace("@OVERVIEW@", &overview())
        .replace("@METHODS@", &chapters())
}

/// A line ended and pushed onto a text; writing to a `String` cannot fail.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => { let _ = writeln!($out, $($arg)*); };
}

fn c_addresses() -> String {
    let mut out = String::new();
    for (name, value, comment) in [
        ("EXIT", layout::EXIT, "CODE: the run ends here"),
        (
            "APICALL",
            layout::APICALL,
            "CODE: the host serves a call here",
        ),
        (
            "ACCOUNT_CHECK_SWITCH",
            layout::ACCOUNT_CHECK,
            "CODE: 1 demands that app accounts match what was paid",
        ),
        (
            "RESULT",
            layout::RESULT,
            "XDATA: a method's number, or the exit code",
        ),
        (
            "BUFFER",
            layout::COMMUNICATE,
            "XDATA: the input, then requests and replies",
        ),
    ] {
        line!(out, "#define S51_{name} 0x{value:04X} /* {comment} */");
    }
    line!(
        out,
        "#define S51_REFUSED_WORD 0x{:04X} /* in the result word behind a refused call */",
        layout::REFUSED_WORD
    );
    let _ = write!(
        out,
        "#define S51_BUFFER_SIZE {} /* bytes */",
        layout::COMMUNICATE_SIZE
    );
    out
}

fn c_numbers() -> String {
    let rows: Vec<String> = METHODS
        .iter()
        .map(|m| format!("#define S51_{} 0x{:04X}", m.name.to_ascii_uppercase(), m.id))
        .collect();
    rows.join("\n")
}

fn c_calls() -> String {
    let rows: Vec<String> = METHODS.iter().map(c_call).collect();
    rows.join("\n\n")
}

/// How an item is passed in C.
struct Passed {
    /// The parameters it takes.
    params: Vec<String>,
    /// What to do with them.
    body: String,
}

impl Passed {
    fn new(params: &[&str], body: String) -> Passed {
        Passed {
            params: params.iter().map(|&p| p.to_owned()).collect(),
            body,
        }
    }

    fn argument(item: Item) -> Passed {
        let name = item.name;
        let number = |c_type: &str, put: &str| {
            Passed::new(&[&format!("{c_type} {name}")], format!("{put}({name})"))
        };
        let pointer = format!("const void *{name}");
        match (item.kind, item.kind.lengths()) {
            (Kind::Int64, _) => number("int64_t", "s51_arg64"),
            (Kind::Int32 | Kind::Index, _) => number("uint32_t", "s51_arg32"),
            (Kind::Flag | Kind::Code, _) => number("uint8_t", "s51_arg8"),
            (_, Length::Exactly(n)) => Passed::new(&[&pointer], format!("s51_arg({name}, {n})")),
            (_, Length::MultipleOf(n)) => Passed::new(
                &[&pointer, "uint16_t count"],
                format!("s51_arg({name}, count * {n}u)"),
            ),
            (_, Length::AtLeast(_) | Length::Either(..)) => Passed::new(
                &[&pointer, &format!("uint16_t {name}_len")],
                format!("s51_arg({name}, {name}_len)"),
            ),
        }
    }

    /// The answer, with the type that a call returns for it.
    fn answer(item: Item) -> (&'static str, Passed) {
        const OUT: &str = "void *out";
        match (item.kind, item.kind.lengths()) {
            (Kind::Int64, _) => ("int64_t", Passed::new(&[], "s51_item64()".into())),
            (Kind::Int32, _) => ("uint32_t", Passed::new(&[], "s51_item32()".into())),
            (Kind::Flag | Kind::Code, _) => ("uint8_t", Passed::new(&[], "s51_item8()".into())),
            (_, Length::Exactly(n)) => (
                "uint16_t",
                Passed::new(&[OUT], format!("s51_item(out, {n})")),
            ),
            _ => (
                "uint16_t",
                Passed::new(&[OUT, "uint16_t cap"], "s51_item(out, cap)".into()),
            ),
        }
    }
}

/// How many records of `size` bytes a request can hold: its total, at most the buffer less a byte, counts the length of
/// the one argument too.
fn records_in_a_request(size: u16) -> usize {
    (layout::COMMUNICATE_SIZE - 1 - 2) / usize::from(size)
}

/// The size of the records, if the method takes a number of them.
fn record_size(method: &MethodSpec) -> Option<u16> {
    match method.args {
        [
            Item {
                kind: Kind::Records(size),
                ..
            },
        ] if method.optional.is_empty() => Some(*size),
        _ => None,
    }
}

/// What the SDKs do with an empty value, which no request can hold: whoever writes it wants the key away.
fn takes_empty_value(method: &MethodSpec) -> bool {
    matches!(method.id, method::DB_WRITE | method::DB_MODIFY)
}

/// Whether the first byte of the answer says how it went: the SDKs make it 0 where nothing is answered, or the status
/// of an earlier call would be taken for it.
fn answers_with_status(method: &MethodSpec) -> bool {
    matches!(method.gas.effect, Effect::Call)
}

/// One method as a function in C: its signature and its body.
fn c_function(method: &MethodSpec) -> (String, String) {
    let number = format!("S51_{}", method.name.to_ascii_uppercase());
    let (mut params, mut body) = (Vec::new(), String::new());
    for passed in method
        .args
        .iter()
        .chain(method.optional)
        .copied()
        .map(Passed::argument)
    {
        params.extend(passed.params);
        line!(body, "    {};", passed.body);
    }
    if let Some(size) = record_size(method) {
        // As many requests as the records need. Of a small count that is a constant sdcc leaves the
        // last branch, as long as nothing writes to it.
        let most = records_in_a_request(size);
        body = format!(
            "    if (count > {most}) {{\n        \
                 const uint8_t *from = records;\n        \
                 uint16_t left = count, some;\n        \
                 for (; left; left -= some, from += some * {size}u) {{\n            \
                     some = left < {most} ? left : {most};\n            \
                     s51_arg(from, some * {size}u);\n            \
                     s51_call({number});\n        \
                 }}\n    \
             }} else if (count) {{\n        \
                 s51_arg(records, count * {size}u);\n        \
                 s51_call({number});\n    \
             }}\n"
        );
    } else if takes_empty_value(method) {
        line!(body, "    s51_call(value_len ? {number} : S51_DB_DELETE);");
    } else {
        line!(body, "    s51_call({number});");
    }
    let returned =
        method
            .reply
            .first()
            .copied()
            .map(Passed::answer)
            .map_or("void", |(c_type, passed)| {
                params.extend(passed.params);
                let answer = passed.body;
                if answers_with_status(method) {
                    line!(body, "    *(uint8_t *)out = 0;");
                }
                if method.id == method::DB_WRITE {
                    // Deleting answers 0 for a key that was not there, and it is away all the same.
                    line!(body, "    return {answer} | !value_len;");
                } else {
                    line!(body, "    return {answer};");
                }
                c_type
            });
    let params = if params.is_empty() {
        "void".to_owned()
    } else {
        params.join(", ")
    };
    (format!("{returned} s51_{}({params})", method.name), body)
}

/// What the SDKs do beyond the method, as a sentence after its summary; empty for most.
fn sdk_note(method: &MethodSpec) -> &'static str {
    if takes_empty_value(method) {
        " An empty value removes the key."
    } else if answers_with_status(method) {
        " Where nothing is answered, as for too long an input, the status is 0."
    } else if method.reads_request() && method.reply.is_empty() {
        " A request that the host does not take ends the call."
    } else {
        ""
    }
}

fn c_call(method: &MethodSpec) -> String {
    let (signature, body) = c_function(method);
    format!(
        "/* {}{} */\nS51_INLINE {signature}\n{{\n{body}}}",
        method.summary,
        sdk_note(method)
    )
}

fn overview() -> String {
    let mut out = String::from("| number | method | original | does |\n|---|---|---|---|\n");
    for m in METHODS {
        let original = m
            .original
            .map_or_else(|| "none".to_owned(), |name| format!("`{name}`"));
        line!(
            out,
            "| {} | [`{}`](#{}) | {original} | {} |",
            number(m.id),
            m.name,
            anchor(m),
            m.summary
        );
    }
    out.trim_end().to_owned()
}

fn number(id: u16) -> String {
    if id < 0x0100 {
        id.to_string()
    } else {
        format!("0x{id:04X}")
    }
}

/// The anchor that a heading `## number name` gets.
fn anchor(method: &MethodSpec) -> String {
    format!("{}-{}", number(method.id).to_ascii_lowercase(), method.name)
}

fn chapters() -> String {
    let mut out = String::new();
    for m in METHODS {
        line!(out, "## {} {}\n\n{}\n", number(m.id), m.name, m.summary);
        line!(out, "- **Arguments**: {}", arguments(m));
        line!(out, "- **Answer**: {}", items(m.reply));
        let gas = price(&m.gas).replace("storage", "[storage](#storage)");
        line!(out, "- **Gas**: {gas}");
        line!(out, "- **Steps**: {}", m.steps.formula());
        line!(
            out,
            "- **Since**: {}",
            if m.since() == Semantics::V1 {
                "our own rules only"
            } else {
                "the original"
            }
        );
        if m.failures.is_empty() {
            line!(
                out,
                "- **Failures**: {}",
                if m.reads_request() {
                    "wrong arguments only"
                } else {
                    "none"
                }
            );
        } else {
            line!(out, "- **Failures**:");
            for failure in m.failures {
                line!(out, "  - {failure}");
            }
        }
        if !m.notes.is_empty() {
            line!(out, "\n{}", m.notes);
        }
        line!(out, "\n```c\n{};\n\n{}\n```\n", c_function(m).0, m.example);
    }
    out.trim_end().to_owned()
}

fn arguments(method: &MethodSpec) -> String {
    if !method.reads_request() {
        return "none; the request is not looked at".into();
    }
    let mut text = items(method.args);
    if !method.optional.is_empty() {
        let _ = write!(text, "; and then, or not, {}", items(method.optional));
    }
    text
}

fn items(items: &[Item]) -> String {
    if items.is_empty() {
        return "no item".into();
    }
    let listed: Vec<String> = items
        .iter()
        .map(|item| format!("`{}` ({})", item.name, describe(item.kind)))
        .collect();
    listed.join(", ")
}

/// What an item holds, and how long it is, in words.
#[must_use]
pub fn describe(kind: Kind) -> String {
    let what = match kind {
        Kind::Int64 => "LE64, signed",
        Kind::Int32 => "LE32",
        Kind::Index => "LE32",
        Kind::Bytes => return "bytes".into(),
        Kind::Flag | Kind::Code => return "1 byte".into(),
        Kind::DesKey => "a key",
        Kind::Account => "a registered id or an address",
        Kind::Regid => "a registered id",
        Kind::Address => "an address",
        Kind::Hash => "a hash",
        Kind::PublicKey => "a compressed key",
        Kind::AppUser => "a user's name",
        Kind::Records(_) => "records",
        Kind::Record(_) => "one record",
    };
    format!("{what}, {}", kind.lengths())
}

/// A price by `data-sheet` in words. `storage` in it stands for that of a contract's data.
#[must_use]
pub fn price(rule: &GasRule) -> String {
    let mut text = rule.base.to_string();
    for (per, of) in [(rule.request, "request"), (rule.reply, "answer")] {
        match per {
            PerBytes::CARRIED => {}
            PerBytes { gas, bytes: 1 } => {
                let _ = write!(text, " + {gas} for every byte of the {of}");
            }
            PerBytes { gas, bytes } => {
                let _ = write!(text, " + {gas} for every started {bytes} bytes of the {of}");
            }
        }
    }
    match rule.effect {
        Effect::None => {}
        Effect::Cipher => {
            let (key, block) = (Effect::DES_KEY.0, Effect::DES_BLOCK.0);
            let triple = Effect::TRIPLE;
            let _ = write!(
                text,
                " + {key} + {block} for every started 8 bytes of `data`, with a key of 16 bytes {triple} times as much"
            );
        }
        Effect::Storage => text.push_str(" + storage"),
        Effect::Outputs => {
            let _ = write!(text, " + {} for every record", Effect::OUTPUT_RECORD.0);
        }
        Effect::Thawing => {
            let _ = write!(
                text,
                " + {} for every fund that has thawed",
                Effect::THAWED.0
            );
        }
        Effect::AppOperations => {
            let (record, thawed) = (Effect::APP_RECORD.0, Effect::THAWED.0);
            let _ = write!(
                text,
                " + {record} for every record + {thawed} for every fund that has thawed, once for records of one user in a row"
            );
        }
        Effect::Call => {
            let value = Effect::VALUE.0;
            let _ = write!(
                text,
                " + {value} where an amount is sent + what the contract uses"
            );
        }
        Effect::Event => {
            let _ = write!(text, " + {} for every topic", Effect::TOPIC.0);
        }
        Effect::Action => {
            let value = Effect::VALUE.0;
            let _ = write!(
                text,
                " + {value} where an amount is sent + what the contracts use that run for it"
            );
        }
        Effect::Deferred => text.push_str(" + what is kept and done later"),
        Effect::Walk => {
            let _ = write!(
                text,
                " + {} for every key that is looked at, and for finding that there is none",
                Effect::LOOKED_AT.0
            );
        }
        Effect::Object => {
            let _ = write!(
                text,
                " + storage + {} for every field, and for finding that there is none",
                Effect::LOOKED_AT.0
            );
        }
        Effect::Indexed => {
            let _ = write!(
                text,
                " + storage + {} and storage for every index",
                Effect::INDEXED.0
            );
        }
    }
    text
}
