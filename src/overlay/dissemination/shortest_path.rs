//! Shortest paths: every message follows the tree of shortest paths from its publisher, pruned to the branches that lead
//! to its audience.
//!
//! Link-state multicast as MOSPF does it (Moy, "Multicast Extensions to OSPF", RFC 1584, 1994): whoever knows the overlay
//! and the audience works out the same tree for each source, so that a message comes to a node once at most, whatever
//! rings there are. To an audience of one that is link-state routing, of requests and of answers; an answer takes the
//! tree of who answers. Ways are shortest in hops.
//!
//! Among ways of equal length MOSPF takes the router of the highest number, for all sources the same one. Here a hash of
//! the source and the two ends decides ([`tree`]): numbers of nodes say in which order overlays were built, and equal
//! ways of different sources spread over the nodes. A tree is made when its source first publishes, and kept.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::tree::{Search, Tree};
use super::parameters::NoParameters;
use super::{Demand, Dissemination, Load, Passing, Traffic};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::Streams;

mod tree;

/// Shortest paths.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "NoParameters", into = "NoParameters")]
#[schemars(with = "NoParameters")]
pub struct ShortestPath {
    trees: Vec<Tree>,
    // Which tree is that of a source to an audience, and of a flow.
    by_source: BTreeMap<(u32, u32), u32>,
    by_flow: Vec<u32>,
    search: Search,
}

impl From<NoParameters> for ShortestPath {
    fn from(_: NoParameters) -> Self {
        Self::default()
    }
}

impl From<ShortestPath> for NoParameters {
    fn from(_: ShortestPath) -> Self {
        Self {}
    }
}

/// Of a flow that has not published.
const UNHEARD: u32 = u32::MAX;

impl Dissemination for ShortestPath {
    const EXACTLY_ONCE: bool = false;
    const TAKES_RINGS: bool = true;
    /// One word for each node that a tree comes to, and two for each that passes on.
    const KEPT_BYTES: f64 = 8.0;

    fn begin(&self, _: Streams) -> Self {
        Self::default()
    }

    fn forward(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, audience, flow, .. } = passing;
        if from.is_none() && self.by_flow.get(flow as usize).is_none_or(|&tree| tree == UNHEARD) {
            self.plan(overlay, audiences, flow, (node, audience));
        }
        let tree = self.by_flow.get(flow as usize).and_then(|&tree| self.trees.get(tree as usize));
        out.extend_from_slice(tree.map_or(&[], |tree| tree.children(node)));
    }
}

impl ShortestPath {
    // A flow of this source publishes for the first time.
    #[cold]
    fn plan(&mut self, overlay: &Overlay, audiences: &Audiences, flow: u32, to: (u32, u32)) {
        let Self { trees, by_source, by_flow, search } = self;
        let tree = *by_source.entry(to).or_insert_with(|| {
            trees.push(search.tree(overlay, audiences, to));
            trees.len() as u32 - 1
        });
        if by_flow.len() <= flow as usize {
            by_flow.resize(flow as usize + 1, UNHEARD);
        }
        by_flow[flow as usize] = tree;
    }
}

