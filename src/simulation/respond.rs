//! Requests and responses: a request that is delivered is answered.

use super::event::{Event, Happening};
use super::flow::Flows;
use super::message::Message;
use crate::engine::Scheduler;
use crate::overlay::workload::Role;
use crate::units::SimTime;

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
