//! Plumtree: messages go along a tree that nodes find by themselves in a graph with rings; over all other connections
//! only announcements go, by which whoever missed a message asks for it.
//!
//! Leitao, Pereira and Rodrigues, "Epidemic Broadcast Trees", SRDS 2007, algorithms 1 to 3. Every connection begins eager. A
//! copy that brings nothing new turns its connection lazy at both ends (PRUNE); over lazy connections a node announces what
//! it has (IHAVE). Who does not get an announced message in time turns the connection eager again and asks for it (GRAFT).
//! Where an announcement came over `optimisation_threshold` hops fewer than the message itself, its connection takes the
//! place of the one that the message came by. Each message is announced at once, on its own.
//!
//! The tree is that of the first source's messages; with several sources all use it, and it fits the others less well.
//! Nobody leaves and no connection breaks, so the handlers for that are not here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::control::{MessageId, Order, Turn};
use super::known::Known;
use super::lazy::LazyLinks;
use super::{Demand, Dissemination, Load, Meeting, Passing, Traffic};
use crate::engine::Slots;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::Streams;
use crate::units::{Bounded, ByteCount, SimDuration};

/// Plumtree.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plumtree {
    /// How long a node waits for an announced message before it asks for it: about the time that messages take through
    /// the whole overlay.
    graft_after: SimDuration,
    /// How long it waits then before it asks the next that announced it: about a round trip to a neighbour.
    graft_again_after: SimDuration,
    /// By how many hops an announcement has to be ahead of a message for its connection to become eager.
    optimisation_threshold: Bounded<1, 255>,
    #[serde(skip)]
    state: State,
}

/// The threshold of the paper's experiments. Of waits it says what they should be, not how long that is; these fit
/// overlays across a continent.
impl Default for Plumtree {
    fn default() -> Self {
        Self {
            graft_after: SimDuration::from_ms(500),
            graft_again_after: SimDuration::from_ms(100),
            optimisation_threshold: Bounded::new(7).expect("invariant: seven is in range"),
            state: State::default(),
        }
    }
}

/// Bytes of an announcement, and of a request: what it is, 16 bytes that name the message, 2 for its hops.
const NAMING_BYTES: u64 = 19;
/// Bytes of a message that names none.
const BARE_BYTES: u64 = 1;
/// Nobody asks sooner.
const WAIT_MIN: SimDuration = SimDuration::from_ms(1);
// Their places among the sizes.
const NAMING: u8 = 0;
const BARE: u8 = 1;

#[derive(Clone, Debug, Default)]
struct State {
    known: Known,
    // Of each message, by its set: after how many hops each node got it.
    hops: Vec<Vec<u8>>,
    lazy: LazyLinks,
    // Of each node: messages that were announced to it and have not come.
    missing: Vec<Vec<Missing>>,
    notes: Slots<Note>,
    timers: Slots<MessageId>,
}

#[derive(Clone, Debug)]
struct Missing {
    message: MessageId,
    is_timed: bool,
    // Who announced it, and after how many hops they had it, in the order of coming.
    offers: Vec<(u32, u8)>,
}

#[derive(Clone, Copy, Debug)]
enum Note {
    IHave { message: MessageId, hops: u8 },
    Graft { message: Option<MessageId> },
    Prune,
}

impl Dissemination for Plumtree {
    const EXACTLY_ONCE: bool = false;
    const TALKS: bool = true;
    const TAKES_RINGS: bool = true;
    const REMEMBERS: bool = true;

    fn check(&self) -> Result<(), String> {
        for (key, wait) in [("graft_after", self.graft_after), ("graft_again_after", self.graft_again_after)] {
            if wait < WAIT_MIN {
                return Err(format!("`{key}` = \"{wait}\" is below {WAIT_MIN}"));
            }
        }
        Ok(())
    }

    fn control_sizes(&self) -> Vec<ByteCount> {
        vec![ByteCount::new(NAMING_BYTES), ByteCount::new(BARE_BYTES)]
    }

