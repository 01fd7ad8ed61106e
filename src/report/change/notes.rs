//! Where two results are not of the same scenario, model or version: what to know before a comparison is read.

use serde_json::Value;

use super::super::held::differences;
use super::super::marks::MANIFEST_KEY;
use super::row::SeedPairing;
use super::side::{Place, Side};
use super::{paired, split};

/// Most settings or places to name.
const SHOWN: usize = 3;

/// One sentence each.
pub(super) fn notes(base: &Side, new: &Side, pairing: SeedPairing) -> Vec<String> {
    let mut notes = Vec::new();
    let versions = [base, new].map(|side| version(&side.head));
    if versions[0] != versions[1] {
        notes.push(format!("not the same version: {} and {}", versions[0], versions[1]));
    }
    let rungs = [base, new].map(|side| side.head["rung"].as_str().unwrap_or_default());
    if rungs[0] != rungs[1] {
        notes.push(format!("not the same model: rung `{}` and rung `{}`", rungs[0], rungs[1]));
    }
    let scenarios = [base, new].map(|side| without_seeds(&side.head["scenario"]));
    let (of_model, settings): (Vec<String>, Vec<String>) =
        differences(&scenarios[0], &scenarios[1]).into_iter().partition(|text| text.contains("run.grain is "));
    if !of_model.is_empty() {
        notes.push(format!("not the same model: {}", of_model.join("; ")));
    }
    if !settings.is_empty() {
        notes.push(format!("not the same scenario: {}", some(&settings)));
    }
    for (side, other) in [(base, new), (new, base)] {
        let alone: Vec<String> = side
            .cells
            .iter()
            .map(|(place, _)| place)
            .filter(|place| other.at(place).is_none())
            .map(Place::to_string)
            .collect();
        if !alone.is_empty() {
            notes.push(format!("only in {}: {}", side.name, some(&alone)));
        }
        if side.unreadable > 0 {
            notes.push(format!("{} lines of the store of {} could not be read", side.unreadable, side.name));
        }
    }
    let too_few = match pairing {
        SeedPairing::BySeed(shared) => shared < paired::SEEDS_MIN,
        SeedPairing::Apart(seeds) => !split::can_tell(seeds),
    };
    if too_few {
        notes.push("too few seeds to tell anything: run 5 or more, the same in both".to_owned());
    }
    notes
}

fn version(head: &Value) -> String {
    let of = |key: &str| head[MANIFEST_KEY][key].as_str().unwrap_or("unknown").to_owned();
    format!("{} ({})", of("version"), of("git_commit").chars().take(10).collect::<String>())
}

// Names, questions and seeds do not make another scenario.
fn without_seeds(scenario: &Value) -> Value {
    let mut scenario = scenario.clone();
    if let Value::Object(keys) = &mut scenario {
        ["name", "question", "seeds", "expect"].iter().for_each(|key| drop(keys.shift_remove(*key)));
    }
    scenario
}

fn some(texts: &[String]) -> String {
    let more = texts.len().saturating_sub(SHOWN);
    let shown = texts[..texts.len() - more].join("; ");
    if more > 0 { format!("{shown}; and {more} more") } else { shown }
}
