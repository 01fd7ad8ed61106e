//! An ICE agent: candidates and checks in, checks and a selected pair out.

use std::collections::VecDeque;
use std::net::SocketAddrV4;

use super::candidate::{Candidate, CandidateKind, PREFERENCE_MAX, Route};
use super::pairs::{CheckList, PairState, Sides};
use super::profile::{Checks, IceProfile};
use crate::webrtc::stamp::{Moment, Stamp};

/// Pairs of a check list beyond which checks from unknown addresses are answered, but bring forth no
/// more of them (RFC 8445, section 6.1.2.5).
const PAIRS_MAX: usize = 100;

/// A connectivity check as it crosses the network (RFC 8445, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A Binding request.
    Request {
        /// Its transaction.
        id: u32,
        /// The ICE session it belongs to: counts restarts, as new user fragments do.
        generation: u8,
        /// Whether it nominates (USE-CANDIDATE).
        nominates: bool,
        /// The sender's role: ICE-CONTROLLING or ICE-CONTROLLED.
        controlling: bool,
        /// The sender's tie-breaker.
        tie_breaker: u64,
        /// The local preference of the candidate it is sent from: what counts of PRIORITY.
        preference: u16,
    },
    /// A success response.
    Success {
        /// The transaction of the request.
        id: u32,
        /// Where the request came from (XOR-MAPPED-ADDRESS).
        mapped: SocketAddrV4,
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
    /// It has one, and has heard nothing for a while.
    Disconnected,
    /// It has given up, or the other end has gone silent.
    Failed,
}

/// An ICE agent.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(super) profile: IceProfile,
    pub(super) tie_breaker: u64,
    // The role it begins with.
    controlling: bool,
    pub(super) generation: u8,
    pub(super) state: AgentState,
    pub(super) sides: Sides,
    /// When each of the other end's candidates was last heard of.
    pub(super) heard: Vec<Stamp>,
    pub(super) list: CheckList,
    pub(super) pending: Vec<Pending>,
    pub(super) triggered: VecDeque<usize>,
    pub(super) selected: Option<usize>,
    pub(super) nominated: Option<usize>,
    pub(super) first_valid: Option<Stamp>,
    pub(super) started: Stamp,
    pub(super) checking_since: Option<Stamp>,
    pub(super) last_round: Option<Stamp>,
    pub(super) round_due: bool,
    /// Whether a candidate has turned out to be another than it seemed, so that another pair may be best.
    pub(super) reconsiders: bool,
    /// The pair of its latest nomination.
    pub(super) last_nomination: Option<usize>,
    pub(super) last_consent: Stamp,
    pub(super) next_id: u32,
    pub(super) out: Vec<Outgoing>,
    /// When a check left and when its response came, of the latest that was answered.
    pub(super) round_trip: Option<(Stamp, Stamp)>,
    // What was in use before a restart.
    before: Option<(Candidate, Candidate)>,
}

// A request that waits for its response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) to: SocketAddrV4,
    pub(super) nominates: bool,
    pub(super) controlling: bool,
    pub(super) sent: Stamp,
}

