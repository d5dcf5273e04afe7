//! Snapshots: all that came of a test, a line each, recorded once and expected from then on.
//!
//! ```text
//! stop = cycles at 0x0143
//! pin P1.0 = 4 changes: 0@460812 1@921612 ...
//! iram 0x30 = c0c1c2c300000000 0000000000000000
//! ```

use super::compare::{Outcome, failure};
use super::{Failure, SnapshotError};
use board::interrupt::Source;
use std::collections::BTreeMap;
use std::fmt;

/// The first line of the file.
const HEADER: &str =
    "# firmware snapshot 1: what came of the test of this name, written by --update-snapshots";

/// Changes of a pin that are listed; of more, a digest is taken over the rest.
const LISTED: usize = 16;

/// Bytes on a line.
const ROW: usize = 16;

/// The outcome of a test: names and values, in the order of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snapshot(Vec<(String, String)>);

impl Snapshot {
    /// The snapshot of `outcome`, RAM as far as it changed.
    pub(super) fn of(outcome: &Outcome) -> Snapshot {
        let board = &outcome.board;
        let mut lines = vec![
            ("stop".to_owned(), outcome.stopped()),
            ("machine_cycles".into(), board.now().0.to_string()),
            ("instructions".into(), board.steps().0.to_string()),
            ("uart".into(), outcome.uart.escape_ascii().to_string()),
        ];
        if let Some(stack) = &outcome.stack {
            lines.push(("stack".into(), stack.to_string()));
        }
        for source in Source::ALL {
            if let Some(worst) = board.worst_latency(source) {
                lines.push((
                    format!("latency {}", source.name()),
                    format!("{} cycles", worst.0),
                ));
            }
        }
        for (address, at) in board.unknown_sfrs() {
            lines.push((
                format!("unknown sfr 0x{address:02X}"),
                format!("cycle {}", at.0),
            ));
        }
        for (port, bit) in (0..4).flat_map(|port| (0..8).map(move |bit| (port, bit))) {
            let changes = outcome.changes(port, bit);
            if !changes.is_empty() {
                lines.push((format!("pin P{port}.{bit}"), levels(&changes)));
            }
        }
        lines.extend(rows(
            "iram",
            2,
            &outcome.before.iram,
            &board.cpu().iram_all(),
        ));
        lines.extend(rows(
            "xdata",
            4,
            &outcome.before.xdata,
            board.xdata().bytes(),
        ));
        if let Some(eeprom) = &outcome.eeprom {
            lines.extend(rows("eeprom", 2, &[0xFF; 256], eeprom.memory()));
        }
        Snapshot(lines)
    }

    /// The snapshot that `text` is.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn parse(text: &str) -> Result<Snapshot, SnapshotError> {
        let mut lines = (1..).zip(text.lines());
        if lines.next().map(|(_, first)| first) != Some(HEADER) {
            return Err(SnapshotError::Header);
        }
        let line = |(number, line): (usize, &str)| {
            let (name, value) = line.split_once(" = ").ok_or_else(|| SnapshotError::Line {
                number,
                found: line.into(),
            })?;
            Ok((name.to_owned(), value.to_owned()))
        };
        lines.map(line).collect::<Result<_, _>>().map(Snapshot)
    }

    /// The differences of `found` from `self`, in the order of the file.
    pub(super) fn differences(&self, found: &Snapshot) -> Vec<Failure> {
        let of = |snapshot: &Snapshot| snapshot.0.iter().cloned().collect::<BTreeMap<_, _>>();
        let (expected, now) = (of(self), of(found));
        let added = found
            .0
            .iter()
            .filter(|(name, _)| !expected.contains_key(name));
        let names = self.0.iter().chain(added).map(|(name, _)| name);
        let nothing = || "nothing".to_owned();
        names
            .filter(|name| expected.get(*name) != now.get(*name))
            .map(|name| {
                let [expected, found] =
                    [&expected, &now].map(|lines| lines.get(name).cloned().unwrap_or_else(nothing));
                failure(&format!("snapshot: {name}"), &expected, &found)
            })
            .collect()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        self.0
            .iter()
            .try_for_each(|(name, value)| writeln!(f, "{name} = {value}"))
    }
}

/// `4 changes: 0@460812 1@921612 ...`
fn levels(changes: &[(u64, bool)]) -> String {
    let text = |(at, level): &(u64, bool)| format!(" {}@{at}", u8::from(*level));
    let listed: String = changes.iter().take(LISTED).map(text).collect();
    let rest: String = changes.iter().skip(LISTED).map(text).collect();
    let more = match rest.as_str() {
        "" => String::new(),
        rest => format!(
            ", the others have CRC-32 {:08x}",
            crc32fast::hash(rest.as_bytes())
        ),
    };
    format!("{} changes:{listed}{more}", changes.len())
}

/// The rows of a memory that changed.
fn rows<'a>(
    name: &'a str,
    digits: usize,
    before: &'a [u8],
    after: &'a [u8],
) -> impl Iterator<Item = (String, String)> + use<'a> {
    let pairs = before.chunks(ROW).zip(after.chunks(ROW)).enumerate();
    pairs
        .filter(|(_, (before, after))| before != after)
        .map(move |(n, (_, after))| {
            (
                format!("{name} 0x{:0digits$X}", n * ROW),
                hex::encode(after),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_line_and_both_values() {
        let of = |lines: &[(&str, &str)]| {
            Snapshot(
                lines
                    .iter()
                    .map(|(n, v)| (n.to_string(), v.to_string()))
                    .collect(),
            )
        };
        let old = of(&[
            ("stop", "idle at 0x0012"),
            ("iram 0x30", "00"),
            ("iram 0x40", "11"),
        ]);
        let new = of(&[
            ("stop", "idle at 0x0012"),
            ("iram 0x30", "01"),
            ("xdata 0x0000", "aa"),
        ]);
        assert_eq!(
            old.differences(&new)
                .iter()
                .map(Failure::to_string)
                .collect::<Vec<_>>(),
            [
                "snapshot: iram 0x30\n  expected 00\n  found    01",
                "snapshot: iram 0x40\n  expected 11\n  found    nothing",
                "snapshot: xdata 0x0000\n  expected nothing\n  found    aa",
            ]
        );
        assert!(old.differences(&old).is_empty());
    }

    /// A change after the listed ones shows in the digest.
    #[test]
    fn later_changes_show_in_the_digest() {
        let mut changes: Vec<(u64, bool)> = (0..20).map(|n| (n * 10, n % 2 == 1)).collect();
        let text = levels(&changes);
        assert!(text.starts_with("20 changes: 0@0 1@10 0@20"), "{text}");
        changes[19].0 += 1;
        assert_ne!(levels(&changes), text);
        assert_eq!(levels(&changes[..2]), "2 changes: 0@0 1@10");
    }
}
