//! One direction of a link, packet by packet: a queue with tail drop, serialisation, loss,
//! propagation, jitter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capacity::TraceServer;
use super::line::Line;
use super::loss::LossSpec;
use super::signs::Signs;
use super::transmitter::Transmitter;
use crate::rng::Stream;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};

/// One direction of a link. What is not given does not limit, delay or lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PacketLinkSpec {
    /// One-way propagation delay.
    pub delay: SimDuration,
    /// The rate at which packets are serialised.
    pub rate: Option<Bitrate>,
    /// How many bytes may wait; a packet that finds more is dropped. Needs a rate, or a trace.
    pub buffer: Option<ByteCount>,
    /// Delay on top, uniform from zero to this; packets stay in order, so one that is delayed
    /// holds up those behind it.
    pub jitter: SimDuration,
    /// Loss after the queue: what is lost has used the link.
    pub loss: LossSpec,
}

/// One direction of a link with its queue. Packets must be handed over in the order of time.
#[derive(Clone, Debug)]
pub struct PacketLink {
    delay: SimDuration,
    buffer: Option<ByteCount>,
    // None: it does not limit.
    transmitter: Option<Transmitter>,
    line: Line,
    signs: Option<Signs>,
}

/// Why a link did not deliver a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkDrop {
    /// Its buffer was full.
    BufferFull,
    /// It was lost under way.
    Lost,
}

impl PacketLink {
    /// A link on which nothing has been sent; losses and jitter come from `stream`.
    #[must_use]
    pub fn new(spec: PacketLinkSpec, stream: Stream) -> Self {
        let PacketLinkSpec { delay, rate, buffer, jitter, loss } = spec;
        let transmitter = rate.map(Transmitter::at_rate);
        Self { delay, buffer, transmitter, line: Line::new(loss, jitter, stream), signs: None }
    }

    /// The link with a capacity trace in place of its rate.
    #[must_use]
    pub fn with_trace(self, server: TraceServer) -> Self {
        Self { transmitter: Some(Transmitter::with_trace(server)), ..self }
    }

    /// The link with so many packets a second beside those that are sent here, evenly: where losses come in bursts a
    /// burst ends with them as with any.
    #[must_use]
    pub fn beside(mut self, packets_per_s: f64) -> Self {
        self.line = self.line.beside(packets_per_s);
        self
    }

    /// The link with so many small packets and bytes a second that wait and are dropped as any, at random times.
    #[must_use]
    pub fn with_signs(mut self, packets_per_s: f64, bytes_per_s: f64) -> Self {
        self.signs = Signs::new(packets_per_s, bytes_per_s);
        self
    }

    /// Sends a packet of `size`, headers included; returns when its last bit arrives.
    ///
    /// # Errors
    /// Why it does not arrive.
    #[inline]
    pub fn send(&mut self, now: SimTime, size: ByteCount) -> Result<SimTime, LinkDrop> {
        let left = self.serialise(now, size)?;
        if self.line.loses(now) {
            return Err(LinkDrop::Lost);
        }
        Ok(self.line.pass(left + self.delay))
    }

    /// Sends a packet that TCP repeats if it is lost: the queue and jitter are those of any other.
    ///
    /// # Errors
    /// When the buffer is full.
    pub fn send_reliably(&mut self, now: SimTime, size: ByteCount) -> Result<SimTime, LinkDrop> {
        let left = self.serialise(now, size)?;
        Ok(self.line.pass(left + self.delay))
    }

    /// The propagation delay.
    #[must_use]
    pub const fn delay(&self) -> SimDuration {
        self.delay
    }

    /// Sends a packet that leaves the queue for somewhere near, where the link's losses and delay
    /// are not met; returns when its last bit has left.
    ///
    /// # Errors
    /// When the buffer is full.
    #[inline]
    pub fn serialise(&mut self, now: SimTime, size: ByteCount) -> Result<SimTime, LinkDrop> {
        self.catch_up(now);
        self.enqueue(now, size)
    }

