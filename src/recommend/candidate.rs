//! Which overlays are tried: every topology with its defaults, and families over a grid of parameters.

use std::sync::Arc;

use serde::Serialize;
use toml::de::ValueDeserializer;

use crate::overlay::topology::Topology;
use crate::scenario::Registry;

/// Where a candidate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A topology with its defaults.
    Shipped,
    /// A topology that the scenario names.
    Scenario,
    /// A family with parameters of the search.
    Searched,
}

/// An overlay to be tried.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its label, unique among candidates.
    pub label: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The topology.
    pub topology: Arc<dyn Topology>,
}

impl Candidate {
    /// The topology `kind` with the parameters of a TOML table; `None` where there is none, or they are not its.
    pub(super) fn new(registry: &Registry, origin: Origin, kind: &str, parameters: &str) -> Option<Self> {
        let entry = registry.topologies().iter().find(|entry| entry.kind == kind)?;
        let table = format!("{{ {parameters} }}");
        let topology = (entry.parse)(ValueDeserializer::parse(&table).ok()?).ok()?;
        Some(Self::of(topology, origin))
    }

    /// A topology that is there.
    pub(super) fn of(topology: Arc<dyn Topology>, origin: Origin) -> Self {
        Self { label: topology.label(), origin, topology }
    }

    /// The kind of its topology.
    #[must_use]
    pub fn kind(&self) -> String {
        self.topology.to_json()["kind"].as_str().unwrap_or_default().to_owned()
    }

    /// Its entry of a scenario file.
    #[must_use]
    pub fn toml(&self) -> String {
        let serde_json::Value::Object(mut parameters) = self.topology.to_json() else { return String::new() };
        parameters.retain(|_, value| !value.is_null());
        let kind = parameters.remove("kind");
        let rest = parameters.into_iter();
        let line = |(key, value): (String, serde_json::Value)| {
            toml::Value::try_from(value).map(|value| format!("{key} = {value}\n")).unwrap_or_default()
        };
        let lines = kind.map(|kind| ("kind".to_owned(), kind)).into_iter().chain(rest).map(line);
        format!("[[topology]]\n{}", lines.collect::<String>())
    }
}

/// What decides which parameters make sense.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// How many peers there are.
    pub(super) peers: u32,
    /// Whether messages are for some, in rooms or by topic.
    pub(super) has_audiences: bool,
}

/// Every topology with its defaults, but those that need a file.
pub(super) fn shipped(registry: &Registry) -> Vec<Candidate> {
    let kinds = registry.topologies().iter().map(|entry| entry.kind);
    kinds.filter_map(|kind| Candidate::new(registry, Origin::Shipped, kind, "")).collect()
}

/// Families over a grid of parameters. The optimisers of [`crate::optimiser`] stand inside: they search trees, and choose
/// hubs.
pub(super) fn grid(registry: &Registry, facts: Facts) -> Vec<Candidate> {
    let mut texts: Vec<(&str, String)> = Vec::new();
    for degree in degrees(facts) {
        for order in ["optimised", "latency-within-budgets"] {
            texts.push(("tree", format!("degree = {degree}, order = \"{order}\"")));
        }
    }
    for stripes in [2, 4, 8, 16] {
        texts.push(("multi-tree", format!("stripes = {stripes}")));
    }
    for degree in [4, 6, 8] {
        texts.push(("random-regular", format!("degree = {degree}")));
    }
    for hubs in hub_counts(facts) {
        texts.extend(hybrids(&hubs, "optimised"));
    }
    for choose in ["optimised", "best-capacity"] {
        texts.extend(hybrids("\"auto\"", choose));
    }
    if facts.has_audiences {
        for core in CORES {
            for attach in ["\"star\"", "\"mesh\""] {
                let text = format!("by_audience = true, choose = \"best-capacity\", core = {core}, attach = {attach}");
                texts.push(("hybrid", text));
            }
        }
    }
    candidates(registry, &texts)
}

/// Candidates near one that did well: more hubs or fewer, more children or fewer.
pub(super) fn neighbours(registry: &Registry, of: &Candidate, facts: Facts) -> Vec<Candidate> {
    let serde_json::Value::Object(parameters) = of.topology.to_json() else { return Vec::new() };
    let mut near = Vec::new();
    for (key, most) in [("hubs", facts.peers), ("degree", facts.peers), ("stripes", 32)] {
        let Some(value) = parameters.get(key).and_then(serde_json::Value::as_u64) else { continue };
        for (up, down) in [(3, 2), (2, 3)] {
            let value = value * up / down;
            if value >= 1 && value < u64::from(most) {
                let mut changed = parameters.clone();
                changed.insert(key.to_owned(), value.into());
                near.extend(from_json(registry, changed));
            }
        }
    }
    near
}

