//! The set-up of one connection: from the offer until both ends have an open channel, or give up.
//!
//! Two ends ([`EndSpec`]) behind their boxes gather candidates, signal, check pairs, shake hands.
//! What comes of it is a [`SetupOutcome`].

mod memo;
mod outcome;
mod profile;
mod spec;

pub use outcome::{Datagrams, RelayUse, SelectedKinds, SetupOutcome, SetupTimes, Signaled};
pub use profile::SetupProfile;
pub use spec::{EndSpec, Gather, Ipv6, PairSetup, Relation, RelayTransport, StackProfile};
