//! GossipSub v1.1 with one topic: messages flood over a mesh of few connections that every node keeps, and what a node has
//! is announced now and then to others of its neighbours, which ask for what they miss.
//!
//! libp2p specifications, pubsub/gossipsub, v1.0 and v1.1 (Vyzovitis et al., "GossipSub: Attack-Resilient Message
//! Propagation in the Filecoin and ETH2.0 Networks", arXiv 2007.02754); IDONTWANT is that of v1.2. At every heartbeat a node
//! grafts neighbours into its mesh where it has fewer than `d_low`, prunes it where it has more than `d_high`, sees to
//! `d_out` connections that it dialled itself, and announces (IHAVE) the messages of its last `history_gossip` heartbeats to
//! some neighbours outside of its mesh. Those ask (IWANT) for what they do not know.
//!
//! All nodes are honest, so peers have no scores: what the specification has scores decide (whom to keep, opportunistic
//! grafting, graylists) is drawn or left out. Overlays do not say who dialled; that is drawn for each connection.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::node::Node;
use super::control::{ListSizes, MessageId, Order, Turn};
use super::known::Known;
use super::{Demand, Dissemination, Flood, Load, Meeting, Passing, Traffic};
use crate::engine::Slots;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::{Domain, PairKey, Streams, below};
use crate::units::{Bounded, ByteCount, Probability, SimDuration};

mod node;

/// GossipSub.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GossipSub {
    /// How many neighbours a node's mesh is to have (`D`).
    d: Bounded<1, 1_000>,
    /// With fewer than so many it grafts more (`D_low`).
    d_low: Bounded<1, 1_000>,
    /// With more than so many it prunes some (`D_high`).
    d_high: Bounded<1, 1_000>,
    /// Of how many connections in its mesh the node is to be the one that dialled (`D_out`).
    d_out: Bounded<0, 1_000>,
    /// To how many others it announces messages at the least (`D_lazy`).
    d_lazy: Bounded<0, 1_000>,
    /// And to which share of them.
    gossip_factor: Probability,
    /// How often it does all that.
    heartbeat: SimDuration,
    /// Of how many heartbeats it announces messages.
    history_gossip: Bounded<1, 100>,
    /// Of how many it still has them.
    history_length: Bounded<1, 100>,
    /// How long two neighbours stay out of each other's mesh after one has pruned the other.
    prune_backoff: SimDuration,
    /// Whether a node sends its own messages to all of its neighbours.
    flood_publish: bool,
    /// From which size on a node tells its mesh that it has a message and wants no copy (IDONTWANT of v1.2); never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    idontwant: Option<ByteCount>,
    #[serde(skip)]
    state: State,
}

/// The parameters of the specification.
impl Default for GossipSub {
    fn default() -> Self {
        const IN_RANGE: &str = "invariant: the specification's parameters are in range";
        Self {
            d: Bounded::new(6).expect(IN_RANGE),
            d_low: Bounded::new(5).expect(IN_RANGE),
            d_high: Bounded::new(12).expect(IN_RANGE),
            d_out: Bounded::new(2).expect(IN_RANGE),
            d_lazy: Bounded::new(6).expect(IN_RANGE),
            gossip_factor: Probability::new(0.25).expect(IN_RANGE),
            heartbeat: SimDuration::from_secs(1),
            history_gossip: Bounded::new(3).expect(IN_RANGE),
            history_length: Bounded::new(5).expect(IN_RANGE),
            prune_backoff: SimDuration::from_secs(60),
            flood_publish: true,
            idontwant: None,
            state: State::default(),
        }
    }
}

/// Bytes of a control message without what it lists: its kind, the topic, and the frame of a protocol buffer.
const HEAD_BYTES: u64 = 16;
/// Bytes that name a message: as Ethereum's consensus layer does, with what a protocol buffer puts before them.
const NAME_BYTES: u64 = 22;
/// A control message names as many at most (`GossipSubMaxIHaveLength`).
const NAMES_MAX: usize = 5_000;
/// Heartbeats do not come more often.
const HEARTBEAT_MIN: SimDuration = SimDuration::from_ms(10);
/// The first heartbeat comes after this time, and a share of one heartbeat that is drawn.
const FIRST_HEARTBEAT: SimDuration = SimDuration::from_ms(100);

