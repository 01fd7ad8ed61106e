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
    lists: BTreeMap<Vantage, List>,
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
}

impl<'a> Hubs<'a> {
    /// These hubs, each with room for so many.
    pub(super) fn new(world: &'a World, hubs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut by_key = BTreeMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (hub, room) in hubs.into_iter().filter(|(_, room)| *room > 0) {
            let group = *by_key.entry((world.vantage(hub), world.class_index(hub))).or_insert_with(|| {
                groups.push(Group { example: hub, free: VecDeque::new() });
                groups.len() - 1
            });
            groups[group].free.push_back((hub, room));
        }
        Self { world, groups, lists: BTreeMap::new() }
    }

    /// The nearest hub with room, of which a spoke takes one place; hubs that are equally near take turns.
    pub(super) fn take(&mut self, spoke: u32) -> Option<u32> {
        let Self { world, groups, lists } = self;
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

impl List {
    fn new(world: &World, groups: &[Group], spoke: u32) -> Self {
        let delay_ns = |group: usize| world.typical_delay_ns(groups[group].example, spoke).unwrap_or(u64::MAX);
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_cached_key(|&group| delay_ns(group));
        Self { groups: order, next: 0 }
    }
}
