//! A second parent for every peer of a tree, to turn to when the first one goes.
//!
//! When a peer goes, its children need others that still hear from the root: peers outside of what was below it, with slots
//! to spare. Slots are lent to one failure at a time, and the one who served the peer that went has one more. For each
//! failure by itself the orphans and the slots are an assignment problem, solved for the least delay of all who are below the
//! orphans (the Hungarian method: Kuhn, Naval Research Logistics Quarterly 2, 1955; Jonker and Volgenant, Computing 38,
//! 1987). Orphans that find no slot outside go below those that did. So each failure of an inner peer leaves two ways to the
//! root (2-connectivity: Menger, 1927), or it is told for whom not and why.

mod assign;

use super::gap;
use super::tree::TreeProblem;
use assign::assign;

/// Why a peer has no second parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// It hears from the root, without which there is no stream, and finds nobody else.
    OnlyRoot,
    /// It can connect with nobody who would still hear.
    NoConnection,
    /// Those with whom it can have no slots left.
    NoSlot,
}

/// The second parents of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Backups {
    /// Of each peer its second parent; none of the root, and of those who are `missing`.
    pub second: Vec<Option<u32>>,
    /// Who has none, and why.
    pub missing: Vec<(u32, Missing)>,
    /// How much later all hear together, in microseconds: each peer when the parent of the orphan goes that it is below of.
    pub extra_us: u64,
    /// How much it is at the least for those who have one, if slots did not bind.
    pub bound_us: u64,
    /// How many failures there are that leave orphans, and of how many it is not proven that no choice among peers outside
    /// is better.
    pub failures: u32,
    /// See `failures`.
    pub unproven: u32,
}

impl Backups {
    /// How much less it could be at most, as a share of the bound.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.extra_us as f64, self.bound_us as f64)
    }
}

/// Of more orphans at once than this the assignment is by the order of their needs, not the best.
const EXACT_ORPHANS_MAX: usize = 64;

/// So many candidates are looked at for an orphan, those that hear first, in a tree of more peers than that.
const CANDIDATES_MAX: usize = 4_096;

/// Second parents for a tree, each peer by its parent and the root by itself; `None` if that is no tree.
#[must_use]
pub fn backups(problem: &TreeProblem<'_>, parents: &[u32]) -> Option<Backups> {
    let tree = Shape::of(problem, parents)?;
    let mut found = Backups {
        second: vec![None; parents.len()],
        missing: Vec::new(),
        extra_us: 0,
        bound_us: 0,
        failures: 0,
        unproven: 0,
    };
    for &gone in &tree.order {
        let orphans = tree.children(gone);
        if gone == problem.root() {
            // Without the root there is no stream: each link by itself may break.
            orphans.iter().for_each(|&orphan| rescue(problem, &tree, orphan, &[orphan], &mut found));
        } else if !orphans.is_empty() {
            rescue(problem, &tree, gone, orphans, &mut found);
        }
    }
    found.missing.sort_unstable();
    Some(found)
}

// Finds second parents for the orphans of a peer that goes, or of a link that breaks, outside of what is below `above`.
fn rescue(problem: &TreeProblem<'_>, tree: &Shape<'_>, above: u32, orphans: &[u32], found: &mut Backups) {
    let is_link = orphans == [above];
    let first = if is_link { problem.root() } else { above };
    let is_outside = |peer: u32| peer != first && !tree.is_below(peer, above);
    let slots = |peer: u32| tree.left[peer as usize] + u32::from(!is_link && peer == tree.parents[above as usize]);
    let offers: Vec<Vec<(u64, u32)>> = orphans
        .iter()
        .map(|&orphan| {
            let others = tree.by_time.iter().copied().filter(|&peer| is_outside(peer) && slots(peer) > 0);
            let offer =
                |peer: u32| Some((tree.heard_us[peer as usize] + u64::from(problem.hop_us(peer, orphan)?), peer));
            let mut offers: Vec<(u64, u32)> = others.take(CANDIDATES_MAX).filter_map(offer).collect();
            offers.sort_unstable();
            // More than as many as there are orphans are never needed.
            offers.truncate(orphans.len());
            offers
        })
        .collect();
    let weight = |place: usize| tree.size(orphans[place]);
    let chosen = if orphans.len() <= EXACT_ORPHANS_MAX {
        let bring = |place: usize| tree.below(orphans[place]).iter().map(|&peer| tree.left[peer as usize]).sum();
        assign(&offers, weight, bring, slots)
    } else {
        in_turn(&offers, slots)
    };
    let mut saved: Vec<(u32, u64)> = Vec::new();
    let mut lent = Lent::default();
    let mut left: Vec<usize> = Vec::new();
    for (place, choice) in chosen.into_iter().enumerate() {
        let best_us = offers[place].first().map(|(us, _)| *us);
        match choice.map(|nth| offers[place][nth]) {
            Some((us, second)) => {
                lent.take(second);
                tree.book(orphans[place], second, us, best_us.unwrap_or(us), found);
                saved.push((orphans[place], us));
            }
            None => left.push(place),
        }
    }
    let is_proven = left.is_empty() && orphans.len() <= EXACT_ORPHANS_MAX && tree.by_time.len() <= CANDIDATES_MAX;
    found.failures += 1;
    found.unproven += u32::from(!is_proven);
    below_others(problem, tree, (orphans, left), (&mut saved, &mut lent), found, is_link);
}

