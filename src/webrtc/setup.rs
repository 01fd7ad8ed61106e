//! The set-up of one connection: from the offer until both ends have an open channel, or give up.
//!
//! Two ends ([`EndSpec`]) behind their boxes gather candidates, signal, check pairs, shake hands.
//! [`run()`] plays that through, event by event; what comes of it is a [`SetupOutcome`]. It is held
//! against the real webrtc-rs stack in virtual time (`tests/real/setup.rs`).

mod end;
mod gather;
mod memo;
mod network;
mod outcome;
mod play;
mod profile;
mod queue;
mod reach;
mod run;
mod server;
mod spec;
#[cfg(test)]
mod tests;
mod trace;
mod underlay;
mod wire;

pub use memo::{Chance, LinkLoss, SetupOptions, SetupPair, Setups, SetupsLearner, SetupsSize};
pub use outcome::{Datagrams, RelayUse, SelectedKinds, SetupOutcome, SetupTimes, Signaled};
pub use play::{Letter, Play};
pub use profile::SetupProfile;
pub use run::{SetupRun, run, run_traced};
pub use spec::{EndSpec, Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, StackProfile};
pub use trace::{Step, Who};
pub use underlay::{Parcel, Underlay};
