//! Which two topologies of a scenario are compared, and at which values of its other axes.

use peerscape::scenario::{AxisValue, Cell, Experiment, closest_name};

use crate::cli::choice;

/// The axis that the search goes along.
const PEERS: &str = "peers";

/// Two topologies and the values on the axes other than `peers`.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) axes: Vec<AxisValue>,
    pub(super) labels: [String; 2],
}

impl Pair {
    /// The pair that is asked for: values of axes (`rate=10 /s`), and two labels, whole or how they begin. An error says
    /// what there is to choose from.
    pub(super) fn of(experiment: &Experiment, axes: &[String], labels: &[String]) -> Result<Self, String> {
        if let Some(asked) =
            axes.iter().find(|asked| asked.split_once('=').is_some_and(|(name, _)| name.trim() == PEERS))
        {
            return Err(format!("`{asked}`: the number of peers is what is searched; `--from` and `--to` bound it"));
        }
        let cells = choice::on_axes(experiment, axes)?;
        let first = others(cells[0]);
        if cells.iter().any(|cell| others(cell) != first) {
            return Err(choice::options(experiment, &cells, false));
        }
        let mut known: Vec<&str> = Vec::new();
        for cell in &cells {
            if !known.contains(&cell.label.as_str()) {
                known.push(&cell.label);
            }
        }
        let labels = match (labels, known.as_slice()) {
            ([], [first, second]) => [first, second].map(|label| (*label).to_owned()),
            (_, [only]) => {
                return Err(format!("a crossover is between two topologies, and the scenario has one: `{only}`"));
            }
            ([], known) => {
                return Err(format!(
                    "{} topologies; say which two: --topologies LABEL,LABEL, of {}",
                    known.len(),
                    listed(known)
                ));
            }
            ([first, second], known) => [matching(first, known)?, matching(second, known)?],
            (asked, known) => {
                return Err(format!(
                    "a crossover is between two topologies, not {}; there are {}",
                    asked.len(),
                    listed(known)
                ));
            }
        };
        if labels[0] == labels[1] {
            return Err(format!("`{}` cannot overtake itself; there are {}", labels[0], listed(&known)));
        }
        Ok(Self { axes: first, labels })
    }

    /// Leaves the two cells of the pair in an experiment, the first topology first; an error is the label that it has not.
    pub(super) fn keep_alone<'p>(&'p self, experiment: &mut Experiment) -> Result<(), &'p str> {
        let find = |label: &'p String| {
            let fits = |cell: &&Cell| cell.label == *label && others(cell) == self.axes;
            experiment.cells.iter().find(fits).cloned().ok_or(label.as_str())
        };
        let [first, second] = &self.labels;
        let mut cells = vec![find(first)?, find(second)?];
        for (index, cell) in cells.iter_mut().enumerate() {
            (cell.index, cell.group) = (index, 0);
        }
        experiment.cells = cells;
        Ok(())
    }
}

fn others(cell: &Cell) -> Vec<AxisValue> {
    cell.axes.iter().filter(|axis| axis.name != PEERS).cloned().collect()
}

fn matching(asked: &str, known: &[&str]) -> Result<String, String> {
    let asked = asked.trim();
    if known.contains(&asked) {
        return Ok(asked.to_owned());
    }
    let fitting: Vec<&str> =
        known.iter().copied().filter(|label| !asked.is_empty() && label.starts_with(asked)).collect();
    match fitting.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => {
            let kinds: Vec<&str> = known.iter().filter_map(|label| label.split(' ').next()).collect();
            let meant = closest_name(asked, known).or_else(|| closest_name(asked, &kinds));
            let meant = meant.map_or_else(String::new, |close| format!(" (did you mean `{close}`?)"));
            Err(format!("there is no topology `{asked}`{meant}; there are {}", listed(known)))
        }
        several => Err(format!("`{asked}` may be {}; say which", listed(several))),
    }
}

fn listed(labels: &[&str]) -> String {
    labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
}