// Orphans that found nobody outside go below those that did, whoever hears first there.
fn below_others(
    problem: &TreeProblem<'_>,
    tree: &Shape<'_>,
    (orphans, mut left): (&[u32], Vec<usize>),
    (saved, lent): (&mut Vec<(u32, u64)>, &mut Lent),
    found: &mut Backups,
    is_link: bool,
) {
    loop {
        let mut best: Option<(u64, u32, usize)> = None;
        for (at, &place) in left.iter().enumerate() {
            for &(root_of, new_us) in saved.iter() {
                for &peer in tree.below(root_of) {
                    if lent.of(peer) >= tree.left[peer as usize] {
                        continue;
                    }
                    let Some(hop_us) = problem.hop_us(peer, orphans[place]) else { continue };
                    let later_us = new_us + tree.heard_us[peer as usize] - tree.heard_us[root_of as usize];
                    let offer = (later_us + u64::from(hop_us), peer, at);
                    best = Some(best.map_or(offer, |best| best.min(offer)));
                }
            }
        }
        let Some((us, second, at)) = best else { break };
        let orphan = orphans[left.swap_remove(at)];
        lent.take(second);
        tree.book(orphan, second, us, us, found);
        saved.push((orphan, us));
    }
    for place in left {
        let orphan = orphans[place];
        let meets = |peer: u32| peer != tree.parents[orphan as usize] && !tree.is_below(peer, orphan);
        let any = (0..problem.peers()).any(|peer| meets(peer) && problem.hop_us(peer, orphan).is_some());
        let why = match () {
            () if is_link => Missing::OnlyRoot,
            () if any => Missing::NoSlot,
            () => Missing::NoConnection,
        };
        found.missing.push((orphan, why));
    }
}

// Each orphan by its turn, those with the fewest offers first.
fn in_turn(offers: &[Vec<(u64, u32)>], slots: impl Fn(u32) -> u32) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..offers.len()).collect();
    order.sort_by_key(|&place| (offers[place].len(), place));
    let mut lent = Lent::default();
    let mut chosen = vec![None; offers.len()];
    for place in order {
        let free = offers[place].iter().position(|&(_, peer)| lent.of(peer) < slots(peer));
        if let Some(nth) = free {
            lent.take(offers[place][nth].1);
            chosen[place] = Some(nth);
        }
    }
    chosen
}

// How many slots a failure has taken of whom.
#[derive(Default)]
struct Lent(std::collections::BTreeMap<u32, u32>);

impl Lent {
    fn of(&self, peer: u32) -> u32 {
        self.0.get(&peer).copied().unwrap_or(0)
    }

    fn take(&mut self, peer: u32) {
        *self.0.entry(peer).or_insert(0) += 1;
    }
}

// A tree in preorder: what is below a peer is a range.
struct Shape<'a> {
    parents: &'a [u32],
    order: Vec<u32>,
    place: Vec<usize>,
    sizes: Vec<usize>,
    children: Vec<Vec<u32>>,
    heard_us: Vec<u64>,
    left: Vec<u32>,
    // Those with slots, or that lend theirs, by when they hear.
    by_time: Vec<u32>,
}

