//! The JSON schema of a scenario file, for editors: completion, documentation, errors as one types.
//!
//! It follows from the types that read the file, the tables of kinds and the presets. Wherever a
//! list of values makes a sweep axis, it allows one.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::file::{ExpectTable, NetworkTable, PopulationTable, RunTable, SweepTable};
use super::registry::Registry;
use crate::overlay::Entry;
use crate::webrtc::WebrtcSpec;

/// The sections in which a list of values is a sweep axis of the experiment; in `[[topology]]` it
/// makes several topologies.
pub(super) const SWEPT: [&str; 5] = ["run", "population", "network", "webrtc", "workload"];

/// The top-level keys of a file.
pub(super) fn top_level() -> Vec<&'static str> {
    SECTIONS.iter().map(|section| section.key).collect()
}

/// Every setting by its dotted path, such as `population.class.link`.
pub(super) fn paths(registry: &Registry) -> Vec<String> {
    let mut generator = SchemaSettings::draft07().into_generator();
    let sections: Vec<(&str, Value)> =
        SECTIONS.iter().map(|section| (section.key, (section.schema)(registry, &mut generator))).collect();
    let definitions = Value::Object(generator.take_definitions(false));
    let mut paths = Vec::new();
    sections.iter().for_each(|(key, schema)| collect_paths(key, schema, &definitions, &mut paths));
    paths
}

impl Registry {
    /// The JSON schema (draft 07) of a scenario file, as indented text.
    #[must_use]
    pub fn json_schema(&self) -> String {
        let mut generator = SchemaSettings::draft07().into_generator();
        let mut properties = Map::new();
        for section in SECTIONS {
            let mut schema = (section.schema)(self, &mut generator);
            if SWEPT.contains(&section.key) || section.key == "topology" {
                allow_axes(&mut schema);
            }
            if let Some(object) = schema.as_object_mut() {
                object.shift_insert(0, "description".to_owned(), section.description.into());
            }
            properties.insert(section.key.to_owned(), schema);
        }
        let mut definitions = Value::Object(generator.take_definitions(true));
        if let Some(definitions) = definitions.as_object_mut() {
            definitions.values_mut().for_each(allow_axes);
            definitions.insert(RANGE.to_owned(), range());
        }
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "peerscape scenario",
            "description": "An experiment: a population of peers, what they send, and the topologies to compare.",
            "type": "object",
            "additionalProperties": false,
            "required": ["population", "workload", "topology"],
            "properties": properties,
            "definitions": definitions,
        });
        format!("{schema:#}\n")
    }
}

/// One top-level key of a file.
struct Section {
    key: &'static str,
    description: &'static str,
    schema: fn(&Registry, &mut SchemaGenerator) -> Value,
}

const SECTIONS: &[Section] = &[
    Section {
        key: "name",
        description: "The name of the experiment and of its results folder; by default the file's.",
        schema: |_, _| json!({ "type": "string", "pattern": "^[\\p{L}\\p{N}_-][\\p{L}\\p{N}._-]*$" }),
    },
    Section {
        key: "question",
        description: "The question that the experiment answers.",
        schema: |_, _| json!({ "type": "string" }),
    },
    Section {
        key: "run",
        description: "How long a replication lasts and how often it is repeated.",
        schema: of::<RunTable>,
    },
    Section { key: "population", description: "Who takes part.", schema: of::<PopulationTable> },
    Section { key: "network", description: "What lies between the access links.", schema: of::<NetworkTable> },
    Section { key: "webrtc", description: "How connections are set up, and what they cost.", schema: of::<WebrtcSpec> },
    Section { key: "workload", description: "Who sends what to whom, how large, how often.", schema: workloads },
    Section { key: "topology", description: "The overlays to compare.", schema: topologies },
    Section {
        key: "expect",
        description: "What the results must keep; a topology that misses it ranks below those that meet it.",
        schema: |registry, generator| json!({ "type": "array", "items": of::<ExpectTable>(registry, generator) }),
    },
    Section { key: "sweep", description: "How the sweep axes combine.", schema: of::<SweepTable> },
];

fn of<T: JsonSchema>(_: &Registry, generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}

fn collect_paths(path: &str, schema: &Value, definitions: &Value, paths: &mut Vec<String>) {
    if !paths.iter().any(|known| known == path) {
        paths.push(path.to_owned());
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next())
        && let Some(definition) = definitions.get(name)
    {
        collect_paths(path, definition, definitions, paths);
    }
    if let Some(items) = schema.get("items") {
        collect_paths(path, items, definitions, paths);
    }
    for choices in ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema.get(key)?.as_array()) {
        choices.iter().for_each(|choice| collect_paths(path, choice, definitions, paths));
    }
    for (key, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        collect_paths(&format!("{path}.{key}"), value, definitions, paths);
    }
}

fn workloads(registry: &Registry, generator: &mut SchemaGenerator) -> Value {
    list_of(registry.workloads(), generator)
}

fn topologies(registry: &Registry, generator: &mut SchemaGenerator) -> Value {
    let mut topologies = list_of(registry.topologies(), generator);
    let rule = dissemination(registry, generator);
    generator.definitions_mut().insert(RULE.to_owned(), rule);
    for kind in topologies["items"]["oneOf"].as_array_mut().into_iter().flatten() {
        kind["properties"]["dissemination"] = json!({ "$ref": format!("#/definitions/{RULE}") });
    }
    topologies
}

