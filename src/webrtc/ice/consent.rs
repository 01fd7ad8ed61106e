//! Consent freshness (RFC 7675): checks of the pair in use, and what silence means.

use super::agent::{Agent, AgentState};
use super::profile::Checks;
use crate::webrtc::stamp::{Moment, Stamp};

impl Agent {
    /// Judges the pair in use by when it was last heard of, and checks it if that is due.
    pub(super) fn keep_consent(&mut self, moment: &mut Moment<'_>) {
        let Some(index) = self.selected else { return };
        let heard = self.heard[self.list.pairs[index].remote];
        if self.is_over(moment, heard.after(self.profile.failed_after)) {
            return self.fail();
        }
        let silent = self.is_over(moment, heard.after(self.profile.disconnected_after));
        self.state = if silent { AgentState::Disconnected } else { AgentState::Connected };
        if moment.reached(self.last_consent.after(self.profile.consent_interval)) {
            self.last_consent = moment.now;
            let nominates = self.changes_its_mind() && self.nominates(index);
            self.request(moment.now, index, nominates);
        }
    }

    /// When silence, or the lack of a pair, has its next consequence.
    pub(super) fn silence_ends(&self, moment: &mut Moment<'_>) -> Option<Stamp> {
        let Some(index) = self.selected else {
            return self.checking_since.map(|since| since.after(self.profile.failed_after));
        };
        let heard = self.heard[self.list.pairs[index].remote];
        let next = match self.state {
            AgentState::Disconnected => self.profile.failed_after,
            _ => self.profile.disconnected_after,
        };
        let consent = self.last_consent.after(self.profile.consent_interval);
        moment.sooner(Some(heard.after(next)), Some(consent))
    }

    // Those that look in rounds notice what has passed; those with a clock for it what has come.
    fn is_over(&self, moment: &mut Moment<'_>, deadline: Stamp) -> bool {
        match self.profile.checks {
            Checks::AllAtOnce { .. } => moment.passed(deadline),
            Checks::Paced { .. } | Checks::RoundRobin { .. } => moment.reached(deadline),
        }
    }
}
