//! Hybrid: some peers are hubs, connected by a core; every other peer hangs at a hub, alone or with others.
//!
//! Core and what hangs at a hub are topologies themselves, hybrids too, so that stars in a mesh, a mesh of trees, a chain
//! of meshes and nested hybrids are all of this kind. A core of one hub with spokes around it is a star.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::backup::at_other_hubs;
use super::capacity::Duty;
use super::context::BuildContext;
use super::fewest::{Tried, fewest_without_strain};
use super::hubs::{Choose, HubCount, PEERS_PER_HUB, Rooms, equal_rooms, fewest, so_many, spokes_max};
use super::median::median_groups;
use super::mesh::Mesh;
use super::nested::Nested;
use super::part::{Burden, Connections, Part, Site};
use super::rooms::Hubs;
use super::star::Star;
use super::strain::strain;
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood, ShortestPath};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<Hybrid>(
    "hybrid",
    "hubs in a mesh or any other core, every other peer below the nearest hub with room",
);

/// Hubs in a core, and what hangs at each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Most peers at a hub, the hub included: there are `peers / peers_per_hub` hubs, rounded up. 16 without `hubs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peers_per_hub: Option<Bounded<1, 1_000_000>>,
    /// How many hubs there are, in place of `peers_per_hub`: a number, or `"auto"`, the fewest that can serve all
    /// others within their budgets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hubs: Option<HubCount>,
    /// Which peers become hubs first.
    #[serde(default)]
    choose: Choose,
    /// Whether peers that messages are for together stand together: each room of the workloads has one of its own as hub,
    /// whatever the number of hubs. Where messages are for everybody, hubs are as many as without this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_audience: bool,
    /// The topology among the hubs.
    #[serde(default = "default_core")]
    core: Nested,
    /// The topology of each hub and its peers, with the hub as its root.
    #[serde(default = "default_attach")]
    attach: Nested,
}

/// Parameters that go together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parameters")]
pub(super) struct Hybrid(Parameters);

impl TryFrom<Parameters> for Hybrid {
    type Error = &'static str;

    fn try_from(parameters: Parameters) -> Result<Self, Self::Error> {
        match (parameters.hubs, parameters.peers_per_hub) {
            (Some(_), Some(_)) => Err("`hubs` and `peers_per_hub` both say how many hubs there are: name one of them"),
            (Some(HubCount::Fewest), _) if parameters.choose == Choose::Servers => {
                Err("servers are added before anything is known of budgets: name a number of `hubs`")
            }
            _ if parameters.core.0.has_one_hub() && parameters.core.0.backup_parents() > 0 => {
                Err("the core has one hub, so nobody in it has another parent: leave out its `backup_parents`")
            }
            (Some(HubCount::Number(hubs)), _) if hubs.get() <= parameters.attach.0.backup_parents() => {
                Err("second parents are at other hubs: ask for more `hubs` than `backup_parents`")
            }
            _ if parameters.by_audience && parameters.choose == Choose::Servers => {
                Err("rooms stand around peers of their own: leave out `by_audience`, or choose other hubs than servers")
            }
            _ => Ok(Self(parameters)),
        }
    }
}

impl JsonSchema for Hybrid {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Parameters::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Parameters::json_schema(generator)
    }
}

fn default_core() -> Nested {
    Nested::new(Mesh {})
}

fn default_attach() -> Nested {
    Nested::new(Star::default())
}

impl Hybrid {
    // How many hubs there are among so many; none where that is to be found out.
    fn count(&self, members: u32) -> Option<u32> {
        match self.0.hubs {
            Some(HubCount::Number(hubs)) => Some(hubs.get().min(members)),
            Some(HubCount::Fewest) => None,
            None => {
                let per_hub = self.0.peers_per_hub.map_or(PEERS_PER_HUB, Bounded::get);
                Some(members.div_ceil(per_hub))
            }
        }
    }

