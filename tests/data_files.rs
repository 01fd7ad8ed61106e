//! Files of data as people hand them in: what is read from them, what is asked about, and what is refused.

use std::fs;
use std::path::Path;

use miette::Diagnostic;
use peerscape::scenario::{Experiment, Input, parse_str};

const SCENARIO: &str = r#"
[run]
duration = "30 s"
[population]
peers = 10
[[workload]]
kind = "broadcast"
message = "1200 B"
rate = "30 /s"
[[topology]]
kind = "mesh"
"#;

const MATRIX: &str = "[network]\nlatency = { kind = \"matrix\", file = \"data\" }\n";
const CAPACITY: &str = "[[population.class]]\nname = \"home\"\ncapacity = { up = \"data\" }\n";
const MESSAGES: &str = "[[workload]]\nkind = \"trace\"\nfile = \"data\"\n";

/// The experiment of a scenario that names these bytes, or the help of its only error.
fn load(part: &str, data: &[u8]) -> Result<Experiment, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("data"), data).expect("written");
    load_in(part, folder.path())
}

fn load_in(part: &str, folder: &Path) -> Result<Experiment, String> {
    parse_str("scenario.toml", &format!("{SCENARIO}{part}"), folder, &[]).map_err(|errors| {
        assert_eq!(errors.errors().len(), 1, "{errors:?}");
        let error = &errors.errors()[0];
        error.help().map_or_else(|| error.to_string(), |help| help.to_string())
    })
}

fn only_input(part: &str, data: &[u8]) -> Input {
    let experiment = load(part, data).unwrap_or_else(|help| panic!("{}: {help}", String::from_utf8_lossy(data)));
    let mut inputs = experiment.inputs();
    assert_eq!(inputs.len(), 1);
    inputs.remove(0)
}

#[test]
fn other_formats_are_named_in_one_line() {
    let text = |text: &str| text.as_bytes().to_vec();
    let files: Vec<(Vec<u8>, &str)> = vec![
        (text("{\"a\":{\"b\":70.1,\"a\":3},\"b\":{\"a\":70,\"b\":2}}"), "JSON"),
        (text("[[0,1],[1,0]]"), "JSON"),
        (text("| ms | a | b |\n| --- | --- | :-: |\n| a |  | 3 |\n| b | 3 |  |\n"), "Markdown"),
        (text("graph [\n node [\n  id 0\n ]\n edge [\n  source 0\n ]\n]\n"), "GML"),
        (text("<?xml version='1.0'?>\n<graphml>\n</graphml>\n"), "GraphML"),
        (text("<delays/>\n"), "XML"),
        (text("<!DOCTYPE html><html><body><table></table></body></html>"), "HTML"),
        (text("{1, 2},\n{3, 4}\n"), "braces"),
        (text("[[0, nan],\n [1, 0]]\n"), "brackets"),
        (text("m = [[0, 1], [1, 0]]\n"), "code"),
        (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "gzip"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "image"),
        (b"PK\x03\x04\x14\0\x08\0\x08\0\0\0\0\0".to_vec(), "zip"),
        (vec![0; 4_096], "control character"),
        (vec![b'1', 0xe4, b'\n'], "UTF-8"),
    ];
    for (data, name) in &files {
        for part in [MATRIX, CAPACITY, MESSAGES] {
            let help = load(part, data).expect_err(name);
            assert!(help.contains(name) && !help.contains('\n'), "{name}: {help}");
        }
    }
}

#[test]
fn what_holds_nothing_is_refused() {
    for (data, why) in
        [("", "empty"), ("# one\n# two\n", "comments only"), ("a,b,c\n", "names only"), ("\n\n", "empty")]
    {
        assert!(load(MATRIX, data.as_bytes()).expect_err(data).contains(why), "{data}");
        assert!(load(MESSAGES, data.as_bytes()).is_err() && load(CAPACITY, data.as_bytes()).is_err(), "{data}");
    }
    assert!(load(MESSAGES, b"time_s,source,bytes\n").expect_err("a header").contains("no message"));
}