impl Load for ShortestPath {
    // Exact, but for connections that never open.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let Demand { overlay, audiences, flows, degrees, .. } = demand;
        let mut rates = BTreeMap::<(u32, u32), f64>::new();
        for flow in flows {
            *rates.entry((flow.source, flow.audience)).or_default() += demand.rate(flow);
        }
        let mut traffic = vec![Traffic::default(); degrees.len()];
        let mut search = Search::default();
        for (to, rate) in rates {
            for (node, children) in search.tree(overlay, audiences, to).all() {
                traffic[node as usize].sent += rate * children.len() as f64;
                for &child in children {
                    traffic[child as usize].received += rate;
                }
            }
        }
        traffic
    }

    fn hops(&self, overlay: &Overlay, audiences: &Audiences, to: (u32, u32)) -> Option<Vec<(u32, u32)>> {
        let tree = Search::default().tree(overlay, audiences, to);
        Some(tree.all().flat_map(|(node, children)| children.iter().map(move |&child| (node, child))).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use petgraph::algo::dijkstra;
    use petgraph::graph::NodeIndex;
    use proptest::prelude::*;

    use super::*;
    use crate::overlay::audience::{ALL, tests::overlays};
    use crate::overlay::dissemination::Horizon;
    use crate::overlay::workload::{Arrivals, Channel, Flow, Part, Role};
    use crate::units::{ByteCount, SimDuration, SimTime};

    type Copy = (u32, u32);

    /// The copies of a message that a rule orders: from, to; in the order in which nodes are come to.
    fn copies(rule: &mut impl Dissemination, overlay: &Overlay, audiences: &Audiences, to: (u32, u32)) -> Vec<Copy> {
        let (source, audience) = to;
        let (mut copies, mut pending) = (Vec::new(), vec![(source, None)]);
        while let Some((node, from)) = pending.pop() {
            let mut hops = Vec::new();
            let passing = Passing { node, from, audience, flow: source, number: 0 };
            rule.forward(overlay, audiences, passing, &mut hops);
            copies.extend(hops.iter().map(|&next| (node, next)));
            pending.extend(hops.into_iter().map(|next| (next, Some(node))));
            assert!(copies.len() < 10_000, "it runs in rings");
        }
        copies
    }

    fn distances(overlay: &Overlay, source: u32) -> BTreeMap<u32, u32> {
        let ways = dijkstra(&overlay.to_petgraph(), NodeIndex::new(source as usize), None, |_| 1);
        ways.into_iter().map(|(node, hops)| (node.index() as u32, hops)).collect()
    }

    /// Any pairs and blocks among 30 nodes, rings and all, none connected twice; and some nodes.
    fn rings() -> impl Strategy<Value = (Overlay, Vec<u32>, u32)> {
        let nodes = 30_u32;
        let pairs = proptest::collection::vec((0..nodes, 0..nodes), 10..80);
        let block = proptest::sample::subsequence((0..nodes).collect::<Vec<u32>>(), 0..10);
        let members = proptest::sample::subsequence((0..nodes).collect::<Vec<u32>>(), 0..12);
        (pairs, block, members, 0..nodes).prop_map(move |(pairs, block, members, source)| {
            let pairs: BTreeSet<Copy> = pairs.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
            let is_new = |&(a, b): &Copy| a != b && !(block.contains(&a) && block.contains(&b));
            let pairs: Vec<Copy> = pairs.into_iter().filter(is_new).collect();
            (Overlay::new(nodes, &pairs, vec![block]), members, source)
        })
    }

    proptest! {
        #[test]
        fn without_rings_it_sends_what_split_horizon_sends((overlay, members, source) in overlays()) {
            let audiences = Audiences::new(&overlay, &[members]);
            for audience in [ALL, 0] {
                let by_horizon = copies(&mut Horizon, &overlay, &audiences, (source, audience));
                let rule = &mut ShortestPath::default();
                prop_assert_eq!(copies(rule, &overlay, &audiences, (source, audience)), by_horizon);
            }
        }

        #[test]
        fn everybody_is_come_to_once_and_by_a_shortest_way((overlay, _, source) in rings()) {
            let wanted = distances(&overlay, source);
            let mut hops = BTreeMap::from([(source, 0)]);
            for (from, to) in copies(&mut ShortestPath::default(), &overlay, &Audiences::default(), (source, ALL)) {
                prop_assert!(overlay.next_hops(from, None).any(|next| next == to));
                prop_assert!(hops.insert(to, hops[&from] + 1).is_none(), "{} twice", to);
            }
            prop_assert_eq!(hops, wanted);
        }

        #[test]
        fn an_audience_takes_no_copy_that_leads_to_nobody((overlay, members, source) in rings()) {
            let audiences = Audiences::new(&overlay, std::slice::from_ref(&members));
            let mut rule = ShortestPath::default();
            let copies = copies(&mut rule, &overlay, &audiences, (source, 0));
            let (wanted, senders) = (distances(&overlay, source), copies.iter().map(|copy| copy.0).collect::<Vec<_>>());
            let reached: BTreeSet<u32> = copies.iter().map(|copy| copy.1).collect();
            prop_assert_eq!(reached.len(), copies.len());
            for member in members.iter().filter(|&&member| member != source) {
                prop_assert_eq!(reached.contains(member), wanted.contains_key(member));
            }
            // Branches end at members.
            prop_assert!(reached.iter().all(|node| senders.contains(node) || members.contains(node)));
        }

        #[test]
        fn one_receiver_takes_as_many_copies_as_it_is_hops_away((overlay, members, source) in rings()) {
            let audiences = Audiences::new(&overlay, &members.iter().map(|&member| vec![member]).collect::<Vec<_>>());
            for (&member, audience) in members.iter().zip(0..) {
                let copies = copies(&mut ShortestPath::default(), &overlay, &audiences, (source, audience));
                let hops = distances(&overlay, source).get(&member).copied().unwrap_or(0);
                prop_assert_eq!(copies.len(), hops as usize);
            }
        }

        #[test]
        fn as_much_is_sent_as_copies_are_counted((overlay, members, _) in rings()) {
            let audiences = Audiences::new(&overlay, &[members]);
            let flow = |source: u32| Flow {
                id: 0,
                source,
                audience: if source.is_multiple_of(3) { 0 } else { ALL },
                arrivals: Arrivals::Periodic,
                start: SimTime::ZERO,
                period: SimDuration::from_ms(1_000 / (1 << (source % 4))),
                times: None,
                size: ByteCount::new(1),
                channel: Channel::Reliable,
                role: Role::Message,
                part: Part::WHOLE,
            };
            let flows: Vec<Flow> = (0..overlay.nodes()).map(flow).collect();
            let degrees: Vec<u32> = (0..overlay.nodes()).map(|node| overlay.degree(node)).collect();
            let demand =
                Demand { overlay: &overlay, audiences: &audiences, flows: &flows, degrees: &degrees, each: &|_| 1.0 };
            let mut counted = vec![Traffic::default(); overlay.nodes() as usize];
            let mut rule = ShortestPath::default();
            for flow in &flows {
                for (from, to) in copies(&mut rule, &overlay, &audiences, (flow.source, flow.audience)) {
                    counted[from as usize].sent += demand.rate(flow);
                    counted[to as usize].received += demand.rate(flow);
                }
            }
            prop_assert_eq!(ShortestPath::default().load(demand), counted);
        }
    }

    #[test]
    fn equal_ways_are_shared_out_and_hang_on_no_order() {
        // A hundred sources, each of which has a way over each of four others to the same receiver.
        let pairs: Vec<Copy> = (0..100)
            .flat_map(|source| (100..104).map(move |middle| (source, middle)))
            .chain((100..104).map(|middle| (middle, 104)))
            .collect();
        let turned: Vec<Copy> = pairs.iter().rev().copied().collect();
        let by = [pairs, turned].map(|pairs| {
            let overlay = Overlay::new(105, &pairs, Vec::new());
            let audiences = Audiences::new(&overlay, &[vec![104]]);
            let mut rule = ShortestPath::default();
            let way = |source: u32| copies(&mut rule, &overlay, &audiences, (source, 0))[0].1;
            (0..100).map(way).collect::<Vec<u32>>()
        });
        assert_eq!(by[0], by[1]);
        for middle in 100..104 {
            let ways = by[0].iter().filter(|&&way| way == middle).count();
            assert!((13..=37).contains(&ways), "{middle}: {ways}");
        }
    }

    #[test]
    fn flows_of_one_source_share_its_tree() {
        let overlay = Overlay::new(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)], Vec::new());
        let mut rule = ShortestPath::default();
        for flow in [7, 2, 7, 3] {
            let passing = Passing { node: 0, from: None, audience: ALL, flow, number: 0 };
            let mut hops = Vec::new();
            rule.forward(&overlay, &Audiences::default(), passing, &mut hops);
            assert_eq!(hops, [1, 4]);
        }
        assert_eq!(rule.trees.len(), 1);
    }
}