    // Second parents are at other hubs.
    fn hubs_min(&self) -> u32 {
        self.0.attach.0.backup_parents() + 1
    }

    // How many spokes each of so many hubs takes.
    fn room(&self, members: u32, hubs: u32) -> u32 {
        let per_hub = match self.0.hubs {
            Some(_) => members.div_ceil(hubs.max(1)),
            None => self.0.peers_per_hub.map_or(PEERS_PER_HUB, Bounded::get),
        };
        per_hub - 1
    }

    // The same for estimates, before anything is known of budgets.
    fn likely_count(&self, members: u32) -> u32 {
        self.count(members).unwrap_or_else(|| members.div_ceil(PEERS_PER_HUB))
    }

    fn duty<'a>(&self, site: &Site<'a>, members: u32, hubs: u32) -> Duty<'a> {
        let core = self.0.core.0.burden(hubs, false);
        let attach = self.0.attach.0.burden(members.saturating_sub(hubs) + 1, true);
        let to_everybody = site.rule.is_some_and(|rule| !rule.knows_audiences());
        let floods = site.rule.is_some_and(|rule| matches!(rule, DisseminationSpec::Flood(_)));
        Duty {
            offered: site.offered,
            for_all: to_everybody,
            core_floods: floods && hubs > 1,
            peers: site.build.world.peers(),
            members,
            hubs,
            core_degree: core.degree,
            core_passes_on: (core.passes_on || to_everybody) && hubs > 1,
            fan_out: attach.degree,
            backups: self.0.attach.0.backup_parents(),
        }
    }

    // The hubs and their rooms; if there is a root, it is the first of them.
    fn rooms(&self, site: &Site<'_>, members: &[u32], rooted: bool) -> Rooms {
        let all = members.len() as u32;
        if self.0.choose == Choose::Servers {
            let (peers, nodes) = (site.build.world.peers(), site.build.world.nodes());
            let room = all.div_ceil((nodes - peers).max(1));
            return (peers..nodes).map(|server| (server, room)).collect();
        }
        let likely = self.duty(site, all, self.likely_count(all));
        let mut order = self.0.choose.order(site.build.world, &members[usize::from(rooted)..], &likely);
        if rooted {
            order.insert(0, members[0]);
        }
        match self.count(all) {
            Some(hubs) => equal_rooms(&order, hubs, self.room(all, hubs)),
            None => match site.hubs {
                Some(Tried { hubs, alike: true }) => equal_rooms(&order, hubs, all.div_ceil(hubs) - 1),
                Some(Tried { hubs, .. }) => so_many(site.build.world, &order, rooted, &self.duty(site, all, hubs)),
                None => fewest(site.build.world, &order, (rooted, self.hubs_min()), |hubs| self.duty(site, all, hubs)),
            },
        }
    }
}

impl Hybrid {
    // Each hub with the peers that are nearest to it, the hub first.
    fn nearest(&self, site: &Site<'_>, members: &[u32], rooted: bool) -> Vec<Vec<u32>> {
        let world = site.build.world;
        let rooms = self.rooms(site, members, rooted);
        let group_of: BTreeMap<u32, usize> = rooms.iter().zip(0..).map(|(&(hub, _), group)| (hub, group)).collect();
        let mut groups: Vec<Vec<u32>> = rooms.iter().map(|&(hub, _)| vec![hub]).collect();
        let mut nearest = Hubs::new(world, rooms.iter().copied());
        for spoke in world.by_uplink(members).into_iter().filter(|spoke| !group_of.contains_key(spoke)) {
            let hub = nearest.take(spoke).expect("invariant: the hubs have room for all");
            groups[group_of[&hub]].push(spoke);
        }
        groups
    }

