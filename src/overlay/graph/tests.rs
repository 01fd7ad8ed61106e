//! What overlays are as graphs: hops, ranks, rings, standby connections.

use std::collections::BTreeSet;

use super::*;

/// Two hubs (0, 1) in a mesh, spokes 2 and 3 at hub 0, spoke 4 at hub 1.
fn hybrid() -> Overlay {
    Overlay::new(5, &[(0, 2), (0, 3), (1, 4)], vec![vec![0, 1]])
}

/// A mesh of 0, 1, 2; one of 2, 3, 4; a pair of 4 and 5.
fn chain_of_meshes() -> Overlay {
    Overlay::new(6, &[(4, 5)], vec![vec![0, 1, 2], vec![2, 3, 4]])
}

fn passed_on(overlay: &Overlay, node: u32, from: Option<u32>) -> Vec<u32> {
    overlay.next_hops(node, from).collect()
}

#[test]
fn what_comes_over_a_block_goes_beyond_it_only() {
    let overlay = hybrid();
    assert_eq!(passed_on(&overlay, 0, Some(1)), [2, 3]);
    assert_eq!(passed_on(&overlay, 0, Some(2)), [3, 1]);
    assert_eq!(passed_on(&overlay, 0, None), [2, 3, 1]);
    assert_eq!(passed_on(&overlay, 2, Some(0)), [0_u32; 0]);
    let overlay = chain_of_meshes();
    assert_eq!(passed_on(&overlay, 2, Some(0)), [3, 4]);
    assert_eq!(passed_on(&overlay, 2, Some(3)), [0, 1]);
    assert_eq!(passed_on(&overlay, 4, Some(2)), [5]);
    assert_eq!(passed_on(&overlay, 4, Some(5)), [2, 3]);
}

#[test]
fn every_connection_is_visited_once_with_its_ranks() {
    let visited = |overlay: &Overlay| {
        let mut seen = Vec::new();
        overlay.for_each_connection(|c| seen.push((c.a, c.b, c.rank_a, c.rank_b)));
        assert_eq!(seen.len() as u64, overlay.connections());
        seen
    };
    assert_eq!(visited(&hybrid()), [(0, 2, 0, 0), (0, 3, 1, 0), (1, 4, 0, 0), (0, 1, 2, 1)]);
    let chain = visited(&chain_of_meshes());
    assert_eq!(chain[1..4], [(0, 1, 0, 0), (1, 2, 0, 0), (2, 0, 0, 0)]);
    assert_eq!(chain[4..], [(2, 3, 2, 0), (3, 4, 0, 1), (4, 2, 1, 2)]);
    assert_eq!(chain_of_meshes().degree(2), 4);
}

#[test]
fn a_mesh_of_n_has_every_pair() {
    for n in [2_u32, 5, 6, 9] {
        let mesh = Overlay::new(n, &[], vec![(0..n).collect()]);
        let mut pairs = BTreeSet::new();
        mesh.for_each_connection(|c| assert!(pairs.insert((c.a.min(c.b), c.a.max(c.b)))));
        assert_eq!(pairs.len() as u64, mesh.connections());
        assert!((0..n).all(|node| mesh.degree(node) == n - 1));
    }
}

#[test]
fn rings_are_found_through_pairs_and_blocks() {
    assert!(!hybrid().has_ring());
    assert!(!chain_of_meshes().has_ring());
    assert!(Overlay::new(4, &[(0, 1), (1, 2), (2, 0)], Vec::new()).has_ring());
    assert!(Overlay::new(4, &[(3, 0), (3, 1)], vec![vec![0, 1, 2]]).has_ring());
    assert!(Overlay::new(5, &[], vec![vec![0, 1, 2], vec![1, 2, 3]]).has_ring());
}

#[test]
fn pairs_in_order_make_the_same_lists() {
    let all = [(4, 0), (3, 1), (0, 1), (2, 0), (4, 3), (1, 2), (3, 0), (2, 4)];
    for count in 0..=all.len() {
        let overlay = Overlay::new(5, &all[..count], Vec::new());
        let again = Overlay::new(5, &overlay.pairs_in_order(), Vec::new());
        assert_eq!(format!("{overlay:?}"), format!("{again:?}"));
    }
}

#[test]
fn standby_connections_count_but_lead_nowhere() {
    let (bare, standby) = (hybrid(), [(3, 1), (4, 0), (2, 1)]);
    let overlay = hybrid().with_standby(&standby);
    assert_eq!((overlay.connections(), overlay.standby_connections()), (bare.connections() + 3, 3));
    assert_eq!((overlay.degree(1), overlay.carrying_degree(1), bare.degree(1)), (4, 2, 2));
    assert!(!overlay.has_ring() && overlay.is_leaf(2));
    assert_eq!(overlay.slots(), bare.slots());
    for node in 0..5 {
        assert_eq!(passed_on(&overlay, node, None), passed_on(&bare, node, None));
    }
    let mut seen = Vec::new();
    overlay.for_each_connection(|c| seen.push((c.a, c.b, c.rank_a, c.rank_b)));
    assert_eq!(seen[4..], [(0, 4, 3, 1), (1, 3, 2, 1), (1, 2, 3, 1)]);
    assert_eq!(overlay.standby_in_order().len(), 3);
    let again = hybrid().with_standby(&overlay.standby_in_order());
    assert_eq!(format!("{again:?}"), format!("{overlay:?}"));
    let slot = overlay.standby_slot_between(4, 0).expect("there is one");
    assert_eq!(overlay.standby_slot_between(0, 4).map(|other| [slot, overlay.twin(slot)].contains(&other)), Some(true));
    assert_eq!((overlay.slot_between(4, 0), overlay.standby_slot_between(1, 4)), (None, None));
}

#[test]
#[should_panic(expected = "node 1 is in block 0 twice")]
fn a_member_is_named_once() {
    let _ = Overlay::new(3, &[], vec![vec![1, 0, 1]]);
}