impl Agent {
    /// An agent without candidates, made at `now`.
    #[must_use]
    pub fn new(now: Stamp, profile: IceProfile, controlling: bool, tie_breaker: u64) -> Self {
        // Where checks come in rounds an agent counts as controlled until it starts, and the pairs that
        // it has then keep the priorities of that role.
        let early = !matches!(profile.checks, Checks::AllAtOnce { .. });
        Self {
            profile,
            tie_breaker,
            generation: 0,
            state: AgentState::New,
            sides: Sides::new(controlling && early),
            controlling,
            heard: Vec::new(),
            list: CheckList::default(),
            pending: Vec::new(),
            triggered: VecDeque::new(),
            selected: None,
            nominated: None,
            first_valid: None,
            started: now,
            checking_since: None,
            last_round: None,
            round_due: false,
            reconsiders: false,
            last_nomination: None,
            last_consent: now,
            next_id: 0,
            out: Vec::new(),
            round_trip: None,
            before: None,
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

    /// The pair it sends on: its own candidate and the other end's, as that was told of if it was.
    #[must_use]
    pub fn selected(&self) -> Option<(Candidate, Candidate)> {
        let Some(index) = self.selected else { return self.before };
        let pair = self.list.pairs[index];
        let remote = self.sides.remotes[pair.remote];
        let told = |other: &&Candidate| other.address == remote.address && other.kind != CandidateKind::PeerReflexive;
        let remote = self.sides.remotes.iter().find(told).copied().unwrap_or(remote);
        Some((self.sides.local(&pair), remote))
    }

    /// Whether a pair better than the selected one may still work, as far as `may_work` knows, and be taken
    /// into use.
    #[must_use]
    pub fn may_improve(&self, may_work: impl Fn(&Candidate, &Candidate) -> bool) -> bool {
        let Some(selected) = self.selected else { return self.list.pairs.iter().any(super::pairs::Pair::is_open) };
        let priority = self.sides.priority(&self.list.pairs[selected]);
        let improves = |pair: &super::pairs::Pair| {
            pair.is_open()
                && self.sides.priority(pair) > priority
                && may_work(&self.sides.locals[pair.local], &self.sides.remotes[pair.remote])
        };
        self.changes_its_mind() && self.list.pairs.iter().any(improves)
    }

    /// A candidate of its own has been found.
    pub fn add_local(&mut self, candidate: Candidate) {
        let known = |local: &Candidate| local.kind == candidate.kind && local.address == candidate.address;
        // Checks of a server-reflexive candidate leave from its base: the pair of the base stands for
        // it (RFC 8445, section 6.1.2.4). Where all pairs are checked at once it is not left out.
        let base = |local: &Candidate| local.route == candidate.route && local.kind == CandidateKind::Host;
        let base_stands = candidate.kind == CandidateKind::ServerReflexive
            && !self.checks_all()
            && self.sides.locals.iter().any(base);
        if base_stands {
            self.sides.add_reflexive(&mut self.list, candidate);
            self.reconsiders = true;
        }
        if self.sides.locals.iter().any(known) || base_stands {
            return;
        }
        self.sides.locals.push(candidate);
        let local = self.sides.locals.len() - 1;
        for remote in (0..self.sides.remotes.len()).filter(|&remote| self.sides.fit(local, remote)) {
            self.list.add(local, remote, self.sides.controlling);
        }
        self.round_due = true;
    }

    /// The other end has told of a candidate.
    pub fn add_remote(&mut self, candidate: Candidate) {
        let same = |remote: &&mut Candidate| remote.address == candidate.address;
        // A peer-reflexive candidate of this address turns out to be the one told of, or is taken as another.
        let replaces = self.profile.replaces_peer_reflexive;
        match self.sides.remotes.iter_mut().find(|remote| same(remote) && (replaces || remote.kind == candidate.kind)) {
            Some(known) if known.kind == CandidateKind::PeerReflexive => {
                *known = candidate;
                self.reconsiders = true;
            }
            Some(_) => {}
            None => {
                self.learn_remote(candidate);
            }
        }
    }

    /// The other end's description is there: checks begin.
    pub fn start(&mut self, now: Stamp) {
        if self.state == AgentState::New {
            self.started = now;
            if self.checks_all() {
                self.sides.controlling = self.controlling;
            }
            self.heard.fill(now);
            self.state = AgentState::Checking;
            self.round_due = true;
        }
    }

    /// Begins anew with another path in mind (RFC 8445, section 9): its own candidates are to be
    /// added again, the other end's come with its next description.
    pub fn restart(&mut self) {
        self.before = self.selected().filter(|_| self.profile.keeps_path_in_restart);
        self.generation += 1;
        self.state = AgentState::New;
        self.sides.locals.clear();
        self.sides.reflexive.clear();
        self.forget_remotes();
    }

    /// A check has come from `from` on this route.
    pub fn receive(&mut self, moment: &mut Moment<'_>, route: Route, from: SocketAddrV4, check: Check) {
        let deaf = self.state == AgentState::New && !self.profile.hears_before_described;
        let local = self.sides.locals.iter().position(|local| local.route == route);
        let Some(local) = local.filter(|_| !deaf && self.state != AgentState::Failed) else { return };
        let remote = self.sides.remotes.iter().position(|remote| remote.address == from);
        match check {
            Check::Request { id, generation, nominates, controlling, tie_breaker, preference } => {
                if generation != self.generation || !self.settle_roles(local, from, id, controlling, tie_breaker) {
                    return;
                }
                if remote.is_none() && self.list.pairs.len() >= PAIRS_MAX {
                    let route = self.sides.locals[local].route;
                    self.out.push(Outgoing { route, to: from, check: Check::Success { id, mapped: from } });
                    return;
                }
                let remote = remote.unwrap_or_else(|| self.learn_from_check(local, from, preference));
                self.heard[remote] = moment.now;
                self.asked(moment, local, remote, id, nominates);
            }
            Check::Success { id, mapped } => {
                let Some(remote) = remote else { return };
                self.heard[remote] = moment.now;
                if let Some(answered) = self.pending.iter().position(|pending| pending.id == id) {
                    let pending = self.pending.remove(answered);
                    // Symmetric responses only (RFC 8445, section 7.2.5.2.1).
                    if let Some(index) = self.list.find(local, remote).filter(|_| pending.to == from) {
                        self.round_trip = Some((pending.sent, moment.now));
                        self.answered(moment, index, pending.nominates, mapped);
                    }
                }
            }
            Check::RoleConflict { id } => {
                if let Some(refused) = self.pending.iter().position(|pending| pending.id == id) {
                    let refused = self.pending.remove(refused);
                    self.refused_as(refused.controlling);
                }
            }
        }
    }

    /// Does what is due.
    pub fn act(&mut self, moment: &mut Moment<'_>) {
        if matches!(self.state, AgentState::New | AgentState::Failed) {
            return;
        }
        if std::mem::take(&mut self.reconsiders) && self.changes_its_mind() {
            self.choose(moment.now);
        }
        match self.profile.checks {
            Checks::AllAtOnce { .. } => self.act_in_rounds(moment),
            Checks::Paced { .. } => self.act_paced(moment),
            Checks::RoundRobin { .. } => self.act_round_robin(moment),
        }
    }

    /// When it wants to act next, if ever; perhaps in the past.
    #[must_use]
    pub fn next_wake(&self, moment: &mut Moment<'_>) -> Option<Stamp> {
        if matches!(self.state, AgentState::New | AgentState::Failed) {
            return None;
        }
        if self.reconsiders && self.changes_its_mind() {
            return Some(moment.now);
        }
        match self.profile.checks {
            Checks::AllAtOnce { interval, .. } => {
                Some(self.last_round.filter(|_| !self.round_due).map_or(moment.now, |last| last.after(interval)))
            }
            Checks::Paced { .. } => self.next_paced(moment),
            Checks::RoundRobin { .. } => self.next_round_robin(moment),
        }
    }

    /// When a check left and when its response came, of the latest that was answered.
    #[must_use]
    pub const fn round_trip(&self) -> Option<(Stamp, Stamp)> {
        self.round_trip
    }

    /// Whether it keeps candidates that equal their base.
    #[must_use]
    pub const fn keeps_redundant(&self) -> bool {
        self.checks_all()
    }

    /// Whether there are checks to send.
    #[must_use]
    pub const fn has_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// Takes the checks to send, in order.
    pub fn take_out(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.out)
    }

    /// Gives the list that [`take_out`](Self::take_out) gave back, empty, for its room.
    pub fn give_back(&mut self, room: Vec<Outgoing>) {
        self.out = room;
    }

    /// Sends a request on a pair.
    pub(super) fn request(&mut self, now: Stamp, index: usize, nominates: bool) {
        let pair = self.list.pairs[index];
        let Candidate { route, local_preference: preference, .. } = self.sides.locals[pair.local];
        let to = self.sides.remotes[pair.remote].address;
        let id = self.next_id;
        self.next_id += 1;
        self.list.pairs[index].last_request = self.next_id;
        self.pending.push(Pending { id, to, nominates, controlling: self.sides.controlling, sent: now });
        let check = Check::Request {
            id,
            generation: self.generation,
            nominates,
            controlling: self.sides.controlling,
            tie_breaker: self.tie_breaker,
            preference,
        };
        if nominates {
            self.last_nomination = Some(index);
        }
        self.out.push(Outgoing { route, to, check });
    }

    pub(super) fn fail(&mut self) {
        self.state = AgentState::Failed;
        self.before = None;
        self.forget_remotes();
    }

    /// Takes a pair into use.
    pub(super) fn select(&mut self, index: usize) {
        self.selected = Some(index);
        self.before = None;
        if self.state == AgentState::Checking {
            self.state = AgentState::Connected;
        }
    }

    pub(super) const fn checks_all(&self) -> bool {
        matches!(self.profile.checks, Checks::AllAtOnce { .. })
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.list.pairs.iter().any(|pair| pair.state == PairState::Waiting)
    }

    // A candidate that is known from a check alone. Where all pairs are checked at once its priority is
    // not asked for.
    fn learn_from_check(&mut self, local: usize, from: SocketAddrV4, preference: u16) -> usize {
        let local_preference = if self.checks_all() { PREFERENCE_MAX } else { preference };
        let family = self.sides.locals[local].family;
        let learned = Candidate::new(CandidateKind::PeerReflexive, from, Route::Socket(0));
        self.learn_remote(Candidate { family, local_preference, ..learned })
    }

    // A new candidate of the other end, paired with all that fit.
    fn learn_remote(&mut self, candidate: Candidate) -> usize {
        self.sides.remotes.push(candidate);
        self.heard.push(self.started);
        let remote = self.sides.remotes.len() - 1;
        for local in (0..self.sides.locals.len()).filter(|&local| self.sides.fit(local, remote)) {
            self.list.add(local, remote, self.sides.controlling);
        }
        self.round_due = true;
        remote
    }

    fn forget_remotes(&mut self) {
        self.sides.remotes.clear();
        self.heard.clear();
        self.list.pairs.clear();
        self.pending.clear();
        self.triggered.clear();
        (self.selected, self.nominated, self.last_nomination) = (None, None, None);
        (self.first_valid, self.checking_since, self.last_round) = (None, None, None);
        self.round_due = false;
    }
}
