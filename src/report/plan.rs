//! The overlay of one replication as a file: for a signaling server, for other programs, for a picture.
//!
//! What `peerscape topology` writes, the topology `file` reads, but for pictures.

mod csv;
mod dot;
mod graphml;
mod json;
mod layout;
mod svg;

use std::io::{self, Write};

use serde_json::Value;

use crate::overlay::Overlay;
use crate::overlay::topology::PlanRole;
use crate::rng::Seed;
use crate::scenario::Cell;
use crate::simulation::{self, SimulationError};
use crate::world::World;

/// The overlay of one replication.
#[derive(Debug)]
pub struct PlanOutput<'a> {
    scenario: &'a str,
    // What made it, and the rule by which nodes pass messages on, if it has a name.
    label: &'a str,
    rule: Option<Value>,
    cell: &'a Cell,
    seed: Seed,
    world: World,
    overlay: Overlay,
}

/// How an overlay is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanFormat {
    /// A JSON plan.
    #[default]
    Json,
    /// A CSV edge list.
    Csv,
    /// GraphML.
    Graphml,
    /// A drawing for Graphviz.
    Dot,
    /// A picture.
    Svg,
}

impl<'a> PlanOutput<'a> {
    /// The overlay of a cell with a seed.
    ///
    /// # Errors
    /// When the population cannot be drawn.
    pub fn of(scenario: &'a str, cell: &'a Cell, seed: Seed) -> Result<Self, SimulationError> {
        let (world, overlay) = simulation::build(cell, seed)?;
        let named = cell.topology.to_json().get("dissemination").cloned();
        let rule = named.or_else(|| cell.topology.dissemination().to_json());
        Ok(Self { scenario, label: &cell.label, rule, cell, seed, world, overlay })
    }

    /// Another overlay of the population of a cell with a seed, by the name of what made it. Messages go by split horizon.
    #[must_use]
    pub fn with_overlay(
        (scenario, label): (&'a str, &'a str),
        cell: &'a Cell,
        seed: Seed,
        (world, overlay): (World, Overlay),
    ) -> Self {
        Self { scenario, label, rule: None, cell, seed, world, overlay }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When `to` refuses.
    pub fn write(&self, format: PlanFormat, to: &mut dyn Write) -> io::Result<()> {
        match format {
            PlanFormat::Json => json::write(self, to),
            PlanFormat::Csv => csv::write(self, to),
            PlanFormat::Graphml => graphml::write(self, to),
            PlanFormat::Dot => dot::write(self, to),
            PlanFormat::Svg => svg::write(self, to),
        }
    }

    /// The overlay.
    #[must_use]
    pub const fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    fn role(&self, node: u32) -> PlanRole {
        let groups = self.overlay.pair_neighbours(node).len() + self.overlay.seats(node).len();
        match groups {
            _ if node >= self.world.peers() => PlanRole::Server,
            0 | 1 => PlanRole::Peer,
            _ => PlanRole::Hub,
        }
    }

    // As lists of edges call it.
    fn name(&self, node: u32) -> String {
        match node.checked_sub(self.world.peers()) {
            None => node.to_string(),
            Some(server) => format!("s{server}"),
        }
    }

    // Every connection, and its sort. Members of a block appear in their order.
    fn edges(&self) -> impl Iterator<Item = (u32, u32, Sort)> {
        let pairs = self.overlay.pairs_in_order().into_iter().map(|(a, b)| (a, b, Sort::Pair));
        let standby = self.overlay.standby_in_order().into_iter().map(|(a, b)| (a, b, Sort::Standby));
        let of_block = |block: u32| {
            let members = self.overlay.block(block);
            let behind =
                move |place: usize| members[place + 1..].iter().map(move |&b| (members[place], b, Sort::Block(block)));
            (0..members.len()).flat_map(behind)
        };
        pairs.chain((0..self.overlay.blocks()).flat_map(of_block)).chain(standby)
    }
}

// To which sort a connection belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Pair,
    Block(u32),
    Standby,
}

// The word for it.
fn kind(sort: Sort) -> String {
    match sort {
        Sort::Pair => "pair".to_owned(),
        Sort::Block(block) => block.to_string(),
        Sort::Standby => "standby".to_owned(),
    }
}
