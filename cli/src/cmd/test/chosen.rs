//! `--filter`: which scenarios are run.

use crate::error::Error;
use std::path::{Path, PathBuf};

/// The files among `found` that a text chooses; all of them where there is none.
///
/// # Errors
/// If there are texts, and one of them chooses none.
pub(super) fn chosen(found: Vec<PathBuf>, texts: &[String]) -> Result<Vec<PathBuf>, Error> {
    for text in texts {
        if !found.iter().any(|path| is_meant(text, path)) {
            let first = found.first().map(|path| path.display().to_string());
            return Err(Error::input(format_args!(
                "--filter {text}: none of {} scenarios is meant, of which the first is {}; give a part of a path, or \
                 a whole path with * and ?",
                found.len(),
                first.unwrap_or_default()
            )));
        }
    }
    let is_chosen =
        |path: &PathBuf| texts.is_empty() || texts.iter().any(|text| is_meant(text, path));
    Ok(found.into_iter().filter(is_chosen).collect())
}

/// Whether `text` means the file at `path`: as a part of its path, or with `*` or `?` as all of it.
fn is_meant(text: &str, path: &Path) -> bool {
    let path = path.to_string_lossy();
    if text.contains(['*', '?']) {
        matches(text, &path)
    } else {
        path.contains(text)
    }
}

/// Whether `text` is the pattern, in which `*` stands for any characters and `?` for one. Takes time as the product of
/// both lengths at most.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and where in the text what it stands for ends so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut star {
                None => return false,
                Some((behind, end)) => {
                    *end += 1;
                    (p, t) = (*behind, *end);
                }
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_part_and_a_pattern_is_all() {
        let path = Path::new("samples/token/token.scenario.toml");
        for meant in [
            "",
            "token",
            "samples/",
            "s*",
            "*",
            "*/token.*",
            "*n.scenario.toml",
            "samples/*/t?ken*",
        ] {
            assert!(is_meant(meant, path), "{meant}");
        }
        for other in ["nft", "token*", "*/token", "?", "*/tok?.*", "Token"] {
            assert!(!is_meant(other, path), "{other}");
        }
    }

    #[test]
    fn many_stars_take_no_long_time() {
        let pattern = "*a".repeat(1000) + "b";
        assert!(!matches(&pattern, &"a".repeat(5000)));
    }

    #[test]
    fn a_text_that_means_none_is_refused() {
        let found = || vec![PathBuf::from("a"), PathBuf::from("b")];
        assert_eq!(chosen(found(), &[]).expect("all"), found());
        assert_eq!(
            chosen(found(), &["b".into()]).expect("one"),
            [Path::new("b")]
        );
        let error = chosen(found(), &["b".into(), "c".into()]).expect_err("c means none");
        assert!(error.message.contains("--filter c: none of 2 scenarios"));
    }
}
