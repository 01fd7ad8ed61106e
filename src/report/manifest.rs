//! `manifest.json`: where results come from and how to get them again.
//!
//! The only file that knows about the machine: its times and costs differ from run to run.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sysinfo::System;

use super::axes::other_axes;
use super::json::axes_json;
use super::marks::{MANIFEST_KEY, slashed};
use crate::scenario::Cell;
use crate::sweep::{GIT_COMMIT, Replication, Results, VERSION};

/// How a sweep was run, which its results do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The command that repeats it.
    pub command: String,
    /// What ran the replications.
    pub rung: &'static str,
    /// When it started.
    pub started: SystemTime,
    /// How long it took.
    pub wall: Duration,
    /// How many threads it ran on.
    pub threads: usize,
    /// The other files of the results folder, relative to it: what a later run may replace.
    pub files: Vec<PathBuf>,
}

/// Writes `manifest.json`.
///
/// # Errors
/// When `to` refuses.
pub fn manifest_json(results: &Results<'_>, provenance: &Provenance, to: &mut dyn Write) -> io::Result<()> {
    let experiment = results.experiment;
    let head = json!({
        MANIFEST_KEY: { "version": VERSION, "git_commit": GIT_COMMIT },
        "name": experiment.name,
        "question": experiment.question,
        "command": provenance.command,
        "rung": provenance.rung,
        "started": humantime::format_rfc3339_seconds(provenance.started).to_string(),
        "wall_s": provenance.wall.as_secs_f64(),
        "threads": provenance.threads,
        "peak_memory_bytes": peak_memory_bytes(),
        "host": host(),
        "complete": results.is_complete(),
        "files": provenance.files.iter().map(|file| slashed(file)).collect::<Vec<_>>(),
        "seeds": experiment.seeds,
        "scenario_hash": experiment.hash,
        "scenario": experiment.resolved,
    });
    serde_json::to_writer_pretty(&mut *to, &Manifest { head, replications: Replications(results) })?;
    to.write_all(b"\n")
}

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    head: Value,
    replications: Replications<'a>,
}

/// An entry a replication, written one by one: there are thousands.
struct Replications<'a>(&'a Results<'a>);

impl Serialize for Replications<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.0.experiment.cells.iter().zip(&self.0.cells);
        serializer.collect_seq(cells.flat_map(|(cell, runs)| runs.runs.iter().map(|run| replication(cell, run))))
    }
}

fn replication(cell: &Cell, run: &Replication) -> Value {
    json!({
        "topology": cell.label,
        "peers": cell.settings.population.peers,
        "axes": axes_json(&other_axes(cell)),
        "seed": run.seed,
        "events": run.events,
        "deliveries": run.deliveries,
        "cpu_s": run.cost.cpu_s,
    })
}

/// What may explain the speed of a run; nothing that names the machine or its owner.
fn host() -> Value {
    let mut system = System::new();
    system.refresh_memory();
    json!({
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "cpus": std::thread::available_parallelism().ok(),
        "memory_bytes": system.total_memory(),
    })
}

/// The most memory the process ever held, where the system says so.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::super::content::in_memory;
    use super::super::fixture::Study;
    use super::super::json::pretty;
    use super::*;
    use crate::metrics::MetricId;

    #[test]
    fn a_manifest_says_how_to_repeat_the_run() {
        let study = Study::new().cell(20, "star", MetricId::LatencyP95, &[1.0, 2.0]).planned_seeds(3);
        let experiment = study.experiment();
        let provenance = Provenance {
            command: "peerscape run scenarios/town-hall.toml".to_owned(),
            rung: "model",
            started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
            wall: Duration::from_millis(1_500),
            threads: 2,
            files: vec!["runs.csv".into(), "plots/latency.svg".into()],
        };
        let bytes = in_memory(|to| manifest_json(&study.results(&experiment), &provenance, to)).expect("written");
        let mut manifest: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert!(manifest["host"]["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 0));
        assert_eq!(manifest[MANIFEST_KEY]["version"], env!("CARGO_PKG_VERSION"));
        // What depends on the machine and the build is checked above, and not part of the picture.
        for key in ["host", "peak_memory_bytes", MANIFEST_KEY] {
            manifest[key] = "...".into();
        }
        insta::assert_snapshot!(String::from_utf8(pretty(&manifest)).expect("text"));
    }

    #[test]
    fn the_peak_of_memory_is_known_on_linux() {
        if cfg!(target_os = "linux") {
            assert!(peak_memory_bytes().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
