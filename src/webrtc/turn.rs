//! TURN servers (RFC 8656): what one can do and costs, which of several a peer is given, and what
//! becomes of that when they are full or fail.
//!
//! [`TurnSpec`] is what a scenario says; [`TurnPool`] is the servers at work, told the time, without
//! a clock or a network; [`RelayCode`] says in two bytes which allocations a path runs through.

mod bucket;
mod code;
mod framing;
mod outage;
mod policy;
mod pool;
mod spec;
mod transports;

pub use bucket::TokenBucket;
pub use code::{RelayCode, Via};
pub use framing::framing_bytes;
pub use outage::{OutageWindow, Outages};
pub use policy::{Candidate, Choice, Condition, POLICIES, PolicyEntry, TurnPolicy};
pub use pool::{Granted, Refusal, TurnCounts, TurnPool, TurnRequest};
pub use spec::{
    AllocationsMax, Billing, DynamicSpec, NoTurn, OutageSpec, RestartOn, TURN_SERVERS_MAX, TurnChoice, TurnServer,
    TurnServerSpec, TurnSpec,
};
pub use transports::Transports;

/// Which of a scenario's TURN servers: its index in [`TurnSpec::servers`].
pub type TurnIndex = u8;
