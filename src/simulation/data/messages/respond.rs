//! Messages of which more is known than that they come: requests, which are answered, responses, and chunks.

use super::event::{Event, Happening};
use super::flow::Flows;
use super::message::Message;
use crate::engine::Scheduler;
use crate::overlay::dissemination::Dissemination;
use crate::units::SimTime;

impl<D: Dissemination> Flows<D> {
    /// Such a message has come to the node at a place.
    #[cold]
    pub(in crate::simulation) fn exchange(
        &mut self,
        now: SimTime,
        place: u32,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        let node = self.layout.end(place).node;
        let delivery = self.app.deliver(now, node, (message.flow, message.number));
        if let Some(time) = delivery.and_then(|delivery| delivery.answered_at) {
            let answer = Happening::Publish { flow: message.flow + 1, number: message.number };
            scheduler.schedule_at(time, answer.into());
        }
    }
}