impl<'a> Shape<'a> {
    fn of(problem: &TreeProblem<'_>, parents: &'a [u32]) -> Option<Self> {
        let (peers, root) = (problem.peers(), problem.root());
        if parents.len() != peers as usize || parents[root as usize] != root {
            return None;
        }
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); parents.len()];
        for (&parent, peer) in parents.iter().zip(0..).filter(|(_, peer)| *peer != root) {
            children.get_mut(parent as usize)?.push(peer);
        }
        let (mut order, mut pending) = (Vec::new(), vec![root]);
        let mut heard_us = vec![0; parents.len()];
        while let Some(peer) = pending.pop() {
            order.push(peer);
            for &child in &children[peer as usize] {
                heard_us[child as usize] = heard_us[peer as usize] + u64::from(problem.hop_us(peer, child)?);
                pending.push(child);
            }
        }
        if order.len() != parents.len() {
            return None;
        }
        let mut place = vec![0; parents.len()];
        order.iter().enumerate().for_each(|(at, &peer)| place[peer as usize] = at);
        let mut sizes = vec![1; parents.len()];
        for &peer in order.iter().rev().filter(|peer| **peer != root) {
            sizes[parents[peer as usize] as usize] += sizes[peer as usize];
        }
        let left = |(children, peer): (&Vec<u32>, u32)| problem.fan_out(peer).saturating_sub(children.len() as u32);
        let left: Vec<u32> = children.iter().zip(0..).map(left).collect();
        let mut by_time = order.clone();
        // Who has no slots may have one when the child goes that it serves.
        by_time.retain(|&peer| left[peer as usize] > 0 || !children[peer as usize].is_empty());
        by_time.sort_by_key(|&peer| (heard_us[peer as usize], peer));
        Some(Self { parents, order, place, sizes, children, heard_us, left, by_time })
    }

    fn children(&self, peer: u32) -> &[u32] {
        &self.children[peer as usize]
    }

    fn size(&self, peer: u32) -> u64 {
        self.sizes[peer as usize] as u64
    }

    fn below(&self, peer: u32) -> &[u32] {
        let from = self.place[peer as usize];
        &self.order[from..from + self.sizes[peer as usize]]
    }

    fn is_below(&self, peer: u32, above: u32) -> bool {
        let from = self.place[above as usize];
        (from..from + self.sizes[above as usize]).contains(&self.place[peer as usize])
    }

    // An orphan and all below it hear then.
    fn book(&self, orphan: u32, second: u32, us: u64, best_us: u64, found: &mut Backups) {
        let later = |us: u64| us.saturating_sub(self.heard_us[orphan as usize]) * self.size(orphan);
        found.second[orphan as usize] = Some(second);
        found.extra_us += later(us);
        found.bound_us += later(best_us);
    }
}

/// What is wrong with second parents; nothing if after the loss of any one inner peer each of its children that has a second
/// parent hears from the root, and nobody serves more than it can. Apart from how they were made.
#[must_use]
pub fn faults(problem: &TreeProblem<'_>, parents: &[u32], second: &[Option<u32>]) -> Vec<String> {
    let mut found = Vec::new();
    for gone in (0..problem.peers()).filter(|&gone| gone != problem.root()) {
        let is_orphan = |peer: u32| peer != gone && parents[peer as usize] == gone;
        let mut children = vec![Vec::new(); parents.len()];
        for peer in (0..problem.peers()).filter(|&peer| peer != problem.root() && peer != gone) {
            let parent = if is_orphan(peer) { second[peer as usize] } else { Some(parents[peer as usize]) };
            if let Some(parent) = parent {
                if problem.hop_us(parent, peer).is_none() {
                    found.push(format!("{peer} and {parent} never connect"));
                }
                children[parent as usize].push(peer);
            }
        }
        let mut hears = vec![false; parents.len()];
        let mut pending = vec![problem.root()];
        while let Some(peer) = pending.pop() {
            hears[peer as usize] = true;
            pending.extend(&children[peer as usize]);
            if children[peer as usize].len() as u32 > problem.fan_out(peer) {
                found.push(format!("without {gone}, {peer} serves {} others", children[peer as usize].len()));
            }
        }
        for orphan in (0..problem.peers()).filter(|&peer| is_orphan(peer) && second[peer as usize].is_some()) {
            if !hears[orphan as usize] {
                found.push(format!("without {gone}, {orphan} does not hear"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