    fn begin(&self, _: Streams) -> Self {
        Self { state: State::default(), ..self.clone() }
    }

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, .. } = passing;
        let is_eager = |next: u32| Some(next) != from && !self.state.lazy.has(node, next);
        out.extend(overlay.next_hops(node, None).filter(|&next| is_eager(next)));
    }

    #[inline]
    fn is_new(&mut self, Passing { node, flow, number, .. }: Passing) -> bool {
        self.state.known.learns(node, (flow, number))
    }

    fn meet(&mut self, turn: Turn<'_>, Meeting { passing, is_new, .. }: Meeting, orders: &mut Vec<Order>) {
        let Passing { node, from, flow, number, .. } = passing;
        let message = (flow, number);
        let state = &mut self.state;
        if !is_new {
            if let Some(from) = from {
                state.lazy.add(node, from);
                state.tell(from, Note::Prune, orders);
            }
            return;
        }
        let hops = from.map_or(0, |from| state.hops_of(from, message).saturating_add(1));
        state.note_hops(&turn, message, hops);
        let missing = state.found(node, message);
        if let Some(from) = from {
            state.lazy.remove(node, from);
            state.push(&turn, (message, hops), Some(from), orders);
            let threshold = self.optimisation_threshold.get() as u8;
            let is_better = |offer: &&(u32, u8)| offer.1 < hops && hops - offer.1 >= threshold;
            if let Some(&(better, _)) = missing.iter().flat_map(|missing| &missing.offers).find(is_better) {
                state.lazy.remove(node, better);
                state.lazy.add(node, from);
                state.tell(better, Note::Graft { message: None }, orders);
                state.tell(from, Note::Prune, orders);
            }
        } else {
            state.push(&turn, (message, hops), None, orders);
        }
        state.known.forget_if_all_know(message, turn.overlay.nodes());
    }

    fn told(&mut self, turn: Turn<'_>, from: u32, note: u32, orders: &mut Vec<Order>) {
        let (state, node) = (&mut self.state, turn.node);
        match state.notes.take(note) {
            Note::IHave { message, .. } if state.known.knows(node, message) => {}
            Note::IHave { message, hops } => {
                let missing = state.missing_at(node, message);
                missing.offers.push((from, hops));
                if !std::mem::replace(&mut missing.is_timed, true) {
                    let token = state.timers.put(message);
                    orders.push(Order::Wake { at: turn.now + self.graft_after, token });
                }
            }
            Note::Graft { message } => {
                state.lazy.remove(node, from);
                if let Some(message) = message.filter(|&message| state.known.knows(node, message)) {
                    orders.push(Order::Copy { to: from, message });
                }
            }
            Note::Prune => state.lazy.add(node, from),
        }
    }

    fn wake(&mut self, turn: Turn<'_>, token: u32, orders: &mut Vec<Order>) {
        let (state, node) = (&mut self.state, turn.node);
        let message = state.timers.take(token);
        if state.known.knows(node, message) {
            return;
        }
        let missing = state.missing_at(node, message);
        if missing.offers.is_empty() {
            missing.is_timed = false;
            return;
        }
        let (from, _) = missing.offers.remove(0);
        state.lazy.remove(node, from);
        state.tell(from, Note::Graft { message: Some(message) }, orders);
        let token = state.timers.put(message);
        orders.push(Order::Wake { at: turn.now + self.graft_again_after, token });
    }
}

impl State {
    // The message goes over eager connections, its announcement over lazy ones.
    fn push(&mut self, turn: &Turn<'_>, (message, hops): (MessageId, u8), from: Option<u32>, orders: &mut Vec<Order>) {
        let others = || turn.neighbours().filter(|&next| Some(next) != from);
        let eager = others().filter(|&next| !self.lazy.has(turn.node, next));
        orders.extend(eager.map(|to| Order::Copy { to, message }));
        for to in others().filter(|&next| self.lazy.has(turn.node, next)) {
            let note = self.notes.put(Note::IHave { message, hops });
            orders.push(Order::Tell { to, size: NAMING, note });
        }
    }

    fn tell(&mut self, to: u32, note: Note, orders: &mut Vec<Order>) {
        let size = match note {
            Note::IHave { .. } | Note::Graft { .. } => NAMING,
            Note::Prune => BARE,
        };
        orders.push(Order::Tell { to, size, note: self.notes.put(note) });
    }

    fn hops_of(&self, node: u32, message: MessageId) -> u8 {
        let of_message = self.known.place(message).and_then(|place| self.hops.get(place));
        of_message.and_then(|hops| hops.get(node as usize)).copied().unwrap_or(0)
    }

    fn note_hops(&mut self, turn: &Turn<'_>, message: MessageId, hops: u8) {
        let Some(place) = self.known.place(message) else { return };
        if self.hops.len() <= place {
            self.hops.resize_with(place + 1, Vec::new);
        }
        let of_message = &mut self.hops[place];
        of_message.resize(turn.overlay.nodes() as usize, 0);
        of_message[turn.node as usize] = hops;
    }

    fn missing_at(&mut self, node: u32, message: MessageId) -> &mut Missing {
        if self.missing.len() <= node as usize {
            self.missing.resize_with(node as usize + 1, Vec::new);
        }
        let of_node = &mut self.missing[node as usize];
        let place = of_node.iter().position(|missing| missing.message == message).unwrap_or_else(|| {
            of_node.push(Missing { message, is_timed: false, offers: Vec::new() });
            of_node.len() - 1
        });
        &mut of_node[place]
    }

    // A message has come: what was known of it as missing.
    fn found(&mut self, node: u32, message: MessageId) -> Option<Missing> {
        let of_node = self.missing.get_mut(node as usize)?;
        let place = of_node.iter().position(|missing| missing.message == message)?;
        Some(of_node.swap_remove(place))
    }
}

