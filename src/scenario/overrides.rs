//! `--set path=value`: values from the command line in place of those of the file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::source::{Sources, Span};
use super::suggest;
use super::tree::{self, Node, TreePath, join};

/// Puts every override into the tree.
pub(super) fn apply<'s>(root: &mut Node<'s>, sources: &'s Sources, problems: &mut Problems) {
    for (offset, text) in sources.overrides() {
        if let Err(problem) = set(root, offset, text) {
            problems.push(problem);
        }
    }
}

fn set<'s>(root: &mut Node<'s>, offset: usize, text: &'s str) -> Result<(), Problem> {
    let whole = offset..offset + text.len();
    let Some((key, value)) = text.split_once('=') else {
        return Err(Problem::at(Some(whole), format!("`{text}` sets nothing"), "expected path=value")
            .help("such as --set population.peers=100"));
    };
    let node = value_of(value, offset + key.len() + 1);
    let steps: Vec<&str> = key.split('.').map(str::trim).collect();
    let (last, parents) = steps.split_last().unwrap_or((&"", &[]));
    let mut parent = TreePath::new();
    let mut start = offset;
    for step in parents {
        let span = start..start + step.len();
        parent = enter(root, &parent, step, &span)?;
        start += step.len() + 1;
    }
    let key_span = start..offset + key.len();
    // A list of one table needs no index.
    if let Some(DeValue::Array(array)) = tree::get(root, &parent).map(Spanned::get_ref)
        && array.len() == 1
    {
        parent = join(&parent, 0);
    }
    match tree::get_mut(root, &parent).map(Spanned::get_mut) {
        Some(DeValue::Table(table)) => {
            // A new key, not the old: errors point at the command line.
            table.remove(*last);
            table.insert(Spanned::new(key_span, (*last).into()), node);
            Ok(())
        }
        _ => Err(Problem::at(
            Some(key_span),
            format!("`{}` has no settings of its own", parent.join(".")),
            "cannot be set",
        )),
    }
}

/// The path of `step` below `parent`: a key, or an element of a list by index, name or kind. A
/// table that is not there yet is made.
fn enter(root: &mut Node<'_>, parent: &[String], step: &str, span: &Span) -> Result<TreePath, Problem> {
    let node = tree::get(root, parent).map(Spanned::get_ref);
    if let Some(DeValue::Array(array)) = node {
        let paths: Vec<TreePath> = (0..array.len()).map(|index| join(parent, index)).collect();
        let words: Vec<String> = paths.iter().filter_map(|path| tree::words(root, path).pop()).collect();
        let by_word = words.iter().position(|word| word == step);
        let by_index = step.parse().ok().filter(|&index: &usize| index < paths.len());
        return match (by_word.or(by_index), paths.as_slice()) {
            (Some(index), _) => Ok(paths[index].clone()),
            (None, [only]) => enter(root, &only.clone(), step, span),
            (None, _) => {
                let names: Vec<&str> = words.iter().map(String::as_str).collect();
                let problem = Problem::at(
                    Some(span.clone()),
                    format!("`{}` has no element `{step}`", parent.join(".")),
                    "no such element",
                );
                Err(problem.help(suggest::help(step, "elements, by name or from 0", &names)))
            }
        };
    }
    let path = join(parent, step);
    if let Some(DeValue::Table(table)) = tree::get_mut(root, parent).map(Spanned::get_mut)
        && !table.contains_key(step)
    {
        table.insert(
            Spanned::new(span.clone(), step.to_owned().into()),
            Spanned::new(span.clone(), DeValue::Table(DeTable::new())),
        );
    }
    Ok(path)
}

/// The value of an override: TOML, or else a text.
fn value_of(text: &str, offset: usize) -> Node<'_> {
    let start = offset + text.len() - text.trim_start().len();
    let trimmed = text.trim();
    match DeValue::parse(trimmed) {
        Ok(node) => tree::shifted(node, start),
        Err(_) => Spanned::new(start..start + trimmed.len(), DeValue::String(trimmed.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_all(file: &str, overrides: &[&str]) -> Result<String, Vec<String>> {
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        let sources = Sources::new("file", file, &overrides);
        let mut root = tree::root_of(DeTable::parse(sources.file()).expect("TOML"));
        let faults: Vec<String> = sources
            .overrides()
            .filter_map(|(offset, text)| set(&mut root, offset, text).err())
            .map(|problem| problem.message)
            .collect();
        if faults.is_empty() { Ok(tree::plain_text(root.get_ref())) } else { Err(faults) }
    }

    #[test]
    fn values_are_replaced_or_added() {
        assert_eq!(
            set_all("[a]\nb = 1", &["a.b=2", "a.c=10 ms", "d.e=[1, 2]"]).expect("valid"),
            "{ a = { b = 2, c = 10 ms }, d = { e = [1, 2] } }"
        );
    }

    #[test]
    fn elements_go_by_index_name_or_kind() {
        let file = "[[t]]\nkind = 'x'\n[[t]]\nkind = 'y'\n[[c]]\nname = 'z'";
        let set = set_all(file, &["t.0.k=1", "t.y.k=2", "c.k=3", "c.z.l=4"]).expect("valid");
        assert_eq!(set, "{ c = [{ k = 3, l = 4, name = z }], t = [{ k = 1, kind = x }, { k = 2, kind = y }] }");
        assert_eq!(set_all(file, &["t.w.k=1"]).expect_err("no such element"), ["`t` has no element `w`"]);
        assert!(set_all(file, &["t"]).is_err());
    }
}
