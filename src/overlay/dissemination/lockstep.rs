//! A toy network for tests of rules that talk: every hop takes ten milliseconds unless a test says otherwise,
//! nothing waits, and a test may lose copies.

use std::collections::BTreeMap;

use super::{Dissemination, Meeting, MessageId, Order, Passing, Turn};
use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::rng::{Seed, Streams};
use crate::units::{SimDuration, SimTime};

const HOP: SimDuration = SimDuration::from_ms(10);

/// Nodes that pass messages on.
pub(super) struct Lockstep<D> {
    pub(super) rule: D,
    pub(super) now: SimTime,
    overlay: Overlay,
    audiences: Audiences,
    pending: BTreeMap<(SimTime, u64), Event>,
    count: u64,
    /// Copies so far: from, to, message, and whether it was new.
    pub(super) copies: Vec<(u32, u32, MessageId, bool)>,
    /// Who got what when.
    pub(super) delivered: BTreeMap<(u32, MessageId), SimTime>,
    /// Control messages so far, and their bytes.
    pub(super) told: u64,
    pub(super) told_bytes: u64,
    /// How long a copy takes for a hop; control messages take ten milliseconds.
    pub(super) copy_takes: SimDuration,
    /// Whether a copy is lost.
    pub(super) loses: fn(u32, u32, MessageId) -> bool,
}

#[derive(Clone, Copy)]
enum Event {
    Copy { from: u32, to: u32, message: MessageId },
    Note { from: u32, to: u32, note: u32 },
    Wake { node: u32, token: u32 },
}

impl<D: Dissemination> Lockstep<D> {
    pub(super) fn new(rule: &D, overlay: Overlay) -> Self {
        let audiences = Audiences::new(&overlay, &[]);
        let mut network = Self {
            rule: rule.begin(Streams::new(Seed(1))),
            now: SimTime::ZERO,
            overlay,
            audiences,
            pending: BTreeMap::new(),
            count: 0,
            copies: Vec::new(),
            delivered: BTreeMap::new(),
            told: 0,
            told_bytes: 0,
            copy_takes: HOP,
            loses: |_, _, _| false,
        };
        for node in 0..network.overlay.nodes() {
            network.turn(node, D::enter);
        }
        network
    }

    /// A node publishes a message.
    pub(super) fn publish(&mut self, node: u32, message: MessageId) {
        self.meets(node, None, message);
    }

    /// Goes on for so long.
    pub(super) fn run(&mut self, time: SimDuration) {
        let end = self.now + time;
        while let Some(entry) = self.pending.first_entry()
            && entry.key().0 <= end
        {
            let ((at, _), event) = entry.remove_entry();
            self.now = at;
            match event {
                Event::Copy { from, to, message } => self.meets(to, Some(from), message),
                Event::Note { from, to, note } => self.turn(to, |rule, turn, out| rule.told(turn, from, note, out)),
                Event::Wake { node, token } => self.turn(node, |rule, turn, out| rule.wake(turn, token, out)),
            }
        }
        self.now = end;
    }

    fn meets(&mut self, node: u32, from: Option<u32>, message: MessageId) {
        let (flow, number) = message;
        let passing = Passing { node, from, audience: ALL, flow, number };
        let is_new = self.rule.is_new(passing);
        if is_new {
            self.delivered.insert((node, message), self.now);
        }
        if let Some(from) = from {
            self.copies.push((from, node, message, is_new));
        }
        self.turn(node, |rule, turn, out| rule.meet(turn, Meeting { passing, is_new, bytes: 2_000 }, out));
    }

    fn turn(&mut self, node: u32, happens: impl FnOnce(&mut D, Turn<'_>, &mut Vec<Order>)) {
        let mut orders = Vec::new();
        let Self { rule, overlay, audiences, now, .. } = self;
        happens(rule, Turn { now: *now, node, overlay, audiences, is_open: &|_| true }, &mut orders);
        for order in orders {
            let (at, event) = match order {
                Order::Copy { to, message } if (self.loses)(node, to, message) => continue,
                Order::Copy { to, message } => (self.now + self.copy_takes, Event::Copy { from: node, to, message }),
                Order::Tell { to, size, note } => {
                    self.told += 1;
                    self.told_bytes += self.rule.control_sizes()[usize::from(size)].get();
                    (self.now + HOP, Event::Note { from: node, to, note })
                }
                Order::Wake { at, token } => (at, Event::Wake { node, token }),
            };
            self.count += 1;
            self.pending.insert((at, self.count), event);
        }
    }
}