    // Hubs that are searched for, and what hangs at each: no more than it bears, and no more than three times its share.
    fn searched(&self, site: &Site<'_>, members: &[u32]) -> Option<Vec<Vec<u32>>> {
        let all = members.len() as u32;
        let hubs = match self.count(all) {
            Some(hubs) => hubs,
            None => self.rooms(site, members, false).len() as u32,
        };
        let share = all.div_ceil(hubs.max(1));
        let spokes = spokes_max(site.build.world, members, &self.duty(site, all, hubs));
        // A hub may count as one of its own spokes, or as another's: either way none has more than it bears.
        let capacities: Vec<u32> = spokes.into_iter().map(|spokes| spokes.min(3 * share)).collect();
        median_groups(site, members, hubs as usize, &capacities)
    }

    // The members of each audience, the best hub among them first. Who is in several stands in the first of them, and all
    // who are in none stand together.
    fn audiences(&self, site: &Site<'_>, members: &[u32]) -> Vec<Vec<u32>> {
        let all = members.len() as u32;
        let likely = self.duty(site, all, self.likely_count(all));
        let order = self.0.choose.order(site.build.world, members, &likely);
        let audiences = site.build.audiences;
        let mut first = vec![audiences.len(); site.build.world.peers() as usize];
        for (nth, audience) in audiences.iter().enumerate().rev() {
            audience.iter().for_each(|&peer| first[peer as usize] = nth);
        }
        let mut groups = vec![Vec::new(); audiences.len() + 1];
        order.into_iter().for_each(|peer| groups[first[peer as usize]].push(peer));
        groups.retain(|group| !group.is_empty());
        groups
    }
}

impl Part for Hybrid {
    fn among(&self, site: &Site<'_>, members: &[u32], rooted: bool, stream: &mut Stream, out: &mut Connections) {
        let searched = || {
            // A number that was found by trying is one for which budgets do not suffice.
            let is_asked_for = self.0.choose == Choose::Optimised && !rooted && site.hubs.is_none();
            is_asked_for.then(|| self.searched(site, members)).flatten()
        };
        let groups = if self.0.by_audience && !rooted && !site.build.audiences.is_empty() {
            self.audiences(site, members)
        } else {
            // Where budgets do not suffice, or the root is given, the nearest hub with room.
            searched().unwrap_or_else(|| self.nearest(site, members, rooted))
        };
        // How many hubs parts have that are hybrids is their matter.
        let site = &Site { hubs: None, ..*site };
        let hubs: Vec<u32> = groups.iter().map(|group| group[0]).collect();
        let mut direct = Vec::new();
        for group in groups.iter().filter(|group| group.len() > 1) {
            let before = out.pairs.len();
            self.0.attach.0.among(site, group, true, stream, out);
            direct.extend(out.pairs[before..].iter().copied().filter(|&(parent, _)| parent == group[0]));
        }
        out.standby.extend(at_other_hubs(site.build.world, &hubs, &direct, self.0.attach.0.backup_parents()));
        self.0.core.0.among(site, &hubs, rooted, stream, out);
    }

    fn has_rings(&self) -> bool {
        self.0.core.0.has_rings() || self.0.attach.0.has_rings()
    }

    fn adds_servers(&self) -> bool {
        self.0.choose == Choose::Servers
    }

    fn burden(&self, members: u32, rooted: bool) -> Burden {
        let hubs = self.likely_count(members);
        let core = self.0.core.0.burden(hubs, rooted);
        let attach = self.0.attach.0.burden(members.div_ceil(hubs.max(1)), true);
        Burden { degree: core.degree + attach.degree, passes_on: true }
    }
}

impl Topology for Hybrid {
    fn label(&self) -> String {
        let mut label = ENTRY.kind.to_owned();
        match (self.0.hubs, self.0.peers_per_hub) {
            (Some(HubCount::Number(hubs)), _) => label += &format!(" hubs={hubs}"),
            (Some(HubCount::Fewest), _) => label += " hubs=auto",
            (None, None) if self.0.by_audience => {}
            (None, per_hub) => {
                label += &format!(" peers_per_hub={}", per_hub.map_or(PEERS_PER_HUB, Bounded::get));
            }
        }
        if let Choose::Class(name) = &self.0.choose {
            label += &format!(" choose=class:{name}");
        } else if self.0.choose != Choose::default() {
            let word = serde_json::to_value(&self.0.choose).unwrap_or_default();
            label += &format!(" choose={}", word.as_str().unwrap_or_default());
        }
        if self.0.by_audience {
            label += " by_audience=true";
        }
        for (key, part, default) in
            [("core", &self.0.core, default_core()), ("attach", &self.0.attach, default_attach())]
        {
            if *part != default {
                label += &format!(" {key}=({})", part.0.label());
            }
        }
        label
    }

