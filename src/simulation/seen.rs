//! What is observed of messages while they flow.

use super::fate::Fates;
use super::full::Full;
use super::message::Message;
use super::observed::Window;
use super::plan::PlannedFlow;
use super::responses::Responses;
use crate::metrics::{LatencyHistogram, RunCounts};
use crate::overlay::workload::Role;
use crate::units::SimTime;

/// What was observed.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) latency: LatencyHistogram,
    pub(super) counts: RunCounts,
    pub(super) window: Window,
    pub(super) responses: Responses,
    pub(super) fates: Fates,
    /// Buffers that were full for what is sent again.
    pub(super) full: Full,
    /// Buffers that dropped, where that is followed.
    pub(super) dropped: Full,
}

impl Seen {
    /// A message reached an application.
    #[inline]
    pub(super) fn delivery(&mut self, now: SimTime, message: &Message) {
        self.counts.deliveries += 1;
        if message.measured {
            self.latency.record(now.since(message.published));
        }
    }

    /// A copy finds the socket full.
    #[cold]
    pub(super) fn overflow(&mut self, message: &Message) {
        self.counts.copies_overflowed += 1;
        self.window.overflowed += u64::from(message.measured);
    }
}

impl Seen {
    /// A message of this flow is published.
    pub(super) fn publication(&mut self, planned: &PlannedFlow, measured: bool) {
        self.counts.messages += 1;
        let wanted = if measured { u64::from(planned.receivers) } else { 0 };
        match planned.role {
            Role::Message => self.window.wanted += wanted,
            Role::Request { .. } => {
                self.window.wanted += wanted;
                self.responses.asked += wanted;
            }
            // Wanted with its request.
            Role::Response => {}
        }
    }
}

impl Seen {
    pub(super) fn lose(&mut self, message: &Message) {
        self.counts.copies_lost += 1;
        self.window.lost += u64::from(message.measured);
    }
}
