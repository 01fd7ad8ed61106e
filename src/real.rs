//! The real WebRTC stack in virtual time (feature `real`).

pub mod bulk;
mod clock;
pub mod cluster;
mod network;
pub mod pair;
pub mod replication;
pub mod stack;
pub mod trace;
pub mod turn_server;

pub use network::{Loss, NodeSpec, Paths};
pub use replication::{VIRTUAL, warnings};
