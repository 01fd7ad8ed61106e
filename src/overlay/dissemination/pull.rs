//! Pull by chunk, rarest first: who has a message announces it to its neighbours, and who lacks it asks one of them.
//!
//! CoolStreaming/DONet (Zhang, Liu, Li and Yum, INFOCOM 2005) and Chainsaw (Pai et al., "Chainsaw: Eliminating Trees from
//! Overlay Multicast", IPTPS 2005): no tree, no push; every copy was asked for. A node asks for the message first that the
//! fewest of its neighbours have announced, as DONet does and BitTorrent (Legout, Urvoy-Keller and Michiardi, "Rarest
//! First and Choke Algorithms Are Enough", IMC 2006); among equals for the one it has heard of first. So many requests
//! at most wait for their answers; one that waits too long goes to the next that has announced the message.
//!
//! What a node gets within a short time it announces with one list. Messages are kept for good, and whoever has one gives
//! it to whoever asks: there are no windows, deadlines, bandwidths or chokes here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::node::{Asked, Node};
use super::control::{ListSizes, MessageId, Order, Turn};
use super::known::Known;
use super::{Demand, Dissemination, Load, Meeting, Passing, Plumtree, Traffic};
use crate::engine::Slots;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::Streams;
use crate::units::{Bounded, ByteCount, SimDuration};

mod node;

/// Pull.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pull {
    /// How many requests of a node wait for their answers at most.
    requests: Bounded<1, 1_000>,
    /// How long a node gathers what it has got before it announces that: with one list, or at once and one by one if that
    /// is no time.
    announce_after: SimDuration,
    /// How long a node waits for an answer before it asks the next that announced the message.
    ask_again_after: SimDuration,
    #[serde(skip)]
    state: State,
}

impl Default for Pull {
    fn default() -> Self {
        Self {
            requests: Bounded::new(8).expect("invariant: eight is in range"),
            announce_after: SimDuration::from_ms(20),
            ask_again_after: SimDuration::from_secs(1),
            state: State::default(),
        }
    }
}

/// Bytes of an announcement, and of a request, without what it names; and of a name: those of Plumtree.
const HEAD_BYTES: u64 = 1;
const NAME_BYTES: u64 = 16;
/// A control message names as many at most.
const NAMES_MAX: usize = 5_000;
/// Nobody asks again sooner.
const WAIT_MIN: SimDuration = SimDuration::from_ms(1);

#[derive(Clone, Debug)]
struct State {
    known: Known,
    nodes: Vec<Node>,
    notes: Slots<Note>,
    timers: Slots<Timer>,
    sizes: ListSizes,
}

impl Default for State {
    fn default() -> Self {
        Self {
            known: Known::default(),
            nodes: Vec::new(),
            notes: Slots::default(),
            timers: Slots::default(),
            sizes: ListSizes::new(HEAD_BYTES, NAME_BYTES, NAMES_MAX),
        }
    }
}

#[derive(Clone, Debug)]
enum Note {
    IHave(Vec<MessageId>),
    Ask(Vec<MessageId>),
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    Announce,
    AskAgain { message: MessageId, nth: usize },
}

impl Dissemination for Pull {
    const EXACTLY_ONCE: bool = false;
    const TALKS: bool = true;
    const TAKES_RINGS: bool = true;
    const REMEMBERS: bool = true;

    fn check(&self) -> Result<(), String> {
        if self.ask_again_after < WAIT_MIN {
            return Err(format!("`ask_again_after` = \"{}\" is below {WAIT_MIN}", self.ask_again_after));
        }
        Ok(())
    }

    fn control_sizes(&self) -> Vec<ByteCount> {
        self.state.sizes.bytes().collect()
    }

    fn begin(&self, _: Streams) -> Self {
        Self { state: State::default(), ..self.clone() }
    }

    fn forward(&mut self, _: &Overlay, _: &Audiences, _: Passing, _: &mut Vec<u32>) {
        // Nothing goes to who has not asked.
    }

    #[inline]
    fn is_new(&mut self, Passing { node, flow, number, .. }: Passing) -> bool {
        self.state.known.learns(node, (flow, number))
    }

    fn meet(&mut self, turn: Turn<'_>, Meeting { passing, is_new, .. }: Meeting, orders: &mut Vec<Order>) {
        if !is_new {
            return;
        }
        let message = (passing.flow, passing.number);
        let mut holders = self.state.node(turn.node).found(message);
        holders.extend(passing.from);
        self.state.node(turn.node).unsaid.push((message, holders));
        self.announce_in_time(&turn, orders);
        self.ask(&turn, orders);
        self.state.known.forget_if_all_know(message, turn.overlay.nodes());
    }

    fn told(&mut self, turn: Turn<'_>, from: u32, note: u32, orders: &mut Vec<Order>) {
        let (state, id) = (&mut self.state, turn.node);
        match state.notes.take(note) {
            Note::IHave(messages) => {
                for message in messages {
                    let is_known = state.known.knows(id, message);
                    state.node(id).hear(message, from, is_known, turn.now);
                }
                self.ask(&turn, orders);
            }
            Note::Ask(messages) => {
                let held = messages.into_iter().filter(|&message| state.known.knows(id, message));
                orders.extend(held.map(|message| Order::Copy { to: from, message }));
            }
        }
    }

