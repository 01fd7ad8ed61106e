//! From the tables of one combination to its settings: defaults filled in, impossible values found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::capacity::Traces;
use super::connecting;
use super::explain;
use super::file::{NetworkTable, PopulationTable, RunTable};
use super::grain;
use super::limits;
use super::messages::MessageFiles;
use super::plain;
use super::problem::Problem;
use super::read::Reader;
use super::settings::{Grain, RunSettings, Settings};
use super::source::Span;
use super::topologies;
use super::tree::{self, Node, TreePath, join, path};
use super::turn;
use super::workloads;
use crate::net::{LatencySpec, MatrixFile, NatMix, RegionMix};
use crate::overlay::workload::Workload;
use crate::presets::OrPreset;
use crate::units::Probability;
use crate::webrtc::WebrtcSpec;
use crate::world::{ClassSpec, PeerCount, PopulationSpec};

/// What the resolution of one scenario's combinations shares.
#[derive(Debug)]
pub(super) struct Resolver<'p> {
    base_dir: &'p Path,
    // Each matrix file is read once.
    matrices: BTreeMap<(PathBuf, String), Option<MatrixFile>>,
    traces: Traces,
    messages: MessageFiles,
}

impl<'p> Resolver<'p> {
    /// A resolver for a scenario whose files are relative to `base_dir`.
    pub(super) fn new(base_dir: &'p Path) -> Self {
        Self { base_dir, matrices: BTreeMap::new(), traces: Traces::default(), messages: MessageFiles::default() }
    }

    /// The settings that `reader`'s tree describes. What is wrong goes to the reader's problems;
    /// the settings are then of no use.
    pub(super) fn settings(&mut self, reader: &mut Reader<'_, '_>) -> Settings {
        let (run, named_grain) = run(reader);
        let latency = self.latency(reader);
        let mut population = population(reader, &latency);
        self.traces.read(reader, &mut population.classes, self.base_dir);
        let webrtc: WebrtcSpec = reader.read(&path(["webrtc"]));
        if let Some(name) = &webrtc.signaling.place {
            check_place(reader, &path(["webrtc", "signaling", "place"]), name, &latency);
        }
        connecting::check(reader, &webrtc);
        turn::check(reader, &webrtc.turn, &latency);
        let workloads = self.workloads(reader, &run, &population);
        let mut settings = Settings { run, population, latency, webrtc, workloads };
        grain::check(reader, &settings, named_grain);
        settings.run.grain = named_grain.unwrap_or_else(|| grain::by_cost(&settings));
        settings
    }

    fn workloads(
        &mut self,
        reader: &mut Reader<'_, '_>,
        run: &RunSettings,
        population: &PopulationSpec,
    ) -> Vec<Arc<dyn Workload>> {
        let mut read = topologies::workloads(reader);
        for (place, workload) in &mut read {
            *workload = self.messages.fill(reader, place, Arc::clone(workload), self.base_dir);
            workloads::check_length(reader, &join(place, "file"), workload.as_ref(), run);
        }
        workloads::check(reader, &read, run, population);
        read.into_iter().map(|(_, workload)| workload).collect()
    }

    fn latency(&mut self, reader: &mut Reader<'_, '_>) -> LatencySpec {
        let place = path(["network", "latency"]);
        check_latency_kind(reader);
        let network = reader.parse(&path(["network"]), |value| serde::Deserialize::deserialize(value), by_kind);
        let network: NetworkTable = network.unwrap_or_default();
        match network.latency {
            LatencySpec::Uniform { min, max } if max < min => {
                let label = format!("less than `min`, which is {min}");
                reader.problem(&join(&place, "max"), format!("no delay is at least {min} and at most {max}"), label);
                LatencySpec::default()
            }
            LatencySpec::Uniform { max, .. } => {
                limits::check_span(reader, &join(&place, "max"), max, limits::LONGEST_DELAY);
                network.latency
            }
            LatencySpec::Constant { one_way } => {
                limits::check_span(reader, &join(&place, "one_way"), one_way, limits::LONGEST_DELAY);
                network.latency
            }
            LatencySpec::Matrix(matrix) => self.matrix(reader, &matrix),
            latency => latency,
        }
    }

    fn matrix(&mut self, reader: &mut Reader<'_, '_>, matrix: &MatrixFile) -> LatencySpec {
        let key = (matrix.file.clone(), format!("{:?} {:?}", matrix.unit, matrix.measures));
        if !self.matrices.contains_key(&key) {
            let read = matrix.read(self.base_dir);
            if let Err(error) = &read {
                let place = path(["network", "latency", "file"]);
                reader.push(Problem::of_file(reader.span(&place), error));
            }
            self.matrices.insert(key.clone(), read.ok());
        }
        match &self.matrices[&key] {
            Some(matrix) => LatencySpec::Matrix(matrix.clone()),
            None => {
                reader.lose(&path(["network", "latency"]));
                LatencySpec::default()
            }
        }
    }
}

