//! Topologies as parts of others: a hybrid's core among its hubs, and what hangs at each hub.

use std::fmt::Debug;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::context::BuildContext;
use super::{Topology, hybrid, mesh, star, tree};
use crate::overlay::Overlay;
use crate::rng::Stream;

/// A topology that can stand among some of the nodes.
pub(super) trait Part: Topology {
    /// Adds its connections among the members to `out`. If `rooted`, the first member is where they hang together with
    /// others, so that it is the hub, or the root.
    fn among(
        &self,
        context: &BuildContext<'_>,
        members: &[u32],
        rooted: bool,
        stream: &mut Stream,
        out: &mut Connections,
    );

    /// How many connections a member has at most among so many, and whether it passes on what comes to it over them.
    fn burden(&self, members: u32) -> Burden;

    /// Whether it adds nodes, so that it cannot be a part.
    fn adds_servers(&self) -> bool {
        false
    }
}

/// What a part asks of its busiest member.
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
}

impl Connections {
    /// The overlay of these connections.
    pub(super) fn into_overlay(self, nodes: u32) -> Overlay {
        Overlay::new(nodes, &self.pairs, self.blocks)
    }
}

/// A part as a scenario names it: a table with a `kind`, or the kind alone.
#[derive(Clone, Debug)]
pub(super) struct Nested(pub(super) Arc<dyn Part>);

struct PartEntry {
    kind: &'static str,
    parse: fn(Value) -> Result<Arc<dyn Part>, serde_json::Error>,
}

impl PartEntry {
    const fn new<P: Part + DeserializeOwned + 'static>(kind: &'static str) -> Self {
        Self { kind, parse: |value| serde_json::from_value::<P>(value).map(|part| Arc::new(part) as Arc<dyn Part>) }
    }
}

static PARTS: &[PartEntry] = &[
    PartEntry::new::<mesh::Mesh>("mesh"),
    PartEntry::new::<star::Star>("star"),
    PartEntry::new::<tree::Tree>("tree"),
    PartEntry::new::<hybrid::Hybrid>("hybrid"),
];

impl Nested {
    pub(super) fn new(part: impl Part + 'static) -> Self {
        Self(Arc::new(part))
    }
}

impl PartialEq for Nested {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_json() == other.0.to_json()
    }
}

impl Eq for Nested {}

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let (kind, parameters) = match value {
            Value::String(kind) => (kind, serde_json::Map::new()),
            Value::Object(mut table) => match table.remove("kind") {
                Some(Value::String(kind)) => (kind, table),
                _ => return Err(D::Error::custom(format!("a part needs a `kind`: {}", kinds()))),
            },
            _ => return Err(D::Error::custom(format!("a part is a kind, or a table with a `kind`: {}", kinds()))),
        };
        let Some(entry) = PARTS.iter().find(|entry| entry.kind == kind) else {
            return Err(D::Error::custom(format!("no part of a topology is called `{kind}`; there are {}", kinds())));
        };
        let part = (entry.parse)(Value::Object(parameters)).map_err(D::Error::custom)?;
        if part.adds_servers() {
            return Err(D::Error::custom(format!("`{}` adds a server, and a part has its members only", part.label())));
        }
        Ok(Self(part))
    }
}

fn kinds() -> String {
    PARTS.iter().map(|entry| entry.kind).collect::<Vec<_>>().join(", ")
}

impl JsonSchema for Nested {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Part".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<&str> = PARTS.iter().map(|entry| entry.kind).collect();
        // Parameters are checked where they are known; here the kind says which.
        let table = |kind: &&str| {
            serde_json::json!({
                "type": "object",
                "required": ["kind"],
                "properties": { "kind": { "const": kind } },
            })
        };
        let tables: Vec<Value> = kinds.iter().map(table).collect();
        let choices: Vec<Value> = std::iter::once(serde_json::json!({ "enum": kinds })).chain(tables).collect();
        json_schema!({ "description": "A topology as a part of another: a kind, or a table with a `kind`.", "anyOf": choices })
    }
}
