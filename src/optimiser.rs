//! Optimisers of overlays, and what bounds say about them, on plain arrays.
//!
//! Nothing here knows of a world, a scenario or a simulation: an [`Instance`] holds who may connect to whom with what
//! delay, and what each peer can bear. So instances with known optima run here as well as those of a scenario.
//!
//! Every answer comes with its value, a lower bound, and whether it is proven; the same seed and the same budget of work
//! give the same answer. Times are integer microseconds: a solver that rounds may take a wrong tree for the best one.

pub mod backup;
pub mod bound;
mod gap;
pub mod hub;
pub mod in_turn;
pub mod instance;
pub mod order;
pub mod plan;
pub mod regular;
pub mod relay;
pub mod stripes;
pub mod synthetic;
pub mod tree;

pub use gap::gap;
pub use instance::{Delays, Hop, Instance, InstanceError, Peer, Stream};
