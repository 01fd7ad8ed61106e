//! Files with overlays that topologies name: each is read once, and what it asks of the scenario is checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use toml::de::ValueDeserializer;

use super::explain;
use super::problem::Problem;
use super::read::Reader;
use super::registry::Registry;
use super::source::Span;
use super::suggest;
use super::tree::{TreePath, join};
use crate::net::DataFileError;
use crate::overlay::dissemination::Rule;
use crate::overlay::topology::{PlanFile, Topology};

/// The files that have been read.
#[derive(Debug)]
pub(super) struct Plans<'p> {
    base_dir: &'p Path,
    read: BTreeMap<PathBuf, Result<PlanFile, DataFileError>>,
}

impl<'p> Plans<'p> {
    /// None yet, of those that are relative to `base_dir`.
    pub(super) const fn new(base_dir: &'p Path) -> Self {
        Self { base_dir, read: BTreeMap::new() }
    }

    /// The topology at `place` with the connections of the file that it names, if it names one; nothing where they
    /// cannot be read.
    pub(super) fn fill(
        &mut self,
        reader: &mut Reader<'_, '_>,
        place: &TreePath,
        topology: Arc<dyn Topology>,
    ) -> Option<Arc<dyn Topology>> {
        let Some(named) = topology.file() else { return Some(topology) };
        match self.read.entry(named.file.clone()).or_insert_with(|| named.read(self.base_dir)) {
            Ok(file) => topology.with_file(file.clone()).or(Some(topology)),
            Err(error) => {
                let at = join(place, "file");
                reader.push(Problem::of_file(reader.span(&at), error));
                None
            }
        }
    }
}

/// The rule that the file of the topology at `place` names, if it names one; `None` in it where it cannot be read.
pub(super) fn named_rule(
    reader: &mut Reader<'_, '_>,
    place: &TreePath,
    topology: &dyn Topology,
) -> Option<Option<(&'static str, Rule)>> {
    let file = topology.file()?;
    let rule = file.plan.dissemination()?;
    let span = reader.span(&join(place, "file"));
    let read = read_rule(reader.registry(), rule, span);
    Some(read.map_err(|problem| reader.push(problem.help(format!("`dissemination` of {}", file.file.display())))).ok())
}

fn read_rule(registry: &Registry, rule: &Value, span: Option<Span>) -> Result<(&'static str, Rule), Problem> {
    let rows = registry.disseminations();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
    let (kind, parameters) = match rule {
        Value::String(kind) => (kind.as_str(), serde_json::Map::new()),
        Value::Object(table) => {
            let mut parameters = table.clone();
            parameters.remove("kind");
            (table.get("kind").and_then(Value::as_str).unwrap_or_default(), parameters)
        }
        _ => ("", serde_json::Map::new()),
    };
    let Some(row) = rows.iter().find(|row| row.kind == kind) else {
        return Err(explain::unknown("dissemination", kind, &kinds, span));
    };
    let faulty = |why: String| {
        Problem::at(span.clone(), format!("the dissemination `{kind}` cannot be read: {why}"), "named in this file")
    };
    // As a scenario would write it.
    let table = toml::Value::try_from(parameters).map_err(|error| faulty(error.to_string()))?.to_string();
    let value = ValueDeserializer::parse(&table).map_err(|error| faulty(error.message().to_owned()))?;
    (row.parse)(value).map(|rule| (row.kind, rule)).map_err(|error| faulty(error.message().to_owned()))
}

/// Reports a file whose connections form rings, where messages are passed on by split horizon.
pub(super) fn check_rings(reader: &mut Reader<'_, '_>, place: &TreePath, topology: &dyn Topology) {
    let Some(file) = topology.file().filter(|_| topology.dissemination().is_horizon()) else {
        return;
    };
    let Some(ring) = file.plan.ring() else { return };
    let message =
        format!("{} has rings, and split horizon would pass messages on along them for ever", file.file.display());
    let problem = Problem::at(reader.span(&join(place, "file")), message, "its connections form a ring");
    let others: Vec<&str> = reader
        .registry()
        .disseminations()
        .iter()
        .map(|row| row.kind)
        .filter(|&kind| kind != "horizon" && kind != "striped")
        .collect();
    let advice = match others.as_slice() {
        [] => "leave connections out until one way is left between any two nodes; full meshes are no rings where the file \
               says which they are"
            .to_owned(),
        others => format!(
            "name another `dissemination`: {}; or leave connections out until one way is left between any two nodes",
            suggest::listed(others)
        ),
    };
    reader.push(problem.help(format!("{ring}\n{advice}")));
}

/// The problem of a file that names peers that a population of so many does not have.
pub(super) fn beyond(span: Option<Span>, topology: &dyn Topology, peers: u32) -> Option<Problem> {
    let file = topology.file()?;
    let faults = file.plan.beyond(peers);
    let message = format!("{} has more peers than the population, which has {peers}", file.file.display());
    (!faults.is_empty()).then(|| Problem::at(span, message, "too many peers").help(faults.join("\n")))
}