#[derive(Clone, Debug)]
struct State {
    key: PairKey,
    known: Known,
    nodes: Vec<Node>,
    notes: Slots<Note>,
    sizes: ListSizes,
    // Neighbours to draw from, reused.
    drawn: Vec<u32>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            key: PairKey::new(0),
            known: Known::default(),
            nodes: Vec::new(),
            notes: Slots::default(),
            sizes: ListSizes::new(HEAD_BYTES, NAME_BYTES, NAMES_MAX),
            drawn: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
enum Note {
    Graft,
    Prune,
    IHave(Arc<[MessageId]>),
    IWant(Vec<MessageId>),
    IDontWant(MessageId),
}

impl Dissemination for GossipSub {
    const EXACTLY_ONCE: bool = false;
    const TALKS: bool = true;
    const TAKES_RINGS: bool = true;
    const REMEMBERS: bool = true;

    fn check(&self) -> Result<(), String> {
        check_degrees([self.d_low, self.d, self.d_high].map(Bounded::get), self.d_out.get())?;
        let [gossip, length] = [self.history_gossip, self.history_length].map(Bounded::get);
        if gossip > length {
            return Err(format!(
                "`history_gossip` = {gossip} announces what `history_length` = {length} does not keep"
            ));
        }
        if self.heartbeat < HEARTBEAT_MIN {
            return Err(format!("`heartbeat` = \"{}\" is below {HEARTBEAT_MIN}", self.heartbeat));
        }
        Ok(())
    }

    fn copies_per_delivery(&self, nodes: u64, connections: u64) -> f64 {
        Flood::default().copies_per_delivery(nodes, connections).min(f64::from(self.d.get()) - 1.0).max(1.0)
    }

    fn control_sizes(&self) -> Vec<ByteCount> {
        self.state.sizes.bytes().collect()
    }

    fn begin(&self, streams: Streams) -> Self {
        let state = State { key: streams.pair_key(Domain::Dissemination), ..State::default() };
        Self { state, ..self.clone() }
    }

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, .. } = passing;
        match from {
            None if self.flood_publish => out.extend(overlay.next_hops(node, None)),
            _ => out.extend(self.state.mesh(node).iter().filter(|&&next| Some(next) != from)),
        }
    }

    #[inline]
    fn is_new(&mut self, Passing { node, flow, number, .. }: Passing) -> bool {
        self.state.known.learns(node, (flow, number))
    }

    fn enter(&mut self, turn: Turn<'_>, orders: &mut Vec<Order>) {
        let phase_ns = below(self.state.draw(turn.node), self.heartbeat.as_ns().max(1));
        orders.push(Order::Wake { at: turn.now + FIRST_HEARTBEAT + SimDuration::from_ns(phase_ns), token: 0 });
    }

    fn meet(&mut self, turn: Turn<'_>, meeting: Meeting, orders: &mut Vec<Order>) {
        let Meeting { passing: Passing { node, from, flow, number, .. }, is_new, bytes } = meeting;
        if !is_new {
            return;
        }
        let (message, state) = ((flow, number), &mut self.state);
        state.node(node).keep(message);
        if from.is_some() && self.idontwant.is_some_and(|least| bytes >= least.get()) {
            for place in 0..state.mesh(node).len() {
                let to = state.mesh(node)[place];
                if Some(to) != from {
                    state.tell(to, Note::IDontWant(message), orders);
                }
            }
        }
        let mut targets = std::mem::take(&mut state.drawn);
        targets.clear();
        if from.is_none() && (self.flood_publish || state.mesh(node).is_empty()) {
            targets.extend(turn.neighbours());
            if !self.flood_publish {
                state.draw_some(node, &mut targets, self.d.get() as usize);
            }
        } else {
            targets.extend_from_slice(state.mesh(node));
        }
        targets.retain(|&to| Some(to) != from && !state.node(node).is_unwanted(to, message));
        orders.extend(targets.iter().map(|&to| Order::Copy { to, message }));
        state.drawn = targets;
        state.known.forget_if_all_know(message, turn.overlay.nodes());
    }

    fn told(&mut self, turn: Turn<'_>, from: u32, note: u32, orders: &mut Vec<Order>) {
        let (state, id) = (&mut self.state, turn.node);
        match state.notes.take(note) {
            Note::Graft => {
                let is_dialled = state.has_dialled(id, from);
                let node = state.node(id);
                let is_full = node.mesh.len() >= self.d_high.get() as usize && !is_dialled;
                if node.is_in_mesh(from) {
                    return;
                }
                if node.is_backed_off(from, turn.now) || is_full {
                    node.back_off(from, turn.now + self.prune_backoff);
                    state.tell(from, Note::Prune, orders);
                } else {
                    node.graft(from);
                }
            }
            Note::Prune => {
                let node = state.node(id);
                node.prune(from);
                node.back_off(from, turn.now + self.prune_backoff);
            }
            Note::IHave(messages) => {
                let is_unknown = |message: &&MessageId| !state.known.knows(id, **message);
                let wanted: Vec<MessageId> = messages.iter().filter(is_unknown).copied().collect();
                if !wanted.is_empty() {
                    state.tell(from, Note::IWant(wanted), orders);
                }
            }
            Note::IWant(messages) => {
                let kept = messages.into_iter().filter(|&message| state.node(id).has(message));
                orders.extend(kept.map(|message| Order::Copy { to: from, message }));
            }
            Note::IDontWant(message) => state.node(id).note_unwanted(from, message),
        }
    }

    fn wake(&mut self, turn: Turn<'_>, token: u32, orders: &mut Vec<Order>) {
        self.keep_mesh(&turn, orders);
        self.announce(&turn, orders);
        self.state.node(turn.node).shift(self.history_length.get() as usize);
        orders.push(Order::Wake { at: turn.now + self.heartbeat, token });
    }
}

