//! Checks one by one: a slot every Ta, as RFC 8445 (section 6.1.4.2) has it, or in turn.
//!
//! In the standard's way each check is a transaction that is repeated by its own clock (RFC 8489,
//! section 6.2.1). libwebrtc's way (`p2p_transport_channel.cc`, `basic_ice_controller.cc`) has one
//! clock for all pairs: whenever it ticks, the pair that needs it most is checked with a new request.

use super::agent::{Agent, AgentState};
use super::pairs::PairState;
use super::profile::{Checks, Nomination};
use crate::units::SimDuration;
use crate::webrtc::stamp::{Moment, Stamp};

impl Agent {
    /// Retransmissions that are due, then one new check a slot.
    pub(super) fn act_paced(&mut self, moment: &mut Moment<'_>) {
        let Checks::Paced { interval, rto, requests_max } = self.profile.checks else { return };
        if self.gives_up(moment) {
            return;
        }
        // Once a nominated pair is in use the others are of no interest (RFC 8445, section 8.1.2), but for better ones
        // that the other end nominates as well (section 8.1.1).
        if !self.changes_its_mind()
            && let Some(selected) = self.selected
        {
            self.forget_all_but_better(selected);
            if !self.triggered.is_empty()
                && self.last_round.is_none_or(|last| moment.reached(last.after(interval)))
                && let Some(index) = self.next_triggered()
            {
                self.last_round = Some(moment.now);
                self.transact(index, 1, rto, moment.now);
            }
            return self.keep_consent(moment);
        }
        for index in 0..self.list.pairs.len() {
            let pair = self.list.pairs[index];
            let due = pair.state == PairState::InProgress && pair.resend_at.is_some_and(|at| moment.reached(at));
            if !due {
                continue;
            }
            if pair.requests >= requests_max {
                let pair = &mut self.list.pairs[index];
                (pair.state, pair.resend_at) = (PairState::Failed, None);
                self.nominated = self.nominated.filter(|&nominated| nominated != index);
            } else {
                self.transact(index, pair.requests + 1, rto, moment.now);
            }
        }
        self.nominate_if_due(moment);
        self.round_due = false;
        let wanted = !self.triggered.is_empty() || self.has_waiting();
        let free = |last: Stamp| moment.reached(last.after(interval));
        if wanted && self.last_round.is_none_or(free) {
            let next = self.next_triggered();
            let waiting = || self.sides.best(&self.list, |pair| pair.state == PairState::Waiting);
            if let Some(index) = next.or_else(waiting) {
                self.last_round = Some(moment.now);
                self.transact(index, 1, rto, moment.now);
            }
        }
        self.keep_consent(moment);
    }

    pub(super) fn next_paced(&self, moment: &mut Moment<'_>) -> Option<Stamp> {
        let Checks::Paced { interval, .. } = self.profile.checks else { return None };
        if self.selected.is_some() && !self.changes_its_mind() {
            let silence = self.silence_ends(moment);
            let slot =
                (!self.triggered.is_empty()).then(|| self.last_round.map_or(moment.now, |last| last.after(interval)));
            return moment.sooner(slot, silence);
        }
        let wants = !self.triggered.is_empty() || self.has_waiting();
        let slot = wants.then(|| self.last_round.map_or(moment.now, |last| last.after(interval)));
        let open = self.list.pairs.iter().filter(|pair| pair.state == PairState::InProgress);
        let first = moment.sooner(slot, self.patience_ends());
        let silence = self.silence_ends(moment);
        let first = moment.sooner(first, silence);
        open.fold(first, |first, pair| moment.sooner(first, pair.resend_at))
    }

    // A check of the other end triggers nothing any more, unless it nominates a better pair than the one in use.
    fn forget_all_but_better(&mut self, selected: usize) {
        let mut triggered = std::mem::take(&mut self.triggered);
        triggered.retain(|&index| self.list.pairs[index].nominated && self.is_followed(index, selected));
        self.triggered = triggered;
    }

