//! Requests and responses: a request that is delivered is answered, and the answer's latency is the response time, for
//! it counts as published when its request is.

use super::event::{Event, Happening};
use super::flow::{Flows, Message, Seen};
use super::plan::PlannedFlow;
use crate::engine::Scheduler;
use crate::metrics::{LatencyHistogram, MetricId, MetricValues};
use crate::overlay::workload::Role;
use crate::units::{SimDuration, SimTime};

/// How the requests of the measured window were answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Responses {
    /// Requests.
    pub(crate) asked: u64,
    /// Response times of those that were answered.
    times: LatencyHistogram,
}

impl Responses {
    /// A response has been delivered, so long after its request was published.
    pub(crate) fn answered(&mut self, time: SimDuration, measured: bool) {
        if measured {
            self.times.record(time);
        }
    }

    /// Sets the metrics, if anybody asked.
    pub(super) fn set(&self, values: &mut MetricValues) {
        if self.asked == 0 {
            return;
        }
        for (id, q) in [(MetricId::ResponseP50, 0.50), (MetricId::ResponseP95, 0.95)] {
            if let Some(time) = self.times.quantile(q) {
                values.set(id, time.as_ms_f64());
            }
        }
        values.set(MetricId::Answered, 100.0 * self.times.count() as f64 / self.asked as f64);
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

impl Flows {
    /// A request or a response is delivered.
    #[cold]
    pub(super) fn exchange(&mut self, now: SimTime, message: &Message, scheduler: &mut Scheduler<Event>) {
        match self.plan.flows[message.flow as usize].role {
            Role::Response => {
                self.seen.counts.deliveries += 1;
                self.seen.responses.answered(now.since(message.published), message.measured);
            }
            Role::Request { service_time } => {
                self.seen.delivery(now, message);
                let time = now + service_time;
                if time <= self.plan.horizon {
                    let answer = Happening::Publish { flow: message.flow + 1, number: message.number };
                    scheduler.schedule_at(time, answer.into());
                }
            }
            Role::Message => self.seen.delivery(now, message),
        }
    }
}
