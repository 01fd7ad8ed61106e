//! Sweep axes: a list, or a range, where a single value is expected.
//!
//! They are found on the tree, before anything is typed: no setting takes a list, so every list
//! that is not part of the file's structure is an axis.

use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;
use super::quantity::Quantity;
use super::range;
use super::source::Span;
use super::tree::{self, Node, TreePath};

/// A sweep axis: where it stands in the tree, and its values.
#[derive(Debug)]
pub(super) struct Axis<'i> {
    /// Where the value belongs.
    pub(super) path: TreePath,
    /// The path in words, by which files refer to the axis.
    pub(super) words: TreePath,
    /// The end of `words` that no other axis has.
    pub(super) name: String,
    /// Where it is written.
    pub(super) span: Span,
    /// Its values, in the order of the file.
    pub(super) points: Vec<Point<'i>>,
}

/// One value on an axis.
#[derive(Debug)]
pub(super) struct Point<'i> {
    value: PointValue<'i>,
    span: Span,
    /// The value as people read it.
    pub(super) text: String,
    /// The value as a number in its base unit, if it is one.
    pub(super) number: Option<f64>,
}

#[derive(Debug)]
enum PointValue<'i> {
    Written(Node<'i>),
    /// The TOML text of a value of a range.
    Generated(String),
}

impl Point<'_> {
    /// The value as a node of a tree.
    pub(super) fn node(&self) -> Node<'_> {
        match &self.value {
            PointValue::Written(node) => node.clone(),
            PointValue::Generated(text) => {
                let node = DeValue::parse(text).expect("invariant: ranges print TOML");
                tree::placed_at(node, &self.span)
            }
        }
    }
}

/// Every axis below `base`, in the order of the file, and what is wrong with others.
pub(super) fn find<'i>(root: &Node<'i>, base: &[String]) -> (Vec<Axis<'i>>, Vec<(TreePath, Problem)>) {
    let mut search = Search { root, axes: Vec::new(), faults: Vec::new() };
    if let Some(node) = tree::get(root, base) {
        search.walk(node, base);
    }
    let Search { mut axes, faults, .. } = search;
    axes.sort_by_key(|axis| axis.span.start);
    (axes, faults)
}

/// Gives each axis the shortest end of its words that no other axis has.
pub(super) fn name(axes: &mut [Axis<'_>]) {
    let all: Vec<TreePath> = axes.iter().map(|axis| axis.words.clone()).collect();
    for axis in axes {
        let words = &axis.words;
        let is_unique = |end: &&[String]| all.iter().filter(|other| other.ends_with(end)).count() == 1;
        let end = (0..words.len()).rev().map(|start| &words[start..]).find(is_unique);
        axis.name = end.unwrap_or(words).join(".");
    }
}

/// The tree with a value for each axis in place of its list.
pub(super) fn substitute<'a>(root: &Node<'a>, values: impl Iterator<Item = (&'a Axis<'a>, usize)>) -> Node<'a> {
    let mut tree = root.clone();
    for (axis, point) in values {
        if let Some(node) = tree::get_mut(&mut tree, &axis.path) {
            *node = axis.points[point].node();
        }
    }
    tree
}

/// Lists that are part of a file's structure: of tables, or not values of a setting.
fn is_structure(path: &[String]) -> bool {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        steps.as_slice(),
        [_] | ["population", "class"]
            | ["run", "seeds"]
            | ["population", "class", _, "name"]
            | ["webrtc", "turn", "server" | "outage"]
            | ["webrtc", "turn", "server", _, "name"]
            | ["webrtc", "signaling", "outages"]
    )
}

struct Search<'t, 'i> {
    root: &'t Node<'i>,
    axes: Vec<Axis<'i>>,
    faults: Vec<(TreePath, Problem)>,
}

impl<'t, 'i> Search<'t, 'i> {
    fn walk(&mut self, node: &'t Node<'i>, path: &[String]) {
        let points = match node.get_ref() {
            DeValue::Array(array) if !is_structure(path) => written(node, array),
            table if range::is_range(table) => generated(node),
            _ => {
                let children = tree::children(node);
                return children.into_iter().for_each(|(step, child)| self.walk(child, &tree::join(path, &step)));
            }
        };
        match points {
            Ok(points) => self.axes.push(Axis {
                path: path.to_vec(),
                words: tree::words(self.root, path),
                name: String::new(),
                span: node.span(),
                points,
            }),
            Err(problem) => self.faults.push((path.to_vec(), problem)),
        }
    }
}

fn written<'i>(list: &Node<'i>, items: &[Node<'i>]) -> Result<Vec<Point<'i>>, Problem> {
    if items.is_empty() {
        return Err(Problem::at(
            Some(list.span()),
            "an empty list has no value to simulate",
            "give at least one value",
        ));
    }
    let mut points: Vec<Point<'i>> = Vec::with_capacity(items.len());
    for item in items {
        if has_list(item) {
            return Err(Problem::at(
                Some(item.span()),
                "a list within a list",
                "write out each value, or make the inner list the only one",
            ));
        }
        let text = tree::plain_text(item.get_ref());
        if points.iter().any(|point| point.text == text) {
            return Err(Problem::at(Some(item.span()), format!("{text} is on the axis twice"), "the same cell again"));
        }
        let number = Quantity::parse(&text).map(|quantity| quantity.number);
        points.push(Point { value: PointValue::Written(item.clone()), span: item.span(), text, number });
    }
    Ok(points)
}

fn generated<'i>(node: &Node<'i>) -> Result<Vec<Point<'i>>, Problem> {
    let point = |toml: String| {
        let text = toml.trim_matches('"').to_owned();
        let number = Quantity::parse(&text).map(|quantity| quantity.number);
        Point { value: PointValue::Generated(toml), span: node.span(), text, number }
    };
    Ok(range::values(node)?.into_iter().map(point).collect())
}

fn has_list(node: &Node<'_>) -> bool {
    let value = Spanned::get_ref(node);
    value.is_array() || range::is_range(value) || tree::children(node).into_iter().any(|(_, child)| has_list(child))
}