/// Whether the degrees of a mesh go together: `D_low`, `D` and `D_high`, and `D_out`.
pub(in crate::overlay) fn check_degrees([low, d, high]: [u32; 3], out: u32) -> Result<(), String> {
    if !(low <= d && d <= high) {
        return Err(format!("`d_low` <= `d` <= `d_high` must hold, and they are {low}, {d} and {high}"));
    }
    if !(out < low && 2 * out <= d) {
        return Err(format!("`d_out` must be below `d_low` and at most half of `d`, and is {out} with {low} and {d}"));
    }
    Ok(())
}

impl GossipSub {
    // The mesh at a heartbeat.
    fn keep_mesh(&mut self, turn: &Turn<'_>, orders: &mut Vec<Order>) {
        let [d, low, high] = [self.d, self.d_low, self.d_high].map(|d| d.get() as usize);
        let out = self.d_out.get() as usize;
        let (state, id) = (&mut self.state, turn.node);
        state.node(id).forget(turn.now);
        let degree = state.mesh(id).len();
        if degree < low {
            state.graft_some(turn, d.saturating_sub(degree), |_, _| true, orders);
        } else if degree > high {
            let mut kept = state.mesh(id).to_vec();
            state.draw_some(id, &mut kept, degree);
            // Those that the node dialled come first, as many as there are to be.
            let mut dialled = 0;
            kept.sort_by_key(|&other| {
                let is_first = dialled < out && state.has_dialled(id, other);
                dialled += usize::from(is_first);
                !is_first
            });
            for &other in &kept[d.min(degree)..] {
                let node = state.node(id);
                node.prune(other);
                node.back_off(other, turn.now + self.prune_backoff);
                state.tell(other, Note::Prune, orders);
            }
        }
        let dialled = state.mesh(id).iter().filter(|&&other| state.has_dialled(id, other)).count();
        if state.mesh(id).len() >= low && dialled < out {
            state.graft_some(turn, out - dialled, State::has_dialled_in, orders);
        }
    }

    // Messages of the last heartbeats are announced to neighbours outside of the mesh.
    fn announce(&mut self, turn: &Turn<'_>, orders: &mut Vec<Order>) {
        let (state, id) = (&mut self.state, turn.node);
        let mut messages = state.node(id).last(self.history_gossip.get() as usize);
        if messages.is_empty() {
            return;
        }
        messages.truncate(NAMES_MAX);
        let messages: Arc<[MessageId]> = messages.into();
        let mut others = std::mem::take(&mut state.drawn);
        others.clear();
        others.extend(turn.neighbours().filter(|&next| !state.node(id).is_in_mesh(next)));
        let share = (self.gossip_factor.get() * others.len() as f64) as usize;
        state.draw_some(id, &mut others, share.max(self.d_lazy.get() as usize));
        for &to in &others {
            state.tell(to, Note::IHave(Arc::clone(&messages)), orders);
        }
        state.drawn = others;
    }
}

