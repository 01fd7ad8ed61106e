//! Propagation delay of every pair of nodes: computed, not stored.
//!
//! A node is at a *place* (a city, a row of a matrix). The delay of a pair follows from the two
//! places, the two access links and, where asked for, a draw hashed from the pair, so it is the
//! same in every topology and needs no memory per pair.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cities::{self, CITIES, Continent};
use super::matrix::MatrixFile;
use super::place::Place;
use crate::presets::{HasPresets, Preset};
use crate::rng::{PairKey, below};
use crate::units::{Bounded, Probability, SimDuration};

/// A part or a multiple of what was measured, in percent.
pub(super) type Percent = Bounded<1, 10_000>;

/// How long a packet travels between two access networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
// Tagged from outside for serde, which so keeps the place of every value for error messages; a
// scenario file writes `kind` beside the values.
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum LatencySpec {
    /// City to city, from published round trips and distance.
    Cities {
        /// Half-width of the range in which a pair's delay differs from its cities': a pair's
        /// factor is drawn once, uniformly.
        #[serde(default = "default_pair_jitter")]
        pair_jitter: Probability,
        /// All of these delays, in percent of those published: what a better or a worse network would be.
        #[serde(default = "as_published", skip_serializing_if = "is_as_published")]
        scale_percent: Percent,
    },
    /// The same for every pair.
    Constant {
        /// One-way delay.
        one_way: SimDuration,
    },
    /// Drawn once a pair, uniformly, the same in both directions.
    Uniform {
        /// Smallest one-way delay.
        min: SimDuration,
        /// Largest one-way delay.
        max: SimDuration,
    },
    /// Measured, from a square matrix in a CSV file.
    Matrix(MatrixFile),
}

impl Default for LatencySpec {
    fn default() -> Self {
        Self::Cities { pair_jitter: default_pair_jitter(), scale_percent: as_published() }
    }
}

impl LatencySpec {
    /// The names of the places that peers and servers can be at.
    pub fn place_names(&self) -> impl Iterator<Item = &str> {
        let (cities, rows): (&[cities::City], &[String]) = match self {
            Self::Cities { .. } => (CITIES, &[]),
            Self::Matrix(matrix) => (&[], &matrix.table.names),
            Self::Constant { .. } | Self::Uniform { .. } => (&[], &[]),
        };
        cities.iter().map(|city| city.name).chain(rows.iter().map(String::as_str))
    }

    /// All delays in percent of what they are now: those of cities at least 1 % and at most a hundred times as long as
    /// published.
    #[must_use]
    pub fn scaled(&self, percent: u32) -> Self {
        let ns = |ns: u64| ns.saturating_mul(u64::from(percent)) / 100;
        let span = |span: &SimDuration| SimDuration::from_ns(ns(span.as_ns()));
        match self {
            Self::Cities { pair_jitter, scale_percent } => {
                let scale = (scale_percent.get().saturating_mul(percent) / 100).clamp(1, Percent::MAX.get());
                let scale_percent = Percent::new(scale).unwrap_or(*scale_percent);
                Self::Cities { pair_jitter: *pair_jitter, scale_percent }
            }
            Self::Constant { one_way } => Self::Constant { one_way: span(one_way) },
            Self::Uniform { min, max } => Self::Uniform { min: span(min), max: span(max) },
            Self::Matrix(matrix) => {
                let mut matrix = matrix.clone();
                matrix.table.one_way_ns = matrix.table.one_way_ns.iter().map(|&delay| ns(delay)).collect();
                Self::Matrix(matrix)
            }
        }
    }
}

fn default_pair_jitter() -> Probability {
    Probability::new(0.1).expect("invariant: a constant below 1")
}

fn as_published() -> Percent {
    Percent::new(100).expect("invariant: one hundred is in range")
}

fn is_as_published(scale: &Percent) -> bool {
    *scale == as_published()
}

/// Where the peers of a population live: weights of places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RegionMix(pub BTreeMap<String, Probability>);

impl HasPresets for RegionMix {
    const KIND: &'static str = "region mix";

