//! A tree that is as short in time as its fan-outs let it be: peers are taken one by one, the one that hears soonest first.
//!
//! The Compact Tree of Shi and Turner ("Multicast routing and bandwidth dimensioning in overlay networks", IEEE JSAC 20,
//! 2002; "Routing in overlay multicast networks", INFOCOM 2002): of all peers outside of the tree and all members with a free
//! slot, the pair follows that makes the new member's delay to the root least. A peer that could serve many is worth waiting
//! for, so the key is `delay - beta ln(1 + fan-out)`, for several `beta`; the tree with the least largest delay is taken, and
//! of equals that with the least mean.
//!
//! Delays are typical ones, as places tell them: peers at one place behind the same kind of NAT see all others alike. So
//! members and those outside are grouped, and each step compares groups. Time is near to linear in the number of peers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::world::{Vantage, World};

/// What a pair counts that cannot connect.
const UNREACHED_NS: u64 = 10_000_000_000;

/// How much, in ms, a peer may come later for each unit of `ln(1 + fan-out)`.
const BETAS_MS: [f64; 8] = [0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0];

/// The pairs of a tree among `members`, the first of which is the root, each with its most children. These must suffice:
/// together as many as there are members but one, and one for the root. No member, no pair.
pub(super) fn compact_tree(world: &World, members: &[u32], fan_outs: &[u32]) -> Vec<(u32, u32)> {
    if members.is_empty() {
        return Vec::new();
    }
    let crowd = Crowd::new(world, members, fan_outs);
    let trees = BETAS_MS.into_iter().map(|beta_ms| crowd.grow(beta_ms * 1e6));
    let best = trees.min_by_key(|tree| (tree.last_ns, tree.total_ns)).expect("invariant: there are betas");
    best.pairs
}

// Those who are to be in the tree.
struct Crowd<'a> {
    members: &'a [u32],
    fan_outs: &'a [u32],
    // Of each member the group that sees all alike.
    group_of: Vec<usize>,
    // Members, by their places in the list, that are alike from outside too; the root is in none.
    buckets: Vec<Bucket>,
    // From each group to each bucket.
    delays_ns: Vec<Vec<u64>>,
}

struct Bucket {
    fan_out: u32,
    places: Vec<usize>,
}

struct Grown {
    pairs: Vec<(u32, u32)>,
    last_ns: u64,
    total_ns: u128,
}

impl<'a> Crowd<'a> {
    fn new(world: &World, members: &'a [u32], fan_outs: &'a [u32]) -> Self {
        let mut groups: BTreeMap<(Vantage, usize), usize> = BTreeMap::new();
        let mut by_kind: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        let (mut examples, mut buckets, mut group_of) = (Vec::new(), Vec::<Bucket>::new(), Vec::new());
        for (place, (&member, &fan_out)) in members.iter().zip(fan_outs).enumerate() {
            let group = *groups.entry((world.vantage(member), world.class_index(member))).or_insert_with(|| {
                examples.push(member);
                examples.len() - 1
            });
            group_of.push(group);
            if place > 0 {
                let bucket = *by_kind.entry((group, fan_out)).or_insert_with(|| {
                    buckets.push(Bucket { fan_out, places: Vec::new() });
                    buckets.len() - 1
                });
                buckets[bucket].places.push(place);
            }
        }
        let delay_ns = |from: u32, bucket: &Bucket| {
            world.typical_delay_ns(from, members[bucket.places[0]]).unwrap_or(UNREACHED_NS)
        };
        let delays_ns = examples.iter().map(|&from| buckets.iter().map(|to| delay_ns(from, to)).collect()).collect();
        Self { members, fan_outs, group_of, buckets, delays_ns }
    }

    fn grow(&self, beta_ns: f64) -> Grown {
        let mut growth = Growth::new(self, beta_ns);
        growth.open(0, 0);
        let mut grown = Grown { pairs: Vec::with_capacity(self.members.len()), last_ns: 0, total_ns: 0 };
        while grown.pairs.len() + 1 < self.members.len() {
            let left = self.members.len() - 1 - grown.pairs.len();
            let (parent, child, delay_ns) = growth.next(left);
            grown.pairs.push((self.members[parent], self.members[child]));
            grown.last_ns = grown.last_ns.max(delay_ns);
            grown.total_ns += u128::from(delay_ns);
            growth.open(child, delay_ns);
        }
        grown
    }
}

