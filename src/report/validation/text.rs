//! The validation as text for a person: every figure side by side, then what it comes to.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use textwrap::{Options, fill};

use super::super::figures;
use super::super::folder::Written;
use super::{Agreement, Figure, Pairing, RankAgreement, Tolerance, Validation, ValidationRow};
use crate::scenario::{Cell, Experiment};

/// The text, for lines of `width` characters, with where the results were written, if they were.
#[must_use]
pub fn render(validation: &Validation, experiment: &Experiment, written: Option<&Written>, width: u16) -> String {
    let line = |text: &str| fill(text, Options::new(usize::from(width)).subsequent_indent("  ")) + "\n";
    let what = match validation.pairing {
        Pairing::Rungs(real) => format!("the model beside the real stack ({real} rung)"),
        Pairing::Grains => "message by message beside packet by packet".to_owned(),
    };
    let seeds = figures::counted(validation.seeds, "seed");
    let mut text = line(&format!("{}: {what}, over {seeds}", validation.name));
    for cells in experiment.cells.chunk_by(|a, b| a.group == b.group) {
        text += "\n";
        text += &line(&title(&cells[0]));
        let rows: Vec<&ValidationRow> = validation.rows.iter().filter(|row| row.group == cells[0].group).collect();
        text += &table(&rows, validation.pairing, width);
        if let Some(ranks) = validation.ranks.iter().find(|ranks| ranks.group == cells[0].group) {
            rank_lines(ranks, validation.pairing).iter().for_each(|sentence| text += &line(sentence));
        }
    }
    text += "\n";
    text += &line(&conclusion(validation));
    if let Some(written) = written {
        let (plots, others): (Vec<_>, Vec<_>) = written.files.iter().partition(|file| file.starts_with("plots"));
        let mut names: Vec<String> = others.iter().map(|file| file.display().to_string()).collect();
        if !plots.is_empty() {
            names.push(figures::counted(plots.len(), "plot"));
        }
        text += &line(&format!("wrote {} ({})", written.folder.display(), names.join(", ")));
    }
    text
}

fn title(cell: &Cell) -> String {
    let axes = cell.axes.iter().filter(|axis| axis.name != "peers");
    let axes: String = axes.map(|axis| format!("{} {}, ", axis.name, axis.text)).collect();
    format!("{axes}{}", figures::counted(cell.settings.population.peers.get() as usize, "peer"))
}

fn table(rows: &[&ValidationRow], pairing: Pairing, width: u16) -> String {
    let [left, right] = pairing.sides();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.force_no_tty();
    table.set_header(["topology", "metric", left, right, "error", "bound", "verdict"]);
    let mut last = "";
    for row in rows {
        let id = row.bound.metric;
        let topology = if row.topology == last { "" } else { row.topology.as_str() };
        last = &row.topology;
        let texts = [
            topology.to_owned(),
            title_of(row),
            figures::value(id, row.model),
            figures::value(id, row.real),
            error(row),
            bound(row),
            match row.verdict {
                Agreement::Within => "ok",
                Agreement::Miss => "MISS",
            }
            .to_owned(),
        ];
        table.add_row(texts);
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if place == 0 { 1 } else { 0 }, 2));
        if (2..6).contains(&place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn title_of(row: &ValidationRow) -> String {
    let title = row.bound.metric.definition().title;
    match row.bound.figure {
        Figure::Mean => title.to_owned(),
        Figure::MedianSeed => format!("{title}, median seed"),
    }
}

fn error(row: &ValidationRow) -> String {
    match (row.bound.tolerance, row.relative_error_percent()) {
        (Tolerance::Relative(_), Some(percent)) => signed(percent),
        _ => {
            let difference = row.model - row.real;
            let sign = if difference < 0.0 { "-" } else { "" };
            format!("{sign}{}", figures::value(row.bound.metric, difference.abs()))
        }
    }
}

// With a sign where there is a difference to see.
fn signed(percent: f64) -> String {
    let text = format!("{percent:+.1} %");
    if percent.abs() < 0.05 { "0.0 %".to_owned() } else { text }
}

fn bound(row: &ValidationRow) -> String {
    match row.bound.tolerance {
        Tolerance::Relative(percent) => format!("±{percent} %"),
        Tolerance::Absolute(most) if most < f64::MIN_POSITIVE => "equal".to_owned(),
        Tolerance::Absolute(most) => format!("±{} points", most),
    }
}

fn rank_lines(ranks: &RankAgreement, pairing: Pairing) -> Vec<String> {
    let title = ranks.metric.definition().title;
    let Some(tau) = ranks.tau else { return Vec::new() };
    let [model, real] = &ranks.orders;
    let [left, right] = pairing.sides();
    let mut lines = vec![if model == real {
        format!("same order of topologies by {title}: {} (Kendall's tau {tau:.2})", model.join(", "))
    } else {
        format!("order by {title}: {left} {}; {right} {} (Kendall's tau {tau:.2})", model.join(", "), real.join(", "))
    }];
    for (better, worse) in &ranks.contradictions {
        lines.push(match pairing {
            Pairing::Rungs(_) => format!("MISS: {better} really beats {worse}, and the model says the opposite"),
            Pairing::Grains => format!("MISS: {better} beats {worse} packet by packet, and messages say the opposite"),
        });
    }
    lines
}

fn conclusion(validation: &Validation) -> String {
    let misses: Vec<&ValidationRow> = validation.misses().collect();
    let within = validation.rows.len() - misses.len();
    let of = figures::counted(validation.rows.len(), "figure");
    if misses.is_empty() {
        return format!("all {of} are within their bounds");
    }
    let mut metrics: Vec<&str> = misses.iter().map(|row| row.bound.metric.definition().title).collect();
    metrics.sort_unstable();
    metrics.dedup();
    format!("{within} of {of} are within their bounds; missed: {}", metrics.join(", "))
}
