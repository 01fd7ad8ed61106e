//! What becomes of an overlay's connections, and of the deliveries that are wanted: a bar for each topology and
//! combination of axes. Connections are direct, relayed over UDP, TCP or TLS, or fail, with what the relays cost beside
//! it; deliveries come about, or are missing for one reason or another.

use plotters::style::{RGBColor, WHITE};

use super::canvas::{Align, Canvas, sheet, text_width, wrap};
use super::facets::Facets;
use super::figure::{int, line_height};
use super::style::{INK, LABEL, LABEL_WIDTH_MAX, MARGIN, MUTED, NOTE, TICK, TITLE, WIDTH, colour};
use super::words::subtitle;
use crate::metrics::{Interval, MetricId};
use crate::report::standing;
use crate::sweep::CellRuns;

/// What a plot of bars shows.
struct Sheet {
    title: &'static str,
    /// From left to right; the first is how it should be.
    parts: &'static [Part],
    /// A figure in US dollars per hour beside every bar, and its head.
    cost: Option<(MetricId, &'static str)>,
}

/// A part of every bar.
struct Part {
    metric: MetricId,
    name: &'static str,
    colour: RGBColor,
    text: RGBColor,
}

static CONNECTIONS: Sheet = Sheet {
    title: "How connections come about, and what their relays cost",
    parts: &[
        part(MetricId::Direct, "direct", colour(2), WHITE),
        part(MetricId::RelayedUdp, "TURN/UDP", colour(5), INK),
        part(MetricId::RelayedTcp, "TURN/TCP", colour(4), INK),
        part(MetricId::RelayedTls, "TURN/TLS", colour(1), WHITE),
        part(MetricId::Failed, "failed", colour(6), WHITE),
    ],
    cost: Some((MetricId::TurnCost, "relays, an hour")),
};

static DELIVERIES: Sheet = Sheet {
    title: "What became of the deliveries that were wanted",
    parts: &[
        part(MetricId::Delivered, "delivered", colour(2), WHITE),
        part(MetricId::MissedLost, "lost on paths", colour(5), INK),
        part(MetricId::MissedUplink, "dropped at uplinks", colour(4), INK),
        part(MetricId::MissedDownlink, "dropped at downlinks", RGBColor(240, 228, 66), INK),
        part(MetricId::MissedSocket, "dropped by sockets", colour(1), WHITE),
        part(MetricId::MissedTurn, "dropped by TURN servers", RGBColor(148, 82, 0), WHITE),
        part(MetricId::MissedThrottled, "turned away by senders", colour(3), INK),
        part(MetricId::MissedBlocked, "held behind another", colour(0), WHITE),
        part(MetricId::MissedLate, "late, or not brought", RGBColor(153, 153, 153), INK),
        part(MetricId::MissedUnconnected, "no connection", colour(6), WHITE),
    ],
    cost: None,
};

const fn part(metric: MetricId, name: &'static str, colour: RGBColor, text: RGBColor) -> Part {
    Part { metric, name, colour, text }
}

/// Height of a bar, and of a row whose label is short.
const BAR: i32 = 34;
const ROW: i32 = 52;
/// Side of a key's sample.
const SAMPLE: i32 = 20;
const GAP: i32 = 10;
/// A share above this is all of it.
const ALL_PERCENT: f64 = 99.995;

/// A row: its label, the parts in percent, and its cost in US dollars per hour.
struct Bar {
    label: Vec<String>,
    percent: Vec<f64>,
    cost: Option<f64>,
}

impl Bar {
    // As high as its label needs.
    fn height(&self) -> i32 {
        ROW.max(int(self.label.len()) * line_height(TICK) + GAP)
    }
}

/// The plot of connections as an SVG text, or `None` where none is anything but direct.
pub(super) fn connections(facets: &Facets<'_>) -> Option<String> {
    svg(facets, &CONNECTIONS)
}

/// The plot of deliveries as an SVG text, or `None` where all come about.
pub(super) fn deliveries(facets: &Facets<'_>) -> Option<String> {
    svg(facets, &DELIVERIES)
}

fn svg(facets: &Facets<'_>, shown: &Sheet) -> Option<String> {
    let rows = rows(facets, shown);
    // Not what a rounded figure would show as all.
    let is_mixed = |row: &Bar| row.percent[0] < ALL_PERCENT;
    if !rows.iter().any(is_mixed) {
        return None;
    }
    let fixed = facets.largest_x_text().or_else(|| facets.peers_text());
    let below = subtitle(facets, fixed, "means over the seeds");
    let title = wrap(shown.title, TITLE, WIDTH - 2 * MARGIN);
    let below = wrap(&below, LABEL, WIDTH - 2 * MARGIN);
    let key_top = MARGIN + int(title.len()) * line_height(TITLE) + int(below.len()) * line_height(LABEL) + 2 * GAP;
    let key = key(&rows, shown);
    let key_lines = key.last().map_or(0, |(_, line, _)| line + 1);
    let rows_top = key_top + key_lines * line_height(LABEL) + 3 * GAP + line_height(NOTE);
    let height = rows_top + rows.iter().map(Bar::height).sum::<i32>() + line_height(NOTE) + MARGIN;
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
        draw_key(canvas, &key, key_top + line_height(LABEL) / 2);
        draw_rows(canvas, &rows, shown, rows_top);
    }))
}