/// The run, and the grain if the scenario names one.
fn run(reader: &mut Reader<'_, '_>) -> (RunSettings, Option<Grain>) {
    let place = path(["run"]);
    let RunTable { duration, warmup, drain, grain, .. } = reader.read(&place);
    if duration <= warmup && !reader.lost(&place) {
        let at = if reader.get(&join(&place, "warmup")).is_some() { "warmup" } else { "duration" };
        let message =
            format!("nothing is measured: the warm-up of {warmup} is not shorter than the duration of {duration}");
        reader.problem(&join(&place, at), message, "`warmup` must be less than `duration`");
    }
    for (key, span) in [("duration", duration), ("warmup", warmup), ("drain", drain)] {
        limits::check_span(reader, &join(&place, key), span, limits::LONGEST_RUN);
    }
    (RunSettings { duration, warmup, drain, grain: grain.unwrap_or_default() }, grain)
}

/// Fewer peers than this have nobody to talk to.
const FEWEST_PEERS: PeerCount = PeerCount::new(2).expect("in range");

fn population(reader: &mut Reader<'_, '_>, latency: &LatencySpec) -> PopulationSpec {
    let place = path(["population"]);
    let table: PopulationTable = reader.read(&place);
    let peers_at = join(&place, "peers");
    match table.peers {
        None if !reader.lost(&peers_at) => {
            let span = reader.get(&place).map(Spanned::span);
            let problem = explain::missing_key("peers", "population", span);
            reader.push(problem.help("say how many peers take part:\n[population]\npeers = 100"));
        }
        Some(peers) if peers < FEWEST_PEERS => {
            reader.problem(&peers_at, format!("{peers} peer has nobody to talk to"), "at least 2");
        }
        _ => {}
    }
    limits::check_span(reader, &join(&place, "join_over"), table.join_over, limits::LONGEST_RUN);
    let regions = table.regions.unwrap_or_else(|| OrPreset::named("world").expect("invariant: the name of a preset"));
    check_regions(reader, &regions, latency);
    let classes = if table.class.is_empty() { vec![ClassSpec::named("home")] } else { table.class };
    check_classes(reader, &classes);
    PopulationSpec { peers: table.peers.unwrap_or(FEWEST_PEERS), regions, join_over: table.join_over, classes }
}

fn check_regions(reader: &mut Reader<'_, '_>, regions: &OrPreset<RegionMix>, latency: &LatencySpec) {
    let place = path(["population", "regions"]);
    if regions.name.is_some() || reader.lost(&place) || !matches!(latency, LatencySpec::Cities { .. }) {
        return;
    }
    let shares = &regions.value.0;
    for name in shares.keys() {
        check_place(reader, &join(&place, name), name, latency);
    }
    let places = shares.iter().map(|(name, share)| (join(&place, name), *share));
    check_whole(reader, &place, "the shares of the regions", places.collect());
}

fn check_classes(reader: &mut Reader<'_, '_>, classes: &[ClassSpec]) {
    let list = path(["population", "class"]);
    for (index, class) in classes.iter().enumerate() {
        let place = join(&list, index);
        if class.name.is_empty() && !reader.lost(&place) {
            let problem = explain::missing_key("name", &reader.words(&place), reader.span(&place));
            reader.push(problem);
        }
        if !class.name.is_empty() && classes[..index].iter().any(|other| other.name == class.name) {
            reader.problem(
                &join(&place, "name"),
                format!("two classes are called `{}`", class.name),
                "the same name again",
            );
        }
        if let Some((message, rule)) = plain::name_fault(&class.name) {
            reader.problem(&join(&place, "name"), message, rule);
        }
        check_class(reader, &place, class);
    }
    if !reader.lost(&list) {
        let share = |(index, class): (usize, &ClassSpec)| (join(&join(&list, index), "share"), class.share);
        check_whole(reader, &list, "the shares of the classes", classes.iter().enumerate().map(share).collect());
    }
}

fn check_class(reader: &mut Reader<'_, '_>, place: &[String], class: &ClassSpec) {
    let [link_at, nat_at, device_at] = ["link", "nat", "device"].map(|key| join(place, key));
    let (link, device) = (class.link.value, class.device.value);
    if !(0.0..=3.0).contains(&link.spread) {
        reader.problem(
            &join(&link_at, "spread"),
            format!("a spread of {} is not plausible", link.spread),
            "from 0 to 3",
        );
    }
    for (key, rate) in [("up", link.up), ("down", link.down)] {
        limits::check_rate(reader, &join(&link_at, key), rate, "a link", "carries");
    }
    if !(0.01..=100.0).contains(&device.speed) {
        reader.problem(
            &join(&device_at, "speed"),
            format!("a speed of {} server cores is not plausible", device.speed),
            "from 0.01 to 100",
        );
    }
    if device.budget.get() < 0.001 {
        let message = format!("a device that may use {} of a core cannot take part", device.budget);
        reader.problem(&join(&device_at, "budget"), message, "at least 0.1 %");
    }
    limits::check_class_spans(reader, place, class);
    limits::check_class_memory(reader, place, class);
    check_nat(reader, &nat_at, &class.nat);
}

