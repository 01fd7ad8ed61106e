//! What a search comes to, in sentences that can be defended: who wins where, between which populations that changes, and
//! what binds on the loser.

use super::evidence::{Lead, Load};
use super::search::Crossing;
use super::sheet::{CrossingRow, CrossoverSheet, PointRow, SideRow};
use crate::metrics::MetricId;
use crate::report::figures::{self, count, counted};

/// Above this share of what it has, a peer's link or CPU makes messages wait.
const BUSY_PERCENT: f64 = 70.0;

/// The decision, the first sentence before the others.
pub(super) fn decision(sheet: &CrossoverSheet) -> Vec<String> {
    let mut sentences = match sheet.crossings.as_slice() {
        [] if sheet.is_interrupted => vec![format!("so far {}", without_crossing(sheet))],
        [] => vec![without_crossing(sheet)],
        [only] => vec![of_crossing(only)],
        several => {
            let leads: Vec<&str> = several
                .iter()
                .map(|row| row.below.as_deref())
                .chain([several[several.len() - 1].above.as_deref()])
                .map(|lead| lead.unwrap_or("neither"))
                .collect();
            let first = format!("the lead changes {} times: {}", several.len(), leads.join(", then "));
            [first].into_iter().chain(several.iter().map(of_crossing)).collect()
        }
    };
    sentences.extend(open_ends(sheet));
    if sheet.crossings.is_empty() {
        sentences.extend([0, 1].into_iter().filter_map(|side| first_failure(sheet, side)));
    }
    sentences.extend(sheet.crossings.iter().flat_map(|row| row.why.clone()));
    sentences.extend(sheet.crossings.iter().filter_map(|row| beside_closed_forms(sheet, row)));
    sentences
}

/// What binds on whoever loses at a crossing.
pub(super) fn why(sheet: &CrossoverSheet, crossing: &Crossing) -> Vec<String> {
    let (Some(low), Some(high)) = (sheet.at(crossing.low), sheet.at(crossing.high)) else { return Vec::new() };
    let loser = match (crossing.below, crossing.above) {
        (Lead::First, _) => 0,
        (Lead::Second, _) => 1,
        (_, Lead::First) => 1,
        _ => 0,
    };
    let (label, there) = (&sheet.topologies[loser], &high.sides[loser]);
    let mut sentences = Vec::new();
    match &there.fault {
        // Where it fails in a few seeds only, it is not for that.
        Some(fault) if 2 * there.failing > high.seeds => sentences.push(format!(
            "why: with {}, {label} does not work in {} of {} seeds: {fault}",
            counted(high.peers as usize, "peer"),
            there.failing,
            high.seeds
        )),
        _ => sentences.push(grows(sheet.metric, label, [(low, &low.sides[loser]), (high, there)])),
    }
    let other = 1 - loser;
    if crossing.above == Lead::NeitherWorks
        && let Some(fault) = &high.sides[other].fault
    {
        let label = &sheet.topologies[other];
        sentences.push(format!(
            "{label} does not work there either ({} of {} seeds): {fault}",
            high.sides[other].failing, high.seeds
        ));
    }
    sentences
}

fn grows(metric: MetricId, label: &str, [(low, below), (high, above)]: [(&PointRow, &SideRow); 2]) -> String {
    let title = metric.definition().title;
    let of =
        |side: &SideRow| side.value.map_or_else(|| "nothing".to_owned(), |value| figures::value(metric, value.mean));
    let moves = format!(
        "why: in the seeds in which both work, {title} of {label} goes from {} with {} to {} with {}",
        of(below),
        counted(low.peers as usize, "peer"),
        of(above),
        count(high.peers)
    );
    format!("{moves}. {}", load_text(&above.load))
}

fn load_text(load: &Load) -> String {
    let of = |what: &'static str, percent: Option<f64>| percent.map(|percent| (percent, what));
    let loads = [of("uplink", load.uplink_percent), of("CPU", load.cpu_percent)];
    let busiest = loads.into_iter().flatten().reduce(|most, next| if next.0 > most.0 { next } else { most });
    let mut said = Vec::new();
    if let Some(hops) = load.hops {
        said.push(format!("messages go over {hops:.1} hops on average"));
    }
    if let Some(copies) = load.copies {
        said.push(format!("copies of one message wait for each other at an access link, {copies:.0} at the busiest"));
    }
    said.push(match busiest {
        Some((percent, what)) if percent >= BUSY_PERCENT => format!("the busiest {what} is {percent:.0} % used"),
        Some((percent, what)) => format!("nothing is full: the busiest {what} is {percent:.0} % used"),
        None => "nothing is known of loads".to_owned(),
    });
    format!("There {}", said.join("; "))
}