#[test]
fn matrices_are_read_as_tools_write_them() {
    for data in [
        // pandas, with and without names; numbers of networks; R; a spreadsheet in Germany; a corner of blanks.
        ",0,1,2\n0,0.0,50.0,90.0\n1,50.0,0.0,70.0\n2,90.0,70.0,0.0\n",
        "asn,174,3356,2914\n174,0,50,90\n3356,50,0,70\n2914,90,70,0\n",
        ",a,b,c\n0,,50,90\n1,50,,70\n2,90,70,\n",
        "\"a\" \"b\" \"c\"\n\"a\" 0 50 90\n\"b\" 50 0 70\n\"c\" 90 70 0\n",
        "\u{feff}Ort;a;b;c\r\na;0,0;50,0;90,0\r\nb;50,0;0,0;70,0\r\nc;90,0;70,0;0,0\r\n",
        "0\t50\t90\t\n50\t0\t70\t\n90\t70\t0\t\n",
        "   0  50  90\n  50   0  70\n  90  70   0\n",
        "# a; b | c\n0,50,90\n50,0,70\n90,70,0\n",
        "\"x, y\",\"0\",\"50\",\"90\"\n\"y\",50,0,70\nz,90,70,0\n",
        ",a,b,c,\na,0,50,90,\nb,50,0,70,\nc,90,70,0,\n,,,,\n",
        "-;50;90\n50;-;70\n90;70;-\n",
        "0|50|90\r50|0|70\r90|70|0\r",
        "0,50,90\n,0,70\n,,0\n",
    ] {
        let Input { summary, .. } = only_input(MATRIX, data.as_bytes());
        assert!(
            summary.contains("3 places") && summary.contains("median 70 ms, smallest 50 ms, largest 90 ms, symmetric"),
            "{data}: {summary}"
        );
    }
}

#[test]
fn a_matrix_that_lost_a_row_or_a_column_is_refused() {
    for data in [
        "0,50,90\n50,0,70\n",
        "0,50\n50,0\n90,70\n",
        ",0,1,2\n0,0,50,90\n1,50,0,70\n",
        ",0,1\n0,0,50\n1,50,0\n2,90,70\n",
        "place,a,b,c\na,0,50,90\nb,50,0,70\n",
        "place,a,b\na,0,50\nb,50,0\nc,90,70\n",
        "a,b,c\n0,50,90\n50,0,70\n",
        "a,b\n0,50\n50,0\n90,70\n",
        "a,0,50\nb,50,0\nc,90,70\n",
        "0,1,2\n1,0,1\n2,1,0\n3,2,1\n",
    ] {
        load(MATRIX, data.as_bytes()).map(|experiment| experiment.inputs()).expect_err(data);
    }
    let help = load(MATRIX, b"place,a,b,c\na,0,50,90\nb,50,0,70\n").expect_err("a row is missing");
    assert!(help.contains("`c` has a column and no row"), "{help}");
}

#[test]
fn the_first_name_that_differs_is_told() {
    let help = load(MATRIX, b"from,a,b,c\na,,5,9\nx,5,,7\nc,9,7,\n").expect_err("b is not x");
    assert!(help.contains("line 1, column 3") && help.contains("`b`") && help.contains("`x`"), "{help}");
}

#[test]
fn faults_of_one_kind_are_one_line() {
    let row = "fast,".repeat(20);
    let help = load(MATRIX, format!("{}\n", row.trim_end_matches(',')).repeat(20).as_bytes()).expect_err("words");
    assert!(help.lines().count() <= 2, "{help}");
    let numbers = "0 ms,1 ms\n1 ms,0 ms\n";
    let help = load(MATRIX, numbers.as_bytes()).expect_err("units in cells");
    assert!(help.contains("4 such faults") && !help.contains('\n'), "{help}");
    let comma = load(MATRIX, b"0;1,234\n1,234;0\n").expect_err("a thousand?");
    assert!(comma.contains("thousands"), "{comma}");
}

