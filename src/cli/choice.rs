//! Which cell of a scenario is meant, where a verb is about one.

use peerscape::scenario::{Cell, Experiment};

/// The only cell with these values on its axes (`peers=100`) and a topology whose label is or begins with this one; an error
/// says what there is to choose from.
pub(super) fn cell<'e>(
    experiment: &'e Experiment,
    axes: &[String],
    topology: Option<&str>,
) -> Result<&'e Cell, String> {
    let mut cells = on_axes(experiment, axes)?;
    if let Some(label) = topology {
        let is_whole = cells.iter().any(|cell| cell.label == *label);
        let fits = |cell: &Cell| if is_whole { cell.label == *label } else { cell.label.starts_with(label) };
        if !cells.iter().any(|cell| fits(cell)) {
            let labels = quoted(cells.iter().map(|cell| cell.label.as_str()));
            return Err(format!("there is no topology `{label}`; there are {labels}"));
        }
        cells.retain(|cell| fits(cell));
    }
    match cells.as_slice() {
        [cell] => Ok(cell),
        cells => Err(options(experiment, cells, true)),
    }
}

/// The first cell of the only combination with these values on its axes, whatever the topology.
pub(super) fn combination<'e>(experiment: &'e Experiment, axes: &[String]) -> Result<&'e Cell, String> {
    let cells = on_axes(experiment, axes)?;
    if cells.iter().any(|cell| cell.group != cells[0].group) {
        return Err(options(experiment, &cells, false));
    }
    Ok(cells[0])
}

/// The cells with these values on their axes, at least one.
pub(super) fn on_axes<'e>(experiment: &'e Experiment, axes: &[String]) -> Result<Vec<&'e Cell>, String> {
    let mut cells: Vec<&Cell> = experiment.cells.iter().collect();
    for (asked, (name, value)) in axes.iter().map(|asked| (asked, asked.split_once('=').unwrap_or((asked, "")))) {
        let (name, value) = (name.trim(), value.trim());
        let Some(axis) = experiment.axes.iter().position(|axis| axis == name) else {
            let axes = quoted(experiment.axes.iter().map(String::as_str));
            let axes = if axes.is_empty() { "this scenario has none".to_owned() } else { format!("there are {axes}") };
            return Err(format!("`{asked}`: there is no axis `{name}`; {axes}"));
        };
        if !cells.iter().any(|cell| cell.axes[axis].text == value) {
            let values = quoted(cells.iter().map(|cell| cell.axes[axis].text.as_str()));
            return Err(format!("`{asked}`: {name} is never `{value}`; there are {values}"));
        }
        cells.retain(|cell| cell.axes[axis].text == value);
    }
    Ok(cells)
}

/// What is left to say where several cells fit.
pub(super) fn options(experiment: &Experiment, cells: &[&Cell], by_topology: bool) -> String {
    let what = if by_topology { "overlays" } else { "points of the sweep" };
    let mut lines = vec![format!("{} {what} fit; say which:", cells.len())];
    for (index, axis) in experiment.axes.iter().enumerate() {
        let values = quoted(cells.iter().map(|cell| cell.axes[index].text.as_str()));
        if values.contains(", ") {
            lines.push(format!("  --cell {axis}=VALUE, of {values}"));
        }
    }
    let labels = quoted(cells.iter().map(|cell| cell.label.as_str()));
    if by_topology && labels.contains(", ") {
        lines.push(format!("  --topology LABEL, of {labels}"));
    }
    lines.join("\n")
}

// Each once, in their order.
fn quoted<'v>(values: impl Iterator<Item = &'v str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}
