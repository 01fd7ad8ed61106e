//! How an experiment's cells are laid out in a plot: the topologies, the axis that becomes the x of
//! the plots, and a panel for each combination of the other axes.

use std::collections::BTreeSet;

use super::scale::{Tick, number, spans_decades};
use crate::report::doubt::{followed, grain_word};
use crate::scenario::{AxisValue, Cell, Grain};
use crate::sweep::{CellRuns, Results};

/// A figure has at most this many panels.
const PANELS_MAX: usize = 6;
/// The axis that becomes the x where it is swept.
const PEERS: &str = "peers";

/// The cells of an experiment as plots show them.
pub(super) struct Facets<'a> {
    results: &'a Results<'a>,
    /// The labels of the topologies, in the order of their first cells.
    pub(super) topologies: Vec<&'a str>,
    /// Their styles.
    pub(super) styles: Vec<usize>,
    /// The numeric axis that becomes the x, if there is one.
    pub(super) x: Option<NumericAxis>,
    /// The combinations of the other axes, at most six.
    pub(super) panels: Vec<Facet<'a>>,
    /// How many more combinations there are.
    pub(super) panels_left_out: usize,
    /// The p95 latency that no overlay of peers alone can beat, where it is one for all cells.
    pub(super) least_p95_ms: Option<f64>,
}

/// The axis that becomes the x.
pub(super) struct NumericAxis {
    place: usize,
    /// The name.
    pub(super) name: String,
    /// Every value, ascending.
    pub(super) ticks: Vec<Tick>,
}

/// The cells of one panel.
pub(super) struct Facet<'a> {
    /// The values on the other axes.
    pub(super) title: String,
    cells: Vec<&'a Cell>,
}

impl<'a> Facets<'a> {
    /// The facets of these results.
    pub(super) fn of(results: &'a Results<'a>) -> Self {
        let cells = &results.experiment.cells;
        let mut topologies: Vec<&str> = Vec::new();
        for cell in cells {
            if !topologies.contains(&cell.label.as_str()) {
                topologies.push(&cell.label);
            }
        }
        let x = numeric_axis(results);
        let apart = axes_apart(results, x.as_ref());
        let mut panels: Vec<(Vec<&AxisValue>, Facet<'_>)> = Vec::new();
        for cell in cells {
            let key: Vec<&AxisValue> = apart.iter().filter_map(|&place| cell.axes.get(place)).collect();
            if let Some((_, panel)) = panels.iter_mut().find(|(other, _)| *other == key) {
                panel.cells.push(cell);
            } else {
                let texts: Vec<String> = key.iter().map(|value| axis_text(value)).collect();
                panels.push((key, Facet { title: texts.join(", "), cells: vec![cell] }));
            }
        }
        let panels_left_out = panels.len().saturating_sub(PANELS_MAX);
        let panels = panels.into_iter().map(|(_, panel)| panel).take(PANELS_MAX).collect();
        let styles = super::style::styles(&topologies);
        Self { results, topologies, styles, x, panels, panels_left_out, least_p95_ms: None }
    }

    /// The finished replications of a cell.
    pub(super) fn runs(&self, cell: &Cell) -> Option<&'a CellRuns> {
        self.results.cells.get(cell.index).filter(|cell| !cell.runs.is_empty())
    }

    /// The cells of a panel and a topology, in ascending order of x.
    pub(super) fn along_x(&self, panel: &Facet<'a>, topology: usize) -> Vec<(f64, &'a Cell)> {
        let label = self.topologies[topology];
        let of_topology = panel.cells.iter().filter(|cell| cell.label == label);
        let mut cells: Vec<(f64, &Cell)> = of_topology.map(|cell| (self.x_of(cell), *cell)).collect();
        cells.sort_by(|left, right| left.0.total_cmp(&right.0));
        cells
    }

    /// One cell a topology of a panel, by index of the topology: those at the largest x at which
    /// anything ran.
    pub(super) fn at_largest_x(&self, panel: &Facet<'a>) -> Vec<(usize, &'a Cell)> {
        let ran = panel.cells.iter().filter(|cell| self.runs(cell).is_some());
        let Some(largest) = ran.map(|cell| self.x_of(cell)).max_by(f64::total_cmp) else {
            return Vec::new();
        };
        let here = panel.cells.iter().filter(|cell| self.x_of(cell).total_cmp(&largest).is_eq());
        here.filter_map(|cell| Some((self.topologies.iter().position(|label| *label == cell.label)?, *cell))).collect()
    }

    /// What the largest x is, in words: "1,000 peers".
    pub(super) fn largest_x_text(&self) -> Option<String> {
        let axis = self.x.as_ref()?;
        let ran = self.panels.iter().flat_map(|panel| &panel.cells).filter(|cell| self.runs(cell).is_some());
        let cell = ran.max_by(|left, right| self.x_of(left).total_cmp(&self.x_of(right)))?;
        Some(axis_text(&cell.axes[axis.place]))
    }

