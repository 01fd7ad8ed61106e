//! Reading typed values from the tree without stopping at the first error.
//!
//! A value that serde refuses is noted, taken out of the tree, and the reading tried again, until
//! what is left can be read. What was taken out is remembered, so that no consequence of an error
//! is reported as another one.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, Error, ValueDeserializer};

use super::explain;
use super::problem::{Problem, Problems};
use super::registry::Registry;
use super::source::Span;
use super::tree::{self, Node, TreePath};

/// A tree that is being read.
pub(super) struct Reader<'r, 'i> {
    root: Node<'i>,
    lost: Vec<TreePath>,
    registry: &'r Registry,
    problems: &'r mut Problems,
}

impl<'r, 'i> Reader<'r, 'i> {
    /// A reader of the tree at `root`, by the kinds of `registry`.
    /// `lost` is what was taken out of it before.
    pub(super) fn new(root: Node<'i>, lost: Vec<TreePath>, registry: &'r Registry, problems: &'r mut Problems) -> Self {
        Self { root, lost, registry, problems }
    }

    /// The kinds that the scenario may name.
    pub(super) fn registry(&self) -> &'r Registry {
        self.registry
    }

    /// The tree, less what could not be read.
    pub(super) fn root(&self) -> &Node<'i> {
        &self.root
    }

    /// The node at `path`.
    pub(super) fn get(&self, path: &[String]) -> Option<&Node<'i>> {
        tree::get(&self.root, path)
    }

    /// The value at `path`, or its default where there is none or nothing of it can be read.
    pub(super) fn read<T: DeserializeOwned + Default>(&mut self, path: &[String]) -> T {
        self.parse(path, |value| T::deserialize(value), |node| node).unwrap_or_default()
    }

    /// What `parse` makes of the value at `path`, once `shape` has brought it into the form that
    /// `parse` expects.
    pub(super) fn parse<T>(
        &mut self,
        path: &[String],
        parse: impl Fn(ValueDeserializer<'_>) -> Result<T, Error>,
        shape: fn(Node<'_>) -> Node<'_>,
    ) -> Option<T> {
        loop {
            let node = shape(self.get(path)?.clone());
            match parse(ValueDeserializer::from(node)) {
                Ok(value) => return Some(value),
                Err(error) => {
                    let found = self.note(path, &error);
                    if let Some(key) = explain::meant_key(&error) {
                        // The key that was meant is not missing, only misspelt.
                        let table = &found[..found.len().saturating_sub(1)];
                        self.lost.push(tree::join(table, key));
                    }
                    let entry = self.nearest_entry(found);
                    self.lose(&entry);
                    if entry.len() <= path.len() {
                        return None;
                    }
                }
            }
        }
    }

    /// Whether something at, above or below `path` could not be read.
    pub(super) fn lost(&self, path: &[String]) -> bool {
        self.lost.iter().any(|lost| lost.starts_with(path) || path.starts_with(lost))
    }

    /// Whether just the entry at `path` could not be read.
    pub(super) fn lost_exactly(&self, path: &[String]) -> bool {
        self.lost.iter().any(|lost| lost == path)
    }

    /// Takes a value out that has been read apart from the table in which it stands.
    pub(super) fn take_out(&mut self, path: &[String]) {
        tree::remove(&mut self.root, path);
    }

    /// Takes the entry at `path` out, as what could not be read.
    pub(super) fn lose(&mut self, path: &[String]) {
        tree::remove(&mut self.root, path);
        self.lost.push(path.to_vec());
    }

    /// Brings the value at `path`, if there is one, into another form.
    pub(super) fn shape(&mut self, path: &[String], shape: fn(Node<'i>) -> Node<'i>) {
        if let Some(node) = tree::get_mut(&mut self.root, path) {
            *node = shape(node.clone());
        }
    }

    /// The span of the value at `path`, or of the closest node above it.
    pub(super) fn span(&self, path: &[String]) -> Option<Span> {
        let node = (1..=path.len()).rev().find_map(|depth| self.get(&path[..depth]));
        node.map(Spanned::span)
    }

    /// The path in words: elements of lists by their name or kind.
    pub(super) fn words(&self, path: &[String]) -> String {
        tree::words(&self.root, path).join(".")
    }

    /// Notes a problem of the value at `path`.
    pub(super) fn problem(&mut self, path: &[String], message: impl Into<String>, label: impl Into<String>) {
        let span = self.span(path);
        self.problems.push(Problem::at(span, message, label));
    }

    /// Notes a problem.
    pub(super) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes a serde error met below `base`; returns the path of the entry at fault.
    fn note(&mut self, base: &[String], error: &Error) -> TreePath {
        let below = |node: &Node<'i>| error.span().and_then(|span| tree::path_at(node, &span));
        let steps = self.get(base).and_then(below).unwrap_or_default();
        let found: TreePath = base.iter().cloned().chain(steps).collect();
        let table = if is_about_key(error) { &found[..found.len().saturating_sub(1)] } else { &found[..] };
        let span = error.span().or_else(|| self.span(&found));
        let is_consequence = explain::absent_key(error).is_some_and(|key| self.lost(&tree::join(&found, key)));
        if !is_consequence {
            self.problems.push(explain::explain(error, span, &self.words(table), self.registry));
        }
        found
    }

    /// The longest part of `path` that names an entry of a table: elements of lists stay, so that
    /// the others keep their indices.
    fn nearest_entry(&self, mut path: TreePath) -> TreePath {
        while let Some((_, parent)) = path.split_last() {
            match self.get(parent).map(Spanned::get_ref) {
                Some(DeValue::Array(_)) => path.truncate(path.len() - 1),
                _ => break,
            }
        }
        path
    }
}

fn is_about_key(error: &Error) -> bool {
    error.message().starts_with("unknown field")
}
