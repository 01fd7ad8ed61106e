//! The applications of all nodes: they publish, pass on, deliver and answer.
//!
//! Nothing here sends, waits or knows a connection. A driver (messages, packets, the real stack) tells what has
//! happened, and does what comes back: send copies to these nodes, publish the next message then.

use std::sync::Arc;

use super::gathered::Gathered;
use super::programme::{PlannedFlow, Programme};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::overlay::dissemination::{Dissemination, Meeting, Order, Passing, Turn};
use crate::overlay::workload::Role;
use crate::simulation::account::fate::{FailedHop, Fate, Routes};
use crate::simulation::account::last_hops::LastHops;
use crate::simulation::account::seen::Seen;
use crate::units::{SimDuration, SimTime};

/// The applications of a replication, and what was observed of their messages.
#[derive(Clone, Debug)]
pub(crate) struct Application<D> {
    pub(crate) programme: Arc<Programme>,
    pub(crate) overlay: Overlay,
    pub(crate) audiences: Audiences,
    /// Nodes from this number on are servers, which pass on and receive nothing themselves.
    pub(crate) peers: u32,
    pub(crate) rule: D,
    pub(crate) seen: Seen,
    gathered: Gathered,
}

/// What has happened at a node whose rule talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It has entered.
    Entered,
    /// It has published a message, or a copy has come.
    Met { from: Option<u32>, message: (u32, u32), is_new: bool },
    /// A neighbour has sent a control message.
    Told { from: u32, note: u32 },
    /// The time has come for which it has asked.
    Woken { token: u32 },
}

/// A message that was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Since it was published.
    pub(crate) latency: SimDuration,
    /// Whether it answers a request.
    pub(crate) is_response: bool,
    /// When it is answered, by the flow that follows its own and under its number.
    pub(crate) answered_at: Option<SimTime>,
}

impl<D: Dissemination> Application<D> {
    pub(crate) fn new(
        programme: Arc<Programme>,
        (overlay, audiences): (Overlay, Audiences),
        peers: u32,
        rule: D,
    ) -> Self {
        let mut seen = Seen::of_window(programme.measure_from, programme.timetable.end());
        seen.window.duplicates = (!D::EXACTLY_ONCE).then_some(0);
        seen.last_hops = LastHops::among(overlay.nodes());
        seen.window.control_bytes = (programme.all_flows().len() > programme.flows().len()).then_some(0);
        let gathered = Gathered::new(overlay.nodes());
        Self { programme, overlay, audiences, peers, rule, seen, gathered }
    }

    /// The flow of a message.
    #[inline]
    pub(crate) fn flow(&self, flow: u32) -> &PlannedFlow {
        self.programme.planned(flow)
    }

    /// A flow publishes a message; when it publishes the next one by itself, if it does.
    #[inline]
    pub(crate) fn publish(&mut self, flow: u32, number: u32) -> Option<SimTime> {
        if !D::EXACTLY_ONCE {
            // Should it come back, its source knows it.
            let passing = self.passing(self.flow(flow).source, None, (flow, number));
            self.rule.is_new(passing);
        }
        let now = self.programme.published(flow, number);
        let planned = self.programme.planned(flow);
        let measured = now >= self.programme.measure_from;
        if !D::EXACTLY_ONCE {
            self.seen.last_hops.publish((flow, number), measured);
        }
        // A message is counted with its first chunk.
        if planned.part.nth == 0 {
            self.seen.publication(now, planned, measured);
        }
        self.programme.publication(flow, number + 1)
    }

    /// The nodes to which a node sends a copy of a message that came from another, or is its own.
    #[inline]
    pub(crate) fn forward(&mut self, node: u32, from: Option<u32>, message: (u32, u32), out: &mut Vec<u32>) {
        let passing = self.passing(node, from, message);
        self.rule.forward(&self.overlay, &self.audiences, passing, out);
    }

    /// A message has come to a node; whether for the first time, so that it is delivered and passed on.
    #[inline]
    pub(crate) fn is_new(&mut self, node: u32, from: u32, message: (u32, u32), measured: bool) -> bool {
        let is_new = self.would_be_new(node, from, message);
        if !is_new {
            self.seen.duplicate(measured);
        } else if !D::EXACTLY_ONCE && measured {
            let receivers = self.is_for(node, message.0).then(|| self.flow(message.0).receivers);
            self.seen.last_hops.reach([from, node], message, receivers);
        }
        is_new
    }

    /// The same of one that comes too late to count.
    #[inline]
    pub(crate) fn would_be_new(&mut self, node: u32, from: u32, message: (u32, u32)) -> bool {
        let passing = self.passing(node, Some(from), message);
        self.rule.is_new(passing)
    }

