//! Named presets and spelled-out values are interchangeable: `link = "cable"` or
//! `link = { up = "15 Mbit/s" }`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One named value of a setting.
#[derive(Debug)]
pub struct Preset<T> {
    /// The name in a scenario file.
    pub name: &'static str,
    /// What it stands for, with its source.
    pub summary: &'static str,
    /// The value.
    pub make: fn() -> T,
}

/// A setting that has presets.
pub trait HasPresets: Sized + 'static {
    /// The kind of setting, for messages and for `peerscape list`: "link".
    const KIND: &'static str;

    /// Every preset, in the order to show them.
    fn presets() -> &'static [Preset<Self>];
}

/// A value that a file gives by the name of a preset or spells out as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct OrPreset<T> {
    /// The value.
    pub value: T,
    /// The preset's name, where one was named.
    pub name: Option<&'static str>,
}

impl<T: HasPresets> OrPreset<T> {
    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let preset = T::presets().iter().find(|preset| preset.name == name)?;
        Some(Self { value: (preset.make)(), name: Some(preset.name) })
    }

    /// The text for people: the preset's name or "custom".
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.name.unwrap_or("custom")
    }
}

impl<T: Serialize> Serialize for OrPreset<T> {
    /// Writes the value in full, so that a manifest needs no knowledge of presets.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: HasPresets + DeserializeOwned> Deserialize<'de> for OrPreset<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable(PhantomData))
    }
}

impl<T: HasPresets + JsonSchema> JsonSchema for OrPreset<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrPreset", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = T::presets()
            .iter()
            .map(|preset| json_schema!({ "const": preset.name, "description": preset.summary }))
            .collect();
        json_schema!({ "anyOf": [{ "oneOf": names }, generator.subschema_for::<T>()] })
    }
}

struct NameOrTable<T>(PhantomData<T>);

impl<'de, T: HasPresets + DeserializeOwned> Visitor<'de> for NameOrTable<T> {
    type Value = OrPreset<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a {} or a table of its values", T::KIND)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        OrPreset::named(name).ok_or_else(|| E::custom(unknown_name::<T>(name)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| OrPreset { value, name: None })
    }
}

// Worded as serde words an unknown variant, so that one reader finds the alternatives in both.
pub(crate) fn unknown_name<T: HasPresets>(name: &str) -> String {
    let names: Vec<String> = T::presets().iter().map(|preset| format!("`{}`", preset.name)).collect();
    format!("unknown {} `{name}`, expected one of {}", T::KIND, names.join(", "))
}