/// A kind of rule, or a table with one.
fn dissemination(registry: &Registry, generator: &mut SchemaGenerator) -> Value {
    let rows = registry.disseminations();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
    let tables = rows.iter().map(|row| kind(row.kind, row.summary, (row.schema)(generator).to_value()));
    let choices: Vec<Value> = std::iter::once(json!({ "enum": kinds })).chain(tables).collect();
    json!({ "description": "The rule by which nodes pass messages on.", "anyOf": choices })
}

fn list_of<T>(table: &[Entry<T>], generator: &mut SchemaGenerator) -> Value {
    let kinds = table.iter().map(|row| kind(row.kind, row.summary, (row.schema)(generator).to_value()));
    let kinds: Vec<Value> = kinds.collect();
    json!({ "type": "array", "minItems": 1, "items": { "oneOf": kinds } })
}

/// The schema of the parameters, with their `kind` in front.
fn kind(kind: &str, summary: &str, mut parameters: Value) -> Value {
    if let Some(object) = parameters.as_object_mut() {
        let tag = json!({ "const": kind, "description": summary });
        let entry = object.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = entry.as_object_mut() {
            properties.shift_insert(0, "kind".to_owned(), tag);
        }
        if let Some(required) = object.entry("required").or_insert_with(|| json!([])).as_array_mut() {
            required.insert(0, "kind".into());
        }
    }
    parameters
}

/// Properties that hold no value of a setting, besides lists of tables.
const STRUCTURE: [&str; 5] = ["kind", "name", "class", "seeds", "outages"];
/// Definitions of numbers and of numbers with a unit: what a range can go through.
const NUMBERS: [&str; 7] = ["Duration", "ByteCount", "Bitrate", "Frequency", "Percentage", "Price", "LinkLoss"];
const RANGE: &str = "Range";
/// The definition of a rule of dissemination, which every topology may name.
const RULE: &str = "Dissemination";

/// Lets every setting of a schema be a list of values, or a range of numbers.
fn allow_axes(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(allow_axes),
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        let is_setting = |key: &str, schema: &Value| {
                            !STRUCTURE.contains(&key) && schema.get("type").is_none_or(|name| name != "array")
                        };
                        let settings = properties.iter_mut().filter(|(key, schema)| is_setting(key, schema));
                        settings.for_each(|(_, setting)| allow_axis(setting));
                    }
                    ("additionalProperties", setting @ Value::Object(_)) => allow_axis(setting),
                    ("anyOf" | "oneOf" | "allOf" | "items", schema) => allow_axes(schema),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn allow_axis(setting: &mut Value) {
    allow_axes(setting);
    let mut value = std::mem::take(setting);
    let mut outer = Map::new();
    if let Some(object) = value.as_object_mut() {
        for key in ["description", "default"] {
            // TOML has no null, and the default of a table is spelled out in its own keys.
            if let Some(text) = object.shift_remove(key).filter(|text| !text.is_null() && !text.is_object()) {
                outer.insert(key.to_owned(), text);
            }
        }
    }
    let value = without_null(value);
    let list = json!({ "type": "array", "items": value, "minItems": 1, "description": "A sweep axis." });
    let mut choices = if let Some(choices) = value.get("anyOf").and_then(Value::as_array) {
        choices.clone()
    } else {
        vec![value.clone()]
    };
    choices.push(list);
    if is_number(&value) {
        choices.push(json!({ "$ref": format!("#/definitions/{RANGE}") }));
    }
    outer.insert("anyOf".to_owned(), Value::Array(choices));
    *setting = Value::Object(outer);
}

/// The schema without the null of an `Option`, which TOML cannot write.
fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    }
    schema
}

fn is_number(schema: &Value) -> bool {
    let is_numeric = |name: &Value| name == "integer" || name == "number";
    let by_type = schema.get("type").is_some_and(|name| match name {
        Value::Array(names) => names.iter().any(is_numeric),
        name => is_numeric(name),
    });
    let by_reference = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
    let inner = ["anyOf", "allOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    by_type || by_reference.is_some_and(|name| NUMBERS.contains(&name)) || inner.into_iter().any(is_number)
}

fn range() -> Value {
    let end = |description: &str| json!({ "type": ["number", "string"], "description": description });
    json!({
        "description": "A sweep axis of evenly (`step`) or geometrically (`factor`) spaced values.",
        "type": "object",
        "additionalProperties": false,
        "required": ["from", "to"],
        "properties": {
            "from": end("The first value."),
            "to": end("The last value, if the spacing meets it."),
            "step": end("What to add from one value to the next."),
            "factor": end("What to multiply by from one value to the next."),
        },
        "oneOf": [{ "required": ["step"] }, { "required": ["factor"] }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_swept_section_is_a_section() {
        for key in SWEPT {
            assert!(top_level().contains(&key), "{key}");
        }
    }

    #[test]
    fn settings_have_paths() {
        let paths = paths(&Registry::default());
        for path in
            ["run.seeds", "population.class.link.up", "network.latency.min", "webrtc.turn.place", "workload.rate"]
        {
            assert!(paths.iter().any(|known| known == path), "{path}");
        }
    }

    #[test]
    fn every_number_is_defined() {
        let schema: Value = serde_json::from_str(&Registry::default().json_schema()).expect("JSON");
        for name in NUMBERS {
            assert!(schema["definitions"].get(name).is_some(), "{name}");
        }
    }
}
