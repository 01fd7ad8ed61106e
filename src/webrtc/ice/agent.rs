//! An ICE agent: candidates and checks in, checks and a selected pair out.

use std::collections::VecDeque;
use std::net::SocketAddrV4;

use super::candidate::{Candidate, CandidateKind, Route};
use super::pairs::{CheckList, PairState, Sides};
use super::profile::{Checks, IceProfile, Nomination};
use crate::units::SimTime;

/// A connectivity check as it crosses the network (RFC 8445, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A Binding request.
    Request {
        /// Its transaction.
        id: u32,
        /// Whether it nominates (USE-CANDIDATE).
        nominates: bool,
        /// The sender's role: ICE-CONTROLLING or ICE-CONTROLLED.
        controlling: bool,
        /// The sender's tie-breaker.
        tie_breaker: u64,
    },
    /// A success response.
    Success {
        /// The transaction of the request.
        id: u32,
    },
    /// A role conflict (487).
    RoleConflict {
        /// The transaction of the request.
        id: u32,
    },
}

/// A check to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// How it leaves.
    pub route: Route,
    /// Where it goes.
    pub to: SocketAddrV4,
    /// What it is.
    pub check: Check,
}

/// How far an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// It does not know the other end yet.
    New,
    /// It checks pairs.
    Checking,
    /// It has a pair to send on.
    Connected,
    /// It has given up, or the other end has gone silent.
    Failed,
}

/// An ICE agent.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(super) profile: IceProfile,
    pub(super) tie_breaker: u64,
    pub(super) state: AgentState,
    pub(super) sides: Sides,
    pub(super) list: CheckList,
    pub(super) pending: Vec<Pending>,
    pub(super) triggered: VecDeque<usize>,
    pub(super) selected: Option<usize>,
    pub(super) nominated: Option<usize>,
    pub(super) first_valid: Option<SimTime>,
    pub(super) started: SimTime,
    pub(super) out: Vec<Outgoing>,
    checking_since: Option<SimTime>,
    last_round: SimTime,
    round_due: bool,
    last_heard: SimTime,
    last_consent: SimTime,
    next_id: u32,
}

// A request that waits for its response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) to: SocketAddrV4,
    pub(super) nominates: bool,
}

