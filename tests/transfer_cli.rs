//! `peerscape transfer` on the command line.

mod support;

use std::path::Path;
use std::process::Output;

fn transfer(arguments: &[&str], threads: &str) -> Output {
    let mut command = support::command(Path::new("."), &["transfer"]);
    command.args(arguments).env("RAYON_NUM_THREADS", threads).output().expect("it starts")
}

fn text(arguments: &[&str]) -> String {
    let output = transfer(arguments, "2");
    assert!(output.status.success(), "{arguments:?}: {}", support::stderr(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The column of a name, of each row.
fn column(csv: &str, name: &str) -> Vec<f64> {
    let at = csv.lines().next().and_then(|head| head.split(',').position(|word| word == name)).expect("a column");
    let rows = csv.lines().skip(1).map(|row| row.split(',').nth(at).and_then(|word| word.parse().ok()));
    rows.map(|figure| figure.expect("a number")).collect()
}

#[test]
fn the_table_shows_goodput_collapse_and_echo() {
    let text = text(&["--rtt", "0ms,50ms", "--loss", "0%,1%", "--duration", "6 s", "--seeds", "2"]);
    insta::assert_snapshot!("transfer", text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn chromium_collapses_without_loss_at_50_ms_and_not_with_loss_nearby() {
    let figures = |rtt, loss| text(&["--rtt", rtt, "--loss", loss, "--duration", "6 s", "--format", "csv"]);
    let without_loss = figures("50ms", "0%");
    assert_eq!(column(&without_loss, "collapsed_percent"), [100.0]);
    assert!(column(&without_loss, "goodput_mbit_per_s")[0] < 1.5, "15 % of the link: {without_loss}");
    let nearby = figures("0ms", "1%");
    assert_eq!(column(&nearby, "collapsed_percent"), [0.0]);
    assert!(column(&nearby, "goodput_mbit_per_s")[0] > 8.0, "{nearby}");
}

#[test]
fn an_implementation_whose_time_out_ends_the_recovery_never_collapses() {
    for profile in ["pion", "libdatachannel"] {
        let csv = text(&["--profile", profile, "--loss", "0%,1%", "--seeds", "2", "--format", "csv"]);
        assert!(column(&csv, "stuck_max_s").iter().all(|&stuck| stuck < f64::EPSILON), "{csv}");
    }
}

#[test]
fn an_engine_on_a_device_bounds_what_a_fast_link_carries() {
    let goodput = |more: &[&str]| {
        let link = ["--rate", "1 Gbit/s", "--rtt", "1ms", "--loss", "0%", "--duration", "4 s", "--format", "csv"];
        column(&text(&[&link[..], more].concat()), "goodput_mbit_per_s")[0]
    };
    // 64 KiB take 5.0 ms of a server core, of which a server lends 80 % and a phone 15.
    let message = ["--engine", "chromium", "--message", "64 KiB"];
    let [server, phone] = ["server", "phone"].map(|device| goodput(&[&message[..], &["--device", device]].concat()));
    assert!((60.0..90.0).contains(&server), "{server}");
    assert!((8.0..17.0).contains(&phone), "{phone}");
    assert!(goodput(&["--message", "64 KiB"]) > 3.0 * server);
}

#[test]
fn threads_change_nothing() {
    let arguments = ["--rtt", "0ms,20ms", "--loss", "0%,1%", "--duration", "3 s"];
    assert_eq!(transfer(&arguments, "1").stdout, transfer(&arguments, "3").stdout);
}

#[test]
fn wrong_values_say_what_is_allowed() {
    for (arguments, words) in [
        (&["--profile", "safari"][..], "possible values"),
        (&["--rate", "0 Mbit/s"], "allowed are 100 kbit/s"),
        (&["--rate", "10 mbps"], "Mbit/s"),
        (&["--buffer", "100 B"], "allowed are"),
        (&["--rtt", ""], "a duration"),
        (&["--rtt", "20"], "no unit"),
        (&["--loss", ""], "a percentage"),
        (&["--loss", "200 %"], "100 %"),
        (&["--message", "0 B"], "1 B to 256 KiB"),
        (&["--message", "1 MiB"], "chromium sends 1 B to 256 KiB"),
        (&["--to", "pion", "--message", "100 KiB"], "chromium to pion sends 1 B to 64 KiB"),
        (&["--profile", "firefox", "--message", "15 MiB", "--outstanding", "16 MiB"], "receive window"),
        (&["--outstanding", "8 KiB"], "larger than --outstanding"),
        (&["--from", "10 s"], "leaves nothing"),
        (&["--duration", "2 h"], "allowed are"),
        (&["--seeds", "0"], "1..=1000"),
        (&["--duration", "1 h"], "simulated seconds"),
        (&["--rate", "10 Gbit/s"], "GB"),
    ] {
        let output = transfer(arguments, "1");
        let errors = support::stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(words), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