// A tree as it grows.
struct Growth<'a> {
    crowd: &'a Crowd<'a>,
    // Of each group the buckets in the order of what they cost it, and how many of them are used up.
    orders: Vec<(Vec<(i64, usize)>, usize)>,
    // Of each bucket how many have been taken.
    taken: Vec<usize>,
    // Of each group its members with free slots, the nearest to the root first.
    parents: Vec<BinaryHeap<Reverse<(u64, usize)>>>,
    // Free slots of each member, and of all.
    free: Vec<u32>,
    open: u64,
    // Groups by the key of their best pair, which may have become worse since.
    best: BinaryHeap<Reverse<(i64, usize)>>,
}

impl<'a> Growth<'a> {
    fn new(crowd: &'a Crowd<'a>, beta_ns: f64) -> Self {
        let order = |delays_ns: &Vec<u64>| {
            let cost = |(&delay_ns, bucket): (&u64, &Bucket)| {
                delay_ns.cast_signed() - (beta_ns * libm::log1p(f64::from(bucket.fan_out))).round() as i64
            };
            let mut order: Vec<(i64, usize)> = delays_ns.iter().zip(&crowd.buckets).map(cost).zip(0..).collect();
            order.sort_unstable();
            (order, 0)
        };
        Self {
            crowd,
            orders: crowd.delays_ns.iter().map(order).collect(),
            taken: vec![0; crowd.buckets.len()],
            parents: vec![BinaryHeap::new(); crowd.delays_ns.len()],
            free: crowd.fan_outs.to_vec(),
            open: 0,
            best: BinaryHeap::new(),
        }
    }

    // A member of the tree with so long a way from the root takes children from now on.
    fn open(&mut self, place: usize, delay_ns: u64) {
        if self.free[place] > 0 {
            self.open += u64::from(self.free[place]);
            let group = self.crowd.group_of[place];
            self.parents[group].push(Reverse((delay_ns, place)));
            self.push_best(group);
        }
    }

    // Parent, child and the child's delay. `left` are outside of the tree still.
    fn next(&mut self, left: usize) -> (usize, usize, u64) {
        let group = self.best_group();
        let Reverse((delay_ns, parent)) = *self.parents[group].peek().expect("invariant: the group has a free slot");
        let bucket = self.best_bucket(group, self.open == 1 && left > 1);
        let child = self.crowd.buckets[bucket].places[self.taken[bucket]];
        self.taken[bucket] += 1;
        self.free[parent] -= 1;
        self.open -= 1;
        if self.free[parent] == 0 {
            self.parents[group].pop();
        }
        self.push_best(group);
        (parent, child, delay_ns + self.crowd.delays_ns[group][bucket])
    }

    // The group with the least key: entries that say less than is true now are put back.
    fn best_group(&mut self) -> usize {
        loop {
            let Reverse((told, group)) = self.best.pop().expect("invariant: slots suffice");
            match self.key(group) {
                Some(key) if key <= told => return group,
                Some(key) => self.best.push(Reverse((key, group))),
                None => {}
            }
        }
    }

    fn push_best(&mut self, group: usize) {
        if let Some(key) = self.key(group) {
            self.best.push(Reverse((key, group)));
        }
    }

    // What the best pair of a group costs.
    fn key(&mut self, group: usize) -> Option<i64> {
        let Reverse((delay_ns, _)) = *self.parents[group].peek()?;
        let (order, used) = &mut self.orders[group];
        while let Some(&(cost, bucket)) = order.get(*used) {
            if self.taken[bucket] < self.crowd.buckets[bucket].places.len() {
                return Some(delay_ns.cast_signed() + cost);
            }
            *used += 1;
        }
        None
    }

    // The last slot goes to somebody who has slots, as long as others follow.
    fn best_bucket(&self, group: usize, must_serve: bool) -> usize {
        let (order, used) = &self.orders[group];
        let fits = |&&(_, bucket): &&(i64, usize)| {
            let Bucket { fan_out, places } = &self.crowd.buckets[bucket];
            self.taken[bucket] < places.len() && (*fan_out > 0 || !must_serve)
        };
        order[*used..].iter().find(fits).expect("invariant: slots suffice").1
    }
}
