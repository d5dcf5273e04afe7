//! The lcov trace format, as `genhtml`, editors and CI services read it (geninfo(1), "Files").

use super::coverage::Coverage;
use std::fmt::Write;

/// `coverage` as text.
pub(super) fn write(coverage: &Coverage) -> String {
    let mut text = String::from("TN:\n");
    for (path, file) in &coverage.files {
        let hit = |counts: &mut dyn Iterator<Item = u64>| counts.filter(|count| *count > 0).count();
        let mut push = |line: std::fmt::Arguments<'_>| {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{line}");
        };
        push(format_args!("SF:{}", path.display()));
        for (name, (line, _)) in &file.functions {
            push(format_args!("FN:{line},{name}"));
        }
        for (name, (_, called)) in &file.functions {
            push(format_args!("FNDA:{called},{name}"));
        }
        let called = hit(&mut file.functions.values().map(|(_, called)| *called));
        push(format_args!("FNF:{}\nFNH:{called}", file.functions.len()));
        for ((line, block), ways) in &file.branches {
            for way in 0..2 {
                match ways {
                    Some(counts) => push(format_args!("BRDA:{line},{block},{way},{}", counts[way])),
                    None => push(format_args!("BRDA:{line},{block},{way},-")),
                }
            }
        }
        let taken = hit(&mut file.branches.values().copied().flatten().flatten());
        push(format_args!("BRF:{}\nBRH:{taken}", file.branches.len() * 2));
        for (line, count) in &file.lines {
            push(format_args!("DA:{line},{count}"));
        }
        let ran = hit(&mut file.lines.values().copied());
        push(format_args!(
            "LF:{}\nLH:{ran}\nend_of_record",
            file.lines.len()
        ));
    }
    text
}
