//! The `[[topology]]` and `[[workload]]` entries: a kind from a table, and its parameters.

use std::path::Path;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use toml::Spanned;
use toml::de::DeValue;

use super::axes;
use super::combine;
use super::explain;
use super::plans::{self, Plans};
use super::problem::{Problem, Problems};
use super::read::Reader;
use super::registry::Registry;
use super::source::Span;
use super::suggest;
use super::tree::{self, Node, TreePath, join, path};
use crate::overlay::Entry;
use crate::overlay::dissemination::Rule;
use crate::overlay::topology::{Topology, ruled};
use crate::overlay::workload::Workload;

/// One topology of the experiment: an entry of the file, with a value for each of its lists.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    /// The `kind`.
    pub(super) kind: &'static str,
    /// The label in results.
    pub(super) label: String,
    /// The topology.
    pub(super) topology: Arc<dyn Topology>,
    /// Where it names a file, or else where it is.
    pub(super) file_at: Option<Span>,
    /// Where it is.
    pub(super) at: Option<Span>,
}

/// Every topology of the file; what they name is relative to `base_dir`.
pub(super) fn topologies(
    root: &Node<'_>,
    registry: &Registry,
    base_dir: &Path,
    problems: &mut Problems,
) -> Vec<Variant> {
    let mut plans = Plans::new(base_dir);
    let mut variants: Vec<Variant> = Vec::new();
    for entry in entries_of(root, "topology") {
        let mut root = root.clone();
        let (axes, faults) = axes::find(&root, &entry);
        let mut lost = Vec::new();
        for (place, fault) in faults {
            problems.push(fault);
            tree::remove(&mut root, &place);
            lost.push(place);
        }
        for combination in combine::combinations(&axes, 1, &[], &root, problems) {
            let tree = axes::substitute(&root, axes.iter().zip(combination));
            let mut reader = Reader::new(tree, lost.clone(), registry, problems);
            let rows = registry.topologies();
            let Some(rule) = dissemination(&mut reader, &entry) else { continue };
            let Some((kind, topology)) = kinded(&mut reader, &entry, "topology", rows) else { continue };
            let at = reader.span(&entry);
            let file_at = reader.span(&join(&entry, "file"));
            let Some(topology) = plans.fill(&mut reader, &entry, topology) else { continue };
            let rule = match rule {
                Named::Rule(kind, rule) => Some((kind, rule)),
                Named::Not => match plans::named_rule(&mut reader, &entry, &*topology) {
                    None => None,
                    Some(None) => continue,
                    Some(named) => named,
                },
            };
            let has_stripes =
                topology.file().map_or_else(|| topology.dissemination().is_striped(), |file| file.plan.stripes() > 0);
            let has_rings = topology.file().is_none() && topology.dissemination().takes_rings();
            let topology = match rule {
                None => topology,
                Some((kind, rule)) => ruled(topology, kind, rule),
            };
            if has_rings && topology.dissemination().is_horizon() {
                let message =
                    format!("`{kind}` has rings, and split horizon would pass messages on along them for ever");
                reader.problem(&entry, message, "name another rule, or leave it out");
            }
            if !has_stripes && topology.dissemination().is_striped() {
                let message = format!("`{kind}` has no trees among which messages could be shared out");
                reader.problem(&entry, message, "name another rule, or take `multi-tree`");
            }
            plans::check_rings(&mut reader, &entry, &*topology);
            // What could not be read stands at its default, which others may have too.
            if reader.lost(&entry) {
                continue;
            }
            let label = topology.label();
            if variants.iter().any(|other| other.label == label) {
                let message = format!("two topologies are labelled `{label}`");
                reader.problem(&entry, message, "the same topology again");
            }
            variants.push(Variant { kind, label, topology, file_at, at });
        }
    }
    variants
}

