//! What is observed of messages while they flow.

use super::fate::{Fate, Fates};
use super::full::Full;
use super::last_hops::LastHops;
use super::observed::Window;
use super::responses::Responses;
use super::trend::Trend;
use crate::metrics::{LatencyHistogram, RunCounts};
use crate::overlay::workload::Role;
use crate::simulation::data::messages::message::Message;
use crate::simulation::data::programme::PlannedFlow;
use crate::units::{SimDuration, SimTime};

/// What was observed.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) latency: LatencyHistogram,
    /// Whether latency grows.
    pub(crate) trend: Trend,
    pub(crate) counts: RunCounts,
    pub(crate) window: Window,
    pub(crate) responses: Responses,
    pub(crate) fates: Fates,
    /// How far messages come, where the rule finds their ways.
    pub(crate) last_hops: LastHops,
    /// Packets of control messages of the measured window that came to each node; empty where they are not counted.
    pub(in crate::simulation) control_packets: Vec<u64>,
    /// Buffers that were full for what is sent again.
    pub(in crate::simulation) full: Full,
    /// Buffers that dropped, where that is followed.
    pub(in crate::simulation) dropped: Full,
}

impl Seen {
    /// Nothing yet, of messages of a window.
    pub(crate) fn of_window(from: SimTime, to: SimTime) -> Self {
        Self {
            latency: LatencyHistogram::default(),
            trend: Trend::of_window(from, to),
            counts: RunCounts::default(),
            window: Window::default(),
            responses: Responses::default(),
            fates: Fates::default(),
            last_hops: LastHops::default(),
            control_packets: Vec::new(),
            full: Full::default(),
            dropped: Full::default(),
        }
    }

    /// A message is delivered, so long after it was published.
    #[inline]
    pub(crate) fn delivery(&mut self, latency: SimDuration, measured: bool) {
        self.counts.deliveries += 1;
        if measured {
            self.latency.record(latency);
        }
    }

    /// A copy is sent.
    pub(crate) fn sent(&mut self, measured: bool) {
        self.counts.copies_sent += 1;
        self.window.sent += u64::from(measured);
    }

    /// A copy brings nothing new.
    pub(crate) fn duplicate(&mut self, measured: bool) {
        self.counts.copies_duplicate += 1;
        *self.window.duplicates.get_or_insert(0) += u64::from(measured);
    }

    /// A copy is not sent: its connection is not open, or has no room.
    pub(crate) fn refused(&mut self, fate: Fate, measured: bool) {
        self.window.refused += u64::from(measured);
        let counts = &mut self.counts;
        *(if fate == Fate::Unconnected { &mut counts.copies_unconnected } else { &mut counts.copies_dropped }) += 1;
    }

    /// A copy finds the socket full.
    #[cold]
    pub(in crate::simulation) fn overflow(&mut self, message: &Message) {
        self.counts.copies_overflowed += 1;
        self.window.overflowed += u64::from(message.measured);
    }

    /// A message of this flow is published now.
    pub(crate) fn publication(&mut self, now: SimTime, planned: &PlannedFlow, measured: bool) {
        self.counts.messages += 1;
        self.trend.pass(now, &self.latency);
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

    /// A copy is lost.
    pub(in crate::simulation) fn lose(&mut self, message: &Message) {
        self.counts.copies_lost += 1;
        self.window.lost += u64::from(message.measured);
    }
}