    // An idle link takes what its buffer would not.
    #[inline]
    fn enqueue(&mut self, now: SimTime, size: ByteCount) -> Result<SimTime, LinkDrop> {
        let Some(transmitter) = &mut self.transmitter else { return Ok(now) };
        let waiting = transmitter.waiting(now);
        if waiting > ByteCount::default() && self.buffer.is_some_and(|most| waiting + size > most) {
            return Err(LinkDrop::BufferFull);
        }
        Ok(transmitter.send(now, size))
    }

    // Signs of life that have come by now.
    #[inline]
    fn catch_up(&mut self, now: SimTime) {
        while let (Some(signs), Some(transmitter)) = (&mut self.signs, &self.transmitter) {
            let is_idle = |at: SimTime| transmitter.begin(at) <= at;
            let Some(at) = signs.until(now, is_idle, self.line.stream()) else { return };
            let size = signs.size;
            // Nobody misses one that is dropped.
            let _ = self.enqueue(at, size);
        }
    }

    /// When the first byte of a packet that is handed over at `now` begins to leave.
    #[inline]
    #[must_use]
    pub fn begin(&mut self, now: SimTime) -> SimTime {
        self.catch_up(now);
        self.transmitter.as_ref().map_or(now, |transmitter| transmitter.begin(now))
    }

    /// Reads a word of each cache line, so that they are at hand.
    #[inline]
    #[must_use]
    pub fn touch(&self) -> u32 {
        let at_rate = matches!(self.transmitter, Some(Transmitter::Rate { .. }));
        u32::from(at_rate) ^ self.line.touch()
    }

