//! Pairs of nodes as lists of neighbours, one behind the other, in the order in which they are added.

/// Pairs by their ends.
pub(super) struct Adjacency {
    pub(super) offsets: Vec<u32>,
    pub(super) neighbours: Vec<u32>,
    pub(super) twins: Vec<u32>,
}

impl Adjacency {
    /// With slots from `first` on. Panics where they do not fit into their numbers; a replication that does is a finding.
    pub(super) fn new(nodes: u32, pairs: &[(u32, u32)], first: usize) -> Self {
        let all = first + 2 * pairs.len();
        assert!(u32::try_from(all).is_ok(), "{} connections are more than an overlay holds", all / 2);
        let mut offsets = vec![0_u32; nodes as usize + 1];
        for &(a, b) in pairs {
            offsets[a as usize + 1] += 1;
            offsets[b as usize + 1] += 1;
        }
        offsets[0] = first as u32;
        for node in 0..nodes as usize {
            offsets[node + 1] += offsets[node];
        }
        let mut next = offsets.clone();
        let (mut neighbours, mut twins) = (vec![0; pairs.len() * 2], vec![0; pairs.len() * 2]);
        for &(a, b) in pairs {
            let (slot_a, slot_b) = (next[a as usize], next[b as usize]);
            next[a as usize] += 1;
            next[b as usize] += 1;
            let [at_a, at_b] = [slot_a, slot_b].map(|slot| slot as usize - first);
            (neighbours[at_a], twins[at_a]) = (b, slot_b);
            (neighbours[at_b], twins[at_b]) = (a, slot_a);
        }
        Self { offsets, neighbours, twins }
    }
}