    /// A node has passed a message on over so many of its connections, by a rule that takes all.
    #[inline]
    pub(crate) fn passed_on(&mut self, node: u32, from: Option<u32>, message: (u32, u32), copies: usize) {
        let passing = self.passing(node, from, message);
        self.rule.passed_on(&self.overlay, passing, copies);
    }

    /// Something has happened at a node whose rule talks: what it orders. `is_open` says whether its connection to a
    /// neighbour is open.
    pub(crate) fn turn(
        &mut self,
        now: SimTime,
        node: u32,
        happened: Happened,
        is_open: impl Fn(&Overlay, u32) -> bool,
        orders: &mut Vec<Order>,
    ) {
        let Self { programme, overlay, audiences, rule, .. } = self;
        let is_open = |next: u32| is_open(overlay, next);
        let turn = Turn { now, node, overlay, audiences, is_open: &is_open };
        match happened {
            Happened::Entered => rule.enter(turn, orders),
            Happened::Met { from, message: (flow, number), is_new } => {
                let &PlannedFlow { audience, size, .. } = programme.planned(flow);
                let passing = Passing { node, from, audience, flow, number };
                let bytes = programme.sizes[size as usize].get();
                rule.meet(turn, Meeting { passing, is_new, bytes }, orders);
            }
            Happened::Told { from, note } => rule.told(turn, from, note, orders),
            Happened::Woken { token } => rule.wake(turn, token, orders),
        }
    }

    fn passing(&self, node: u32, from: Option<u32>, (flow, number): (u32, u32)) -> Passing {
        Passing { node, from, audience: self.flow(flow).audience, flow, number }
    }

    /// Whether messages of a flow are for a node.
    pub(crate) fn is_for(&self, node: u32, flow: u32) -> bool {
        node < self.peers && self.audiences.includes(self.flow(flow).audience, node)
    }

    /// A message has come to a node that it is for. It is delivered, unless it is a chunk and others are still to come.
    pub(crate) fn deliver(&mut self, now: SimTime, node: u32, (flow, number): (u32, u32)) -> Option<Delivery> {
        let published = self.programme.published(flow, number);
        let (latency, measured) = (now.since(published), published >= self.programme.measure_from);
        let &PlannedFlow { role, part, receivers, .. } = self.programme.planned(flow);
        if part.is_chunk() {
            self.seen.window.chunks += u64::from(measured);
            let message = (flow - u32::from(part.nth), number);
            if !self.gathered.makes_whole(node, message, part, receivers) {
                return None;
            }
            self.seen.window.made_of_chunks += u64::from(measured);
        }
        if role == Role::Response {
            self.seen.counts.deliveries += 1;
            self.seen.responses.answered(latency, measured);
        } else {
            self.seen.delivery(latency, measured);
        }
        let answered_at = match role {
            Role::Request { service_time } => Some(now + service_time),
            Role::Message | Role::Response => None,
        };
        let answered_at = answered_at.filter(|&time| time <= self.programme.horizon);
        Some(Delivery { latency, is_response: role == Role::Response, answered_at })
    }

    /// Whether deliveries of a message count among those that are wanted, each with a fate of its own if it fails.
    pub(crate) fn is_wanted(&self, flow: u32, number: u32) -> bool {
        D::EXACTLY_ONCE && self.programme.is_measured(flow, number) && self.flow(flow).role != Role::Response
    }

    /// A copy of a message on a hop has failed.
    #[cold]
    pub(crate) fn fail(&mut self, fate: Fate, hop: [u32; 2], (flow, number): (u32, u32)) {
        if self.is_wanted(flow, number) {
            let hop = self.failed(hop, flow);
            let routes = Routes { overlay: &self.overlay, audiences: &self.audiences, peers: self.peers };
            self.seen.fates.fail(fate, hop, routes);
        }
    }

    /// For how many wanted deliveries a copy of a message stands on a hop.
    #[cfg(feature = "real")]
    pub(crate) fn deliveries_behind(&mut self, hop: [u32; 2], (flow, number): (u32, u32)) -> u64 {
        if !self.is_wanted(flow, number) {
            return 0;
        }
        let hop = self.failed(hop, flow);
        let routes = Routes { overlay: &self.overlay, audiences: &self.audiences, peers: self.peers };
        self.seen.fates.deliveries(hop, routes)
    }

    fn failed(&self, [from, to]: [u32; 2], flow: u32) -> FailedHop {
        FailedHop { audience: self.flow(flow).audience, from, to }
    }
}
