//! Nodes whose rule talks: what they order is done here.

use super::event::{Event, Happening};
use super::flow::Flows;
use super::layout::End;
use crate::engine::Scheduler;
use crate::net::PairOutcome;
use crate::overlay::Overlay;
use crate::overlay::dissemination::{Dissemination, Order};
use crate::simulation::data::application::Happened;
use crate::units::SimTime;

impl<D: Dissemination> Flows<D> {
    /// Something has happened at a place; the node does what its rule orders then.
    pub(in crate::simulation) fn turn(
        &mut self,
        now: SimTime,
        place: u32,
        happened: Happened,
        scheduler: &mut Scheduler<Event>,
    ) {
        let node = self.layout.end(place).node;
        let mut orders = std::mem::take(&mut self.orders);
        let Self { app, connected, world, .. } = self;
        let is_open = |overlay: &Overlay, next: u32| {
            let kept = connected.between(overlay, node, next);
            let may_be = || kept.relay(node, next).is_some() || world.outcome(node, next) != PairOutcome::Impossible;
            kept.at() <= now && may_be()
        };
        app.turn(now, node, happened, is_open, &mut orders);
        // Copies of one message to several neighbours leave together.
        let are_together = |a: &Order, b: &Order| match (a, b) {
            (Order::Copy { message: a, .. }, Order::Copy { message: b, .. }) => a == b,
            _ => false,
        };
        for these in orders.chunk_by(are_together) {
            match these[0] {
                Order::Copy { message, .. } => self.send_to(now, place, message, these, scheduler),
                Order::Tell { size, note, .. } => {
                    let flow = self.plan.programme.control_flow(size, now);
                    self.send_to(now, place, (flow, note), these, scheduler);
                }
                Order::Wake { at, token } => self.wake_at(at, place, token, scheduler),
            }
        }
        orders.clear();
        self.orders = orders;
    }

    fn send_to(
        &mut self,
        now: SimTime,
        place: u32,
        (flow, number): (u32, u32),
        orders: &[Order],
        scheduler: &mut Scheduler<Event>,
    ) {
        let message = self.message(flow, number);
        let mut sender = self.sender(place, &message, scheduler);
        for order in orders {
            if let Order::Copy { to, .. } | Order::Tell { to, .. } = *order {
                let kept = sender.connected.between(sender.overlay, sender.own.node, to);
                sender.send_if_open(now, End { place: sender.places[to as usize], node: to }, kept);
            }
        }
        sender.finish();
    }

    fn wake_at(&self, at: SimTime, place: u32, token: u32, scheduler: &mut Scheduler<Event>) {
        // What lies behind the horizon never happens.
        if at <= self.plan.programme.horizon {
            scheduler.schedule_at(at.max(scheduler.now()), Happening::Wake { place, token }.into());
        }
    }
}
