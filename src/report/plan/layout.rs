//! Where the nodes of a drawing stand: a pure function of the overlay, without chance.
//!
//! Overlays without rings grow outward from their centre, level by level, each branch in a sector as wide as it has
//! leaves. Others are laid out as springs (Fruchterman and Reingold, "Graph Drawing by Force-directed Placement",
//! Software: Practice and Experience 21(11), 1991), from a circle in the order of their numbers; from some hundred nodes
//! on they stay there.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use crate::overlay::Overlay;

/// Most nodes that springs pull on.
const SPRING_NODES_MAX: u32 = 400;
const SPRING_ROUNDS: u32 = 400;

/// A place in a drawing; the centre is at zero, the edge at one.
pub(super) type Spot = [f64; 2];

/// The places of all nodes; on a circle where a ring is asked for.
pub(super) fn places(overlay: &Overlay, as_ring: bool) -> Vec<Spot> {
    if overlay.nodes() == 1 {
        return vec![[0.0; 2]];
    }
    if !overlay.has_ring()
        && let Some(places) = radial(overlay)
    {
        return places;
    }
    let around = circle(overlay.nodes());
    if as_ring || overlay.nodes() > SPRING_NODES_MAX { around } else { fitted(&springs(overlay, around)) }
}

fn circle(nodes: u32) -> Vec<Spot> {
    (0..nodes).map(|node| polar(1.0, TAU * f64::from(node) / f64::from(nodes))).collect()
}

// From the top, clockwise.
fn polar(radius: f64, angle: f64) -> Spot {
    [radius * libm::sin(angle), -radius * libm::cos(angle)]
}

// A node that waits for its place.
struct Branch {
    node: u32,
    from: Option<u32>,
    level: u32,
    sector: [f64; 2],
}

// `None` where the overlay has several parts.
fn radial(overlay: &Overlay) -> Option<Vec<Spot>> {
    let roots = centre(overlay)?;
    let order = outward(overlay, &roots);
    let depth = order.iter().map(|&(_, _, level)| level).max().unwrap_or(0);
    let mut leaves = vec![0.0; overlay.nodes() as usize];
    for &(node, from, _) in order.iter().rev() {
        let below: f64 = children(overlay, &roots, node, from).map(|child| leaves[child as usize]).sum();
        leaves[node as usize] = f64::max(below, 1.0);
    }
    // One root stands in the middle, several around it.
    let first = u32::from(roots.len() > 1);
    let ring = |level: u32| f64::from(level + first) / f64::from((depth + first).max(1));
    let mut spots = vec![[0.0; 2]; overlay.nodes() as usize];
    let shared = sectors([0.0, TAU], &roots, &leaves);
    let begin = |(&node, sector)| Branch { node, from: None, level: 0, sector };
    let mut pending: Vec<Branch> = roots.iter().zip(shared).map(begin).collect();
    while let Some(Branch { node, from, level, sector }) = pending.pop() {
        spots[node as usize] = polar(ring(level), f64::midpoint(sector[0], sector[1]));
        let below: Vec<u32> = children(overlay, &roots, node, from).collect();
        let parts = sectors(sector, &below, &leaves);
        let branch = |(&child, sector)| Branch { node: child, from: Some(node), level: level + 1, sector };
        pending.extend(below.iter().zip(parts).map(branch));
    }
    Some(spots)
}

// What hangs below a node. Roots that share a block are no children of each other.
fn children(overlay: &Overlay, roots: &[u32], node: u32, from: Option<u32>) -> impl Iterator<Item = u32> {
    overlay.next_hops(node, from).filter(move |next| !roots.contains(next))
}

// A sector for each, by its leaves.
fn sectors(whole: [f64; 2], nodes: &[u32], leaves: &[f64]) -> Vec<[f64; 2]> {
    let all: f64 = nodes.iter().map(|&node| leaves[node as usize]).sum();
    let mut from = whole[0];
    let part = |&node: &u32| {
        let until = from + (whole[1] - whole[0]) * leaves[node as usize] / all;
        [std::mem::replace(&mut from, until), until]
    };
    nodes.iter().map(part).collect()
}

// Every node after the one that it hangs at, with that one and its level.
fn outward(overlay: &Overlay, roots: &[u32]) -> Vec<(u32, Option<u32>, u32)> {
    let mut order: Vec<(u32, Option<u32>, u32)> = roots.iter().map(|&root| (root, None, 0)).collect();
    let mut next = 0;
    while let Some(&(node, from, level)) = order.get(next) {
        order.extend(children(overlay, roots, node, from).map(|child| (child, Some(node), level + 1)));
        next += 1;
    }
    order
}

// The node in the middle of a longest way, or the block around the middle; `None` where the overlay has several parts.
fn centre(overlay: &Overlay) -> Option<Vec<u32>> {
    let (_, far) = hops(overlay, 0)?;
    let (to_end, other) = hops(overlay, far)?;
    let (to_other, _) = hops(overlay, other)?;
    let length = to_end[other as usize];
    let nearest = |node: &u32| (to_end[*node as usize].max(to_other[*node as usize]), *node);
    let middle = (0..overlay.nodes()).min_by_key(nearest)?;
    // By a way of odd length two or more are as near: those of one block, if it is one.
    let around = overlay.seats(middle).iter().map(|seat| overlay.block(seat.block));
    let is_middle = |block: &&[u32]| block.iter().any(|&node| node != middle && nearest(&node).0 == nearest(&middle).0);
    match around.into_iter().find(is_middle) {
        Some(block) if length % 2 == 1 => Some(block.to_vec()),
        _ => Some(vec![middle]),
    }
}

