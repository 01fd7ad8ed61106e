//! Live streams over links whose capacity is known.

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::net::LinkSpec;
use peerscape::rng::Seed;
use peerscape::scenario::{Grain, Settings};
use peerscape::units::{Bitrate, SimDuration};
use peerscape::webrtc::HeaderOverhead;

use super::oracles::constant;
use super::support::{cell, ideal, simulate, topology, workload};

/// A stream of 300 kbit/s, 800 kbit/s or 2 Mbit/s to the other peers, whose links have this rate.
fn watch(kbit: Option<u64>, adaptation: &str, kind: &str, params: &str) -> RunRecord {
    let traffic = format!(r#"{{ ladder = "300 kbit/s, 800 kbit/s, 2 Mbit/s", adaptation = "{adaptation}" }}"#);
    let mut settings: Settings = ideal(4, constant(20), vec![workload("live", &traffic)]);
    settings.run.grain = Grain::Packet;
    settings.run.warmup = SimDuration::from_secs(20);
    settings.run.duration = SimDuration::from_secs(80);
    settings.webrtc.overhead = HeaderOverhead::Full;
    let down = kbit.map(|kbit| Bitrate::from_bps(kbit * 1_000));
    settings.population.classes[0].link.value =
        LinkSpec { down, buffer: Some(SimDuration::from_ms(500)), ..LinkSpec::default() };
    simulate(&cell(settings, topology(kind, params)), Seed(1)).expect("runs")
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

#[test]
fn where_nothing_limits_all_see_the_highest_bitrate() {
    for adaptation in ["connection", "off"] {
        let record = watch(None, adaptation, "mesh", "{}");
        assert!((value(&record, MetricId::LiveGoodput) - 2_000.0).abs() < 1.0, "{adaptation}");
        assert!(value(&record, MetricId::LiveMissed) < 1e-9, "{adaptation}");
        assert!(value(&record, MetricId::LiveStalls) < 1e-9 && value(&record, MetricId::LiveSwitches) < 1e-9);
        assert!((value(&record, MetricId::LiveFairness) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_narrow_link_is_used_by_who_adapts_and_fails_who_does_not() {
    // 1.1 Mbit/s: the middle bitrate and its headers fit.
    let adaptive = watch(Some(1_100), "connection", "mesh", "{}");
    let goodput = value(&adaptive, MetricId::LiveGoodput);
    // It tries the highest now and then, and a window that is filled to the brim loses much of it: 576 measured.
    assert!((550.0..=800.0).contains(&goodput), "{goodput} kbit/s");
    let missed = value(&adaptive, MetricId::LiveMissed);
    assert!(missed < 10.0, "{missed} % missed");
    let fixed = value(&watch(Some(1_100), "off", "mesh", "{}"), MetricId::LiveMissed);
    assert!(fixed > 50.0, "{fixed} % missed");
}

#[test]
fn nobody_sees_more_than_what_its_parent_has() {
    // In a chain the first hop decides for all.
    let chain = watch(Some(1_100), "connection", "tree", "{ degree = 1 }");
    let goodput = value(&chain, MetricId::LiveGoodput);
    assert!((400.0..=800.0).contains(&goodput), "{goodput} kbit/s");
}
