//! Requests and responses: a request that is delivered is answered.

use super::event::{Event, Happening};
use super::flow::Flows;
use super::message::Message;
use crate::engine::Scheduler;
use crate::overlay::dissemination::Dissemination;
use crate::units::SimTime;

impl<D: Dissemination> Flows<D> {
    /// A request or a response is delivered.
    #[cold]
    pub(in crate::simulation) fn exchange(
        &mut self,
        now: SimTime,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        if let Some(time) = self.app.deliver(now, message.flow, message.number).answered_at {
            let answer = Happening::Publish { flow: message.flow + 1, number: message.number };
            scheduler.schedule_at(time, answer.into());
        }
    }
}
