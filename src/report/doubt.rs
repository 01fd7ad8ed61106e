//! Which model answered, and where its figures are in doubt.

use std::collections::BTreeSet;

use super::ranking::Ranking;
use crate::metrics::Finding;
use crate::scenario::Grain;
use crate::sweep::Results;

/// The word for a grain in files.
pub(super) const fn grain_word(grain: Grain) -> &'static str {
    match grain {
        Grain::Message => "message",
        Grain::Packet => "packet",
    }
}

/// The words for what was followed, for people.
pub(super) fn followed(grains: &BTreeSet<&str>) -> String {
    let words: Vec<String> = grains.iter().map(|grain| format!("{grain} by {grain}")).collect();
    words.join(" or ")
}

/// How an answer is had from packets.
pub(super) const ASK_PACKETS: &str = "--set run.grain=packet";

/// Why figures of a ranking may be far off: the model that answered is outside of what it was checked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What the model leaves out: `jitter`, `window`, ...
    pub kind: &'static str,
    /// One sentence, from the first replication that has it.
    pub text: String,
    /// The topologies that it is about, in the order of the ranking.
    pub topologies: Vec<String>,
}

/// The doubts about the topologies of a ranking, each kind once.
pub(super) fn doubts(results: &Results<'_>, ranking: &Ranking) -> Vec<Doubt> {
    let mut doubts: Vec<Doubt> = Vec::new();
    for row in &ranking.rows {
        let found = results.cells[row.cell].doubts();
        for Finding { kind, text } in found {
            let doubt = match doubts.iter_mut().find(|doubt| *doubt.kind == **kind) {
                Some(doubt) => doubt,
                None => {
                    doubts.push(Doubt { kind, text: text.clone(), topologies: Vec::new() });
                    doubts.last_mut().expect("invariant: one was pushed")
                }
            };
            if doubt.topologies.last() != Some(&row.topology) {
                doubt.topologies.push(row.topology.clone());
            }
        }
    }
    doubts
}

impl Doubt {
    /// The sentence with the topologies that it is about, of so many.
    pub(super) fn line(&self, topologies: usize) -> String {
        let whom = match self.topologies.len() {
            all if all == topologies => "all".to_owned(),
            1..=3 => self.topologies.join(", "),
            more => format!("{}, {} and {} more", self.topologies[0], self.topologies[1], more - 2),
        };
        format!("in doubt (?): {whom}: {}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Study;
    use super::super::{answer, json, terminal};
    use crate::metrics::MetricId;

    #[test]
    fn a_doubt_stands_beside_the_figures_it_is_about() {
        let study = Study::new()
            .cell(20, "star", MetricId::LatencyP95, &[10.0, 11.0])
            .cell(20, "mesh", MetricId::LatencyP95, &[20.0, 21.0])
            .doubt(0, "window", "peer 3 (home) is asked for 2 Mbit/s over one connection, which carries about 1")
            .doubt(1, "window", "another figure of another seed");
        let experiment = study.experiment();
        let answer = answer(&study.results(&experiment));
        let [decision] = answer.decisions.as_slice() else { panic!("one decision") };
        assert_eq!(decision.doubts.len(), 1, "the later cell has the doubts");
        assert_eq!(decision.doubts[0].topologies, ["mesh"]);
        let text = terminal::render(&answer, None, 110, false);
        assert!(text.contains("mesh ?"), "{text}");
        assert!(text.contains("in doubt (?): mesh: peer 3 (home) is asked for 2 Mbit/s"), "{text}");
        assert!(text.contains("--set run.grain=packet"), "{text}");
        assert!(text.contains("followed message by message"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&json::render(&experiment, &answer, None)).expect("JSON");
        assert_eq!(json["decisions"][0]["doubts"][0]["kind"], "window");
        assert_eq!(json["decisions"][0]["grain"], "message");
    }
}
