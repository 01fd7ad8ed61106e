//! The controller over a fluid bottleneck: a queue that fills when more is sent than fits.

use proptest::prelude::*;

use super::*;

const LADDER_KBIT: [u64; 5] = [300, 700, 1_500, 3_000, 6_000];

fn ladder() -> Arc<[Bitrate]> {
    LADDER_KBIT.iter().map(|kbit| Bitrate::from_bps(kbit * 1_000)).collect()
}

fn at(ms: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_ms(ms)
}

/// Where what does not fit waits.
#[derive(Clone, Copy)]
enum Waits {
    /// In the network: delivery takes longer, and the sender learns so when it has been delivered.
    InQueue,
    /// At the sender: its channel takes no more than fits.
    InChannel,
}

const STEP_MS: u64 = 20;
const DELAY_MS: f64 = 60.0;

/// The level in each step of 20 ms over a link of `kbit(ms)`, from the middle of the ladder.
fn levels(until_ms: u64, waits: Waits, kbit: impl Fn(u64) -> f64) -> Vec<u16> {
    let mut controller = Adaptation::new(AdaptationSpec::default(), ladder(), 2);
    let (mut level, mut queue_kbit) = (2_u16, 0.0_f64);
    let mut delays: Vec<f64> = Vec::new();
    let mut levels = Vec::new();
    for step in 0..until_ms / STEP_MS {
        let now = step * STEP_MS;
        let capacity = kbit(now);
        let sent = LADDER_KBIT[usize::from(level)] as f64;
        queue_kbit = (queue_kbit + (sent - capacity) * STEP_MS as f64 / 1e3).max(0.0);
        delays.push(DELAY_MS + queue_kbit / capacity * 1e3);
        let seen = match waits {
            Waits::InQueue => {
                // The latest of those that have arrived.
                let arrived = |sent: &usize| (*sent as u64 * STEP_MS) as f64 + delays[*sent] <= now as f64;
                let latest = (0..delays.len()).rev().find(arrived).map(|sent| delays[sent]);
                let delay = latest.map(|ms| SimDuration::from_us((ms * 1e3) as u64));
                Observation { buffered: ByteCount::new(0), delay, available: 4 }
            }
            Waits::InChannel => {
                let buffered = ByteCount::new((queue_kbit * 125.0) as u64);
                Observation { buffered, delay: Some(SimDuration::from_ms(60)), available: 4 }
            }
        };
        level = controller.observe(at(now), &seen);
        levels.push(level);
    }
    levels
}

fn changes(levels: &[u16]) -> usize {
    levels.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn it_falls_within_two_seconds_when_capacity_halves() {
    for waits in [Waits::InQueue, Waits::InChannel] {
        let levels = levels(64_000, waits, |ms| if ms < 60_000 { 8_000.0 } else { 4_000.0 });
        let at_ms = |ms: u64| levels[(ms / STEP_MS) as usize];
        assert_eq!(at_ms(59_980), 4);
        assert_eq!(at_ms(62_000), 3, "6 Mbit/s do not fit 4");
        assert_eq!(at_ms(63_900), 3, "and 3 do: no fall on the way back of the queue");
    }
}

#[test]
fn it_finds_the_highest_level_that_fits() {
    for waits in [Waits::InQueue, Waits::InChannel] {
        for (level, kbit) in (0..).zip(LADDER_KBIT) {
            let levels = levels(300_000, waits, |_| kbit as f64 * 1.2);
            let late = &levels[levels.len() / 2..];
            let fits = late.iter().filter(|&&other| other == level).count() as f64 / late.len() as f64;
            assert!(fits > 0.85, "level {level}: {fits}");
        }
    }
}

#[test]
fn on_a_constant_link_it_does_not_oscillate() {
    for waits in [Waits::InQueue, Waits::InChannel] {
        // From comfortable to just too little for the next level.
        for kbit in [1_600.0, 2_000.0, 2_500.0, 2_900.0, 3_200.0] {
            let levels = levels(420_000, waits, |_| kbit);
            let per_minute = changes(&levels[(120_000 / STEP_MS) as usize..]) as f64 / 5.0;
            assert!(per_minute <= 4.0, "{kbit} kbit/s: {per_minute} a minute, up and down count apiece");
        }
    }
}

#[test]
fn an_outage_of_a_second_costs_some_levels_and_not_for_ever() {
    let outage = |ms: u64| if (60_000..61_000).contains(&ms) { 1.0 } else { 8_000.0 };
    let levels = levels(120_000, Waits::InQueue, outage);
    let least = levels[(60_000 / STEP_MS) as usize..].iter().min().copied();
    assert!(least.is_some_and(|least| least < 4), "{least:?}");
    assert_eq!(levels.last(), Some(&4));
}

#[test]
fn failed_tries_wait_longer() {
    let levels = levels(200_000, Waits::InQueue, |_| 2_000.0);
    let ups: Vec<u64> = (1..levels.len()).filter(|&n| levels[n] > levels[n - 1]).map(|n| n as u64 * STEP_MS).collect();
    let gaps: Vec<u64> = ups.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() >= 4 && gaps.windows(2).take(3).all(|pair| pair[1] > pair[0]), "{ups:?}");
    assert!(gaps.last().is_some_and(|gap| (30_000..40_000).contains(gap)), "{gaps:?}");
}

#[test]
fn what_comes_from_upstream_is_the_most() {
    let mut controller = Adaptation::new(AdaptationSpec::default(), ladder(), 4);
    let seen = |available| Observation { buffered: ByteCount::new(0), delay: None, available };
    assert_eq!(controller.observe(at(0), &seen(1)), 1);
    assert_eq!(controller.observe(at(20), &seen(9)), 4, "its own level is not forgotten");
}

proptest! {
    #[test]
    fn never_above_upstream_and_always_a_level(
        steps in prop::collection::vec((0..3_000_u64, 0..2_000_000_u64, prop::option::of(0..3_000_u64), 0..8_u16), 1..200),
    ) {
        let mut controller = Adaptation::new(AdaptationSpec::default(), ladder(), 3);
        let (mut now, mut before, mut most) = (0, 3, 3);
        for (gap, buffered, delay, available) in steps {
            now += gap;
            let delay = delay.map(SimDuration::from_ms);
            let level = controller.observe(at(now), &Observation { buffered: ByteCount::new(buffered), delay, available });
            prop_assert!(level <= available && usize::from(level) < LADDER_KBIT.len());
            // It climbs by one level at a time, but for what upstream had kept from it.
            prop_assert!(level <= most + 1 || level <= before + 1);
            most = most.max(level);
            before = level;
        }
    }
}
