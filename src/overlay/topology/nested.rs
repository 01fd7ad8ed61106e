//! Parts as a scenario names them: a hybrid's core, and what hangs at each hub.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::part::Part;
use super::{genet, hybrid, mesh, neighbours, random_regular, ring, star, tree};

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
    PartEntry::new::<genet::Genet>("genet"),
    PartEntry::new::<random_regular::RandomRegular>("random-regular"),
    PartEntry::new::<ring::Ring>("ring"),
    PartEntry::new::<neighbours::Nearest>("nearest"),
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
        let part = (entry.parse)(Value::Object(parameters)).map_err(|error| D::Error::custom(told(&kind, &error)))?;
        if part.adds_servers() {
            return Err(D::Error::custom(format!("`{}` adds a server, and a part has its members only", part.label())));
        }
        Ok(Self(part))
    }
}

// What is wrong with a part, with the kind of which it is: where it stands in the scenario is told with the whole.
fn told(kind: &str, error: &serde_json::Error) -> String {
    let error = error.to_string();
    match error.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected ")) {
        Some(("`dissemination`", _)) => {
            "a part has no rule of its own: `dissemination` belongs to the outermost topology".to_owned()
        }
        Some((key, keys)) => format!("a part of kind `{kind}` has no key {key}: there is {keys}"),
        // The reader of scenarios knows these.
        None if ["unknown ", "missing ", "invalid "].iter().any(|known| error.starts_with(known)) => error,
        None => format!("in the part `{kind}`, {error}"),
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
