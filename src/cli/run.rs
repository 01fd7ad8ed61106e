//! `peerscape run`: every cell with every seed, then the answer.

use std::io::{self, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum};
use miette::IntoDiagnostic;
use peerscape::report::{self, Answer, Claim, Content, FolderError, Outcome, Provenance, Written, folder, plot};
use peerscape::scenario::{Experiment, Registry};
use peerscape::sweep::store::{Head, STORE, write_store};
use peerscape::sweep::{self, Kept, Results, Rung, Store, SweepOptions};
use peerscape::units::ByteCount;

use super::exit::Exit;
use super::place::Place;
use super::progress::Progress;
use super::rung::RungName;
use super::say;
use super::source::Source;

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How many replications run at once [default: one a processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// What runs the replications
    #[arg(long, value_enum, default_value_t)]
    rung: RungName,
    #[command(flatten)]
    place: Place,
    /// Go on with a run that was cut off: do only what is missing
    #[arg(long)]
    resume: bool,
    /// Run the first seed of every cell message by message and packet by packet, show the difference, write nothing
    #[arg(long, conflicts_with_all = ["out", "force", "resume", "rung", "format"])]
    check_grain: bool,
    /// How much memory the replications may take together: `2GB` [default: what is free, in the container if there is
    /// one]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory_limit: Option<ByteCount>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also write every plot as PNG
    #[cfg(feature = "png")]
    #[arg(long)]
    png: bool,
}

/// How to print the answer.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A table and sentences
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// Runs the scenario, writes its results and prints the answer.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    if arguments.check_grain {
        return super::check_grain::run(
            &arguments.source.scenario,
            &arguments.source.overrides,
            arguments.jobs(),
            registry,
        );
    }
    let Some(experiment) = arguments.source.load(registry).map(Arc::new) else { return Ok(Exit::Usage) };
    let Some(rung) = arguments.rung.rung() else {
        say::error(super::rung::NO_STACK);
        return Ok(Exit::Usage);
    };
    experiment.inputs().iter().for_each(|input| say::line(format_args!("read {}", input.summary)));
    let warnings = experiment.warnings().into_iter().chain(arguments.rung.warnings(&experiment));
    warnings.for_each(say::warning);
    arguments.run(&experiment, rung).or_else(|failure| {
        say::error(causes(&failure));
        Ok(Exit::Failure)
    })
}

