//! The schema of JUnit reports that CI services read: the one of the Jenkins xUnit plugin, `junit-10.xsd`, as a table.

use roxmltree::{Document, Node};

/// An element: the attributes that it must and may have, and the elements in it.
struct Element {
    name: &'static str,
    must: &'static [&'static str],
    may: &'static [&'static str],
    children: &'static [&'static str],
    has_text: bool,
}

const ELEMENTS: &[Element] = &[
    Element {
        name: "testsuites",
        must: &[],
        may: &["name", "time", "tests", "failures", "errors"],
        children: &["testsuite"],
        has_text: false,
    },
    Element {
        name: "testsuite",
        must: &["name", "tests", "failures", "errors"],
        may: &[
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
        children: &[
            "testsuite",
            "properties",
            "testcase",
            "system-out",
            "system-err",
        ],
        has_text: false,
    },
    Element {
        name: "testcase",
        must: &["name"],
        may: &["time", "classname", "group"],
        children: &["skipped", "error", "failure", "system-out", "system-err"],
        has_text: false,
    },
    Element {
        name: "failure",
        must: &[],
        may: &["type", "message"],
        children: &[],
        has_text: true,
    },
    Element {
        name: "error",
        must: &[],
        may: &["type", "message"],
        children: &[],
        has_text: true,
    },
];

/// What is wrong with a report: that it is no XML, breaks the schema, or miscounts its cases.
pub(crate) fn problem(xml: &str) -> Option<String> {
    let document = match Document::parse(xml) {
        Ok(document) => document,
        Err(error) => return Some(error.to_string()),
    };
    let root = document.root_element();
    if !["testsuites", "testsuite"].contains(&root.tag_name().name()) {
        return Some(format!("the root is {}", root.tag_name().name()));
    }
    root.descendants()
        .filter(Node::is_element)
        .find_map(|node| element_problem(&node).or_else(|| count_problem(&node)))
}

fn element_problem(node: &Node<'_, '_>) -> Option<String> {
    let name = node.tag_name().name();
    let Some(element) = ELEMENTS.iter().find(|element| element.name == name) else {
        return Some(format!("there is no element {name}"));
    };
    if let Some(missing) = element.must.iter().find(|name| !node.has_attribute(**name)) {
        return Some(format!("{name} without {missing}"));
    }
    let known = |given: &str| element.must.contains(&given) || element.may.contains(&given);
    if let Some(other) = node.attributes().find(|given| !known(given.name())) {
        return Some(format!("{name} with {}", other.name()));
    }
    for child in node.children() {
        let inner = child.tag_name().name();
        if child.is_text() {
            if !element.has_text && !child.text().unwrap_or_default().trim().is_empty() {
                return Some(format!("{name} with text"));
            }
            continue;
        }
        if !element.children.contains(&inner) {
            return Some(format!("{name} with {inner}"));
        }
    }
    None
}

/// Whether a suite, or all of them, counts its cases as they are.
fn count_problem(node: &Node<'_, '_>) -> Option<String> {
    if !node.tag_name().name().starts_with("testsuite") {
        return None;
    }
    let cases = || {
        node.descendants()
            .filter(|node| node.has_tag_name("testcase"))
    };
    let with = |name: &str| {
        let holds = |case: &Node<'_, '_>| case.children().any(|node| node.has_tag_name(name));
        cases().filter(holds).count()
    };
    let counts = [
        ("tests", cases().count()),
        ("failures", with("failure")),
        ("errors", with("error")),
    ];
    counts.into_iter().find_map(|(name, count)| {
        let told = node.attribute(name)?;
        (told != count.to_string()).then(|| format!("{name}=\"{told}\" of {count}"))
    })
}

/// The judge refuses what breaks the schema.
#[test]
fn the_junit_schema_refuses_what_breaks_it() {
    let suite = |inner: &str| {
        format!(
            "<testsuites tests=\"1\" failures=\"1\"><testsuite name=\"a\" tests=\"1\" failures=\"1\" errors=\"0\">{inner}</testsuite></testsuites>"
        )
    };
    let good =
        suite("<testcase name=\"x\" classname=\"y\"><failure message=\"m\">t</failure></testcase>");
    assert_eq!(problem(&good), None);
    for (part, other) in [
        ("name=\"a\" ", ""),
        (" name=\"x\"", ""),
        ("classname", "class"),
        (" errors=\"0\"", ""),
        ("tests=\"1\"", "tests=\"2\""),
        ("failures=\"1\"", "failures=\"0\""),
        ("<failure message=\"m\">t</failure>", "<failed/>"),
        ("<failure message=\"m\">t</failure>", "t"),
        ("t</failure>", "<b/></failure>"),
        ("t</failure>", "&</failure>"),
        ("testsuites", "suites"),
    ] {
        let bad = good.replacen(part, other, 1);
        assert!(problem(&bad).is_some(), "{bad}");
    }
}
