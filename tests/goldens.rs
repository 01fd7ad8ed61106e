//! Results of this version over everything that is shipped: every scenario, shortened, packet by packet and message by
//! message where both are possible, and two on the real stack in virtual time.
//!
//! `results/reference/goldens*.txt` holds a line for each metric of each run: a short hash of every value, in the
//! order of the rows. So a test can name the scenario, the metric and the first row that moved, and the files stay
//! small. `PEERSCAPE_BLESS=1 cargo test --test goldens` writes them anew after a change of the models.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use xxhash_rust::xxh3::xxh3_64;

/// A scenario, what shortens it, and what follows it.
struct Case {
    scenario: &'static str,
    set: &'static [&'static str],
    ran_by: &'static [&'static str],
}

const BOTH: &[&str] = &["packet", "message"];
const PACKETS: &[&str] = &["packet"];
const MESSAGES: &[&str] = &["message"];

const fn case(scenario: &'static str, set: &'static [&'static str], ran_by: &'static [&'static str]) -> Case {
    Case { scenario, set, ran_by }
}

/// One run each. Which way a model answers is in them all: set-ups that are played through and that are looked up
/// (more than 100 peers), arrivals in order and out of it, audiences, pieces of contents, lanes, traces.
const CASES: &[Case] = &[
    // Live streams are followed packet by packet; what messages cost beside files is fluid, message by message.
    case("adaptive-live", &["run.duration=\"40 s\"", "run.warmup=\"10 s\"", "run.seeds=1"], PACKETS),
    case("ask-the-servers", &["population.peers=[25, 60]", "run.duration=\"50 s\"", "run.seeds=1"], BOTH),
    case("backup-parents", &["population.peers=[40, 160]", "run.seeds=1", "run.duration=\"30 s\""], BOTH),
    case("checked-load", &["run.seeds=1"], BOTH),
    case("checked-loss", &["run.seeds=1", "run.duration=\"44 s\""], BOTH),
    case("checked-relays", &["run.seeds=1"], BOTH),
    case("checked-uplinks", &["run.seeds=1"], BOTH),
    case("compare-all", &["population.peers=40", "run.seeds=1", "run.duration=\"24 s\""], BOTH),
    case("crossover", &["population.peers=[8, 32]", "run.seeds=1"], BOTH),
    case("cursors-beside-files", &["run.seeds=1", "run.duration=\"30 s\""], MESSAGES),
    case("flood", &["population.peers=[16, 60]", "run.seeds=1"], BOTH),
    case("glare", &["population.peers=16", "run.seeds=1", "run.duration=\"25 s\""], BOTH),
    case("hybrids", &["population.peers=200", "run.seeds=1", "run.duration=\"24 s\""], BOTH),
    case("join-burst", &["population.peers=300", "run.seeds=1"], MESSAGES),
    case("many-to-one", &["population.peers=[50, 80]", "run.seeds=1", "run.duration=\"50 s\""], BOTH),
    case("matrix", &["population.peers=[8, 16]", "run.seeds=2"], BOTH),
    case("model-shards", &["population.peers=[50, 60]", "run.seeds=1"], MESSAGES),
    case("nat-mix", &["run.seeds=3"], BOTH),
    case("optimise-hybrid", &["population.peers=200", "run.seeds=1", "run.duration=\"7 s\""], MESSAGES),
    case("own-plan", &["run.seeds=2"], BOTH),
    case("phones-in-the-mesh", &["population.peers=[8, 24]", "run.seeds=2"], BOTH),
    case("quickstart-small", &["run.seeds=2"], BOTH),
    case("quickstart", &["population.peers=[20, 100]", "run.seeds=1"], BOTH),
    case("state-sync", &["population.peers=[10, 50]", "run.seeds=1"], BOTH),
    case("thousand-real-peers", &["population.peers=500"], BOTH),
    case("thousand-browsers", &["population.peers=200", "run.seeds=1", "run.duration=\"22 s\""], MESSAGES),
    case("uplink-wall", &["population.peers=[10, 60]", "run.seeds=1"], BOTH),
    case("whiteboard-replay", &["population.peers=[6, 24]", "run.seeds=1"], BOTH),
    case("bench/flood-10k", &["run.duration=\"2 s\""], MESSAGES),
    case("bench/full-10k", &["population.peers=2000", "run.duration=\"20 s\"", "run.seeds=1"], BOTH),
    case("bench/w2-10k", &["run.duration=\"4 s\""], MESSAGES),
    case("bench/w2-1k", &["run.duration=\"4 s\"", "webrtc.overhead=\"full\""], BOTH),
    case("bench/w3-500", &["population.peers=120", "run.duration=\"4 s\""], MESSAGES),
    case("bench/w3-2000", &["population.peers=60", "run.duration=\"4 s\"", "webrtc.overhead=\"full\""], PACKETS),
];

#[test]
fn shipped_scenarios_give_the_values_that_are_checked_in() {
    compare("goldens.txt", CASES.iter().flat_map(|case| case.ran_by.iter().map(move |grain| (case, *grain))));
}

#[cfg(feature = "real")]
#[test]
fn the_real_stack_gives_the_values_that_are_checked_in() {
    let cases = [
        case("quickstart-small", &["run.seeds=1"], &["virtual"]),
        case("checked-relays", &["run.seeds=1"], &["virtual"]),
    ];
    compare("goldens-virtual.txt", cases.iter().map(|case| (case, "virtual")));
}

#[test]
fn every_shipped_scenario_is_among_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        if path.extension().is_some_and(|extension| extension == "toml") {
            assert!(CASES.iter().any(|case| case.scenario == name), "no golden runs {name}");
        }
    }
}

