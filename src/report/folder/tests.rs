//! What becomes of a results folder, whatever fails or is killed on the way.

#[path = "../../../tests/support/folder.rs"]
mod shared;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::fixture::Study;
use super::super::manifest::{Provenance, manifest_json};
use super::super::marks::MANIFEST_KEY;
use super::super::summary::Summary;
use super::*;
use crate::metrics::{Finding, MetricId, RunRecord};
use crate::scenario::Experiment;
use crate::sweep::disk::faults::{Fault, failing, set_in_two_steps};
use crate::sweep::store::{Head, STORE, write_store};
use crate::sweep::{self, Kept, Observer, Rung, Store, SweepOptions};
use shared::names;

/// Writes a folder as a run does.
fn write(out: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<Written, FolderError> {
    let claim = Claim::take(out, &mut |_| {})?;
    let written = write_folder(&claim, &contents_of(files))?;
    claim.finish()?;
    Ok(written)
}

fn files(content: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let wrote = r#"["runs.csv", "plots/latency.svg", "only-in-old.csv"]"#;
    let manifest = format!("{{\"{MANIFEST_KEY}\": \"{content}\", \"files\": {wrote}}}").into_bytes();
    vec![("runs.csv".into(), content.into()), ("plots/latency.svg".into(), content.into()), (MANIFEST.into(), manifest)]
}

fn contents_of(files: &[(PathBuf, Vec<u8>)]) -> Vec<(PathBuf, Content<'static>)> {
    files.iter().map(|(name, bytes)| (name.clone(), bytes.clone().into())).collect()
}

#[test]
fn new_results_replace_old_ones_whole() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("results/town-hall");
    let mut old = files("old");
    old.push(("only-in-old.csv".into(), Vec::new()));
    write(&out, &old).expect("a new folder");
    write(&out, &files("new")).expect("in place of the old");
    assert_eq!(names(&out), [MANIFEST, "plots", "runs.csv"]);
    assert_eq!(fs::read_to_string(out.join("plots/latency.svg")).expect("there"), "new");
    assert_eq!(names(&place.path().join("results")), ["town-hall"]);
}

#[test]
fn what_a_person_put_beside_results_stays() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("town-hall");
    write(&out, &files("old")).expect("a new folder");
    fs::write(out.join("notes.md"), "mine").expect("written");
    fs::create_dir(out.join("drafts")).expect("a folder");
    fs::write(out.join("drafts/figure.svg"), "mine too").expect("written");
    write(&out, &files("new")).expect("in place of the old");
    assert_eq!(names(&out), ["drafts", MANIFEST, "notes.md", "plots", "runs.csv"]);
    assert_eq!(fs::read_to_string(out.join("notes.md")).expect("there"), "mine");
    assert_eq!(fs::read_to_string(out.join("drafts/figure.svg")).expect("there"), "mine too");
    assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "new");
}

#[test]
fn a_place_that_cannot_be_written_is_found_out_beforehand() {
    let place = tempfile::tempdir().expect("a folder");
    fs::write(place.path().join("results"), "a file").expect("written");
    let error = check_target(&place.path().join("results/town-hall")).expect_err("below a file");
    assert!(matches!(error, FolderError::Io { .. }), "{error}");
    check_target(&place.path().join("a/b/c")).expect("folders can be made");
    assert_eq!(names(place.path()), ["results"]);
}

#[test]
fn a_failure_midway_leaves_the_old_results() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("town-hall");
    write(&out, &files("old")).expect("a new folder");
    // A file where a folder is needed: the third write fails.
    let mut broken = files("new");
    broken.insert(1, ("plots".into(), Vec::new()));
    let error = write(&out, &broken).expect_err("plots is a file");
    assert!(matches!(error, FolderError::Io { action: "create", .. }), "{error}");
    assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "old");
    assert_eq!(names(place.path()), ["town-hall"]);
}

#[test]
fn what_peerscape_did_not_make_stays() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("photos");
    fs::create_dir(&out).expect("a folder");
    write(&out, &files("new")).expect("an empty folder is free");
    fs::write(out.join(MANIFEST), "{\"name\": \"a web app\"}").expect("written");
    let error = write(&out, &files("newer")).expect_err("not peerscape's");
    assert!(matches!(error, FolderError::Foreign(_)), "{error}");
    assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "new");
    let file = out.join("runs.csv");
    assert!(matches!(write(&file, &files("new")), Err(FolderError::Foreign(_))));
}

#[cfg(unix)]
#[test]
fn a_link_to_results_stays_a_link_and_others_can_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().expect("a folder");
    let (real, link) = (place.path().join("real"), place.path().join("link"));
    write(&real, &files("old")).expect("a new folder");
    std::os::unix::fs::symlink(&real, &link).expect("a link");
    write(&link, &files("new")).expect("through the link");
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(real.join("runs.csv")).expect("there"), "new");
    let plain = place.path().join("plain");
    fs::create_dir(&plain).expect("a folder");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
    assert_eq!(mode(&real), mode(&plain));
}

