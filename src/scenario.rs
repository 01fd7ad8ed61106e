//! Scenario files: from TOML text to an [`Experiment`], its cells and its seeds.
//!
//! Two phases: the text is parsed into a tree that keeps the place of every key and value, sweep
//! axes are expanded on that tree, and each combination is then resolved into typed settings.
//! All errors of a file are collected and reported together.

use std::path::Path;

mod axes;
mod capacity;
mod combine;
mod connecting;
mod escape;
mod excerpt;
mod exclude;
mod experiment;
mod explain;
mod file;
mod grain;
mod head;
mod inputs;
mod limits;
mod load;
mod messages;
mod overrides;
mod plain;
mod plans;
mod problem;
mod quantity;
mod range;
mod read;
mod registry;
mod resolve;
mod resolved;
mod schema;
mod settings;
mod source;
mod suggest;
mod text;
mod topologies;
mod tree;
mod turn;
mod workloads;

pub use escape::escaped;
pub use experiment::{AxisValue, Bound, Cell, Expectation, Experiment, OrderedNumber};
pub use inputs::Input;
pub use problem::{ScenarioError, ScenarioErrors};
pub use registry::{Registry, RegistryError};
pub use settings::{Grain, RunSettings, Settings};
pub use suggest::closest as closest_name;

/// Reads the scenario at `path`, with the overrides `path=value` of a command line, by the kinds of this crate.
///
/// # Errors
/// Every error of the file and of the overrides, at once.
pub fn load(path: &Path, overrides: &[String]) -> Result<Experiment, ScenarioErrors> {
    Registry::default().load(path, overrides)
}

/// Reads the scenario `text`, which messages call `name`, and whose files are relative to `base_dir`, by the kinds of
/// this crate.
///
/// # Errors
/// Every error of the text and of the overrides, at once.
pub fn parse_str(name: &str, text: &str, base_dir: &Path, overrides: &[String]) -> Result<Experiment, ScenarioErrors> {
    Registry::default().parse_str(name, text, base_dir, overrides)
}

/// The JSON schema (draft 07) of a scenario file of this crate's kinds, as indented text.
#[must_use]
pub fn json_schema() -> String {
    Registry::default().json_schema()
}