    fn presets() -> &'static [Preset<Self>] {
        &[
            Preset { name: "world", summary: "all cities by Internet users", make: || mix_of(|_| true) },
            Preset {
                name: "europe",
                summary: "European cities by Internet users",
                make: || mix_of(|continent| continent == Continent::Europe),
            },
            Preset {
                name: "north-america",
                summary: "North American cities by Internet users",
                make: || mix_of(|continent| continent == Continent::NorthAmerica),
            },
            Preset {
                name: "asia",
                summary: "Asian cities by Internet users",
                make: || mix_of(|continent| continent == Continent::Asia),
            },
        ]
    }
}

fn mix_of(chosen: fn(Continent) -> bool) -> RegionMix {
    let cities: Vec<_> = CITIES.iter().filter(|city| chosen(city.continent)).collect();
    let total: u32 = cities.iter().map(|city| city.weight).sum();
    let share = |weight: u32| Probability::new(f64::from(weight) / f64::from(total)).expect("invariant: a part of all");
    RegionMix(cities.iter().map(|city| (city.name.to_owned(), share(city.weight))).collect())
}

/// The delays of one replication.
#[derive(Clone, Debug)]
pub struct LatencyModel {
    rule: Rule,
    key: PairKey,
    // Whether all ways take as long there as back.
    symmetric: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    Constant(u64),
    Uniform { min_ns: u64, span_ns: u64 },
    Places { one_way_ns: Arc<[u64]>, places: usize, jitter_ppm: u64 },
}

impl LatencyModel {
    /// The model that `spec` describes, with its pair draws from `key`.
    #[must_use]
    pub fn new(spec: &LatencySpec, key: PairKey) -> Self {
        let rule = match spec {
            LatencySpec::Constant { one_way } => Rule::Constant(one_way.as_ns()),
            LatencySpec::Uniform { min, max } => {
                Rule::Uniform { min_ns: min.as_ns(), span_ns: (*max - *min).as_ns() + 1 }
            }
            LatencySpec::Cities { pair_jitter, scale_percent } => {
                let places = CITIES.len();
                let scale = u64::from(scale_percent.get());
                let one_way_ns =
                    cities::round_trips().into_iter().map(|rtt| rtt.half().as_ns() * scale / 100).collect();
                Rule::Places { one_way_ns, places, jitter_ppm: parts_per_million(*pair_jitter) }
            }
            LatencySpec::Matrix(matrix) => {
                Rule::Places { one_way_ns: matrix.one_way_ns(), places: matrix.places(), jitter_ppm: 0 }
            }
        };
        let symmetric = rule.is_symmetric();
        Self { rule, key, symmetric }
    }

    /// How many places there are; with none, every node is at place 0.
    #[must_use]
    pub fn places(&self) -> usize {
        match &self.rule {
            Rule::Places { places, .. } => *places,
            Rule::Constant(_) | Rule::Uniform { .. } => 1,
        }
    }

    /// One-way delay in ns between two places, without a pair's own draw.
    #[must_use]
    pub fn base_ns(&self, from: Place, to: Place) -> u64 {
        match &self.rule {
            Rule::Constant(ns) => *ns,
            Rule::Uniform { min_ns, span_ns } => min_ns + span_ns / 2,
            Rule::Places { one_way_ns, places, .. } => one_way_ns[usize::from(from) * places + usize::from(to)],
        }
    }

    /// One-way delay in ns from node `from` at `from_place` to node `to` at `to_place`, access
    /// links not counted.
    #[inline(always)]
    #[must_use]
    pub fn one_way_ns(&self, from: u32, from_place: Place, to: u32, to_place: Place) -> u64 {
        match &self.rule {
            Rule::Constant(ns) => *ns,
            Rule::Uniform { min_ns, span_ns } => min_ns + below(self.key.undirected(from, to), *span_ns),
            Rule::Places { one_way_ns, places, jitter_ppm } => {
                let base = one_way_ns[usize::from(from_place) * places + usize::from(to_place)];
                if *jitter_ppm == 0 {
                    return base;
                }
                let factor_ppm = 1_000_000 - jitter_ppm + below(self.key.undirected(from, to), 2 * jitter_ppm + 1);
                base * factor_ppm / 1_000_000
            }
        }
    }

    /// The mean of the one-way delays in ns there and back between two nodes, access links not counted.
    #[inline]
    #[must_use]
    pub fn mean_way_ns(&self, [a, b]: [u32; 2], [a_place, b_place]: [Place; 2]) -> u64 {
        let there = self.one_way_ns(a, a_place, b, b_place);
        if self.symmetric { there } else { u64::midpoint(there, self.one_way_ns(b, b_place, a, a_place)) }
    }
}