impl State {
    fn node(&mut self, node: u32) -> &mut Node {
        if self.nodes.len() <= node as usize {
            self.nodes.resize_with(node as usize + 1, Node::default);
        }
        &mut self.nodes[node as usize]
    }

    fn mesh(&self, node: u32) -> &[u32] {
        self.nodes.get(node as usize).map_or(&[], |node| &node.mesh)
    }

    // The next draw of a node.
    fn draw(&mut self, node: u32) -> u64 {
        let key = self.key;
        let nth = &mut self.node(node).draws;
        *nth += 1;
        key.directed_nth(node, node, *nth)
    }

    // Leaves so many of some at the most, drawn, in the order of drawing.
    fn draw_some(&mut self, node: u32, some: &mut Vec<u32>, most: usize) {
        let most = most.min(some.len());
        for place in 0..most {
            let other = place + below(self.draw(node), (some.len() - place) as u64) as usize;
            some.swap(place, other);
        }
        some.truncate(most);
    }

    fn has_dialled(&self, node: u32, other: u32) -> bool {
        let is_lower = self.key.undirected(node, other) & 1 == 0;
        is_lower == (node < other)
    }

    fn has_dialled_in(&self, [node, other]: [u32; 2]) -> bool {
        self.has_dialled(node, other)
    }

    // Grafts so many neighbours of a kind at the most.
    fn graft_some(
        &mut self,
        turn: &Turn<'_>,
        most: usize,
        is_such: impl Fn(&Self, [u32; 2]) -> bool,
        orders: &mut Vec<Order>,
    ) {
        let id = turn.node;
        let mut others = std::mem::take(&mut self.drawn);
        others.clear();
        others.extend(turn.neighbours().filter(|&other| {
            let may_be = |node: &Node| !node.is_in_mesh(other) && !node.is_backed_off(other, turn.now);
            self.nodes.get(id as usize).is_none_or(may_be) && is_such(self, [id, other])
        }));
        self.draw_some(id, &mut others, most);
        for &other in &others {
            self.node(id).graft(other);
            self.tell(other, Note::Graft, orders);
        }
        self.drawn = others;
    }

    fn tell(&mut self, to: u32, note: Note, orders: &mut Vec<Order>) {
        let names = match &note {
            Note::Graft | Note::Prune => 0,
            Note::IHave(messages) => messages.len(),
            Note::IWant(messages) => messages.len(),
            Note::IDontWant(_) => 1,
        };
        orders.push(Order::Tell { to, size: self.sizes.place(names), note: self.notes.put(note) });
    }
}

impl Load for GossipSub {
    // A flood over meshes that have as many neighbours as they are to; what is announced and asked for is left out.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let (own, degrees) = (demand.published(|_| true), demand.degrees);
        let all: f64 = own.iter().sum();
        let in_mesh = |degree: u32| f64::from(degree.min(self.d.get()));
        let connected = degrees.iter().filter(|&&degree| degree > 0).count() as f64;
        let onward: f64 = degrees.iter().map(|&degree| (in_mesh(degree) - 1.0).max(0.0)).sum();
        let first_share = if onward > 0.0 { ((connected - 1.0) / onward).min(1.0) } else { 0.0 };
        let of_node = |(own, &degree): (&f64, &u32)| {
            let (mesh, others) = (in_mesh(degree), all - own);
            let onward = (mesh - 1.0).max(0.0);
            let published = if self.flood_publish { f64::from(degree) } else { mesh };
            Traffic { sent: own * published + others * onward, received: others * (mesh - onward * first_share) }
        };
        own.iter().zip(degrees).map(of_node).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lockstep::Lockstep;
    use super::*;

    fn full_mesh(nodes: u32) -> Lockstep<GossipSub> {
        let everybody = vec![(0..nodes).collect()];
        Lockstep::new(&GossipSub::default(), Overlay::new(nodes, &[], everybody))
    }

    #[test]
    fn meshes_are_mutual_and_within_bounds() {
        let mut network = full_mesh(60);
        network.run(SimDuration::from_secs(20));
        let state = &network.rule.state;
        let mut ends = 0;
        for node in 0..60 {
            let mesh = state.mesh(node);
            assert!((5..=12).contains(&mesh.len()), "{node}: {}", mesh.len());
            assert!(mesh.iter().all(|&other| state.mesh(other).contains(&node)), "{node}: {mesh:?}");
            assert!(mesh.iter().filter(|&&other| state.has_dialled(node, other)).count() >= 2, "{node}: {mesh:?}");
            ends += mesh.len();
        }
        assert!((6 * 60..12 * 60).contains(&ends));
    }

