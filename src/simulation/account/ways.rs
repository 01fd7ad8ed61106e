//! The ways of messages through the overlay: hops, detours, and who sends how many copies.
//!
//! They are walked once for some sources, apart from all queues, so messages take no longer for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::metrics::{MetricId, MetricValues, Spread};
use crate::overlay::analysis;
use crate::overlay::workload::Role;
use crate::simulation::control::connect::Connected;
use crate::simulation::prepared::Prepared;
use crate::units::SimTime;

/// Most sources that are followed, evenly among all.
const SOURCES_MAX: usize = 16;
/// Most nodes and connections that are walked for all of them together; nothing is told of larger overlays.
const STEPS_MAX: u64 = 500_000;

/// What is known of the ways of messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    // Of each source and receiver that the overlay leads to.
    hops: Vec<u32>,
    stretch: Vec<f64>,
    // Of each source the copies of a message that the busiest access link of a peer sends.
    stress: Vec<u32>,
    // Last hops that a server sends; unknown where a message may come by several ways.
    from_servers: Option<u64>,
    diameter: Option<u32>,
    vertex_cut: Option<u32>,
}

/// How nodes pass messages on, as far as ways follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) enum Spreading {
    /// Every node gets a message once, by one way.
    Once,
    /// Over all connections, so that the first copy comes by the fewest hops if all of them took as long.
    OverAll,
    /// As the rule tells, if it knows before.
    Told,
}

impl Ways {
    /// Over the connections that open.
    pub(in crate::simulation) fn of(prepared: &Prepared, connected: &Connected, spreading: Spreading) -> Self {
        let overlay = &prepared.overlay;
        let mut ways = Self {
            diameter: analysis::diameter(overlay),
            vertex_cut: analysis::smallest_vertex_cut(overlay),
            from_servers: (spreading == Spreading::Once || overlay.nodes() == prepared.world.peers()).then_some(0),
            ..Self::default()
        };
        // A flood is walked twice, by hops and by delays, and a search by delays takes as long as three by hops.
        let once = overlay.slots() as u64 + overlay.block_members().len() as u64;
        let steps = u64::from(overlay.nodes())
            + match spreading {
                Spreading::Once => once,
                // The tree is searched for first.
                Spreading::Told => 3 * once,
                Spreading::OverAll => 8 * overlay.connections(),
            };
        let mut flows: Vec<(u32, u32)> = (prepared.flows.iter())
            .filter(|flow| flow.role != Role::Response)
            .map(|flow| (flow.source, flow.audience))
            .collect();
        flows.sort_unstable();
        flows.dedup();
        let some = flows.len().min(SOURCES_MAX).min((STEPS_MAX / steps.max(1)) as usize);
        for nth in 0..some {
            let flow = flows[nth * flows.len() / some];
            let told = match spreading {
                Spreading::Told => prepared.load.hops(overlay, &prepared.audiences, flow),
                Spreading::Once | Spreading::OverAll => Some(Vec::new()),
            };
            // By chance, or by what nodes know only then.
            let Some(told) = told else { return ways };
            if spreading == Spreading::Told {
                ways.from_servers.get_or_insert(0);
            }
            let walk = Walk { prepared, connected, flow, told };
            walk.run(spreading, &mut ways);
            if spreading == Spreading::OverAll {
                walk.soonest(&mut ways);
            }
        }
        ways
    }

    /// Sets the metrics.
    pub(in crate::simulation) fn set(&self, values: &mut MetricValues) {
        let mut set = |id, value: Option<f64>| values.set(id, value.unwrap_or(f64::NAN));
        let mean = |values: &[u32]| {
            let sum: u64 = values.iter().map(|&value| u64::from(value)).sum();
            (!values.is_empty()).then(|| sum as f64 / values.len() as f64)
        };
        set(MetricId::Depth, self.hops.iter().max().map(|&hops| f64::from(hops)));
        set(MetricId::PathHops, mean(&self.hops));
        set(MetricId::Diameter, self.diameter.map(f64::from));
        set(MetricId::VertexCut, self.vertex_cut.map(f64::from));
        set(MetricId::LinkStress, mean(&self.stress));
        let stretch = (!self.stretch.is_empty()).then(|| Spread::of(self.stretch.clone()));
        set(MetricId::StretchMean, stretch.as_ref().map(|stretch| stretch.mean));
        set(MetricId::StretchP95, stretch.as_ref().map(|stretch| stretch.percentile(95)));
        let offload = |from_servers: u64| 100.0 * (1.0 - from_servers as f64 / self.hops.len() as f64);
        set(MetricId::ServerOffload, self.from_servers.filter(|_| !self.hops.is_empty()).map(offload));
    }
}

