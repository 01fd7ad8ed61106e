//! The same scenario, seed and version give the same bytes, however they are computed.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const SCENARIO: &str = r#"
name = "small"

[run]
duration = "4 s"
warmup = "1 s"
grain = ["message", "packet"]
seeds = 2

[population]
peers = [8, 24]

[[population.class]]
name = "home"
share = "60 %"
link = "cable"
nat = "home"

[[population.class]]
name = "mobile"
share = "40 %"
link = "4g"
nat = "mobile"
device = "phone"

[[workload]]
kind = "state-sync"
message = "200 B"
rate = "5 /s"
channel = "reliable"

[[topology]]
kind = "mesh"

[[topology]]
kind = "star"

[[topology]]
kind = "tree"
degree = [2, 4]

[[topology]]
kind = "hybrid"
peers_per_hub = 6
"#;

struct Run {
    _folder: TempDir,
    out: PathBuf,
}

/// Runs a scenario text with the program itself.
fn run(scenario: &str, arguments: &[&str]) -> Run {
    let folder = support::workshop(scenario);
    let output = support::run(folder.path(), &[&["--out", "out"], arguments].concat());
    assert!(output.status.success(), "{}", support::stderr(&output));
    let out = folder.path().join("out");
    Run { _folder: folder, out }
}

impl Run {
    /// All files but the manifest, by name.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        support::files(&self.out)
    }

    /// The rows of `runs.csv` by topology.
    fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let text = std::fs::read_to_string(self.out.join("runs.csv")).expect("read");
        let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in text.lines().skip(1) {
            let topology = row.split(',').next().expect("a column").to_owned();
            rows.entry(topology).or_default().push(row.to_owned());
        }
        rows
    }
}

#[test]
fn one_thread_and_two_and_again_give_the_same_bytes() {
    let one = run(SCENARIO, &["--jobs", "1"]).files();
    assert_eq!(one, run(SCENARIO, &["--jobs", "2"]).files());
    assert_eq!(one, run(SCENARIO, &["--jobs", "2"]).files());
}

/// Populations of more than 80 peers look their set-ups up in what was learned for all of their replications,
/// by whichever of them comes first.
#[test]
fn what_replications_share_changes_nothing() {
    let larger = SCENARIO
        .replace("peers = [8, 24]", "peers = [81, 84]")
        .replace("grain = [\"message\", \"packet\"]\n", "grain = \"message\"\n")
        .replace("nat = \"mobile\"", "nat = [\"mobile\", \"home\"]")
        .replace("[[topology]]\nkind = \"star\"\n", "")
        .replace("degree = [2, 4]", "degree = 4");
    let one = run(&larger, &["--jobs", "1"]);
    assert_eq!(one.files(), run(&larger, &["--jobs", "2"]).files());
    // Alone, and after others.
    let alone = larger.replace("[81, 84]", "84").replace("[\"mobile\", \"home\"]", "\"home\"");
    let measured = |row: &String| row.split_once(",84,").map(|(_, rest)| rest.to_owned());
    let figures = |run: &Run, with: &str| {
        let rows = run.rows().remove("mesh").expect("rows of the mesh");
        let rows = rows.iter().filter_map(measured).filter_map(|row| row.strip_prefix(with).map(str::to_owned));
        rows.collect::<Vec<_>>()
    };
    let (among, by_itself) = (figures(&one, "home,"), figures(&run(&alone, &[]), ""));
    assert!(among.len() > 20 && among == by_itself, "{among:?}\n{by_itself:?}");
    // Without the other topologies, too: a star has no more connections than a small mesh, and meets the same model.
    let star = alone[..alone.find("[[topology]]").expect("a topology")].to_owned() + "[[topology]]\nkind = \"star\"\n";
    let beside = star.clone() + "[[topology]]\nkind = \"mesh\"\n";
    let [star, beside] = [star, beside].map(|scenario| run(&scenario, &[]).rows().remove("star"));
    assert!(star.is_some() && star == beside, "{star:?}\n{beside:?}");
}

#[test]
fn adding_a_topology_leaves_the_rows_of_the_others_alone() {
    let all = run(SCENARIO, &[]).rows();
    let fewer = SCENARIO.replace("[[topology]]\nkind = \"star\"\n", "").replace("degree = [2, 4]", "degree = 4");
    let fewer = run(&fewer, &[]).rows();
    assert_eq!(fewer.len(), 3);
    for (topology, rows) in fewer {
        assert_eq!(all[&topology], rows, "{topology}");
    }
}

#[test]
fn the_order_of_cells_changes_nothing_but_the_order_of_rows() {
    let turned = SCENARIO.replace("peers = [8, 24]", "peers = [24, 8]");
    let sorted = |scenario: &str| {
        let mut rows: Vec<String> = run(scenario, &[]).rows().into_values().flatten().collect();
        rows.sort_unstable();
        rows
    };
    assert_eq!(sorted(SCENARIO), sorted(&turned));
}

/// Results of this version, checked in: debug or release, today or next year, on this processor
/// or another. `PEERSCAPE_BLESS=1 cargo test` writes them anew after a change of the models.
#[test]
fn results_are_those_that_are_checked_in() {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/reference/small-runs.csv");
    let runs = std::fs::read(run(SCENARIO, &[]).out.join("runs.csv")).expect("read");
    if std::env::var_os("PEERSCAPE_BLESS").is_some() {
        std::fs::create_dir_all(reference.parent().expect("a folder")).expect("made");
        std::fs::write(&reference, &runs).expect("written");
    }
    let expected = std::fs::read(&reference).expect("a reference");
    assert!(runs == expected, "runs.csv differs from {}", reference.display());
}
