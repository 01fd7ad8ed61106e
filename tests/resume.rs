//! What is finished is never lost: runs that are killed, interrupted, without a listener, or two at once.
#![cfg(unix)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::{SCENARIO_FILE, STORE, command, files, manifest, names, peerscape, stderr};
use tempfile::TempDir;

/// 60 replications.
const SCENARIO: &str = r#"
name = "small"

[run]
duration = "2 s"
warmup = "1 s"
seeds = 10

[population]
peers = [10, 30]

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
"#;
const REPLICATIONS: usize = 60;

fn workshop() -> TempDir {
    support::workshop(SCENARIO)
}

/// What a run into `out` is started with.
fn into_out<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["run", SCENARIO_FILE, "--out", "out"], arguments].concat()
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    peerscape(folder, &into_out(arguments))
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = command(folder, &into_out(arguments));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// Whole lines of a store.
fn lines(store: &Path) -> usize {
    fs::read(store).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

#[expect(clippy::disallowed_methods, reason = "a test waits for a process, not for simulated time")]
fn wait_until(what: impl Fn() -> bool, child: &mut Child) -> bool {
    let patience = Instant::now();
    while !what() {
        if child.try_wait().expect("asked").is_some() || patience.elapsed() > Duration::from_secs(120) {
            return false;
        }
        sleep(Duration::from_micros(200));
    }
    true
}

/// Numbers from 0 to 1, the same in every run (Marsaglia's xorshift).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Kills runs so many times at any moment and so many times while files are written; each goes on where the one before
/// was killed, and what is left at the end is what an undisturbed run leaves.
#[expect(clippy::disallowed_methods, reason = "a test waits for a process, not for simulated time")]
fn kill_loop(anywhere: usize, while_writing: usize) {
    let folder = workshop();
    let clock = Instant::now();
    assert!(run(folder.path(), &[]).status.code().is_some_and(|code| code != 1), "undisturbed");
    let whole_run = clock.elapsed();
    let out = folder.path().join("out");
    let expected = files(&out);
    let (mut moments, mut killed) = (Moments(0x5eed), [0, 0]);
    while killed[0] < anywhere || killed[1] < while_writing {
        fs::remove_dir_all(&out).expect("removed");
        let mut rounds = 0;
        loop {
            let arguments: &[&str] = if rounds == 0 { &[] } else { &["--resume"] };
            let mut child = start(folder.path(), arguments);
            rounds += 1;
            let is_writing = killed[0] >= anywhere || (rounds % 3 == 0 && killed[1] < while_writing);
            if killed[0] >= anywhere && killed[1] >= while_writing {
                assert!(child.wait().expect("it ends").code().is_some_and(|code| code != 1));
                break;
            }
            if is_writing {
                let work = folder.path().join("out.unfinished");
                wait_until(|| work.join("new").exists() || work.join("old").exists(), &mut child);
                sleep(Duration::from_micros((20_000.0 * moments.next()) as u64));
            } else {
                sleep(whole_run.mul_f64(moments.next()));
            }
            if child.try_wait().expect("asked").is_some() {
                break;
            }
            child.kill().expect("killed");
            child.wait().expect("gone");
            killed[usize::from(is_writing)] += 1;
        }
        assert!(run(folder.path(), &["--resume"]).status.code().is_some_and(|code| code != 1));
        assert!(files(&out) == expected, "other bytes after {killed:?} kills");
        assert_eq!(names(folder.path()), ["out", "small.toml"]);
    }
}

#[test]
fn killed_runs_go_on_to_the_same_bytes() {
    kill_loop(7, 3);
}

#[test]
#[ignore = "minutes: 100 kills"]
fn a_hundred_kills_lose_nothing() {
    kill_loop(70, 30);
}

#[test]
fn what_a_killed_run_has_finished_is_not_run_again_and_not_thrown_away() {
    let folder = workshop();
    let (out, work) = (folder.path().join("out"), folder.path().join("out.unfinished"));
    let mut child = start(folder.path(), &["--jobs", "1"]);
    assert!(wait_until(|| lines(&work.join(STORE)) > 10, &mut child));
    child.kill().expect("killed");
    child.wait().expect("gone");
    // The last line is cut off.
    let kept = lines(&work.join(STORE)) - 1;
    let mut store = fs::read(work.join(STORE)).expect("read");
    store.extend_from_slice(b"{\"cell\":\"00");
    fs::write(work.join(STORE), store).expect("written");
    let refused = run(folder.path(), &[]);
    assert_eq!(refused.status.code(), Some(1));
    let words = stderr(&refused);
    assert!(words.contains(&format!("{kept} replications finished")) && words.contains("--resume"), "{words}");
    let resumed = run(folder.path(), &["--resume"]);
    assert!(stderr(&resumed).contains(&format!("{kept} of {REPLICATIONS} replications are there already")));
    let unknown = |run: &&serde_json::Value| run["cpu_s"].is_null();
    let taken = manifest(&out)["replications"].as_array().expect("a list").iter().filter(unknown).count();
    assert_eq!(taken, kept);
    assert_eq!(names(folder.path()), ["out", "small.toml"]);
    // Results that are whole are written again without running anything.
    let before = files(&out);
    let again = run(folder.path(), &["--resume"]);
    assert!(stderr(&again).contains("60 of 60"), "{}", stderr(&again));
    assert!(files(&out) == before);
    // More seeds run only what is new.
    let more = run(folder.path(), &["--resume", "--set", "run.seeds=11"]);
    assert!(stderr(&more).contains("60 of 66"), "{}", stderr(&more));
    assert_eq!(manifest(&out)["replications"].as_array().map(Vec::len), Some(66));
}

#[test]
fn results_without_a_store_cannot_be_resumed_and_say_so() {
    let folder = workshop();
    run(folder.path(), &["--set", "run.seeds=1"]);
    fs::remove_file(folder.path().join("out").join(STORE)).expect("there");
    let refused = run(folder.path(), &["--set", "run.seeds=1", "--resume"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("run without --resume"), "{}", stderr(&refused));
    assert_eq!(run(folder.path(), &["--set", "run.seeds=1"]).status.code().map(|code| code == 1), Some(false));
}

#[test]
fn a_shorter_interrupted_run_does_not_replace_a_longer_one() {
    let folder = workshop();
    let (out, work) = (folder.path().join("out"), folder.path().join("out.unfinished"));
    let longer = ["--jobs", "1", "--set", "run.duration=40 s", "--set", "population.peers=30", "--set", "run.seeds=60"];
    let interrupt_after = |count: usize| {
        let mut child = start(folder.path(), &longer);
        assert!(wait_until(|| lines(&work.join(STORE)) > count, &mut child));
        let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("sent");
        assert!(signal.success());
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
    };
    interrupt_after(12);
    let count = |out: &Path| manifest(out)["replications"].as_array().map_or(0, Vec::len);
    let first = count(&out);
    assert!(first >= 12);
    interrupt_after(2);
    assert_eq!(count(&out), first);
    assert!((2..first).contains(&count(&folder.path().join("out-partial"))));
    assert_eq!(names(folder.path()), ["out", "out-partial", "small.toml"]);
    assert_eq!(lines(&out.join(STORE)), first + 1);
}

#[test]
fn nobody_need_listen() {
    let folder = workshop();
    // One seed has a warning, and figures of a file are told of.
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/matrix.toml");
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    for arguments in [&["small.toml"][..], &[scenarios.to_str().expect("text"), "--set", "population.peers=8"]] {
        let status = command(folder.path(), &["run"])
            .args(arguments)
            .args(["--set", "run.seeds=1", "--out", "out", "--force"])
            .stdout(closed())
            .stderr(closed())
            .status()
            .expect("it starts");
        assert!(matches!(status.code(), Some(0 | 3 | 4)), "{status}");
        assert!(manifest(&folder.path().join("out"))["complete"] == true);
    }
}

#[test]
fn two_runs_into_one_folder_wait_for_each_other() {
    let folder = workshop();
    for _ in 0..3 {
        let both = [start(folder.path(), &[]), start(folder.path(), &[])];
        for mut child in both {
            assert!(child.wait().expect("it ends").code().is_some_and(|code| code != 1));
        }
        assert_eq!(names(folder.path()), ["out", "small.toml"]);
        assert_eq!(lines(&folder.path().join("out").join(STORE)), REPLICATIONS + 1);
    }
}
