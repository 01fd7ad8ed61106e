//! Second parents on small trees that can be looked over, and on drawn ones against all choices.

use proptest::prelude::*;

use super::*;
use crate::optimiser::{Delays, Hop};

fn flat(peers: u32) -> Delays {
    Delays::Matrix { peers, hops: vec![Hop::direct(10); (peers * peers) as usize] }
}

#[test]
fn orphans_turn_to_the_one_who_served_their_parent() {
    // 0 serves 1 and 2; 1 serves 3 and 4; nobody has another slot than those.
    let delays = flat(5);
    let problem = TreeProblem::new(&delays, 0, vec![2, 3, 2, 0, 0]);
    let found = backups(&problem, &[0, 0, 0, 1, 1]).expect("a tree");
    // One goes to the root in the place of 1, the other to 2.
    let mut seconds = [found.second[3], found.second[4]];
    seconds.sort_unstable();
    assert_eq!(seconds, [Some(0), Some(2)]);
    assert_eq!(faults(&problem, &[0, 0, 0, 1, 1], &found.second), [] as [String; 0]);
    // The children of the root have each other.
    assert_eq!((found.second[1], found.second[2]), (Some(2), Some(1)));
    assert_eq!(found.missing, []);
}

#[test]
fn who_has_none_is_told_with_the_reason() {
    // A line: 2 hangs on 1 alone, and can connect with nobody else.
    let mut hops = vec![Hop::direct(10); 9];
    hops[2] = Hop::NEVER;
    let delays = Delays::Matrix { peers: 3, hops };
    let problem = TreeProblem::new(&delays, 0, vec![1, 1, 0]);
    let found = backups(&problem, &[0, 0, 1]).expect("a tree");
    assert_eq!(found.missing, [(1, Missing::OnlyRoot), (2, Missing::NoConnection)]);
    assert_eq!(backups(&problem, &[0, 2, 1]), None);
    let alone = flat(1);
    let found = backups(&TreeProblem::new(&alone, 0, vec![0]), &[0]).expect("a peer");
    assert_eq!((found.missing.len(), found.gap()), (0, 0.0));
}

#[test]
fn orphans_without_a_slot_outside_go_below_others() {
    // 1 serves 2, 3 and 4 and goes: the root has one slot, 2 has two.
    let delays = flat(5);
    let problem = TreeProblem::new(&delays, 0, vec![1, 3, 2, 0, 0]);
    let parents = [0, 0, 1, 1, 1];
    let found = backups(&problem, &parents).expect("a tree");
    assert_eq!(faults(&problem, &parents, &found.second), [] as [String; 0]);
    // Who has slots takes the root's, and the two others go below.
    assert_eq!(found.second, [None, None, Some(0), Some(2), Some(2)]);
    assert_eq!(found.missing, [(1, Missing::OnlyRoot)]);
}

proptest! {
    #[test]
    fn after_any_loss_orphans_hear(
        picks in prop::collection::vec(0_u32..100, 11),
        fan_out in prop::collection::vec(0_u32..4, 12),
        delays_us in prop::collection::vec(prop::option::weighted(0.8, 1_u32..100), 144),
    ) {
        let hops: Vec<Hop> = delays_us.iter().map(|delay| delay.map_or(Hop::NEVER, Hop::direct)).collect();
        let delays = Delays::Matrix { peers: 12, hops };
        // A tree with what connects and has slots; peers that find no parent end the case.
        let mut left = fan_out.clone();
        left[0] += 2;
        let fan_out = left.clone();
        let mut parents = vec![0_u32; 12];
        for (peer, pick) in (1..12_u32).zip(picks) {
            let fits = |parent: &u32| left[*parent as usize] > 0 && delays.hop(*parent, peer).delay_us().is_some();
            let options: Vec<u32> = (0..peer).filter(fits).collect();
            prop_assume!(!options.is_empty());
            parents[peer as usize] = options[pick as usize % options.len()];
            left[parents[peer as usize] as usize] -= 1;
        }
        let problem = TreeProblem::new(&delays, 0, fan_out);
        let found = backups(&problem, &parents).expect("a tree");
        prop_assert_eq!(faults(&problem, &parents, &found.second), Vec::<String>::new());
        for peer in 1..12_u32 {
            let is_missing = found.missing.iter().any(|(other, _)| *other == peer);
            prop_assert!(found.second[peer as usize].is_some() != is_missing);
            prop_assert!(found.second[peer as usize] != Some(parents[peer as usize]));
        }
        prop_assert!(found.bound_us <= found.extra_us);
    }
}
