//! What checks do to an agent, by its role: responses, triggered checks, nomination, conflicts.

use std::net::SocketAddrV4;

use super::agent::{Agent, AgentState, Check, Outgoing};
use super::pairs::{Pair, PairState};
use super::profile::Nomination;
use crate::webrtc::stamp::{Moment, Stamp};

impl Agent {
    /// A request of the other end on a pair.
    pub(super) fn asked(&mut self, moment: &mut Moment<'_>, local: usize, remote: usize, id: u32, nominates: bool) {
        if !self.checks_all() {
            self.asked_paced(moment.now, local, remote, id, nominates);
        } else if self.sides.controlling {
            self.asked_controlling(moment, local, remote, id);
        } else {
            self.asked_controlled(moment.now, local, remote, id, nominates);
        }
    }

    /// A check of this end's has been answered: it came from `mapped`.
    pub(super) fn answered(&mut self, moment: &mut Moment<'_>, index: usize, nominated: bool, mapped: SocketAddrV4) {
        // The answer to an earlier check says nothing about the nomination that is under way.
        if !self.checks_all() && self.nominated == Some(index) && !nominated {
            return;
        }
        let pair = &mut self.list.pairs[index];
        (pair.state, pair.resend_at) = (PairState::Succeeded, None);
        let (promised, local) = (pair.nominated, pair.local);
        if !self.checks_all() {
            self.list.pairs[index].seen_as = self.sides.seen_as(local, mapped);
        }
        self.first_valid.get_or_insert(moment.now);
        if self.changes_its_mind() {
            self.choose(moment.now);
        } else if if self.sides.controlling {
            self.selected.is_none() && nominated
        } else {
            self.follows(index, promised)
        } {
            self.select(index);
        } else {
            self.nominate_if_due(moment);
        }
    }

    /// Detects and repairs role conflicts (RFC 8445, section 7.3.1.1); whether the request is to be
    /// taken further.
    pub(super) fn settle_roles(
        &mut self,
        local: usize,
        from: SocketAddrV4,
        id: u32,
        controlling: bool,
        tie_breaker: u64,
    ) -> bool {
        if controlling != self.sides.controlling {
            return true;
        }
        let keeps = if controlling { self.tie_breaker >= tie_breaker } else { self.tie_breaker < tie_breaker };
        if keeps {
            let route = self.sides.locals[local].route;
            self.out.push(Outgoing { route, to: from, check: Check::RoleConflict { id } });
            return false;
        }
        self.take_role(!controlling);
        true
    }

    /// A check sent in this role has met a conflict: takes the other role, if it has not done so since,
    /// and checks again (RFC 8445, section 7.2.5.1).
    pub(super) fn refused_as(&mut self, controlling: bool) {
        self.take_role(!controlling);
        for pair in self.list.pairs.iter_mut().filter(|pair| pair.state == PairState::InProgress) {
            (pair.state, pair.resend_at) = (PairState::Waiting, None);
        }
        self.round_due = true;
    }

    fn take_role(&mut self, controlling: bool) {
        if self.sides.controlling != controlling {
            (self.nominated, self.last_nomination) = (None, None);
            self.reconsiders = true;
        }
        self.sides.controlling = controlling;
        self.list.pairs.iter_mut().for_each(|pair| pair.controlling = controlling);
    }

    /// When regular nomination stops waiting for something better.
    pub(super) fn patience_ends(&self) -> Option<Stamp> {
        let Nomination::Regular { patience } = self.profile.nomination else { return None };
        let waits = self.sides.controlling && self.nominated.is_none() && self.state == AgentState::Checking;
        self.first_valid.filter(|_| waits).map(|first| first.after(patience))
    }

    /// Regular nomination, once its condition holds.
    pub(super) fn nominate_if_due(&mut self, moment: &mut Moment<'_>) {
        let Some(ends) = self.patience_ends() else { return };
        let Some(best) = self.sides.best(&self.list, |pair| pair.state == PairState::Succeeded) else { return };
        let priority = self.sides.priority(&self.list.pairs[best]);
        let better = self.list.pairs.iter().any(|pair| pair.is_open() && self.sides.priority(pair) > priority);
        if !better || moment.reached(ends) {
            self.nominated = Some(best);
            self.triggered.push_front(best);
        }
    }

