//! Drawing a graph with given degrees that connects all.

use rand::RngExt;

use super::graph::Graph;
use crate::optimiser::instance::Delays;
use crate::rng::Stream;

/// So many others are looked at for a near neighbour.
const LOOKED_AT: u32 = 64;
/// So often for each peer parts are joined, or ends that are left over, before it is given up.
const TRIES: usize = 64;

/// A graph in which no peer has more neighbours than its degree, `near` percent of which are near.
pub(super) fn draw(delays: &Delays, degrees: &[u32], near: u32, stream: &mut Stream) -> Graph {
    let peers = degrees.len() as u32;
    let mut graph = Graph::new(degrees.len());
    let degree = |peer: u32| degrees[peer as usize].min(peers - 1);
    let has_free = |graph: &Graph, peer: u32| (graph.neighbours[peer as usize].len() as u32) < degree(peer);
    let fits = |graph: &Graph, a: u32, b: u32| {
        a != b && has_free(graph, b) && !graph.is_joined(a, b) && delays.hop(a, b).delay_us().is_some()
    };
    if near > 0 {
        for peer in 0..peers {
            while graph.neighbours[peer as usize].len() as u32 * 100 < degree(peer) * near {
                let others =
                    (0..LOOKED_AT).map(|_| stream.random_range(0..peers)).filter(|&other| fits(&graph, peer, other));
                let Some(nearest) = others.min_by_key(|&other| (delays.hop(peer, other).delay_us(), other)) else {
                    break;
                };
                graph.join(peer, nearest);
            }
        }
    }
    // Free ends in random order, two by two.
    let mut ends: Vec<u32> = (0..peers)
        .flat_map(|peer| vec![peer; (degree(peer) as usize).saturating_sub(graph.neighbours[peer as usize].len())])
        .collect();
    for place in (1..ends.len()).rev() {
        ends.swap(place, stream.random_range(0..=place));
    }
    let mut left = Vec::new();
    while let Some(end) = ends.pop() {
        match ends.iter().rposition(|&other| fits(&graph, end, other)) {
            Some(place) => {
                let other = ends.swap_remove(place);
                graph.join(end, other);
            }
            None => left.push(end),
        }
    }
    place(delays, &mut graph, left, stream);
    connect(delays, &mut graph, stream);
    graph
}

// Two ends that are left over go into a connection: `a-b` becomes `a-one` and `b-other`.
fn place(delays: &Delays, graph: &mut Graph, mut left: Vec<u32>, stream: &mut Stream) {
    while let (Some(one), Some(other)) = (left.pop(), left.pop()) {
        for _ in 0..TRIES * graph.neighbours.len().min(TRIES) {
            if graph.edges.is_empty() {
                return;
            }
            let at = stream.random_range(0..graph.edges.len());
            let [a, b] = graph.edges[at];
            let fits = |end: u32, peer: u32| {
                end != peer && !graph.is_joined(end, peer) && delays.hop(end, peer).delay_us().is_some()
            };
            if [a, b].contains(&one) || [a, b].contains(&other) || !fits(a, one) || !fits(b, other) {
                continue;
            }
            graph.edges.swap_remove(at);
            graph.neighbours[a as usize].retain(|&peer| peer != b);
            graph.neighbours[b as usize].retain(|&peer| peer != a);
            graph.join(a, one);
            graph.join(b, other);
            break;
        }
    }
}

// Connections of two parts are switched as long as that leaves fewer parts.
fn connect(delays: &Delays, graph: &mut Graph, stream: &mut Stream) {
    let (mut part_of, mut parts) = graph.parts();
    for _ in 0..TRIES * graph.neighbours.len() {
        if parts == 1 || graph.edges.len() < 2 {
            return;
        }
        let places = [stream.random_range(0..graph.edges.len()), stream.random_range(0..graph.edges.len())];
        let [one, other] = places.map(|place| part_of[graph.edges[place][0] as usize]);
        if one == other {
            continue;
        }
        let Some(switch) = graph.switch(delays, places, stream.random_range(0..2) == 1) else { continue };
        let (now_of, now) = graph.parts();
        if now < parts {
            (part_of, parts) = (now_of, now);
        } else {
            graph.undo(&switch);
        }
    }
}
