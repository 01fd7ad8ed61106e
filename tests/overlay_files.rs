//! Overlays to files and back: the same connections, and the same results.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerscape::overlay::Overlay;
use peerscape::overlay::topology::{BuildContext, PlanFile, Shape, TOPOLOGIES, Topology};
use peerscape::report::{PlanFormat, PlanOutput};
use peerscape::scenario::{Cell, Experiment, parse_str};
use peerscape::{Knowledge, Seed, Stream, simulate, simulation};
use proptest::prelude::*;
use support::{peerscape, stderr, stdout, workshop};
use toml::de::ValueDeserializer;

const BASE: &str = "[run]\nduration = \"6 s\"\nwarmup = \"2 s\"\nseeds = 1\n[population]\npeers = 23\n\
                    [[workload]]\nkind = \"state-sync\"\nmessage = \"200 B\"\nrate = \"5 /s\"\n";

/// Every kind that needs no parameter, servers, trees of another degree, hybrids in hybrids.
const OVERLAYS: &[&str] = &[
    "kind = \"mesh\"",
    "kind = \"star\"",
    "kind = \"star\"\nhub = \"server\"",
    "kind = \"tree\"",
    "kind = \"tree\"\ndegree = 1\norder = \"arrival\"",
    "kind = \"hybrid\"\npeers_per_hub = 6",
    "kind = \"hybrid\"\nhubs = 4\ncore = \"tree\"\nattach = \"mesh\"",
    "kind = \"hybrid\"\nhubs = 5\ncore = { kind = \"hybrid\", hubs = 2 }\nattach = { kind = \"tree\", degree = 2 }",
    "kind = \"multi-tree\"",
    "kind = \"multi-tree\"\nstripes = 3\ndegree = 2\norder = \"arrival\"",
    "kind = \"random-regular\"",
    "kind = \"random-regular\"\ndissemination = { kind = \"plumtree\", graft_after = \"1 s\" }",
    "kind = \"random-regular\"\ndissemination = \"shortest-path\"",
    "kind = \"ring\"\ndissemination = { kind = \"pull\", requests = 4 }",
    "kind = \"mesh\"\ndissemination = { kind = \"gossipsub\", flood_publish = false, idontwant = \"100 B\" }",
    "kind = \"ring\"",
    "kind = \"ring\"\ndissemination = { kind = \"push\", fan_out = 3 }",
    "kind = \"nearest\"",
    "kind = \"y-webrtc\"",
    "kind = \"webtorrent\"",
    "kind = \"genet\"",
    "kind = \"hyparview\"",
    "kind = \"gossipsub\"",
    "kind = \"tree\"\norder = \"latency-within-budgets\"",
    "kind = \"hybrid\"\nhubs = 3\nattach = { kind = \"hybrid\", hubs = 2, attach = \"mesh\" }",
    "kind = \"tree\"\ndegree = 3\nbackup_parents = 2",
    "kind = \"hybrid\"\nhubs = 4\nattach = { kind = \"star\", backup_parents = 1 }",
];

const FORMATS: [(PlanFormat, &str); 3] =
    [(PlanFormat::Json, "json"), (PlanFormat::Csv, "csv"), (PlanFormat::Graphml, "graphml")];

fn scenario(topology: &str, folder: &Path) -> Experiment {
    let text = format!("{BASE}[[topology]]\n{topology}\n");
    parse_str("small.toml", &text, folder, &[]).unwrap_or_else(|errors| panic!("{topology}: {errors:?}"))
}

fn written(cell: &Cell, seed: Seed, format: PlanFormat) -> Vec<u8> {
    let plan = PlanOutput::of("small", cell, seed).expect("a population");
    let mut bytes = Vec::new();
    plan.write(format, &mut bytes).expect("written");
    bytes
}

fn overlay(cell: &Cell, seed: Seed) -> Overlay {
    simulation::build(cell, seed).expect("a population").1
}

type Connections = BTreeSet<(u32, u32)>;

// All, and those on standby.
fn connections(overlay: &Overlay) -> (u32, Connections, Connections) {
    let (mut connections, mut standby) = (BTreeSet::new(), BTreeSet::new());
    overlay.for_each_connection(|c| assert!(connections.insert((c.a.min(c.b), c.a.max(c.b)))));
    overlay.for_each_standby(|c, _| _ = standby.insert((c.a, c.b)));
    (overlay.nodes(), connections, standby)
}

