//! The tree of a TOML text, in which every key and value knows its place.
//!
//! A path names a node by its steps from the root: keys of tables, decimal indices of arrays.

use std::fmt::Write as _;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::Span;

/// A value with its place in the sources.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// The steps from the root to a node.
pub(super) type TreePath = Vec<String>;

/// The path of these steps.
pub(super) fn path<const N: usize>(steps: [&str; N]) -> TreePath {
    steps.map(str::to_owned).to_vec()
}

/// The path of the child `step` of `parent`.
pub(super) fn join(parent: &[String], step: impl ToString + Copy) -> TreePath {
    parent.iter().cloned().chain([step.to_string()]).collect()
}

/// A document as one node.
pub(super) fn root_of(table: Spanned<DeTable<'_>>) -> Node<'_> {
    Spanned::new(table.span(), DeValue::Table(table.into_inner()))
}

/// The node at `path`.
pub(super) fn get<'t, 'i>(root: &'t Node<'i>, path: &[String]) -> Option<&'t Node<'i>> {
    path.iter().try_fold(root, |node, step| match node.get_ref() {
        DeValue::Table(table) => table.get(step.as_str()),
        DeValue::Array(array) => array.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The node at `path`, to change it.
pub(super) fn get_mut<'t, 'i>(root: &'t mut Node<'i>, path: &[String]) -> Option<&'t mut Node<'i>> {
    path.iter().try_fold(root, |node, step| match node.get_mut() {
        DeValue::Table(table) => table.get_mut(step.as_str()),
        DeValue::Array(array) => array.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Takes the entry at `path` out of its table, if it is one.
pub(super) fn remove(root: &mut Node<'_>, path: &[String]) -> bool {
    if let Some((last, parent)) = path.split_last()
        && let Some(DeValue::Table(table)) = get_mut(root, parent).map(Spanned::get_mut)
    {
        return table.remove(last.as_str()).is_some();
    }
    false
}

/// The children of a node, each with its step.
pub(super) fn children<'t, 'i>(node: &'t Node<'i>) -> Vec<(String, &'t Node<'i>)> {
    match node.get_ref() {
        DeValue::Table(table) => table.iter().map(|(key, value)| (key.get_ref().to_string(), value)).collect(),
        DeValue::Array(array) => array.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => Vec::new(),
    }
}

/// The span of the key that leads to `path`, where there is one, or else of the node itself.
pub(super) fn key_span(root: &Node<'_>, path: &[String]) -> Option<Span> {
    let (last, parent) = path.split_last()?;
    match get(root, parent)?.get_ref() {
        DeValue::Table(table) => table.get_key_value(last.as_str()).map(|(key, _)| key.span()),
        _ => get(root, path).map(Spanned::span),
    }
}

/// The deepest entry whose key or value is exactly at `span`.
pub(super) fn path_at(root: &Node<'_>, span: &Span) -> Option<TreePath> {
    let mut found = None;
    find_at(root, span, &mut TreePath::new(), &mut found);
    found
}

fn find_at(node: &Node<'_>, span: &Span, path: &mut TreePath, found: &mut Option<TreePath>) {
    for (step, child) in children(node) {
        path.push(step);
        if child.span() == *span || key_span(node, &path[path.len() - 1..]).as_ref() == Some(span) {
            *found = Some(path.clone());
        }
        find_at(child, span, path, found);
        path.pop();
    }
}

/// Moves every span of a node by `offset`.
pub(super) fn shifted<'i>(node: Node<'i>, offset: usize) -> Node<'i> {
    map_spans(node, &|span| span.start + offset..span.end + offset)
}

/// Puts a node and all below it at `span`.
pub(super) fn placed_at<'i>(node: Node<'i>, span: &Span) -> Node<'i> {
    map_spans(node, &|_| span.clone())
}

fn map_spans<'i>(node: Node<'i>, map: &impl Fn(Span) -> Span) -> Node<'i> {
    let span = map(node.span());
    let value = match node.into_inner() {
        DeValue::Array(array) => DeValue::Array(array.into_iter().map(|item| map_spans(item, map)).collect()),
        DeValue::Table(table) => {
            let moved = |(key, value): (Spanned<_>, _)| {
                let key_span = map(key.span());
                (Spanned::new(key_span, key.into_inner()), map_spans(value, map))
            };
            DeValue::Table(table.into_iter().map(moved).collect())
        }
        scalar => scalar,
    };
    Spanned::new(span, value)
}

/// A value in one line, as people read it: texts without quotes.
pub(super) fn plain_text(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.trim().to_owned(),
        DeValue::Integer(number) => number.to_string().replace('_', ""),
        DeValue::Float(number) => number.to_string().replace('_', ""),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(array) => {
            let items: Vec<String> = array.iter().map(|item| plain_text(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let mut text = String::new();
            for (key, value) in table {
                let comma = if text.is_empty() { "" } else { ", " };
                // Writing to a string cannot fail.
                let _ = write!(text, "{comma}{} = {}", key.get_ref(), plain_text(value.get_ref()));
            }
            format!("{{ {text} }}")
        }
    }
}

/// The steps of a path in words: an element of a list goes by its `name` or `kind`, if that is
/// unique in the list, or else by its index.
pub(super) fn words(root: &Node<'_>, path: &[String]) -> TreePath {
    let word = |depth: usize| match get(root, &path[..depth]).map(Spanned::get_ref) {
        Some(DeValue::Array(array)) => element_name(array, &path[depth]),
        _ => path[depth].clone(),
    };
    (0..path.len()).map(word).collect()
}

fn element_name(array: &[Node<'_>], index: &str) -> String {
    let name_of = |element: &Node<'_>| {
        let table = element.get_ref().as_table()?;
        table.get("name").or_else(|| table.get("kind"))?.get_ref().as_str().map(str::to_owned)
    };
    let named = index.parse::<usize>().ok().and_then(|index| array.get(index)).and_then(name_of);
    let unique = |name: &String| array.iter().filter(|other| name_of(other).as_ref() == Some(name)).count() == 1;
    named.filter(unique).unwrap_or_else(|| index.to_owned())
}
