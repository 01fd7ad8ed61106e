//! GossipSub's mesh as joins leave it, and the connections beside it.
//!
//! Peers join in the order of their numbers, dial others at random, and graft some of them; some heartbeats follow. The rule
//! stands in [`gossip_mesh`](super::gossip_mesh). With `links = "mesh"` the overlay is the mesh alone, over which whole
//! messages go; with `"all"` it is every connection, for rules of dissemination that gossip beside the mesh.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::gossip_mesh::{Degrees, gossiping};
use super::{Shape, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood, check_degrees};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<GossipSub>(
    "gossipsub",
    "the mesh of GossipSub, as random dials, grafts and heartbeats leave it",
);

/// GossipSub's mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// How many peers a peer dials as it joins.
    dials: Bounded<1, 1_000>,
    /// How many of them are to be in its mesh (`D`).
    d: Bounded<1, 1_000>,
    /// With fewer than so many it grafts more (`D_low`).
    d_low: Bounded<1, 1_000>,
    /// With more than so many it prunes some (`D_high`).
    d_high: Bounded<1, 1_000>,
    /// Of how many connections in its mesh a peer is to be the one that dialled (`D_out`).
    d_out: Bounded<0, 1_000>,
    /// Heartbeats after the last join.
    heartbeats: Bounded<0, 60>,
    /// Which connections the overlay has.
    links: Links,
}

/// The parameters of the specification.
impl Default for Parameters {
    fn default() -> Self {
        const IN_RANGE: &str = "invariant: the specification's parameters are in range";
        Self {
            dials: Bounded::new(20).expect(IN_RANGE),
            d: Bounded::new(6).expect(IN_RANGE),
            d_low: Bounded::new(5).expect(IN_RANGE),
            d_high: Bounded::new(12).expect(IN_RANGE),
            d_out: Bounded::new(2).expect(IN_RANGE),
            heartbeats: Bounded::new(10).expect(IN_RANGE),
            links: Links::default(),
        }
    }
}

/// Which connections of GossipSub an overlay has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Links {
    /// Those of the mesh.
    #[default]
    Mesh,
    /// Those outside of it too.
    All,
}

/// Parameters that go together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parameters")]
pub(super) struct GossipSub(Parameters);

impl TryFrom<Parameters> for GossipSub {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, Self::Error> {
        let Parameters { d, d_low, d_high, d_out, .. } = parameters;
        check_degrees([d_low, d, d_high].map(Bounded::get), d_out.get())?;
        Ok(Self(parameters))
    }
}

impl JsonSchema for GossipSub {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GossipSubMesh".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Parameters::json_schema(generator)
    }
}

impl Topology for GossipSub {
    fn label(&self) -> String {
        let (own, default) = (&self.0, Parameters::default());
        let mut label = format!("{} d={}", ENTRY.kind, own.d);
        for (key, value, usual) in [
            ("dials", own.dials.get(), default.dials.get()),
            ("d_low", own.d_low.get(), default.d_low.get()),
            ("d_high", own.d_high.get(), default.d_high.get()),
            ("d_out", own.d_out.get(), default.d_out.get()),
            ("heartbeats", own.heartbeats.get(), default.heartbeats.get()),
        ] {
            if value != usual {
                label += &format!(" {key}={value}");
            }
        }
        if own.links == Links::All {
            label += " links=all";
        }
        label
    }

    fn shape(&self, peers: u32) -> Shape {
        let own = &self.0;
        let each = match own.links {
            Links::Mesh => own.d.get().min(own.dials.get()),
            Links::All => own.dials.get(),
        };
        Shape::dialled(peers, each)
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let own = &self.0;
        let degrees = Degrees {
            dials: own.dials.get(),
            d: own.d.get() as usize,
            d_low: own.d_low.get() as usize,
            d_high: own.d_high.get() as usize,
            d_out: own.d_out.get() as usize,
            heartbeats: own.heartbeats.get(),
        };
        let found = gossiping(context.world.peers(), degrees, stream);
        let mut pairs = found.mesh;
        if own.links == Links::All {
            pairs.extend(found.others);
        }
        Overlay::new(context.world.nodes(), &pairs, Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
