//! Every scenario that comes with peerscape loads.

use std::path::{Path, PathBuf};

fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files =
        [root.clone(), root.join("bench")].into_iter().flat_map(|dir| std::fs::read_dir(dir).expect("the folder"));
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

#[test]
fn every_scenario_loads() {
    assert!(shipped().len() >= 9);
    for path in shipped() {
        let experiment =
            peerscape::scenario::load(&path, &[]).unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
        assert_eq!(Some(experiment.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        assert!(!experiment.cells.is_empty());
    }
}

#[test]
fn the_quickstart_is_six_sizes_of_seven_topologies() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let experiment = peerscape::scenario::load(&path, &[]).expect("valid");
    assert_eq!(experiment.axes, ["peers"]);
    assert_eq!(experiment.cells.len(), 6 * 7);
    let labels: Vec<&str> = experiment.cells[..7].iter().map(|cell| cell.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "mesh",
            "star",
            "star hub=server",
            "tree degree=2",
            "tree degree=4",
            "tree degree=8",
            "hybrid hubs=auto choose=best-capacity core=(tree degree=8)"
        ]
    );
    assert_eq!(experiment.cells[7].settings.population.peers.get(), 50);
    assert_eq!((experiment.cells[7].group, experiment.cells[7].axes[0].text.as_str()), (1, "50"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]

    /// Whatever is cut out of a scenario, reading it ends in an experiment or in errors that render.
    #[test]
    fn a_damaged_scenario_is_no_reason_to_panic(start in 0_usize..4_000, length in 1_usize..60, graft in "[a-z0-9 =\\[\\]{}\"',.%]{0,6}") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
        let mut text = std::fs::read_to_string(path).expect("a scenario");
        assert!(text.is_ascii());
        let start = start.min(text.len());
        text.replace_range(start..(start + length).min(text.len()), &graft);
        if let Err(errors) = peerscape::scenario::parse_str("damaged.toml", &text, Path::new(""), &[]) {
            proptest::prop_assert!(!errors.errors().is_empty());
            let report = format!("{:?}", miette::Report::new(errors));
            proptest::prop_assert!(report.contains("damaged.toml"), "{}", report);
        }
    }
}

fn checked_in() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/schema/scenario.schema.json");
    std::fs::read_to_string(path).expect("the schema")
}

#[test]
fn the_schema_is_the_generated_one() {
    let wanted = peerscape::scenario::json_schema();
    assert!(checked_in() == wanted, "run: peerscape schema > scenarios/schema/scenario.schema.json");
}

#[test]
fn every_scenario_names_the_schema_and_keeps_it() {
    let schema = serde_json::from_str(&checked_in()).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    for path in shipped() {
        let text = std::fs::read_to_string(&path).expect("a scenario");
        let named =
            text.lines().next().and_then(|line| line.strip_prefix("#:schema ")).expect("the first line names it");
        assert!(path.parent().expect("a folder").join(named).is_file(), "{}", path.display());
        let value: serde_json::Value = toml::from_str(&text).expect("TOML");
        let faults: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
    }
}

#[test]
fn the_schema_refuses_slips() {
    let schema = serde_json::from_str(&checked_in()).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    let base = "[[workload]]\nkind = 'state-sync'\nmessage = '1 B'\nrate = '1 /s'\n[[topology]]\nkind = 'mesh'\n";
    let valid = |population: &str| {
        let value: serde_json::Value = toml::from_str(&format!("{base}{population}")).expect("TOML");
        validator.is_valid(&value)
    };
    assert!(valid("[population]\npeers = 10"));
    assert!(valid("[population]\npeers = { from = 10, to = 100, step = 10 }"));
    for slip in [
        "[population]\npeeers = 10",
        "[population]\npeers = '10'",
        "[population]\npeers = 10\n[[population.class]]\nname = 'a'\nlink = 'cabel'",
        "[population]\npeers = 10\n[network]\nlatency = { kind = 'uniform', mim = '1 ms', max = '2 ms' }",
    ] {
        assert!(!valid(slip), "{slip}");
    }
}
