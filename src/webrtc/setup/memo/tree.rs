//! Decision trees over delays: which course a set-up takes.
//!
//! A node asks for the sign of a linear form in the delays ([`Difference`]): which of two times is
//! earlier. All nodes stand in one array, 32 bytes each: two to a cache line.

use std::collections::BTreeMap;

use crate::webrtc::stamp::{Delays, Difference, LEGS};

/// Where a branch leads: nowhere yet, to a node, or to a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Branch(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Nowhere,
    Node(usize),
    Leaf(u32),
}

impl Branch {
    const LEAF: u32 = 1 << 31;

    /// To a leaf.
    pub(super) const fn to_leaf(leaf: u32) -> Self {
        Self(Self::LEAF | leaf)
    }

    fn to_node(index: usize) -> Self {
        let index = u32::try_from(index + 1).expect("invariant: memory runs out long before");
        assert!(index & Self::LEAF == 0, "invariant: memory runs out long before");
        Self(index)
    }

    #[inline]
    const fn target(self) -> Target {
        match self.0 {
            0 => Target::Nowhere,
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
#[derive(Clone, Debug, Default)]
pub(super) struct Forest {
    nodes: Vec<Node>,
    // Those of the nodes, whichever way around, and how many have each.
    forms: BTreeMap<Difference, u32>,
    // The same of the legs in them alone.
    legs: BTreeMap<[i16; LEGS], u32>,
}

impl Forest {
    /// Walks down from `root` to a leaf; none if the tree is empty. Equal times count as greater.
    #[inline]
    pub(super) fn walk(&self, root: Branch, delays: &Delays) -> Option<u32> {
        let mut branch = root;
        loop {
            match branch.target() {
                Target::Nowhere => return None,
                Target::Leaf(leaf) => return Some(leaf),
                Target::Node(index) => {
                    let node = &self.nodes[index];
                    branch = if node.form.ns(delays) < 0 { node.less } else { node.greater };
                }
            }
        }
    }

    /// Puts a node in the place of the leaf that these delays lead to: `form` is below zero for the leaf
    /// `less`, at least zero for `greater`.
    pub(super) fn split(&mut self, root: &mut Branch, delays: &Delays, form: Difference, less: u32, greater: u32) {
        // The node, and whether its lower branch, that leads to the leaf.
        let mut parent = None;
        let mut branch = *root;
        while let Target::Node(index) = branch.target() {
            let node = &self.nodes[index];
            let below = node.form.ns(delays) < 0;
            parent = Some((index, below));
            branch = if below { node.less } else { node.greater };
        }
        let new = Branch::to_node(self.nodes.len());
        match parent {
            None => *root = new,
            Some((index, true)) => self.nodes[index].less = new,
            Some((index, false)) => self.nodes[index].greater = new,
        }
        self.nodes.push(Node { form, less: Branch::to_leaf(less), greater: Branch::to_leaf(greater) });
        *self.forms.entry(form.min(form.negated())).or_default() += 1;
        *self.legs.entry(upward_legs(form)).or_default() += 1;
    }

    /// The forms of all nodes, each once, and how many nodes have it.
    pub(super) fn forms(&self) -> impl Iterator<Item = (&Difference, u32)> {
        self.forms.iter().map(|(form, &nodes)| (form, nodes))
    }

    /// How many nodes have a form with the same legs in it, whatever the constant.
    pub(super) fn with_legs_of(&self, form: &Difference) -> u32 {
        self.legs.get(&upward_legs(*form)).copied().unwrap_or(0)
    }

    /// Leaves what walks need: nothing is split any more.
    pub(super) fn forget_forms(&mut self) {
        self.forms.clear();
        self.legs.clear();
        self.nodes.shrink_to_fit();
    }

    /// How many comparisons they hold.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + (self.forms.len() + self.legs.len()) * 2 * size_of::<Difference>()
    }
}

// The legs in a form or in its negative.
fn upward_legs(form: Difference) -> [i16; LEGS] {
    form.counts.max(form.negated().counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_half_a_cache_line() {
        assert_eq!(size_of::<Node>(), 32);
    }
}
