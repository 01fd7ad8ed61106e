//! `peerscape crossover`: at how many peers one topology overtakes another.

mod pair;

use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;

use clap::Args;
use peerscape::metrics::{Better, sign_test};
use peerscape::report::crossover::{
    self, ClosedForm, CrossoverSheet, Paired, Plan, Subject, closed_forms, crossover_csv, default_metric,
};
use peerscape::report::{Content, plot};
use peerscape::rng::Seed;
use peerscape::scenario::{Registry, closest_name};
use peerscape::sweep::{self, Rung, SweepOptions};
use peerscape::{METRICS, MetricId};

use super::exit::Exit;
use super::output;
use super::say;
use super::source::Source;
use super::watch::Watch;
use pair::Pair;

/// Columns of the text, as many as those of an answer.
const WIDTH: u16 = 110;
/// Fewer seeds that all agree do not show that one topology works and the other does not.
const SEEDS_LEAST: usize = 8;

/// The arguments of `crossover`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Which two topologies, by label or how it begins: `mesh,star` [default: the scenario's, if it has two]
    #[arg(long, value_name = "LABEL,LABEL", value_delimiter = ',')]
    topologies: Vec<String>,
    /// Which point of the sweep, by values of its axes other than peers: `rate=10 /s`
    #[arg(long, value_name = "AXIS=VALUE,...", value_delimiter = ',')]
    cell: Vec<String>,
    /// The metric that decides [default: the one by which `run` ranks]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// The smallest number of peers [default: the least that the scenario sweeps, or 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    from: Option<u32>,
    /// The largest number of peers [default: the most of the scenario]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    to: Option<u32>,
    /// With how many seeds each population is measured at first [default: the scenario's, at least 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    seeds: Option<u16>,
    /// With how many seeds a population is measured that does not tell the two apart [default: four times as many]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    seeds_max: Option<u16>,
    /// Populations closer than this are not told apart, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
    precision: u8,
    /// How many replications run at once [default: one a processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// The file to write the measured populations to, as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The file to draw the metric against the number of peers to, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Why the search ended early.
enum Stopped {
    Interrupted,
    // What to say.
    Failed(String),
    // The scenario does not hold at a population; what to say.
    Usage(String),
}

/// Searches the crossover, prints it, and writes it.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    if let Err(exit) = output::check([arguments.csv.as_ref(), arguments.picture.as_ref()]) {
        return Ok(exit);
    }
    let question = match Question::of(arguments, registry) {
        Ok(question) => question,
        Err(problem) => {
            problem.into_iter().for_each(say::error);
            return Ok(Exit::Usage);
        }
    };
    let closed_forms = match question.closed_forms() {
        Ok(closed_forms) => closed_forms,
        Err(stopped) => return Ok(told(&stopped)),
    };
    let mut watch = match Watch::start() {
        Ok(watch) => watch,
        Err(error) => return Err(io::Error::other(error)),
    };
    let mut measure = |peers: u32, seeds: std::ops::Range<usize>| question.measure(peers, seeds, &mut watch);
    let (found, stopped) = crossover::search(&question.plan, &mut measure);
    if let Some(stopped) = &stopped
        && found.points.is_empty()
    {
        return Ok(told(stopped));
    }
    let subject = question.subject();
    let sheet = CrossoverSheet::new(subject, &question.plan, &found, closed_forms, stopped.is_some());
    let text = if arguments.json {
        format!("{:#}\n", serde_json::to_value(&sheet)?)
    } else {
        crossover::render(&sheet, WIDTH)
    };
    stdout().write_all(text.as_bytes())?;
    if let Some(exit) = arguments.write(&sheet) {
        return Ok(exit);
    }
    Ok(match &stopped {
        None => Exit::Success,
        Some(Stopped::Interrupted) => Exit::Interrupted,
        Some(stopped) => told(stopped),
    })
}

fn told(stopped: &Stopped) -> Exit {
    match stopped {
        Stopped::Interrupted => {
            say::line("interrupted before the first population was measured: nothing is known");
            Exit::Interrupted
        }
        Stopped::Failed(text) => {
            say::error(text);
            Exit::Failure
        }
        Stopped::Usage(text) => {
            say::line(text);
            Exit::Usage
        }
    }
}

impl Arguments {
    // Writes the files that are asked for; how the verb ends if it cannot.
    fn write(&self, sheet: &CrossoverSheet) -> Option<Exit> {
        let csv = self.csv.as_ref().and_then(|file| {
            let content = Content::written(|to| crossover_csv(sheet, to));
            written(file, &content)
        });
        let draw = |file: &PathBuf| written(file, &Content::from(plot::crossover(sheet).into_bytes()));
        csv.or_else(|| self.picture.as_ref().and_then(draw))
    }
}

fn written(file: &Path, content: &Content<'_>) -> Option<Exit> {
    if let Err(exit) = output::write(file, content) {
        return Some(exit);
    }
    say::line(format_args!("wrote {}", file.display()));
    None
}

/// What is asked, checked and complete.
struct Question<'a> {
    arguments: &'a Arguments,
    registry: &'a Registry,
    name: String,
    pair: Pair,
    metric: MetricId,
    seeds: Vec<Seed>,
    plan: Plan,
}