    fn wake(&mut self, turn: Turn<'_>, token: u32, orders: &mut Vec<Order>) {
        match self.state.timers.take(token) {
            Timer::Announce => {
                self.state.node(turn.node).is_timed = false;
                self.state.announce(&turn, orders);
            }
            Timer::AskAgain { message, nth } => {
                if let Some(asked) = self.state.node(turn.node).ask_next(message, nth) {
                    self.wait_for(&turn, asked, orders);
                    self.state.tell(asked.holder, Note::Ask(vec![message]), orders);
                }
            }
        }
    }
}

impl Pull {
    // What a node has got is announced, now or with what else comes until then.
    fn announce_in_time(&mut self, turn: &Turn<'_>, orders: &mut Vec<Order>) {
        if self.announce_after == SimDuration::ZERO {
            return self.state.announce(turn, orders);
        }
        if !std::mem::replace(&mut self.state.node(turn.node).is_timed, true) {
            let token = self.state.timers.put(Timer::Announce);
            orders.push(Order::Wake { at: turn.now + self.announce_after, token });
        }
    }

    // Asks for what is rarest, as far as requests go, with one list to each neighbour.
    fn ask(&mut self, turn: &Turn<'_>, orders: &mut Vec<Order>) {
        let mut lists = Vec::<(u32, Vec<MessageId>)>::new();
        while let Some(asked) = self.state.node(turn.node).next_request(self.requests.get() as usize) {
            match lists.iter_mut().find(|(holder, _)| *holder == asked.holder) {
                Some((_, list)) => list.push(asked.message),
                None => lists.push((asked.holder, vec![asked.message])),
            }
            self.wait_for(turn, asked, orders);
        }
        for (holder, list) in lists {
            self.state.tell(holder, Note::Ask(list), orders);
        }
    }

    fn wait_for(&mut self, turn: &Turn<'_>, Asked { message, nth, .. }: Asked, orders: &mut Vec<Order>) {
        let token = self.state.timers.put(Timer::AskAgain { message, nth });
        orders.push(Order::Wake { at: turn.now + self.ask_again_after, token });
    }
}

impl State {
    fn node(&mut self, node: u32) -> &mut Node {
        if self.nodes.len() <= node as usize {
            self.nodes.resize_with(node as usize + 1, Node::default);
        }
        &mut self.nodes[node as usize]
    }

    // A node tells each neighbour what it has, but for what that is known to have.
    fn announce(&mut self, turn: &Turn<'_>, orders: &mut Vec<Order>) {
        let unsaid = std::mem::take(&mut self.node(turn.node).unsaid);
        for to in turn.neighbours() {
            let is_news = |(_, holders): &&(MessageId, Vec<u32>)| !holders.contains(&to);
            let news: Vec<MessageId> = unsaid.iter().filter(is_news).map(|&(message, _)| message).collect();
            for list in news.chunks(NAMES_MAX) {
                self.tell(to, Note::IHave(list.to_vec()), orders);
            }
        }
    }

    fn tell(&mut self, to: u32, note: Note, orders: &mut Vec<Order>) {
        let (Note::IHave(names) | Note::Ask(names)) = &note;
        orders.push(Order::Tell { to, size: self.sizes.place(names.len()), note: self.notes.put(note) });
    }
}

impl Load for Pull {
    // A copy a node, sent by each the more the more neighbours it has, as in Plumtree's tree; nothing else is known before.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        Plumtree::default().load(demand)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lockstep::Lockstep;
    use super::*;
    use crate::units::SimTime;

    const MS: fn(u64) -> SimDuration = SimDuration::from_ms;

    fn at(ms: u64) -> SimTime {
        SimTime::ZERO + MS(ms)
    }

    // Ten nodes in a ring, each connected to those across as well: 15 connections.
    fn wheel() -> Overlay {
        let ring = (0..10).map(|node| (node, (node + 1) % 10));
        let pairs: Vec<(u32, u32)> = ring.chain((0..5).map(|node| (node, node + 5))).collect();
        Overlay::new(10, &pairs, Vec::new())
    }

    fn at_once() -> Pull {
        Pull { announce_after: SimDuration::ZERO, ..Pull::default() }
    }

    #[test]
    fn a_hop_takes_an_announcement_a_request_and_a_copy() {
        for (pull, hop) in [(at_once(), 30), (Pull::default(), 20 + 30)] {
            let mut network = Lockstep::new(&pull, Overlay::new(3, &[(0, 1), (1, 2)], Vec::new()));
            network.publish(0, (0, 0));
            network.run(MS(1_000));
            assert_eq!([0, 1, 2].map(|node| network.delivered[&(node, (0, 0))]), [0, hop, 2 * hop].map(at));
            // Nobody is told of what it gave.
            assert_eq!((network.told, network.told_bytes), (4, 4 * 17));
        }
    }

