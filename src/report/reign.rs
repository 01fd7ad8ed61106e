//! Who is best along the `peers` axis, and where that changes.

use super::figures;
use super::judgement::Outcome;
use super::ranking::Ranking;

/// A stretch of the `peers` axis with the same topologies in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reign {
    /// The smallest population of the stretch.
    pub from_peers: u32,
    /// The largest population of the stretch.
    pub to_peers: u32,
    /// The best topology, then those that cannot be told apart from it; none if all fail.
    pub leaders: Vec<String>,
    /// What becomes of the expectations with these.
    pub outcome: Outcome,
}

/// The stretches among rankings in ascending order of peers; none if there is one ranking only.
pub(super) fn reigns(rankings: &[Ranking]) -> Vec<Reign> {
    if rankings.len() < 2 {
        return Vec::new();
    }
    let mut reigns: Vec<Reign> = Vec::new();
    for ranking in rankings {
        let leaders: Vec<String> = ranking.leaders().map(|row| row.topology.clone()).collect();
        let (peers, outcome) = (ranking.peers, ranking.outcome());
        match reigns.last_mut() {
            Some(last) if last.outcome == outcome && same_set(&last.leaders, &leaders) => last.to_peers = peers,
            _ => reigns.push(Reign { from_peers: peers, to_peers: peers, leaders, outcome }),
        }
    }
    reigns
}

/// The stretches in one sentence: `up to 50 peers star is best, from 100 on hybrid`.
pub(super) fn sentence(reigns: &[Reign]) -> Option<String> {
    let (first, rest) = reigns.split_first()?;
    let Some((last, middle)) = rest.split_last() else {
        return Some(format!("{} from {} peers", best(first), stretch(first)));
    };
    let mut text = match first.from_peers == first.to_peers {
        true => format!("at {} peers {}", figures::count(first.from_peers), best(first)),
        false => format!("up to {} peers {}", figures::count(first.to_peers), best(first)),
    };
    for reign in middle {
        text += &match reign.from_peers == reign.to_peers {
            true => format!(", at {} {}", figures::count(reign.from_peers), names(reign)),
            false => format!(", from {} {}", stretch(reign), names(reign)),
        };
    }
    Some(format!("{text}, from {} on {}", figures::count(last.from_peers), names(last)))
}

fn same_set(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|name| b.contains(name))
}

fn best(reign: &Reign) -> String {
    match reign.leaders.as_slice() {
        [] => "none qualifies".to_owned(),
        [leader] => format!("{leader} is best{}", reservation(reign)),
        _ => format!("{} lead, not to be told apart", names(reign)),
    }
}

fn names(reign: &Reign) -> String {
    let names = match reign.leaders.as_slice() {
        [] => return "none qualifies".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} or {two}"),
        [one, rest @ ..] => format!("{one} or {} others", rest.len()),
    };
    names + reservation(reign)
}

/// That it is not certain that the leaders do what they should.
const fn reservation(reign: &Reign) -> &'static str {
    match reign.outcome {
        Outcome::Undecided => " (undecided)",
        Outcome::Met | Outcome::Missed => "",
    }
}

fn stretch(reign: &Reign) -> String {
    format!("{} to {}", figures::count(reign.from_peers), figures::count(reign.to_peers))
}

#[cfg(test)]
mod tests {
    use super::super::answer::answer;
    use super::super::fixture::Study;
    use super::*;
    use crate::metrics::MetricId;
    use crate::scenario::Bound;

    const P95: MetricId = MetricId::LatencyP95;

    fn said(study: &Study) -> Option<String> {
        let experiment = study.experiment();
        sentence(&answer(&study.results(&experiment)).decisions[0].reigns)
    }

    fn at(study: Study, peers: u32, star: [f64; 3], hybrid: [f64; 3]) -> Study {
        study.cell(peers, "star", P95, &star).cell(peers, "hybrid", P95, &hybrid)
    }

    #[test]
    fn the_winner_changes_where_another_is_really_better() {
        let (low, high) = ([10.0, 11.0, 12.0], [20.0, 21.5, 22.0]);
        let one = at(Study::new(), 20, low, high);
        assert_eq!(said(&one), None);
        let two = at(one, 50, low, high);
        assert_eq!(said(&two).as_deref(), Some("star is best from 20 to 50 peers"));
        let tied = at(two, 100, low, [10.0, 9.0, 14.0]);
        assert_eq!(said(&tied).as_deref(), Some("up to 50 peers star is best, from 100 on star or hybrid"));
        let changed = at(at(tied, 200, high, low), 1000, high, low);
        assert_eq!(
            said(&changed).as_deref(),
            Some("up to 50 peers star is best, at 100 star or hybrid, from 200 on hybrid")
        );
        let bounded = changed.expect(P95, Bound::AtMost(1.0));
        assert_eq!(said(&bounded).as_deref(), Some("none qualifies from 20 to 1,000 peers"));
    }
}
