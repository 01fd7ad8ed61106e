//! Drawing primitives in pixels, on the SVG backend of plotters.
//!
//! No font library takes part: the width of a text is estimated from a table that errs on the wide
//! side, since a viewer chooses the font. Coordinates are whole pixels, so the bytes are the same
//! on every machine.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::style::{MARKER_RADIUS, Marker, SMALL_RADIUS, STROKE};
use crate::scenario::escaped;

/// A place in pixels from the upper left corner.
pub(super) type Point = (i32, i32);

const FONT_FAMILY: &str = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";
/// The SVG backend divides font sizes by this.
const BACKEND_FONT_SCALE: f64 = 1.24;
/// Lengths of the strokes and gaps of dashed lines.
const DASH: [f64; 2] = [9.0, 7.0];

/// A text's place relative to its anchor point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Begins at the point.
    Left,
    /// Is centred on the point.
    Centre,
    /// Ends at the point.
    Right,
    /// Is centred on the point and reads upwards.
    Upwards,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pen {
    /// The colour.
    pub(super) colour: RGBColor,
    /// The width in pixels.
    pub(super) width: u32,
    /// Dashed rather than solid.
    pub(super) dashed: bool,
}

impl Pen {
    /// A solid pen.
    pub(super) const fn solid(colour: RGBColor, width: u32) -> Self {
        Self { colour, width, dashed: false }
    }

    /// A dashed pen.
    pub(super) const fn dashed(colour: RGBColor, width: u32) -> Self {
        Self { colour, width, dashed: true }
    }
}

/// A white sheet to draw on.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// The SVG text of a sheet of this size with what `draw` puts on it.
pub(super) fn sheet(size: Point, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut svg = String::new();
    let mut canvas =
        Canvas { backend: SVGBackend::with_string(&mut svg, (size.0.unsigned_abs(), size.1.unsigned_abs())) };
    canvas.rectangle((0, 0), size, plotters::style::WHITE, 1.0);
    draw(&mut canvas);
    expect_drawn(canvas.backend.present());
    drop(canvas);
    svg
}

impl Canvas<'_> {
    /// A line through `points`; nothing for fewer than two different ones.
    pub(super) fn line(&mut self, points: &[Point], pen: Pen) {
        let mut points = points.to_vec();
        points.dedup();
        if points.len() < 2 {
            return;
        }
        let strokes = if pen.dashed { dashes(&points) } else { vec![points] };
        for stroke in strokes {
            expect_drawn(self.backend.draw_path(stroke, &pen.colour.stroke_width(pen.width)));
        }
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, corners: Vec<Point>, colour: RGBColor, opacity: f64) {
        expect_drawn(self.backend.fill_polygon(corners, &colour.mix(opacity)));
    }

    /// A filled rectangle.
    pub(super) fn rectangle(&mut self, upper_left: Point, lower_right: Point, colour: RGBColor, opacity: f64) {
        let style: ShapeStyle = colour.mix(opacity).filled();
        expect_drawn(self.backend.draw_rect(upper_left, lower_right, &style, true));
    }

    /// A marker centred on `(x, y)`, with a white rim that keeps it apart from others.
    pub(super) fn marker(&mut self, (x, y): Point, marker: Marker, colour: RGBColor, hollow: bool) {
        let white = plotters::style::WHITE;
        let inner = if hollow { white } else { colour };
        let (rim, body) = if hollow { (colour, 3) } else { (white, 2) };
        if marker == Marker::Circle {
            for (radius, colour) in [(MARKER_RADIUS, rim), (MARKER_RADIUS - body, inner)] {
                let radius = radius.unsigned_abs();
                expect_drawn(self.backend.draw_circle((x, y), radius, &colour.stroke_width(1), true));
            }
            return;
        }
        let shape = outline(marker);
        let corners: Vec<Point> = shape.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        self.polygon(corners.clone(), inner, 1.0);
        let closed: Vec<Point> = corners.iter().chain(&corners[..2]).copied().collect();
        self.line(&closed, Pen::solid(rim, if hollow { STROKE } else { 1 }));
    }

    /// A small hollow marker.
    pub(super) fn small_marker(&mut self, (x, y): Point, marker: Marker, colour: RGBColor) {
        let white = plotters::style::WHITE;
        if marker == Marker::Circle {
            for (radius, tone) in [(SMALL_RADIUS, colour), (SMALL_RADIUS - 2, white)] {
                let radius = radius.unsigned_abs();
                expect_drawn(self.backend.draw_circle((x, y), radius, &tone.stroke_width(1), true));
            }
            return;
        }
        let small = |offset: i32| offset * SMALL_RADIUS / MARKER_RADIUS;
        let corners: Vec<Point> = outline(marker).iter().map(|&(dx, dy)| (x + small(dx), y + small(dy))).collect();
        self.polygon(corners.clone(), white, 1.0);
        let closed: Vec<Point> = corners.iter().chain(&corners[..2]).copied().collect();
        self.line(&closed, Pen::solid(colour, 2));
    }

    /// A line of text, centred vertically on the point.
    pub(super) fn text(&mut self, text: &str, at: Point, size: i32, colour: RGBColor, align: Align) {
        self.styled_text(text, at, size, colour, align, FontStyle::Normal);
    }

    /// A line of bold text, centred vertically on the point.
    pub(super) fn bold(&mut self, text: &str, at: Point, size: i32, colour: RGBColor, align: Align) {
        self.styled_text(text, at, size, colour, align, FontStyle::Bold);
    }

    fn styled_text(&mut self, text: &str, at: Point, size: i32, colour: RGBColor, align: Align, weight: FontStyle) {
        let font = FontDesc::new(FontFamily::Name(FONT_FAMILY), f64::from(size) * BACKEND_FONT_SCALE, weight);
        let font = if align == Align::Upwards { font.transform(FontTransform::Rotate270) } else { font };
        let h_pos = match align {
            Align::Left => HPos::Left,
            Align::Centre | Align::Upwards => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(h_pos, VPos::Center));
        // XML has no place for control characters, not even escaped.
        expect_drawn(self.backend.draw_text(&escaped(text), &style, at));
    }
}

