//! Bounds as text for a person.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use textwrap::{Options, fill};

use super::family::FamilyRow;
use super::figure::quantity;
use super::row::{BoundRow, Side};
use super::sheet::BoundSheet;
use crate::report::figures::counted;

/// The text of all combinations, for lines of `width` characters.
#[must_use]
pub fn render(name: &str, sheets: &[BoundSheet], width: u16) -> String {
    let mut text = format!("{name}: what no overlay can beat\n");
    let mut sources: BTreeMap<&str, &str> = BTreeMap::new();
    for sheet in sheets {
        text += &format!("\n{}\n\n", head(sheet));
        text += &bounds(&sheet.bounds, width);
        if !sheet.families.is_empty() {
            text += "\n";
            text += &families(&sheet.families, width);
        }
        for note in &sheet.notes {
            text += &wrapped(&format!("note: {note}"), width);
        }
        sources.extend(sheet.bounds.iter().map(|row| (law(row), row.source)));
        sources.extend(sheet.families.iter().map(|row| (row.family, row.condition)));
    }
    text += "\nSources and conditions\n";
    for (what, source) in sources {
        text += &wrapped(&format!("{what}: {source}"), width);
    }
    text
}

fn head(sheet: &BoundSheet) -> String {
    let axes = sheet.axes.iter().filter(|axis| axis.name != "peers");
    let axes: String = axes.map(|axis| format!("{} = {}, ", axis.name, axis.text)).collect();
    format!("{axes}{}, seed {}", counted(sheet.peers as usize, "peer"), sheet.seed.0)
}

// Latencies have one source.
fn law(row: &BoundRow) -> &str {
    if row.bound.ends_with(" latency") { "latency" } else { &row.bound }
}

fn bounds(rows: &[BoundRow], width: u16) -> String {
    let mut table = table(width, &["bound", "", "value", "what binds"]);
    for row in rows {
        let workload = row.workload.as_ref().map_or_else(String::new, |workload| format!("{workload}: "));
        let side = match row.side {
            Side::AtMost => "at most",
            Side::AtLeast => "at least",
        };
        let without = match row.side {
            Side::AtMost => "unlimited",
            Side::AtLeast => "never",
        };
        let value = row.value.map_or_else(|| without.to_owned(), |value| quantity(value, row.unit));
        table.add_row([format!("{workload}{}", row.bound), side.to_owned(), value, row.binds.clone()]);
    }
    printed(table, 2)
}

fn families(rows: &[FamilyRow], width: u16) -> String {
    let mut table = table(width, &["family", "can", "up to", "scarcest"]);
    for row in rows {
        let most = row.peers_max.map_or_else(|| "any number".to_owned(), |most| counted(most as usize, "peer"));
        let can = if row.holds { "yes" } else { "no" };
        table.add_row([format!("{}: {}", row.workload, row.family), can.to_owned(), most, row.scarcest_text()]);
    }
    printed(table, 2)
}

fn table(width: u16, heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.set_header(heads.iter().copied());
    table
}

// Figures to the right; nothing but the last column wraps.
fn printed(mut table: Table, figures: usize) -> String {
    let last = table.column_count().saturating_sub(1);
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if place == last { 0 } else { 2 }));
        if place == figures {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_constraint(if place == last {
            ColumnConstraint::LowerBoundary(Width::Fixed(20))
        } else {
            ColumnConstraint::ContentWidth
        });
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn wrapped(text: &str, width: u16) -> String {
    fill(text, Options::new(usize::from(width)).initial_indent("  ").subsequent_indent("    ")) + "\n"
}
