//! JUnit XML, as CI services read it: the one writer of `firmware-test` and `test`.
//!
//! The form is that of the Jenkins xUnit plugin (`junit-10.xsd`). It has no times: a report is the same on every
//! machine.

use std::fmt::Write;

/// Cases that belong together.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// A test.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Where it belongs: services show it in front of the name.
    pub(crate) class: String,
    pub(crate) verdict: Verdict,
}

/// How a test ended. The first line of a text is its title.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed,
    /// It came out otherwise than expected.
    Failed(String),
    /// It is no test, or could not be run to its end.
    Broken(String),
}

/// One suite as a file.
pub(crate) fn one(suite: &Suite) -> String {
    let mut xml = String::from(HEAD);
    suite.write(&mut xml, "");
    xml
}

/// Several suites as a file.
pub(crate) fn all(suites: &[Suite]) -> String {
    let mut xml = String::from(HEAD);
    let counts = Counts::of(suites.iter().flat_map(|suite| &suite.cases));
    // Writing to a String does not fail.
    let _ = writeln!(xml, "<testsuites {counts}>");
    for suite in suites {
        suite.write(&mut xml, "  ");
    }
    xml + "</testsuites>\n"
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// How many cases there are, and how many of them failed.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
}

impl Counts {
    fn of<'c>(cases: impl Iterator<Item = &'c Case>) -> Counts {
        let mut counts = Counts::default();
        for case in cases {
            counts.tests += 1;
            match case.verdict {
                Verdict::Passed => {}
                Verdict::Failed(_) => counts.failures += 1,
                Verdict::Broken(_) => counts.errors += 1,
            }
        }
        counts
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Counts {
            tests,
            failures,
            errors,
        } = self;
        write!(
            f,
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\""
        )
    }
}

impl Suite {
    fn write(&self, xml: &mut String, indent: &str) {
        let (name, counts) = (escape(&self.name), Counts::of(self.cases.iter()));
        // Writing to a String does not fail.
        let _ = writeln!(xml, "{indent}<testsuite name=\"{name}\" {counts}>");
        for case in &self.cases {
            case.write(xml, indent);
        }
        let _ = writeln!(xml, "{indent}</testsuite>");
    }
}

impl Case {
    fn write(&self, xml: &mut String, indent: &str) {
        let (name, class) = (escape(&self.name), escape(&self.class));
        // Writing to a String does not fail.
        let _ = write!(
            xml,
            "{indent}  <testcase name=\"{name}\" classname=\"{class}\""
        );
        let (element, text) = match &self.verdict {
            Verdict::Passed => {
                xml.push_str("/>\n");
                return;
            }
            Verdict::Failed(text) => ("failure", text),
            Verdict::Broken(text) => ("error", text),
        };
        let title = escape(text.lines().next().unwrap_or_default());
        let text = escape(text);
        let _ = writeln!(
            xml,
            ">\n{indent}    <{element} message=\"{title}\">{text}</{element}>\n{indent}  </testcase>"
        );
    }
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

    fn suite() -> Suite {
        let case = |name: &str, verdict| Case {
            name: name.into(),
            class: "fw".into(),
            verdict,
        };
        let failed = Verdict::Failed("x & \"y\"\u{1}\n  z".into());
        Suite {
            name: "firm<ware".into(),
            cases: vec![
                case("a<b.test.toml", Verdict::Passed),
                case("c", failed),
                case("d", Verdict::Broken("no <test>".into())),
            ],
        }
    }

    #[test]
    fn what_failed_is_escaped() {
        let xml = one(&suite());
        assert!(
            xml.contains(
                "<testsuite name=\"firm&lt;ware\" tests=\"3\" failures=\"1\" errors=\"1\">"
            )
        );
        assert!(xml.contains("<error message=\"no &lt;test&gt;\">no &lt;test&gt;</error>"));
        assert!(xml.contains("<testcase name=\"a&lt;b.test.toml\" classname=\"fw\"/>"));
        assert!(xml.contains(
            "<failure message=\"x &amp; &quot;y&quot;\u{FFFD}\">x &amp; &quot;y&quot;\u{FFFD}\n  z<"
        ));
    }

    #[test]
    fn several_suites_have_the_sum_of_their_counts() {
        let xml = all(&[suite(), suite()]);
        assert!(xml.contains("\n<testsuites tests=\"6\" failures=\"2\" errors=\"2\">\n"));
        assert_eq!(xml.matches("  <testsuite ").count(), 2);
        assert!(xml.ends_with("\n  </testsuite>\n</testsuites>\n"));
    }
}
