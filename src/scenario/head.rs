//! What a scenario says once for all cells: its name, its question, its seeds, its expectations.

use std::collections::BTreeSet;
use std::path::Path;

use super::experiment::{Bound, Expectation};
use super::explain;
use super::file::{ExpectTable, RunTable};
use super::plain;
use super::problem::Problem;
use super::read::Reader;
use super::suggest;
use super::tree::{TreePath, join, path};
use crate::metrics::{METRICS, Metric, MetricId};
use crate::rng::Seed;

/// The name of the experiment: a plain file name, for it names the results folder.
pub(super) fn name(reader: &mut Reader<'_, '_>, file: &str) -> String {
    let written: Option<String> = reader.read(&path(["name"]));
    let stem = || Path::new(file).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = written.unwrap_or_else(stem);
    let is_plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let at = path(["name"]);
    if let Some((message, rule)) = plain::name_fault(&name).filter(|_| is_plain(&name)) {
        reader.problem(&at, message, rule);
    } else if name.is_empty() || name.starts_with('.') || !is_plain(&name) {
        let rule = "letters, digits, `-`, `_` and `.`, not first a `.`";
        let problem = Problem::at(reader.span(&at), format!("`{name}` cannot name a results folder"), rule);
        reader.push(match reader.get(&at) {
            Some(_) => problem,
            None => {
                problem.help(format!("by default a scenario is called as its file\ngive it a name of its own: {rule}"))
            }
        });
    }
    name
}

/// The question that the experiment answers.
pub(super) fn question(reader: &mut Reader<'_, '_>) -> Option<String> {
    reader.read(&path(["question"]))
}

/// The seeds of the replications.
pub(super) fn seeds(reader: &mut Reader<'_, '_>) -> Vec<Seed> {
    let RunTable { seeds, .. } = reader.read(&path(["run"]));
    let at = path(["run", "seeds"]);
    let seeds = seeds.0;
    if seeds.is_empty() {
        reader.problem(&at, "without a seed nothing runs", "give at least one seed, or their number");
    }
    let mut seen = BTreeSet::new();
    if let Some((index, seed)) = seeds.iter().enumerate().find(|(_, seed)| !seen.insert(**seed)) {
        reader.problem(&join(&at, index), format!("the seed {seed} is given twice"), "the same replication again");
    }
    seeds.into_iter().map(Seed).collect()
}

/// What `[[expect]]` asks of the metrics.
pub(super) fn expectations(reader: &mut Reader<'_, '_>) -> Vec<Expectation> {
    let list = path(["expect"]);
    let tables: Vec<ExpectTable> = reader.read(&list);
    let tables = tables.into_iter().enumerate();
    tables.filter_map(|(index, table)| expectation(reader, &join(&list, index), &table)).collect()
}

fn expectation(reader: &mut Reader<'_, '_>, place: &TreePath, table: &ExpectTable) -> Option<Expectation> {
    if reader.lost(place) {
        return None;
    }
    let bound = match (table.at_most, table.at_least) {
        (Some(most), None) if most.is_finite() => Some(Bound::AtMost(most)),
        (None, Some(least)) if least.is_finite() => Some(Bound::AtLeast(least)),
        (Some(_), Some(_)) => {
            reader.problem(
                place,
                "an expectation with two bounds",
                "give `at_most` or `at_least`, and the other in an [[expect]] of its own",
            );
            None
        }
        _ => {
            reader.problem(place, "an expectation without a bound", "`at_most` or `at_least` is missing");
            None
        }
    };
    let metric = MetricId::by_name(&table.metric);
    if metric.is_none() {
        let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        let at = join(place, "metric");
        let problem = match reader.get(&at) {
            Some(_) => match by_heading(&table.metric) {
                Some(name) => explain::unknown("metric", &table.metric, &[], reader.span(&at))
                    .help(format!("did you mean `{name}`?")),
                None => explain::unknown("metric", &table.metric, &names, reader.span(&at)),
            },
            None => explain::missing_key("metric", &reader.words(place), reader.span(place))
                .help(suggest::help("", "metrics", &names)),
        };
        reader.push(problem);
    }
    Some(Expectation { metric: metric?, bound: bound? })
}

/// The metric that is called so at the head of a column: `p95 latency`, `Latency p95 (ms)`.
fn by_heading(word: &str) -> Option<&'static str> {
    let words = |text: &str| {
        let text = text.split('(').next().unwrap_or_default().to_lowercase().replace(['_', '-'], " ");
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let meant = words(word);
    let with_unit = |metric: &Metric| words(&format!("{} {}", metric.title, metric.unit)) == meant;
    let found = METRICS.iter().find(|metric| words(metric.title) == meant || with_unit(metric));
    // A slip in the heading, where it is none in a name.
    let titles: Vec<&str> = METRICS.iter().map(|metric| metric.title).collect();
    let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let by_slip = || {
        let title = suggest::slip(word, &titles).filter(|_| suggest::closest(word, &names).is_none())?;
        METRICS.iter().find(|metric| metric.title == title)
    };
    found.or_else(by_slip).map(|metric| metric.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_heading() {
        for word in ["p95 latency", "P95 Latency", "latency p95", "p95-latency", "p95_latency (ms)", "p95 latncy"] {
            assert_eq!(by_heading(word), Some("delivery_latency_p95_ms"), "{word}");
        }
        assert_eq!(by_heading("delivered"), Some("delivery_ratio_percent"));
        assert_eq!(by_heading("delivery_latency_p95"), None);
        assert_eq!(by_heading("banana"), None);
    }
}