    #[test]
    fn a_message_floods_the_mesh() {
        let mut network = full_mesh(60);
        network.rule.flood_publish = false;
        network.run(SimDuration::from_secs(20));
        let ends: usize = (0..60).map(|node| network.rule.state.mesh(node).len()).sum();
        network.publish(7, (0, 0));
        network.run(SimDuration::from_ms(300));
        assert_eq!(network.copies.len(), ends - 59);
        assert_eq!(network.copies.iter().filter(|copy| copy.3).count(), 59);
    }

    #[test]
    fn whoever_publishes_tells_all_neighbours_at_once() {
        let mut network = full_mesh(60);
        network.run(SimDuration::from_secs(5));
        network.publish(7, (0, 0));
        network.run(SimDuration::from_ms(10));
        assert_eq!(network.copies.len(), 59);
    }

    #[test]
    fn what_is_missed_is_asked_for_after_a_heartbeat() {
        let mut network = full_mesh(40);
        network.rule.flood_publish = false;
        network.run(SimDuration::from_secs(10));
        // Nothing comes to node 5 by its mesh; it is the first answer that does.
        network.loses = |_, to, message| to == 5 && message == (0, 0);
        network.publish(0, (0, 0));
        network.run(SimDuration::from_ms(500));
        assert!(!network.delivered.contains_key(&(5, (0, 0))) && network.delivered.len() == 39);
        network.loses = |_, _, _| false;
        network.run(SimDuration::from_ms(2_500));
        let after = network.delivered[&(5, (0, 0))].since(network.delivered[&(0, (0, 0))]);
        assert!(after >= SimDuration::from_ms(500) && after <= SimDuration::from_secs(3), "{after}");
    }

    #[test]
    fn what_is_not_wanted_is_not_sent() {
        let copies = [None, Some(ByteCount::new(1_000))].map(|idontwant| {
            let mut network = full_mesh(60);
            (network.rule.idontwant, network.rule.flood_publish) = (idontwant, false);
            // Long messages take longer than word of them.
            network.copy_takes = SimDuration::from_ms(100);
            network.run(SimDuration::from_secs(20));
            for number in 0..10 {
                network.publish(0, (0, number));
                network.run(SimDuration::from_secs(1));
            }
            assert_eq!(network.delivered.len(), 600);
            network.copies.len()
        });
        // Those who hear over three hops have word from those who hear over two, but for who hears at the same time.
        assert!((copies[1] as f64) < 0.9 * copies[0] as f64, "{copies:?}");
    }

    #[test]
    fn who_was_pruned_stays_out_for_a_while() {
        let mut network = full_mesh(30);
        network.run(SimDuration::from_secs(10));
        let (now, backoff) = (network.now, network.rule.prune_backoff);
        let mesh = network.rule.state.mesh(3).to_vec();
        for &other in &mesh {
            for (one, two) in [(3, other), (other, 3)] {
                let node = network.rule.state.node(one);
                node.prune(two);
                node.back_off(two, now + backoff);
            }
        }
        network.run(SimDuration::from_secs(55));
        let again = network.rule.state.mesh(3);
        assert!(again.len() >= 5 && !again.iter().any(|other| mesh.contains(other)), "{mesh:?} {again:?}");
    }

    #[test]
    fn parameters_have_to_go_together() {
        let of = |text: &str| GossipSub::check(&serde_json::from_str(text).expect("JSON"));
        for (text, problem) in [
            (r#"{ "d": 4 }"#, "`d_low` <= `d` <= `d_high`"),
            (r#"{ "d_high": 5 }"#, "`d_low` <= `d` <= `d_high`"),
            (r#"{ "d_out": 4 }"#, "`d_out` must be below `d_low`"),
            (r#"{ "history_gossip": 6 }"#, "`history_gossip` = 6"),
            (r#"{ "heartbeat": "1 ms" }"#, "`heartbeat` = \"1 ms\" is below 10 ms"),
        ] {
            assert!(of(text).expect_err(text).starts_with(problem), "{text}: {:?}", of(text));
        }
        assert_eq!(of("{}"), Ok(()));
    }
}
