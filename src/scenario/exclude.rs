//! The cells that `[sweep] exclude` leaves out.

use std::cell::Cell;

use super::axes::Axis;
use super::combine::find_axis;
use super::problem::{Problem, Problems};
use super::source::Span;
use super::suggest;
use super::topologies::Variant;
use super::tree::{self, Node, path};

/// What `[sweep] exclude` leaves out.
#[derive(Debug, Default)]
pub(super) struct Exclusions(Vec<Exclusion>);

/// One table of the list: a cell that matches all of its keys is left out.
#[derive(Debug)]
struct Exclusion {
    span: Span,
    // Any of these points of each axis named.
    points: Vec<(usize, Vec<usize>)>,
    // Any of these topologies, if one is named.
    topologies: Option<Vec<usize>>,
    used: Cell<bool>,
}

impl Exclusions {
    /// Reads `[sweep] exclude`.
    pub(super) fn read(root: &Node<'_>, axes: &[Axis<'_>], topologies: &[Variant], problems: &mut Problems) -> Self {
        let list = tree::get(root, &path(["sweep", "exclude"])).map(tree::children).unwrap_or_default();
        let mut exclusions = Vec::new();
        for (_, table) in list {
            let mut exclusion =
                Exclusion { span: table.span(), points: Vec::new(), topologies: None, used: Cell::new(false) };
            for (key, value) in tree::children(table) {
                let key_span = tree::key_span(table, &path([&key]));
                if let Err(problem) = exclusion.add(&key, value, axes, topologies) {
                    problems.push(Problem { span: problem.span.clone().or(key_span), ..problem });
                }
            }
            exclusions.push(exclusion);
        }
        Self(exclusions)
    }

    /// Whether the cell of this combination and topology is left out.
    pub(super) fn contain(&self, combination: &[usize], topology: usize) -> bool {
        let matching = self.0.iter().filter(|exclusion| exclusion.matches(combination, topology));
        // All that match, not the first only: each has its use.
        matching.map(|exclusion| exclusion.used.set(true)).count() > 0
    }

    /// Notes the exclusions that left out nothing.
    pub(super) fn note_unused(&self, problems: &mut Problems) {
        for exclusion in self.0.iter().filter(|exclusion| !exclusion.used.get()) {
            let span = Some(exclusion.span.clone());
            problems.push(Problem::at(span, "this exclusion leaves out no cell", "no cell has all of these values"));
        }
    }
}

impl Exclusion {
    fn add(&mut self, key: &str, value: &Node<'_>, axes: &[Axis<'_>], topologies: &[Variant]) -> Result<(), Problem> {
        if key == "topology" {
            let labels: Vec<&str> = topologies.iter().map(|variant| variant.label.as_str()).collect();
            let is = |index: usize, text: &str| topologies[index].label == text || topologies[index].kind == text;
            self.topologies = Some(any_of(value, key, &labels, is)?);
        } else {
            let axis = find_axis(axes, key)?;
            let texts: Vec<&str> = axes[axis].points.iter().map(|point| point.text.as_str()).collect();
            self.points.push((axis, any_of(value, key, &texts, |index, text| texts[index] == text)?));
        }
        Ok(())
    }

    fn matches(&self, combination: &[usize], topology: usize) -> bool {
        self.points.iter().all(|(axis, points)| points.contains(&combination[*axis]))
            && self.topologies.as_ref().is_none_or(|topologies| topologies.contains(&topology))
    }
}

/// The indices of the names that the value, or a value of the list, is.
fn any_of(
    value: &Node<'_>,
    axis: &str,
    names: &[&str],
    is: impl Fn(usize, &str) -> bool,
) -> Result<Vec<usize>, Problem> {
    let items = if value.get_ref().is_array() { tree::children(value) } else { vec![(String::new(), value)] };
    let mut indices = Vec::new();
    for (_, item) in items {
        let text = tree::plain_text(item.get_ref());
        let found: Vec<usize> = (0..names.len()).filter(|&index| is(index, &text)).collect();
        if found.is_empty() {
            let problem = Problem::at(Some(item.span()), format!("`{axis}` is never {text}"), "no cell has this value");
            return Err(problem.help(format!("its values: {}", suggest::listed(names))));
        }
        indices.extend(found);
    }
    Ok(indices)
}