fn rows(facets: &Facets<'_>, shown: &Sheet) -> Vec<Bar> {
    let mut rows = Vec::new();
    for panel in &facets.panels {
        for (topology, cell) in facets.at_largest_x(panel) {
            let Some(runs) = facets.runs(cell) else { continue };
            let Some(percent) = percentages(runs, shown) else { continue };
            let name = facets.topologies[topology];
            let label = match (panel.title.is_empty(), facets.topologies.len()) {
                (true, _) => name.to_owned(),
                (false, 1) => panel.title.clone(),
                (false, _) => format!("{}, {name}", panel.title),
            };
            let cost = shown.cost.and_then(|(metric, _)| mean(runs, metric));
            rows.push(Bar { label: wrap(&label, TICK, LABEL_WIDTH_MAX), percent, cost });
        }
    }
    rows
}

fn percentages(runs: &CellRuns, shown: &Sheet) -> Option<Vec<f64>> {
    mean(runs, shown.parts[0].metric)?;
    Some(shown.parts.iter().map(|part| mean(runs, part.metric).unwrap_or(0.0)).collect())
}

fn mean(runs: &CellRuns, metric: MetricId) -> Option<f64> {
    Some(Interval::of(&standing::values(runs, metric), metric.definition().range())?.mean)
}

// Of the parts that occur, where the key shows each: the left end, the line and the part.
fn key<'s>(rows: &[Bar], shown: &'s Sheet) -> Vec<(i32, i32, &'s Part)> {
    let (mut x, mut line) = (MARGIN, 0);
    let mut key = Vec::new();
    for (index, part) in shown.parts.iter().enumerate() {
        if rows.iter().all(|row| row.percent[index] <= 0.0) {
            continue;
        }
        let width = SAMPLE + GAP + text_width(part.name, LABEL);
        if x > MARGIN && x + width > WIDTH - MARGIN {
            (x, line) = (MARGIN, line + 1);
        }
        key.push((x, line, part));
        x += width + 3 * GAP;
    }
    key
}

fn draw_key(canvas: &mut Canvas<'_>, key: &[(i32, i32, &Part)], top: i32) {
    for &(x, line, part) in key {
        let y = top + line * line_height(LABEL);
        canvas.rectangle((x, y - SAMPLE / 2), (x + SAMPLE, y + SAMPLE / 2), part.colour, 1.0);
        canvas.text(part.name, (x + SAMPLE + GAP, y), LABEL, INK, Align::Left);
    }
}

fn draw_rows(canvas: &mut Canvas<'_>, rows: &[Bar], shown: &Sheet, top: i32) {
    let widths = rows.iter().flat_map(|row| &row.label).map(|line| text_width(line, TICK));
    let left = MARGIN + widths.max().unwrap_or(0) + GAP;
    // As many decimals for all, so that the column can be read down: as the smallest price needs.
    let least = rows.iter().filter_map(|row| row.cost).filter(|&cost| cost > 0.0).fold(f64::INFINITY, f64::min);
    let cents = if least < 0.01 { 4 } else { 2 };
    let costs: Vec<Option<String>> =
        rows.iter().map(|row| row.cost.map(|cost| format!("{cost:.cents$} USD"))).collect();
    let head = shown.cost.map_or("", |(_, head)| head);
    let cost_width = costs.iter().flatten().map(|cost| text_width(cost, LABEL)).max().unwrap_or(0);
    let right = WIDTH - MARGIN - cost_width.max(text_width(head, NOTE)) - 2 * GAP;
    canvas.text(head, (WIDTH - MARGIN, top - line_height(NOTE) / 2), NOTE, MUTED, Align::Right);
    let is_whole = |percent: &f64| (percent - libm::round(*percent)).abs() < 0.05;
    let decimals = usize::from(!rows.iter().flat_map(|row| &row.percent).all(is_whole));
    let mut row_top = top;
    for (row, cost) in rows.iter().zip(&costs) {
        let middle = row_top + row.height() / 2;
        row_top += row.height();
        let first = middle - (int(row.label.len()) - 1) * line_height(TICK) / 2;
        for (line, text) in row.label.iter().enumerate() {
            canvas.text(text, (left - GAP, first + int(line) * line_height(TICK)), TICK, INK, Align::Right);
        }
        draw_bar(canvas, (row, shown.parts), (left, right), middle, decimals);
        if let Some(cost) = cost {
            canvas.text(cost, (WIDTH - MARGIN, middle), LABEL, INK, Align::Right);
        }
    }
}