fn expect_drawn<E: std::error::Error>(drawn: Result<(), E>) {
    drawn.expect("invariant: an SVG drawn into a string cannot fail");
}

/// The corners of a marker around its centre.
const fn outline(marker: Marker) -> &'static [Point] {
    const R: i32 = MARKER_RADIUS;
    match marker {
        Marker::Circle | Marker::Square => &[(1 - R, 1 - R), (R - 1, 1 - R), (R - 1, R - 1), (1 - R, R - 1)],
        Marker::Up => &[(0, -R - 1), (R + 1, R - 1), (-R - 1, R - 1)],
        Marker::Diamond => &[(0, -R - 1), (R + 1, 0), (0, R + 1), (-R - 1, 0)],
        Marker::Down => &[(0, R + 1), (R + 1, 1 - R), (-R - 1, 1 - R)],
    }
}

/// The strokes of a dashed line through `points`.
fn dashes(points: &[Point]) -> Vec<Vec<Point>> {
    let mut strokes = vec![vec![points[0]]];
    let (mut phase, mut left) = (0, DASH[0]);
    for pair in points.windows(2) {
        let (dx, dy) = (f64::from(pair[1].0 - pair[0].0), f64::from(pair[1].1 - pair[0].1));
        let length = libm::hypot(dx, dy);
        let mut walked = 0.0;
        while walked + left < length {
            walked += left;
            let at = (
                pair[0].0 + libm::round(dx * walked / length) as i32,
                pair[0].1 + libm::round(dy * walked / length) as i32,
            );
            if phase == 0 {
                extend(&mut strokes, at);
            } else {
                strokes.push(vec![at]);
            }
            phase = 1 - phase;
            left = DASH[phase];
        }
        left -= length - walked;
        if phase == 0 {
            extend(&mut strokes, pair[1]);
        }
    }
    strokes.retain(|stroke| stroke.len() > 1);
    strokes
}

fn extend(strokes: &mut [Vec<Point>], at: Point) {
    if let Some(stroke) = strokes.last_mut()
        && stroke.last() != Some(&at)
    {
        stroke.push(at);
    }
}

/// The estimated width of a text, on the wide side.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    let ems: f64 = text.chars().map(em_width).sum();
    libm::ceil(ems * f64::from(size)) as i32
}

// In ems, after DejaVu Sans, the widest of the fonts a viewer is likely to choose.
const fn em_width(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' => 0.33,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '/' | '-' => 0.41,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.96,
        '=' | '<' | '>' | '+' => 0.84,
        'A'..='Z' => 0.72,
        _ => 0.63,
    }
}

/// `text` in lines that are at most `width` wide, broken at spaces where that suffices.
pub(super) fn wrap(text: &str, size: i32, width: i32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("invariant: there is a line");
        if line.is_empty() {
            line.push_str(word);
        } else if text_width(line, size) + text_width(" ", size) + text_width(word, size) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_strokes_and_leave_gaps() {
        let strokes = dashes(&[(0, 0), (40, 0)]);
        assert_eq!(strokes, [vec![(0, 0), (9, 0)], vec![(16, 0), (25, 0)], vec![(32, 0), (40, 0)]]);
    }

    #[test]
    fn dashes_turn_corners() {
        let strokes = dashes(&[(0, 0), (5, 0), (5, 20)]);
        assert_eq!(strokes[0], [(0, 0), (5, 0), (5, 4)]);
    }

    #[test]
    fn wrapping_breaks_at_spaces_only() {
        assert_eq!(wrap("tree degree=4", 20, 1000), ["tree degree=4"]);
        assert_eq!(wrap("tree degree=4", 20, 100), ["tree", "degree=4"]);
        assert_eq!(wrap("", 20, 100), [""]);
    }

    #[test]
    fn texts_are_escaped() {
        let svg = sheet((100, 50), |canvas| canvas.text("a < b & c", (5, 25), 20, RGBColor(0, 0, 0), Align::Left));
        assert!(svg.contains("a &lt; b &amp; c"), "{svg}");
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn any_text_is_well_formed_xml() {
        for text in ["]]>", "<!--", "&#0;", "a\u{0}b", "\u{1b}[31m", "\u{ffff}", "\u{202e}x", "\"'", "𝄞"] {
            let svg = sheet((100, 50), |canvas| canvas.text(text, (5, 25), 20, RGBColor(0, 0, 0), Align::Left));
            assert!(roxmltree::Document::parse(&svg).is_ok(), "{text:?}: {svg}");
        }
    }
}
