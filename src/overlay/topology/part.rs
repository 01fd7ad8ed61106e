//! Topologies as parts of others: what stands among some of the nodes.

use super::context::{BuildContext, Offered};
use super::contract::Topology;
use super::fewest::Tried;
use crate::overlay::Overlay;
use crate::overlay::dissemination::DisseminationSpec;
use crate::rng::Stream;

/// A topology that can stand among some of the nodes.
pub(super) trait Part: Topology {
    /// Adds its connections among the members to `out`. If `rooted`, the first member is where they hang together with
    /// others, so that it is the hub, or the root.
    fn among(&self, site: &Site<'_>, members: &[u32], rooted: bool, stream: &mut Stream, out: &mut Connections);

    /// How many second parents each member is to have on standby. Who hangs at the first of a `rooted` part directly has
    /// them elsewhere: it goes with that, and so would all others.
    fn backup_parents(&self) -> u32 {
        0
    }

    /// Whether all members hang at the first directly, so that nobody has a second parent among them.
    fn has_one_hub(&self) -> bool {
        false
    }

    /// What it asks of its busiest member among so many; if `rooted`, of the first.
    fn burden(&self, members: u32, rooted: bool) -> Burden;

    /// Whether its connections may close rings.
    fn has_rings(&self) -> bool {
        false
    }

    /// Whether it adds nodes, so that it cannot be a part.
    fn adds_servers(&self) -> bool {
        false
    }
}

/// Where parts are built, and what they are to carry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub(super) build: &'a BuildContext<'a>,
    /// By workload.
    pub(super) offered: &'a [Offered],
    /// The rule by which it is passed on: of a hybrid its own, where the scenario names none.
    pub(super) rule: Option<&'a DisseminationSpec>,
    /// The hubs of the outermost hybrid, where they are found by trying.
    pub(super) hubs: Option<Tried>,
}

impl<'a> Site<'a> {
    /// Of all nodes.
    pub(super) const fn whole(build: &'a BuildContext<'a>, offered: &'a [Offered]) -> Self {
        Self { build, offered, rule: build.dissemination, hubs: None }
    }
}

/// What a part asks of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Burden {
    /// Connections over which it sends.
    pub(super) degree: u32,
    /// Whether what came over one of them goes on over others.
    pub(super) passes_on: bool,
}

/// Connections as they are found.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) blocks: Vec<Vec<u32>>,
    /// Those on standby.
    pub(super) standby: Vec<(u32, u32)>,
}

impl Connections {
    /// Adds these pairs, which name members by their places.
    pub(super) fn add_among(&mut self, members: &[u32], pairs: impl IntoIterator<Item = (u32, u32)>) {
        self.pairs.extend(pairs.into_iter().map(|(a, b)| (members[a as usize], members[b as usize])));
    }

    /// The overlay of these connections.
    pub(super) fn into_overlay(self, nodes: u32) -> Overlay {
        Overlay::new(nodes, &self.pairs, self.blocks).with_standby(&self.standby)
    }
}
