//! Data channels: reliability, order, buffered amount, the end of a connection.

use std::collections::BTreeSet;

use bytes::BytesMut;
use peerscape::net::{LossSpec, PacketLinkSpec};
use peerscape::real::cluster::{Application, Cluster, ConnectPolicy, ConnectionState, Context, End, Lab};
use peerscape::real::stack::{ChannelSpec, Reliability, StackSettings};
use peerscape::real::trace::Trace;
use peerscape::real::{NodeSpec, Paths};
use peerscape::rng::{Seed, Streams};
use peerscape::units::{Bitrate, Probability, SimDuration, SimTime};

struct TwentyMs;

impl Paths for TwentyMs {
    fn delay(&self, _from: u32, _to: u32) -> SimDuration {
        SimDuration::from_ms(20)
    }

    fn signaling(&self, _from: u32, _to: u32) -> SimDuration {
        SimDuration::from_ms(20)
    }
}

const SENDER: End = End { connection: 0, side: 0 };

/// Sends `count` numbered messages of `size`, one every `gap`, and notes what arrives.
struct Counting {
    count: u32,
    size: usize,
    gap: SimDuration,
    arrived: Vec<u32>,
    most_outstanding: usize,
    last_outstanding: usize,
    lost_at: Option<SimTime>,
    act: Act,
}

/// What happens once the messages are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Nothing,
    Close,
    Crash,
}

const CLOSING: u64 = u64::MAX;
const LOOK: u64 = u64::MAX - 1;

impl Application for Counting {
    fn open(&mut self, _connection: u32, context: &mut Context<'_>) {
        for number in 0..self.count {
            context.wake_at(context.now + self.gap * u64::from(number), u64::from(number));
        }
        let end = context.now + self.gap * u64::from(self.count) + SimDuration::from_secs(1);
        context.wake_at(end, CLOSING);
        context.wake_at(end + SimDuration::from_secs(30), LOOK);
    }

    fn message(&mut self, _end: End, _channel: usize, message: BytesMut, _context: &mut Context<'_>) {
        self.arrived.push(u32::from_le_bytes(message[..4].try_into().expect("four bytes")));
    }

    fn lost(&mut self, _connection: u32, context: &mut Context<'_>) {
        self.lost_at = self.lost_at.or(Some(context.now));
    }

    fn wake(&mut self, token: u64, context: &mut Context<'_>) {
        match (token, self.act) {
            (CLOSING, Act::Close) => context.close(SENDER),
            (CLOSING, Act::Crash) => context.crash(0),
            (CLOSING, Act::Nothing) => {}
            (LOOK, _) => self.last_outstanding = context.outstanding_bytes(SENDER, 0),
            (number, _) => {
                let mut message = BytesMut::zeroed(self.size);
                message[..4].copy_from_slice(&(number as u32).to_le_bytes());
                context.send(SENDER, 0, message).expect("the channel is open");
                self.most_outstanding = self.most_outstanding.max(context.outstanding_bytes(SENDER, 0));
            }
        }
    }
}

struct Trial {
    channel: ChannelSpec,
    up: PacketLinkSpec,
    count: u32,
    size: usize,
    gap: SimDuration,
    act: Act,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            channel: ChannelSpec::RELIABLE,
            up: PacketLinkSpec::default(),
            count: 1_000,
            size: 200,
            gap: SimDuration::from_ms(5),
            act: Act::Nothing,
        }
    }
}

impl Trial {
    fn run(self) -> (Counting, Cluster) {
        let settings = StackSettings { channels: vec![self.channel], ..StackSettings::default() };
        let policy = ConnectPolicy { timeout: SimDuration::from_secs(10), attempts: 5 };
        let streams = Streams::new(Seed(5));
        let mut cluster = Cluster::new(settings, policy, Box::new(TwentyMs), streams, Trace::default())
            .expect("the stack has what it needs");
        let node = NodeSpec { up: self.up, ..NodeSpec::default() };
        cluster.add_node(&node);
        cluster.add_node(&node);
        cluster.add_connection(0, 1);
        let application = Counting {
            count: self.count,
            size: self.size,
            gap: self.gap,
            arrived: Vec::new(),
            most_outstanding: 0,
            last_outstanding: 0,
            lost_at: None,
            act: self.act,
        };
        let mut engine = Lab { cluster, application }.engine();
        let (lab, scheduler) = engine.parts_mut();
        Context::new(&mut lab.cluster, scheduler).connect_at(SimTime::ZERO, 0);
        engine.run_until(SimTime::ZERO + SimDuration::from_secs(120)).expect("no runaway");
        let Lab { cluster, application } = engine.into_model();
        (application, cluster)
    }
}

fn five_percent() -> PacketLinkSpec {
    PacketLinkSpec { loss: LossSpec::bernoulli(Probability::new(0.05).expect("a share")), ..PacketLinkSpec::default() }
}

