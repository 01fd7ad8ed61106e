//! What may stand in the texts of a scenario, and how texts of others are echoed.
//!
//! Control characters in a name would end up on terminals, in tables and in pictures: no text of a scenario has any.
//! A name that begins as a formula would be one in a spreadsheet.

use toml::de::DeValue;

use super::escape::is_control;
use super::problem::Problem;
use super::tree::{self, Node, TreePath};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_formulas() {
        for name in ["=1", "+1", "-1", "@x", &"x".repeat(121)] {
            assert!(name_fault(name).is_some(), "{name}");
        }
        assert_eq!(name_fault("a-b=c"), None);
    }
}
