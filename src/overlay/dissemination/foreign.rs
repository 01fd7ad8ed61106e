//! A rule from outside of this crate as a value: scenarios and topologies can name it, and every driver run it.
//!
//! Drivers are compiled for one rule each; this is one of them, and asks the rule behind it through a table.

use super::{Demand, Dissemination, Load, Meeting, Order, Passing, Traffic, Turn};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::Streams;
use crate::units::ByteCount;

/// A rule from outside of this crate.
#[derive(Debug)]
pub struct ForeignRule {
    rule: Box<dyn Erased>,
    // Neighbours that it names, reused.
    hops: Vec<u32>,
}

impl ForeignRule {
    /// This rule, which must not promise [`Dissemination::EXACTLY_ONCE`].
    #[must_use]
    pub fn new<D: Dissemination>(rule: D) -> Self {
        const { assert!(!D::EXACTLY_ONCE, "only `Horizon` brings every message exactly once") };
        Self::of(Box::new(rule))
    }
}

impl ForeignRule {
    fn of(rule: Box<dyn Erased>) -> Self {
        Self { rule, hops: Vec::new() }
    }
}

impl Clone for ForeignRule {
    fn clone(&self) -> Self {
        Self::of(self.rule.duplicate())
    }
}

impl Dissemination for ForeignRule {
    const EXACTLY_ONCE: bool = false;
    /// The rule behind it may; one that does not orders its copies here.
    const TALKS: bool = true;

    fn talks(&self) -> bool {
        self.rule.is_talking()
    }

    fn control_sizes(&self) -> Vec<ByteCount> {
        self.rule.sizes()
    }

    fn begin(&self, streams: Streams) -> Self {
        Self::of(self.rule.begun(streams))
    }

    fn forward(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        self.rule.forward_to(overlay, audiences, passing, out);
    }

    fn is_new(&mut self, passing: Passing) -> bool {
        self.rule.finds_new(passing)
    }

    fn enter(&mut self, turn: Turn<'_>, orders: &mut Vec<Order>) {
        self.rule.entered(turn, orders);
    }

    fn meet(&mut self, turn: Turn<'_>, meeting: Meeting, orders: &mut Vec<Order>) {
        if self.rule.is_talking() {
            return self.rule.met(turn, meeting, orders);
        }
        if meeting.is_new {
            let Passing { flow, number, .. } = meeting.passing;
            self.rule.forward_to(turn.overlay, turn.audiences, meeting.passing, &mut self.hops);
            orders.extend(self.hops.drain(..).map(|to| Order::Copy { to, message: (flow, number) }));
        }
    }

    fn told(&mut self, turn: Turn<'_>, from: u32, note: u32, orders: &mut Vec<Order>) {
        self.rule.was_told(turn, from, note, orders);
    }

    fn wake(&mut self, turn: Turn<'_>, token: u32, orders: &mut Vec<Order>) {
        self.rule.woken(turn, token, orders);
    }
}

impl Load for ForeignRule {
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        self.rule.load(demand)
    }

    fn hops(&self, overlay: &Overlay, audiences: &Audiences, to: (u32, u32)) -> Option<Vec<(u32, u32)>> {
        self.rule.hops(overlay, audiences, to)
    }
}

/// What [`Dissemination`] asks, without what a trait object cannot have.
trait Erased: Load {
    fn duplicate(&self) -> Box<dyn Erased>;
    fn begun(&self, streams: Streams) -> Box<dyn Erased>;
    fn forward_to(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>);
    fn finds_new(&mut self, passing: Passing) -> bool;
    fn is_talking(&self) -> bool;
    fn sizes(&self) -> Vec<ByteCount>;
    fn entered(&mut self, turn: Turn<'_>, orders: &mut Vec<Order>);
    fn met(&mut self, turn: Turn<'_>, meeting: Meeting, orders: &mut Vec<Order>);
    fn was_told(&mut self, turn: Turn<'_>, from: u32, note: u32, orders: &mut Vec<Order>);
    fn woken(&mut self, turn: Turn<'_>, token: u32, orders: &mut Vec<Order>);
}

impl<D: Dissemination> Erased for D {
    fn duplicate(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }

    fn begun(&self, streams: Streams) -> Box<dyn Erased> {
        Box::new(self.begin(streams))
    }

    fn forward_to(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        self.forward(overlay, audiences, passing, out);
    }

    fn finds_new(&mut self, passing: Passing) -> bool {
        self.is_new(passing)
    }

    fn is_talking(&self) -> bool {
        self.talks()
    }

    fn sizes(&self) -> Vec<ByteCount> {
        self.control_sizes()
    }

    fn entered(&mut self, turn: Turn<'_>, orders: &mut Vec<Order>) {
        self.enter(turn, orders);
    }

    fn met(&mut self, turn: Turn<'_>, meeting: Meeting, orders: &mut Vec<Order>) {
        self.meet(turn, meeting, orders);
    }

    fn was_told(&mut self, turn: Turn<'_>, from: u32, note: u32, orders: &mut Vec<Order>) {
        self.told(turn, from, note, orders);
    }

    fn woken(&mut self, turn: Turn<'_>, token: u32, orders: &mut Vec<Order>) {
        self.wake(turn, token, orders);
    }
}
