//! Tree with a bounded number of children: balanced in an order, or short in time.
//!
//! In an order, peer number `i` of it has the children `k i + 1 .. k i + k`. Short in time it is a compact tree, which
//! [`compact`](super::compact) describes, or one that is [searched for](super::optimised); then children may also be as few
//! as uplink and CPU bear.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backup::{Wish, standby};
use super::capacity::Duty;
use super::compact::compact_tree;
use super::context::BuildContext;
use super::hubs::{Choose, spokes_max};
use super::optimised::optimised_tree;
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<Tree>("tree", "a balanced tree with `degree` children a peer");

/// A balanced tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tree {
    /// Most children of a peer.
    #[serde(default = "default_degree")]
    degree: Bounded<1, 65_535>,
    /// In which order peers take their places, from the root down.
    #[serde(default)]
    order: Order,
    /// How many second parents each peer is connected to on standby, in case that its parent goes. No message travels over
    /// these connections; their cost counts.
    #[serde(default, skip_serializing_if = "is_none")]
    backup_parents: Bounded<0, 3>,
}

/// Whether a tree has no second parents, which is the default.
pub(super) const fn is_none(backup_parents: &Bounded<0, 3>) -> bool {
    backup_parents.get() == 0
}

/// In which order peers take their places in a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// The sources first, then the peers with the fastest uplinks: those that can serve children.
    #[default]
    BestUplink,
    /// The sources first, then the others as they are numbered: what a tree without knowledge of
    /// its peers gets.
    Arrival,
    /// No fixed order: each next peer is the one that hears soonest, and those that can serve many come sooner.
    Latency,
    /// The same, and nobody has more children than half of its links and of its CPU can serve.
    LatencyWithinBudgets,
    /// As short as a search makes it, within the same budgets, from the delays that pairs have.
    Optimised,
}

fn default_degree() -> Bounded<1, 65_535> {
    Bounded::new(4).expect("invariant: four is in range")
}

impl Tree {
    // A tree whose root is the first member, if it is rooted.
    fn built(&self, site: &Site<'_>, members: &[u32], rooted: bool) -> Built {
        let world = site.build.world;
        let (root, others) = members.split_at(usize::from(rooted));
        match self.order {
            Order::BestUplink => self.balanced(&[root, &world.by_uplink(others)].concat()),
            Order::Arrival => self.balanced(members),
            Order::Latency | Order::LatencyWithinBudgets | Order::Optimised => self.compact(site, members, rooted),
        }
    }

    fn balanced(&self, order: &[u32]) -> Built {
        let degree = self.degree.get() as usize;
        let pairs = (1..order.len()).map(|child| (order[(child - 1) / degree], order[child])).collect();
        Built { pairs, unable: Vec::new() }
    }

    // Its standby connections. Who can serve nobody stands by for nobody.
    fn standby(&self, site: &Site<'_>, built: &Built, is_rooted: bool) -> Vec<(u32, u32)> {
        let count = self.backup_parents.get();
        let most = self.degree.get().max(count);
        let room = |node: u32| if built.unable.binary_search(&node).is_ok() { 0 } else { most };
        standby(site.build.world, &built.pairs, Wish { count, is_rooted }, room)
    }

    fn compact(&self, site: &Site<'_>, members: &[u32], rooted: bool) -> Built {
        let (world, degree) = (site.build.world, self.degree.get());
        let duty = self.duty(site, members.len() as u32);
        let mut members = members.to_vec();
        let mut fan_outs = match self.order {
            Order::LatencyWithinBudgets | Order::Optimised => spokes_max(world, &members, &duty),
            _ => vec![degree; members.len()],
        };
        fan_outs.iter_mut().for_each(|fan_out| *fan_out = (*fan_out).min(degree));
        if !rooted {
            // In the middle of all, and able to serve.
            let most = fan_outs.iter().copied().max().unwrap_or_default();
            let able = members.iter().zip(&fan_outs).filter(|&(_, &fan_out)| fan_out == most);
            let able: Vec<u32> = able.map(|(&member, _)| member).collect();
            let central = Choose::Central.order(world, &able, &duty).first().copied();
            if let Some(place) = members.iter().position(|&member| central == Some(member)) {
                members.swap(0, place);
                fan_outs.swap(0, place);
            }
        }
        // The root serves somebody, whatever it can. Where budgets do not suffice, all exceed them by as many children.
        if let Some(root) = fan_outs.first_mut() {
            *root = (*root).max(1);
        }
        let all = |fan_outs: &[u32]| fan_outs.iter().map(|&fan_out| u64::from(fan_out)).sum::<u64>();
        while all(&fan_outs) + 1 < members.len() as u64 {
            fan_outs.iter_mut().for_each(|fan_out| *fan_out = (*fan_out + 1).min(degree));
        }
        let mut unable: Vec<u32> =
            members.iter().zip(&fan_outs).filter(|&(_, &most)| most == 0).map(|(&member, _)| member).collect();
        unable.sort_unstable();
        let grow = if self.order == Order::Optimised {
            optimised_tree(site, &members, &fan_outs)
        } else {
            compact_tree(world, &members, &fan_outs)
        };
        Built { pairs: grow, unable }
    }

