//! What no overlay can beat with a population and its workloads, each figure by name, with what binds and its source; and
//! which families of overlays can carry them at all.

mod family;
mod rows;
mod text;

use serde::Serialize;

use crate::overlay::workload::Workload;
use crate::rng::Seed;
use crate::scenario::{AxisValue, Cell, Settings};
use crate::simulation::{PoseError, Posed, Posing};

pub use family::FamilyRow;
pub use text::render;

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

/// One bound.
#[derive(Clone, Debug, Serialize)]
pub struct BoundRow {
    /// What is bounded.
    pub bound: String,
    /// The workload that it is about, where it is about one.
    pub workload: Option<String>,
    /// Whether no overlay has more, or none has less.
    pub side: Side,
    /// The value; `None` is no limit at all, or never.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: &'static str,
    /// What would have to change for it to change.
    pub binds: String,
    /// Who has shown it.
    pub source: &'static str,
}

/// On which side of the truth a bound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// No overlay has more.
    AtMost,
    /// No overlay has less.
    AtLeast,
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
        let mut sheet = Self {
            axes: cell.axes.clone(),
            peers: posed.world.peers(),
            seed,
            typical_delays: posed.is_typical,
            bounds: rows::of_connections(&subject, degree),
            families: Vec::new(),
            notes: Vec::new(),
        };
        for carried in &posed.carried {
            // What one workload can come to does not depend on others.
            let alone = match posed.carried.as_slice() {
                [_] => None,
                _ => Some(Posed::of_workload(settings, seed, Posing::BOUND, carried.nth)?),
            };
            let subject = Subject { settings, posed: alone.as_ref().unwrap_or(&posed) };
            sheet.bounds.extend(rows::of_messages(&subject, carried));
            match family::rows(&subject, carried) {
                Some(families) => sheet.families.extend(families),
                None => sheet.notes.push(format!(
                    "{}: some publish, or messages are for some: no closed form says which families can carry it",
                    subject.name(carried.nth)
                )),
            }
        }
        for content in &posed.fetched {
            sheet.bounds.extend(rows::of_content(&subject, content));
        }
        if posed.carried.is_empty() && posed.fetched.is_empty() {
            sheet.notes.push("nobody sends anything to anybody".to_owned());
        }
        if posed.is_typical {
            sheet.notes.push(
                "delays are typical ones of places: those of single pairs may be less, and so may latencies".to_owned(),
            );
        }
        Ok(sheet)
    }
}

// What bounds are about.
struct Subject<'a> {
    settings: &'a Settings,
    posed: &'a Posed,
}

impl Subject<'_> {
    // `broadcast`, or `broadcast (workload 2)` where there are several.
    fn name(&self, nth: u16) -> String {
        let kind = |workload: &dyn Workload| {
            workload.to_json().get("kind").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let of = |nth: usize| self.settings.workloads.get(nth).map_or_else(String::new, |workload| kind(&**workload));
        let own = of(usize::from(nth));
        let alike = (0..self.settings.workloads.len()).filter(|&other| of(other) == own).count();
        if alike > 1 { format!("{own} (workload {})", nth + 1) } else { own }
    }

    // `peer 17 (home)`.
    fn peer(&self, peer: u32) -> String {
        format!("peer {peer} ({})", self.posed.world.class(peer).name)
    }
}