// The messages of one source for one audience.
struct Walk<'a> {
    prepared: &'a Prepared,
    connected: &'a Connected,
    flow: (u32, u32),
    // The hops that the rule tells of, by sender.
    told: Vec<(u32, u32)>,
}

#[derive(Clone, Copy)]
struct Reached {
    node: u32,
    from: Option<u32>,
    hops: u32,
    delay_ns: u64,
}

impl Walk<'_> {
    fn run(&self, spreading: Spreading, ways: &mut Ways) {
        let Prepared { world, overlay, audiences, .. } = self.prepared;
        let (source, audience) = self.flow;
        let mut known = vec![false; overlay.nodes() as usize];
        known[source as usize] = true;
        let mut pending = VecDeque::from([Reached { node: source, from: None, hops: 0, delay_ns: 0 }]);
        let mut stress = 0;
        while let Some(at) = pending.pop_front() {
            let mut copies = 0;
            let mut copy = |next: u32| {
                let Some(delay_ns) = self.hop_ns(at.node, next) else { return };
                copies += 1;
                if std::mem::replace(&mut known[next as usize], true) {
                    return;
                }
                let reached =
                    Reached { node: next, from: Some(at.node), hops: at.hops + 1, delay_ns: at.delay_ns + delay_ns };
                if next < world.peers() && audiences.includes(audience, next) {
                    self.arrive(reached, ways);
                    if spreading != Spreading::OverAll {
                        self.stretch(next, reached.delay_ns, ways);
                    }
                }
                pending.push_back(reached);
            };
            match spreading {
                Spreading::Once => audiences.next_hops(overlay, audience, at.node, at.from).for_each(&mut copy),
                Spreading::OverAll => {
                    overlay.next_hops(at.node, None).filter(|&next| Some(next) != at.from).for_each(&mut copy);
                }
                Spreading::Told => {
                    let first = self.told.partition_point(|&(from, _)| from < at.node);
                    let own = self.told[first..].iter().take_while(|&&(from, _)| from == at.node);
                    own.for_each(|&(_, next)| copy(next));
                }
            }
            if at.node < world.peers() {
                stress = stress.max(copies);
            }
        }
        ways.stress.push(stress);
    }

    // The message comes to a peer that it is for.
    fn arrive(&self, reached: Reached, ways: &mut Ways) {
        let world = &self.prepared.world;
        ways.hops.push(reached.hops);
        if let Some(from_servers) = &mut ways.from_servers {
            *from_servers += u64::from(reached.from.is_some_and(|from| from >= world.peers()));
        }
    }

    // Where every connection is used the first copy comes by the fastest way, and that need not be the one of fewest hops:
    // Dijkstra's search.
    fn soonest(&self, ways: &mut Ways) {
        let Prepared { world, overlay, audiences, .. } = self.prepared;
        let (source, audience) = self.flow;
        let mut known = vec![false; overlay.nodes() as usize];
        let mut pending = BinaryHeap::from([Reverse((0, source))]);
        while let Some(Reverse((delay_ns, node))) = pending.pop() {
            if std::mem::replace(&mut known[node as usize], true) {
                continue;
            }
            if node != source && node < world.peers() && audiences.includes(audience, node) {
                self.stretch(node, delay_ns, ways);
            }
            let later = |next: u32| Some(Reverse((delay_ns + self.hop_ns(node, next)?, next)));
            pending.extend(overlay.next_hops(node, None).filter(|&next| !known[next as usize]).filter_map(later));
        }
    }

    fn stretch(&self, receiver: u32, delay_ns: u64, ways: &mut Ways) {
        let direct = self.prepared.world.paths_from(self.flow.0).to(receiver);
        if let Some(direct) = direct.filter(|path| path.delay_ns > 0) {
            ways.stretch.push(delay_ns as f64 / direct.delay_ns as f64);
        }
    }

    // How long a hop takes without queues, if its connection opens.
    fn hop_ns(&self, from: u32, to: u32) -> Option<u64> {
        let kept = self.connected.between(&self.prepared.overlay, from, to);
        if kept.at() == SimTime::MAX {
            return None;
        }
        let paths = self.prepared.world.paths_from(from);
        let path = match kept.relay(from, to) {
            Some(relay) => paths.through(to, relay),
            None => paths.to(to)?,
        };
        Some(path.delay_ns)
    }
}
