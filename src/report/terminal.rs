//! The answer as text for a person: the decision, its evidence, what to be wary of, the next step.

use std::collections::BTreeSet;
use std::fmt::Write;

use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use textwrap::{Options, fill};

use super::answer::{Answer, Decision};
use super::doubt::{ASK_PACKETS, followed};
use super::figures;
use super::folder::Written;
use super::judgement::{Failure, FailureKind, Outcome};
use super::least::Least;
use super::ranking::RankedTopology;
use super::reign;
use super::stops::Stop;
use crate::metrics::MetricId;
use crate::units::SimDuration;

/// More tables than this do not answer a question at a glance; the rest are in `summary.csv`.
const TABLES_MAX: usize = 8;
/// More comparisons than this below a table do not either.
const COMPARISONS_MAX: usize = 4;
/// Values of the other axes side by side in a table of how far topologies go.
const STOPS_ABREAST: usize = 4;
/// Columns that want a word.
const LEGEND: [(MetricId, &str); 3] = [
    (MetricId::ConnectTime, "until the last connection that can open is open"),
    (MetricId::Duplicates, "copies of a message to who knew it, for each delivery"),
    (MetricId::Cost, "traffic of TURN servers and of what servers send"),
];
/// Spaces between two columns.
const GAP: u16 = 2;

/// What a table shows beside the metric that ranks, where the width allows: the last goes first.
const COLUMNS: [MetricId; 15] = [
    MetricId::LatencyP95,
    MetricId::Delivered,
    MetricId::ResponseP95,
    MetricId::Answered,
    MetricId::ControlQueueing,
    MetricId::LiveQueueing,
    MetricId::DistributionP95,
    MetricId::DistributionBound,
    MetricId::DistributionFromSources,
    MetricId::Duplicates,
    MetricId::UplinkP95,
    MetricId::ConnectionsMax,
    MetricId::ConnectTime,
    MetricId::Relayed,
    MetricId::Cost,
];

/// The text, for lines of `width` characters, with where the results were written, if they were.
#[must_use]
pub fn render(answer: &Answer, written: Option<&Written>, width: u16, colour: bool) -> String {
    let page = Page { answer, width, colour };
    let mut text = match &answer.question {
        Some(question) => page.line(&format!("{}: {question}", answer.name)),
        None => format!("{}\n", answer.name),
    };
    for decision in answer.decisions.iter().take(TABLES_MAX) {
        text += "\n";
        text += &page.decision(decision);
    }
    if answer.decisions.len() > TABLES_MAX {
        let more = answer.decisions.len() - TABLES_MAX;
        text += "\n";
        text += &page.line(&format!("{} in summary.csv", figures::counted(more, "more combination")));
    }
    text += &page.stops();
    if !answer.warnings.is_empty() {
        text += "\n";
    }
    for warning in &answer.warnings {
        text += &page.line(&format!("warning: {warning}"));
    }
    if let Some(written) = written {
        text += "\n";
        wrote(written).iter().for_each(|line| text += &page.line(line));
    }
    text
}

struct Page<'a> {
    answer: &'a Answer,
    width: u16,
    colour: bool,
}