fn of_crossing(row: &CrossingRow) -> String {
    let (low, high) = (count(row.low_peers), count(row.high_peers));
    match (&row.below, &row.above) {
        (Some(below), Some(above)) => format!(
            "{below} is better up to {low} peers, {above} from {high} on: the crossover lies at about {} peers, with a 95 % \
             interval from {low} to {high}",
            count(libm::round(row.peers) as u32)
        ),
        (Some(below), None) => format!("{below} is better up to {low} peers; from {high} on neither works"),
        (None, Some(above)) => format!("up to {low} peers neither works; from {high} on {above} is better"),
        (None, None) => unreachable!("invariant: the lead changes at a crossing"),
    }
}

fn without_crossing(sheet: &CrossoverSheet) -> String {
    let (Some(first), Some(last)) = (sheet.points.first(), sheet.points.last()) else {
        return "nothing was measured".to_owned();
    };
    let range = format!("from {} to {} peers", count(first.peers), count(last.peers));
    let shown: Vec<&PointRow> = sheet.points.iter().filter(|point| point.lead != Lead::Open).collect();
    let Some(lead) = shown.first().map(|point| point.lead) else {
        let [a, b] = &sheet.topologies;
        let widest = sheet.points.iter().filter_map(|point| point.difference.and_then(|difference| difference.ends));
        let widest = widest.map(|ends| ends.low.abs().max(ends.high.abs())).reduce(f64::max);
        let left = widest.map_or_else(String::new, |widest| {
            format!("; a difference beyond {} is ruled out wherever both work", figures::value(sheet.metric, widest))
        });
        return format!("no crossover: {a} and {b} cannot be told apart anywhere {range}{left}");
    };
    let measured = format!("{} of {} populations measured {range}", shown.len(), sheet.points.len());
    match sheet.leader(lead) {
        Some(leader) => format!("no crossover: {leader} is better at {measured}, and the other is at none"),
        None => format!("no crossover: neither works at {measured}"),
    }
}

// Where a topology stops working, and why.
fn first_failure(sheet: &CrossoverSheet, side: usize) -> Option<String> {
    let fails = |point: &&PointRow| 2 * point.sides[side].failing > point.seeds;
    let point = sheet.points.iter().find(fails)?;
    let (label, there) = (&sheet.topologies[side], &point.sides[side]);
    let fault = there.fault.as_deref()?;
    let peers = counted(point.peers as usize, "peer");
    Some(format!("{label} does not work with {peers} in {} of {} seeds: {fault}", there.failing, point.seeds))
}

// Where the seeds do not tell at an end of the range, nothing is known beyond.
fn open_ends(sheet: &CrossoverSheet) -> Option<String> {
    if sheet.points.iter().all(|point| point.lead == Lead::Open) {
        return None;
    }
    let open = |point: &&PointRow| point.lead == Lead::Open;
    let below: Vec<u32> = sheet.points.iter().take_while(open).map(|point| point.peers).collect();
    let above: Vec<u32> = sheet.points.iter().rev().take_while(open).map(|point| point.peers).collect();
    let below = below.last().map(|&peers| format!("up to {} peers", count(peers)));
    let above = above.last().map(|&peers| format!("from {} peers on", count(peers)));
    let ends: Vec<String> = [below, above].into_iter().flatten().collect();
    (!ends.is_empty()).then(|| format!("{} the seeds do not tell the two apart", ends.join(" and ")))
}

// Whether a crossing is where counting copies puts the end of the loser.
fn beside_closed_forms(sheet: &CrossoverSheet, row: &CrossingRow) -> Option<String> {
    let loser = row.below.as_ref()?;
    let of_loser = sheet.closed_forms.iter().filter(|form| form.topology == *loser);
    let [least, most] = of_loser.filter_map(|form| form.peers_max).min()?;
    let ends = if least == most { count(most) } else { format!("{} to {}", count(least), count(most)) };
    let stands = format!("the closed form ends {loser} at {ends} peers");
    Some(if most < row.low_peers {
        format!("{stands}, yet it is better with {}: it loses later than copies are counted", count(row.low_peers))
    } else if least <= row.high_peers {
        let side = usize::from(sheet.topologies[1] == *loser);
        let fails = sheet.at(row.high_peers).is_some_and(|point| 2 * point.sides[side].failing > point.seeds);
        format!(
            "{stands}, which meets the interval{}",
            if fails { ": capacity decides" } else { ", yet it works there" }
        )
    } else {
        format!("{stands}: it loses before its capacity ends")
    })
}