/// Values by metric, each with where it stands: topology, axes and seed.
type Values = BTreeMap<String, Vec<(String, String)>>;

fn compare<'a>(reference: &str, runs: impl Iterator<Item = (&'a Case, &'a str)>) {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/reference").join(reference);
    let runs: Vec<(String, Values)> =
        runs.map(|(case, ran_by)| (format!("{} {ran_by}", case.scenario), run(case, ran_by))).collect();
    if std::env::var_os("PEERSCAPE_BLESS").is_some() {
        let lines = runs.iter().flat_map(|(run, values)| values.iter().map(move |(metric, rows)| (run, metric, rows)));
        let mut text = String::new();
        for (run, metric, rows) in lines {
            writeln!(text, "{run} {metric} {}", hashes(rows).join("")).expect("text grows");
        }
        std::fs::write(&reference, text).expect("written");
    }
    let text = std::fs::read_to_string(&reference).expect("the reference");
    let expected: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.rsplit_once(' ')).collect();
    let mut moved: Vec<String> = Vec::new();
    for (run, values) in &runs {
        moved.extend(values.iter().filter_map(|(metric, rows)| {
            let key = format!("{run} {metric}");
            moved_row(expected.get(key.as_str()).copied(), rows).map(|row| format!("{key}: {row}"))
        }));
    }
    let metrics: usize = runs.iter().map(|(_, values)| values.len()).sum();
    if metrics != expected.len() {
        moved.push(format!("{metrics} metrics are measured, and {} were", expected.len()));
    }
    let shown = moved.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(moved.is_empty(), "{} metrics moved against {}:\n{shown}", moved.len(), reference.display());
}

/// The first row whose value is not the expected one.
fn moved_row(expected: Option<&str>, rows: &[(String, String)]) -> Option<String> {
    let Some(expected) = expected else { return Some("is new".to_owned()) };
    let before = |place: usize| expected.get(HASH_LEN * place..HASH_LEN * (place + 1));
    let now = hashes(rows);
    let first = (0..now.len()).find(|&place| before(place) != Some(now[place].as_str()));
    match first.map(|place| &rows[place]) {
        Some((row, value)) => Some(format!("{row} is now {value}")),
        None if expected.len() != HASH_LEN * now.len() => Some(format!("has {} rows now", now.len())),
        None => None,
    }
}

/// Letters of a hash: 16 bits of each value, over dozens of metrics, let no change of a model slip through.
const HASH_LEN: usize = 4;

fn hashes(rows: &[(String, String)]) -> Vec<String> {
    rows.iter().map(|(row, value)| format!("{:04x}", xxh3_64(format!("{row} {value}").as_bytes()) & 0xffff)).collect()
}

/// What one run puts into `runs.csv` and `findings.csv`.
fn run(case: &Case, ran_by: &str) -> Values {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file: PathBuf = root.join("scenarios").join(case.scenario).with_extension("toml");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerscape"));
    command.arg("run").arg(file).arg("--out").arg(&out);
    match ran_by {
        "virtual" => command.args(["--rung", "virtual"]),
        grain => command.arg("--set").arg(format!("run.grain=\"{grain}\"")),
    };
    case.set.iter().for_each(|set| {
        command.args(["--set", set]);
    });
    let output = command.output().expect("it starts");
    // One seed may leave undecided, or miss, what is expected.
    let is_answer = matches!(output.status.code(), Some(0 | 3 | 4));
    assert!(is_answer, "{} {ran_by}: {}", case.scenario, String::from_utf8_lossy(&output.stderr));
    let mut values = Values::new();
    // A finding is a value, too: its kind stands where a metric does, and its text where the value does.
    for file in ["runs.csv", "findings.csv"] {
        let mut reader = csv::Reader::from_path(out.join(file)).expect("a table");
        for record in reader.records() {
            let record = record.expect("a row");
            let fields: Vec<&str> = record.iter().collect();
            let [row @ .., metric, value] = fields.as_slice() else { panic!("a short row") };
            values.entry((*metric).to_owned()).or_default().push((row.join(","), (*value).to_owned()));
        }
    }
    assert!(values.len() > 20, "{} {ran_by}: {} metrics", case.scenario, values.len());
    values
}