impl Page<'_> {
    fn decision(&self, decision: &Decision) -> String {
        let ranking = &decision.ranking;
        let mut text = String::new();
        for axis in &ranking.axes {
            write!(text, "{} {}, ", axis.name, axis.text).expect("invariant: text grows");
        }
        let seeds = figures::counted(self.answer.seeds, "seed");
        text += &format!("{}, {seeds} of {}", figures::counted(ranking.peers as usize, "peer"), decision.duration);
        text += &format!(", {}", followed_text(decision));
        text = self.line(&text) + &self.table(decision);
        if let Some(outcome) = self.outcome_line(decision) {
            text += &self.line(&outcome);
        }
        let (open, others): (Vec<&RankedTopology>, Vec<_>) = ranking.rows.iter().partition(|row| needs_seeds(row));
        let (shown, more) = open.split_at(open.len().min(OPEN_SHOWN));
        for row in shown.iter().copied().chain(others) {
            failure_lines(row, decision).iter().for_each(|line| text += &self.line(line));
        }
        if !more.is_empty() {
            let are = if more.len() == 1 { "is" } else { "are" };
            text += &self.line(&format!("{} more {are} undecided: more seeds would tell", more.len()));
        }
        decision.missed.iter().chain(&decision.stragglers).for_each(|line| text += &self.line(line));
        decision.doubts.iter().for_each(|doubt| text += &self.line(&doubt.line(ranking.rows.len())));
        if !decision.doubts.is_empty() {
            let next = format!("what packets say: the same command with {ASK_PACKETS}, or --check-grain for one seed");
            text += &self.line(&next);
        }
        for comparison in decision.comparisons.iter().take(COMPARISONS_MAX) {
            text += &self.line(&comparison.text);
        }
        if decision.comparisons.len() > COMPARISONS_MAX {
            let more = decision.comparisons.len() - COMPARISONS_MAX;
            text += &self.line(&format!("{} in summary.csv", figures::counted(more, "more comparison")));
        }
        if let Some(sentence) = reign::sentence(&decision.reigns) {
            text += &self.line(&sentence);
        }
        let least = decision.least.iter().flat_map(Least::lines);
        least.for_each(|line| text += &self.line(&line));
        text
    }

    /// By which topologies what is expected is met, undecided or missed.
    fn outcome_line(&self, decision: &Decision) -> Option<String> {
        let rows = &decision.ranking.rows;
        let named = |outcome: Outcome| {
            let names: Vec<&str> =
                rows.iter().filter(|row| row.outcome() == outcome).map(|row| row.topology.as_str()).collect();
            let (shown, more) = names.split_at(names.len().min(NAMES_SHOWN));
            let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
            let mark = match outcome {
                Outcome::Met => "",
                Outcome::Undecided => ", in parentheses,",
                Outcome::Missed => ", without a rank,",
            };
            (!names.is_empty()).then(|| format!("{}{mark} by {}{more}", outcome.word(), shown.join(", ")))
        };
        let said: Vec<String> =
            [Outcome::Met, Outcome::Undecided, Outcome::Missed].into_iter().filter_map(named).collect();
        let wanted = self.answer.expectations.join(", ");
        (!wanted.is_empty()).then(|| format!("expected {wanted}: {}", said.join("; ")))
    }

    fn table(&self, decision: &Decision) -> String {
        let ranks = self.answer.metric;
        let mut metrics: Vec<MetricId> =
            std::iter::once(ranks).chain(COLUMNS.into_iter().filter(|&id| id != ranks)).collect();
        let rows = &decision.ranking.rows;
        let has_value = |id: MetricId| rows.iter().any(|row| self.answer.summary.interval(row.cell, id).is_some());
        metrics.retain(|&id| id == ranks || has_value(id));
        let mut table = self.table_of(decision, &metrics);
        while metrics.len() > 1 && least_width(&table) > self.width {
            metrics.pop();
            table = self.table_of(decision, &metrics);
        }
        lines_of(&table) + &self.legend(&metrics)
    }

    /// What is in the columns whose names do not say it.
    fn legend(&self, metrics: &[MetricId]) -> String {
        let told = LEGEND.iter().filter(|(id, _)| metrics.contains(id));
        let words: Vec<String> = told.map(|(id, what)| format!("{}: {what}", id.definition().title)).collect();
        if words.is_empty() { String::new() } else { self.line(&words.join("; ")) }
    }

    fn table_of(&self, decision: &Decision, metrics: &[MetricId]) -> Table {
        let mut table = self.blank_table();
        let titles = metrics.iter().map(|id| id.definition().title);
        table.set_header(["#", "topology"].into_iter().chain(titles));
        for row in &decision.ranking.rows {
            let is_in_doubt = decision.doubts.iter().any(|doubt| doubt.topologies.contains(&row.topology));
            table.add_row(self.cells(row, is_in_doubt, metrics, decision.duration));
        }
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if place == 0 { 1 } else { 0 }, GAP));
            if place != 1 {
                column.set_cell_alignment(CellAlignment::Right);
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        table
    }

    /// Up to how many peers each topology works, for all values of the other axes.
    fn stops(&self) -> String {
        let along = |decision: &&Decision| !decision.stops.is_empty();
        let decisions: Vec<&Decision> = self.answer.decisions.iter().filter(along).collect();
        let mut text = String::new();
        for abreast in decisions.chunks(STOPS_ABREAST) {
            text += "\n";
            text += &lines_of(&self.stops_table(abreast));
        }
        let mut sizes: Vec<u32> = decisions.iter().flat_map(|decision| decision.sizes.iter().copied()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        if !text.is_empty() {
            let sizes: Vec<String> = sizes.into_iter().map(figures::count).collect();
            text += &self.line(&format!("sizes tried: {} peers", sizes.join(" · ")));
        }
        text
    }

    fn stops_table(&self, decisions: &[&Decision]) -> Table {
        let mut table = self.blank_table();
        let values = |decision: &&Decision| {
            let axes = decision.ranking.axes.iter().map(|axis| format!("{} {}", axis.name, axis.text));
            axes.collect::<Vec<_>>().join(", ")
        };
        let heads = match decisions {
            [only] if only.ranking.axes.is_empty() => vec!["peers".to_owned()],
            _ => decisions.iter().map(values).collect(),
        };
        table.set_header(std::iter::once("works up to".to_owned()).chain(heads));
        for (place, stop) in decisions[0].stops.iter().enumerate() {
            let words =
                decisions.iter().map(|decision| decision.stops.get(place).map_or_else(String::new, Stop::words));
            table.add_row(std::iter::once(stop.topology.clone()).chain(words));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        table
    }

    fn blank_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        if self.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table
    }

    fn cells(&self, row: &RankedTopology, is_in_doubt: bool, metrics: &[MetricId], duration: SimDuration) -> Vec<Cell> {
        let figure = |(place, &id): (usize, &MetricId)| match self.answer.summary.interval(row.cell, id) {
            None => "-".to_owned(),
            // Set-ups are played to their end, however long that takes.
            Some(interval) if id == MetricId::ConnectTime && interval.mean > duration.as_secs_f64() => {
                format!("> {duration}")
            }
            Some(interval) if place == 0 => figures::interval(id, interval),
            Some(interval) => figures::value(id, interval.mean),
        };
        let label = if is_in_doubt { format!("{} ?", row.topology) } else { row.topology.clone() };
        let rank = match row.rank {
            Some(rank) if row.outcome() == Outcome::Met => rank.to_string(),
            // With reservation: a line below the table says why.
            Some(rank) => format!("({rank})"),
            None => "-".to_owned(),
        };
        let texts = [rank, label].into_iter().chain(metrics.iter().enumerate().map(figure));
        let style = |text: String| match row.rank {
            Some(1) => Cell::new(text).add_attribute(Attribute::Bold),
            Some(_) => Cell::new(text),
            None => Cell::new(text).add_attribute(Attribute::Dim),
        };
        texts.map(style).collect()
    }

    /// A line, wrapped.
    fn line(&self, text: &str) -> String {
        fill(text, Options::new(usize::from(self.width)).subsequent_indent("  ")) + "\n"
    }
}

