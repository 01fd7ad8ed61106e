//! Scenario files: from TOML text to an [`Experiment`], its cells and its seeds.
//!
//! Two phases: the text is parsed into a tree that keeps the place of every key and value, sweep
//! axes are expanded on that tree, and each combination is then resolved into typed settings.
//! All errors of a file are collected and reported together.

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
mod problem;
mod quantity;
mod range;
mod read;
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
pub use load::{load, parse_str};
pub use problem::{ScenarioError, ScenarioErrors};
pub use schema::json_schema;
pub use settings::{Grain, RunSettings, Settings};
