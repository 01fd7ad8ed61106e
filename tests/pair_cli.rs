//! `peerscape pair` and `peerscape nat` on the command line.

mod support;

use std::path::Path;
use std::process::Output;

use support::stderr;

fn peerscape(arguments: &[&str]) -> Output {
    support::peerscape(Path::new("."), arguments)
}

fn text(arguments: &[&str]) -> String {
    let output = peerscape(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_model_knows_outcome_and_round_trips_of_a_pair() {
    let text = text(&["pair", "--offerer", "eim-apdf", "--answerer", "apdm-apdf", "--delay", "20 ms"]);
    insta::assert_snapshot!("pair_by_the_model", text);
}

#[test]
fn the_model_knows_every_pair() {
    let text = text(&["nat", "--only", "public,eim-apdf,apdm-apdf,udp-blocked", "--gather", "stun"]);
    insta::assert_snapshot!("nat_by_the_model", text);
}

#[test]
fn wrong_values_say_what_is_allowed() {
    for (arguments, words) in [
        (["pair", "--offerer", "eim-apfd"], "eim-apdf"),
        (["pair", "--loss", "200 %"], "100 %"),
        (["pair", "--delay", "50"], "no unit"),
        (["pair", "--delay", "2 h"], "allowed are"),
        (["pair", "--timeout", "0 s"], "allowed are"),
        (["pair", "--attempts", "0"], "1..=100"),
        (["nat", "--only", "public,nat"], "possible values"),
    ] {
        let output = peerscape(&arguments);
        let errors = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(words), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[cfg(not(feature = "real"))]
#[test]
fn a_build_without_the_stack_says_how_to_get_it() {
    for arguments in [["pair", "--rung", "virtual"], ["nat", "--rung", "virtual"]] {
        let output = peerscape(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("--features real"));
    }
}

#[cfg(feature = "real")]
#[test]
fn the_real_set_up_shows_every_step() {
    let text = text(&["pair", "--rung", "virtual", "--gather", "host", "--delay", "50 ms"]);
    insta::assert_snapshot!("pair_by_the_stack", text);
}

#[cfg(feature = "real")]
#[test]
fn the_real_table_has_the_known_outcomes() {
    let arguments = ["nat", "--rung", "virtual", "--only", "public,eim-apdf,apdm-apdf", "--gather"];
    insta::assert_snapshot!("nat_by_the_stack_stun", text(&[&arguments[..], &["stun"]].concat()));
    insta::assert_snapshot!("nat_by_the_stack_turn", text(&[&arguments[..], &["turn"]].concat()));
}