/// Whether a topology names the rule by which messages are passed on.
enum Named {
    Not,
    Rule(&'static str, Rule),
}

/// Takes the rule that the topology at `place` names out of its table: a kind, or a table with a kind. `None` where it
/// cannot be read.
fn dissemination(reader: &mut Reader<'_, '_>, place: &TreePath) -> Option<Named> {
    let place = join(place, "dissemination");
    let Some(node) = reader.get(&place) else { return Some(Named::Not) };
    let read = match node.get_ref() {
        DeValue::String(_) | DeValue::Table(_) => {
            reader.shape(&place, table_of_kind);
            let rows = reader.registry().disseminations();
            kinded(reader, &place, "dissemination", rows)
        }
        other => {
            let message = format!("`dissemination` cannot be {}", tree::plain_text(other));
            let problem = Problem::at(reader.span(&place), message, "expected a kind, or a table with a `kind`");
            reader
                .push(problem.help(format!("kinds: {}", suggest::listed(&kinds(reader.registry().disseminations())))));
            None
        }
    };
    reader.take_out(&place);
    read.map(|(kind, rule)| Named::Rule(kind, rule))
}

/// `{ kind = "horizon" }` for `"horizon"`.
fn table_of_kind(node: Node<'_>) -> Node<'_> {
    let span = node.span();
    match node.get_ref() {
        DeValue::String(_) => {
            let key = Spanned::new(span.clone(), "kind".into());
            Spanned::new(span, DeValue::Table([(key, node)].into_iter().collect()))
        }
        _ => node,
    }
}

/// Notes that the file has no topology, if it has none.
pub(super) fn note_none(root: &Node<'_>, registry: &Registry, problems: &mut Problems) {
    if entries_of(root, "topology").is_empty() {
        problems.push(no_entries("topology", &kinds(registry.topologies())));
    }
}

/// Every workload of the tree that `reader` reads.
pub(super) fn workloads(reader: &mut Reader<'_, '_>) -> Vec<(TreePath, Arc<dyn Workload>)> {
    let entries = entries_of(reader.root(), "workload");
    if entries.is_empty() && !reader.lost(&path(["workload"])) {
        let problem = no_entries("workload", &kinds(reader.registry().workloads()));
        reader.push(problem);
    }
    let read = |entry: TreePath| {
        let rows = reader.registry().workloads();
        kinded(reader, &entry, "workload", rows).map(|(_, workload)| (entry, workload))
    };
    entries.into_iter().filter_map(read).collect()
}

fn kinds<T>(rows: &[Entry<T>]) -> Vec<&'static str> {
    rows.iter().map(|row| row.kind).collect()
}

/// Reads the entry at `place` by the row of its kind.
fn kinded<T>(
    reader: &mut Reader<'_, '_>,
    place: &TreePath,
    what: &str,
    rows: &[Entry<T>],
) -> Option<(&'static str, T)> {
    let kinds = kinds(rows);
    if place.len() == 1 || !reader.get(place)?.get_ref().is_table() {
        reader.problem(place, format!("`{what}` is a list of tables"), format!("write [[{what}]]"));
        return None;
    }
    let kind_path = join(place, "kind");
    let kind = reader.get(&kind_path).map(|node| (tree::plain_text(node.get_ref()), node.span()));
    let Some((kind, kind_span)) = kind else {
        if !reader.lost(&kind_path) {
            let problem = explain::missing_key("kind", &reader.words(place), reader.span(place));
            reader.push(problem.help(format!("kinds: {}", suggest::listed(&kinds))));
        }
        return None;
    };
    let Some(row) = rows.iter().find(|row| row.kind == kind) else {
        reader.push(explain::unknown(what, &kind, &kinds, Some(kind_span)));
        return None;
    };
    // Told with the place of the table, which reading may take out of the tree.
    let told = |key: String| {
        let problem = explain::missing_key(&key, &reader.words(place), reader.span(place));
        (key, problem)
    };
    let missing: Vec<_> = missing_keys(reader, place, row.schema).into_iter().map(told).collect();
    let read = reader.parse(place, |value| (row.parse)(value), without_kind);
    let is_complete = missing.is_empty();
    for (key, problem) in missing {
        // A key that was misspelt, or whose value was faulty, has been reported.
        if !reader.lost_exactly(&join(place, &key)) {
            reader.push(problem);
        }
    }
    read.filter(|_| is_complete).map(|parameters| (row.kind, parameters))
}

/// Every key that the entry needs and does not have: serde would name the first only.
fn missing_keys(reader: &Reader<'_, '_>, place: &TreePath, schema: fn(&mut SchemaGenerator) -> Schema) -> Vec<String> {
    let schema = schema(&mut SchemaGenerator::default());
    let required = schema.get("required").and_then(|keys| keys.as_array()).cloned().unwrap_or_default();
    let keys = required.iter().filter_map(|key| key.as_str()).map(str::to_owned);
    keys.filter(|key| reader.get(&join(place, key)).is_none()).collect()
}

fn without_kind(node: Node<'_>) -> Node<'_> {
    let span = node.span();
    let mut value = node.into_inner();
    if let DeValue::Table(table) = &mut value {
        table.remove("kind");
    }
    Spanned::new(span, value)
}

fn entries_of(root: &Node<'_>, list: &str) -> Vec<TreePath> {
    let list = path([list]);
    let node = tree::get(root, &list);
    let count = node.map_or(0, |node| match node.get_ref() {
        DeValue::Array(array) => array.len(),
        _ => 0,
    });
    match (node, count) {
        // `[topology]` for `[[topology]]`: reading it says so.
        (Some(_), 0) => vec![list],
        _ => (0..count).map(|index| join(&list, index)).collect(),
    }
}

fn no_entries(list: &str, kinds: &[&str]) -> Problem {
    let problem = Problem::at(None, format!("there is no [[{list}]]"), format!("[[{list}]] is missing"));
    let example = kinds.first().copied().unwrap_or_default();
    problem.help(format!("add one, such as\n[[{list}]]\nkind = \"{example}\"\nkinds: {}", suggest::listed(kinds)))
}
