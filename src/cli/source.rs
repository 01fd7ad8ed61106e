//! The scenario that a verb is about, and what replaces its values.

use std::path::PathBuf;

use clap::Args;
use peerscape::scenario::{Experiment, Registry};

use super::say;

/// A scenario on the command line.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: PathBuf,
    /// Replace a value: `population.peers=100`, `workload.0.rate="10 /s"`
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) overrides: Vec<String>,
}

impl Source {
    /// Reads it; where that fails, every error has been told.
    pub(super) fn load(&self, registry: &Registry) -> Option<Experiment> {
        registry
            .load(&self.scenario, &self.overrides)
            .map_err(|errors| say::line(format_args!("{:?}", miette::Report::new(errors))))
            .ok()
    }
}
