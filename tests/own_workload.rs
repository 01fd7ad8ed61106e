//! A workload from outside of the crate: four methods, and scenarios read, check and run it like ours.

use std::path::Path;

use peerscape::overlay::audience::ALL;
use peerscape::overlay::workload::{Arrivals, Channel, Estimate, Limits, Part, Role};
use peerscape::units::{ByteCount, SimDuration, SimTime};
use peerscape::{
    Experiment, Flow, Knowledge, MetricId, Registry, RegistryError, ScenarioErrors, Seed, Streams, Workload,
    WorkloadEntry, World, json_of, simulate,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first peers of the population each send a beat a second to everybody.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Heartbeat {
    hearts: u32,
    #[serde(default = "beat")]
    beat: ByteCount,
}

fn beat() -> ByteCount {
    ByteCount::new(64)
}

const HEARTBEAT: WorkloadEntry = WorkloadEntry::new::<Heartbeat>("heartbeat", "a few peers send a beat a second");
const PERIOD: SimDuration = SimDuration::from_secs(1);

impl Workload for Heartbeat {
    fn flows(&self, world: &World, _streams: Streams, nth: u32) -> Vec<Flow> {
        let flow = |source: u32| Flow {
            id: u64::from(nth) << 32 | u64::from(source),
            source,
            audience: ALL,
            arrivals: Arrivals::Periodic,
            start: SimTime::ZERO + PERIOD.half(),
            period: PERIOD,
            times: None,
            size: self.beat,
            channel: Channel::Reliable,
            role: Role::Message,
            part: Part::WHOLE,
        };
        (0..self.hearts.min(world.peers())).map(flow).collect()
    }

    fn limits(&self) -> Limits<'_> {
        Limits { sizes: vec![("beat", self.beat)], sources: Some(("hearts", self.hearts)), ..Limits::default() }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let channel = Channel::Reliable;
        Estimate { channel, ..Estimate::to_all(self.hearts, 1.0 / PERIOD.as_secs_f64(), peers, run) }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(HEARTBEAT.kind, self)
    }
}

fn read(workload: &str) -> Result<Experiment, ScenarioErrors> {
    let text = format!(
        "[run]\nduration = \"20 s\"\nwarmup = \"10 s\"\nseeds = 1\n[population]\npeers = 10\n[webrtc]\nsetup = \"instant\"\n\
         [[workload]]\n{workload}\n[[topology]]\nkind = \"star\"\nhub = \"server\"\n"
    );
    let registry = Registry::default().with_workload(HEARTBEAT).expect("there is no heartbeat");
    registry.parse_str("beats.toml", &text, Path::new("."), &[])
}

#[test]
fn it_runs_like_ours() {
    let experiment = read("kind = \"heartbeat\"\nhearts = 3").expect("a scenario");
    assert_eq!(experiment.resolved["settings"]["workloads"][0]["kind"], "heartbeat");
    let cell = &experiment.cells[0];
    let record = simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("it runs");
    // Twenty beats of three peers, of which each comes to nine others.
    assert_eq!((record.counts.messages, record.counts.deliveries), (20 * 3, 20 * 3 * 9));
    assert_eq!(record.values.get(MetricId::Delivered), Some(100.0));
}

#[test]
fn it_is_checked_like_ours() {
    for (workload, message) in [
        ("kind = \"heartbaet\"\nhearts = 3", "did you mean `heartbeat`?"),
        ("kind = \"heartbeat\"", "has no `hearts`"),
        ("kind = \"heartbeat\"\nhearts = 11", "the workload needs 11 peers, and there are only 10"),
        ("kind = \"heartbeat\"\nhearts = 3\nbeat = \"0 B\"", "a message without a byte"),
    ] {
        let errors = read(workload).expect_err(workload);
        let text = format!("{:?}", miette::Report::new(errors));
        assert!(text.contains(message), "{text}");
    }
}

#[test]
fn the_same_kind_twice_is_an_error() {
    let once = Registry::default().with_workload(HEARTBEAT).expect("there is no heartbeat");
    assert!(once.json_schema().contains("\"heartbeat\""));
    let twice = once.with_workload(HEARTBEAT).expect_err("there is");
    assert_eq!(twice, RegistryError::Twice { table: "workload", kind: "heartbeat" });
}
