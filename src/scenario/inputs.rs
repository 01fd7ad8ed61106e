//! What was read from the files that a scenario names: a line each, and what of it to check.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::experiment::Experiment;
use super::settings::Settings;
use crate::net::LatencySpec;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// What was read from it, in one line.
    pub summary: String,
    /// What of it is not plausible.
    pub warnings: Vec<String>,
}

impl Experiment {
    /// What was read from every file of data, each once: latency matrices, capacity traces, traces of messages,
    /// overlays.
    #[must_use]
    pub fn inputs(&self) -> Vec<Input> {
        let mut inputs = BTreeMap::new();
        let mut seen: Option<&Arc<Settings>> = None;
        for cell in &self.cells {
            // The cells of a group share their settings.
            if !seen.is_some_and(|seen| Arc::ptr_eq(seen, &cell.settings)) {
                of_settings(&cell.settings, &mut inputs);
                seen = Some(&cell.settings);
            }
            if let Some(file) = cell.topology.file() {
                note(&mut inputs, format!("overlay {}", file.file.display()), &|| Input {
                    summary: format!("overlay {}", file.summary()),
                    // What is not plausible depends on the population.
                    warnings: Vec::new(),
                });
            }
        }
        let mut read: Vec<(usize, Input)> = inputs.into_values().collect();
        read.sort_by_key(|&(nth, _)| nth);
        read.into_iter().map(|(_, input)| input).collect()
    }
}

/// Inputs by file and how it is read, with the order in which they were met.
type Inputs = BTreeMap<String, (usize, Input)>;

fn note(inputs: &mut Inputs, key: String, read: &dyn Fn() -> Input) {
    let nth = inputs.len();
    inputs.entry(key).or_insert_with(|| (nth, read()));
}

fn of_settings(settings: &Settings, inputs: &mut Inputs) {
    let mut note = |key: String, read: &dyn Fn() -> Input| note(inputs, key, read);
    if let LatencySpec::Matrix(matrix) = &settings.latency {
        let key = format!("matrix {} {:?} {:?}", matrix.file.display(), matrix.unit, matrix.measures);
        note(key, &|| Input { summary: format!("latency matrix {}", matrix.summary()), warnings: matrix.warnings() });
    }
    let capacities = settings.population.classes.iter().flat_map(|class| [&class.capacity.up, &class.capacity.down]);
    for file in capacities.flatten() {
        let key = format!("capacity {}", file.file.display());
        note(key, &|| Input { summary: format!("capacity trace {}", file.summary()), warnings: file.warnings() });
    }
    for file in settings.workloads.iter().filter_map(|workload| workload.file()) {
        let key = format!("messages {}", file.file.display());
        note(key, &|| Input { summary: format!("messages {}", file.summary()), warnings: file.warnings() });
    }
}
