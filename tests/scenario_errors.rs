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
    chunks
    class_names
    class_shares
    connecting
    distributions
    empty_file
    expectations
    hybrid_parts
    key_slips
    latency_range
    matrix_faults
    matrix_markdown
    matrix_names
    message_size
    message_trace_limits
    message_traces
    missing_parts
    nat_and_links
    nat_mixes
    not_toml
    overlay_files
    overlay_peers
    places
    preset_slips
    results_name
    rules_of_dissemination
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

#[test]
fn of_very_many_errors_the_first_hundred_are_told() {
    let text = format!("[run]\n{}", "seeds = = 1\n".repeat(30_000));
    let errors = peerscape::scenario::parse_str("many.toml", &text, Path::new(""), &[]).expect_err("no TOML");
    assert_eq!(errors.errors().len(), 100);
    assert!(errors.to_string().contains("here are the first 100, and there are"), "{errors}");
    // One long line is not shown a hundred times.
    let line = format!("[run]\nseeds = [{}]\n", "1 2 = 3, ".repeat(30_000));
    let errors = peerscape::scenario::parse_str("line.toml", &line, Path::new(""), &[]).expect_err("no TOML");
    assert!(rendered(&errors).len() < 200_000, "{} bytes", rendered(&errors).len());
}

#[test]
fn levels_beyond_reason_are_named() {
    let key = format!("[run]\nseeds = 1\n{}b = 1\n", "a.".repeat(5_000));
    for text in [key, format!("a = {}1{}", "[".repeat(500), "]".repeat(500))] {
        let errors = peerscape::scenario::parse_str("deep.toml", &text, Path::new(""), &[]).expect_err("too deep");
        let report = rendered(&errors);
        assert!(report.contains("go too deep") && report.contains("[deep.toml:"), "{report}");
        assert!(report.len() < 10_000, "{} bytes", report.len());
    }
}

#[test]
fn texts_do_not_steer_the_terminal() {
    let text = "name = \"a\\u001b[31mb\"\nquestion = \"\"\"two\nlines\"\"\"\n[[population.class]]\nname = \"=cmd\"\n\
                [\"x\\u001b[0m\"]\n[[topology]]\nkind = \"\u{202e}mesh\"\n";
    for text in [text.to_owned(), text.replace("\\u001b", "\u{1b}"), format!("{text}# \u{1b}]0;title\u{7}\n")] {
        let errors = peerscape::scenario::parse_str("e\u{1b}.toml", &text, Path::new(""), &[]).expect_err("it has");
        let report = rendered(&errors);
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!report.contains(steers), "{report:?}");
    }
    let errors = peerscape::scenario::parse_str("escapes.toml", text, Path::new(""), &[]).expect_err("it has");
    for words in ["`name` has a control character", "a text is one line", "would be a formula in a spreadsheet"] {
        assert!(rendered(&errors).contains(words), "{}", rendered(&errors));
    }
}
