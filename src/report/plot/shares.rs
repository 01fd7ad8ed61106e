//! What becomes of an overlay's connections: a bar for each topology and combination of axes, in the
//! parts direct, relayed over UDP, TCP and TLS, and failed, with what the relays cost beside it.

use plotters::style::{RGBColor, WHITE};

use super::canvas::{Align, Canvas, sheet, text_width, wrap};
use super::facets::Facets;
use super::figure::{int, line_height};
use super::style::{INK, LABEL, LABEL_WIDTH_MAX, MARGIN, MUTED, NOTE, TICK, TITLE, WIDTH, colour};
use super::words::subtitle;
use crate::metrics::{Interval, MetricId};
use crate::report::standing;
use crate::sweep::CellRuns;

/// A part of every bar.
struct Part {
    metric: MetricId,
    colour: RGBColor,
    text: RGBColor,
}

/// The parts, from left to right.
static PARTS: [Part; 5] = [
    Part { metric: MetricId::Direct, colour: colour(2), text: WHITE },
    Part { metric: MetricId::RelayedUdp, colour: colour(5), text: INK },
    Part { metric: MetricId::RelayedTcp, colour: colour(4), text: INK },
    Part { metric: MetricId::RelayedTls, colour: colour(1), text: WHITE },
    Part { metric: MetricId::Failed, colour: colour(6), text: WHITE },
];

/// Height of a bar, and of a row.
const BAR: i32 = 34;
const ROW: i32 = 52;
/// Side of a key's sample.
const SAMPLE: i32 = 20;
const GAP: i32 = 10;

/// A row: its label, the parts in percent, what relays cost in US dollars per hour.
struct Row {
    label: String,
    percent: [f64; PARTS.len()],
    cost: Option<f64>,
}

/// The plot as an SVG text, or `None` where no connection is anything but direct.
pub(super) fn svg(facets: &Facets<'_>) -> Option<String> {
    let rows = rows(facets);
    let is_mixed = |row: &Row| row.percent[0] < 100.0;
    if !rows.iter().any(is_mixed) {
        return None;
    }
    let fixed = facets.largest_x_text().or_else(|| facets.peers_text());
    let below = subtitle(facets, fixed, "means over the seeds");
    let title = wrap("How connections come about, and what their relays cost", TITLE, WIDTH - 2 * MARGIN);
    let below = wrap(&below, LABEL, WIDTH - 2 * MARGIN);
    let key_top = MARGIN + int(title.len()) * line_height(TITLE) + int(below.len()) * line_height(LABEL) + 2 * GAP;
    let rows_top = key_top + line_height(LABEL) + 3 * GAP + line_height(NOTE);
    let height = rows_top + int(rows.len()) * ROW + line_height(NOTE) + MARGIN;
    Some(sheet((WIDTH, height), |canvas| {
        let mut y = MARGIN;
        for line in &title {
            canvas.bold(line, (MARGIN, y + line_height(TITLE) / 2), TITLE, INK, Align::Left);
            y += line_height(TITLE);
        }
        for line in &below {
            canvas.text(line, (MARGIN, y + line_height(LABEL) / 2), LABEL, MUTED, Align::Left);
            y += line_height(LABEL);
        }
        draw_key(canvas, &rows, key_top + line_height(LABEL) / 2);
        draw_rows(canvas, &rows, rows_top);
    }))
}

fn rows(facets: &Facets<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for panel in &facets.panels {
        for (topology, cell) in facets.at_largest_x(panel) {
            let Some(runs) = facets.runs(cell) else { continue };
            let Some(percent) = percentages(runs) else { continue };
            let name = facets.topologies[topology];
            let label = match (panel.title.is_empty(), facets.topologies.len()) {
                (true, _) => name.to_owned(),
                (false, 1) => panel.title.clone(),
                (false, _) => format!("{}, {name}", panel.title),
            };
            rows.push(Row { label, percent, cost: mean(runs, MetricId::TurnCost) });
        }
    }
    rows
}

fn percentages(runs: &CellRuns) -> Option<[f64; PARTS.len()]> {
    mean(runs, MetricId::Direct)?;
    Some(PARTS.each_ref().map(|part| mean(runs, part.metric).unwrap_or(0.0)))
}

fn mean(runs: &CellRuns, metric: MetricId) -> Option<f64> {
    Some(Interval::of(&standing::values(runs, metric), metric.definition().range())?.mean)
}

// Only the parts that occur.
fn draw_key(canvas: &mut Canvas<'_>, rows: &[Row], y: i32) {
    let mut x = MARGIN;
    for (index, part) in PARTS.iter().enumerate() {
        if rows.iter().all(|row| row.percent[index] <= 0.0) {
            continue;
        }
        canvas.rectangle((x, y - SAMPLE / 2), (x + SAMPLE, y + SAMPLE / 2), part.colour, 1.0);
        let title = part.metric.definition().title;
        canvas.text(title, (x + SAMPLE + GAP, y), LABEL, INK, Align::Left);
        x += SAMPLE + 2 * GAP + text_width(title, LABEL) + 2 * GAP;
    }
}

