//! The best tree as text for a person.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use textwrap::{Options, fill};

use super::{TreeFigures, TreeSheet, WayStop};
use crate::report::figures::counted;

/// The text, for lines of `width` characters.
#[must_use]
pub fn render(name: &str, sheet: &TreeSheet, width: u16) -> String {
    let axes = sheet.axes.iter().filter(|axis| axis.name != "peers");
    let axes: String = axes.map(|axis| format!("{} = {}, ", axis.name, axis.text)).collect();
    let root = sheet.longest_way.first().map_or(0, |stop| stop.peer);
    let mut text = format!(
        "{name}: {axes}{}, seed {}: a tree from peer {root} of least {} latency\n\n",
        counted(sheet.peers as usize, "peer"),
        sheet.seed.0,
        sheet.objective,
    );
    text += &table(sheet);
    text += "\n";
    let verdict = if sheet.is_proven {
        format!("proven: no tree within these budgets has less than {}", ms(sheet.bound_ms))
    } else {
        format!(
            "bound: no tree within these budgets has less than {}; this one is {:.1} % above it",
            ms(sheet.bound_ms),
            sheet.gap_percent
        )
    };
    text += &wrapped(&verdict, width);
    let budgets = format!("budgets: each peer is given {:.0} % of its uplink and of its CPU", sheet.share_percent);
    text += &wrapped(&budgets, width);
    if sheet.publishers > 1 {
        let note = format!(
            "{} publish: this is the tree of the busiest of them, and says nothing of what the others' messages take on it",
            counted(sheet.publishers as usize, "peer")
        );
        text += &wrapped(&note, width);
    }
    text += &wrapped("in turn: max where the copies of a peer leave one after the other, in the best order", width);
    if !sheet.longest_way.is_empty() {
        let stops: Vec<String> = sheet.longest_way.iter().map(stop).collect();
        text += &wrapped(&format!("longest way: {}", stops.join(" -> ")), width);
    }
    if sheet.of_chunks {
        text += &wrapped(
            "messages are sent in chunks: latencies are those of one chunk, and a message takes longer",
            width,
        );
    }
    if sheet.typical_delays {
        text +=
            &wrapped("delays are those of groups of peers: above 5,000 peers there is no table of all pairs", width);
    }
    text
}

fn stop(stop: &WayStop) -> String {
    let [serves, most] = stop.serves;
    let serves = if serves == 0 { String::new() } else { format!(", serves {serves} of {most}") };
    format!("{} ({}{serves}) {}", stop.peer, stop.class, ms(stop.at_ms))
}

fn table(sheet: &TreeSheet) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["", "max", "p95", "mean", "in turn", "hops", "fan-out", "relayed"]);
    for figures in [&sheet.tree].into_iter().chain(&sheet.plain) {
        table.add_row(row(figures));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn row(figures: &TreeFigures) -> [String; 8] {
    let TreeFigures { name, max_ms, p95_ms, mean_ms, in_turn_max_ms, depth, relayed, fan_out_max } = figures;
    [
        (*name).to_owned(),
        ms(*max_ms),
        ms(*p95_ms),
        ms(*mean_ms),
        ms(*in_turn_max_ms),
        depth.to_string(),
        fan_out_max.to_string(),
        relayed.to_string(),
    ]
}

fn ms(ms: f64) -> String {
    if ms >= 100.0 { format!("{ms:.0} ms") } else { format!("{ms:.1} ms") }
}

fn wrapped(line: &str, width: u16) -> String {
    fill(line, Options::new(usize::from(width)).subsequent_indent("  ")) + "\n"
}
