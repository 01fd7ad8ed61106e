//! Policies: which TURN server a peer is given.
//!
//! Adding one is one file beside this one, one word in [`TurnPolicy`] and one line in [`POLICIES`].
//! A policy sees how things stand and chooses; what follows from that is [`super::TurnPool`]'s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DynamicSpec, TurnIndex};
use crate::units::SimDuration;

mod dynamic;
mod fixed;
mod least_loaded;
mod nearest;

/// A policy by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TurnPolicy {
    /// Each peer has one server, by its number, and no other.
    Static,
    /// The server with the lowest delay to the peer.
    #[default]
    Nearest,
    /// The server with the smallest share of its allocations taken.
    LeastLoaded,
    /// By delay and load together; servers open and close as they are needed.
    Dynamic,
}

/// How a server stands when a peer asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Whether it can be given to the peer.
    pub condition: Condition,
    /// One-way delay between the peer and it.
    pub delay: SimDuration,
    /// Allocations it has.
    pub allocations: u32,
    /// Allocations it can have.
    pub capacity: u32,
}

/// Whether a server can be given to a peer, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can.
    Ready,
    /// It has all the allocations it can have.
    Full,
    /// It has opened and is not up yet.
    Starting,
    /// It is closed.
    Closed,
    /// It has failed.
    Down,
    /// It does not speak the peer's transport.
    Unfit,
}

/// What a policy chooses from.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The peer that asks, by its number.
    pub peer: u32,
    /// Every server.
    pub candidates: &'a [Candidate],
    /// Settings of the policy `dynamic`.
    pub dynamic: &'a DynamicSpec,
}

/// One row of [`POLICIES`].
#[derive(Clone, Copy, Debug)]
pub struct PolicyEntry {
    /// The policy.
    pub policy: TurnPolicy,
    /// One line of what it does.
    pub summary: &'static str,
    /// Whether it has servers that are not open all the time.
    pub opens_and_closes: bool,
    /// Whether a peer whose server cannot be had is given another.
    pub has_alternatives: bool,
    /// The server for a peer, of those that are ready.
    pub choose: fn(&Choice<'_>) -> Option<TurnIndex>,
    /// The closed server that should open now.
    pub opens: fn(&Choice<'_>) -> Option<TurnIndex>,
}

/// Every policy.
pub static POLICIES: &[PolicyEntry] = &[fixed::ENTRY, nearest::ENTRY, least_loaded::ENTRY, dynamic::ENTRY];

impl TurnPolicy {
    /// The policy's row.
    #[must_use]
    pub fn entry(self) -> &'static PolicyEntry {
        POLICIES.iter().find(|entry| entry.policy == self).expect("invariant: every policy has a row")
    }
}

impl Choice<'_> {
    /// The servers that are ready, each with its index.
    fn ready(&self) -> impl Iterator<Item = (TurnIndex, &Candidate)> {
        self.in_condition(&[Condition::Ready])
    }

    fn in_condition(&self, conditions: &[Condition]) -> impl Iterator<Item = (TurnIndex, &Candidate)> {
        (0..).zip(self.candidates).filter(move |(_, candidate)| conditions.contains(&candidate.condition))
    }
}

const fn never_opens(_: &Choice<'_>) -> Option<TurnIndex> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Servers by delay in ms, allocations and capacity.
    pub(super) fn ready(servers: &[(u64, u32, u32)]) -> Vec<Candidate> {
        let candidate = |&(ms, allocations, capacity): &(u64, u32, u32)| Candidate {
            condition: Condition::Ready,
            delay: SimDuration::from_ms(ms),
            allocations,
            capacity,
        };
        servers.iter().map(candidate).collect()
    }

    pub(super) fn chosen(policy: TurnPolicy, peer: u32, candidates: &[Candidate]) -> Option<TurnIndex> {
        (policy.entry().choose)(&Choice { peer, candidates, dynamic: &DynamicSpec::default() })
    }

    #[test]
    fn every_policy_takes_what_is_ready_and_nothing_else() {
        for entry in POLICIES {
            let mut candidates = ready(&[(10, 0, 9), (20, 0, 9), (30, 0, 9)]);
            for peer in 0..6 {
                assert!(chosen(entry.policy, peer, &candidates).is_some(), "{:?}", entry.policy);
            }
            for condition in
                [Condition::Full, Condition::Starting, Condition::Closed, Condition::Down, Condition::Unfit]
            {
                candidates.iter_mut().for_each(|candidate| candidate.condition = condition);
                assert_eq!(chosen(entry.policy, 1, &candidates), None, "{:?} {condition:?}", entry.policy);
                candidates[1].condition = Condition::Ready;
                let alone = chosen(entry.policy, 0, &candidates);
                assert_eq!(alone, entry.has_alternatives.then_some(1), "{:?} {condition:?}", entry.policy);
            }
        }
    }
}