    fn servers(&self, peers: u32) -> u32 {
        if self.0.choose == Choose::Servers { self.likely_count(peers).max(1) } else { 0 }
    }

    fn classes(&self) -> Vec<String> {
        let own = match &self.0.choose {
            Choose::Class(name) => Some(name.clone()),
            _ => None,
        };
        own.into_iter().chain(self.0.core.0.classes()).chain(self.0.attach.0.classes()).collect()
    }

    fn shape(&self, peers: u32) -> Shape {
        let hubs = self.likely_count(peers).max(1);
        // Servers are hubs beside all peers.
        let nodes = peers + self.servers(peers);
        let core = self.0.core.0.shape(hubs);
        let (spokes, room) = (nodes.saturating_sub(hubs), self.room(nodes, hubs).max(1));
        let attached = |spokes: u32| self.0.attach.0.shape(spokes + 1);
        // What hangs at hubs as a tree has a connection for each peer.
        let is_tree = attached(room).core == 0 && !self.0.attach.0.has_rings();
        let below = if is_tree {
            // With other hubs everybody finds a second parent.
            let backups = if hubs > 1 { self.0.attach.0.backup_parents() } else { 0 };
            u64::from(spokes) * u64::from(1 + backups)
        } else {
            // Most of them where as many hubs as can be are full.
            let (full, rest) = (u64::from(spokes / room), spokes % room);
            attached(room).connections() * full + attached(rest).connections()
        };
        Shape { tree: core.tree + below, core: core.core, spread: Spread::Hubs(hubs) }
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let (members, offered) = ((0..context.world.peers()).collect::<Vec<u32>>(), context.offered());
        let own = self.dissemination();
        let rule = context.dissemination.unwrap_or(&own);
        let site = Site { rule: Some(rule), ..Site::whole(context, &offered) };
        let with = |hubs: Option<Tried>, stream: &mut Stream| {
            let mut connections = Connections::default();
            self.among(&Site { hubs, ..site }, &members, false, stream, &mut connections);
            connections.into_overlay(context.world.nodes())
        };
        let hubs_are_rooms = self.0.by_audience && !context.audiences.is_empty();
        let by_closed_form = with(None, &mut stream.clone());
        if self.0.hubs != Some(HubCount::Fewest) || hubs_are_rooms {
            return by_closed_form;
        }
        let strain = |overlay: &Overlay| strain(context, rule, overlay);
        let with_strain = |hubs: Tried| strain(&with(Some(hubs), &mut stream.clone()));
        let (peers, least) = (context.world.peers(), self.hubs_min());
        let hubs = fewest_without_strain(peers, least, strain(&by_closed_form), with_strain);
        hubs.map_or(by_closed_form, |hubs| with(Some(hubs), stream))
    }

    fn weighs_messages(&self) -> bool {
        self.0.hubs == Some(HubCount::Fewest)
            || matches!(self.0.choose, Choose::BestCapacity | Choose::Optimised)
            || self.0.core.0.weighs_messages()
            || self.0.attach.0.weighs_messages()
    }

    fn dissemination(&self) -> DisseminationSpec {
        match (self.has_rings(), self.0.by_audience) {
            (false, _) => DisseminationSpec::default(),
            (true, false) => Flood::default().into(),
            // A flood would bring what a room tells itself to everybody.
            (true, true) => ShortestPath::default().into(),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