#[test]
fn every_kind_is_among_them() {
    for entry in TOPOLOGIES.iter().filter(|entry| entry.kind != "file") {
        let kind = format!("kind = \"{}\"", entry.kind);
        assert!(OVERLAYS.iter().any(|overlay| overlay.starts_with(&kind)), "{}", entry.kind);
    }
}

#[test]
fn what_is_written_is_read_as_the_same_overlay() {
    let folder = tempfile::tempdir().expect("a folder");
    for topology in OVERLAYS {
        let made = scenario(topology, folder.path());
        let first = overlay(&made.cells[0], Seed(3));
        for (format, ending) in FORMATS {
            let name = format!("plan.{ending}");
            fs::write(folder.path().join(&name), written(&made.cells[0], Seed(3), format)).expect("written");
            // A plan names the rule by which messages are passed on, other files do not.
            let rule = if format == PlanFormat::Json { "" } else { "dissemination = \"flood\"" };
            let read = scenario(&format!("kind = \"file\"\nfile = \"{name}\"\n{rule}"), folder.path());
            let again = overlay(&read.cells[0], Seed(3));
            assert_eq!(connections(&first), connections(&again), "{topology} as {ending}");
            if format == PlanFormat::Json {
                assert_eq!(format!("{first:?}"), format!("{again:?}"), "{topology}");
            }
            assert!(read.cells[0].label.starts_with(&format!("file={name}")));
        }
    }
}

#[test]
fn a_run_of_what_was_read_is_that_of_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    for topology in OVERLAYS {
        let made = scenario(topology, folder.path());
        fs::write(folder.path().join("plan.json"), written(&made.cells[0], Seed(1), PlanFormat::Json))
            .expect("written");
        let read = scenario("kind = \"file\"\nfile = \"plan.json\"", folder.path());
        let values = |experiment: &Experiment| {
            let cell = &experiment.cells[0];
            format!("{:?}", simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("a run"))
        };
        assert_eq!(values(&made), values(&read), "{topology}");
    }
}

/// An overlay as a topology.
#[derive(Debug)]
struct Fixed {
    servers: u32,
    pairs: Vec<(u32, u32)>,
    blocks: Vec<Vec<u32>>,
    standby: Vec<(u32, u32)>,
}

impl Topology for Fixed {
    fn label(&self) -> String {
        "fixed <&\">".to_owned()
    }

    fn servers(&self, _peers: u32) -> u32 {
        self.servers
    }

    fn shape(&self, _peers: u32) -> Shape {
        Shape::default()
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        Overlay::new(context.world.nodes(), &self.pairs, self.blocks.clone()).with_standby(&self.standby)
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "kind": "fixed" })
    }
}

const PEERS: u32 = 23;

