//! A comparison of two results as text, and as Markdown.

use std::fmt;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use textwrap::{Options, fill};

use super::super::figures;
use super::row::{Change, Changes, FALSE_WORD, Figure, SeedPairing};
use super::side::Place;
use crate::metrics::Verdict;

/// The text, for lines of `width` characters.
#[must_use]
pub fn text(changes: &Changes, width: u16) -> String {
    let line = |text: &str| fill(text, Options::new(usize::from(width)).subsequent_indent("  ")) + "\n";
    let mut text = line(&head(changes));
    changes.notes.iter().for_each(|note| text += &line(&format!("note: {note}")));
    if told(changes).next().is_some() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        table.force_no_tty();
        table.set_header(HEADS);
        table.add_rows(told(changes).map(cells));
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if place == 0 { 1 } else { 0 }, 2));
            if (2..5).contains(&place) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        text += "\n";
        table.lines().for_each(|row| text += &format!("{}\n", row.trim_end()));
        text += "\n";
    }
    changes.broken.iter().for_each(|broken| text += &line(&format!("broken: {broken}")));
    text + &line(&conclusion(changes))
}

/// The same as Markdown.
#[must_use]
pub fn markdown(changes: &Changes) -> String {
    let mut text = format!("### {}\n\n", plain(&head(changes)));
    changes.notes.iter().for_each(|note| text += &format!("> **Note:** {}\n\n", plain(note)));
    if told(changes).next().is_some() {
        text += &format!("| {} |\n|---|---|--:|--:|--:|---|\n", HEADS.join(" | "));
        for change in told(changes) {
            text += &format!("| {} |\n", cells(change).map(|cell| plain(&cell)).join(" | "));
        }
        text += "\n";
    }
    changes.broken.iter().for_each(|broken| text += &format!("- **broken:** {}\n", plain(broken)));
    if !changes.broken.is_empty() {
        text += "\n";
    }
    text + &format!("{}\n", plain(&conclusion(changes)))
}

const HEADS: [&str; 6] = ["topology", "metric", "base", "new", "change", "verdict"];

/// What is better or worse; the rest is counted.
fn told(changes: &Changes) -> impl Iterator<Item = &Change> {
    changes.rows.iter().filter(|change| change.verdict != Verdict::Inconclusive)
}

fn head(changes: &Changes) -> String {
    let [base, new] = &changes.names;
    let how = match changes.pairing {
        SeedPairing::BySeed(shared) => format!("paired by {}", figures::counted(shared, "seed")),
        SeedPairing::Apart([base, new]) => format!("no seed in common, {base} against {new}"),
    };
    format!("{new} against {base}: {how}")
}

fn cells(change: &Change) -> [String; 6] {
    let value = |value: f64| match change.figure {
        Figure::Metric(id) => figures::value(id, value),
        Figure::Failing => format!("{value:.0} %"),
    };
    let moved = match change.percent() {
        Some(percent) => format!("{percent:+.2} %"),
        None => format!("{:+.3}", change.difference()),
    };
    let verdict = match change.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "WORSE",
        Verdict::Inconclusive => "inconclusive",
    };
    let [base, new] = change.means.map(value);
    [change.place.to_string(), change.figure.name().to_owned(), base, new, moved, verdict.to_owned()]
}

fn conclusion(changes: &Changes) -> String {
    let count = |verdict: Verdict| changes.count(verdict);
    let same = changes.rows.iter().filter(|change| change.same).count();
    let open = count(Verdict::Inconclusive) - same;
    if same == changes.rows.len() {
        return format!("all {} are the same in every seed", figures::counted(same, "figure"));
    }
    format!(
        "{} worse, {} better, {open} inconclusive, {same} the same in every seed; unchanged code is given any false word \
         in {:.0} % of comparisons at most",
        count(Verdict::Worse),
        count(Verdict::Better),
        100.0 * FALSE_WORD
    )
}

// Names are a person's: they must not become markup.
fn plain(text: &str) -> String {
    let special = |c: char| matches!(c, '|' | '*' | '`' | '<' | '>' | '[' | ']' | '\\');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} peers", self.topology, figures::count(self.peers))?;
        let axes = self.axes.iter();
        axes.map(|(name, value)| (name, value.as_str().unwrap_or_default()))
            .try_for_each(|(name, value)| write!(f, ", {name} {value}"))
    }
}
