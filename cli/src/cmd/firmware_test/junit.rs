//! JUnit XML, as CI services read it.

use super::Checked;
use std::fmt::Write;
use std::path::Path;

/// The verdicts as a test suite: a class for each folder, a case for each file.
pub(crate) fn junit(verdicts: &[Checked]) -> String {
    let failed = verdicts
        .iter()
        .filter(|verdict| !verdict.failures.is_empty())
        .count();
    let errors = verdicts
        .iter()
        .filter(|verdict| verdict.error.is_some())
        .count();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"firmware\" tests=\"{}\" failures=\"{failed}\" \
         errors=\"{errors}\">\n",
        verdicts.len()
    );
    for verdict in verdicts {
        let name = escape(
            &verdict
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy(),
        );
        let folder = verdict.path.parent().unwrap_or(Path::new(""));
        let class = escape(&folder.to_string_lossy());
        // Writing to a String does not fail.
        let _ = write!(xml, "  <testcase name=\"{name}\" classname=\"{class}\"");
        let (element, text) = match &verdict.error {
            Some(error) => ("error", error.message.clone()),
            None if verdict.failures.is_empty() => {
                xml.push_str("/>\n");
                continue;
            }
            None => ("failure", verdict.failures.join("\n")),
        };
        let _ = write!(
            xml,
            ">\n    <{element} message=\"{}\">{}</{element}>\n  </testcase>\n",
            escape(text.lines().next().unwrap_or_default()),
            escape(&text)
        );
    }
    xml + "</testsuite>\n"
}

/// Text as it may stand in XML, which has no place for most control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_failed_is_escaped() {
        let verdict = |failures: &[&str]| Checked {
            path: "fw/a<b.test.toml".into(),
            failures: failures.iter().map(ToString::to_string).collect(),
            error: None,
            machine_cycles: Some(0),
            covered: None,
        };
        let broken = Checked {
            error: Some(Error::input("no <test>")),
            ..verdict(&[])
        };
        let xml = junit(&[verdict(&[]), verdict(&["x & \"y\"\u{1}\n  z"]), broken]);
        assert!(xml.contains("tests=\"3\" failures=\"1\" errors=\"1\""));
        assert!(xml.contains("<error message=\"no &lt;test&gt;\">no &lt;test&gt;</error>"));
        assert!(xml.contains("<testcase name=\"a&lt;b.test.toml\" classname=\"fw\"/>"));
        assert!(xml.contains(
            "<failure message=\"x &amp; &quot;y&quot;\u{FFFD}\">x &amp; &quot;y&quot;\u{FFFD}\n  z<"
        ));
    }
}
