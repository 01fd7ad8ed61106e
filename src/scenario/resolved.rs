//! The experiment as a whole, with its JSON for the manifest and the hash of that.

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_128;

use super::experiment::{Cell, Expectation, Experiment};
use crate::rng::Seed;

/// Puts an experiment together.
pub(super) fn experiment(
    name: String,
    question: Option<String>,
    seeds: Vec<Seed>,
    axes: Vec<String>,
    cells: Vec<Cell>,
    expectations: Vec<Expectation>,
) -> Experiment {
    let resolved = json!({
        "name": name,
        "question": question,
        "seeds": seeds,
        "settings": cells.first().map(|cell| as_json(&*cell.settings)),
        "topologies": topologies(&cells),
        "groups": groups(&cells),
        "expect": expectations,
    });
    let hash = format!("{:032x}", xxh3_128(resolved.to_string().as_bytes()));
    Experiment { name, question, seeds, axes, cells, expectations, hash, resolved }
}

/// The parameters of every topology, by its label.
fn topologies(cells: &[Cell]) -> Map<String, Value> {
    let mut topologies = Map::new();
    for cell in cells {
        topologies.entry(cell.label.clone()).or_insert_with(|| cell.topology.to_json());
    }
    topologies
}

/// Each group's place on the axes, its topologies, and where its settings differ from those of the
/// first: a merge patch (RFC 7386).
fn groups(cells: &[Cell]) -> Vec<Value> {
    let base = cells.first().map(|cell| as_json(&*cell.settings));
    let group = |cells: &[Cell]| {
        let axes: Map<String, Value> =
            cells[0].axes.iter().map(|value| (value.name.clone(), value.text.clone().into())).collect();
        let labels: Vec<&str> = cells.iter().map(|cell| cell.label.as_str()).collect();
        let settings = as_json(&*cells[0].settings);
        let changes = base.as_ref().and_then(|base| merge_patch(base, &settings));
        json!({ "axes": axes, "topologies": labels, "changes": changes.unwrap_or_else(|| json!({})) })
    };
    cells.chunk_by(|a, b| a.group == b.group).map(group).collect()
}

/// What turns `from` into `to`, if they differ.
fn merge_patch(from: &Value, to: &Value) -> Option<Value> {
    match (from, to) {
        (from, to) if from == to => None,
        (Value::Object(from), Value::Object(to)) => {
            let changed = to.iter().filter_map(|(key, value)| {
                let patch = from.get(key).map_or_else(|| Some(value.clone()), |old| merge_patch(old, value));
                Some((key.clone(), patch?))
            });
            let removed = from.keys().filter(|key| !to.contains_key(*key)).map(|key| (key.clone(), Value::Null));
            Some(Value::Object(changed.chain(removed).collect()))
        }
        (_, to) => Some(to.clone()),
    }
}

fn as_json(settings: &impl serde::Serialize) -> Value {
    serde_json::to_value(settings).expect("invariant: settings are plain data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_holds_what_differs() {
        let from = json!({ "a": { "b": 1, "c": 2 }, "d": [1], "e": 1 });
        let to = json!({ "a": { "b": 1, "c": 3 }, "d": [1, 2] });
        assert_eq!(merge_patch(&from, &to), Some(json!({ "a": { "c": 3 }, "d": [1, 2], "e": null })));
        assert_eq!(merge_patch(&from, &from), None);
    }
}
