//! Two results side by side: what is better, what is worse, and what cannot be told.
//!
//! Many figures are looked at at once, so a word on one of them takes all into account: the probability that unchanged
//! code is given any false word is 2 % at most. Where both results have the same seeds they are compared seed by seed
//! (`paired`); where they share none, as two groups (`split`).

mod json;
mod notes;
mod paired;
mod row;
mod rule;
mod sample;
mod side;
mod split;
mod text;

pub use json::render as change_json;
pub use row::{Change, Changes, FALSE_WORD, Figure, SeedPairing};
pub use rule::Rule;
pub use side::{Place, Side, SideError};
pub use text::{markdown as change_markdown, text as change_text};

use sample::Sample;

/// What has changed from `base` to `new`. The figures that `rules` name are a family of their own: they are corrected
/// for their number alone.
#[must_use]
pub fn changes(base: &Side, new: &Side, rules: &[Rule]) -> Changes {
    let pairing = pairing(base, new);
    let is_named = |sample: &Sample| rules.iter().any(|rule| sample.figure == Figure::Metric(rule.metric));
    let named: Vec<_> = rules.iter().map(|rule| rule.metric).collect();
    let samples: Vec<(usize, Sample)> = (0..).zip(sample::samples(base, new, &named)).collect();
    let (of_rules, others): (Vec<_>, Vec<_>) = samples.into_iter().partition(|(_, sample)| is_named(sample));
    let mut rows: Vec<(usize, Change)> = Vec::new();
    for family in [of_rules, others] {
        let (places, samples): (Vec<usize>, Vec<Sample>) = family.into_iter().unzip();
        let judged = match pairing {
            SeedPairing::BySeed(_) => paired::judge(&samples),
            SeedPairing::Apart(_) => split::judge(&samples, [base.seeds(), new.seeds()]),
        };
        rows.extend(places.into_iter().zip(judged).filter_map(|(place, change)| Some((place, change?))));
    }
    rows.sort_by_key(|(place, _)| *place);
    let rows: Vec<Change> = rows.into_iter().map(|(_, change)| change).collect();
    let broken = rules.iter().flat_map(|rule| rows.iter().filter_map(|change| rule.broken_by(change))).collect();
    Changes {
        names: [base, new].map(|side| side.name.clone()),
        pairing,
        notes: notes::notes(base, new, pairing),
        rows,
        broken,
        has_rules: !rules.is_empty(),
    }
}

fn pairing(base: &Side, new: &Side) -> SeedPairing {
    let seeds = [base, new].map(Side::seeds);
    match seeds[0].iter().filter(|seed| seeds[1].contains(seed)).count() {
        0 => SeedPairing::Apart(seeds.map(|seeds| seeds.len())),
        shared => SeedPairing::BySeed(shared),
    }
}