impl<'a> Question<'a> {
    // What is wrong with the command line, unless it has been told: that of the scenario.
    fn of(arguments: &'a Arguments, registry: &'a Registry) -> Result<Self, Option<String>> {
        let experiment = arguments.source.load(registry).ok_or(None)?;
        let pair = Pair::of(&experiment, &arguments.cell, &arguments.topologies).map_err(Some)?;
        let metric = metric(arguments.metric.as_deref()).map_err(Some)?.unwrap_or_else(|| default_metric(&experiment));
        if metric.definition().better == Better::Neither {
            return Err(Some(format!(
                "`{}` is neither better nor worse with more: no topology can win by it",
                metric.definition().name
            )));
        }
        let sizes: Vec<u32> = experiment.cells.iter().map(|cell| cell.settings.population.peers.get()).collect();
        let (least, most) = (sizes.iter().min().copied().unwrap_or(2), sizes.iter().max().copied().unwrap_or(2));
        let from = arguments.from.unwrap_or(if least < most { least } else { 4 }).max(2);
        let to = arguments.to.unwrap_or(most);
        if from >= to {
            return Err(Some(format!(
                "the range from {from} to {to} peers has no room: give a smaller `--from`, or a larger `--to` than {from}"
            )));
        }
        let first = arguments.seeds.map_or_else(|| experiment.seeds.len().max(SEEDS_LEAST), usize::from);
        let most = arguments.seeds_max.map_or(4 * first, usize::from);
        if most < first {
            return Err(Some(format!(
                "`--seeds-max {most}` is less than the {first} seeds of the first look: give {first} or more"
            )));
        }
        let precision = f64::from(arguments.precision) / 100.0;
        let better = metric.definition().better;
        let plan = Plan { from, to, seeds: first, seeds_max: most, precision, better };
        if sign_test(0, most) > plan.level() {
            return Err(Some(format!(
                "with at most {most} seeds nothing shows that one topology works and the other does not: give \
                 `--seeds-max {SEEDS_LEAST}` or more"
            )));
        }
        experiment.warnings().into_iter().for_each(say::warning);
        let seeds = extended(&experiment.seeds, most);
        Ok(Self { arguments, registry, name: experiment.name, pair, metric, seeds, plan })
    }

    fn subject(&self) -> Subject {
        let Pair { axes, labels } = self.pair.clone();
        Subject { name: self.name.clone(), axes, topologies: labels, metric: self.metric }
    }

    // The closed forms are asked about the largest population: it has every class of the mix.
    fn closed_forms(&self) -> Result<Vec<ClosedForm>, Stopped> {
        let experiment = self.experiment(self.plan.to, 0..1)?;
        let [first, second] = [&experiment.cells[0], &experiment.cells[1]];
        closed_forms([first, second], &self.seeds[..self.plan.seeds])
            .map_err(|error| Stopped::Failed(error.to_string()))
    }

    // The scenario with so many peers, both topologies and nothing else, and these of the seeds.
    fn experiment(
        &self,
        peers: u32,
        seeds: std::ops::Range<usize>,
    ) -> Result<peerscape::scenario::Experiment, Stopped> {
        let overrides = [self.arguments.source.overrides.as_slice(), &[format!("population.peers={peers}")]].concat();
        let mut experiment = self
            .registry
            .load(&self.arguments.source.scenario, &overrides)
            .map_err(|errors| Stopped::Usage(format!("with {peers} peers:\n{:?}", miette::Report::new(errors))))?;
        self.pair.keep_alone(&mut experiment).map_err(|label| {
            Stopped::Usage(format!(
                "error: with {peers} peers the scenario has no `{label}`; `--from` and `--to` bound the range"
            ))
        })?;
        experiment.seeds = self.seeds[seeds].to_vec();
        Ok(experiment)
    }

    fn measure(&self, peers: u32, seeds: std::ops::Range<usize>, watch: &mut Watch) -> Result<Vec<Paired>, Stopped> {
        let experiment = Arc::new(self.experiment(peers, seeds.clone())?);
        let jobs = self.arguments.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
        let options = SweepOptions { jobs, rung: Rung::MODEL };
        let failed = |error: &dyn std::error::Error| Stopped::Failed(error.to_string());
        sweep::check_memory(&experiment, options, None).map_err(|error| failed(&error))?;
        let results = sweep::run(&experiment, options, watch).map_err(|error| failed(&error))?;
        if !results.is_complete() {
            return Err(Stopped::Interrupted);
        }
        if let Some((topology, _, finding)) = results.without_figures().next() {
            return Err(Stopped::Failed(format!("{topology} with {peers} peers: {}", finding.text)));
        }
        say::line(format_args!("measured {peers} peers with {} seeds", seeds.end));
        Ok(crossover::observed(&results, [0, 1], self.metric))
    }
}

fn metric(name: Option<&str>) -> Result<Option<MetricId>, String> {
    let Some(name) = name else { return Ok(None) };
    if let Some(metric) = MetricId::by_name(name) {
        return Ok(Some(metric));
    }
    let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let meant = closest_name(name, &names).map_or_else(String::new, |close| format!(" (did you mean `{close}`?)"));
    Err(format!("no metric is called `{name}`{meant}; `peerscape list metrics` shows all"))
}

// These seeds, and the smallest numbers that are not among them.
fn extended(seeds: &[Seed], count: usize) -> Vec<Seed> {
    let others = (1..).map(Seed).filter(|seed| !seeds.contains(seed));
    seeds.iter().copied().chain(others).take(count).collect()
}
