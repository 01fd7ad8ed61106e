//! Which values of the sweep axes meet: every combination, but for axes that `[sweep] zip` lets
//! advance together.

use toml::Spanned;

use super::axes::Axis;
use super::problem::{Problem, Problems};
use super::suggest;
use super::tree::{self, Node, TreePath, join, path};

/// The index of a value on each axis.
pub(super) type Combination = Vec<usize>;

/// Most cells of an experiment.
const MOST_CELLS: usize = 100_000;

/// Every combination of the axes' values, the first axis outermost; zipped axes advance together.
///
/// Where that cannot be, for one of the problems it notes, every value still occurs once, so that
/// each can be checked.
pub(super) fn combinations(
    axes: &[Axis<'_>],
    topologies: usize,
    zips: &[Vec<String>],
    root: &Node<'_>,
    problems: &mut Problems,
) -> Vec<Combination> {
    let Some(dimensions) = dimensions(axes, zips, root, problems) else { return each_value_once(axes) };
    let sizes = dimensions.iter().map(|dimension| axes[dimension[0]].points.len());
    let cells = sizes.fold(topologies.max(1), usize::saturating_mul);
    if cells > MOST_CELLS {
        let message = format!("{cells} cells are more than the {MOST_CELLS} of one experiment");
        let widest = axes.iter().max_by_key(|axis| axis.points.len()).map(|axis| axis.span.clone());
        problems.push(
            Problem::at(widest, message, "the longest axis")
                .help("shorten an axis, or let axes advance together: [sweep] zip = [[\"a\", \"b\"]]"),
        );
        return each_value_once(axes);
    }
    dimensions.iter().fold(vec![vec![0; axes.len()]], |combinations, dimension| {
        let extended = |combination: &Combination| {
            let extend = |value| {
                let mut extended = combination.clone();
                dimension.iter().for_each(|&axis| extended[axis] = value);
                extended
            };
            (0..axes[dimension[0]].points.len()).map(extend).collect::<Vec<_>>()
        };
        combinations.iter().flat_map(extended).collect()
    })
}

/// The axes that advance together, as lists of their indices; the order is that of their first.
fn dimensions(
    axes: &[Axis<'_>],
    zips: &[Vec<String>],
    root: &Node<'_>,
    problems: &mut Problems,
) -> Option<Vec<Vec<usize>>> {
    let mut dimension_of: Vec<usize> = (0..axes.len()).collect();
    let mut fine = true;
    for (group, names) in zips.iter().enumerate() {
        let place = join(&path(["sweep", "zip"]), group);
        let mut members = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let span = tree::get(root, &join(&place, index)).map(Spanned::span);
            match find_axis(axes, name) {
                Ok(axis) => members.push(axis),
                Err(problem) => problems.push(Problem { span, ..problem }),
            }
        }
        let fault = if members.len() < names.len() { None } else { zip_fault(axes, &members, &dimension_of) };
        if let Some((message, label)) = fault {
            problems.push(Problem::at(tree::get(root, &place).map(Spanned::span), message, label));
            fine = false;
        }
        fine &= members.len() == names.len();
        if let Some(&first) = members.iter().min() {
            members.iter().for_each(|&axis| dimension_of[axis] = first);
        }
    }
    let with = |first: usize| (0..axes.len()).filter(|&axis| dimension_of[axis] == first).collect::<Vec<_>>();
    fine.then(|| (0..axes.len()).map(with).filter(|dimension| !dimension.is_empty()).collect())
}

fn zip_fault(axes: &[Axis<'_>], members: &[usize], dimension_of: &[usize]) -> Option<(String, String)> {
    if members.len() < 2 {
        return Some((
            "one axis alone cannot advance together with others".to_owned(),
            "name at least two axes".to_owned(),
        ));
    }
    if let Some(&twice) = members
        .iter()
        .find(|&&axis| dimension_of[axis] != axis || members.iter().filter(|&&other| other == axis).count() > 1)
    {
        return Some((
            format!("`{}` is zipped twice", axes[twice].name),
            "an axis can be in one group only".to_owned(),
        ));
    }
    let sizes: Vec<String> =
        members.iter().map(|&axis| format!("`{}` has {}", axes[axis].name, axes[axis].points.len())).collect();
    let is_even = members.iter().all(|&axis| axes[axis].points.len() == axes[members[0]].points.len());
    (!is_even).then(|| ("axes that advance together need equally many values".to_owned(), sizes.join(", ")))
}

/// The axis that `name` names: by the end of its path in words, steps in between left out at will.
pub(super) fn find_axis(axes: &[Axis<'_>], name: &str) -> Result<usize, Problem> {
    let steps: Vec<&str> = name.split('.').collect();
    let exact = axes.iter().position(|axis| axis.name == name);
    let found: Vec<usize> = (0..axes.len()).filter(|&axis| leads_to(&axes[axis].words, &steps)).collect();
    match (exact, found.as_slice()) {
        (Some(axis), _) | (None, &[axis]) => Ok(axis),
        (None, several) => {
            let problem = Problem::at(None, format!("there is no sweep axis `{name}`"), "not an axis");
            let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
            Err(match (several.is_empty(), names.is_empty()) {
                (_, true) => problem.help("no setting of this file has a list of values"),
                (true, false) => problem.help(suggest::help(steps[steps.len() - 1], "axes", &names)),
                (false, false) => Problem { message: format!("`{name}` may be several axes"), ..problem }
                    .help(suggest::help(name, "axes", &names)),
            })
        }
    }
}

/// Whether `steps` lead to the end of `words`, some of them left out.
fn leads_to(words: &TreePath, steps: &[&str]) -> bool {
    let mut rest = words.iter();
    steps.iter().all(|step| rest.any(|word| word == step)) && words.last().map(String::as_str) == steps.last().copied()
}

fn each_value_once(axes: &[Axis<'_>]) -> Vec<Combination> {
    let first = vec![0; axes.len()];
    let alone = |axis: usize| {
        let first = &first;
        (1..axes[axis].points.len()).map(move |point| {
            let mut combination = first.clone();
            combination[axis] = point;
            combination
        })
    };
    [first.clone()].into_iter().chain((0..axes.len()).flat_map(alone)).collect()
}
