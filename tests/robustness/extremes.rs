//! Numbers of any magnitude in every setting that takes one.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use peerscape::scenario::{json_schema, parse_str};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::{runner, simulate_all};

/// A setting that takes a number: its path as `--set` takes it, and the definition of its type.
#[derive(Clone, Debug)]
struct Setting {
    path: String,
    kind: String,
}

/// Every setting with a number, of the schema.
fn settings() -> Vec<Setting> {
    let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
    let mut settings = Vec::new();
    for section in ["run", "population", "network", "webrtc"] {
        collect(section, &schema["properties"][section], &schema["definitions"], &mut settings);
    }
    settings.sort_by(|a, b| a.path.cmp(&b.path));
    settings.dedup_by(|a, b| a.path == b.path);
    assert!(settings.len() > 60, "only {} settings", settings.len());
    settings
}

/// The settings of a kind of workload.
fn settings_of_workload(kind: &str) -> Vec<Setting> {
    let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
    let kinds = schema["properties"]["workload"]["items"]["oneOf"].as_array().expect("kinds");
    let own = kinds.iter().find(|own| own["properties"]["kind"]["const"] == kind).expect("this kind");
    let mut settings = Vec::new();
    collect("workload.0", own, &schema["definitions"], &mut settings);
    settings
}

fn collect(path: &str, schema: &Value, definitions: &Value, settings: &mut Vec<Setting>) {
    const NUMBERS: [&str; 7] = ["Duration", "ByteCount", "Bitrate", "Frequency", "Percentage", "Price", "LinkLoss"];
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        if NUMBERS.contains(&name) {
            settings.push(Setting { path: path.to_owned(), kind: name.to_owned() });
        } else if name != "Range" {
            collect(path, &definitions[name], definitions, settings);
        }
    }
    if ["integer", "number"].iter().any(|kind| schema["type"] == *kind) {
        settings.push(Setting { path: path.to_owned(), kind: schema["type"].as_str().unwrap_or_default().to_owned() });
    }
    if let Some(items) = schema.get("items").filter(|_| schema["description"] != "A sweep axis.") {
        collect(&format!("{path}.0"), items, definitions, settings);
    }
    for choices in ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema[key].as_array()) {
        choices.iter().for_each(|choice| collect(path, choice, definitions, settings));
    }
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        collect(&format!("{path}.{key}"), value, definitions, settings);
    }
}

/// A number of any magnitude as a setting of this kind is written.
fn written(kind: &str, mantissa: f64, exponent: i32, unit: Index) -> String {
    let number = mantissa * 10_f64.powi(exponent);
    let units: &[&str] = match kind {
        "Duration" => &["ns", "us", "ms", "s", "min", "h"],
        "ByteCount" => &["B", "kB", "MB", "GB", "KiB", "MiB", "GiB"],
        "Bitrate" => &["bit/s", "kbit/s", "Mbit/s", "Gbit/s"],
        "Frequency" => &["/s", "Hz", "/min", "/h"],
        "Percentage" | "LinkLoss" => &["%"],
        "Price" => &["USD/GB"],
        "integer" => return format!("{:.0}", number.min(9e18)),
        _ => return format!("{number:e}"),
    };
    format!("\"{number} {}\"", unit.get(units))
}

const WORKLOADS: [(&str, &str); 9] = [
    ("broadcast", "message = \"200 B\"\nrate = \"10 /s\""),
    ("state-sync", "message = \"200 B\"\nrate = \"5 /s\"\nchannel = \"reliable\""),
    ("telemetry", "message = \"2 KiB\"\nrate = \"5 /s\""),
    ("pub-sub", "topics = 3\nmessage = \"200 B\"\nrate = \"5 /s\""),
    ("request-response", "request = \"100 B\"\nresponse = \"4 KiB\"\nrate = \"2 /s\""),
    ("game", ""),
    ("text", "writers = 2"),
    ("live", "ladder = \"100 kbit/s, 400 kbit/s\""),
    ("distribution", "size = \"2 MB\""),
];

