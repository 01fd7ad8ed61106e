//! `--rung`: what runs a replication.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use peerscape::scenario::Experiment;
use peerscape::sweep::Rung;

/// A rung of the fidelity ladder, as the command line names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RungName {
    /// The event model
    #[default]
    Model,
    /// The webrtc-rs stack in virtual time (needs a build with --features real)
    Virtual,
}

impl RungName {
    /// The rung.
    #[cfg(feature = "real")]
    pub(crate) const fn rung(self) -> Option<Rung> {
        match self {
            Self::Model => Some(Rung::MODEL),
            Self::Virtual => Some(peerscape::real::VIRTUAL),
        }
    }

    /// The rung, if this build has it.
    #[cfg(not(feature = "real"))]
    pub(crate) const fn rung(self) -> Option<Rung> {
        match self {
            Self::Model => Some(Rung::MODEL),
            Self::Virtual => None,
        }
    }

    /// What to check before trusting results of this rung.
    #[cfg(feature = "real")]
    pub(crate) fn warnings(self, experiment: &Experiment) -> Vec<String> {
        match self {
            Self::Model => Vec::new(),
            Self::Virtual => peerscape::real::warnings(experiment),
        }
    }

    /// What to check before trusting results of this rung: nothing, the only one here is the model.
    #[cfg(not(feature = "real"))]
    pub(crate) const fn warnings(self, _experiment: &Experiment) -> Vec<String> {
        Vec::new()
    }

    /// Where the results of a scenario go unless told otherwise: each rung has its own folder, so
    /// that one does not overwrite the other.
    pub(crate) fn default_out(self, scenario: &str) -> PathBuf {
        let folder = match self {
            Self::Model => scenario.to_owned(),
            Self::Virtual => format!("{scenario}-virtual"),
        };
        Path::new("results").join(folder)
    }
}

/// What a build without the stack answers when it is asked for it.
pub(crate) const NO_STACK: &str = "this build has no WebRTC stack in it: build with `--features real`, \
     as in `cargo run --release --features real -- validate scenarios/quickstart-small.toml`";