/// Any overlay: nodes in any order, each new one joined by a pair or with others by a block, or not at all; then pairs that
/// close rings.
fn any_overlay() -> impl Strategy<Value = Fixed> {
    let servers = 0..3_u32;
    servers.prop_flat_map(|servers| {
        let nodes: Vec<u32> = (0..PEERS + servers).collect();
        let steps = prop::collection::vec((0..5_usize, any::<prop::sample::Index>(), any::<bool>()), 1..20);
        let ends = || prop::collection::vec((0..PEERS + servers, 0..PEERS + servers), 0..6);
        let all = (Just(nodes).prop_shuffle(), steps, ends(), ends());
        all.prop_map(move |(nodes, steps, rings, mut standby)| {
            let (mut pairs, mut blocks, mut joined) = (Vec::new(), Vec::new(), 1);
            for (size, parent, is_block) in steps {
                let new = &nodes[joined..nodes.len().min(joined + size)];
                let parent = nodes[parent.index(joined)];
                match new {
                    [] => {}
                    new if is_block => blocks.push([&[parent], new].concat()),
                    new => pairs.extend(new.iter().map(|&child| (parent, child))),
                }
                joined += new.len();
            }
            if pairs.is_empty() && blocks.is_empty() {
                pairs.push((nodes[0], nodes[1]));
            }
            let mut known = connections(&Overlay::new(PEERS + servers, &pairs, blocks.clone())).1;
            pairs.extend(rings.into_iter().filter(|&(a, b)| a != b && known.insert((a.min(b), a.max(b)))));
            standby.retain(|&(a, b)| a != b && known.insert((a.min(b), a.max(b))));
            Fixed { servers, pairs, blocks, standby }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_overlay_comes_back(fixed in any_overlay()) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut experiment = scenario("kind = \"mesh\"", folder.path());
        let mut cell = experiment.cells.remove(0);
        cell.topology = Arc::new(fixed);
        let first = overlay(&cell, Seed(1));
        let entry = TOPOLOGIES.iter().find(|entry| entry.kind == "file").expect("a kind");
        for (format, ending) in FORMATS {
            let name = format!("plan.{ending}");
            fs::write(folder.path().join(&name), written(&cell, Seed(1), format)).expect("written");
            let file = PlanFile::from(PathBuf::from(&name)).read(folder.path());
            let file = file.unwrap_or_else(|error| panic!("{error:?}: {cell:?}"));
            prop_assert_eq!(file.plan.ring().is_some(), first.has_ring());
            let value = format!("{{ file = \"{name}\" }}");
            let unread = (entry.parse)(ValueDeserializer::parse(&value).expect("TOML")).expect("a file");
            let read = Cell { topology: unread.with_file(file).expect("a file"), ..cell.clone() };
            let again = overlay(&read, Seed(1));
            prop_assert_eq!(connections(&first), connections(&again));
            if format == PlanFormat::Json {
                prop_assert_eq!(format!("{first:?}"), format!("{again:?}"));
            }
        }
    }

    #[test]
    fn damaged_files_are_no_reason_to_panic(at in 0_usize..600, length in 0_usize..20, graft in "[0-9a-z,{}<>/\"\\[\\] \n-]{0,8}") {
        let folder = tempfile::tempdir().expect("a folder");
        let made = scenario("kind = \"hybrid\"\nhubs = 3", folder.path());
        for (format, ending) in FORMATS {
            let mut text = String::from_utf8(written(&made.cells[0], Seed(1), format)).expect("text");
            if !text.is_ascii() {
                text.retain(|c| c.is_ascii());
            }
            let start = at.min(text.len());
            text.replace_range(start..(start + length).min(text.len()), &graft);
            let name = format!("plan.{ending}");
            fs::write(folder.path().join(&name), text).expect("written");
            let text = format!("{BASE}[[topology]]\nkind = \"file\"\nfile = \"{name}\"\n");
            if let Ok(experiment) = parse_str("small.toml", &text, folder.path(), &[]) {
                overlay(&experiment.cells[0], Seed(1));
            }
        }
    }
}

#[test]
fn a_plan_tells_who_everybody_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let star = scenario("kind = \"star\"\nhub = \"server\"", folder.path());
    let plan: serde_json::Value =
        serde_json::from_slice(&written(&star.cells[0], Seed(9), PlanFormat::Json)).expect("JSON");
    assert_eq!((&plan["version"], &plan["seed"]), (&1.into(), &9.into()));
    assert_eq!((&plan["scenario"], &plan["topology"]), (&"small".into(), &"star hub=server".into()));
    assert_eq!(plan["dissemination"], serde_json::json!({ "kind": "horizon" }));
    let nodes = plan["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 24);
    assert_eq!((&nodes[23]["role"], &nodes[0]["role"]), (&"server".into(), &"peer".into()));
    assert_eq!(nodes[0]["class"], "home");
    assert!(nodes.iter().all(|node| node["place"].is_string()));
}

#[test]
fn another_content_is_another_experiment() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |text: &str| {
        fs::write(folder.path().join("edges.csv"), text).expect("written");
        scenario("kind = \"file\"\nfile = \"edges.csv\"", folder.path())
    };
    let one = read("a,b\n0,1\n");
    let resolved = one.resolved["topologies"]["file=edges.csv"]["file"]["content_xxh3"].as_str().map(str::len);
    assert_eq!(resolved, Some(32));
    assert_eq!(one.hash, read("a,b\n0,1\n").hash);
    assert_ne!(one.hash, read("a,b\n0,2\n").hash);
}

#[test]
fn lonely_peers_parts_and_foreign_seeds_are_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"{ "version": 1, "seed": 4, "pairs": [[0, 1], [2, 3]] }"#;
    fs::write(folder.path().join("plan.json"), text).expect("written");
    let experiment = scenario("kind = \"file\"\nfile = \"plan.json\"", folder.path());
    let warnings = experiment.warnings().join("\n");
    assert!(
        warnings.contains("19 of 23 peers have no connection and receive nothing: 4, 5, 6, 7, 8, 9, ..."),
        "{warnings}"
    );
    assert!(warnings.contains("falls into 2 parts"), "{warnings}");
    assert!(warnings.contains("made for the population of seed 4"), "{warnings}");
    assert_eq!(experiment.inputs()[0].summary, "overlay plan.json: 4 peers, 2 pairs");
}

#[test]
fn a_choice_that_is_left_is_told() {
    let folder = workshop(&format!(
        "{}[[topology]]\nkind = \"mesh\"\n[[topology]]\nkind = \"tree\"\ndegree = [2, 3]\n",
        BASE.replace("peers = 23", "peers = [5, 9]")
    ));
    let topology = |arguments: &[&str]| peerscape(folder.path(), &[&["topology", "small.toml"], arguments].concat());
    let open = topology(&[]);
    assert_eq!(open.status.code(), Some(2));
    assert!(open.stdout.is_empty());
    for part in ["6 overlays fit", "`5`, `9`", "`mesh`, `tree degree=2`, `tree degree=3`"] {
        assert!(stderr(&open).contains(part), "{}", stderr(&open));
    }
    for (arguments, part) in [
        (&["--cell", "peers=7"][..], "peers is never `7`; there are `5`, `9`"),
        (&["--cell", "size=5"], "no axis `size`; there are `peers`"),
        (&["--topology", "ring"], "no topology `ring`"),
        (&["--cell", "peers=5", "--topology", "tree"], "2 overlays fit"),
    ] {
        let output = topology(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
    let edges = topology(&["--cell", "peers=5", "--topology", "tree degree=3", "--format", "csv"]);
    assert_eq!((edges.status.code(), stdout(&edges).lines().count()), (Some(0), 1 + 4));
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = workshop(&format!("{BASE}[[topology]]\nkind = \"tree\"\n"));
    let write = |out: &str| peerscape(folder.path(), &["topology", "small.toml", "--format", "dot", "--out", out]);
    for _ in 0..2 {
        assert_eq!(write("plan.dot").status.code(), Some(0));
    }
    assert!(fs::read_to_string(folder.path().join("plan.dot")).expect("a file").starts_with("graph {"));
    fs::create_dir(folder.path().join("taken")).expect("a folder");
    assert_eq!(write("taken").status.code(), Some(1));
    assert_eq!(write("nowhere/plan.dot").status.code(), Some(1));
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    left.sort();
    assert_eq!(left, ["plan.dot", "small.toml", "taken"]);
}

#[test]
fn what_is_no_overlay_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("written");
        let text = format!("{BASE}[[topology]]\nkind = \"file\"\nfile = \"{name}\"\n");
        let errors = parse_str("small.toml", &text, folder.path(), &[]).expect_err(name);
        assert_eq!(errors.errors().len(), 1, "{errors:?}");
        miette::Diagnostic::help(&errors.errors()[0]).map(|help| help.to_string()).unwrap_or_default()
    };
    for name in ["plan.json", "plan.csv", "plan.graphml", "PLAN.CSV"] {
        assert!(help(name, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]).contains("gzip"), "{name}");
        assert!(!help(name, b"").is_empty(), "{name}");
        assert!(!help(name, b"digraph { a -> b }").is_empty(), "{name}");
    }
    assert!(help("plan.csv", b"{ \"version\": 1, \"pairs\": [] }").contains("JSON"));
    assert!(help("plan.json", b"<graphml></graphml>").contains("GraphML"));
    assert!(help("plan.graphml", b"a,b\n0,1\n").contains("<graphml>"));
    assert!(help("plan.txt", b"a,b\n0,1\n").contains(".json, .csv, .graphml"));
}

/// Names in the files of others are echoed, and must not steer a terminal; entities of XML are not followed.
#[test]
fn texts_of_files_are_harmless() {
    let folder = tempfile::tempdir().expect("a folder");
    let bomb = "<!DOCTYPE g [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<graphml><graph>\
                <node id=\"&b;\"/></graph></graphml>";
    for (name, text) in [("plan.csv", "a,b\n\u{202e}7,1\n"), ("plan.graphml", bomb)] {
        fs::write(folder.path().join(name), text).expect("written");
        let text = format!("{BASE}[[topology]]\nkind = \"file\"\nfile = \"{name}\"\n");
        let errors = parse_str("small.toml", &text, folder.path(), &[]).expect_err(name);
        assert!(!format!("{:?}", miette::Report::new(errors)).contains('\u{202e}'));
    }
}