const LATENCIES: [&str; 3] = [
    "{ kind = \"cities\" }",
    "{ kind = \"uniform\", min = \"5 ms\", max = \"50 ms\" }",
    "{ kind = \"constant\", one_way = \"20 ms\" }",
];

const TOPOLOGIES: [&str; 4] =
    ["kind = \"mesh\"", "kind = \"star\"", "kind = \"tree\"\ndegree = 2", "kind = \"hybrid\"\npeers_per_hub = 3"];

fn base(workload: (&str, &str), latency: &str, topology: &str) -> String {
    format!(
        "[run]\nduration = \"3 s\"\nwarmup = \"1 s\"\ndrain = \"1 s\"\nseeds = 1\n\
         [population]\npeers = 8\n\
         [[population.class]]\nname = \"home\"\nnat = \"home\"\ndevice = {{ speed = 1.0, budget = \"50 %\" }}\nengine = {{ }}\n\
         link = {{ up = \"10 Mbit/s\", down = \"50 Mbit/s\", rtt = \"20 ms\", loss = \"1 %\" }}\n\
         [network]\nlatency = {latency}\n\
         [webrtc]\nturn = {{ allocation_rate = \"20 /s\" }}\n\
         [[workload]]\nkind = \"{}\"\n{}\n[[topology]]\n{topology}\n",
        workload.0, workload.1
    )
}

#[test]
fn extreme_numbers_are_refused_or_simulated_to_the_end() {
    let all = settings();
    let of_workloads = WORKLOADS.map(|(kind, _)| settings_of_workload(kind));
    let number = || (1.0..10.0_f64, prop_oneof![-20..25_i32, -3..4_i32], any::<Index>());
    let changes = proptest::collection::vec((any::<Index>(), any::<bool>(), number()), 1..=2);
    let inputs = (0..WORKLOADS.len(), select(&LATENCIES[..]), select(&TOPOLOGIES[..]), any::<bool>(), changes);
    let (accepted, refused, simulated) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = runner(600);
    let result = runner.run(&inputs, |(nth, latency, topology, packets, changes)| {
        let mut overrides: Vec<String> = changes
            .into_iter()
            .map(|(which, of_workload, (mantissa, exponent, unit))| {
                let setting = which.get(if of_workload { &of_workloads[nth] } else { &all });
                format!("{}={}", setting.path, written(&setting.kind, mantissa, exponent, unit))
            })
            .collect();
        overrides.push(format!("run.grain={}", if packets { "packet" } else { "message" }));
        let text = base(WORKLOADS[nth], latency, topology);
        let Ok(experiment) = parse_str("extreme.toml", &text, Path::new(""), &overrides) else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        accepted.set(accepted.get() + 1);
        let clock = super::clock();
        let count = simulate_all(&experiment).map_err(|error| TestCaseError::fail(format!("{overrides:?} {error}")))?;
        simulated.set(simulated.get() + count);
        prop_assert!(clock.elapsed() < Duration::from_secs(60), "{overrides:?} takes {:?}", clock.elapsed());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (accepted, refused, simulated) = (accepted.get(), refused.get(), simulated.get());
    // Neither side of the question may be empty.
    assert!(
        accepted > 50 && refused > 100 && simulated > 50,
        "{accepted} accepted, {refused} refused, {simulated} run"
    );
}

#[test]
fn the_base_is_accepted() {
    for workload in WORKLOADS {
        for latency in LATENCIES {
            let text = base(workload, latency, TOPOLOGIES[1]);
            let experiment = parse_str("base.toml", &text, Path::new(""), &[]);
            let experiment = experiment.unwrap_or_else(|errors| panic!("{:?}\n{text}", miette::Report::new(errors)));
            assert_eq!(simulate_all(&experiment), Ok(1), "{text}");
        }
    }
}
