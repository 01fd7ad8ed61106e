//! Nodes whose rule talks: what they order is done here.

use super::message::PacketMessage;
use super::{Happening, Packets};
use crate::engine::Scheduler;
use crate::overlay::Overlay;
use crate::overlay::dissemination::{Dissemination, Order};
use crate::simulation::data::application::Happened;
use crate::units::SimTime;

impl<D: Dissemination> Packets<D> {
    /// Something has happened at a node at `time`, which may be later than now; it does what its rule orders then. Copies of
    /// what came at a level are sent at that level.
    pub(super) fn turn(
        &mut self,
        time: SimTime,
        node: u32,
        (happened, level): (Happened, u8),
        scheduler: &mut Scheduler<Happening>,
    ) {
        let mut orders = std::mem::take(&mut self.orders);
        let Self { app, ends, .. } = self;
        let now = scheduler.now();
        let is_open = |_: &Overlay, next: u32| ends.between(node, next).is_some_and(|end| ends.is_open(now, end));
        app.turn(time, node, happened, is_open, &mut orders);
        for &order in &orders {
            match order {
                Order::Copy { to, message: (flow, number) } => {
                    self.send_to(time, [node, to], PacketMessage { flow, number, level }, scheduler);
                }
                Order::Tell { to, size, note } => {
                    let flow = self.plan.programme.control_flow(size, now);
                    self.send_to(time, [node, to], PacketMessage { flow, number: note, level: 0 }, scheduler);
                }
                // What lies behind the horizon never happens.
                Order::Wake { at, token } if at <= self.plan.programme.horizon => {
                    scheduler.schedule_at(at.max(now), Happening::WakeNode { node, token });
                }
                Order::Wake { .. } => {}
            }
        }
        orders.clear();
        self.orders = orders;
    }
}
