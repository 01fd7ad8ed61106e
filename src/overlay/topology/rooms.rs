//! Who is nearest of several hubs with room, as far as places tell.
//!
//! Nodes at one place behind the same kind of NAT see every hub alike but for what a pair draws for itself, which nobody
//! knows before it has measured all pairs. So hubs and those who look for one are grouped, and each group keeps its list of
//! hub groups in the order of delay: time near to linear in the number of nodes, where comparing every spoke with every hub
//! took `n^2`.

use std::collections::{BTreeMap, VecDeque};

use crate::world::{Vantage, World};

/// Hubs, and how many more each can take.
#[derive(Debug)]
pub(super) struct Hubs<'a> {
    world: &'a World,
    groups: Vec<Group>,
    // Which group hubs at a vantage point and of a class belong to.
    keys: BTreeMap<(Vantage, usize), usize>,
    lists: BTreeMap<Vantage, List>,
    // How often groups that were used up may have got room again.
    changes: u64,
}

/// Whether a hub is one for a spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    No,
    /// For nobody any more.
    Full,
}

// Hubs with room that all see alike: who comes first takes the next.
#[derive(Debug)]
struct Group {
    example: u32,
    free: VecDeque<(u32, u32)>,
}

// Groups as those at a vantage point look for them: the nearest first, the unreachable last.
#[derive(Debug)]
struct List {
    groups: Vec<usize>,
    next: usize,
    // As of how many changes.
    seen: u64,
}

impl<'a> Hubs<'a> {
    /// These hubs, each with room for so many.
    pub(super) fn new(world: &'a World, hubs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut all = Self { world, groups: Vec::new(), keys: BTreeMap::new(), lists: BTreeMap::new(), changes: 0 };
        for (hub, room) in hubs.into_iter().filter(|(_, room)| *room > 0) {
            let group = all.group_of(hub);
            all.groups[group].free.push_back((hub, room));
        }
        all
    }

    /// Those of these nodes that are hubs become so later, by [`open`](Self::open).
    pub(super) fn to_open(world: &'a World, nodes: &[u32]) -> Self {
        let mut all = Self::new(world, []);
        for &node in nodes {
            all.group_of(node);
        }
        all
    }

    /// From now on a node takes so many.
    ///
    /// # Panics
    /// When it is not among those that were named.
    pub(super) fn open(&mut self, hub: u32, room: u32) {
        let group = self.keys[&(self.world.vantage(hub), self.world.class_index(hub))];
        if room > 0 {
            self.groups[group].free.push_back((hub, room));
            self.changes += 1;
        }
    }

    fn group_of(&mut self, hub: u32) -> usize {
        let groups = &mut self.groups;
        *self.keys.entry((self.world.vantage(hub), self.world.class_index(hub))).or_insert_with(|| {
            groups.push(Group { example: hub, free: VecDeque::new() });
            groups.len() - 1
        })
    }

    /// The nearest hub with room that fits, of which a spoke takes one place; not one that it cannot connect to. So many are
    /// looked at at most.
    pub(super) fn take_fitting(&mut self, spoke: u32, mut looks: usize, fits: impl Fn(u32) -> Fit) -> Option<u32> {
        let Self { world, groups, lists, changes, .. } = self;
        let list = lists.entry(world.vantage(spoke)).or_insert_with(|| List::new(world, groups, spoke));
        if std::mem::replace(&mut list.seen, *changes) != *changes {
            list.next = 0;
        }
        let mut used_up = true;
        for place in list.next..list.groups.len() {
            let group = &mut groups[list.groups[place]];
            if !group.free.is_empty()
                && world.typical_delay_ns(group.example, spoke).is_some()
                && let Some(hub) = group.take_fitting(&mut looks, &fits)
            {
                return Some(hub);
            }
            used_up &= group.free.is_empty();
            list.next += usize::from(used_up);
            if looks == 0 {
                break;
            }
        }
        None
    }

    /// The nearest hub with room, of which a spoke takes one place; hubs that are equally near take turns.
    pub(super) fn take(&mut self, spoke: u32) -> Option<u32> {
        let Self { world, groups, lists, .. } = self;
        let list = lists.entry(world.vantage(spoke)).or_insert_with(|| List::new(world, groups, spoke));
        loop {
            let group = *list.groups.get(list.next)?;
            let free = &mut groups[group].free;
            if let Some((hub, room)) = free.pop_front() {
                if room > 1 {
                    free.push_back((hub, room - 1));
                }
                return Some(hub);
            }
            list.next += 1;
        }
    }
}

impl Group {
    fn take_fitting(&mut self, looks: &mut usize, fits: impl Fn(u32) -> Fit) -> Option<u32> {
        let mut at = 0;
        while *looks > 0 && at < self.free.len() {
            *looks -= 1;
            let (hub, room) = self.free[at];
            match fits(hub) {
                Fit::No => at += 1,
                Fit::Full => _ = self.free.remove(at),
                Fit::Yes => {
                    self.free.remove(at);
                    if room > 1 {
                        self.free.push_back((hub, room - 1));
                    }
                    return Some(hub);
                }
            }
        }
        None
    }
}

impl List {
    fn new(world: &World, groups: &[Group], spoke: u32) -> Self {
        let delay_ns = |group: usize| world.typical_delay_ns(groups[group].example, spoke).unwrap_or(u64::MAX);
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_cached_key(|&group| delay_ns(group));
        Self { groups: order, next: 0, seen: 0 }
    }
}