    // What a member is asked: to send every message to each of its children, and, where others publish too, to its parent.
    fn duty<'a>(&self, site: &Site<'a>, members: u32) -> Duty<'a> {
        Duty {
            offered: site.offered,
            core_floods: false,
            for_all: true,
            peers: site.build.world.peers(),
            members,
            hubs: 1,
            core_degree: u32::from(site.build.sources.len() > 1),
            core_passes_on: true,
            fan_out: self.degree.get(),
            backups: self.backup_parents.get(),
        }
    }
}

impl Part for Tree {
    fn among(&self, site: &Site<'_>, members: &[u32], rooted: bool, _: &mut Stream, out: &mut Connections) {
        let built = self.built(site, members, rooted);
        out.standby.extend(self.standby(site, &built, rooted));
        out.pairs.extend(built.pairs);
    }

    fn backup_parents(&self) -> u32 {
        self.backup_parents.get()
    }

    fn burden(&self, members: u32, rooted: bool) -> Burden {
        // The root has no parent.
        let degree = self.degree.get() + u32::from(!rooted);
        Burden { degree: members.saturating_sub(1).min(degree), passes_on: true }
    }
}

impl Topology for Tree {
    fn label(&self) -> String {
        let order = match self.order {
            Order::BestUplink => "",
            Order::Arrival => " order=arrival",
            Order::Latency => " order=latency",
            Order::LatencyWithinBudgets => " order=latency-within-budgets",
            Order::Optimised => " order=optimised",
        };
        format!("{} degree={}{order}{}", ENTRY.kind, self.degree, backups_label(self.backup_parents))
    }

    fn shape(&self, peers: u32) -> Shape {
        let (count, others) = (u64::from(self.backup_parents.get()), u64::from(peers - 1));
        // Children of the root have each other, and two of them one connection.
        let first = others.min(u64::from(self.degree.get()));
        let standby = (first * count).min(first * first.saturating_sub(1) / 2) + (others - first) * count;
        Shape { tree: others + standby, core: 0, spread: Spread::Levels(self.degree.get()) }
    }

    fn children_max(&self) -> Option<u32> {
        Some(self.degree.get())
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        let world = context.world;
        let offered = context.offered();
        let site = Site::whole(context, &offered);
        let members: Vec<u32> = (0..world.peers()).collect();
        let built = match self.order {
            Order::BestUplink => {
                self.balanced(&sources_first(context.sources, &world.peers_by_uplink(), world.peers()))
            }
            Order::Arrival => self.balanced(&sources_first(context.sources, &members, world.peers())),
            Order::Latency | Order::LatencyWithinBudgets | Order::Optimised => {
                let is_rooted = !context.sources.is_empty() && context.sources.len() < members.len();
                self.compact(&site, &sources_first(context.sources, &members, world.peers()), is_rooted)
            }
        };
        Overlay::new(world.nodes(), &built.pairs, Vec::new()).with_standby(&self.standby(&site, &built, false))
    }

    fn weighs_messages(&self) -> bool {
        matches!(self.order, Order::LatencyWithinBudgets | Order::Optimised)
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

/// What a label says of second parents.
pub(super) fn backups_label(backup_parents: Bounded<0, 3>) -> String {
    if is_none(&backup_parents) { String::new() } else { format!(" backup_parents={backup_parents}") }
}

// Parent and child, from the root down; and who has no room for a child, in order.
struct Built {
    pairs: Vec<(u32, u32)>,
    unable: Vec<u32>,
}

/// All peers: the sources in their order unless everybody is one, then the others in theirs.
pub(super) fn sources_first(sources: &[u32], others: &[u32], peers: u32) -> Vec<u32> {
    if sources.len() == peers as usize {
        return others.to_vec();
    }
    let mut is_source = vec![false; peers as usize];
    sources.iter().for_each(|&source| is_source[source as usize] = true);
    let rest = others.iter().copied().filter(|&peer| !is_source[peer as usize]);
    sources.iter().copied().chain(rest).collect()
}
