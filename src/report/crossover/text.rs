//! A crossover as text for a person.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use textwrap::{Options, fill};

use super::closed_form::ClosedForm;
use super::evidence::Lead;
use super::sheet::{CrossoverSheet, PointRow, SideRow};
use crate::report::figures::{self, counted};

/// The text, for lines of `width` characters.
#[must_use]
pub fn render(sheet: &CrossoverSheet, width: u16) -> String {
    let mut text = wrapped(&head(sheet), width, "");
    text += "\nby closed form, before any simulation\n";
    for form in &sheet.closed_forms {
        text += &wrapped(&closed_form(form, sheet.range_peers[1]), width, "  ");
    }
    text += "\nby simulation\n";
    if sheet.is_interrupted {
        text += &wrapped("cut off: what follows is the best that is known so far", width, "  ");
    }
    for sentence in &sheet.decision {
        text += &wrapped(sentence, width, "  ");
    }
    text += "\n";
    text += &table(sheet);
    text += &wrapped(&legend(sheet), width, "");
    text
}

/// Who leads, in a word or two.
pub(super) fn lead_text(sheet: &CrossoverSheet, lead: Lead) -> &str {
    match lead {
        Lead::NeitherWorks => "neither works",
        Lead::Open => "not shown",
        lead => sheet.leader(lead).unwrap_or_default(),
    }
}

/// What a closed form says, in a sentence; it was asked about a population of so many.
pub(super) fn closed_form(form: &ClosedForm, peers: u32) -> String {
    let topology = &form.topology;
    let Some(row) = &form.family else {
        return format!("{topology}: none, for {}", form.why_not.as_deref().unwrap_or("nothing is known of it"));
    };
    let most = match form.peers_max {
        None => "can carry it with any number of peers, in some populations at least".to_owned(),
        Some([least, most]) if least == most => format!("can carry it up to {}", counted(most as usize, "peer")),
        Some([least, most]) => {
            format!("can carry it up to {least} to {}, by which links a seed draws", counted(most as usize, "peer"))
        }
    };
    format!(
        "{topology}, {}: {most}. Condition: {}. With {} the scarcest is {}",
        row.workload,
        row.condition,
        counted(peers as usize, "peer"),
        row.scarcest_text()
    )
}

fn head(sheet: &CrossoverSheet) -> String {
    let [first, second] = &sheet.topologies;
    let axes: String = sheet.axes.iter().map(|axis| format!("{} = {}, ", axis.name, axis.text)).collect();
    let [from, to] = sheet.range_peers.map(figures::count);
    let [least, most] = sheet.seeds;
    let seeds = if least == most { counted(least, "seed") } else { format!("{least} to {}", counted(most, "seed")) };
    format!(
        "{}: {axes}{first} against {second} in {}, {from} to {to} peers, {seeds} each",
        sheet.name,
        sheet.metric.definition().title
    )
}

fn table(sheet: &CrossoverSheet) -> String {
    let [first, second] = &sheet.topologies;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["peers", first, second, "difference", "seeds", "better"]);
    for point in &sheet.points {
        table.add_row(row(sheet, point));
    }
    let last = table.column_count().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index < last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn row(sheet: &CrossoverSheet, point: &PointRow) -> [String; 6] {
    let value = |side: &SideRow| {
        let figure = side.value.map_or_else(|| "-".to_owned(), |value| figures::interval(sheet.metric, value));
        match side.failing {
            0 => figure,
            failing if side.fails_in_all(point.seeds) => format!("({figure}) fails in all {failing}"),
            failing => format!("{figure}, fails in {failing}"),
        }
    };
    let [first, second] = &point.sides;
    [
        figures::count(point.peers),
        value(first),
        value(second),
        point.difference.map_or_else(|| "-".to_owned(), |difference| figures::interval(sheet.metric, difference)),
        point.seeds.to_string(),
        lead_text(sheet, point.lead).to_owned(),
    ]
}

fn legend(sheet: &CrossoverSheet) -> String {
    format!(
        "difference: the first minus the second, seed by seed, where both work; a lead is shown with an error of {:.0} % at \
         each population, and \"not shown\" means that {} do not tell; in brackets: a system in failure",
        sheet.error_percent,
        counted(sheet.seeds[1], "seed")
    )
}

fn wrapped(line: &str, width: u16, indent: &str) -> String {
    let deeper = format!("{indent}  ");
    fill(line, Options::new(usize::from(width)).initial_indent(indent).subsequent_indent(&deeper)) + "\n"
}
