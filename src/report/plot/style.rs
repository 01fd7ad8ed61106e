//! How plots look: colours, markers and sizes, the same in every plot.
//!
//! The colours are those of Okabe and Ito, "Color Universal Design" (2008), which people with any
//! colour vision can tell apart; their yellow is left out, for it is hard to see on white. A
//! topology keeps its colour and marker in all plots of an experiment, and a kind of topology in those of
//! all; where there are more topologies than colours, the markers tell equal colours apart.

use plotters::style::RGBColor;

/// Width of a figure in pixels; its height follows from what it holds.
pub(super) const WIDTH: i32 = 1200;
/// Height of the axes of a figure with one panel.
pub(super) const PANEL_HEIGHT: i32 = 500;
/// Height of the axes of each of several panels.
pub(super) const SMALL_PANEL_HEIGHT: i32 = 300;
/// White space around a figure.
pub(super) const MARGIN: i32 = 24;

/// Size of titles.
pub(super) const TITLE: i32 = 30;
/// Size of subtitles, axis titles and labels.
pub(super) const LABEL: i32 = 22;
/// Size of tick labels.
pub(super) const TICK: i32 = 20;
/// Size of notes below a figure and of labels of reference lines.
pub(super) const NOTE: i32 = 18;
/// Labels wider than this are wrapped.
pub(super) const LABEL_WIDTH_MAX: i32 = 330;

/// Stroke width of data.
pub(super) const STROKE: u32 = 3;
/// Half the size of a marker.
pub(super) const MARKER_RADIUS: i32 = 7;
/// Half the size of the marker of a single replication.
pub(super) const SMALL_RADIUS: i32 = 5;
/// Opacity of interval bands.
pub(super) const BAND_OPACITY: f64 = 0.18;

/// Titles and axis titles.
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
/// Subtitles, ticks, notes and reference lines.
pub(super) const MUTED: RGBColor = RGBColor(92, 92, 92);
/// Axis lines.
pub(super) const AXIS: RGBColor = RGBColor(120, 120, 120);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(228, 228, 228);

const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// A disc.
    Circle,
    /// A square on its side.
    Square,
    /// A triangle that points up.
    Up,
    /// A square on its corner.
    Diamond,
    /// A triangle that points down.
    Down,
}

const MARKERS: [Marker; 5] = [Marker::Circle, Marker::Square, Marker::Up, Marker::Diamond, Marker::Down];

/// Kinds of topologies, each with the style of its place in all figures; the first of a kind in a file has it.
const KINDS: [&str; 4] = ["mesh", "star", "tree", "hybrid"];

/// The styles of topologies with these labels: that of its kind for the first of each, and for the others those that
/// follow, so that a kind looks alike in the figures of different scenarios.
pub(super) fn styles(labels: &[&str]) -> Vec<usize> {
    let mut taken = [false; KINDS.len()];
    let mut next = KINDS.len()..;
    let mut style = |label: &&str| {
        let word = label.split_whitespace().next().unwrap_or(label);
        match KINDS.iter().position(|kind| *kind == word).filter(|&kind| !std::mem::replace(&mut taken[kind], true)) {
            Some(kind) => kind,
            None => next.next().unwrap_or(0),
        }
    };
    labels.iter().map(&mut style).collect()
}

/// The colour of the topology with this style.
pub(super) const fn colour(topology: usize) -> RGBColor {
    COLOURS[topology % COLOURS.len()]
}

/// The colour of the topology's labels: a darker shade, for letters are thin.
pub(super) const fn label_colour(topology: usize) -> RGBColor {
    const fn darker(channel: u8) -> u8 {
        channel - channel / 5
    }
    let RGBColor(red, green, blue) = colour(topology);
    RGBColor(darker(red), darker(green), darker(blue))
}

/// The marker of the topology with this style. Seven colours and five markers give 35 pairs.
pub(super) const fn marker(topology: usize) -> Marker {
    MARKERS[topology % MARKERS.len()]
}

#[cfg(test)]
mod tests {
    use super::styles;

    #[test]
    fn a_kind_looks_alike_whatever_the_order_in_the_file() {
        assert_eq!(styles(&["star", "mesh", "tree degree=2"]), [1, 0, 2]);
        assert_eq!(styles(&["tree degree=2", "tree degree=4", "star hub=server", "star", "hybrid"]), [2, 4, 1, 5, 3]);
        assert_eq!(styles(&["own", "mesh"]), [4, 0]);
    }
}
