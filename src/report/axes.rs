//! The columns that say which cell a row of a table belongs to.
//!
//! They are the cell's own values, never its number: a row must not change when a topology is
//! added to the scenario.

use crate::scenario::{AxisValue, Cell, Experiment};

/// The name of the column, and of the axis, that holds the size of the population.
pub(super) const PEERS: &str = "peers";

/// The sweep axes as columns: `peers` first, whether it is swept or not, then the others in the
/// order of the file.
#[derive(Clone, Debug)]
pub(super) struct AxisColumns {
    names: Vec<String>,
    axes: Vec<usize>,
}

impl AxisColumns {
    /// The columns for an experiment in a table that also has the columns `taken`. An axis of such
    /// a name becomes `axis_<name>`.
    pub(super) fn new(experiment: &Experiment, taken: &[&str]) -> Self {
        let axes: Vec<usize> = (0..experiment.axes.len()).filter(|&axis| experiment.axes[axis] != PEERS).collect();
        let name = |&axis: &usize| {
            let name = &experiment.axes[axis];
            if taken.contains(&name.as_str()) { format!("axis_{name}") } else { name.clone() }
        };
        let names = std::iter::once(PEERS.to_owned()).chain(axes.iter().map(name)).collect();
        Self { names, axes }
    }

    /// The heads of the columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The values of a cell, one a column.
    pub(super) fn values(&self, cell: &Cell) -> Vec<String> {
        let peers = cell.settings.population.peers.to_string();
        std::iter::once(peers).chain(self.axes.iter().map(|&axis| cell.axes[axis].text.clone())).collect()
    }
}

/// The values of a cell on the axes other than `peers`.
pub(super) fn other_axes(cell: &Cell) -> Vec<AxisValue> {
    cell.axes.iter().filter(|axis| axis.name != PEERS).cloned().collect()
}

/// The shortest decimal that reads back as the same number, without an exponent.
pub(super) fn number(value: f64) -> String {
    // Adding zero turns a negative zero into a plain one.
    (value + 0.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn peers_is_a_column_once_whether_swept_or_not() {
        let columns = |axes: &[&str], taken: &[&str]| {
            let mut experiment = fixture::Study::new().experiment();
            experiment.axes = axes.iter().map(|&name| name.to_owned()).collect();
            AxisColumns::new(&experiment, taken).names().join(",")
        };
        assert_eq!(columns(&[], &[]), "peers");
        assert_eq!(columns(&["peers"], &[]), "peers");
        assert_eq!(columns(&["loss", "peers", "rate"], &[]), "peers,loss,rate");
        assert_eq!(columns(&["peers", "mean"], &["n", "mean"]), "peers,axis_mean");
    }

    #[test]
    fn numbers_have_no_exponent_and_read_back() {
        for (value, text) in [(0.1 + 0.2, "0.30000000000000004"), (-0.0, "0"), (1e-7, "0.0000001"), (212.0, "212")] {
            assert_eq!(number(value), text);
            assert!((text.parse::<f64>().expect(text) - value).abs() < f64::MIN_POSITIVE);
        }
        assert_eq!(number(1e21), "1000000000000000000000");
    }
}