    #[test]
    fn announcements_wait_for_one_another() {
        let mut network = Lockstep::new(&Pull::default(), Overlay::new(2, &[(0, 1)], Vec::new()));
        for number in 0..3 {
            network.publish(0, (0, number));
            network.run(MS(9));
        }
        // All three 20 ms after the first, with one list; they are asked for with one, too.
        network.publish(0, (0, 3));
        network.run(MS(29));
        assert_eq!((network.told, network.told_bytes), (3, 2 * (1 + 3 * 16) + 17));
        network.run(MS(30));
        assert_eq!((network.told, network.told_bytes), (4, 2 * (1 + 3 * 16) + 2 * 17));
        assert_eq!([0, 1, 2, 3].map(|number| network.delivered[&(1, (0, number))]), [50, 50, 50, 77].map(at));
    }

    #[test]
    fn every_message_comes_to_everybody_once() {
        let mut network = Lockstep::new(&Pull::default(), wheel());
        for number in 0..20 {
            for node in 0..10 {
                network.publish(node, (node, number));
            }
            network.run(MS(35));
        }
        network.run(MS(2_000));
        assert_eq!(network.delivered.len(), 10 * 200);
        assert_eq!(network.copies.len(), 9 * 200);
        assert!(network.rule.state.nodes.iter().all(Node::has_all));
    }

    #[test]
    fn who_gets_no_answer_asks_the_next_that_announced_it() {
        let mut network = Lockstep::new(&at_once(), wheel());
        // Nothing comes to node 5 from who is nearest to the source.
        network.loses = |from, to, _| to == 5 && from == 0;
        network.publish(0, (0, 0));
        network.run(MS(5_000));
        // Asked at 10 ms, and again after a second, of a neighbour that announced it meanwhile.
        assert_eq!(network.delivered[&(5, (0, 0))], at(1_030));
        assert_eq!(network.copies.iter().filter(|copy| copy.1 == 5).count(), 1);
        assert_eq!(network.copies.len(), 9);
    }

    #[test]
    fn who_is_alone_in_having_it_is_asked_until_it_comes() {
        let mut network = Lockstep::new(&at_once(), Overlay::new(2, &[(0, 1)], Vec::new()));
        network.loses = |_, _, _| true;
        network.publish(0, (0, 0));
        network.run(MS(3_500));
        network.loses = |_, _, _| false;
        network.run(MS(1_000));
        assert_eq!(network.delivered[&(1, (0, 0))], at(10 + 4_000 + 20));
        assert_eq!((network.told, network.copies.len()), (1 + 5, 1));
    }

    #[test]
    fn a_late_answer_comes_twice() {
        let mut network = Lockstep::new(&at_once(), wheel());
        network.copy_takes = MS(1_500);
        network.publish(0, (0, 0));
        network.run(MS(60_000));
        assert_eq!(network.delivered.len(), 10);
        assert!(network.copies.len() > 9);
    }

    #[test]
    fn so_many_requests_wait_at_most() {
        let requests = Bounded::new(3).expect("in range");
        let mut network =
            Lockstep::new(&Pull { requests, ..at_once() }, Overlay::new(3, &[(0, 1), (0, 2)], Vec::new()));
        network.copy_takes = MS(50);
        for number in 0..20 {
            network.publish(1 + number % 2, (0, number));
        }
        let mut most = 0;
        for _ in 0..2_000 {
            network.run(MS(1));
            most = most.max(network.rule.state.nodes[0].asked.len());
        }
        assert_eq!((most, network.copies.iter().filter(|copy| copy.1 == 0).count()), (3, 20));
        // Twenty, three at a time, each of which takes 60 ms: it was asked for what came, and as soon as it could.
        let last = (0..20).map(|number| network.delivered[&(0, (0, number))]).max();
        assert_eq!(last, Some(at(10 + 7 * 60)));
    }

    #[test]
    fn the_rarest_is_asked_for_first() {
        // Of node 0 one neighbour has much; two others have `common`.
        let overlay = Overlay::new(4, &[(0, 1), (0, 2), (0, 3), (1, 2)], Vec::new());
        let requests = Bounded::new(1).expect("in range");
        let mut network = Lockstep::new(&Pull { requests, ..at_once() }, overlay);
        network.copy_takes = MS(100);
        let (first, second, common, rare) = ((0, 0), (0, 1), (1, 0), (2, 0));
        network.publish(3, first);
        network.publish(3, second);
        network.publish(1, common);
        network.run(MS(200));
        network.publish(3, rare);
        network.run(MS(2_000));
        let came: Vec<MessageId> = network.copies.iter().filter(|copy| copy.1 == 0).map(|copy| copy.2).collect();
        // `common` is older than `rare`, but two have it.
        assert_eq!(came, [first, second, rare, common]);
    }

    #[test]
    fn a_wait_that_is_none_is_refused() {
        let pull = Pull { ask_again_after: SimDuration::ZERO, ..Pull::default() };
        assert_eq!(pull.check().expect_err("refused"), "`ask_again_after` = \"0 s\" is below 1 ms");
    }
}
