//! peerscape simulates WebRTC data-channel overlays: which topology connects a population of browsers, phones and
//! servers best, from tens of peers to a million.
//!
//! The program `peerscape` is one user of this library. Others run scenarios from Rust, bring topologies, workloads and
//! rules of dissemination of their own, or use the event engine alone.
//!
//! # The way of the data
//!
//! 1. [`load`] or [`parse_str`] reads a scenario and gives an [`Experiment`]: its [`Cell`]s (settings and a topology)
//!    and its seeds. Every error of the text is told at once, with its place.
//! 2. [`run_sweep`] runs each cell with each seed, in parallel, and gives [`Results`]. One replication is
//!    [`simulate`]: a cell and a [`Seed`] go in, a [`RunRecord`] comes out, always the same. [`Knowledge`] is what is
//!    learned of a population's set-ups beforehand.
//! 3. [`answer`] weighs the results and gives an [`Answer`]: for each combination of the sweep axes a [`Decision`] with
//!    its [`Ranking`]. [`answer_text`] prints it, [`tables`] are its files.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use peerscape::{MetricId, SweepOptions, answer, parse_str, run_sweep};
//!
//! let scenario = r#"
//!     [run]
//!     duration = "10 s"
//!     warmup = "5 s"
//!     seeds = 2
//!     [population]
//!     peers = 20
//!     [webrtc]
//!     setup = "instant"
//!     [[workload]]
//!     kind = "broadcast"
//!     message = "1200 B"
//!     rate = "10 /s"
//!     [[topology]]
//!     kind = "tree"
//!     degree = [2, 4]
//!     [[topology]]
//!     kind = "star"
//!     hub = "server"
//! "#;
//! let experiment = Arc::new(parse_str("town-hall.toml", scenario, Path::new("."), &[])?);
//! let results = run_sweep(&experiment, SweepOptions::default(), &mut ())?;
//! let answer = answer(&results);
//! let ranking = &answer.decisions[0].ranking;
//! assert_eq!(ranking.rows.len(), 3);
//! assert_eq!(ranking.winner().expect("all of them work").topology, "star hub=server");
//! // What the ranking is made of.
//! assert_eq!(answer.metric, MetricId::LatencyP95);
//! let p95_ms = results.cells[2].values(MetricId::LatencyP95);
//! assert!(p95_ms.iter().all(|&p95_ms| (10.0..400.0).contains(&p95_ms)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can be added
//!
//! A crate of its own adds kinds to a [`Registry`], which then reads scenarios that name them: a [`Topology`] says
//! which connections exist, a [`Workload`] who sends what to whom, a [`Dissemination`] what travels over the
//! connections. Each is a type with its parameters, of which [`TopologyEntry::new`], [`WorkloadEntry::new`] and
//! [`DisseminationEntry::new`] make a row; the parameters derive `Deserialize`, `Serialize` and `JsonSchema` (serde 1, schemars 1).
//!
//! The examples show it, on nothing but what is named here:
//!
//! - `run_scenario`: runs a scenario and prints its answer.
//! - `own_topology`: a topology of one's own beside a mesh and a star, in one ranking.
//! - `own_dissemination`: a forwarding rule of one's own.
//! - `engine_alone`: the event [`engine`] on a queue with a closed form.
//! - `orlib`: the optimisers of hubs on files of the OR-Library.
//! - `signaling_plan`: a signaling server that keeps a tree while peers come and go.
//!
//! # What is promised
//!
//! The items of this page, and the modules [`engine`], [`optimiser`], [`overlay`] and [`units`]. Other modules are public for the
//! program, its tests and its benches, and are hidden here: they may change with any version. The same scenario, seed
//! and version give the same bytes.

pub mod engine;
#[doc(hidden)]
pub mod metrics;
#[doc(hidden)]
pub mod net;
pub mod optimiser;
pub mod overlay;
#[doc(hidden)]
pub mod presets;
#[doc(hidden)]
#[cfg(feature = "real")]
pub mod real;
#[doc(hidden)]
pub mod recommend;
#[doc(hidden)]
pub mod report;
pub mod rng;
#[doc(hidden)]
pub mod scenario;
#[doc(hidden)]
pub mod simulation;
#[doc(hidden)]
pub mod sweep;
pub mod units;
#[doc(hidden)]
pub mod webrtc;
#[doc(hidden)]
pub mod world;

pub use metrics::{Interval, METRICS, Metric, MetricId, RunRecord};
pub use overlay::dissemination::{
    Demand, Dissemination, DisseminationEntry, DisseminationSpec, Load, Passing, Traffic,
};
pub use overlay::topology::{Topology, TopologyEntry};
pub use overlay::workload::{Flow, Workload, WorkloadEntry};
pub use overlay::{Overlay, json_of};
pub use report::terminal::render as answer_text;
pub use report::{Answer, Decision, RankedTopology, Ranking, Summary, answer, tables};
pub use rng::{Domain, PairKey, Seed, Stream, Streams};
pub use scenario::{
    Cell, Experiment, Grain, Registry, RegistryError, RunSettings, ScenarioErrors, Settings, json_schema, load,
    parse_str,
};
pub use simulation::{Knowledge, Options, SimulationError, Subject, simulate, simulate_by};
pub use sweep::{CellRuns, Observer, Replication, Results, SweepError, SweepOptions, run as run_sweep};
pub use world::World;