/// All files below a folder with their contents.
fn contents(folder: &Path) -> BTreeMap<PathBuf, String> {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    shared::all_files(folder).into_iter().map(|(name, bytes)| (name, text(bytes))).collect()
}

/// Results whose content is this word, and what a person has put beside them.
fn expected(word: &str) -> BTreeMap<PathBuf, String> {
    let theirs = [("notes.md", "mine"), ("plots/mine.txt", "mine too"), ("drafts/figure.svg", "and this")];
    let theirs = theirs.map(|(name, text)| (name.into(), text.to_owned()));
    files(word).into_iter().map(|(name, text)| (name, String::from_utf8(text).expect("text"))).chain(theirs).collect()
}

#[test]
fn whatever_call_fails_or_is_the_last_nothing_is_lost_and_nothing_is_left() {
    for (fault, in_two_steps) in
        [(Fault::Once, false), (Fault::FromThere, false), (Fault::Once, true), (Fault::FromThere, true)]
    {
        set_in_two_steps(in_two_steps);
        let calls = (0..).take_while(|&nth| fails_well_at(nth, fault, in_two_steps)).count();
        assert!(calls > 15, "only {calls} calls");
    }
    set_in_two_steps(false);
}

/// Writes results in place of others with this call failing; whether there was such a call.
fn fails_well_at(nth: u32, fault: Fault, in_two_steps: bool) -> bool {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("town-hall");
    write(&out, &files("old")).expect("a new folder");
    for (name, text) in expected("old") {
        fs::create_dir_all(out.join(&name).parent().expect("a folder")).expect("made");
        fs::write(out.join(&name), text).expect("written");
    }
    let (result, has_failed) = failing(nth, fault, || write(&out, &files("new")));
    let context = format!("{fault:?} at call {nth}: {result:?}");
    let word = fs::read_to_string(out.join("runs.csv")).ok();
    // Between two renames nothing is in place, if the process ends there.
    assert!(word.is_some() || (in_two_steps && fault == Fault::FromThere), "{context}");
    if let Some(word) = &word {
        let is_whole = files(word).into_iter().all(|(name, text)| fs::read(out.join(name)).ok() == Some(text));
        assert!(is_whole, "a mixture: {context}");
        assert!(result.is_err() || word == "new", "{context}");
    }
    // The next run puts right what is left.
    drop(Claim::take(&out, &mut |_| {}).expect("claimed"));
    assert_eq!(contents(&out), expected(word.as_deref().unwrap_or("old")), "{context}");
    assert_eq!(names(place.path()), ["town-hall"], "{context}");
    write(&out, &files("newer")).expect("written");
    assert_eq!(contents(&out), expected("newer"), "{context}");
    has_failed
}

#[test]
fn a_kill_between_two_renames_is_put_right_and_said() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("town-hall");
    write(&out, &files("old")).expect("a new folder");
    let work = place.path().join("town-hall.unfinished");
    fs::create_dir(&work).expect("made");
    fs::rename(&out, work.join("old")).expect("moved aside");
    let mut said = Vec::new();
    drop(Claim::take(&out, &mut |line| said.push(line.to_owned())).expect("claimed"));
    assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "old");
    assert!(matches!(said.as_slice(), [line] if line.contains("are back at")), "{said:?}");
    assert_eq!(names(place.path()), ["town-hall"]);
}

#[test]
fn what_a_person_has_under_a_name_that_is_taken_gets_another() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("town-hall");
    write(&out, &files("old")).expect("a new folder");
    fs::write(out.join("more.csv"), "mine").expect("written");
    let mut new = files("new");
    new.push(("more.csv".into(), b"ours".to_vec()));
    write(&out, &new).expect("in place of the old");
    assert_eq!(fs::read_to_string(out.join("more.csv~")).expect("kept"), "mine");
    assert_eq!(fs::read_to_string(out.join("more.csv")).expect("written"), "ours");
}

#[test]
fn two_claims_wait_for_each_other() {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("town-hall");
    let first = Claim::take(&out, &mut |_| {}).expect("claimed");
    let (said, heard) = std::sync::mpsc::channel();
    let second = std::thread::spawn({
        let out = out.clone();
        move || {
            let claim = Claim::take(&out, &mut |line| said.send(line.to_owned()).expect("heard")).expect("claimed");
            write_folder(&claim, &contents_of(&files("second"))).expect("written");
            claim.finish().expect("removed");
        }
    });
    let line = heard.recv().expect("said");
    assert!(line.contains("another run writes to"), "{line}");
    write_folder(&first, &contents_of(&files("first"))).expect("written");
    first.finish().expect("removed");
    second.join().expect("it ends");
    assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "second");
    assert_eq!(names(place.path()), ["town-hall"]);
}

#[test]
fn a_folder_of_the_name_that_is_not_ours_is_left_alone() {
    let place = tempfile::tempdir().expect("a folder");
    let work = place.path().join("town-hall.unfinished");
    fs::create_dir(&work).expect("made");
    fs::write(work.join("novel.md"), "chapter one").expect("written");
    let error = Claim::take(&place.path().join("town-hall"), &mut |_| {}).expect_err("a person's");
    assert!(matches!(error, FolderError::Foreign(_)), "{error}");
    assert_eq!(names(&work), ["novel.md"]);
}

