//! All bounds of one combination of the sweep axes.

use serde::Serialize;

use super::family::{self, FamilyRow};
use super::latency;
use super::row::BoundRow;
use super::rows;
use super::subject::Subject;
use crate::metrics::MetricId;
use crate::rng::Seed;
use crate::scenario::{AxisValue, Cell, Settings};
use crate::simulation::{Carried, PoseError, Posed, Posing};

/// The bounds of one combination of the sweep axes.
#[derive(Clone, Debug, Serialize)]
pub struct BoundSheet {
    /// The values on the axes.
    pub axes: Vec<AxisValue>,
    /// How many peers there are.
    pub peers: u32,
    /// The seed of the population.
    pub seed: Seed,
    /// Whether delays are typical ones: above 5,000 peers a pair's own delay may be less.
    pub typical_delays: bool,
    /// The bounds.
    pub bounds: Vec<BoundRow>,
    /// The families of overlays.
    pub families: Vec<FamilyRow>,
    /// What the figures do not say.
    pub notes: Vec<String>,
}

impl BoundSheet {
    /// The bounds of the population and the workloads of a cell, whatever its topology. Of graphs in which nobody has more
    /// than `degree` neighbours it says how short ways can be.
    ///
    /// # Errors
    /// When the population cannot be drawn, or sees itself in too many ways.
    pub fn of(cell: &Cell, seed: Seed, degree: u32) -> Result<Self, PoseError> {
        let settings = &cell.settings;
        let posed = Posed::new(settings, seed, Posing::BOUND)?;
        let subject = Subject { settings, posed: &posed };
        let mut sheet = Self { bounds: rows::of_connections(&subject, degree), ..Self::empty(cell, seed, &posed) };
        for carried in &posed.carried {
            let alone = alone(settings, seed, &posed, carried)?;
            let subject = Subject { settings, posed: alone.as_ref().unwrap_or(&posed) };
            sheet.bounds.extend(rows::of_messages(&subject, carried));
            if let Some(why) = latency::unbounded(&subject, carried) {
                sheet.notes.push(format!("{}: no latency is bounded, for {why}", subject.name(carried.nth)));
            } else if settings.workloads[usize::from(carried.nth)].limits().has_chunks() {
                let name = subject.name(carried.nth);
                sheet
                    .notes
                    .push(format!("{name}: latencies are bounded as those of one chunk: a message takes longer"));
            }
            sheet.add_families(&subject, carried);
        }
        for content in &posed.fetched {
            sheet.bounds.extend(rows::of_content(&subject, content));
        }
        if posed.carried.is_empty() && posed.fetched.is_empty() {
            sheet.notes.push("nobody sends anything to anybody".to_owned());
        }
        if sheet.never_hear().is_some() {
            sheet.notes.push("families count copies: they know nothing of peers that cannot connect".to_owned());
        }
        if posed.is_typical {
            sheet.notes.push(
                "delays are typical ones of places: those of single pairs may be less, and so may latencies".to_owned(),
            );
        }
        Ok(sheet)
    }

    /// The bound that says that somebody can never hear what is for it, if that is so.
    pub(crate) fn never_hear(&self) -> Option<&BoundRow> {
        self.bounds.iter().find(|row| latency::NEVER.contains(&row.bound.as_str()))
    }

    /// The least p95 latency of the only workload, in ms.
    pub(crate) fn p95_ms(&self) -> Option<f64> {
        let is_p95 = |row: &&BoundRow| row.unit == "ms" && row.bound == MetricId::LatencyP95.definition().title;
        let mut rows = self.bounds.iter().filter(is_p95);
        let first = rows.next().filter(|_| rows.next().is_none());
        first.and_then(|row| row.value)
    }

    /// The same without its bounds: only the families of overlays, and the notes about them.
    pub(crate) fn of_families(cell: &Cell, seed: Seed) -> Result<Self, PoseError> {
        let settings = &cell.settings;
        let posed = Posed::new(settings, seed, Posing::BOUND)?;
        let mut sheet = Self::empty(cell, seed, &posed);
        for carried in &posed.carried {
            let alone = alone(settings, seed, &posed, carried)?;
            sheet.add_families(&Subject { settings, posed: alone.as_ref().unwrap_or(&posed) }, carried);
        }
        Ok(sheet)
    }

    fn empty(cell: &Cell, seed: Seed, posed: &Posed) -> Self {
        Self {
            axes: cell.axes.clone(),
            peers: posed.world.peers(),
            seed,
            typical_delays: posed.is_typical,
            bounds: Vec::new(),
            families: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn add_families(&mut self, subject: &Subject<'_>, carried: &Carried) {
        if carried.adapts {
            let name = subject.name(carried.nth);
            self.notes
                .push(format!("{name}: families are asked for the highest bitrate, which gives way on full links"));
        }
        match family::rows(subject, carried) {
            Some(families) => self.families.extend(families),
            None => self.notes.push(format!(
                "{}: some publish, or messages are for some: no closed form says which families can carry it",
                subject.name(carried.nth)
            )),
        }
    }
}

// What one workload can come to does not depend on others: where there are several, each is posed alone.
fn alone(settings: &Settings, seed: Seed, posed: &Posed, carried: &Carried) -> Result<Option<Posed>, PoseError> {
    match posed.carried.as_slice() {
        [_] => Ok(None),
        _ => Posed::of_workload(settings, seed, Posing::BOUND, carried.nth).map(Some),
    }
}
