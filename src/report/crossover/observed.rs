//! Pairs of replications as a search wants them: the value of the metric, and why a topology does not work.
//!
//! A topology does not work with a seed if its replication has a finding, has no value of the metric, or misses what
//! the scenario expects.

use super::evidence::{Load, Paired, Side};
use crate::metrics::MetricId;
use crate::report::figures;
use crate::report::judgement::expectation_text;
use crate::report::ranking::ranking_metrics;
use crate::scenario::{Expectation, Experiment};
use crate::sweep::{Replication, Results};

/// The metric by which `run` ranks the topologies of an experiment.
#[must_use]
pub fn default_metric(experiment: &Experiment) -> MetricId {
    ranking_metrics(experiment).first().copied().unwrap_or(MetricId::LatencyP95)
}

/// Both of these cells with each seed that both have, in the order of the seeds.
#[must_use]
pub fn observed(results: &Results<'_>, cells: [usize; 2], metric: MetricId) -> Vec<Paired> {
    let [first, second] = cells.map(|cell| &results.cells[cell].runs);
    let side = |run: &Replication| side(run, metric, &results.experiment.expectations);
    let pair = |run: &Replication| {
        let other = second.iter().find(|other| other.seed == run.seed)?;
        Some(Paired { seed: run.seed, sides: [side(run), side(other)] })
    };
    first.iter().filter_map(pair).collect()
}

fn side(run: &Replication, metric: MetricId, expectations: &[Expectation]) -> Side {
    let value = run.values.get(metric);
    let found = run.findings.first().map(|finding| finding.text.clone());
    let absent = || value.is_none().then(|| format!("it has no {}", metric.definition().title));
    let missed = || expectations.iter().find_map(|expectation| missed(run, expectation));
    let load = Load {
        uplink_percent: run.values.get(MetricId::UplinkMax),
        cpu_percent: run.values.get(MetricId::CpuMax),
        hops: run.values.get(MetricId::PathHops),
        copies: run.values.get(MetricId::LinkStress),
    };
    Side { value, fault: found.or_else(absent).or_else(missed), load }
}

fn missed(run: &Replication, expectation: &Expectation) -> Option<String> {
    let wanted = expectation_text(expectation);
    match run.values.get(expectation.metric) {
        Some(value) if expectation.bound.holds(value) => None,
        Some(value) => Some(format!("expected {wanted}, is {}", figures::value(expectation.metric, value))),
        None => Some(format!("expected {wanted}, and there is no value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Study;
    use crate::scenario::Bound;

    const P95: MetricId = MetricId::LatencyP95;

    #[test]
    fn findings_and_missed_expectations_are_faults() {
        let study = Study::new()
            .expect(P95, Bound::AtMost(150.0))
            .cell(20, "mesh", P95, &[100.0, 160.0, 90.0])
            .finding(2, "uplink", "peer 3 (home) needs 2 Mbit/s up and has 1 Mbit/s")
            .cell(20, "star", P95, &[120.0, 121.0, 122.0]);
        let experiment = study.experiment();
        assert_eq!(default_metric(&experiment), P95);
        let pairs = observed(&study.results(&experiment), [0, 1], P95);
        let faults: Vec<Option<&str>> = pairs.iter().map(|pair| pair.sides[0].fault.as_deref()).collect();
        let missed = "expected p95 latency at most 150 ms, is 160 ms";
        assert_eq!(faults, [None, Some(missed), Some("peer 3 (home) needs 2 Mbit/s up and has 1 Mbit/s")]);
        assert_eq!(pairs[1].sides[1].counted(), Some(121.0));
        assert_eq!(pairs[0].sides[0].counted(), Some(100.0));
        // A metric that nobody has.
        let without = observed(&study.results(&experiment), [0, 1], MetricId::Cost);
        assert_eq!(without[0].sides[0].fault.as_deref(), Some("it has no cost/h"));
    }
}