/// A rung whose replications are figures of the seed.
const FIGURES: Rung = Rung {
    replicate: |cell, seed, _| {
        let finding = Finding { kind: "uplink", text: "full".to_owned() };
        let mut record = RunRecord::without_figures(seed, finding);
        record.findings.truncate(usize::from(seed.0 == 3));
        record.values.set(MetricId::LatencyP95, 100.0 / 3.0 * (seed.0 as f64 + cell.index as f64));
        Ok(record)
    },
    ..Rung::MODEL
};

struct Silent;

impl Observer for Silent {
    fn finished(&mut self, _share: f64) {}

    fn should_stop(&mut self) -> bool {
        false
    }
}

/// A whole run, as the command line has it: a new one, or one that goes on.
fn run(out: &Path, experiment: &Arc<Experiment>, resumes: bool) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let claim = Claim::take(out, &mut |_| {}).map_err(|error| text(&error))?;
    let mut kept = Kept::default();
    let store = match resumes {
        false => Store::create(&claim.store(), &Head::of(experiment, FIGURES)),
        true => {
            claim.check_resumable(experiment, FIGURES.name).map_err(|error| text(&error))?;
            for store in [claim.store(), claim.finished_store()] {
                kept.take(&store, experiment, FIGURES).map_err(|error| text(&error))?;
            }
            assert_eq!(kept.unreadable, 0, "only what was cut off is dropped");
            Store::resume(&claim.store(), experiment, FIGURES, &kept)
        }
    };
    let mut store = store.map_err(|error| text(&error))?;
    let options = SweepOptions { jobs: 1, rung: FIGURES };
    let results =
        sweep::resume(experiment, options, kept, Some(&mut store), &mut Silent).map_err(|error| text(&error))?;
    let summary = Summary::of(&results);
    let mut files = super::super::tables(&results, &summary);
    let (results, store) = (&results, &store);
    let provenance = Provenance {
        command: String::new(),
        rung: FIGURES.name,
        started: SystemTime::UNIX_EPOCH,
        wall: Duration::ZERO,
        threads: 1,
        files: files.iter().map(|(name, _)| name.clone()).chain([STORE.into()]).collect(),
    };
    files.push((MANIFEST.into(), Content::written(move |to| manifest_json(results, &provenance, to))));
    files.push((STORE.into(), Content::written(|to| write_store(results, store, to))));
    write_folder(&claim, &files).map_err(|error| text(&error))?;
    claim.finish().map_err(|error| text(&error))
}

#[test]
fn a_run_that_fails_or_is_killed_at_any_call_goes_on_to_the_same_bytes() {
    let study =
        Study::new().cell(20, "star", MetricId::LatencyP95, &[0.0; 3]).cell(20, "mesh", MetricId::LatencyP95, &[0.0]);
    let experiment = Arc::new(study.experiment());
    let results = |out: &Path| {
        let mut files = contents(out);
        files.remove(Path::new(MANIFEST));
        files
    };
    let place = tempfile::tempdir().expect("a folder");
    run(&place.path().join("whole"), &experiment, false).expect("undisturbed");
    let whole = results(&place.path().join("whole"));
    assert_eq!(whole[Path::new(STORE)].lines().count(), 7);
    for fault in [Fault::Once, Fault::FromThere] {
        let calls = (0..).take_while(|&nth| {
            let place = tempfile::tempdir().expect("a folder");
            let out = place.path().join("out");
            let (result, has_failed) = failing(nth, fault, || run(&out, &experiment, false));
            run(&out, &experiment, true).expect("it goes on");
            assert_eq!(results(&out), whole, "{fault:?} at call {nth}: {result:?}");
            assert_eq!(names(place.path()), ["out"], "{fault:?} at call {nth}");
            has_failed
        });
        assert!(calls.count() > 25);
    }
}

#[test]
fn a_new_run_does_not_discard_what_another_has_finished() {
    let study = Study::new().cell(20, "star", MetricId::LatencyP95, &[0.0; 3]);
    let experiment = Arc::new(study.experiment());
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("out");
    // Killed where the results are to be written: all replications are in the store.
    let killed = (0..).find(|&nth| {
        let (result, _) = failing(nth, Fault::FromThere, || run(&out, &experiment, false));
        let store = place.path().join("out.unfinished").join(STORE);
        let lines = fs::read_to_string(store).map_or(0, |text| text.lines().count());
        assert!(result.is_err() || lines > 0, "it has ended");
        lines == 4
    });
    assert!(killed.is_some());
    let claim = Claim::take(&out, &mut |_| {}).expect("claimed");
    let error = claim.check_unfinished(&experiment, FIGURES.name).expect_err("three replications");
    let text = error.to_string();
    assert!(text.contains("holds 3 replications finished") && text.contains("--resume"), "{text}");
    claim.check_resumable(&experiment, FIGURES.name).expect("the same scenario");
    let error = claim.check_resumable(&experiment, "virtual").expect_err("another rung");
    assert!(error.to_string().contains("--force"), "{error}");
}
