//! `firmware-samples/rust/sdk/src/methods.rs`: each method as a function in Rust.

use super::{
    REFRESH, answers_with_status, record_size, records_in_a_request, sdk_note, takes_empty_value,
};
use crate::method::{self, Item, Kind, Length, METHODS, MethodSpec};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `firmware-samples/rust/sdk/src/methods.rs`.
#[must_use]
pub fn rust_methods() -> String {
    let numbers: Vec<String> = METHODS
        .iter()
        .map(|m| {
            let name = m.name.to_ascii_uppercase();
            format!(
                "    /// [`{}`](super::{}).\n    pub const {name}: u16 = 0x{:04X};",
                m.name, m.name, m.id
            )
        })
        .collect();
    let functions: Vec<String> = METHODS.iter().map(function).collect();
    format!(
        "//! The methods of the host, as functions. docs/abi.md says what each costs and when it answers nothing.\n\
         //!\n\
         //! Generated from the method table in abi/src/method/table.rs. Refresh: {REFRESH}\n\n\
         use crate::{{call, call_items}};\n\n\
         /// The methods' numbers, for [`call`].\n\
         pub mod number {{\n{}\n}}\n\n{}\n",
        numbers.join("\n"),
        functions.join("\n\n")
    )
}

/// How an argument is passed: the parameter, and the bytes of it.
fn argument(item: &Item) -> (String, String) {
    let name = item.name;
    match (item.kind, item.kind.lengths()) {
        (Kind::Int64, _) => (format!("{name}: i64"), format!("&{name}.to_le_bytes()")),
        (Kind::Int32 | Kind::Index, _) => {
            (format!("{name}: u32"), format!("&{name}.to_le_bytes()"))
        }
        (Kind::Flag, _) => (format!("{name}: bool"), format!("&[{name}.into()]")),
        (Kind::Code, _) => (format!("{name}: u8"), format!("&[{name}]")),
        (_, Length::Exactly(n)) => (format!("{name}: &[u8; {n}]"), name.into()),
        (_, Length::MultipleOf(n)) => (
            format!("{name}: &[[u8; {n}]]"),
            format!("{name}.as_flattened()"),
        ),
        (_, Length::AtLeast(_) | Length::Either(..)) => (format!("{name}: &[u8]"), name.into()),
    }
}

/// Whether the method answers whatever it is asked: nothing can be wrong with the arguments' lengths, and it has no
/// failures of its own.
fn always_answers(method: &MethodSpec) -> bool {
    let fixed = |item: &Item| {
        matches!(item.kind, Kind::Flag) || matches!(item.kind.lengths(), Length::Exactly(_))
    };
    method.failures.is_empty() && method.args.iter().all(fixed) && method.optional.is_empty()
}

/// One method: documentation, signature and body.
fn function(method: &MethodSpec) -> String {
    let (mut params, args): (Vec<String>, Vec<String>) = method
        .args
        .iter()
        .chain(method.optional)
        .map(argument)
        .unzip();
    let call = |out: &str| {
        let number = method.name.to_ascii_uppercase();
        format!("call(number::{number}, &[{}], {out})", args.join(", "))
    };
    let fixed = |zero: &str, rust: &str, value: &str| {
        if always_answers(method) {
            let body = format!(
                "    let mut out = {zero};\n    {};\n    {value}\n",
                call("&mut out")
            );
            (rust.to_owned(), body, "")
        } else {
            let body = format!(
                "    let mut out = {zero};\n    let answered = {} != 0;\n    answered.then_some({value})\n",
                call("&mut out")
            );
            (
                format!("Option<{rust}>"),
                body,
                " `None` where nothing is answered.",
            )
        }
    };
    let (returned, mut body, said) = match method.reply {
        [] => match record_size(method) {
            Some(size) => {
                let most = records_in_a_request(size);
                let body = format!(
                    "    for records in records.chunks({most}) {{\n        {};\n    }}\n",
                    call("&mut []")
                );
                (String::new(), body, "")
            }
            None => (String::new(), format!("    {};\n", call("&mut []")), ""),
        },
        [
            Item {
                kind: Kind::Int64, ..
            },
        ] => fixed("[0; 8]", "i64", "i64::from_le_bytes(out)"),
        [
            Item {
                kind: Kind::Int32, ..
            },
        ] => fixed("[0; 4]", "u32", "u32::from_le_bytes(out)"),
        [
            Item {
                kind: Kind::Flag, ..
            },
        ] if always_answers(method) => fixed("[0]", "u8", "out[0]"),
        [
            Item {
                kind: Kind::Flag, ..
            },
        ] => (
            "bool".to_owned(),
            format!(
                "    let mut out = [0];\n    {};\n    out[0] != 0\n",
                call("&mut out")
            ),
            "",
        ),
        [
            Item {
                kind: Kind::Code, ..
            },
        ] => (
            "u8".to_owned(),
            format!(
                "    let mut out = [0];\n    {};\n    out[0]\n",
                call("&mut out")
            ),
            " 0 where nothing is answered.",
        ),
        [item] => match item.kind.lengths() {
            Length::Exactly(n) => fixed(&format!("[0; {n}]"), &format!("[u8; {n}]"), "out"),
            _ => {
                params.push("out: &mut [u8]".into());
                (
                    "usize".to_owned(),
                    format!("    {}\n", call("out")),
                    " Returns its whole length, 0 where nothing is answered.",
                )
            }
        },
        items => {
            params.extend(items.iter().map(|item| format!("{}: &mut [u8]", item.name)));
            let names: Vec<&str> = items.iter().map(|item| item.name).collect();
            let body = call(&format!("[{}]", names.join(", "))).replacen("call(", "call_items(", 1);
            let cleared = match answers_with_status(method) {
                true => "    result.fill(0);\n",
                false => "",
            };
            (
                format!("[usize; {}]", items.len()),
                format!("{cleared}    {body}\n"),
                " Returns their whole lengths, 0 where nothing is answered.",
            )
        }
    };
    if takes_empty_value(method) {
        let away = match method.id {
            method::DB_WRITE => "db_delete(key);\n        return true;",
            _ => "return db_delete(key);",
        };
        body = format!("    if value.is_empty() {{\n        {away}\n    }}\n{body}");
    }
    let returned = if returned.is_empty() {
        returned
    } else {
        format!(" -> {returned}")
    };
    format!(
        "{}pub fn {}({}){returned} {{\n{body}}}",
        doc_comment(&format!("{}{}{said}", method.summary, sdk_note(method))),
        method.name,
        params.join(", ")
    )
}

/// The text as lines of a doc comment, none wider than 100 columns.
fn doc_comment(text: &str) -> String {
    let mut lines = String::from("///");
    let mut width = lines.len();
    for word in text.split_whitespace() {
        if width + 1 + word.len() > 100 {
            lines.push_str("\n///");
            width = 3;
        }
        lines.push(' ');
        lines.push_str(word);
        width += 1 + word.len();
    }
    lines + "\n"
}