impl Agent {
    /// An agent without candidates, made at `now`.
    #[must_use]
    pub fn new(now: SimTime, profile: IceProfile, controlling: bool, tie_breaker: u64) -> Self {
        Self {
            profile,
            tie_breaker,
            state: AgentState::New,
            sides: Sides { locals: Vec::new(), remotes: Vec::new(), controlling },
            list: CheckList::default(),
            pending: Vec::new(),
            triggered: VecDeque::new(),
            selected: None,
            nominated: None,
            first_valid: None,
            started: now,
            out: Vec::new(),
            checking_since: None,
            last_round: now,
            round_due: false,
            last_heard: now,
            last_consent: now,
            next_id: 0,
        }
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> AgentState {
        self.state
    }

    /// Whether it is the controlling end.
    #[must_use]
    pub const fn is_controlling(&self) -> bool {
        self.sides.controlling
    }

    /// The pair it sends on: its own candidate and the other end's.
    #[must_use]
    pub fn selected(&self) -> Option<(Candidate, Candidate)> {
        let pair = self.list.pairs[self.selected?];
        Some((self.sides.locals[pair.local], self.sides.remotes[pair.remote]))
    }

    /// Whether a pair better than the selected one may still work.
    #[must_use]
    pub fn may_improve(&self) -> bool {
        let priority = self.selected.map_or(0, |index| self.sides.priority(&self.list.pairs[index]));
        let open = |state| matches!(state, PairState::Waiting | PairState::InProgress);
        self.list.pairs.iter().any(|pair| open(pair.state) && self.sides.priority(pair) > priority)
    }

    /// A candidate of its own has been found.
    pub fn add_local(&mut self, now: SimTime, candidate: Candidate) {
        let known = |local: &Candidate| local.kind == candidate.kind && local.address == candidate.address;
        // Checks of a server-reflexive candidate leave from its base: the pair of the base stands for
        // it (RFC 8445, section 6.1.2.4). Where all pairs are checked at once it is not left out.
        let base_stands = candidate.kind == CandidateKind::ServerReflexive && self.is_paced();
        if self.sides.locals.iter().any(known) || base_stands {
            return;
        }
        self.sides.locals.push(candidate);
        let local = self.sides.locals.len() - 1;
        (0..self.sides.remotes.len()).for_each(|remote| _ = self.list.add(local, remote));
        self.request_round(now);
    }

    /// The other end has told of a candidate.
    pub fn add_remote(&mut self, now: SimTime, candidate: Candidate) {
        let known = |remote: &Candidate| {
            // A peer-reflexive candidate of this address turns out to be the one told of; where all
            // pairs are checked at once it is taken as another.
            remote.address == candidate.address && (remote.kind == candidate.kind || self.is_paced())
        };
        if self.sides.remotes.iter().any(known) {
            return;
        }
        self.sides.remotes.push(candidate);
        let remote = self.sides.remotes.len() - 1;
        (0..self.sides.locals.len()).for_each(|local| _ = self.list.add(local, remote));
        self.request_round(now);
    }

    /// The other end's description is there: checks begin.
    pub fn start(&mut self, now: SimTime) {
        if self.state == AgentState::New {
            self.started = now;
            self.state = AgentState::Checking;
            self.request_round(now);
        }
    }

    /// A check has come from `from` to the candidate of this route.
    pub fn receive(&mut self, now: SimTime, route: Route, from: SocketAddrV4, check: Check) {
        let deaf = self.state == AgentState::New && !self.profile.hears_before_described;
        let local = self.sides.locals.iter().position(|local| local.route == route);
        let Some(local) = local.filter(|_| !deaf && self.state != AgentState::Failed) else { return };
        self.last_heard = now;
        let remote = self.sides.remotes.iter().position(|remote| remote.address == from);
        match check {
            Check::Request { id, nominates, controlling, tie_breaker } => {
                if !self.settle_roles(local, from, id, controlling, tie_breaker) {
                    return;
                }
                let remote = remote.unwrap_or_else(|| {
                    self.add_remote(now, Candidate::new(CandidateKind::PeerReflexive, from, Route::Socket));
                    self.sides.remotes.len() - 1
                });
                self.asked(now, local, remote, id, nominates);
            }
            Check::Success { id } => {
                let answered = self.pending.iter().position(|pending| pending.id == id);
                if let (Some(answered), Some(remote)) = (answered, remote) {
                    let pending = self.pending.remove(answered);
                    // Symmetric responses only (RFC 8445, section 7.2.5.2.1).
                    if let Some(index) = self.list.find(local, remote).filter(|_| pending.to == from) {
                        self.answered(now, index, pending.nominates);
                    }
                }
            }
            Check::RoleConflict { id } => {
                if self.pending.iter().any(|pending| pending.id == id) {
                    self.pending.retain(|pending| pending.id != id);
                    self.switch_role(now);
                }
            }
        }
        self.act(now);
    }

    /// Does what is due at `now`.
    pub fn act(&mut self, now: SimTime) {
        match self.profile.checks {
            Checks::AllAtOnce { interval, requests_max } => {
                if self.knows_remote() && (self.round_due || self.last_round + interval <= now) {
                    self.round(now, requests_max);
                }
            }
            Checks::Paced { .. } if self.state != AgentState::New => self.paced(now),
            Checks::Paced { .. } => {}
        }
    }

    /// When it wants to act next, if ever.
    #[must_use]
    pub fn next_wake(&self) -> Option<SimTime> {
        match (self.state, self.profile.checks) {
            (AgentState::New | AgentState::Failed, _) => None,
            (_, Checks::AllAtOnce { .. }) if self.round_due => Some(self.last_round),
            (_, Checks::AllAtOnce { interval, .. }) => Some(self.last_round + interval),
            (state, Checks::Paced { interval, .. }) => {
                let waits = !self.triggered.is_empty() || self.has_waiting();
                let check = waits.then(|| self.last_round + interval);
                let resend = self.list.pairs.iter().map(|pair| pair.resend_at).min();
                let patience = self.patience_ends();
                let silent = match state {
                    AgentState::Connected => {
                        Some((self.last_consent + self.profile.consent_interval).min(self.silent_until()))
                    }
                    _ => self.checking_since.map(|since| since + self.profile.failed_after),
                };
                [check, resend, patience, silent].into_iter().flatten().min().filter(|&time| time < SimTime::MAX)
            }
        }
    }

    /// Takes the checks to send, in order.
    pub fn take_out(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.out)
    }

    // A new candidate: a round at once, or a slot as soon as one is free.
    fn request_round(&mut self, now: SimTime) {
        self.round_due = true;
        if self.state == AgentState::Checking {
            self.checking_since.get_or_insert(now);
        }
    }

    // All pairs at once.
    fn round(&mut self, now: SimTime, requests_max: u32) {
        self.round_due = false;
        match self.state {
            AgentState::Failed => return,
            AgentState::Checking => {
                let since = *self.checking_since.get_or_insert(now);
                if now.since(since) > self.profile.failed_after {
                    return self.fail();
                }
            }
            AgentState::New | AgentState::Connected => {}
        }
        self.last_round = now;
        if self.selected.is_some() {
            self.keep_consent(now);
        } else if self.sides.controlling && self.nominated.is_some() {
            self.nominate(now);
        } else if let Some(index) = self.acceptable(now).filter(|_| self.sides.controlling) {
            self.nominated = Some(index);
            self.nominate(now);
        } else {
            self.check_all(now, requests_max);
        }
    }