fn lines_of(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A label is rather wrapped at so many characters than a metric left out.
const LABEL_WIDTH_MIN: u16 = 32;

/// How wide a table is if nothing in it is wrapped but long labels, spaces at the end of lines not counted.
fn least_width(table: &Table) -> u16 {
    let widths = table.column_max_content_widths();
    let width = |(place, &width): (usize, &u16)| if place == 1 { width.min(LABEL_WIDTH_MIN) } else { width };
    widths.iter().enumerate().map(|column| width(column) + GAP).sum::<u16>() + 1 - GAP
}

/// What was followed where the decision is taken, and whether something else was at fewer peers.
fn followed_text(decision: &Decision) -> String {
    let others: BTreeSet<&str> = decision.grains.iter().copied().filter(|grain| *grain != decision.grain).collect();
    let here = format!("followed {}", followed(&BTreeSet::from([decision.grain])));
    if others.is_empty() { here } else { format!("{here} ({} at other sizes)", followed(&others)) }
}

/// Reasons shown a topology; the others stand in the JSON answer and in `summary.csv`.
const REASONS_SHOWN: usize = 2;
/// Topologies that are named in a line.
const NAMES_SHOWN: usize = 4;

/// Topologies that are shown one by one of those that need more seeds.
const OPEN_SHOWN: usize = 3;

/// Whether nothing is wrong with a topology but that some expectation is undecided.
fn needs_seeds(row: &RankedTopology) -> bool {
    let is_open = |reservation: &Failure| matches!(reservation.kind, FailureKind::Expectation(_));
    row.outcome() == Outcome::Undecided && row.failures.is_empty() && row.reservations.iter().all(is_open)
}

/// Why a topology fails, or is ranked with reservation. Where it cannot work at all, that is the reason; expectations
/// that it therefore misses would only repeat it.
fn failure_lines(row: &RankedTopology, decision: &Decision) -> Vec<String> {
    let is_infeasible = |failure: &&Failure| matches!(failure.kind, FailureKind::Infeasible(_));
    let any_infeasible = row.failures.iter().any(|failure| is_infeasible(&failure));
    let told = if row.failures.is_empty() { &row.reservations } else { &row.failures };
    let told = told.iter().filter(|failure| is_infeasible(failure) || !any_infeasible);
    let reasons: Vec<&Failure> = told.collect();
    let (reasons, more) = reasons.split_at(reasons.len().min(REASONS_SHOWN));
    let what = if any_infeasible { "infeasible: " } else { "" };
    let mut lines: Vec<String> =
        reasons.iter().map(|reason| format!("{}: {what}{}", row.topology, reason.text)).collect();
    if let Some(line) = lines.last_mut() {
        if !more.is_empty() {
            let names: Vec<&str> = more.iter().map(|failure| failure.kind.name()).collect();
            *line += &format!("; also {}", names.join(", "));
        }
        if let Some(&peers) = decision.still_works.get(&row.topology) {
            *line += &format!("; works up to {} peers", figures::count(peers));
        }
    }
    if row.standing.is_mixed() {
        let seeds = match row.standing.seeds - row.standing.failing {
            1 => "the one seed that works".to_owned(),
            working => format!("the {} seeds that work", figures::count(working)),
        };
        lines.push(format!("{}: its figures are those of {seeds}", row.topology));
    }
    lines
}

fn wrote(written: &Written) -> [String; 2] {
    let folder = written.folder.display();
    let (plots, others): (Vec<_>, Vec<_>) = written.files.iter().partition(|file| file.starts_with("plots"));
    let mut names: Vec<String> = others.iter().map(|file| file.display().to_string()).collect();
    let mut next = format!("run PEERSCAPE_RESULTS={folder} notebooks/run.sh");
    if !plots.is_empty() {
        names.push(figures::counted(plots.len(), "plot"));
        next = format!("look at {folder}/plots, or {next}");
    }
    [format!("wrote {folder} ({})", names.join(", ")), format!("next: {next}")]
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::answer::answer;
    use super::super::fixture::{Study, town_hall};
    use super::*;
    use crate::scenario::Bound;

    const P95: MetricId = MetricId::LatencyP95;

    fn text(study: &Study, width: u16) -> String {
        let experiment = study.experiment();
        let files = ["runs.csv", "manifest.json", "plots/latency.svg", "plots/cdf.svg"].map(PathBuf::from).to_vec();
        let written = Written { folder: PathBuf::from("results/town-hall"), files };
        let text = render(&answer(&study.results(&experiment)), Some(&written), width, false);
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
        text
    }

    #[test]
    fn the_answer_is_a_decision_then_its_evidence_then_the_next_step() {
        insta::assert_snapshot!(text(&town_hall(), 100));
    }

    #[test]
    fn what_cannot_be_told_apart_is_said() {
        let study = Study::new()
            .lossy_cell(50, "1 %", "star", &[100.0, 130.0, 90.0])
            .lossy_cell(50, "1 %", "tree degree=4", &[105.0, 110.0, 108.0])
            .lossy_cell(50, "2 %", "star", &[100.0, 101.0, 99.0])
            .lossy_cell(50, "2 %", "tree degree=4", &[100.0, 101.0, 99.0]);
        insta::assert_snapshot!(text(&study, 80));
    }

    #[test]
    fn one_seed_and_missing_replications_are_warned_of() {
        let study = Study::new()
            .expect(MetricId::Delivered, Bound::AtLeast(99.5))
            .cell(50, "star", P95, &[100.0])
            .also("star", MetricId::Delivered, &[99.0])
            .cell(50, "tree degree=4", P95, &[]);
        insta::assert_snapshot!("one_seed", text(&study, 100));
        insta::assert_snapshot!("interrupted", text(&town_hall().planned_seeds(10), 100));
    }

    #[test]
    fn colour_marks_the_winner_only_when_asked_for() {
        let experiment = town_hall().experiment();
        let answer = answer(&town_hall().results(&experiment));
        assert!(!render(&answer, None, 100, false).contains('\u{1b}'));
        assert!(render(&answer, None, 100, true).contains('\u{1b}'));
    }
}
