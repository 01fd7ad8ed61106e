//! Decision trees over comparisons: which of a finite number of courses a run takes under given
//! delays.
//!
//! A run of the set-up takes its course by comparing times, and the outcome of each comparison is the
//! sign of a linear form in the delays ([`Difference`]). So the courses of all runs that begin alike
//! form a tree: at a node the next comparison, below it a branch for each sign, at the end a leaf. The
//! trees grow as courses are met. All nodes stand in one array, 32 bytes each: two to a cache line.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::webrtc::stamp::{Delays, Difference};

/// Where a branch leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Branch(u32);

/// Where a branch leads, spelled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// Nobody has been there.
    Unknown,
    /// To a comparison.
    Node(usize),
    /// To the end of a course.
    Leaf(u32),
}

impl Branch {
    const LEAF: u32 = 1 << 31;

    fn to_node(index: usize) -> Self {
        let index = u32::try_from(index + 1).expect("invariant: fewer nodes than the limit of bytes allows");
        assert!(index & Self::LEAF == 0, "invariant: fewer nodes than the limit of bytes allows");
        Self(index)
    }

    const fn to_leaf(leaf: u32) -> Self {
        Self(Self::LEAF | leaf)
    }

    #[inline]
    const fn target(self) -> Target {
        match self.0 {
            0 => Target::Unknown,
            leaf if leaf & Self::LEAF != 0 => Target::Leaf(leaf & !Self::LEAF),
            node => Target::Node(node as usize - 1),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Node {
    form: Difference,
    less: Branch,
    greater: Branch,
}

/// The nodes of all trees.
#[derive(Debug, Default)]
pub(super) struct Forest {
    nodes: Vec<Node>,
    // Two times are hardly ever equal, so the third branch has no place in the node.
    equal: BTreeMap<u32, Branch>,
}

impl Forest {
    /// The leaf of the course that a run takes under these delays, if it has been met before.
    #[inline]
    pub(super) fn find(&self, root: Branch, delays: &Delays) -> Option<u32> {
        let mut branch = root;
        loop {
            match branch.target() {
                Target::Unknown => return None,
                Target::Leaf(leaf) => return Some(leaf),
                Target::Node(index) => {
                    let node = &self.nodes[index];
                    let ns = node.form.ns(delays);
                    branch = match ns.cmp(&0) {
                        Ordering::Less => node.less,
                        Ordering::Greater => node.greater,
                        Ordering::Equal => self.equal.get(&(index as u32)).copied().unwrap_or_default(),
                    };
                }
            }
        }
    }

    /// Adds the course with these comparisons, which ends in `leaf`, to the tree at `root`.
    pub(super) fn graft(&mut self, root: &mut Branch, course: &[(Difference, Ordering)], leaf: u32) {
        let mut last: Option<(usize, Ordering)> = None;
        let mut branch = *root;
        for &(form, sign) in course {
            let index = match branch.target() {
                Target::Node(index) => {
                    assert_eq!(self.nodes[index].form, form, "invariant: equal beginnings go on with one comparison");
                    index
                }
                Target::Unknown => {
                    self.nodes.push(Node { form, less: Branch::default(), greater: Branch::default() });
                    let index = self.nodes.len() - 1;
                    *self.branch_mut(root, last) = Branch::to_node(index);
                    index
                }
                Target::Leaf(_) => unreachable!("invariant: a course that has ended does not go on"),
            };
            last = Some((index, sign));
            branch = *self.branch_mut(root, last);
        }
        assert_eq!(branch.target(), Target::Unknown, "invariant: courses differ in a comparison");
        *self.branch_mut(root, last) = Branch::to_leaf(leaf);
    }

    fn branch_mut<'a>(&'a mut self, root: &'a mut Branch, from: Option<(usize, Ordering)>) -> &'a mut Branch {
        match from {
            None => root,
            Some((index, Ordering::Less)) => &mut self.nodes[index].less,
            Some((index, Ordering::Greater)) => &mut self.nodes[index].greater,
            Some((index, Ordering::Equal)) => self.equal.entry(index as u32).or_default(),
        }
    }

    /// How many comparisons they hold.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.equal.len() * 2 * size_of::<(u32, Branch)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_half_a_cache_line() {
        assert_eq!(size_of::<Node>(), 32);
    }
}
