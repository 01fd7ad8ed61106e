mod support;
use peerscape::net::{LatencySpec, LinkSpec};
use peerscape::rng::Seed;
use peerscape::simulation::{Options, simulate_with};
use peerscape::units::*;
use support::*;

fn run(name: &str, peers: u32, up: u64, w: &str, wp: &str, t: &str, tp: &str) {
    let lat = LatencySpec::Uniform { min: SimDuration::from_ms(10), max: SimDuration::from_ms(100) };
    let mut s = ideal(peers, lat, vec![workload(w, wp)]);
    s.population.classes[0].link.value = LinkSpec { up: Some(Bitrate::from_bps(up)), ..LinkSpec::default() };
    let c = cell(s, topology(t, tp));
    for shortcuts in [true, false] {
        if !shortcuts && std::env::var("EV").is_err() {
            continue;
        }
        let t0 = cpu_time::ThreadTime::now();
        let r = simulate_with(&c, Seed(1), Options { shortcuts }).unwrap();
        let dt = t0.elapsed().as_secs_f64();
        println!(
            "{name} shortcuts={shortcuts} deliveries {} events {} {:.2} M/s mean {:?} max {:?} {:?}",
            r.counts.deliveries,
            r.counts.events,
            r.counts.deliveries as f64 / dt / 1e6,
            r.latency.mean(),
            r.latency.max(),
            r.findings
        );
    }
}
#[test]
fn probe() {
    let b = r#"{ message = "1024 B", rate = "30 /s" }"#;
    let t = r#"{ degree = 4, order = "arrival" }"#;
    for n in [1_000, 10_000, 100_000] {
        run(&format!("w2-{n}"), n, 10_000_000, "broadcast", b, "tree", t);
    }
    if std::env::var("BIG").is_ok() {
        run("w2-1m", 1_000_000, 10_000_000, "broadcast", b, "tree", t);
    }
    let m = r#"{ message = "200 B", rate = "10 /s" }"#;
    run("w3-500", 500, 100_000_000, "state-sync", m, "mesh", "{}");
    if std::env::var("BIG").is_ok() {
        run("w3-2000", 2000, 100_000_000, "state-sync", m, "mesh", "{}");
    }
}
