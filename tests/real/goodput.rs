//! Congestion control on a link of 100 Mbit/s, against figures measured earlier and Mathis' formula.

use peerscape::net::{LossSpec, PacketLinkSpec};
use peerscape::real::bulk::{BulkSpec, transfer};
use peerscape::real::pair::{Gather, PairSpec};
use peerscape::rng::Seed;
use peerscape::units::{Bitrate, ByteCount, Probability, SimDuration};

/// Goodput in Mbit/s, mean over `seeds` transfers.
fn goodput(one_way_ms: u64, loss_percent: f64, secs: u64, seeds: u64) -> f64 {
    let loss = Probability::new(loss_percent / 100.0).expect("a share");
    let up = PacketLinkSpec {
        rate: Some(Bitrate::from_bps(100_000_000)),
        // 200 ms at this rate.
        buffer: Some(ByteCount::new(2_500_000)),
        loss: LossSpec::bernoulli(loss),
        ..PacketLinkSpec::default()
    };
    let one = |seed| {
        let pair = PairSpec {
            up,
            delay: SimDuration::from_ms(one_way_ms),
            gather: Gather::Host,
            seed: Seed(seed),
            ..PairSpec::default()
        };
        let spec = BulkSpec {
            pair,
            message: ByteCount::new(1_024),
            outstanding: ByteCount::new(1 << 20),
            duration: SimDuration::from_secs(secs),
        };
        transfer(&spec).expect("it runs").goodput_mbit_per_s
    };
    let mean = (1..=seeds).map(one).sum::<f64>() / seeds as f64;
    println!("{one_way_ms} ms one way, {loss_percent} % loss: {mean:.2} Mbit/s");
    mean
}

/// Mathis et al., CCR 27(3), 1997: 1.22 MSS / (RTT sqrt(p)), in Mbit/s.
fn mathis(one_way_ms: f64, loss: f64) -> f64 {
    // SCTP payload of a packet of this stack.
    let mss_bits = 1_200.0 * 8.0;
    1.22 * mss_bits / (2.0 * one_way_ms / 1e3 * loss.sqrt()) / 1e6
}

fn within(percent: f64, value: f64, expected: f64) {
    let error = 100.0 * (value - expected) / expected;
    assert!(error.abs() <= percent, "{value:.2} is {error:+.1} % off {expected:.2}");
}

#[test]
fn without_loss_a_long_transfer_fills_the_link_after_slow_start() {
    within(10.0, goodput(10, 0.0, 10, 1), 90.6);
    within(10.0, goodput(50, 0.0, 10, 1), 74.3);
}

#[test]
fn under_loss_it_follows_mathis() {
    let near = goodput(10, 1.0, 60, 4);
    let far = goodput(50, 1.0, 120, 4);
    within(10.0, near, 5.9);
    within(20.0, near, mathis(10.0, 0.01));
    within(10.0, far, 1.0);
    within(20.0, far, mathis(50.0, 0.01));
}
