//! A recommendation as text for a person.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use textwrap::{Options, fill};

use super::advice::{Advice, Choice, Finalist, Rival};
use super::flips::{Flip, Stands};
use crate::metrics::MetricId;
use crate::report::figures;
use crate::report::plot::{ChoicePoint, choices};

/// The text, for lines of `width` characters.
#[must_use]
pub fn render(advice: &Advice, width: u16) -> String {
    let mut page = Page { text: String::new(), width };
    let head = format!("{}: which overlay for {}", advice.name, figures::counted(advice.peers as usize, "peer"));
    page.text = head + "\n";
    if let Some(question) = &advice.question {
        page.line(question);
    }
    if !advice.expectations.is_empty() {
        page.line(&format!("expected: {}", advice.expectations.join(", ")));
    }
    match &advice.choice {
        Some(choice) => page.choice(advice, choice),
        None => page.nothing(advice),
    }
    page.reasons(advice);
    page.search(advice);
    for warning in &advice.warnings {
        page.line(&format!("warning: {warning}"));
    }
    if let Some(choice) = &advice.choice {
        page.text += "\nIn a scenario:\n\n";
        page.text += &choice.toml;
    }
    page.text
}

struct Page {
    text: String,
    width: u16,
}

/// Most lines of a list of reasons.
const REASONS: usize = 8;

impl Page {
    fn choice(&mut self, advice: &Advice, choice: &Choice) {
        let metric = advice.metric.0;
        let figure =
            |of: &Finalist| of.interval(metric).map_or_else(String::new, |mean| figures::interval(metric, mean));
        let own = advice.finalists.first().map(figure).unwrap_or_default();
        self.head("Take");
        self.line(&format!("{}: {} {own}", choice.topology, metric.definition().title));
        match &choice.runner_up {
            Some(rival) => self.line(&format!("runner-up: {}", margin(rival, metric))),
            None => self.line("runner-up: none; all others that work come to the same overlay"),
        }
        if let Some(rival) = &choice.other_kind {
            self.line(&format!("next of another kind: {}", margin(rival, metric)));
        }
        if let Some(rival) = &choice.best_plain {
            self.line(&format!("best topology with its defaults: {}", margin(rival, metric)));
        }
        let bindings: Vec<String> =
            choice.bindings.iter().map(|binding| format!("{} {:.0} %", binding.resource, binding.percent)).collect();
        if !bindings.is_empty() {
            self.line(&format!("in use: {}", bindings.join(", ")));
        }
        self.bounds(advice);
        self.head(&format!("What works ({})", figures::counted(advice.seeds, "seed")));
        self.finalists(advice);
        if !advice.flips.is_empty() {
            self.head("What would change the answer");
            self.flips(&advice.flips, metric);
        }
    }

    fn nothing(&mut self, advice: &Advice) {
        if !advice.is_complete {
            self.head("Interrupted before anything was known to work");
            return;
        }
        self.head("Nothing works");
        match &advice.impossible {
            Some(proof) => self.line(&format!("proven: no overlay of these peers can carry it: {proof}")),
            None => self
                .line("no closed form proves that nothing can: the candidates below do not, as far as they were tried"),
        }
        self.bounds(advice);
        self.head("What would make something work");
        if advice.remedies.is_empty() {
            self.line(
                "nothing that was tried suffices: up to ten times the uplink, down to a tenth of the rate and of the peers, as \
                 far as the scenario allows it",
            );
        }
        for (place, remedy) in advice.remedies.iter().enumerate() {
            let cheapest = if place == 0 { ", the smallest change" } else { "" };
            self.line(&format!("{}: then {} works{cheapest}", remedy.change, remedy.topology));
        }
    }

    fn bounds(&mut self, advice: &Advice) {
        let mut named: Vec<&String> = advice.bounds.iter().filter_map(|row| row.workload.as_ref()).collect();
        named.dedup();
        let times = advice.bounds.iter().filter(|row| row.unit == "ms" || row.unit == "s");
        for (row, value) in
            times.filter_map(|row| row.value.map(|value| (row, value))).filter(|(_, value)| *value >= 1.0)
        {
            let of =
                row.workload.as_ref().filter(|_| named.len() > 1).map_or_else(String::new, |name| format!("{name}: "));
            self.line(&format!("bound, first seed: {of}{} at least {value:.0} {}: {}", row.bound, row.unit, row.binds));
        }
        let p95 = advice.finalists.first().and_then(|choice| choice.interval(MetricId::LatencyP95));
        if let (Some(p95), Some(bound_ms)) = (p95, advice.p95_bound_ms) {
            self.line(&format!(
                "on average over the seeds p95 latency is at least {bound_ms:.0} ms; the choice is {:.0} % above",
                (p95.mean / bound_ms - 1.0) * 100.0
            ));
        }
    }