    /// The number of peers where all cells have the same.
    pub(super) fn peers_text(&self) -> Option<String> {
        let peers_of = |cell: &Cell| {
            let swept = cell.axes.iter().find(|value| value.name == PEERS).and_then(|value| value.number);
            swept.map_or_else(|| f64::from(cell.settings.population.peers.get()), |peers| peers.0)
        };
        let mut counts = self.results.experiment.cells.iter().map(peers_of);
        let first = counts.next()?;
        counts.all(|count| count.total_cmp(&first).is_eq()).then(|| peers_text(first))
    }

    /// What was followed in the cells: "packet by packet", "message by message from 20,000 peers on, packet by packet below".
    pub(super) fn followed_text(&self) -> String {
        let cells = || self.results.experiment.cells.iter().filter(|cell| self.runs(cell).is_some());
        let grains: BTreeSet<&str> = cells().map(|cell| grain_word(self.results.grain(cell))).collect();
        let peers = |grain: Grain| {
            let of_grain = cells().filter(move |cell| self.results.grain(cell) == grain);
            of_grain.map(|cell| cell.settings.population.peers.get())
        };
        match (peers(Grain::Packet).max(), peers(Grain::Message).min()) {
            (Some(most), Some(least)) if most < least => {
                format!("packet by packet up to {}, message by message above", peers_text(f64::from(most)))
            }
            _ => followed(&grains),
        }
    }

    /// How many seeds the cells have: "10 seeds", "3 to 10 seeds".
    pub(super) fn seeds_text(&self) -> String {
        let counts = || self.results.cells.iter().map(|cell| cell.runs.len()).filter(|&count| count > 0);
        match (counts().min().unwrap_or(0), counts().max().unwrap_or(0)) {
            (1, 1) => "1 seed".to_owned(),
            (least, most) if least == most => format!("{most} seeds"),
            (least, most) => format!("{least} to {most} seeds"),
        }
    }

    /// The results.
    pub(super) const fn results(&self) -> &'a Results<'a> {
        self.results
    }

    fn x_of(&self, cell: &Cell) -> f64 {
        let value = self.x.as_ref().and_then(|axis| cell.axes.get(axis.place));
        value.and_then(|value| value.number).map_or(0.0, |number| number.0)
    }
}

impl NumericAxis {
    /// Whether the values span more than a decade.
    pub(super) fn spans_a_decade(&self) -> bool {
        let values: Vec<f64> = self.ticks.iter().map(|tick| tick.value).collect();
        values.iter().all(|&value| value > 0.0) && spans_decades(&values, 10.0)
    }
}

/// `peers` where it is swept, else the first axis with two numbers or more.
fn numeric_axis(results: &Results<'_>) -> Option<NumericAxis> {
    let names = &results.experiment.axes;
    let peers_first = (0..names.len()).filter(|&place| names[place] == PEERS);
    let others = (0..names.len()).filter(|&place| names[place] != PEERS);
    peers_first.chain(others).find_map(|place| {
        let ticks = ticks_of(results, place)?;
        (ticks.len() > 1).then(|| NumericAxis { place, name: names[place].clone(), ticks })
    })
}

/// The different values on an axis, ascending, or `None` where one of them is no number.
fn ticks_of(results: &Results<'_>, place: usize) -> Option<Vec<Tick>> {
    let tick = |value: &AxisValue| {
        let number = value.number?.0;
        number.is_finite().then(|| Tick { value: number, label: value_text(value) })
    };
    let cells = results.experiment.cells.iter();
    let mut ticks = cells.map(|cell| cell.axes.get(place).and_then(tick)).collect::<Option<Vec<Tick>>>()?;
    ticks.sort_by(|left, right| left.value.total_cmp(&right.value));
    ticks.dedup_by(|left, right| left.value.total_cmp(&right.value).is_eq());
    Some(ticks)
}

/// The axes whose combinations get panels of their own. One that moves in lockstep with the x axis,
/// or does not move, does not.
fn axes_apart(results: &Results<'_>, x: Option<&NumericAxis>) -> Vec<usize> {
    let cells = &results.experiment.cells;
    let x_of = |cell: &Cell| x.and_then(|axis| cell.axes.get(axis.place)).cloned();
    let in_lockstep = |place: usize| {
        let mut seen: Vec<(Option<AxisValue>, Option<&AxisValue>)> = Vec::new();
        cells.iter().all(|cell| {
            let (x, value) = (x_of(cell), cell.axes.get(place));
            match seen.iter().find(|(other, _)| *other == x) {
                Some((_, other)) => *other == value,
                None => {
                    seen.push((x, value));
                    true
                }
            }
        })
    };
    let is_x = |place: usize| x.is_some_and(|axis| axis.place == place);
    (0..results.experiment.axes.len()).filter(|&place| !is_x(place) && !in_lockstep(place)).collect()
}

/// A value with the name of its axis: "1,000 peers", "rate = 30 /s".
fn axis_text(value: &AxisValue) -> String {
    match value.number {
        Some(number) if value.name == PEERS => peers_text(number.0),
        _ => format!("{} = {}", value.name, value.text),
    }
}

fn value_text(value: &AxisValue) -> String {
    match value.number {
        Some(peers) if value.name == PEERS => number(peers.0, 1.0),
        _ => value.text.clone(),
    }
}

fn peers_text(peers: f64) -> String {
    format!("{} peers", number(peers, 1.0))
}
