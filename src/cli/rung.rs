//! `--rung`: what runs a replication.

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

    /// How the default results folder ends: each rung has its own, so that one does not overwrite the other.
    pub(crate) const fn folder_suffix(self) -> &'static str {
        match self {
            Self::Model => "",
            Self::Virtual => "-virtual",
        }
    }
}

/// What a build without the stack answers when it is asked for it.
pub(crate) const NO_STACK: &str = "this build has no WebRTC stack in it: build with `--features real`, \
     as in `cargo run --release --features real -- validate scenarios/quickstart-small.toml`";
