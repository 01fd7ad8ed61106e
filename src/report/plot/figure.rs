//! A figure: panels with common axes, their lines, reference lines, a key and notes; and where all
//! of it goes on the sheet.

use super::canvas::{Align, Canvas, Pen, Point, sheet, text_width, wrap};
use super::scale::{Scale, Tick};
use super::style::{INK, LABEL, MARGIN, MUTED, NOTE, PANEL_HEIGHT, SMALL_PANEL_HEIGHT, STROKE, TICK, TITLE, WIDTH};
use super::{axes, key, lines};

/// A whole figure.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// What is shown, in plain words.
    pub(super) title: String,
    /// Of what it is shown.
    pub(super) subtitle: String,
    /// The horizontal axis of every panel.
    pub(super) x: Axis,
    /// The vertical axis of every panel.
    pub(super) y: Axis,
    /// The panels, row by row.
    pub(super) panels: Vec<Panel>,
    /// Lines that stand for a value on an axis, in every panel.
    pub(super) references: Vec<Reference>,
    /// Stretches of the horizontal axis that stand out, in every panel.
    pub(super) shaded: Vec<[f64; 2]>,
    /// How the reader learns which line is which topology.
    pub(super) key: Key,
    /// What else the reader must know.
    pub(super) notes: Vec<Note>,
}

/// An axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The title with its unit.
    pub(super) title: String,
    /// Which value lies where.
    pub(super) scale: Scale,
    /// The ticks.
    pub(super) ticks: Vec<Tick>,
    /// Room between the ends of the axis and those of the scale, for markers.
    pub(super) inset: i32,
}

/// One pair of axes.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// The title; empty in a figure with one panel.
    pub(super) title: String,
    /// The lines.
    pub(super) lines: Vec<Line>,
}

/// The line of one topology.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The index of the topology.
    pub(super) topology: usize,
    /// What gives it colour and marker.
    pub(super) style: usize,
    /// The label of the topology.
    pub(super) label: String,
    /// A figure for the key.
    pub(super) detail: Option<String>,
    /// The marks along the line.
    pub(super) marks: Vec<Mark>,
    /// Single replications that fail where others work: small hollow marks, on no line.
    pub(super) strays: Vec<Mark>,
}

/// One place on a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// The value on the horizontal axis.
    pub(super) x: f64,
    /// The value on the vertical axis.
    pub(super) y: f64,
    /// The interval around the value.
    pub(super) extent: Option<Extent>,
    /// The topology does not work here: hollow marker, dashed line.
    pub(super) hollow: bool,
    /// Whether a marker is drawn.
    pub(super) marked: bool,
    /// Whether values are missing before this one, so that no line leads here.
    pub(super) gap: bool,
}

/// An interval of a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Extent {
    /// On the horizontal axis.
    Across(f64, f64),
    /// On the vertical axis.
    Along(f64, f64),
}

/// A line across a panel.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// The axis the value is on.
    pub(super) on: Side,
    /// The value.
    pub(super) value: f64,
    /// What it stands for.
    pub(super) text: String,
}

/// One of the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The horizontal axis.
    X,
    /// The vertical axis.
    Y,
}

/// How the reader learns which line is which topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Labels at the right ends of the lines.
    LineEnds,
    /// A list to the right of the panel.
    List,
    /// Rows above the panels.
    Rows,
    /// The axis says it.
    None,
}

/// A sentence below the panels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A sentence.
    Text(String),
    /// A sentence behind a hollow marker on a dashed line.
    Hollow(String),
}

/// The rectangle that the axes of a panel enclose, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Area {
    /// Where a value of the horizontal axis lies.
    pub(super) fn x(&self, axis: &Axis, value: f64) -> i32 {
        self.x_at(axis, axis.scale.place(value))
    }

    /// Where a share of the horizontal axis lies.
    pub(super) fn x_at(&self, axis: &Axis, share: f64) -> i32 {
        let length = f64::from(self.right - self.left - 2 * axis.inset);
        self.left + axis.inset + libm::round(share * length) as i32
    }

    /// Where a value of the vertical axis lies.
    pub(super) fn y(&self, axis: &Axis, value: f64) -> i32 {
        self.y_at(axis, axis.scale.place(value))
    }

    /// Where a share of the vertical axis lies.
    pub(super) fn y_at(&self, axis: &Axis, share: f64) -> i32 {
        let length = f64::from(self.bottom - self.top - axis.inset);
        self.bottom - libm::round(share * length) as i32
    }
}

/// Height of a line of text of this size.
pub(super) const fn line_height(size: i32) -> i32 {
    size + size / 3
}