/// The same list without a label that came before.
pub(super) fn distinct(candidates: impl IntoIterator<Item = Candidate>) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if !kept.iter().any(|other| other.label == candidate.label) {
            kept.push(candidate);
        }
    }
    kept
}

const CORES: [&str; 2] = ["\"mesh\"", "{ kind = \"tree\", degree = 4, order = \"optimised\" }"];
const ATTACHED: [&str; 2] = ["\"star\"", "{ kind = \"tree\", degree = 3, order = \"optimised\" }"];

fn degrees(facts: Facts) -> impl Iterator<Item = u32> {
    [2, 4, 16].into_iter().filter(move |&degree| degree == 2 || degree < facts.peers)
}

fn hub_counts(facts: Facts) -> impl Iterator<Item = String> {
    let numbers = [2, 4, 8, 16, 32, 64, 128].into_iter().filter(move |&hubs| hubs * 4 <= facts.peers);
    numbers.map(|hubs| hubs.to_string())
}

// So many hubs, with every core and everything that can hang at them.
fn hybrids(hubs: &str, choose: &str) -> Vec<(&'static str, String)> {
    let attached = |core| ATTACHED.map(|attach| (core, attach));
    let text = |(core, attach)| format!("hubs = {hubs}, choose = \"{choose}\", core = {core}, attach = {attach}");
    CORES.into_iter().flat_map(attached).map(|parts| ("hybrid", text(parts))).collect()
}

fn candidates(registry: &Registry, texts: &[(&str, String)]) -> Vec<Candidate> {
    texts.iter().filter_map(|(kind, text)| Candidate::new(registry, Origin::Searched, kind, text)).collect()
}

fn from_json(registry: &Registry, mut parameters: serde_json::Map<String, serde_json::Value>) -> Option<Candidate> {
    let kind = parameters.remove("kind")?;
    parameters.retain(|_, value| !value.is_null());
    let entries = parameters.into_iter();
    let text = entries.map(|(key, value)| Some(format!("{key} = {}", toml::Value::try_from(value).ok()?)));
    let text = text.collect::<Option<Vec<_>>>()?.join(", ");
    Candidate::new(registry, Origin::Searched, kind.as_str()?, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { peers: 200, has_audiences: true };

    #[test]
    fn every_text_of_the_grid_is_a_topology() {
        let registry = Registry::default();
        let all = grid(&registry, FACTS);
        // Trees, multi-trees, random graphs, five numbers of hubs and twice "auto" in four forms each, and rooms.
        assert_eq!(all.len(), 6 + 4 + 3 + 7 * 4 + 4);
        assert_eq!(distinct(all.clone()).len(), all.len());
        let shipped = shipped(&registry);
        assert!(shipped.len() + 1 == registry.topologies().len(), "{shipped:?}");
    }

    #[test]
    fn what_is_recommended_can_be_pasted_into_a_scenario() {
        let registry = Registry::default();
        for candidate in shipped(&registry).into_iter().chain(grid(&registry, FACTS)) {
            let text = format!(
                "[run]\nseeds = 1\n[population]\npeers = 200\n[[population.class]]\nname = 'a'\n[[workload]]\n\
                 kind = 'broadcast'\nmessage = '100 B'\nrate = '1 /s'\n{}",
                candidate.toml()
            );
            let experiment = registry.parse_str("it.toml", &text, std::path::Path::new(""), &[]).expect(&text);
            assert_eq!(experiment.cells[0].topology.label(), candidate.label);
        }
    }

    #[test]
    fn neighbours_have_more_and_fewer() {
        let registry = Registry::default();
        let hybrid = Candidate::new(&registry, Origin::Searched, "hybrid", "hubs = 16").expect("a hybrid");
        let labels: Vec<String> = neighbours(&registry, &hybrid, FACTS).into_iter().map(|near| near.label).collect();
        assert_eq!(labels, ["hybrid hubs=24", "hybrid hubs=10"]);
        let tree = Candidate::new(&registry, Origin::Searched, "tree", "degree = 2").expect("a tree");
        let labels: Vec<String> = neighbours(&registry, &tree, FACTS).into_iter().map(|near| near.label).collect();
        assert_eq!(labels, ["tree degree=3", "tree degree=1"]);
        let mesh = Candidate::new(&registry, Origin::Shipped, "mesh", "").expect("a mesh");
        assert!(neighbours(&registry, &mesh, FACTS).is_empty());
    }
}