// Hops to every node, and one of the farthest.
fn hops(overlay: &Overlay, start: u32) -> Option<(Vec<u32>, u32)> {
    let mut hops = vec![u32::MAX; overlay.nodes() as usize];
    let mut pending = VecDeque::from([(start, None)]);
    let mut last = start;
    hops[start as usize] = 0;
    while let Some((node, from)) = pending.pop_front() {
        last = node;
        overlay.for_each_next_hop(node, from, |next| {
            hops[next as usize] = hops[node as usize] + 1;
            pending.push_back((next, Some(node)));
        });
    }
    (!hops.contains(&u32::MAX)).then_some((hops, last))
}

// Neighbours attract, all others repel, and steps get shorter.
fn springs(overlay: &Overlay, mut spots: Vec<Spot>) -> Vec<Spot> {
    let nodes = spots.len();
    let length = 1.6 / libm::sqrt(nodes as f64);
    let mut edges = Vec::new();
    overlay.for_each_carrying(|connection| edges.push((connection.a as usize, connection.b as usize)));
    for round in 0..SPRING_ROUNDS {
        let mut pull = vec![[0.0_f64; 2]; nodes];
        for a in 0..nodes {
            for b in a + 1..nodes {
                let (way, distance) = between(spots[a], spots[b]);
                let force = length * length / distance;
                push(&mut pull, (a, b), way, force);
            }
        }
        for &(a, b) in &edges {
            let (way, distance) = between(spots[a], spots[b]);
            push(&mut pull, (a, b), way, -distance * distance / length);
        }
        let step = 0.2 * (1.0 - f64::from(round) / f64::from(SPRING_ROUNDS));
        for (spot, [x, y]) in spots.iter_mut().zip(pull) {
            // A little towards the middle, so that parts do not drift away from each other.
            let (x, y) = (x - 0.3 * length * spot[0], y - 0.3 * length * spot[1]);
            let strength = libm::hypot(x, y).max(1e-9);
            let scale = strength.min(step) / strength;
            *spot = [spot[0] + x * scale, spot[1] + y * scale];
        }
    }
    spots
}

// The direction from `b` to `a`, and the distance.
fn between(a: Spot, b: Spot) -> (Spot, f64) {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    let distance = libm::hypot(x, y).max(1e-6);
    ([x / distance, y / distance], distance)
}

fn push(pull: &mut [Spot], (a, b): (usize, usize), way: Spot, force: f64) {
    for axis in 0..2 {
        pull[a][axis] += way[axis] * force;
        pull[b][axis] -= way[axis] * force;
    }
}

// So that the farthest node stands at the edge.
fn fitted(spots: &[Spot]) -> Vec<Spot> {
    let count = spots.len() as f64;
    let middle = [0, 1].map(|axis| spots.iter().map(|spot| spot[axis]).sum::<f64>() / count);
    let moved = |spot: &Spot| [spot[0] - middle[0], spot[1] - middle[1]];
    let most = spots.iter().map(|spot| libm::hypot(moved(spot)[0], moved(spot)[1])).fold(1e-9, f64::max);
    spots.iter().map(|spot| moved(spot).map(|value| value / most)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance_from_middle(spot: Spot) -> f64 {
        libm::hypot(spot[0], spot[1])
    }

    #[test]
    fn a_tree_grows_from_its_root_and_a_mesh_stands_around() {
        let tree: Vec<(u32, u32)> = (1..7).map(|node| ((node - 1) / 2, node)).collect();
        let spots = places(&Overlay::new(7, &tree, Vec::new()), false);
        let rings: Vec<f64> = spots.iter().map(|&spot| distance_from_middle(spot)).collect();
        assert!((rings[0], rings[1], rings[6]) == (0.0, 0.5, 1.0) || (rings[1] - 0.5).abs() < 1e-9, "{rings:?}");
        let mesh = Overlay::new(9, &[], vec![(0..9).collect()]);
        assert!(places(&mesh, false).iter().all(|&spot| (distance_from_middle(spot) - 1.0).abs() < 1e-9));
        // Two hubs in a mesh of three, with peers below.
        let hybrid = Overlay::new(6, &[(0, 3), (1, 4), (2, 5)], vec![vec![0, 1, 2]]);
        let rings = places(&hybrid, false).into_iter().map(distance_from_middle);
        assert!(rings.zip([0.5, 0.5, 0.5, 1.0, 1.0, 1.0]).all(|(ring, wanted)| (ring - wanted).abs() < 1e-9));
    }

    #[test]
    fn every_node_stands_somewhere_else_within_the_sheet() {
        let ring: Vec<(u32, u32)> = (0..12).map(|node| (node, (node + 1) % 12)).chain([(0, 6)]).collect();
        let parts = [(0, 1), (2, 3), (3, 4), (4, 2)];
        for overlay in [Overlay::new(12, &ring, Vec::new()), Overlay::new(6, &parts, Vec::new())] {
            let spots = places(&overlay, false);
            assert!(spots.iter().all(|&spot| distance_from_middle(spot) <= 1.0 + 1e-9), "{spots:?}");
            for (at, &spot) in spots.iter().enumerate() {
                assert!(spots[..at].iter().all(|&other| between(spot, other).1 > 0.05), "{spots:?}");
            }
        }
    }
}
