//! Partial mesh as y-webrtc builds it: whoever joins is dialled by everybody present who has fewer connections than its own
//! limit.
//!
//! The rule of y-webrtc (`src/y-webrtc.js`, commit c411f1d7). Each peer draws its limit once, `max_conns + floor(spread *
//! rand)`, 20 and 15 unless told otherwise. Who joins a room announces itself to all in it, once. Each of them dials the
//! newcomer if its connections are fewer than its limit; the newcomer accepts every offer, so that the limit binds who dials,
//! and nobody else. Peers join in the order of their numbers, and each before the next. Nobody announces itself again, since
//! that is done only when a connection closes.
//!
//! So the first peers form a full mesh; as they reach their limits, they stop dialling, and newcomers meet only those who came
//! shortly before them. The room becomes a chain of cliques, whose length grows with the number of peers. With a `spread` of
//! zero or one, all stop at once: cliques without any connection between them. No connection is added to mend that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::links::draw;
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<YWebrtc>("y-webrtc", "a room of y-webrtc: all who are below their limits dial whoever joins");

/// A room of y-webrtc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct YWebrtc {
    /// The least limit of a peer: with as many connections it stops dialling.
    #[serde(default = "default_max_conns")]
    max_conns: Bounded<1, 10_000>,
    /// From how many values, beginning at `max_conns`, each peer draws its limit; without, and with one, all have the same.
    #[serde(default = "default_spread")]
    spread: Bounded<0, 10_000>,
}

fn default_max_conns() -> Bounded<1, 10_000> {
    Bounded::new(20).expect("invariant: twenty is in range")
}

fn default_spread() -> Bounded<0, 10_000> {
    Bounded::new(15).expect("invariant: fifteen is in range")
}

impl Topology for YWebrtc {
    fn label(&self) -> String {
        format!("{} max_conns={} spread={}", ENTRY.kind, self.max_conns, self.spread)
    }

    fn shape(&self, peers: u32) -> Shape {
        // Peers end with as many as their limits.
        let ends = u64::from(2 * self.max_conns.get() + self.spread.get().saturating_sub(1));
        let count = u64::from(peers);
        let tree = (count * ends / 4).min(count * count.saturating_sub(1) / 2);
        let fan = u32::try_from(ends / 2).unwrap_or(u32::MAX).min(peers).saturating_sub(1);
        Shape { tree, core: 0, spread: Spread::Levels(fan.max(1)) }
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let pairs = joined(context.world.peers(), self.max_conns.get(), self.spread.get(), stream);
        Overlay::new(context.world.nodes(), &pairs, Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

/// The pairs, those who dial first, in the order in which they dial.
fn joined(peers: u32, max_conns: u32, spread: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    // Who still dials, and how often.
    let mut dialling: Vec<(u32, u32)> = Vec::new();
    for newcomer in 0..peers {
        let limit = max_conns + if spread > 0 { draw(stream, spread) } else { 0 };
        let accepted = dialling.len() as u32;
        for (peer, left) in &mut dialling {
            pairs.push((*peer, newcomer));
            *left -= 1;
        }
        dialling.retain(|&(_, left)| left > 0);
        if accepted < limit {
            dialling.push((newcomer, limit - accepted));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    fn room(peers: u32, max_conns: u32, spread: u32, seed: u64) -> Overlay {
        let mut stream = Streams::new(Seed(seed)).stream(Domain::Topology, 0);
        Overlay::new(peers, &joined(peers, max_conns, spread, &mut stream), Vec::new())
    }

    // The most hops from a node.
    fn hops_from(overlay: &Overlay, node: u32) -> u32 {
        let graph = overlay.to_petgraph();
        let hops = petgraph::algo::dijkstra(&graph, node.into(), None, |_| 1);
        hops.into_values().max().unwrap_or_default()
    }

    /// A full mesh as long as nobody has reached its limit; then a chain that is ten times as long for ten times as many.
    #[test]
    fn a_room_is_a_chain_of_cliques() {
        assert_eq!(room(21, 20, 15, 1).connections(), 21 * 20 / 2);
        for seed in 0..5 {
            let [short, long] = [500, 5_000].map(|peers| hops_from(&room(peers, 20, 15, seed), 0));
            assert!(short > 10 && long > 8 * short && long < 12 * short, "{short} and {long} hops");
        }
    }

    /// Peers who dial stop at their limits. Who is dialled accepts whatever comes.
    #[test]
    fn limits_bind_those_who_dial_only() {
        let mut stream = Streams::new(Seed(3)).stream(Domain::Topology, 0);
        let pairs = joined(5_000, 20, 15, &mut stream);
        let (mut connections, mut has_dialled_at) = (vec![0_u32; 5_000], vec![0_u32; 5_000]);
        for (from, to) in pairs {
            connections[from as usize] += 1;
            connections[to as usize] += 1;
            has_dialled_at[from as usize] = connections[from as usize];
        }
        assert_eq!(has_dialled_at.iter().max(), Some(&34));
        // Limits are 27 on average; a few at the end are still below theirs.
        let mean = f64::from(connections.iter().sum::<u32>()) / 5_000.0;
        assert!((mean - 27.0).abs() < 0.5, "{mean}");
    }

    /// Where all have one limit, a room falls into cliques of one peer more.
    #[test]
    fn without_spread_cliques_are_alone() {
        let overlay = room(210, 20, 0, 1);
        assert_eq!(petgraph::algo::connected_components(&overlay.to_petgraph()), 10);
        assert!((0..210).all(|peer| overlay.degree(peer) == 20));
    }
}
