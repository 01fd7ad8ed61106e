//! Interactive connectivity establishment (RFC 8445): how two ends find a path through the boxes
//! between them.
//!
//! An [`Agent`] is a state machine without clock or network: candidates, checks and times go in,
//! checks to send and the moment of the next wake-up come out. What engines do differently where the
//! standard leaves room stands in an [`IceProfile`]: how checks are paced, who nominates when, and
//! how long silence is borne. Frozen pairs, several components and ICE TCP are not modelled; data
//! channels need none of them.

mod agent;
mod candidate;
mod consent;
mod paced;
mod pairs;
mod profile;
mod roles;
mod rounds;
#[cfg(test)]
mod tests;

pub use agent::{Agent, AgentState, Check, Outgoing};
pub use candidate::{Candidate, CandidateKind, Family, PREFERENCE_MAX, Route};
pub use profile::{AcceptanceWaits, Checks, Growth, IceProfile, IceSpec, Nomination, Retransmission};