fn draw_bar(
    canvas: &mut Canvas<'_>,
    (row, parts): (&Bar, &[Part]),
    (left, right): (i32, i32),
    middle: i32,
    decimals: usize,
) {
    let total: f64 = row.percent.iter().sum();
    let place = |percent: f64| left + libm::round(percent / total.max(1.0) * f64::from(right - left)) as i32;
    let mut so_far = 0.0;
    for (part, &percent) in parts.iter().zip(&row.percent) {
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
    use crate::metrics::{MetricValues, PackedValues};

    #[test]
    fn a_bar_for_each_population_with_its_parts_and_its_price() {
        let nat = ("nat", &[("home", None), ("mobile", None)][..]);
        let study = Study::new(&["mesh"], &[nat], 2, |_, _, noise| town_hall(3, &[30.0], noise));
        let mut results = study.results();
        for (index, cell) in results.cells.iter_mut().enumerate() {
            for run in &mut cell.runs {
                let direct = if index == 0 { 84.0 } else { 61.0 };
                let shares = [direct, 90.0 - direct, 10.0, 0.0, 0.0];
                let mut values = MetricValues::new();
                CONNECTIONS.parts.iter().zip(shares).for_each(|(part, share)| values.set(part.metric, share));
                values.set(MetricId::TurnCost, 0.25);
                run.values = PackedValues::from(&values);
            }
        }
        let svg = connections(&Facets::of(&results)).expect("a plot");
        for text in ["nat = home", "nat = mobile", "84 %", "61 %", "29 %", "10 %", "TURN/UDP", "0.25 USD"] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text}: {svg}");
        }
        assert!(!svg.contains("TURN/TLS"), "parts that do not occur are not in the key");
    }

    #[test]
    fn a_bar_tells_what_became_of_deliveries() {
        let study = Study::new(&["mesh", "star"], &[], 2, |_, _, noise| town_hall(3, &[30.0], noise));
        let mut results = study.results();
        for (index, cell) in results.cells.iter_mut().enumerate() {
            for run in &mut cell.runs {
                let shares = if index == 0 { [70.0, 18.0, 12.0] } else { [100.0, 0.0, 0.0] };
                let ids = [MetricId::Delivered, MetricId::MissedLost, MetricId::MissedDownlink];
                let mut values = MetricValues::new();
                ids.into_iter().zip(shares).for_each(|(id, share)| values.set(id, share));
                run.values = PackedValues::from(&values);
            }
        }
        let svg = deliveries(&Facets::of(&results)).expect("a plot");
        for text in ["70 %", "18 %", "12 %", "100 %", "lost on paths", "dropped at downlinks"] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text}: {svg}");
        }
        for absent in ["no connection", "an hour"] {
            assert!(!svg.contains(absent), "{absent}");
        }
    }

    /// Text is drawn around its middle: lines of different labels keep a line's height apart.
    #[test]
    fn long_labels_do_not_run_into_one_another() {
        let long = |nth: u32| {
            format!("hybrid number={nth} with=many parts=(tree degree=3 order=latency-within-budgets) and=more")
        };
        let (first, second) = (long(1), long(2));
        let study = Study::new(&[&first, &second], &[], 2, |_, _, noise| town_hall(3, &[30.0], noise));
        let mut results = study.results();
        for run in results.cells.iter_mut().flat_map(|cell| &mut cell.runs) {
            let mut values = MetricValues::new();
            values.set(MetricId::Delivered, 60.0);
            run.values = PackedValues::from(&values);
        }
        let svg = deliveries(&Facets::of(&results)).expect("a plot");
        let sheet = roxmltree::Document::parse(&svg).expect("XML");
        let labels = sheet.descendants().filter(|node| node.attribute("text-anchor") == Some("end"));
        let height = |text: roxmltree::Node<'_, '_>| text.attribute("y").expect("a place").parse().expect("a number");
        let mut heights: Vec<f64> = labels.map(height).collect();
        assert!(heights.len() >= 6, "labels of several lines each: {svg}");
        heights.sort_by(f64::total_cmp);
        assert!(heights.windows(2).all(|two| two[1] - two[0] >= f64::from(line_height(TICK)) - 1.0), "{heights:?}");
    }

    #[test]
    fn nothing_is_drawn_where_all_is_direct_or_unknown() {
        let study = Study::new(&["mesh"], &[], 2, |_, _, noise| town_hall(3, &[30.0], noise));
        assert_eq!(connections(&Facets::of(&study.results())), None);
    }
}
