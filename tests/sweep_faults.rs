//! A replication that comes to no end is a finding, and the rest goes on; a line that is not whole is run again.

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use peerscape::report::{self, Outcome, tables};
use peerscape::scenario::{self, Experiment};
use peerscape::sweep::store::{Head, write_store};
use peerscape::sweep::{self, Kept, ReplicationError, Results, Rung, Store, SweepOptions};
use support::{STORE, Silent};
use tempfile::TempDir;

const SCENARIO: &str = r#"
name = "small"

[run]
duration = "8 s"
warmup = "6 s"
seeds = 5

[population]
peers = 6

[[workload]]
kind = "broadcast"
sources = 1
message = "200 B"
rate = "5 /s"
channel = "unreliable"

[[topology]]
kind = "star"

[[topology]]
kind = "tree"
"#;

/// A model with a fault that seed 2 meets, and no answer to seed 3.
const FAULTY: Rung = Rung {
    replicate: |cell, seed, knowledge| match seed.0 {
        2 => panic!("index {} is out of bounds", cell.index),
        3 => Err(ReplicationError::Rung("time stands still".to_owned())),
        _ => (Rung::MODEL.replicate)(cell, seed, knowledge),
    },
    ..Rung::MODEL
};

struct Study {
    _folder: TempDir,
    experiment: Arc<Experiment>,
    store: PathBuf,
}

fn study() -> Study {
    let folder = support::workshop(SCENARIO);
    let scenario = scenario::load(&folder.path().join(support::SCENARIO_FILE), &[]);
    let experiment = Arc::new(scenario.expect("a scenario"));
    let store = folder.path().join(STORE);
    Study { _folder: folder, experiment, store }
}

impl Study {
    fn run(&self, rung: Rung) -> (Results<'_>, Store) {
        let options = SweepOptions { jobs: 2, rung };
        let mut store = Store::create(&self.store, &Head::of(&self.experiment, rung)).expect("created");
        let results = sweep::resume(&self.experiment, options, Kept::default(), Some(&mut store), &mut Silent);
        (results.expect("it runs"), store)
    }

    fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        kept.take(&self.store, &self.experiment, Rung::MODEL).expect("read");
        kept
    }

    /// Goes on in a store beside that from which `kept` was read.
    fn resume(&self, kept: Kept) -> (Results<'_>, Store) {
        let options = SweepOptions { jobs: 2, rung: Rung::MODEL };
        let beside = self.store.with_extension("beside");
        let mut store = Store::resume(&beside, &self.experiment, Rung::MODEL, &kept).expect("copied");
        fs::remove_file(&beside).expect("removed");
        let results = sweep::resume(&self.experiment, options, kept, Some(&mut store), &mut Silent);
        (results.expect("it runs"), store)
    }
}

/// The tables and the store of these results.
fn bytes((results, store): &(Results<'_>, Store)) -> Vec<(PathBuf, Vec<u8>)> {
    let answer = report::answer(results);
    let tables = tables(results, &answer.summary).into_iter();
    let mut files: Vec<_> = tables.map(|(name, table)| (name, table.to_bytes().expect("written"))).collect();
    let mut lines = Vec::new();
    write_store(results, store, &mut lines).expect("written");
    files.push((STORE.into(), lines));
    files
}

#[test]
fn replications_that_panic_or_fail_are_findings_and_the_rest_goes_on() {
    let study = study();
    let (results, _) = study.run(FAULTY);
    assert!(results.is_complete());
    let broken: Vec<(&str, u64, &str, &str)> = results
        .without_figures()
        .map(|(topology, seed, finding)| (topology, seed.0, finding.kind, finding.text.as_str()))
        .collect();
    assert_eq!(broken.len(), 4, "{broken:?}");
    let (topology, seed, kind, text) = broken[0];
    assert_eq!((topology, seed, kind), ("star", 2, "crashed"));
    assert!(text.contains("seed 2") && text.contains("index 0 is out of bounds"), "{text}");
    assert_eq!((broken[1].1, broken[1].2), (3, "no-result"));
    assert!(broken[1].3.contains("time stands still"), "{broken:?}");
    let answer = report::answer(&results);
    assert_eq!(answer.outcome(), Outcome::Met, "nothing is expected");
    assert_eq!(answer.summary.standing(0).failing, 2);
    // They are not kept: a model without the fault does them, and nothing else.
    let kept = study.kept();
    assert_eq!((kept.len(), kept.others, kept.unreadable), (6, 0, 0));
    assert!(bytes(&study.resume(kept)) == bytes(&study.run(Rung::MODEL)));
}

#[test]
fn the_report_is_a_function_of_the_store() {
    let study = study();
    let results = study.run(Rung::MODEL);
    let kept = study.kept();
    assert_eq!(kept.len(), 10);
    assert!(bytes(&study.resume(kept)) == bytes(&results));
}

#[test]
fn lines_that_are_cut_off_or_gone_bad_are_run_again() {
    let study = study();
    let expected = bytes(&study.run(Rung::MODEL));
    let whole = fs::read(&study.store).expect("read");
    let mut ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1);
    let [head, first, second] = [ends.next(), ends.next(), ends.next()].map(|end| end.expect("a line"));
    // Cut off at any place of the second line, its end included.
    for end in [first, first + 1, (first + second) / 2, second - 1] {
        fs::write(&study.store, &whole[..end]).expect("written");
        let kept = study.kept();
        assert_eq!((kept.len(), kept.unreadable), (1, usize::from(end > first)), "cut at {end}");
    }
    // One digit of the first record is another.
    let mut bad = whole.clone();
    let digit = (head..first).rev().find(|&place| bad[place].is_ascii_digit()).expect("a digit");
    bad[digit] = if bad[digit] == b'1' { b'2' } else { b'1' };
    fs::write(&study.store, &bad).expect("written");
    let kept = study.kept();
    assert_eq!((kept.len(), kept.unreadable), (9, 1));
    assert!(bytes(&study.resume(kept)) == expected);
    // Not a store at all.
    fs::write(&study.store, "notes of mine\nand more\n").expect("written");
    assert!(study.kept().is_empty());
}
