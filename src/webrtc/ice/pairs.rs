//! The check list: pairs of candidates and how far each is (RFC 8445, section 6.1.2).

use std::net::SocketAddrV4;

use super::candidate::{Candidate, CandidateKind, pair_priority};
use crate::webrtc::stamp::Stamp;

/// How far the check of a pair is. Frozen does not occur: with one component and one stream every
/// foundation has a pair of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PairState {
    Waiting,
    InProgress,
    Succeeded,
    Failed,
}

/// A pair of candidates, by their indices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) local: usize,
    pub(super) remote: usize,
    pub(super) state: PairState,
    /// The role its priority was computed for.
    pub(super) controlling: bool,
    /// Requests of the check that is in progress.
    pub(super) requests: u32,
    /// When the first of them was sent.
    pub(super) first_request: Stamp,
    /// The latest of them, in the order of all requests of this end.
    pub(super) last_request: u32,
    /// When the next request is due, where each pair has its own schedule.
    pub(super) resend_at: Option<Stamp>,
    /// Whether the other end has nominated it.
    pub(super) nominated: bool,
    /// The reflexive candidate that the other end sees this end's packets come from, once a check has
    /// succeeded, if it is not `local` itself (RFC 8445, section 7.2.5.3.1).
    pub(super) seen_as: Option<usize>,
}

impl Pair {
    /// Whether its check may still succeed.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, PairState::Waiting | PairState::InProgress)
    }
}

/// All pairs of an end.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckList {
    pub(super) pairs: Vec<Pair>,
}

impl CheckList {
    pub(super) fn add(&mut self, local: usize, remote: usize, controlling: bool) -> usize {
        self.pairs.push(Pair {
            local,
            remote,
            state: PairState::Waiting,
            controlling,
            requests: 0,
            first_request: Stamp::ZERO,
            last_request: 0,
            resend_at: None,
            nominated: false,
            seen_as: None,
        });
        self.pairs.len() - 1
    }

    pub(super) fn find(&self, local: usize, remote: usize) -> Option<usize> {
        self.pairs.iter().position(|pair| pair.local == local && pair.remote == remote)
    }
}

/// The candidates that pairs are made of, and which role their end has: what priorities need.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub(super) locals: Vec<Candidate>,
    pub(super) remotes: Vec<Candidate>,
    /// Candidates of this end that no checks leave from, as their bases stand for them.
    pub(super) reflexive: Vec<Candidate>,
    pub(super) controlling: bool,
}

impl Sides {
    pub(super) const fn new(controlling: bool) -> Self {
        Self { locals: Vec::new(), remotes: Vec::new(), reflexive: Vec::new(), controlling }
    }

    /// This end's candidate of a pair: once its check has succeeded the one that the other end sees.
    pub(super) fn local(&self, pair: &Pair) -> Candidate {
        pair.seen_as.map_or(self.locals[pair.local], |reflexive| self.reflexive[reflexive])
    }

    /// A server-reflexive candidate, which may be known as a peer-reflexive one.
    pub(super) fn add_reflexive(&mut self, list: &mut CheckList, candidate: Candidate) {
        let same = |known: &Candidate| known.route == candidate.route && known.address == candidate.address;
        if let Some(known) = self.reflexive.iter_mut().find(|known| same(known)) {
            *known = candidate;
            return;
        }
        self.reflexive.push(candidate);
        // The other end is not told of a base that is hidden.
        let of_base = |pair: &&mut Pair| pair.state == PairState::Succeeded && same(&self.locals[pair.local]);
        for pair in list.pairs.iter_mut().filter(of_base) {
            pair.seen_as = Some(self.reflexive.len() - 1);
        }
    }

    /// The reflexive candidate that packets of a local candidate seem to come from; a new
    /// peer-reflexive one if the address is unknown, none if it is the candidate's own.
    pub(super) fn seen_as(&mut self, local: usize, mapped: SocketAddrV4) -> Option<usize> {
        let base = self.locals[local];
        let same = |known: &Candidate| known.route == base.route && known.address == mapped;
        let known = self.reflexive.iter().position(same);
        if known.is_none() && base.address != mapped {
            self.reflexive.push(Candidate { kind: CandidateKind::PeerReflexive, address: mapped, ..base });
            return Some(self.reflexive.len() - 1);
        }
        known
    }

    pub(super) fn priority(&self, pair: &Pair) -> u64 {
        let (local, remote) = (self.local(pair).priority(), self.remotes[pair.remote].priority());
        if pair.controlling { pair_priority(local, remote) } else { pair_priority(remote, local) }
    }

    /// The pair with the highest priority of those that `fits` names; the earlier of equals.
    pub(super) fn best(&self, list: &CheckList, fits: impl Fn(&Pair) -> bool) -> Option<usize> {
        let mut best: Option<(u64, usize)> = None;
        for (index, pair) in list.pairs.iter().enumerate().filter(|(_, pair)| fits(pair)) {
            let priority = self.priority(pair);
            if best.is_none_or(|(highest, _)| highest < priority) {
                best = Some((priority, index));
            }
        }
        best.map(|(_, index)| index)
    }

    /// Whether two candidates can be paired.
    pub(super) fn fit(&self, local: usize, remote: usize) -> bool {
        self.locals[local].family == self.remotes[remote].family
    }
}
