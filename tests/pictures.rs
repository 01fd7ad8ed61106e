//! The pictures of docs/TOPOLOGIES.md are drawn by this version; `PEERSCAPE_BLESS=1` draws them anew.

use std::path::{Path, PathBuf};

use peerscape::report::{PlanFormat, PlanOutput};
use peerscape::rng::Seed;
use peerscape::scenario;

/// The pictures, each with the label of its topology in `scenarios/compare-all.toml` and the number of peers.
const PICTURES: [(&str, &str, u32); 17] = [
    ("mesh", "mesh", 20),
    ("star", "star", 40),
    ("star-server", "star hub=server", 40),
    ("tree", "tree degree=4", 40),
    ("tree-by-delay", "tree degree=8", 40),
    ("multi-tree", "multi-tree", 40),
    ("genet", "genet", 40),
    ("mesh-of-trees", "hybrid hubs=6", 40),
    ("tree-of-meshes", "hybrid hubs=20", 60),
    ("stars-around-a-random-graph", "hybrid hubs=20 choose=best-capacity core=(random-regular degree=4)", 60),
    ("random-regular", "random-regular degree=4", 40),
    ("ring", "ring", 40),
    ("nearest", "nearest", 40),
    ("y-webrtc", "y-webrtc", 36),
    ("webtorrent", "webtorrent", 40),
    ("hyparview", "hyparview", 40),
    ("gossipsub", "gossipsub", 32),
];
/// Small enough for a page that shows all of them.
const BYTES_MAX: usize = 60_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn drawn(label: &str, peers: u32) -> String {
    let path = root().join("scenarios/compare-all.toml");
    let overrides = [format!("population.peers={peers}")];
    let experiment =
        scenario::load(&path, &overrides).unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
    let cell = (experiment.cells.iter().find(|cell| cell.label == label))
        .or_else(|| experiment.cells.iter().find(|cell| cell.label.starts_with(label)))
        .unwrap_or_else(|| panic!("no topology {label}"));
    let mut bytes = Vec::new();
    let plan = PlanOutput::of(&experiment.name, cell, Seed(1)).expect("a population");
    plan.write(PlanFormat::Svg, &mut bytes).expect("written");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn pictures_are_what_this_version_draws() {
    let page = std::fs::read_to_string(root().join("docs/TOPOLOGIES.md")).expect("the page");
    for (name, label, peers) in PICTURES {
        let file = format!("images/topology-{name}.svg");
        assert!(page.contains(&file), "docs/TOPOLOGIES.md does not show {file}");
        let path = root().join("docs").join(&file);
        let svg = drawn(label, peers);
        assert!(svg.len() < BYTES_MAX, "{file} has {} bytes", svg.len());
        if std::env::var_os("PEERSCAPE_BLESS").is_some() {
            std::fs::write(&path, &svg).expect("written");
        }
        assert!(std::fs::read_to_string(&path).is_ok_and(|there| there == svg), "{file} is another picture");
    }
}

/// The table of figures is pasted from a run; at least it has a row for every topology of the scenario, and no other.
#[test]
fn the_table_of_figures_has_every_topology_of_the_scenario() {
    let page = std::fs::read_to_string(root().join("docs/TOPOLOGIES.md")).expect("the page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let path = root().join("scenarios/compare-all.toml");
    let experiment = scenario::load(&path, &[]).unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
    let labels = experiment.cells.iter().map(|cell| cell.label.as_str());
    assert_eq!(rows.collect::<Vec<_>>(), labels.collect::<Vec<_>>());
}

#[test]
fn a_picture_has_a_shape_for_each_node_and_a_line_for_each_connection() {
    let svg = drawn("star hub=server", 40);
    // Every shape has a rim, and the sheet is a rectangle.
    assert_eq!(svg.matches("<circle").count(), 2 * 40);
    assert_eq!(svg.matches("<rect").count(), 2 + 1);
    assert_eq!(svg.matches("<polyline").count() + svg.matches("<line").count(), 40);
}
