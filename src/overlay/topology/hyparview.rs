//! HyParView: every peer keeps a few connections, its active view, and knows more peers that could replace them.
//!
//! Leitao, Pereira and Rodrigues, "HyParView: a membership protocol for reliable gossip-based broadcast", DSN 2007; the
//! protocol itself stands in [`views`](super::views). Peers join one after the other, in the order of their numbers; then
//! `cycles` rounds follow in which each peer fills its active view and shuffles its passive one, as in the paper's
//! experiments. The overlay is the active views, which are symmetric.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::views::{Contact, Rule, Views};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<HyParView>(
    "hyparview",
    "HyParView: the active views that joins by random walks, and shuffles, leave",
);

/// HyParView.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HyParView {
    /// Most connections of a peer: the size of its active view.
    active: Bounded<2, 1_000>,
    /// Most other peers that it knows: the size of its passive view.
    passive: Bounded<1, 10_000>,
    /// Hops of a join's random walk (ARWL), and of a shuffle's.
    active_walk: Bounded<1, 100>,
    /// With so many hops to go a walk leaves the newcomer in a passive view (PRWL).
    passive_walk: Bounded<0, 100>,
    /// How many peers of its active view a peer sends in a shuffle.
    shuffle_active: Bounded<0, 1_000>,
    /// And how many of its passive view.
    shuffle_passive: Bounded<0, 10_000>,
    /// Rounds of filling and shuffling after the last join.
    cycles: Bounded<0, 1_000>,
    /// Through whom peers join.
    contact: Contact,
}

/// The paper's parameters for 10,000 nodes, but for its 50 cycles: ten fill 99 % of the active views.
impl Default for HyParView {
    fn default() -> Self {
        const IN_RANGE: &str = "invariant: the paper's parameters are in range";
        Self {
            active: Bounded::new(5).expect(IN_RANGE),
            passive: Bounded::new(30).expect(IN_RANGE),
            active_walk: Bounded::new(6).expect(IN_RANGE),
            passive_walk: Bounded::new(3).expect(IN_RANGE),
            shuffle_active: Bounded::new(3).expect(IN_RANGE),
            shuffle_passive: Bounded::new(4).expect(IN_RANGE),
            cycles: Bounded::new(10).expect(IN_RANGE),
            contact: Contact::default(),
        }
    }
}

impl HyParView {
    fn rule(&self) -> Rule {
        Rule {
            active: self.active.get() as usize,
            passive: self.passive.get() as usize,
            active_walk: self.active_walk.get(),
            passive_walk: self.passive_walk.get(),
            shuffle_active: self.shuffle_active.get() as usize,
            shuffle_passive: self.shuffle_passive.get() as usize,
            contact: self.contact,
        }
    }
}

impl Topology for HyParView {
    fn label(&self) -> String {
        let default = Self::default();
        let mut label = format!("{} active={}", ENTRY.kind, self.active);
        for (key, value, usual) in [
            ("passive", self.passive.get(), default.passive.get()),
            ("active_walk", self.active_walk.get(), default.active_walk.get()),
            ("passive_walk", self.passive_walk.get(), default.passive_walk.get()),
            ("shuffle_active", self.shuffle_active.get(), default.shuffle_active.get()),
            ("shuffle_passive", self.shuffle_passive.get(), default.shuffle_passive.get()),
            ("cycles", self.cycles.get(), default.cycles.get()),
        ] {
            if value != usual {
                label += &format!(" {key}={value}");
            }
        }
        if self.contact != default.contact {
            label += " contact=random";
        }
        label
    }

    fn shape(&self, peers: u32) -> Shape {
        let (count, active) = (u64::from(peers), u64::from(self.active.get()));
        let tree = (count * active / 2).min(count * count.saturating_sub(1) / 2);
        Shape { tree, core: 0, spread: Spread::Levels(self.active.get() - 1) }
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let mut views = Views::joined(context.world.peers(), self.rule(), stream);
        for _ in 0..self.cycles.get() {
            views.cycle(stream);
        }
        Overlay::new(context.world.nodes(), &views.pairs(), Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