    fn check_all(&mut self, now: SimTime, requests_max: u32) {
        for index in 0..self.list.pairs.len() {
            let pair = &mut self.list.pairs[index];
            match pair.state {
                PairState::Waiting | PairState::InProgress if pair.requests >= requests_max => {
                    pair.state = PairState::Failed;
                }
                PairState::Waiting | PairState::InProgress => {
                    pair.state = PairState::InProgress;
                    pair.requests += 1;
                    self.request(now, index, false);
                }
                PairState::Succeeded | PairState::Failed => {}
            }
        }
    }

    // The best pair that works, if its candidates have waited long enough.
    fn acceptable(&self, now: SimTime) -> Option<usize> {
        let best = self.sides.best(&self.list, |pair| pair.state == PairState::Succeeded)?;
        self.is_acceptable(now, best).then_some(best)
    }

    pub(super) fn is_acceptable(&self, now: SimTime, index: usize) -> bool {
        let Nomination::AfterWaits(waits) = self.profile.nomination else { return true };
        let pair = self.list.pairs[index];
        let kinds = [self.sides.locals[pair.local].kind, self.sides.remotes[pair.remote].kind];
        kinds.into_iter().all(|kind| now.since(self.started) > waits.of(kind))
    }

    // Paced checks: retransmissions that are due, then one new check a slot.
    fn paced(&mut self, now: SimTime) {
        let Checks::Paced { interval, rto, requests_max } = self.profile.checks else { return };
        if self.state == AgentState::Checking {
            let since = *self.checking_since.get_or_insert(now);
            if now.since(since) >= self.profile.failed_after {
                return self.fail();
            }
        }
        for index in 0..self.list.pairs.len() {
            let pair = &mut self.list.pairs[index];
            if pair.resend_at > now || pair.state != PairState::InProgress {
                continue;
            }
            if pair.requests >= requests_max {
                (pair.state, pair.resend_at) = (PairState::Failed, SimTime::MAX);
            } else {
                pair.requests += 1;
                pair.resend_at = now + rto * (1 << (pair.requests - 1));
                let nominates = self.nominates(index);
                self.request(now, index, nominates);
            }
        }
        let due = std::mem::take(&mut self.round_due) || !self.triggered.is_empty() || self.has_waiting();
        // The first check goes at once, the next a slot later.
        let free = self.last_round + interval <= now || self.pending.is_empty();
        if due && free {
            let next = self.triggered.pop_front();
            let waiting = || self.sides.best(&self.list, |pair| pair.state == PairState::Waiting);
            if let Some(index) = next.or_else(waiting) {
                self.last_round = now;
                let pair = &mut self.list.pairs[index];
                (pair.state, pair.requests, pair.resend_at) = (PairState::InProgress, 1, now + rto);
                let nominates = self.nominates(index);
                self.request(now, index, nominates);
            }
        }
        self.nominate_if_due(now);
        self.keep_consent(now);
    }

    fn has_waiting(&self) -> bool {
        self.list.pairs.iter().any(|pair| pair.state == PairState::Waiting)
    }

    // With aggressive nomination every check of the controlling end nominates.
    fn nominates(&self, index: usize) -> bool {
        self.sides.controlling
            && match self.profile.nomination {
                Nomination::Aggressive => true,
                Nomination::Regular { .. } | Nomination::AfterWaits(_) => self.nominated == Some(index),
            }
    }

    /// Sends a request on a pair.
    pub(super) fn request(&mut self, _now: SimTime, index: usize, nominates: bool) {
        let pair = self.list.pairs[index];
        let (route, to) = (self.sides.locals[pair.local].route, self.sides.remotes[pair.remote].address);
        let id = self.next_id;
        self.next_id += 1;
        self.pending.push(Pending { id, to, nominates });
        let check =
            Check::Request { id, nominates, controlling: self.sides.controlling, tie_breaker: self.tie_breaker };
        self.out.push(Outgoing { route, to, check });
    }

    fn keep_consent(&mut self, now: SimTime) {
        let Some(index) = self.selected else { return };
        if self.silent_until() < now || (self.is_paced() && self.silent_until() == now) {
            return self.fail();
        }
        if now.since(self.last_consent) >= self.profile.consent_interval {
            self.last_consent = now;
            self.request(now, index, false);
        }
    }

    fn silent_until(&self) -> SimTime {
        self.last_heard + self.profile.failed_after
    }

    fn fail(&mut self) {
        self.state = AgentState::Failed;
        self.selected = None;
        self.list.pairs.clear();
        self.triggered.clear();
        self.nominated = None;
    }

    /// Takes a pair into use.
    pub(super) fn select(&mut self, now: SimTime, index: usize) {
        self.selected = Some(index);
        if self.state == AgentState::Checking {
            self.state = AgentState::Connected;
            (self.last_heard, self.last_consent) = (now, now);
        }
    }

    pub(super) fn is_paced(&self) -> bool {
        matches!(self.profile.checks, Checks::Paced { .. })
    }

    fn knows_remote(&self) -> bool {
        self.state != AgentState::New
    }

    /// Data have come from the other end: it lives.
    pub fn heard(&mut self, now: SimTime) {
        self.last_heard = now;
    }
}