impl Load for Plumtree {
    // Once there is a tree: a copy a node, sent by each the more the more neighbours it has. Announcements are left out.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let (own, degrees) = (demand.published(|_| true), demand.degrees);
        let all: f64 = own.iter().sum();
        let ends: f64 = degrees.iter().map(|&degree| f64::from(degree)).sum();
        let connected = degrees.iter().filter(|&&degree| degree > 0).count() as f64;
        let share = |degree: u32| if ends > 0.0 { f64::from(degree) * (connected - 1.0) / ends } else { 0.0 };
        let of_node = |(own, &degree): (&f64, &u32)| Traffic {
            sent: all * share(degree),
            received: if degree > 0 { all - own } else { 0.0 },
        };
        own.iter().zip(degrees).map(of_node).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lockstep::Lockstep;
    use super::*;

    // Ten nodes in a ring, each connected to those across as well: 15 connections.
    fn wheel() -> Overlay {
        let ring = (0..10).map(|node| (node, (node + 1) % 10));
        let pairs: Vec<(u32, u32)> = ring.chain((0..5).map(|node| (node, node + 5))).collect();
        Overlay::new(10, &pairs, Vec::new())
    }

    fn second() -> SimDuration {
        SimDuration::from_secs(1)
    }

    #[test]
    fn after_the_first_message_every_other_takes_a_tree() {
        let mut network = Lockstep::new(&Plumtree::default(), wheel());
        network.publish(3, (0, 0));
        network.run(second());
        // As a flood: 2 m - (n - 1) copies, and every one that brings nothing new is answered by a PRUNE.
        assert_eq!(network.copies.len(), 2 * 15 - 9);
        assert_eq!(network.told, 2 * (15 - 9));
        for number in 1..20 {
            let (copies, told) = (network.copies.len(), network.told);
            network.publish(3, (0, number));
            network.run(second());
            assert_eq!(network.copies.len() - copies, 9);
            // Six connections are lazy, and both ends of each announce what they have.
            assert_eq!(network.told - told, 12);
            assert!((0..10).all(|node| network.delivered.contains_key(&(node, (0, number)))));
        }
    }

    #[test]
    fn who_misses_a_message_asks_for_it_and_keeps_the_connection() {
        let mut network = Lockstep::new(&Plumtree::default(), wheel());
        network.publish(0, (0, 0));
        network.run(second());
        // Node 5 hears from 0, and then does not.
        network.loses = |from, to, message| (from, to) == (0, 5) && message.1 > 0;
        for number in 1..4 {
            network.publish(0, (0, number));
            network.run(second());
            assert!((0..10).all(|node| network.delivered.contains_key(&(node, (0, number)))));
        }
        let since = |number: u32| network.delivered[&(5, (0, number))].since(network.delivered[&(0, (0, number))]);
        // Neighbours announce the first that is missed 40 ms after it was published; the request and its answer take 20.
        assert!(since(1) >= Plumtree::default().graft_after && since(1) <= SimDuration::from_ms(600), "{}", since(1));
        assert!(since(2) <= SimDuration::from_ms(60) && since(3) <= SimDuration::from_ms(60), "{}", since(2));
    }

    #[test]
    fn who_does_not_answer_is_followed_by_the_next() {
        let mut network = Lockstep::new(&Plumtree::default(), wheel());
        network.publish(0, (0, 0));
        network.run(second());
        // Both neighbours on the ring announce the message; whatever goes to 5 from 0 and 4 is lost.
        network.loses = |from, to, message| to == 5 && from != 6 && message.1 > 0;
        network.publish(0, (0, 1));
        network.run(second());
        let waited = network.delivered[&(5, (0, 1))].since(network.delivered[&(0, (0, 1))]);
        let Plumtree { graft_after, graft_again_after, .. } = Plumtree::default();
        assert!(waited >= graft_after && waited <= graft_after + graft_again_after + SimDuration::from_ms(100));
    }

    #[test]
    fn a_much_shorter_way_is_taken() {
        // A line from 0 to 9, and a chord between its ends that was pruned because its first copy was lost.
        let line = (0..9).map(|node| (node, node + 1));
        let pairs: Vec<(u32, u32)> = line.chain([(0, 9)]).collect();
        let threshold = Bounded::new(7).expect("in range");
        let plumtree = Plumtree { optimisation_threshold: threshold, ..Plumtree::default() };
        let mut network = Lockstep::new(&plumtree, Overlay::new(10, &pairs, Vec::new()));
        network.rule.state.lazy.add(0, 9);
        network.rule.state.lazy.add(9, 0);
        for number in 0..2 {
            network.publish(0, (0, number));
            network.run(second());
        }
        let after = |number: u32| network.delivered[&(9, (0, number))].since(network.delivered[&(0, (0, number))]);
        assert_eq!([after(0), after(1)], [SimDuration::from_ms(90), SimDuration::from_ms(10)]);
    }

    #[test]
    fn waits_that_are_none_are_refused() {
        let plumtree = Plumtree { graft_after: SimDuration::ZERO, ..Plumtree::default() };
        assert_eq!(plumtree.check().unwrap_err(), "`graft_after` = \"0 s\" is below 1 ms");
    }
}
