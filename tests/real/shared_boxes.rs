//! Peers that share a local network or a carrier's NAT: the real stack connects them as the model
//! says, behind boxes that really are shared.

use std::path::Path;

use peerscape::metrics::MetricId;
use peerscape::real::replication::replicate;
use peerscape::rng::Seed;
use peerscape::scenario;
use peerscape::simulation::{Knowledge, simulate};

#[test]
fn whoever_shares_a_box_connects_as_the_model_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart-small.toml");
    let mut relayed = Vec::new();
    for mix in [
        // A relay for strangers, none for those in one local network.
        "apdm_apdf = \"100 %\", peers_per_lan = 4",
        // Two homes behind one carrier: by hairpin or by relay.
        "cgnat_home = \"50 %\", cgnat_symmetric = \"50 %\", peers_per_carrier_nat = 4, hairpin = \"100 %\"",
        "cgnat_home = \"50 %\", cgnat_symmetric = \"50 %\", peers_per_carrier_nat = 4, hairpin = \"0 %\"",
        // Phones see each other's addresses behind their carrier's NAT.
        "carrier_symmetric = \"100 %\", peers_per_carrier_nat = 4, hairpin = \"0 %\"",
    ] {
        let nat = format!("population.class.0.nat={{ {mix} }}");
        let overrides =
            ["population.peers=10".to_owned(), "run.duration=\"8 s\"".to_owned(), "run.warmup=\"7 s\"".to_owned(), nat];
        let cells = scenario::load(&file, &overrides).expect("valid").cells;
        let mesh = cells.iter().find(|cell| cell.label == "mesh").expect("a mesh");
        let real = replicate(mesh, Seed(2), &Knowledge::of(&mesh.settings)).expect("it runs").record;
        let model = simulate(mesh, Seed(2), &Knowledge::of(&mesh.settings)).expect("it runs");
        let percent = model.values.get(MetricId::Relayed).expect("a value");
        assert_eq!(real.values.get(MetricId::Relayed), Some(percent), "{mix}");
        relayed.push(percent);
    }
    assert!(relayed[0] > 0.0 && relayed[0] < 100.0, "{relayed:?}");
    assert!(relayed[1] < relayed[2], "{relayed:?}");
    assert!(relayed[3] > 0.0 && relayed[3] < 100.0, "{relayed:?}");
}
