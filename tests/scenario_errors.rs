//! Broken scenarios, and what a stranger reads about each.

use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};
use peerscape::scenario::{ScenarioErrors, load};

fn broken() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

/// The report without colours, a hundred columns wide, with the file's name alone.
fn rendered(errors: &ScenarioErrors) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut text, errors).expect("a string takes all");
    let folder = format!("{}{}", broken().display(), std::path::MAIN_SEPARATOR);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").replace(&folder, "")
}

macro_rules! broken {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let file = concat!(stringify!($name), ".toml");
            let errors = load(&broken().join(file), &[]).expect_err("the scenario is broken");
            insta::assert_snapshot!(stringify!($name), rendered(&errors));
        })*

        #[test]
        fn every_broken_scenario_is_tested() {
            let tested = [$(concat!(stringify!($name), ".toml")),*];
            let files = std::fs::read_dir(broken()).expect("the folder").map(|entry| entry.expect("an entry").file_name());
            let names = files.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".toml"));
            let mut names: Vec<String> = names.collect();
            names.sort();
            assert_eq!(names, tested);
        }
    };
}

#[test]
fn wrong_overrides() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let overrides =
        ["peers=10", "population.class.hom.share=50 %", "workload.rate=10", "run.seeds", "topolgy.tree.degree=2"];
    let errors = load(&scenario, &overrides.map(str::to_owned)).expect_err("each is wrong");
    let report = rendered(&errors).replace(&scenario.display().to_string(), "quickstart.toml");
    insta::assert_snapshot!("wrong_overrides", report);
}

broken! {
    applications
    axis_values
    budgets
    capacity_traces
    channel_word
    class_names
    class_shares
    connecting
    distributions
    empty_file
    expectations
    key_slips
    latency_range
    matrix_faults
    message_size
    message_trace_limits
    message_traces
    missing_parts
    nat_and_links
    nat_mixes
    places
    preset_slips
    results_name
    run_times
    seeds
    small_classes
    sweep
    syntax
    topology_kinds
    turn_outages
    turn_servers
    units
    wrong_types
}