#[test]
fn seconds_and_zeros_are_asked_about() {
    let input = only_input(MATRIX, b"0\t0.2\t0.3\t0\n0.2\t0\t0.1\t0.4\n0.3\t0.1\t0\t0.2\n0\t0.4\t0.2\t0\n");
    assert!(input.summary.contains("4 places") && input.summary.contains("2 zeros off the diagonal"), "{input:?}");
    assert!(input.warnings[0].contains("median 0.2 ms: are these seconds?"), "{input:?}");
    assert!(input.warnings[1].contains("2 zeros off the diagonal"), "{input:?}");
    let microseconds = MATRIX.replace("\"data\"", "\"data\", unit = \"us\"");
    let input = only_input(&microseconds, b"0,50000\n50000,0\n");
    assert!(input.summary.contains("median 50 ms") && input.warnings.is_empty(), "{input:?}");
}

#[test]
fn traces_say_what_they_hold() {
    let list = only_input(CAPACITY, b"1500\n1700\n1900\n");
    assert!(list.summary.contains("a mean of 19 kbit/s over 1.9 s"), "{list:?}");
    assert!(list.warnings[0].contains("are these rates?"), "{list:?}");
    let marked = only_input(CAPACITY, "\u{feff}1\n2\n3\n".as_bytes());
    assert!(marked.summary.contains("a mean of 12 Mbit/s over 0.003 s") && marked.warnings.is_empty(), "{marked:?}");
    let log = only_input(MESSAGES, "\u{feff}time_s,source,bytes,to\r\n12,ann,100,\r\n20,bob,90,cy\r\n".as_bytes());
    assert!(log.summary.contains("3 peers, 2 messages of 90 B to 100 B, from 12 s to 20 s"), "{log:?}");
}

#[test]
fn a_mark_at_the_start_of_a_scenario_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("marked.toml");
    fs::write(&file, format!("\u{feff}{SCENARIO}")).expect("written");
    peerscape::scenario::load(&file, &[]).expect("a scenario");
}

#[test]
fn what_is_no_regular_file_or_too_large_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data");
    fs::create_dir(&path).expect("a folder");
    assert!(load_in(MATRIX, folder.path()).expect_err("a folder").contains("directory"));
    fs::remove_dir(&path).expect("removed");
    fs::File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a file with a hole");
    for part in [MATRIX, CAPACITY, MESSAGES] {
        assert!(load_in(part, folder.path()).expect_err("too large").contains("256 MiB"));
    }
    fs::remove_file(&path).expect("removed");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", &path).expect("a link");
        for part in [MATRIX, CAPACITY, MESSAGES] {
            assert!(load_in(part, folder.path()).expect_err("endless").contains("device"));
        }
        let scenario = peerscape::scenario::load(Path::new("/dev/zero"), &[]).expect_err("endless");
        assert!(scenario.errors()[0].to_string().contains("limit"));
    }
}

/// Sweeps over sizes name as many sources as the largest has peers.
#[test]
fn all_publish_where_there_are_fewer_peers_than_sources() {
    for (kind, rest) in [("live", ""), ("broadcast", "message = \"100 B\"\nrate = \"1 /s\"\n")] {
        let scenario = format!(
            "[population]\npeers = [3, 6, 20]\n[[population.class]]\nname = \"home\"\nshare = \"50 %\"\n[[population.class]]\nname = \"rest\"\nshare = \"50 %\"\n[[workload]]\nkind = \"{kind}\"\nsources = 20\n{rest}[[topology]]\nkind = \"mesh\"\n"
        );
        for from in ["", "workload.0.from=home"] {
            let overrides: Vec<String> = Some(from.to_owned()).into_iter().filter(|from| !from.is_empty()).collect();
            let experiment = parse_str("s.toml", &scenario, Path::new(""), &overrides).expect("fewer are enough");
            assert_eq!(experiment.cells.len(), 3);
            for cell in &experiment.cells {
                let peers = cell.settings.population.peers.get();
                let per_source =
                    cell.settings.workloads[0].estimate(peers, cell.settings.run.duration).messages / f64::from(peers);
                assert!(per_source > 0.0);
            }
        }
    }
}