fn check_nat(reader: &mut Reader<'_, '_>, place: &[String], nat: &OrPreset<NatMix>) {
    if nat.name.is_some() || reader.lost(place) {
        return;
    }
    let mix = &nat.value;
    for (key, mean) in [("peers_per_lan", mix.peers_per_lan), ("peers_per_carrier_nat", mix.peers_per_carrier_nat)] {
        if !(1.0..=NatMix::MOST_PEERS_PER_BOX).contains(&mean) {
            let message = format!("a mean of {mean} peers behind one box is not plausible");
            reader.problem(&join(place, key), message, format!("from 1 to {}", NatMix::MOST_PEERS_PER_BOX));
        }
    }
    let shares = mix.shares().map(|(_, share)| (place.to_vec(), share)).collect();
    check_whole(reader, place, "the shares of the NATs", shares);
}

/// Shares may miss the whole by this much, as rounded figures do: 0.01 %.
const SHARE_TOLERANCE: f64 = 1e-4;

fn check_whole(reader: &mut Reader<'_, '_>, place: &[String], what: &str, shares: Vec<(TreePath, Probability)>) {
    let total: f64 = shares.iter().map(|(_, share)| share.get()).sum();
    if (total - 1.0).abs() <= SHARE_TOLERANCE {
        return;
    }
    let percent = (total * 1e6).round() / 1e4;
    let message = format!("{what} add up to {percent} %, not 100 %");
    let mut parts: Vec<(Span, String)> = Vec::new();
    for (at, share) in shares {
        let by_default = if reader.get(&at).is_none() { ", by default" } else { "" };
        if let Some(span) = reader.span(&at).filter(|span| parts.iter().all(|(other, _)| other != span)) {
            parts.push((span, format!("{share}{by_default}")));
        }
    }
    // The parts of a list show where it is wrong; one alone is the place.
    reader.push(match parts.len() {
        0 | 1 => Problem::at(reader.span(place), message, format!("{percent} % in all")),
        _ => {
            let (span, label) = parts.remove(0);
            Problem { others: parts, ..Problem::at(Some(span), message, label) }
        }
    });
}

/// Reports a name that is no place of the latency model.
pub(super) fn check_place(reader: &mut Reader<'_, '_>, place: &[String], name: &str, latency: &LatencySpec) {
    let names: Vec<&str> = latency.place_names().collect();
    if names.contains(&name) || reader.lost(&path(["network", "latency"])) {
        return;
    }
    let span = tree::key_span(reader.root(), place).filter(|_| place[1] == "regions").or_else(|| reader.span(place));
    reader.push(match names.is_empty() {
        true => Problem::at(span, format!("there is no place `{name}`: this latency knows no places"), "leave it out"),
        false => explain::unknown("place", name, &names, span),
    });
}

fn check_latency_kind(reader: &mut Reader<'_, '_>) {
    let place = path(["network", "latency"]);
    let example = "such as latency = { kind = \"cities\" }";
    let fault = match reader.get(&place).map(Spanned::get_ref) {
        Some(DeValue::Table(table)) if table.contains_key("kind") => return,
        Some(DeValue::Table(_)) => explain::missing_key("kind", "network.latency", reader.span(&place)),
        Some(other) => {
            let message = format!("`network.latency` cannot be \"{}\"", tree::plain_text(other));
            Problem::at(reader.span(&place), message, "expected a table with a `kind`")
        }
        None => return,
    };
    reader.push(fault.help(example));
    reader.lose(&place);
}

/// Brings `latency = { kind = "uniform", ... }` into the form `{ uniform = { ... } }`, in which
/// serde keeps the place of every value.
fn by_kind(mut network: Node<'_>) -> Node<'_> {
    if let Some(latency) = tree::get_mut(&mut network, &path(["latency"]))
        && let DeValue::Table(table) = latency.get_mut()
        && let Some(kind) = table.remove("kind")
    {
        let key = Spanned::new(kind.span(), tree::plain_text(kind.get_ref()).into());
        let span = latency.span();
        let outer: DeTable<'_> = [(key, latency.clone())].into_iter().collect();
        *latency = Spanned::new(span, DeValue::Table(outer));
    }
    network
}
