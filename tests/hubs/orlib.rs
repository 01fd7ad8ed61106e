//! The OR-Library and the AP data, where they are at hand: `PEERSCAPE_ORLIB` names a folder with `pmed/` (pmed1.txt and
//! so on, and optima.txt with lines `pmed1 5819`) and `hub/` (10.2 and so on, and solutions.txt). They are not checked
//! in, for their licence is unclear.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "../../examples/orlib.rs"]
#[expect(dead_code, reason = "its main only prints")]
mod example;

fn folder() -> Option<PathBuf> {
    let folder = env::var_os("PEERSCAPE_ORLIB").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: PEERSCAPE_ORLIB names no folder with the OR-Library; nothing was compared");
    }
    folder
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The word that follows a name in what the example prints.
fn word<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{text}"));
    line.split_whitespace().next().unwrap_or_default()
}

#[test]
#[ignore = "needs files, and a minute"]
fn medians_of_the_or_library_are_optimal() {
    let Some(folder) = folder() else { return };
    let optima = read(&folder.join("pmed/optima.txt"));
    let optima = optima.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| name.starts_with("pmed"));
    let mut missed = Vec::new();
    for (name, optimum) in optima {
        let text = example::pmed(&read(&folder.join(format!("pmed/{name}.txt")))).expect("it runs");
        let bound: f64 = word(&text, "lower bound").parse().expect("a number");
        assert!(bound <= optimum.trim().parse().expect("a number"), "{name}: {text}");
        if word(&text, "value") != optimum.trim() {
            missed.push(format!("{name}: {} {optimum}", word(&text, "value")));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
#[ignore = "needs files"]
fn hubs_of_the_ap_data_are_optimal() {
    let Some(folder) = folder() else { return };
    let solutions = read(&folder.join("hub/solutions.txt"));
    let mut compared = 0;
    for (head, objective) in solutions.lines().zip(solutions.lines().skip(1)) {
        let Some((n, p)) = head.strip_prefix("Solution for n=").and_then(|rest| rest.split_once(", p=")) else {
            continue;
        };
        let (n, p) = (n.trim(), p.trim_end_matches(|c: char| !c.is_ascii_digit()));
        let files = fs::read_dir(folder.join("hub")).expect("a folder").filter_map(Result::ok);
        let file = files.map(|file| file.path()).find(|path| path.file_stem().is_some_and(|stem| stem == n));
        let Some(file) = file.filter(|file| file.extension().is_some_and(|p| p.len() == 1)) else { continue };
        let text = example::aphub(&read(&file), Some(p.parse().expect("a number"))).expect("it runs");
        let optimum = objective.rsplit(' ').next().expect("a word");
        assert_eq!((word(&text, "value"), word(&text, "status")), (optimum, "proven"), "n={n} p={p}");
        compared += 1;
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn files_that_are_none_are_refused_with_their_line() {
    let error = |text: &str| example::pmed(text).expect_err("an error").to_string();
    assert_eq!(error(""), "line 1: the file ends where the number of vertices should be");
    assert_eq!(error("3 2 1\n1 2 x\n"), "line 2: the cost of an edge should be a number, found `x`");
    assert_eq!(error("3 2 1\n1 2 5\n"), "line 2: the file ends where a vertex of an edge should be");
    assert_eq!(error("3 1 1\n1 4 5\n"), "line 2: a vertex of an edge should be a whole number from 1 to 3, found 4");
    assert_eq!(error("3 1 1\n1 2 5\n"), "1 clients reach none of 1 hubs, whichever sites are hubs");
    let error = |text: &str, p| example::aphub(text, p).expect_err("an error").to_string();
    assert_eq!(
        error("1\n0 0\n5\n", None),
        "line 3: the file ends where p (in the file or after it in the command) should be"
    );
    assert_eq!(error("1\n0 0\n-5\n1\n", None), "a flow of -5: it must be 0 or more");
    assert_eq!(error("1\n0 0\n5\n1\n", Some(2)), "2 hubs of 1 sites: from 1 to 1 are possible");
}

#[test]
fn of_an_edge_that_is_given_twice_the_last_one_counts() {
    let text = example::pmed("  2 2 1  \n\n1 2 9\n1 2 4\nand so on\n").expect("it runs");
    assert_eq!(word(&text, "value"), "4");
}

#[test]
fn what_a_file_leaves_out_is_that_of_the_ap_data() {
    let head = "2\n0 0\n1000 0\n1 2\n3 4\n";
    let texts = [format!("{head}1\n3\n0.75\n2\n"), format!("{head}1 3.0"), format!("{head}1\n\n"), head.to_owned()];
    for text in texts {
        // With the hub at the second node: the first sends 3 units to it and gets 4 from it, one of them its own.
        let text = example::aphub(&text, Some(1)).expect("it runs");
        assert_eq!(word(&text, "value"), "17.00", "{text}");
    }
}