    /// The next pair in turn, whenever the clock ticks.
    pub(super) fn act_round_robin(&mut self, moment: &mut Moment<'_>) {
        if self.gives_up(moment) {
            return;
        }
        self.round_due = false;
        let free = self.turn_comes().is_none_or(|at| moment.reached(at));
        if free && let Some(index) = self.in_turn(moment) {
            self.last_round = Some(moment.now);
            let pair = &mut self.list.pairs[index];
            if pair.requests == 0 {
                pair.first_request = moment.now;
            }
            pair.requests += 1;
            if pair.state == PairState::Waiting {
                pair.state = PairState::InProgress;
            }
            let nominates = self.nominates(index);
            self.request(moment.now, index, nominates);
        }
        self.keep_consent(moment);
    }

    pub(super) fn next_round_robin(&self, moment: &mut Moment<'_>) -> Option<Stamp> {
        let any = !self.triggered.is_empty() || self.list.pairs.iter().any(super::pairs::Pair::is_open);
        let turn = any.then(|| self.turn_comes().unwrap_or(moment.now));
        let silence = self.silence_ends(moment);
        moment.sooner(turn, silence)
    }

    // When the next pair is checked; at once if none has been.
    fn turn_comes(&self) -> Option<Stamp> {
        let Checks::RoundRobin { interval, settled_interval, requests_before_settled, .. } = self.profile.checks else {
            return None;
        };
        let fresh = |pair: &super::pairs::Pair| pair.is_open() && pair.requests < requests_before_settled;
        let settled = self.selected.is_some() && self.triggered.is_empty() && !self.list.pairs.iter().any(fresh);
        self.last_round.map(|last| last.after(if settled { settled_interval } else { interval }))
    }

    fn in_turn(&mut self, moment: &mut Moment<'_>) -> Option<usize> {
        let Checks::RoundRobin { pair_fails_after, .. } = self.profile.checks else { return None };
        for index in 0..self.list.pairs.len() {
            let pair = &mut self.list.pairs[index];
            if pair.state == PairState::InProgress && moment.reached(pair.first_request.after(pair_fails_after)) {
                pair.state = PairState::Failed;
            }
        }
        if let Some(index) = self.next_triggered() {
            return Some(index);
        }
        let fresh = self.sides.best(&self.list, |pair| pair.state == PairState::Waiting);
        let open = self.list.pairs.iter().enumerate().filter(|(_, pair)| pair.state == PairState::InProgress);
        fresh.or_else(|| open.min_by_key(|(_, pair)| pair.last_request).map(|(index, _)| index))
    }

    // A request of a transaction: its first, or one that repeats it.
    fn transact(&mut self, index: usize, number: u32, rto: SimDuration, now: Stamp) {
        let pair = &mut self.list.pairs[index];
        (pair.state, pair.requests) = (PairState::InProgress, number);
        pair.resend_at = Some(now.after(rto * (1 << (number - 1))));
        let nominates = self.nominates(index);
        self.request(now, index, nominates);
    }

    // The next check that one of the other end triggered, or a nomination; where a pair has turned out
    // to work meanwhile there is nothing to check (RFC 8445, section 7.3.1.4).
    fn next_triggered(&mut self) -> Option<usize> {
        while let Some(index) = self.triggered.pop_front() {
            if self.list.pairs[index].state != PairState::Succeeded || self.nominated == Some(index) {
                return Some(index);
            }
        }
        None
    }

    // With aggressive nomination each check of the controlling end nominates, unless it has something
    // better in use (libwebrtc calls this semi-aggressive).
    pub(super) fn nominates(&self, index: usize) -> bool {
        let priority = |index: usize| self.sides.priority(&self.list.pairs[index]);
        self.sides.controlling
            && match self.profile.nomination {
                Nomination::Aggressive => {
                    self.selected.is_none_or(|selected| selected == index || priority(selected) < priority(index))
                }
                Nomination::Regular { .. } | Nomination::AfterWaits(_) => self.nominated == Some(index),
            }
    }

    // Whether checks have gone on for too long.
    fn gives_up(&mut self, moment: &mut Moment<'_>) -> bool {
        if self.state != AgentState::Checking {
            return false;
        }
        let since = *self.checking_since.get_or_insert(moment.now);
        let late = moment.reached(since.after(self.profile.failed_after));
        if late {
            self.fail();
        }
        late
    }
}