    /// Sends the nomination of the pair that was chosen.
    pub(super) fn nominate(&mut self, now: Stamp) {
        if let Some(index) = self.nominated {
            self.request(now, index, true);
        }
    }

    /// Whether it takes a better pair into use when one turns up later.
    #[must_use]
    pub const fn changes_its_mind(&self) -> bool {
        matches!(self.profile.nomination, Nomination::Aggressive)
    }

    // Where all pairs are checked at once, the controlling end only answers; it may nominate.
    fn asked_controlling(&mut self, moment: &mut Moment<'_>, local: usize, remote: usize, id: u32) {
        self.respond(local, remote, id);
        let Some(index) = self.list.find(local, remote) else {
            self.list.add(local, remote, self.sides.controlling);
            return;
        };
        let undecided = self.nominated.is_none() && self.selected.is_none();
        if undecided && self.list.pairs[index].state == PairState::Succeeded {
            let best = self.sides.best(&self.list, |pair| pair.state != PairState::Failed);
            if best == Some(index) && self.is_acceptable(moment, index) {
                self.nominated = Some(index);
                self.nominate(moment.now);
            }
        }
    }

    // The controlled end checks in return, every time.
    fn asked_controlled(&mut self, now: Stamp, local: usize, remote: usize, id: u32, nominates: bool) {
        let index =
            self.list.find(local, remote).unwrap_or_else(|| self.list.add(local, remote, self.sides.controlling));
        let works = self.list.pairs[index].state == PairState::Succeeded;
        let remembers = self.profile.remembers_nominations;
        match (nominates, works) {
            (true, true) => {
                if self.follows(index, true) {
                    self.select(index);
                }
                self.respond(local, remote, id);
                if remembers {
                    self.request(now, index, false);
                }
            }
            (true, false) if !remembers => self.request(now, index, false),
            _ => {
                self.list.pairs[index].nominated |= nominates;
                self.respond(local, remote, id);
                self.request(now, index, false);
            }
        }
    }

    // RFC 8445, section 7.3.1: answer, and check in return unless that has been done.
    fn asked_paced(&mut self, now: Stamp, local: usize, remote: usize, id: u32, nominates: bool) {
        self.respond(local, remote, id);
        let index =
            self.list.find(local, remote).unwrap_or_else(|| self.list.add(local, remote, self.sides.controlling));
        let pair = &mut self.list.pairs[index];
        pair.nominated |= nominates;
        if pair.state == PairState::Succeeded {
            if nominates && !self.sides.controlling {
                if self.changes_its_mind() {
                    self.choose(now);
                } else if self.follows(index, true) {
                    self.select(index);
                }
            }
        } else if !self.triggered.contains(&index) {
            self.triggered.push_back(index);
        }
    }

    // Whether a controlled end takes a pair that works into use, if it has been nominated: the first, and from then on
    // those that are better.
    fn follows(&self, index: usize, is_nominated: bool) -> bool {
        is_nominated && self.selected.is_none_or(|selected| selected != index && self.is_followed(index, selected))
    }

    /// Whether the nomination of a pair moves this end away from the one in use.
    pub(super) fn is_followed(&self, index: usize, selected: usize) -> bool {
        let priority = |index: usize| self.sides.priority(&self.list.pairs[index]);
        self.profile.follows_better_nominations && !self.sides.controlling && priority(selected) < priority(index)
    }

    /// Takes the best pair that works into use: at the controlled end of those that have been nominated,
    /// as long as there are any. The controlling end lets the other one know.
    pub(super) fn choose(&mut self, now: Stamp) {
        let works = |pair: &Pair| pair.state == PairState::Succeeded;
        let nominated = self.sides.best(&self.list, |pair| works(pair) && (self.sides.controlling || pair.nominated));
        let Some(best) = nominated.or_else(|| self.sides.best(&self.list, works)) else { return };
        if self.selected != Some(best) {
            self.select(best);
        }
        if self.sides.controlling && self.last_nomination != Some(best) {
            self.request(now, best, true);
        }
    }

    fn respond(&mut self, local: usize, remote: usize, id: u32) {
        let (route, to) = (self.sides.locals[local].route, self.sides.remotes[remote].address);
        self.out.push(Outgoing { route, to, check: Check::Success { id, mapped: to } });
    }
}