    fn finalists(&mut self, advice: &Advice) {
        let mut metrics: Vec<MetricId> = Vec::new();
        for figure in advice.finalists.iter().flat_map(|finalist| &finalist.figures) {
            if !metrics.contains(&figure.metric.0) {
                metrics.push(figure.metric.0);
            }
        }
        let titles = metrics.iter().map(|metric| metric.definition().title.to_owned());
        let mut table = self.table(["#".to_owned(), "topology".to_owned()].into_iter().chain(titles).collect());
        for (finalist, rank) in advice.finalists.iter().zip(1..) {
            let mark = if finalist.is_not_dominated { "*" } else { "" };
            let value = |metric: &MetricId| {
                let mean = finalist.interval(*metric).map(|interval| interval.mean);
                mean.map_or_else(|| "-".to_owned(), |mean| figures::value(*metric, mean))
            };
            let values = metrics.iter().map(value);
            let rank =
                if finalist.reservations.is_empty() { format!("{rank}{mark}") } else { format!("({rank}){mark}") };
            table.add_row([rank, finalist.topology.clone()].into_iter().chain(values));
        }
        self.print(table, 1);
        for (finalist, rank) in advice.finalists.iter().zip(1..) {
            if let Some(why) = finalist.reservations.first() {
                self.line(&format!("({rank}) with reservation: {why}"));
            }
        }
        self.line("* nobody is better in everything: these are the choices, by what matters to you");
    }

    fn flips(&mut self, flips: &[Flip], metric: MetricId) {
        let mut table = self.table(["change", "the choice", "margin", "against, or why"].map(str::to_owned).to_vec());
        for flip in flips {
            let verdict = match flip.verdict {
                Stands::Stays => "stays",
                Stands::Overtaken => "is overtaken",
                Stands::Fails => "fails, another works",
                Stands::AllFail => "fails, as all others",
            };
            let margin = flip.difference.map_or_else(|| "-".to_owned(), |margin| figures::interval(metric, margin));
            let other = flip.other.clone().unwrap_or_default();
            let why = flip
                .reason
                .as_ref()
                .map(|reason| format!("{other}{}{reason}", if other.is_empty() { "" } else { "; " }));
            table.add_row([flip.change.clone(), verdict.to_owned(), margin, why.unwrap_or(other)]);
        }
        self.print(table, 3);
        if flips.iter().all(|flip| flip.verdict == Stands::Stays) {
            self.line("none of these changes makes another one the better choice");
        }
    }

    fn reasons(&mut self, advice: &Advice) {
        if !advice.failed.is_empty() {
            self.head(&format!("Simulated, and does not work: {}", figures::count(advice.failed.len())));
            self.list(advice.failed.iter().map(|failed| format!("{}: {}", failed.topology, failed.reason)));
        }
        if !advice.excluded.is_empty() {
            self.head(&format!("Not simulated: {}", figures::count(advice.excluded.len())));
            self.list(advice.excluded.iter().map(|cannot| format!("{}: {}", cannot.topology, cannot.reason)));
        }
    }

    fn search(&mut self, advice: &Advice) {
        self.head("How it was found");
        for round in &advice.rounds {
            self.line(&format!(
                "{} with {}, {} s each: {} work",
                figures::counted(round.candidates, "candidate"),
                figures::counted(round.seeds, "seed"),
                round.duration_s,
                figures::count(round.working)
            ));
        }
        self.line(&format!("{} in all", figures::counted(advice.replications, "replication")));
        if !advice.is_complete {
            self.line("interrupted: this is the best so far");
        }
    }

    fn list(&mut self, lines: impl ExactSizeIterator<Item = String>) {
        let more = lines.len().saturating_sub(REASONS);
        lines.take(REASONS).for_each(|line| self.line(&line));
        if more > 0 {
            self.line(&format!("and {} more: --json has all", figures::count(more)));
        }
    }

    fn head(&mut self, head: &str) {
        self.text += &format!("\n{head}\n");
    }

    fn line(&mut self, line: &str) {
        let options = Options::new(usize::from(self.width)).initial_indent("  ").subsequent_indent("    ");
        self.text += &(fill(line, options) + "\n");
    }

    fn table(&self, heads: Vec<String>) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        table.set_header(heads);
        table
    }

    // Only the column of texts wraps; figures stand to the right.
    fn print(&mut self, mut table: Table, text: usize) {
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if place == 0 { 2 } else { 0 }, 2));
            if place == text {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(30)));
            } else {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if text == 1 && place > 1 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.text.extend(table.lines().map(|line| line.trim_end().to_owned() + "\n"));
    }
}

fn margin(rival: &Rival, metric: MetricId) -> String {
    let label = &rival.topology;
    let Some(interval) = rival.difference else { return label.clone() };
    let title = metric.definition().title;
    match interval.ends {
        Some(ends) if ends.low > 0.0 || ends.high < 0.0 => {
            let more = if interval.mean < 0.0 { "less" } else { "more" };
            let size = if interval.mean < 0.0 { interval.negated() } else { interval };
            format!("{label}, {} {more} {title} (paired, 95 %)", figures::interval(metric, size))
        }
        Some(_) => format!("{label}, cannot be told apart: {title} differs by {}", figures::interval(metric, interval)),
        None => format!("{label}, {title} differs by {} in one seed", figures::value(metric, interval.mean)),
    }
}

/// What works as a figure, latency against the busiest uplink, as an SVG text.
#[must_use]
pub fn picture(advice: &Advice) -> String {
    let metrics = [MetricId::UplinkMax, advice.metric.0];
    let point = |finalist: &Finalist| {
        let [x, y] = metrics.map(|metric| finalist.interval(metric).map(|interval| interval.mean));
        Some(ChoicePoint {
            label: finalist.topology.clone(),
            at: [x?, y?],
            is_not_dominated: finalist.is_not_dominated,
        })
    };
    let points: Vec<ChoicePoint> = advice.finalists.iter().filter_map(point).collect();
    choices(&advice.name, metrics, &points)
}
