//! The text of a scenario's file, and whether it can be TOML at all.

use std::path::Path;

use super::problem::Problem;
use crate::net::data_file::{Pipes, bytes_of, first_line, foreign_text, text_of};

/// The largest scenario: one of 10,000 classes has about 2 MB.
const BYTES_MAX: u64 = 16 << 20;

/// The text of a file, or of a pipe.
///
/// # Errors
/// In words for after "cannot read it: ".
pub(super) fn read(path: &Path) -> Result<String, String> {
    text_of(bytes_of(path, BYTES_MAX, Pipes::Allowed)?)
}

/// The problem of a text that has nothing of TOML: one for all its lines.
pub(super) fn not_toml(text: &str) -> Option<Problem> {
    let first = first_line(text)?;
    // No key and no table: a line of TOML has one of the two, unless it goes on with another line.
    let is_like_toml = |line: &str| line.contains('=') || line.trim_start().starts_with('[');
    let is_other = first.starts_with(['{', '<']) || !text.lines().any(is_like_toml);
    if !is_other {
        return None;
    }
    let what = foreign_text(text).or_else(|| is_table(text).then_some("a table (CSV)"));
    let problem = Problem::at(None, "this is not TOML", "");
    let example = "a scenario has lines such as\n[population]\npeers = 100";
    Some(problem.help(match what {
        Some(what) => format!("it looks like {what}; {example}"),
        None => format!("no line of it is a `key = value` or a [table]; {example}"),
    }))
}

fn is_table(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(4);
    lines.all(|line| [',', ';', '\t'].iter().any(|&delimiter| line.contains(delimiter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_toml_is_named_once() {
        let help = |text: &str| not_toml(text).and_then(|problem| problem.help).unwrap_or_default();
        assert!(help("{\"run\": {\"seeds\": 5}}").starts_with("it looks like JSON"));
        assert!(help("a,b\n0,1\n").starts_with("it looks like a table (CSV)"));
        assert!(help("<html>\n<a b=\"c\">\n").starts_with("it looks like an HTML page"));
        assert!(help("run:\n  seeds: 5\n").starts_with("it looks like YAML"));
        assert!(help("Dear simulator,\nwhich topology is best?\n").starts_with("no line of it"));
    }

    #[test]
    fn toml_with_or_without_faults_is_left_to_its_reader() {
        for text in ["", "# only\n", "[run]\n", "a = 1\n", "[[topology]]\nkind mesh\n", "peers 10\n[run]\n"] {
            assert_eq!(not_toml(text), None, "{text}");
        }
    }
}