// What went wrong, and why.
fn causes(failure: &miette::Report) -> String {
    failure.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// How a sweep ended.
struct Ended {
    started: SystemTime,
    wall: Duration,
    interrupted: bool,
}

impl Arguments {
    // How many replications run at once.
    fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from)
    }

    fn run(&self, experiment: &Arc<Experiment>, rung: Rung) -> miette::Result<Exit> {
        let options = SweepOptions { jobs: self.jobs(), rung };
        let kind = self.rung.folder_suffix();
        let out = match self.resume {
            true => self.place.named(experiment, &self.source.overrides, kind),
            false => self.place.find(experiment, &self.source.overrides, kind, rung.name).into_diagnostic()?,
        };
        if !self.place.force {
            sweep::check_memory(experiment, options, self.memory_limit).into_diagnostic()?;
        }
        let (claim, kept, mut store) = self.claim(&out, experiment, rung)?;
        let (started, clock) = now();
        let mut progress = Progress::start(experiment.cells.len() * experiment.seeds.len(), clock).into_diagnostic()?;
        let results = sweep::resume(experiment, options, kept, Some(&mut store), &mut progress).into_diagnostic()?;
        let ended = Ended { started, wall: clock.elapsed(), interrupted: progress.end() };
        if ended.interrupted && results.replications() == 0 {
            say::line("interrupted before the first replication was finished: nothing is written");
            return Ok(Exit::Interrupted);
        }
        let answer = report::answer(&results);
        let written = self.write((&claim, &store), &out, &results, &answer, &ended);
        if self.rung == RungName::Virtual {
            say::line("every connection was a real one: webrtc-rs in simulated time (--rung virtual)");
        }
        // The answer is told even where it cannot be written.
        let printed = self.print(experiment, &answer, written.as_ref().ok());
        if let Err(error) = written {
            say::error(causes(&error));
            say::line(format_args!(
                "the finished replications are in {}: with room for the results, `--resume` writes them",
                claim.store().display()
            ));
            return Ok(Exit::Failure);
        }
        claim.finish().unwrap_or_else(say::warning);
        printed.into_diagnostic()?;
        Ok(self.exit(&results, &answer, ended.interrupted))
    }

    // The folder, what need not run again, and where replications are kept as they end.
    fn claim(&self, out: &Path, experiment: &Experiment, rung: Rung) -> miette::Result<(Claim, Kept, Store)> {
        let failed = |claim: &Claim, source| FolderError::Io { action: "write", path: claim.store(), source };
        if !self.resume {
            let claim = self.place.claim(out, experiment, rung.name).into_diagnostic()?;
            let store = Store::create(&claim.store(), &Head::of(experiment, rung));
            let store = store.map_err(|source| failed(&claim, source)).into_diagnostic()?;
            return Ok((claim, Kept::default(), store));
        }
        let (claim, kept) = self.place.claim_to_resume(out, experiment, rung).into_diagnostic()?;
        let planned = experiment.cells.len() * experiment.seeds.len();
        match kept.len() {
            0 => say::line(format_args!("there is nothing to resume at {}: all replications run", out.display())),
            there => say::line(format_args!("{there} of {planned} replications are there already")),
        }
        for (count, why) in [(kept.others, "of another version or scenario"), (kept.unreadable, "not whole")] {
            if count > 0 {
                say::line(format_args!("{count} that are there are of no use, for they are {why}"));
            }
        }
        let store = Store::resume(&claim.store(), experiment, rung, &kept);
        let store = store.map_err(|source| failed(&claim, source)).into_diagnostic()?;
        Ok((claim, kept, store))
    }

    // Writes the results to the claimed folder, or beside it where it holds more than an interrupted run has.
    fn write(
        &self,
        (claim, store): (&Claim, &Store),
        out: &Path,
        results: &Results<'_>,
        answer: &Answer,
        ended: &Ended,
    ) -> miette::Result<Written> {
        let rung = results.rung.name;
        let mut files = self.files(results, answer)?;
        let names = files.iter().map(|(name, _)| name.clone());
        let provenance = Provenance {
            command: command(),
            rung,
            started: ended.started,
            wall: ended.wall,
            threads: self.jobs(),
            files: names.chain([STORE.into()]).collect(),
        };
        let manifest = Content::written(move |to| report::manifest_json(results, &provenance, to));
        files.push((folder::MANIFEST.into(), manifest));
        files.push((STORE.into(), Content::written(|to| write_store(results, store, to))));
        if ended.interrupted {
            let count = results.replications();
            let place = self.place.for_partial(out, results.experiment, rung, count).into_diagnostic()?;
            if place != out {
                let beside = Claim::take(&place, &mut |line| say::line(line)).into_diagnostic()?;
                let written = report::write_folder(&beside, &files).into_diagnostic()?;
                beside.finish().unwrap_or_else(say::warning);
                return Ok(written);
            }
        }
        report::write_folder(claim, &files).into_diagnostic()
    }

    fn exit(&self, results: &Results<'_>, answer: &Answer, interrupted: bool) -> Exit {
        const SHOWN: usize = 5;
        let broken = results.without_figures().count();
        for (topology, _, finding) in results.without_figures().take(SHOWN) {
            say::error(format_args!("{topology}: {}", finding.text));
        }
        if broken > SHOWN {
            say::error(format_args!("and {} more replications without figures: see findings.csv", broken - SHOWN));
        }
        match (interrupted, answer.outcome()) {
            (true, _) => Exit::Interrupted,
            (false, _) if broken > 0 => Exit::Failure,
            (false, Outcome::Met) => Exit::Success,
            (false, Outcome::Undecided) => Exit::ExpectationUndecided,
            (false, Outcome::Missed) => Exit::ExpectationMissed,
        }
    }

    // Tables and plots.
    fn files<'a>(&self, results: &'a Results<'_>, answer: &'a Answer) -> miette::Result<Vec<(PathBuf, Content<'a>)>> {
        let mut files = report::tables(results, &answer.summary);
        let plots = Path::new("plots");
        for (name, svg) in plot::render_all(results, answer.least_p95_ms()) {
            #[cfg(feature = "png")]
            if self.png {
                let png = plot::png(&svg, PNG_SCALE).into_diagnostic()?;
                files.push((plots.join(Path::new(&name).with_extension("png")), png.into()));
            }
            files.push((plots.join(name), svg.into_bytes().into()));
        }
        Ok(files)
    }

    fn print(&self, experiment: &Experiment, answer: &Answer, written: Option<&Written>) -> io::Result<()> {
        let text = match self.format {
            Format::Text => {
                let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                report::terminal::render(answer, written, WIDTH, colour)
            }
            Format::Json => report::json::render(experiment, answer, written),
        };
        match stdout().write_all(text.as_bytes()) {
            // Whoever read the answer has seen enough; the files are written.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

// `2GB`, `500 MB`: a size as scenarios write it, with or without the space.
fn size(text: &str) -> Result<ByteCount, String> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    format!("{} {unit}", number.trim()).parse().map_err(|_| "a size such as `2GB`".to_owned())
}

/// Columns of the answer: what a terminal of any size shows without wrapping badly.
const WIDTH: u16 = 110;

/// Pixels a unit of the SVG: sharp on paper.
#[cfg(feature = "png")]
const PNG_SCALE: f32 = 2.0;

#[expect(clippy::disallowed_methods, reason = "the wall clock stands in the manifest and the progress line only")]
pub(super) fn now() -> (SystemTime, Instant) {
    (SystemTime::now(), Instant::now())
}

// The command line that repeats this run.
pub(super) fn command() -> String {
    let quote = |word: String| match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,".contains(c)) {
        true => word,
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let arguments = words.map(quote);
    ["peerscape".to_owned()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}
