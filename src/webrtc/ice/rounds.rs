//! Checks of all pairs at once, every 200 ms: pion's algorithm, and so that of webrtc-rs.
//!
//! As in crate `rtc-ice` 0.21.1 (`agent/mod.rs`, `agent_selector.rs`): a round checks every pair that
//! is undecided, until one that works is acceptable, which the controlling end nominates in every
//! round until it is confirmed; from then on rounds keep the pair alive. A new candidate brings a
//! round at once. What is not modelled: that the crate forgets requests after 4 s.

use super::agent::{Agent, AgentState};
use super::pairs::PairState;
use super::profile::{Checks, Nomination};
use crate::webrtc::stamp::{Moment, Stamp};

impl Agent {
    pub(super) fn act_in_rounds(&mut self, moment: &mut Moment<'_>) {
        let Checks::AllAtOnce { interval, requests_max } = self.profile.checks else { return };
        let due = self.round_due || self.last_round.is_none_or(|last| moment.reached(last.after(interval)));
        if due {
            self.round(moment, requests_max);
        }
    }

    fn round(&mut self, moment: &mut Moment<'_>, requests_max: u32) {
        self.round_due = false;
        if self.state == AgentState::Checking {
            let since = *self.checking_since.get_or_insert(moment.now);
            if moment.passed(since.after(self.profile.failed_after)) {
                return self.fail();
            }
        }
        self.last_round = Some(moment.now);
        if self.selected.is_some() {
            self.keep_consent(moment);
        } else if self.sides.controlling && self.nominated.is_some() {
            self.nominate(moment.now);
        } else if let Some(index) = self.acceptable(moment).filter(|_| self.sides.controlling) {
            self.nominated = Some(index);
            self.nominate(moment.now);
        } else {
            self.check_all(moment.now, requests_max);
        }
    }

    fn check_all(&mut self, now: Stamp, requests_max: u32) {
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
    fn acceptable(&self, moment: &mut Moment<'_>) -> Option<usize> {
        if !self.sides.controlling {
            return None;
        }
        let best = self.sides.best(&self.list, |pair| pair.state == PairState::Succeeded)?;
        self.is_acceptable(moment, best).then_some(best)
    }

    pub(super) fn is_acceptable(&self, moment: &mut Moment<'_>, index: usize) -> bool {
        let Nomination::AfterWaits(waits) = self.profile.nomination else { return true };
        let pair = self.list.pairs[index];
        let kinds = [self.sides.locals[pair.local].kind, self.sides.remotes[pair.remote].kind];
        let wait = kinds.map(|kind| waits.of(kind)).into_iter().max().unwrap_or_default();
        moment.passed(self.started.after(wait))
    }
}
