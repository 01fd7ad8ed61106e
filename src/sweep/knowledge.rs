//! What is known of the set-ups of each population of a sweep: learned once, by whichever replication needs it first,
//! and the same whoever that is.

use std::sync::OnceLock;

use crate::scenario::Cell;
use crate::simulation::{Knowledge, Subject};

/// The knowledge for each cell; cells of one [`Subject`] share it.
#[derive(Debug)]
pub(super) struct Library {
    shelves: Vec<Shelf>,
    // The shelf of each cell.
    places: Vec<usize>,
}

#[derive(Debug)]
struct Shelf {
    subject: Subject,
    knowledge: OnceLock<Knowledge>,
}

impl Library {
    /// Of these cells; nothing is learned yet.
    pub(super) fn new(cells: &[Cell]) -> Self {
        let mut library = Self { shelves: Vec::new(), places: Vec::with_capacity(cells.len()) };
        for cell in cells {
            let subject = Subject::of(&cell.settings);
            // Neighbours are alike.
            let known = library.shelves.iter().rposition(|shelf| shelf.subject == subject);
            let place = known.unwrap_or_else(|| {
                library.shelves.push(Shelf { subject, knowledge: OnceLock::new() });
                library.shelves.len() - 1
            });
            library.places.push(place);
        }
        library
    }

    /// That of a cell, by its number. Whoever asks while another learns waits.
    pub(super) fn of(&self, cell: usize) -> &Knowledge {
        let Shelf { subject, knowledge } = &self.shelves[self.places[cell]];
        knowledge.get_or_init(|| subject.clone().learn())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario;

    const SCENARIO: &str = "
        [run]
        seeds = 1
        [population]
        peers = [20, 150, 300]
        [[population.class]]
        name = 'peers'
        nat  = ['home', 'mobile']
        [[workload]]
        kind = 'state-sync'
        rate = '1 /s'
        message = '100 B'
        [[topology]]
        kind = 'mesh'
        [[topology]]
        kind = 'star'
    ";

    #[test]
    fn a_population_is_learned_once_for_all_topologies() {
        let experiment = scenario::parse_str("it.toml", SCENARIO, Path::new(""), &[]).expect("a scenario");
        let library = Library::new(&experiment.cells);
        // Small ones are played through, and large ones differ by what they are made of alone.
        assert_eq!((experiment.cells.len(), library.shelves.len()), (12, 3));
        for (number, cell) in experiment.cells.iter().enumerate() {
            let knowledge = library.of(number);
            let is_large = cell.settings.population.peers.get() > 20;
            assert_eq!(knowledge.size().runs > 0, is_large, "{}", cell.label);
            let twins = |other: &&Cell| Subject::of(&other.settings) == Subject::of(&cell.settings);
            let first = experiment.cells.iter().position(|other| twins(&other)).expect("itself");
            assert!(std::ptr::eq(knowledge, library.of(first)));
        }
    }
}
