//! What may stand in the texts of a scenario, and how texts of others are echoed.
//!
//! Control characters in a name would end up on terminals, in tables and in pictures: no text of a scenario has any.
//! A name that begins as a formula would be one in a spreadsheet.

use std::borrow::Cow;

use toml::de::DeValue;

use super::problem::Problem;
use super::tree::{self, Node, TreePath};

/// The text with every character that could steer a terminal written out, as `\u{1b}`; ends of lines and tabs stay.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) { escaped.extend(c.escape_unicode()) } else { escaped.push(c) }
    }
    escaped.into()
}

/// The text with other characters of the same length in place of those that could steer a terminal, so that places
/// in it stay where they are.
pub(super) fn masked(text: &str) -> String {
    let mask = |c: char| match c.len_utf8() {
        _ if !steers(c) || c == '\r' => c,
        1 => '?',
        2 => '\u{bf}',
        _ => '\u{fffd}',
    };
    text.chars().map(mask).collect()
}

/// Every text of the tree that has a control character, with what is wrong with it.
pub(super) fn faults(root: &Node<'_>) -> Vec<(TreePath, Problem)> {
    let mut faults = Vec::new();
    collect(root, root, &mut TreePath::new(), &mut faults);
    faults
}

/// Longest name, in bytes.
const LONGEST_NAME: usize = 120;

/// Why a text cannot be a name, and the rule.
pub(super) fn name_fault(name: &str) -> Option<(String, String)> {
    if name.len() > LONGEST_NAME {
        let start: String = name.chars().take(20).collect();
        return Some((format!("the name `{start}...` has {} bytes", name.len()), format!("at most {LONGEST_NAME}")));
    }
    name.starts_with(['=', '+', '-', '@']).then(|| {
        (format!("`{name}` would be a formula in a spreadsheet"), "not first one of `=`, `+`, `-`, `@`".to_owned())
    })
}

fn collect(root: &Node<'_>, node: &Node<'_>, path: &mut TreePath, faults: &mut Vec<(TreePath, Problem)>) {
    if let DeValue::String(text) = node.get_ref()
        && let Some(found) = text.chars().find(|&c| is_control(c))
    {
        let place = tree::words(root, path).join(".");
        let message = format!("`{place}` has a control character ({})", found.escape_default());
        let rule = if found == '\n' { "a text is one line" } else { "no control characters in texts" };
        faults.push((path.clone(), Problem::at(Some(node.span()), message, rule)));
    }
    for (step, child) in tree::children(node) {
        path.push(step);
        collect(root, child, path, faults);
        path.pop();
    }
}

fn is_control(c: char) -> bool {
    c.is_control() || is_hidden(c)
}

fn steers(c: char) -> bool {
    is_control(c) && !matches!(c, '\n' | '\t')
}

/// Characters that change the direction of what follows or end a line, and those that no XML may hold.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(escaped("a\u{1b}[31mb\u{202e}\n"), "a\\u{1b}[31mb\\u{202e}\n");
        assert!(matches!(escaped("plain, with ümlaut"), Cow::Borrowed(_)));
        let text = "a\u{1b}b\u{85}c\u{202e}d\r\n";
        assert_eq!(masked(text), "a?b\u{bf}c\u{fffd}d\r\n");
        assert_eq!(masked(text).len(), text.len());
    }

    #[test]
    fn names_are_no_formulas() {
        for name in ["=1", "+1", "-1", "@x", &"x".repeat(121)] {
            assert!(name_fault(name).is_some(), "{name}");
        }
        assert_eq!(name_fault("a-b=c"), None);
    }
}