/// A count as a number of pixels.
pub(super) fn int(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Room for a panel's tick labels and axis title.
const BELOW_PANEL: i32 = 14 + line_height(TICK) + line_height(LABEL);
/// Room between panels beside each other, besides that for tick labels.
const GUTTER: i32 = 16;
/// Height of a topology's row where topologies stand below each other.
const ROW_HEIGHT: i32 = 90;
/// Room between the tick labels of the vertical axis and the axis.
pub(super) const TICK_GAP: i32 = 12;

impl Figure {
    /// The figure as an SVG text.
    pub(super) fn render(&self) -> String {
        let layout = Layout::of(self);
        sheet((WIDTH, layout.height), |canvas| {
            self.draw_header(canvas, &layout);
            for (index, (panel, area)) in self.panels.iter().zip(&layout.areas).enumerate() {
                let first_in_row = index % layout.columns == 0;
                axes::draw(canvas, self, panel, *area, first_in_row);
                axes::draw_reference_labels(canvas, self, panel, *area);
                lines::draw(canvas, self, panel, *area);
            }
            self.draw_key(canvas, &layout);
            self.draw_notes(canvas, layout.notes_top);
        })
    }

    fn draw_header(&self, canvas: &mut Canvas<'_>, layout: &Layout) {
        let mut y = MARGIN;
        for line in &layout.title {
            canvas.bold(line, (MARGIN, y + line_height(TITLE) / 2), TITLE, INK, Align::Left);
            y += line_height(TITLE);
        }
        for line in &layout.subtitle {
            canvas.text(line, (MARGIN, y + line_height(LABEL) / 2), LABEL, MUTED, Align::Left);
            y += line_height(LABEL);
        }
    }

    fn draw_key(&self, canvas: &mut Canvas<'_>, layout: &Layout) {
        match (self.key, self.panels.first(), layout.areas.first()) {
            (Key::LineEnds, Some(panel), Some(area)) => key::draw_line_ends(canvas, self, panel, *area),
            (Key::List, Some(panel), Some(area)) => key::draw_list(canvas, panel, *area),
            (Key::Rows, ..) => key::draw_rows(canvas, &self.panels, layout.key_top),
            _ => {}
        }
    }

    fn draw_notes(&self, canvas: &mut Canvas<'_>, top: i32) {
        let mut y = top + line_height(NOTE) / 2;
        for note in &self.notes {
            let indent = MARGIN + note.indent();
            if let Note::Hollow(_) = note {
                canvas.line(&[(MARGIN, y), (indent - 10, y)], Pen::dashed(MUTED, STROKE));
                canvas.marker((MARGIN + (indent - 10 - MARGIN) / 2, y), super::style::marker(0), MUTED, true);
            }
            for line in note.wrapped() {
                canvas.text(&line, (indent, y), NOTE, MUTED, Align::Left);
                y += line_height(NOTE);
            }
        }
    }
}

impl Note {
    const fn indent(&self) -> i32 {
        match self {
            Self::Text(_) => 0,
            Self::Hollow(_) => 64,
        }
    }

    fn wrapped(&self) -> Vec<String> {
        let (Self::Text(text) | Self::Hollow(text)) = self;
        wrap(text, NOTE, WIDTH - 2 * MARGIN - self.indent())
    }
}

/// Where everything goes.
struct Layout {
    title: Vec<String>,
    subtitle: Vec<String>,
    key_top: i32,
    columns: usize,
    areas: Vec<Area>,
    notes_top: i32,
    height: i32,
}

impl Layout {
    fn of(figure: &Figure) -> Self {
        let title = wrap(&figure.title, TITLE, WIDTH - 2 * MARGIN);
        let subtitle = wrap(&figure.subtitle, LABEL, WIDTH - 2 * MARGIN);
        let key_top = MARGIN + rows(title.len(), TITLE) + rows(subtitle.len(), LABEL) + 10;
        let key_height = if figure.key == Key::Rows { key::rows_height(&figure.panels) } else { 0 };
        let columns = if figure.panels.len() > 1 { 2 } else { 1 };
        let (areas, panels_bottom) = panel_areas(figure, columns, key_top + key_height + 10);
        let notes_top = panels_bottom + if figure.notes.is_empty() { 0 } else { 10 };
        let note_lines = figure.notes.iter().map(|note| note.wrapped().len()).sum();
        let height = notes_top + rows(note_lines, NOTE) + MARGIN;
        Self { title, subtitle, key_top, columns, areas, notes_top, height }
    }
}

fn rows(lines: usize, size: i32) -> i32 {
    int(lines) * line_height(size)
}

/// The areas of the panels, and where the last one's axis title ends.
fn panel_areas(figure: &Figure, columns: usize, top: i32) -> (Vec<Area>, i32) {
    let least = match (figure.key, columns) {
        // A row for each topology needs no more.
        (Key::None, 1) => (int(figure.y.ticks.len()) * ROW_HEIGHT).min(PANEL_HEIGHT),
        (_, 1) => PANEL_HEIGHT,
        _ => SMALL_PANEL_HEIGHT,
    };
    let height = least.max(key::height_beside(figure)).max(axes::tick_labels_height(&figure.y));
    let y_title = match axes::y_title(&figure.y, height).len() {
        0 => 0,
        lines => rows(lines, LABEL) + 8,
    };
    let left = MARGIN + y_title + axes::tick_labels_width(&figure.y) + TICK_GAP;
    let right = WIDTH - MARGIN - key::width_beside(figure).max(overhang(&figure.x));
    let gutter = GUTTER + 2 * overhang(&figure.x);
    let gaps = gutter * (int(columns) - 1);
    let width = (right - left - gaps) / int(columns);
    let title = if figure.panels.iter().any(|panel| !panel.title.is_empty()) { line_height(LABEL) + 4 } else { 0 };
    let pitch = title + height + BELOW_PANEL + if columns > 1 { 14 } else { 0 };
    let area = |index: usize| {
        let (row, column) = (int(index / columns), int(index % columns));
        let (left, top) = (left + column * (width + gutter), top + row * pitch + title);
        Area { left, top, right: left + width, bottom: top + height }
    };
    let rows = int(figure.panels.len().div_ceil(columns));
    ((0..figure.panels.len()).map(area).collect(), top + rows * pitch)
}

/// How far the last tick label may reach beyond the end of the axis.
fn overhang(axis: &Axis) -> i32 {
    axis.ticks.last().map_or(0, |tick| text_width(&tick.label, TICK) / 2)
}

/// Where the marks of `line` lie, in pixels.
pub(super) fn pixels(figure: &Figure, line: &Line, area: Area) -> Vec<Point> {
    line.marks.iter().map(|mark| (area.x(&figure.x, mark.x), area.y(&figure.y, mark.y))).collect()
}
