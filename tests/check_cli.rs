//! `peerscape check`, `list` and `schema` as a user runs them.

use std::path::Path;

use assert_cmd::Command;

fn peerscape() -> Command {
    Command::cargo_bin("peerscape").expect("the binary")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_broken_scenario_exits_with_2_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files = 0;
    for entry in std::fs::read_dir(broken).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files += 1;
            let output = peerscape().current_dir(&folder).arg("check").arg(&path).output().expect("it runs");
            assert_eq!(output.status.code(), Some(2), "{}", path.display());
            assert!(output.stdout.is_empty(), "{}", path.display());
            assert!(text(&output.stderr).contains("error"), "{}", path.display());
        }
    }
    assert!(files >= 20);
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0);
}

#[test]
fn a_good_scenario_is_summed_up() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let output = peerscape().arg("check").arg(scenario).args(["--set", "run.seeds=1"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    let out = text(&output.stdout);
    assert!(out.contains("ok, 42 cells x 1 seed = 42 replications"), "{out}");
    assert!(out.contains("peers: 20, 50, 100, 200, 500, 1000"), "{out}");
    assert!(out.contains("expected: about") && out.contains("the largest replication, mesh with 1000 peers"), "{out}");
    assert!(out.contains("warning: one seed gives no confidence intervals"), "{out}");
}

#[test]
fn a_missing_file_and_a_wrong_verb_exit_with_2() {
    for arguments in [&["check", "no-such-file.toml"][..], &["chekc", "a.toml"], &["list", "topologys"]] {
        let output = peerscape().args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let output = peerscape().arg("chekc").output().expect("it runs");
    assert!(text(&output.stderr).contains("similar"), "{}", text(&output.stderr));
}

#[test]
fn lists_name_every_preset() {
    let output = peerscape().arg("list").output().expect("it runs");
    let out = text(&output.stdout);
    for name in
        ["mesh", "state-sync", "cable", "dcutr", "mid-phone", "webrtc-rs", "world", "London", "delivery_latency_p95_ms"]
    {
        assert!(out.contains(name), "{name}");
    }
    let links = peerscape().args(["list", "links"]).output().expect("it runs");
    assert!(text(&links.stdout).starts_with("fibre "));
}

#[test]
fn what_cannot_fit_is_refused_at_once_and_told_how_to_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let few = ["--set", "population.peers=20", "--set", "run.seeds=1", "--memory-limit", "1MB"];
    let run = || {
        let mut command = peerscape();
        command.current_dir(&folder).arg("run").arg(&scenario).args(few);
        command
    };
    let output = run().output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("--memory-limit") && error.contains("--force"), "{error}");
    // A hybrid of a million peers is not built for that.
    let mut command = peerscape();
    command.current_dir(&folder).arg("run").arg(&scenario).args(few);
    let topology = r#"topology=[{ kind = "hybrid" }]"#;
    command.args(["--set", "population.peers=1000000", "--set", topology]);
    let output = command.timeout(std::time::Duration::from_secs(5)).output().expect("it answers in time");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}