impl Rule {
    fn is_symmetric(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Uniform { .. } => true,
            Self::Places { one_way_ns, places, .. } => (0..*places)
                .all(|from| (0..from).all(|to| one_way_ns[from * places + to] == one_way_ns[to * places + from])),
        }
    }
}

fn parts_per_million(share: Probability) -> u64 {
    (share.get() * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_pair_keeps_its_range_and_its_value() {
        let (min, max) = (SimDuration::from_ms(10), SimDuration::from_ms(100));
        let model = LatencyModel::new(&LatencySpec::Uniform { min, max }, PairKey::new(1));
        let draws: Vec<u64> = (0..10_000).map(|i| model.one_way_ns(i, 0, i + 1, 0)).collect();
        assert!(draws.iter().all(|ns| (min.as_ns()..=max.as_ns()).contains(ns)));
        let mean = draws.iter().sum::<u64>() / 10_000;
        assert!(mean.abs_diff(55_000_000) < 1_000_000, "{mean}");
        assert_eq!(model.one_way_ns(4, 0, 9, 0), model.one_way_ns(9, 0, 4, 0));
    }

    #[test]
    fn a_mean_way_is_that_of_both_directions() {
        let asymmetric = Rule::Places { one_way_ns: [0, 10, 31, 0].into(), places: 2, jitter_ppm: 0 };
        let symmetric = asymmetric.is_symmetric();
        let model = LatencyModel { rule: asymmetric, key: PairKey::new(1), symmetric };
        assert_eq!((symmetric, model.mean_way_ns([0, 1], [0, 1]), model.mean_way_ns([1, 0], [1, 0])), (false, 20, 20));
        let cities = LatencyModel::new(&LatencySpec::default(), PairKey::new(1));
        assert!(cities.symmetric);
        for (a, b) in [(0, 1), (7, 3), (100, 9_999)] {
            let places = [a % 19, b % 19].map(|place| Place::try_from(place).expect("few cities"));
            let there = cities.one_way_ns(a, places[0], b, places[1]);
            assert_eq!(there, cities.one_way_ns(b, places[1], a, places[0]));
            assert_eq!(cities.mean_way_ns([a, b], places), there);
        }
    }

    #[test]
    fn pair_jitter_stays_within_its_share() {
        let model = LatencyModel::new(&LatencySpec::default(), PairKey::new(1));
        let [london, tokyo] = ["London", "Tokyo"].map(|name| cities::by_name(name).expect(name));
        let base = cities::round_trips()[london * CITIES.len() + tokyo].half().as_ns();
        let place = |index: usize| Place::try_from(index).expect("few cities");
        for peer in 0..1_000 {
            let ns = model.one_way_ns(peer, place(london), 5_000, place(tokyo));
            assert!(ns.abs_diff(base) <= base / 10, "{ns} {base}");
        }
    }

    #[test]
    fn a_scale_is_on_all_delays() {
        let [london, tokyo] = ["London", "Tokyo"].map(|name| cities::by_name(name).expect(name));
        let place = |index: usize| Place::try_from(index).expect("few cities");
        let way_ns =
            |spec: &LatencySpec| LatencyModel::new(spec, PairKey::new(1)).one_way_ns(1, place(london), 2, place(tokyo));
        let published = way_ns(&LatencySpec::default());
        for percent in [80, 120, 350] {
            let scaled = way_ns(&LatencySpec::default().scaled(percent));
            assert!(scaled.abs_diff(published * u64::from(percent) / 100) <= 2, "{scaled} {published} {percent}");
        }
        let ms = SimDuration::from_ms;
        let uniform = LatencySpec::Uniform { min: ms(10), max: ms(20) };
        assert_eq!(uniform.scaled(150), LatencySpec::Uniform { min: ms(15), max: ms(30) });
        assert_eq!(LatencySpec::default().scaled(120).scaled(100), LatencySpec::default().scaled(120));
    }

    #[test]
    fn region_mixes_are_whole() {
        for preset in RegionMix::presets() {
            let total: f64 = (preset.make)().0.values().map(|share| share.get()).sum();
            assert!((total - 1.0).abs() < 1e-9, "{}", preset.name);
        }
    }
}
