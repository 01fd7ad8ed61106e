//! Which families of overlays can carry a traffic at all, by counting copies; and up to how many peers.
//!
//! Every publisher sends the same stream to everybody. With more peers than there are, the population keeps its mix: means
//! and minima stay, and so does the number of publishers, unless everybody publishes. Pairs that cannot connect do not
//! count here: `reach` knows of them.

mod demand;

pub use demand::{Cpu, Family, Pattern, Resource};

use demand::{Demand, Need, largest};

use crate::optimiser::instance::{Peer, Stream};

/// Whether a family can carry a traffic, and what decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feasibility {
    /// Which family.
    pub family: Family,
    /// Whether it can.
    pub holds: bool,
    /// What is scarcest.
    pub resource: Resource,
    /// The peer that has least of it; `None` where all have it together.
    pub peer: Option<u32>,
    /// How much of it is needed.
    pub needed: f64,
    /// How much of it there is.
    pub available: f64,
    /// Up to how many peers of this mix it can; `None` if any number.
    pub peers_max: Option<u32>,
}

/// What becomes of a family among these peers, the scarcest resource deciding. Of a star the hub is the peer that serves most.
/// CPUs stand apart from the peers, for what they have left for sending depends on how many there are: `cpus` has one for each
/// peer, or none.
#[must_use]
pub fn feasibility(family: Family, peers: &[Peer], cpus: &[Cpu], (pattern, stream): (Pattern, Stream)) -> Feasibility {
    let demand = Demand::new(family, (peers, cpus), pattern, stream);
    let scarcest = demand.scarcest(peers.len() as u32);
    let Need { resource, peer, needed, available } = scarcest;
    let holds_at = |count: u32| demand.scarcest(count).holds();
    Feasibility { family, holds: scarcest.holds(), resource, peer, needed, available, peers_max: largest(holds_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream { rate_bps: 100, messages_per_s: 10 };

    fn peers(ups: &[u64]) -> Vec<Peer> {
        ups.iter().map(|&up| Peer { up_bps: Some(up), ..Peer::default() }).collect()
    }

    fn of(family: Family, peers: &[Peer], pattern: Pattern) -> Feasibility {
        feasibility(family, peers, &[], (pattern, STREAM))
    }

    #[test]
    fn a_mesh_fails_by_its_weakest_publisher_or_by_its_fewest_connections() {
        let five = peers(&[1_000, 1_000, 250, 1_000, 1_000]);
        let all = of(Family::Mesh, &five, Pattern::AllToAll);
        assert_eq!((all.holds, all.resource, all.peer), (false, Resource::Uplink, Some(2)));
        assert_eq!((all.needed, all.available, all.peers_max), (400.0, 250.0, Some(3)));
        // One publishes: its own uplink counts.
        let one = of(Family::Mesh, &five, Pattern::OneToAll { source: 0 });
        assert_eq!((one.holds, one.peers_max), (true, Some(11)));
        let few = vec![Peer { connections_max: Some(3), ..Peer::default() }; 5];
        let few = of(Family::Mesh, &few, Pattern::AllToAll);
        assert_eq!((few.holds, few.resource, few.peers_max), (false, Resource::Connections, Some(4)));
        // 40 sent and 40 received at 1 % each, and four connections at 10 %.
        let slow = [Cpu { per_message: 0.01, per_connection: 0.1 }; 5];
        let slow = feasibility(Family::Mesh, &[Peer::default(); 5], &slow, (Pattern::AllToAll, STREAM));
        assert_eq!((slow.resource, slow.available, slow.peers_max), (Resource::Cpu, 100.0, Some(4)));
        assert!((slow.needed - 120.0).abs() < 1e-9, "{slow:?}");
        let narrow = vec![Peer { down_bps: Some(250), ..Peer::default() }; 3];
        assert_eq!(of(Family::Mesh, &narrow, Pattern::AllToAll).peers_max, Some(3));
    }

    #[test]
    fn a_star_takes_the_best_hub() {
        let five = peers(&[300, 300, 1_700, 300, 300]);
        // The hub sends four streams to each of four others.
        let all = of(Family::Star, &five, Pattern::AllToAll);
        assert_eq!((all.holds, all.peer, all.needed, all.available), (true, Some(2), 1_600.0, 1_700.0));
        assert_eq!(all.peers_max, Some(5));
        let one = of(Family::Star, &five, Pattern::OneToAll { source: 0 });
        // Three others but the source, and one copy from that, which has the least to spare.
        assert_eq!((one.holds, one.peer, one.needed, one.peers_max), (true, Some(0), 100.0, Some(19)));
    }

    #[test]
    fn a_tree_needs_as_many_slots_as_children() {
        // 2 + 1 + 0 + 0 slots for three others.
        let four = peers(&[250, 100, 99, 0]);
        let one = of(Family::Tree, &four, Pattern::OneToAll { source: 0 });
        assert_eq!((one.holds, one.needed, one.available), (true, 3.0, 3.0));
        // A third of a slot for each other: (n - 1) <= 2 + (n - 1) / 3.
        assert_eq!(one.peers_max, Some(4));
        let short = of(Family::Tree, &peers(&[250, 99, 99, 0]), Pattern::OneToAll { source: 0 });
        assert_eq!((short.holds, short.resource, short.peers_max), (false, Resource::Slots, Some(3)));
        let any = of(Family::Tree, &peers(&[250, 100, 200, 0]), Pattern::OneToAll { source: 0 });
        assert_eq!((any.holds, any.peers_max), (true, None));
        // A source that cannot send once.
        let none = of(Family::Tree, &peers(&[99, 900, 900]), Pattern::OneToAll { source: 0 });
        assert_eq!((none.holds, none.resource, none.peer), (false, Resource::Uplink, Some(0)));
    }

    #[test]
    fn a_cpu_takes_what_it_receives_too() {
        // A stream takes a fifth of a CPU, coming or going, so a peer has four children and the source five.
        let cpus = [Cpu { per_message: 0.02, per_connection: 0.0 }; 7];
        let at = |family, count: usize, pattern| {
            feasibility(family, &[Peer::default(); 7][..count], &cpus, (pattern, STREAM))
        };
        let one = Pattern::OneToAll { source: 0 };
        assert_eq!(at(Family::Mesh, 6, one).peers_max, Some(6));
        // A hub that is not the source receives one and sends four.
        assert_eq!(at(Family::Star, 6, one).peers_max, Some(6));
        let tree = at(Family::Tree, 7, one);
        assert_eq!((tree.holds, tree.peers_max), (true, None));
        // All streams come and go: two of three peers already take 80 %.
        assert_eq!(at(Family::Mesh, 3, Pattern::AllToAll).peers_max, Some(3));
        // In a tree of three each of two leaves handles three streams, and the middle six: 120 %.
        let all = at(Family::Tree, 3, Pattern::AllToAll);
        assert_eq!((all.holds, all.peers_max), (false, Some(2)));
        // Copies of all, sent and received, within all CPUs: 2 n (n - 1) / 5 <= n.
        assert_eq!(at(Family::MultiTree, 3, Pattern::AllToAll).peers_max, Some(3));
    }

    #[test]
    fn several_trees_come_up_to_all_uplinks_together() {
        // 99 bit/s each and 250 of the source for three others.
        let four = peers(&[250, 99, 99, 0]);
        let several = of(Family::MultiTree, &four, Pattern::OneToAll { source: 0 });
        assert_eq!((several.holds, several.needed, several.available), (true, 300.0, 448.0));
        // 100 (n - 1) <= 250 + 66 (n - 1).
        assert_eq!(several.peers_max, Some(8));
        let all = of(Family::MultiTree, &peers(&[350; 4]), Pattern::AllToAll);
        assert_eq!((all.holds, all.needed, all.available, all.peers_max), (true, 1_200.0, 1_400.0, Some(4)));
    }

    #[test]
    fn a_peer_alone_and_a_zero_uplink_have_an_answer() {
        for family in Family::ALL {
            let alone = of(family, &peers(&[0]), Pattern::OneToAll { source: 0 });
            assert!(alone.holds, "{alone:?}");
            assert_eq!(alone.peers_max, Some(1), "{alone:?}");
            let nobody = of(family, &[], Pattern::AllToAll);
            assert!(nobody.holds, "{nobody:?}");
            let unlimited = of(family, &[Peer::default(); 3], Pattern::AllToAll);
            assert_eq!((unlimited.holds, unlimited.peers_max), (true, None), "{unlimited:?}");
        }
    }
}
