//! Rows of the tables of kinds: what a scenario's `kind` stands for, and how its parameters are read.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use toml::de::{Error, ValueDeserializer};

/// A kind that scenarios may name, and how its parameters become a `T`.
///
/// [`TopologyEntry::new`](super::topology::TopologyEntry) and its like make one of a type with parameters.
pub struct Entry<T> {
    /// The `kind` in a scenario file.
    pub kind: &'static str,
    /// One line for `peerscape list`.
    pub summary: &'static str,
    /// Reads the parameters: a table without its `kind`.
    pub parse: fn(ValueDeserializer<'_>) -> Result<T, Error>,
    /// The JSON schema of the parameters.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl<T> Entry<T> {
    /// The row of a kind whose parameters are `P`, of which `parse` makes a `T`.
    pub(super) const fn of<P: DeserializeOwned + JsonSchema>(
        kind: &'static str,
        summary: &'static str,
        parse: fn(ValueDeserializer<'_>) -> Result<T, Error>,
    ) -> Self {
        Self { kind, summary, parse, schema: |generator| P::json_schema(generator) }
    }
}

// Derived, these would ask the same of `T`.
impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Entry<T> {}

impl<T> fmt::Debug for Entry<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entry").field("kind", &self.kind).field("summary", &self.summary).finish()
    }
}
