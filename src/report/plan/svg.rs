//! A picture of an overlay: points for peers, larger ones for hubs, squares for servers, lines for connections, dashed
//! where they are on standby.

use std::io::{self, Write};

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, TextStyle, WHITE};

use super::layout::{self, Spot};
use super::{PlanOutput, Sort};
use crate::overlay::topology::PlanRole;
use crate::scenario::escaped;

const SIDE: i32 = 480;
const MARGIN: i32 = 20;
/// Below the drawing, for its caption.
const CAPTION: i32 = 34;
const PEER: RGBColor = RGBColor(0, 114, 178);
const HUB: RGBColor = RGBColor(213, 94, 0);
const SERVER: RGBColor = RGBColor(34, 34, 34);
const LINE: RGBColor = RGBColor(120, 120, 120);
const STANDBY: RGBColor = RGBColor(0, 158, 115);
/// Length of a dash, and of a gap.
const DASH: f64 = 4.0;
/// The SVG backend divides font sizes by this.
const BACKEND_FONT_SCALE: f64 = 1.24;
const FONT: &str = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";

pub(super) fn write(plan: &PlanOutput<'_>, to: &mut dyn Write) -> io::Result<()> {
    to.write_all(drawn(plan).map_err(|error| io::Error::other(error.to_string()))?.as_bytes())
}

type Drawn<T> = Result<T, Box<dyn std::error::Error>>;

fn drawn(plan: &PlanOutput<'_>) -> Drawn<String> {
    let mut svg = String::new();
    let mut sheet = SVGBackend::with_string(&mut svg, (SIDE as u32, (SIDE + CAPTION) as u32));
    sheet.draw_rect((0, 0), (SIDE, SIDE + CAPTION), &WHITE, true)?;
    let as_ring = plan.cell.topology.to_json().get("kind").is_some_and(|kind| kind == "ring");
    let spots: Vec<(i32, i32)> = layout::places(&plan.overlay, as_ring).into_iter().map(pixels).collect();
    // Many lines are thin, so that a mesh does not become a blot.
    let opacity = if plan.overlay.connections() > 300 { 0.25 } else { 0.8 };
    for (a, b, sort) in plan.edges() {
        let (ends, style) = ([spots[a as usize], spots[b as usize]], LINE.mix(opacity).stroke_width(1));
        match sort {
            Sort::Pair | Sort::Block(_) => sheet.draw_path(ends, &style)?,
            Sort::Standby => {
                for dash in dashes(ends) {
                    sheet.draw_path(dash, &STANDBY.mix(opacity).stroke_width(1))?;
                }
            }
        }
    }
    let has_ring = plan.overlay.has_ring();
    for (node, &spot) in (0..).zip(&spots) {
        let role = if has_ring && is_alike(plan, node) { PlanRole::Peer } else { plan.role(node) };
        draw_node(&mut sheet, spot, role, size(plan, node, role))?;
    }
    let (nodes, connections) = (plan.overlay.nodes(), plan.overlay.connections());
    let standby = match plan.overlay.standby_connections() {
        0 => String::new(),
        standby => format!(", {standby} of them on standby (dashed)"),
    };
    let caption = format!("{}: {nodes} nodes, {connections} connections{standby}", plan.label);
    // Long labels are written smaller; a letter is about as wide as six tenths of the size.
    let size = f64::min(16.0, f64::from(SIDE - MARGIN) / (0.6 * caption.chars().count() as f64));
    let font = FontDesc::new(FontFamily::Name(FONT), size * BACKEND_FONT_SCALE, FontStyle::Normal);
    let style = TextStyle::from(font).color(&SERVER).pos(Pos::new(HPos::Center, VPos::Center));
    sheet.draw_text(&escaped(&caption), &style, (SIDE / 2, SIDE + CAPTION / 2 - 4))?;
    sheet.present()?;
    drop(sheet);
    Ok(svg)
}

// The dashes of a line, the first and the last at its ends.
fn dashes([a, b]: [(i32, i32); 2]) -> impl Iterator<Item = [(i32, i32); 2]> {
    let way = [f64::from(b.0 - a.0), f64::from(b.1 - a.1)];
    let gaps = libm::round(libm::hypot(way[0], way[1]) / (2.0 * DASH)).max(1.0) as i32;
    let parts = f64::from(2 * gaps + 1);
    let at = move |part: i32| {
        let share = f64::from(part) / parts;
        (a.0 + libm::round(way[0] * share) as i32, a.1 + libm::round(way[1] * share) as i32)
    };
    (0..=gaps).map(move |nth| [at(2 * nth), at(2 * nth + 1)])
}

fn pixels([x, y]: Spot) -> (i32, i32) {
    let half = f64::from(SIDE / 2 - MARGIN);
    let at = |value: f64| SIDE / 2 + libm::round(value * half) as i32;
    (at(x), at(y))
}

// Where all pass messages on, who has about as many connections as others is no hub.
fn is_alike(plan: &PlanOutput<'_>, node: u32) -> bool {
    let overlay = &plan.overlay;
    let at_hand = u64::from(overlay.degree(node)) * u64::from(overlay.nodes());
    node < plan.world.peers() && 2 * at_hand < 6 * overlay.connections()
}

// Half the width of a node: hubs by their connections.
fn size(plan: &PlanOutput<'_>, node: u32, role: PlanRole) -> i32 {
    let few = if plan.overlay.nodes() > 150 { 2 } else { 4 };
    match role {
        PlanRole::Peer => few,
        PlanRole::Hub | PlanRole::Server => {
            few + 2 + libm::log2(f64::from(plan.overlay.carrying_degree(node).max(1))) as i32
        }
    }
}

fn draw_node(sheet: &mut SVGBackend<'_>, (x, y): (i32, i32), role: PlanRole, size: i32) -> Drawn<()> {
    // A white rim keeps nodes apart from lines and from each other.
    for (size, colour) in [(size + 1, WHITE), (size, colour(role))] {
        match role {
            PlanRole::Server => sheet.draw_rect((x - size, y - size), (x + size, y + size), &colour, true)?,
            PlanRole::Peer | PlanRole::Hub => sheet.draw_circle((x, y), size as u32, &colour, true)?,
        }
    }
    Ok(())
}

const fn colour(role: PlanRole) -> RGBColor {
    match role {
        PlanRole::Peer => PEER,
        PlanRole::Hub => HUB,
        PlanRole::Server => SERVER,
    }
}
