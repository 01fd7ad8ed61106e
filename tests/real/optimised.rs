//! What an optimised overlay gains over plain ones: as the model says, on the real stack in virtual time.

use std::path::Path;

use peerscape::metrics::MetricId;
use peerscape::real::replication::replicate;
use peerscape::rng::Seed;
use peerscape::scenario;
use peerscape::simulation::{Knowledge, simulate};

const SCENARIO: &str = r#"
[run]
duration = "14 s"
warmup = "9 s"
[population]
peers = 24
regions = "europe"
[[population.class]]
name = "home"
share = "60 %"
link = { down = "100 Mbit/s", up = "20 Mbit/s", rtt = "12 ms" }
nat = "public"
device = "laptop"
engine = "webrtc-rs"
[[population.class]]
name = "mobile"
share = "40 %"
link = { down = "40 Mbit/s", up = "8 Mbit/s", rtt = "40 ms" }
nat = "public"
device = "laptop"
engine = "webrtc-rs"
[[workload]]
kind = "broadcast"
message = "1000 B"
rate = "10 /s"
channel = "reliable-unordered"
[[topology]]
kind = "tree"
degree = 3
order = ["arrival", "best-uplink", "optimised"]
[[topology]]
kind = "hybrid"
hubs = 5
attach = { kind = "tree", degree = 3, order = "optimised" }
"#;

/// Gains in p95 latency of an optimised tree and hybrid over the trees by arrival and by uplink. Aim, set beforehand:
/// between 0.7 and 1.3 of what the model predicts.
#[test]
fn the_gain_that_is_predicted_is_there_on_the_real_stack() {
    let cells = scenario::parse_str("a.toml", SCENARIO, Path::new("."), &[]).expect("valid").cells;
    for seed in [Seed(1), Seed(2)] {
        let [mut model, mut real] = [Vec::new(), Vec::new()];
        for cell in &cells {
            let knowledge = Knowledge::of(&cell.settings);
            let p95 = |record: &peerscape::RunRecord| record.values.get(MetricId::LatencyP95).expect("messages");
            model.push(p95(&simulate(cell, seed, &knowledge).expect("runs")));
            real.push(p95(&replicate(cell, seed, &knowledge).expect("runs").record));
        }
        // The hybrid is no better than the tree by uplink, nor is it predicted to be: there is no gain to compare.
        for (plain, optimised) in [(0, 2), (0, 3), (1, 2)] {
            let [predicted, measured] = [&model, &real].map(|p95_ms| p95_ms[plain] - p95_ms[optimised]);
            let pair = format!("{} over {}", cells[optimised].label, cells[plain].label);
            assert!(predicted > 10.0, "{pair}, {seed:?}: {model:?}");
            assert!((0.7..=1.3).contains(&(measured / predicted)), "{pair}, {seed:?}: {model:?} {real:?}");
        }
        let best = |p95_ms: &[f64]| (0..p95_ms.len()).min_by(|&a, &b| p95_ms[a].total_cmp(&p95_ms[b]));
        assert_eq!(best(&model), best(&real), "what the model would take is the best: {model:?} {real:?}");
    }
}