fn draw_rows(canvas: &mut Canvas<'_>, rows: &[Row], top: i32) {
    let label_width = |row: &Row| text_width(&row.label, TICK).min(LABEL_WIDTH_MAX);
    let left = MARGIN + rows.iter().map(label_width).max().unwrap_or(0) + GAP;
    // As many decimals for all, so that the column can be read down: as the smallest price needs.
    let least = rows.iter().filter_map(|row| row.cost).filter(|&cost| cost > 0.0).fold(f64::INFINITY, f64::min);
    let cents = if least < 0.01 { 4 } else { 2 };
    let costs: Vec<Option<String>> =
        rows.iter().map(|row| row.cost.map(|cost| format!("{cost:.cents$} USD"))).collect();
    let head = "relays, an hour";
    let cost_width = costs.iter().flatten().map(|cost| text_width(cost, LABEL)).max().unwrap_or(0);
    let right = WIDTH - MARGIN - cost_width.max(text_width(head, NOTE)) - 2 * GAP;
    canvas.text(head, (WIDTH - MARGIN, top - line_height(NOTE) / 2), NOTE, MUTED, Align::Right);
    let is_whole = |percent: &f64| (percent - libm::round(*percent)).abs() < 0.05;
    let decimals = usize::from(!rows.iter().flat_map(|row| &row.percent).all(is_whole));
    for (nth, (row, cost)) in rows.iter().zip(&costs).enumerate() {
        let middle = top + int(nth) * ROW + ROW / 2;
        let lines = wrap(&row.label, TICK, LABEL_WIDTH_MAX);
        let first = middle - (int(lines.len()) - 1) * line_height(TICK) / 2;
        for (line, text) in lines.iter().enumerate() {
            canvas.text(text, (left - GAP, first + int(line) * line_height(TICK)), TICK, INK, Align::Right);
        }
        draw_bar(canvas, row, (left, right), middle, decimals);
        if let Some(cost) = cost {
            canvas.text(cost, (WIDTH - MARGIN, middle), LABEL, INK, Align::Right);
        }
    }
}

fn draw_bar(canvas: &mut Canvas<'_>, row: &Row, (left, right): (i32, i32), middle: i32, decimals: usize) {
    let total: f64 = row.percent.iter().sum();
    let place = |percent: f64| left + libm::round(percent / total.max(1.0) * f64::from(right - left)) as i32;
    let mut so_far = 0.0;
    for (part, &percent) in PARTS.iter().zip(&row.percent) {
        let (from, to) = (place(so_far), place(so_far + percent));
        so_far += percent;
        if from == to {
            continue;
        }
        canvas.rectangle((from, middle - BAR / 2), (to, middle + BAR / 2), part.colour, 1.0);
        // As exactly as there is room for.
        let texts = [format!("{percent:.decimals$} %"), format!("{percent:.0} %"), format!("{percent:.0}")];
        if let Some(text) = texts.iter().find(|text| text_width(text, TICK) + GAP / 2 <= to - from) {
            canvas.text(text, ((from + to) / 2, middle), TICK, part.text, Align::Centre);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Study, town_hall};
    use super::*;

    #[test]
    fn a_bar_for_each_population_with_its_parts_and_its_price() {
        let nat = ("nat", &[("home", None), ("mobile", None)][..]);
        let study = Study::new(&["mesh"], &[nat], 2, |_, _, noise| town_hall(3, &[30.0], noise));
        let mut results = study.results();
        for (index, cell) in results.cells.iter_mut().enumerate() {
            for run in &mut cell.runs {
                let direct = if index == 0 { 84.0 } else { 61.0 };
                let shares = [direct, 90.0 - direct, 10.0, 0.0, 0.0];
                PARTS.iter().zip(shares).for_each(|(part, share)| run.record.values.set(part.metric, share));
                run.record.values.set(MetricId::TurnCost, 0.25);
            }
        }
        let svg = svg(&Facets::of(&results)).expect("a plot");
        for text in ["nat = home", "nat = mobile", "84 %", "61 %", "29 %", "10 %", "TURN/UDP", "0.25 USD"] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text}: {svg}");
        }
        assert!(!svg.contains("TURN/TLS"), "parts that do not occur are not in the key");
    }

    #[test]
    fn nothing_is_drawn_where_all_is_direct_or_unknown() {
        let study = Study::new(&["mesh"], &[], 2, |_, _, noise| town_hall(3, &[30.0], noise));
        assert_eq!(svg(&Facets::of(&study.results())), None);
    }
}
