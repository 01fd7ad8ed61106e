//! Swarm as WebTorrent's tracker makes it: every peer hands in a few offers, and the tracker gives them to peers drawn at
//! random.
//!
//! The rules of bittorrent-tracker (`lib/client/websocket-tracker.js`, `lib/server/swarm.js`, `server.js`, commit 8c94cf76).
//! An announce carries `min(numwant, 5)` offers, and the tracker gives one each to as many other peers of the swarm, all
//! equally likely. Clients announce as they join, and every two minutes from then on. The tracker remembers the 1,000 peers
//! that have announced last, and nobody else gets offers. A client destroys what connects it to a peer that it is connected to
//! already (`lib/torrent.js` of WebTorrent, commit c1686751).
//!
//! Peers join in the order of their numbers. `announces` says how many rounds of announces have passed, the first included.
//! Nobody has more than `max_connections`; WebTorrent calls it `maxConns`, 55 a torrent. In the commit that was read it holds
//! back only TCP, and a swarm of browsers goes on growing: a large `max_connections` is that. Peers that the rule leaves
//! without any connection stay so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::links::{Links, sample};
use super::{Shape, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<Webtorrent>(
    "webtorrent",
    "a swarm of WebTorrent: a tracker gives offers of each peer to peers drawn at random",
);

/// A swarm of WebTorrent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Webtorrent {
    /// Offers of an announce.
    #[serde(default = "default_offers")]
    offers: Bounded<1, 82>,
    /// How often each peer has announced itself: as it joins, and every two minutes.
    #[serde(default = "default_announces")]
    announces: Bounded<1, 1_000>,
    /// Most connections of a peer.
    #[serde(default = "default_max_connections")]
    max_connections: Bounded<1, 1_000_000>,
    /// How many peers the tracker remembers: those that have announced last.
    #[serde(default = "default_remembered")]
    remembered: Bounded<2, 1_000_000>,
}

fn default_offers() -> Bounded<1, 82> {
    Bounded::new(5).expect("invariant: five is in range")
}

fn default_announces() -> Bounded<1, 1_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

fn default_max_connections() -> Bounded<1, 1_000_000> {
    Bounded::new(55).expect("invariant: 55 is in range")
}

fn default_remembered() -> Bounded<2, 1_000_000> {
    Bounded::new(1_000).expect("invariant: a thousand is in range")
}

impl Topology for Webtorrent {
    fn label(&self) -> String {
        let mut label = format!("{} offers={} announces={}", ENTRY.kind, self.offers, self.announces);
        if self.max_connections != default_max_connections() {
            label += &format!(" max_connections={}", self.max_connections);
        }
        if self.remembered != default_remembered() {
            label += &format!(" remembered={}", self.remembered);
        }
        label
    }

    fn shape(&self, peers: u32) -> Shape {
        let offers = self.offers.get().saturating_mul(self.announces.get());
        Shape::dialled(peers, offers.min(self.max_connections.get().div_ceil(2)))
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let pairs = self.swarm(context.world.peers(), stream);
        Overlay::new(context.world.nodes(), &pairs, Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

impl Webtorrent {
    /// The pairs, those whose offers they are first.
    fn swarm(&self, peers: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
        let most = self.max_connections.get() as usize;
        let mut links = Links::new(peers as usize);
        let mut pairs = Vec::new();
        for announce in 0..u64::from(peers) * u64::from(self.announces.get()) {
            let peer = (announce % u64::from(peers)) as u32;
            // Announces come in turn, so that those before this one are of as many other peers.
            let others = announce.min(u64::from(self.remembered.get().min(peers)) - 1);
            for back in sample(stream, others as u32, self.offers.get()) {
                let other = ((announce - 1 - u64::from(back)) % u64::from(peers)) as u32;
                let has_room = links.degree(peer) < most && links.degree(other) < most;
                if has_room && links.add((peer, other)) {
                    pairs.push((peer, other));
                }
            }
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    fn swarm(peers: u32, announces: u32, max_connections: u32, seed: u64) -> Overlay {
        let rule = Webtorrent {
            offers: default_offers(),
            announces: Bounded::new(announces).expect("in range"),
            max_connections: Bounded::new(max_connections).expect("in range"),
            remembered: default_remembered(),
        };
        let mut stream = Streams::new(Seed(seed)).stream(Domain::Topology, 0);
        Overlay::new(peers, &rule.swarm(peers, &mut stream), Vec::new())
    }

    /// Who joins has five connections. Who was there gets `5 / i` from newcomer `i`: `5 (1 + ln(n / i))` in the end.
    #[test]
    fn who_came_first_has_most_connections() {
        let swarms: Vec<Overlay> = (0..40).map(|seed| swarm(1_000, 1, 1_000, seed)).collect();
        for peer in [50_u32, 200, 800] {
            let told = 5.0 * (1.0 + (1_000.0 / f64::from(peer)).ln());
            let of_peers = |overlay: &Overlay| (peer - 20..peer + 20).map(|peer| overlay.degree(peer)).sum::<u32>();
            let found = f64::from(swarms.iter().map(of_peers).sum::<u32>()) / 40.0 / 40.0;
            assert!((found / told - 1.0).abs() < 0.03, "{peer}: {found} instead of {told}");
        }
    }

    /// Each further announce adds ten, until the limit binds.
    #[test]
    fn announces_fill_the_swarm_up_to_its_limit() {
        let mean = |overlay: &Overlay| 2.0 * overlay.connections() as f64 / f64::from(overlay.nodes());
        let [first, second] = [1, 2].map(|announces| mean(&swarm(5_000, announces, 1_000, 1)));
        assert!((first - 10.0).abs() < 0.2 && (second - 20.0).abs() < 0.4, "{first} and {second}");
        let full = swarm(5_000, 20, 55, 1);
        assert!((0..5_000).all(|peer| full.degree(peer) <= 55) && mean(&full) > 54.0);
    }

    #[test]
    fn only_those_who_announced_last_get_offers() {
        let overlay = swarm(5_000, 1, 55, 1);
        for (a, b) in overlay.pairs_in_order() {
            assert!(a.abs_diff(b) < 1_000);
        }
    }
}
