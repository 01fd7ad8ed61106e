//! What a results folder holds already: whose results they are, and which files belong to them.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::marks::{MANIFEST, MANIFEST_KEY, slashed};
use crate::scenario::{Experiment, escaped};

/// Results that are in their place, by their manifest.
#[derive(Debug)]
pub(super) struct Held(Value);

/// Results of another scenario or rung than those that want their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherResults {
    // The command that made them.
    command: String,
    // Hash and rung of theirs, and of the new ones.
    theirs: String,
    ours: String,
    // The first settings that differ.
    differences: Vec<String>,
}

impl Held {
    /// The results with this manifest, if it is one of peerscape.
    pub(super) fn of(manifest: Value) -> Option<Self> {
        manifest.get(MANIFEST_KEY).is_some().then_some(Self(manifest))
    }

    /// Whether the run was not interrupted.
    pub(super) fn is_complete(&self) -> bool {
        self.0["complete"] == true
    }

    /// How many replications the results are of.
    pub(super) fn replications(&self) -> usize {
        self.0["replications"].as_array().map_or(0, Vec::len)
    }

    /// Whether these are all results of the run whose store has this head.
    pub(super) fn completes(&self, head: &Value) -> bool {
        let same = [MANIFEST_KEY, "rung", "scenario_hash"].iter().all(|key| self.0[key] == head[key]);
        self.is_complete() && same
    }

    /// Whether the run wrote anything in `folder`, a path relative to that of the results.
    pub(super) fn wrote_in(&self, folder: &Path) -> bool {
        let name = slashed(folder) + "/";
        match self.0["files"].as_array() {
            Some(files) => files.iter().filter_map(Value::as_str).any(|known| known.starts_with(&name)),
            None => name == "plots/",
        }
    }

    /// Whether the run wrote `file`, a path relative to the folder. A manifest without a list is one of an older
    /// version.
    pub(super) fn wrote(&self, file: &Path) -> bool {
        let name = slashed(file);
        match self.0["files"].as_array() {
            Some(files) => name == MANIFEST || files.iter().any(|known| *known == name),
            None => is_usual(&name),
        }
    }

    /// How these results differ from those of `experiment` by `rung`, if they do.
    pub(super) fn differs_from(&self, experiment: &Experiment, rung: &str) -> Option<OtherResults> {
        let of = |hash: &str, rung: &str| {
            let by = if rung == "model" { String::new() } else { format!(" by rung `{rung}`") };
            format!("{}{by}", hash.get(..8).unwrap_or(hash))
        };
        let text = |key: &str| self.0[key].as_str().unwrap_or_default();
        let (hash, their_rung) = (text("scenario_hash"), text("rung"));
        if hash == experiment.hash && their_rung == rung {
            return None;
        }
        let differences = differences(&self.0["scenario"], &experiment.resolved);
        Some(OtherResults {
            command: text("command").to_owned(),
            theirs: of(hash, their_rung),
            ours: of(&experiment.hash, rung),
            differences,
        })
    }
}

/// What runs write under these names, whatever the scenario.
fn is_usual(name: &str) -> bool {
    let tables = ["runs.csv", "summary.csv", "connections.csv", "columns.json", "validation.csv", MANIFEST];
    let is_plot = || {
        let plot = name.strip_prefix("plots/");
        plot.is_some_and(|plot| !plot.contains('/') && (plot.ends_with(".svg") || plot.ends_with(".png")))
    };
    tables.contains(&name) || is_plot()
}

/// Most differences to name.
const SHOWN: usize = 3;

impl fmt::Display for OtherResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, theirs, ours, differences } = self;
        write!(f, "holds results of scenario {theirs}")?;
        if !command.is_empty() {
            write!(f, " (`{}`)", escaped(command))?;
        }
        write!(f, ", and this is scenario {ours}")?;
        if !differences.is_empty() {
            write!(f, ": {}", differences[..differences.len().min(SHOWN)].join("; "))?;
        }
        if let Some(more @ 1..) = differences.len().checked_sub(SHOWN) {
            write!(f, "; and {more} more")?;
        }
        f.write_str("; choose another folder with `--out`, or replace them with `--force`")
    }
}

/// Every setting that differs between two resolved scenarios, in words.
pub(super) fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", theirs, ours, &mut differences);
    differences
}

/// Notes every setting that differs, as "key: there, now here".
fn compare(place: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    if let (Value::Object(old), Value::Object(new)) = (theirs, ours) {
        let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
        for key in keys {
            // The settings of the first cell are the scenario's own.
            let below = if place.is_empty() || place == "settings" { key.clone() } else { format!("{place}.{key}") };
            compare(&below, &theirs[key], &ours[key], differences);
        }
    } else if let (Value::Array(old), Value::Array(new)) = (theirs, ours)
        && old.len() == new.len()
        && old.iter().chain(new).all(Value::is_object)
    {
        (0..old.len()).for_each(|index| compare(&format!("{place}.{index}"), &old[index], &new[index], differences));
    } else if theirs != ours {
        differences.push(format!("{place} is {} there and {} here", brief(theirs), brief(ours)));
    }
}

/// A value in few characters.
fn brief(value: &Value) -> String {
    const MOST: usize = 40;
    let text = match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_by_their_settings() {
        let theirs = json!({ "name": "a", "settings": { "population": { "peers": 20 } }, "groups": [{ "axes": {} }] });
        let ours = json!({ "name": "a", "settings": { "population": { "peers": 50 } }, "groups": [{ "axes": {} }] });
        let mut differences = Vec::new();
        compare("", &theirs, &ours, &mut differences);
        assert_eq!(differences, ["population.peers is 20 there and 50 here"]);
        let other = OtherResults {
            command: "peerscape run a.toml".to_owned(),
            theirs: "1111".to_owned(),
            ours: "2222".to_owned(),
            differences: vec!["a is 1 there and 2 here".to_owned(); 5],
        };
        let text = other.to_string();
        assert!(text.starts_with("holds results of scenario 1111 (`peerscape run a.toml`), and this is"), "{text}");
        assert!(text.contains("; and 2 more; choose another folder with `--out`"), "{text}");
    }

    #[test]
    fn files_without_a_list_are_known_by_their_names() {
        let old = Held(json!({ MANIFEST_KEY: {} }));
        assert!(old.wrote(Path::new("plots/latency.svg")) && old.wrote(Path::new("runs.csv")));
        assert!(!old.wrote(Path::new("notes.md")) && !old.wrote(Path::new("plots/sketch.pdf")));
        let new = Held(json!({ MANIFEST_KEY: {}, "files": ["runs.csv"] }));
        assert!(new.wrote(Path::new("runs.csv")) && new.wrote(Path::new(MANIFEST)));
        assert!(!new.wrote(Path::new("plots/latency.svg")));
    }
}