#[test]
fn a_reliable_channel_delivers_everything_in_order() {
    let (seen, _) = Trial { up: five_percent(), ..Trial::default() }.run();
    assert_eq!(seen.arrived, (0..1_000).collect::<Vec<_>>());
}

#[test]
fn an_unordered_reliable_channel_delivers_everything_out_of_order() {
    let (seen, _) = Trial { up: five_percent(), channel: ChannelSpec::RELIABLE_UNORDERED, ..Trial::default() }.run();
    assert_eq!(seen.arrived.len(), 1_000);
    assert_eq!(seen.arrived.iter().collect::<BTreeSet<_>>().len(), 1_000);
    assert!(!seen.arrived.is_sorted());
}

#[test]
fn without_retransmission_the_lost_share_stays_lost() {
    let (seen, _) =
        Trial { up: five_percent(), channel: ChannelSpec::UNRELIABLE, count: 4_000, ..Trial::default() }.run();
    let lost = 4_000 - seen.arrived.len();
    println!("{lost} of 4,000 lost at 5 %");
    // Four standard deviations of a binomial count: 55.
    assert!((145..=255).contains(&lost), "{lost}");
    assert_eq!(seen.arrived.iter().collect::<BTreeSet<_>>().len(), seen.arrived.len(), "none twice");
}

#[test]
fn a_message_that_may_be_repeated_is_lost_less_often() {
    let channel = ChannelSpec { ordered: false, reliability: Reliability::MaxRetransmits(1) };
    let (seen, _) = Trial { up: five_percent(), channel, count: 4_000, ..Trial::default() }.run();
    let lost = 4_000 - seen.arrived.len();
    println!("{lost} of 4,000 lost with one repetition");
    assert!(lost < 60, "{lost}");
}

#[test]
fn a_message_whose_time_is_over_is_not_repeated() {
    // The first repetition comes after a round trip at least.
    let short = ChannelSpec { ordered: false, reliability: Reliability::MaxPacketLifeTime(10) };
    let (seen, _) = Trial { up: five_percent(), channel: short, count: 4_000, ..Trial::default() }.run();
    let lost_short = 4_000 - seen.arrived.len();
    let long = ChannelSpec { ordered: false, reliability: Reliability::MaxPacketLifeTime(5_000) };
    let (seen, _) = Trial { up: five_percent(), channel: long, count: 4_000, ..Trial::default() }.run();
    let lost_long = 4_000 - seen.arrived.len();
    println!("lost of 4,000: {lost_short} within 10 ms, {lost_long} within 5 s");
    assert!(lost_short > 100, "{lost_short}");
    assert!(lost_long < 10, "{lost_long}");
}

#[test]
fn what_a_link_cannot_take_waits_in_the_buffer() {
    // 1 Mbit/s, offered 4 Mbit/s for 2 s: about 750 kB wait at the end of it.
    let up = PacketLinkSpec { rate: Some(Bitrate::from_bps(1_000_000)), ..PacketLinkSpec::default() };
    let (seen, _) = Trial { up, size: 1_000, count: 1_000, gap: SimDuration::from_ms(2), ..Trial::default() }.run();
    println!("{} bytes outstanding at most", seen.most_outstanding);
    assert!((700_000..=900_000).contains(&seen.most_outstanding), "{}", seen.most_outstanding);
    assert_eq!(seen.last_outstanding, 0);
    assert_eq!(seen.arrived.len(), 1_000);
}

#[test]
fn a_close_reaches_the_other_end() {
    let (seen, cluster) = Trial { act: Act::Close, ..Trial::default() }.run();
    let closed_ms = 16 * 20 + 1_000 * 5 + 1_000;
    let noticed_ms = seen.lost_at.expect("noticed").as_ns() / 1_000_000;
    println!("closed at {closed_ms} ms, noticed {} ms later", noticed_ms - closed_ms);
    // One way, and the notice itself; without it ICE would take half a minute.
    assert!((20..=100).contains(&(noticed_ms - closed_ms)), "{noticed_ms}");
    assert_eq!(cluster.connections()[0].state, ConnectionState::Closed);
}

#[test]
fn a_crash_is_noticed_by_ice_after_its_time_outs() {
    let (seen, cluster) = Trial { act: Act::Crash, ..Trial::default() }.run();
    let crashed_ms = 16 * 20 + 1_000 * 5 + 1_000;
    let noticed_ms = seen.lost_at.expect("noticed").as_ns() / 1_000_000;
    println!("crashed at {crashed_ms} ms, noticed {} ms later", noticed_ms - crashed_ms);
    // Disconnected after 5 s without a packet, failed after 25 s more.
    assert!((25_000..=36_000).contains(&(noticed_ms - crashed_ms)), "{noticed_ms}");
    assert_eq!(cluster.connections()[0].state, ConnectionState::Closed);
}
