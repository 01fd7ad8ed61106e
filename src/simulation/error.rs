//! Why a replication has no record.

use thiserror::Error;

use super::control::connect::ForeignKnowledge;
use crate::engine::EngineError;
use crate::world::WorldError;

/// Why a replication has no record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SimulationError {
    /// The world cannot be drawn.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The event engine stopped a runaway.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What is known of set-ups was learned for other settings.
    #[error(transparent)]
    Knowledge(#[from] ForeignKnowledge),
    /// Messages would come by several ways, for ever.
    #[error(
        "the overlay of '{topology}' has rings, and split horizon would pass messages on along them for ever: use a \
         dissemination that tells copies apart, or an overlay of trees and full meshes without rings"
    )]
    Ring {
        /// The topology's label.
        topology: String,
    },
    /// Messages are to be shared out among trees that there are not.
    #[error("the overlay of '{topology}' does not say which trees its connections belong to, and `striped` needs some")]
    NoStripes {
        /// The topology's label.
        topology: String,
    },
}