    /// How many bytes wait or are being serialised.
    #[inline]
    #[must_use]
    pub fn waiting(&self, now: SimTime) -> ByteCount {
        self.transmitter.as_ref().map_or(ByteCount::new(0), |transmitter| transmitter.waiting(now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_distr::{Distribution, Exp1};

    use super::*;
    use crate::net::CapacityTrace;
    use crate::rng::{Domain, Seed, Streams};
    use crate::units::Probability;

    fn link(spec: PacketLinkSpec, seed: u64) -> PacketLink {
        PacketLink::new(spec, Streams::new(Seed(seed)).stream(Domain::PacketLink, 0))
    }

    fn at(ns: u64) -> SimTime {
        SimTime::from_ns(ns)
    }

    const TEN_MBIT: Bitrate = Bitrate::from_bps(10_000_000);

    #[test]
    fn packets_are_serialised_one_after_the_other_and_then_propagate() {
        let spec =
            PacketLinkSpec { delay: SimDuration::from_ms(20), rate: Some(TEN_MBIT), ..PacketLinkSpec::default() };
        let mut link = link(spec, 1);
        for n in 1..=50_u64 {
            // 1,250 B at 10 Mbit/s: 1 ms each.
            assert_eq!(link.send(at(0), ByteCount::new(1_250)), Ok(at(n * 1_000_000 + 20_000_000)));
        }
        assert_eq!(link.waiting(at(0)), ByteCount::new(50 * 1_250));
        assert_eq!(link.waiting(at(49_500_000)), ByteCount::new(625));
    }

    #[test]
    fn the_buffer_drops_what_does_not_fit_to_the_byte() {
        let spec =
            PacketLinkSpec { rate: Some(TEN_MBIT), buffer: Some(ByteCount::new(3_000)), ..PacketLinkSpec::default() };
        let mut link = link(spec, 1);
        assert!(link.send(at(0), ByteCount::new(1_000)).is_ok());
        assert!(link.send(at(0), ByteCount::new(2_000)).is_ok());
        assert_eq!(link.send(at(0), ByteCount::new(1)), Err(LinkDrop::BufferFull));
        // 800 ns a byte.
        assert_eq!(link.send(at(799), ByteCount::new(2)), Err(LinkDrop::BufferFull));
        assert!(link.send(at(1_600), ByteCount::new(2)).is_ok());
    }

    #[test]
    fn a_trace_takes_the_place_of_the_rate() {
        let spec = PacketLinkSpec {
            delay: SimDuration::from_ms(5),
            rate: Some(TEN_MBIT),
            buffer: Some(ByteCount::new(3_000)),
            ..PacketLinkSpec::default()
        };
        let trace = CapacityTrace::new(vec![100, 200]).expect("a trace");
        let mut link = link(spec, 1).with_trace(TraceServer::new(trace, SimDuration::ZERO));
        assert_eq!(link.send(at(0), ByteCount::new(1_000)), Ok(at(105_000_000)));
        assert_eq!(link.send(at(0), ByteCount::new(2_000)), Ok(at(205_000_000)));
        assert_eq!(link.send(at(99_999_999), ByteCount::new(1)), Err(LinkDrop::BufferFull));
        assert_eq!(link.waiting(at(100_000_000)), ByteCount::new(1_496));
        assert_eq!(link.send(at(100_000_000), ByteCount::new(8)), Ok(at(205_000_000)), "what is left");
    }

    #[test]
    fn waits_agree_with_m_d_1() {
        for load in [0.5, 0.8] {
            let means: Vec<f64> = (0..8).map(|seed| mean_wait(load, seed)).collect();
            let mean = means.iter().sum::<f64>() / 8.0;
            let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / 7.0;
            let error = (variance / 8.0).sqrt();
            // Pollaczek-Khinchine, in service times.
            let expected = load / (2.0 * (1.0 - load));
            assert!((mean - expected).abs() < 4.0 * error, "load {load}: {mean} +- {error}, expected {expected}");
            assert!(error < 0.02 * expected, "the test must be able to fail: {error}");
        }
    }

    #[test]
    fn signs_of_life_take_their_share_of_a_link_and_no_more() {
        let rate = Bitrate::from_bps(1_000_000);
        let spec =
            PacketLinkSpec { rate: Some(rate), buffer: Some(ByteCount::new(1_500)), ..PacketLinkSpec::default() };
        let mut link = link(spec, 3).with_signs(500.0, 58_000.0);
        // 116 bytes take 928 us, 46.4 % of the time. It is looked at at times of which the signs know nothing.
        let (mut waited_ns, mut busy, probes) = (0.0, 0_u32, 50_000_u32);
        for nth in 1..=u64::from(probes) {
            let now = at(nth * 7_919_113);
            let wait = link.begin(now).since(now).as_ns();
            waited_ns += wait as f64 / f64::from(probes);
            busy += u32::from(wait > 0);
        }
        let share = f64::from(busy) / f64::from(probes);
        assert!((share - 0.464).abs() < 0.01, "busy {share}");
        // Between the wait of even gaps and that of a Poisson process (Pollaczek and Khinchine), in ns.
        let poisson = 0.464 / (1.0 - 0.464) * 928_000.0 / 2.0;
        assert!((0.464 * 928_000.0 / 2.0..poisson).contains(&waited_ns), "{waited_ns} of {poisson}");
        // What is sent beside them still gets the rest of the rate.
        let sent =
            (0..2_000_u64).filter(|nth| link.send(at(400_000_000_000 + nth * 5_000_000), ByteCount::new(500)).is_ok());
        assert!(sent.count() > 1_300, "of 2,000 that ask for 80 % beside 46 %");
    }

    #[test]
    fn signs_of_life_of_an_idle_hour_cost_nothing() {
        let spec = PacketLinkSpec { rate: Some(TEN_MBIT), ..PacketLinkSpec::default() };
        let mut link = link(spec, 4).with_signs(1_000.0, 116_000.0);
        let since = std::hint::black_box(at(3_600_000_000_000));
        let arrives = link.send(since, ByteCount::new(1_250)).expect("room");
        // A millisecond, behind a few of 93 us at most.
        assert!((1_000_000..1_400_000).contains(&arrives.since(since).as_ns()), "{arrives:?}");
        assert!(link.signs.is_some_and(|signs| signs.is_after(since)), "caught up");
    }

    fn mean_wait(load: f64, seed: u64) -> f64 {
        let mut link = link(PacketLinkSpec { rate: Some(TEN_MBIT), ..PacketLinkSpec::default() }, 1);
        let mut gaps = Streams::new(Seed(seed)).stream(Domain::Bench, 1);
        let (service_ns, mut now, mut waited) = (1e6, 0.0, 0.0);
        let packets = 200_000;
        for _ in 0..packets {
            let gap: f64 = Exp1.sample(&mut gaps);
            now += gap * service_ns / load;
            let arrives = link.send(at(now as u64), ByteCount::new(1_250)).expect("no buffer, no loss");
            waited += arrives.since(at(now as u64)).as_ns() as f64 - service_ns;
        }
        waited / service_ns / f64::from(packets)
    }

    proptest! {
        #[test]
        fn jitter_never_reorders(gaps in prop::collection::vec(0..3_000_000_u64, 2..200), seed in any::<u64>()) {
            let spec = PacketLinkSpec {
                delay: SimDuration::from_ms(5),
                jitter: SimDuration::from_ms(10),
                ..PacketLinkSpec::default()
            };
            let mut link = link(spec, seed);
            let (mut now, mut last) = (0, at(0));
            for gap in gaps {
                now += gap;
                let arrives = link.send(at(now), ByteCount::new(100)).expect("no loss");
                prop_assert!(arrives >= last);
                prop_assert!(arrives >= at(now + 5_000_000));
                last = arrives;
            }
        }
    }

    #[test]
    fn packets_far_apart_are_delayed_evenly() {
        let spec = PacketLinkSpec { jitter: SimDuration::from_ms(10), ..PacketLinkSpec::default() };
        let mut link = link(spec, 3);
        let delay = |n: u64| {
            let sent = at(n * 50_000_000);
            link.send(sent, ByteCount::new(100)).expect("no loss").since(sent).as_ms_f64()
        };
        let mean = (0..20_000).map(delay).sum::<f64>() / 20_000.0;
        // Standard error of a uniform mean: 0.02 ms.
        assert!((mean - 5.0).abs() < 0.09, "{mean}");
    }

    #[test]
    fn losses_have_their_share_and_their_bursts() {
        let probability = |share| Probability::new(share).expect("a share");
        let bernoulli = LossSpec::bernoulli(probability(0.05));
        let gilbert_elliott = LossSpec::GilbertElliott {
            good_to_bad: probability(0.01),
            bad_to_good: probability(0.2),
            loss_good: Probability::ZERO,
            loss_bad: Probability::ONE,
        };
        // Bursts of losses: of independent ones 1 / (1 - p) long, in the model one over the chance to leave.
        for (loss, share, burst) in [(bernoulli, 0.05, 1.0 / 0.95), (gilbert_elliott, 0.01 / 0.21, 5.0)] {
            assert!((loss.mean() - share).abs() < 1e-12);
            let mut link = link(PacketLinkSpec { loss, ..PacketLinkSpec::default() }, 9);
            let packets = 400_000;
            let lost: Vec<bool> = (0..packets).map(|n| link.send(at(n), ByteCount::new(1)).is_err()).collect();
            let count = lost.iter().filter(|lost| **lost).count() as f64;
            let bursts = lost.windows(2).filter(|pair| pair[0] && !pair[1]).count() as f64;
            assert!((count / packets as f64 / share - 1.0).abs() < 0.05, "{}", count / packets as f64);
            assert!((count / bursts / burst - 1.0).abs() < 0.05, "{}", count / bursts);
        }
    }
}
