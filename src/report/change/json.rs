//! A comparison of two results as one JSON document, with every figure.

use serde_json::{Value, json};

use super::super::json::pretty;
use super::row::{Change, Changes, FALSE_WORD};
use crate::metrics::Verdict;

/// The document.
#[must_use]
pub fn render(changes: &Changes) -> String {
    let [base, new] = &changes.names;
    let count = |verdict| changes.count(verdict);
    let document = json!({
        "base": base,
        "new": new,
        "pairing": changes.pairing,
        "false_word_probability": FALSE_WORD,
        "notes": changes.notes,
        "alarm": changes.is_alarming(),
        "broken": changes.broken,
        "worse": count(Verdict::Worse),
        "better": count(Verdict::Better),
        "inconclusive": count(Verdict::Inconclusive),
        "figures": changes.rows.iter().map(figure).collect::<Vec<_>>(),
    });
    String::from_utf8(pretty(&document)).expect("invariant: JSON is UTF-8")
}

fn figure(change: &Change) -> Value {
    json!({
        "topology": change.place.topology,
        "peers": change.place.peers,
        "axes": change.place.axes,
        "metric": change.figure.name(),
        "base": { "n": change.counts[0], "mean": change.means[0] },
        "new": { "n": change.counts[1], "mean": change.means[1] },
        "change": change.difference(),
        "change_percent": change.percent(),
        "p_corrected": change.p,
        "same": change.same,
        "verdict": change.verdict,
    })
}
