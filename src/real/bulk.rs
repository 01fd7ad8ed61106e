//! One long transfer over one connection: what congestion control makes of a link.
//!
//! The sender keeps so many bytes outstanding, as an application does that watches its channel's
//! buffered amount, and looks every millisecond whether there is room again.

use bytes::BytesMut;

use super::cluster::{Application, ConnectionState, Context, End, Lab};
use super::pair::{PairError, PairSpec};
use super::trace::Trace;
use crate::units::{ByteCount, SimDuration, SimTime};

/// A transfer.
#[derive(Clone, Debug)]
pub struct BulkSpec {
    /// The peers and the network between them; the offerer sends.
    pub pair: PairSpec,
    /// The size of a message.
    pub message: ByteCount,
    /// How many bytes the sender keeps outstanding.
    pub outstanding: ByteCount,
    /// How long it sends, from the opening of the channel on, slow start included.
    pub duration: SimDuration,
}

/// What a transfer came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BulkRun {
    /// When the channel was open at both ends; none if it never was.
    pub opened: Option<SimTime>,
    /// Messages that arrived in time.
    pub messages: u64,
    /// Their bytes.
    pub bytes: ByteCount,
    /// Bytes of messages in Mbit/s over the duration.
    pub goodput_mbit_per_s: f64,
    /// Datagrams that nodes sent, set-up included.
    pub datagrams: u64,
}

/// Runs a transfer.
///
/// # Errors
/// When the stack refuses the settings, or the engine stops a runaway.
pub fn transfer(spec: &BulkSpec) -> Result<BulkRun, PairError> {
    let message = usize::try_from(spec.message.get()).unwrap_or(usize::MAX);
    let application = Sender {
        message,
        outstanding: usize::try_from(spec.outstanding.get()).unwrap_or(usize::MAX),
        duration: spec.duration,
        ..Sender::default()
    };
    let mut engine = Lab { cluster: spec.pair.cluster(Trace::default())?, application }.engine();
    let (lab, scheduler) = engine.parts_mut();
    Context::new(&mut lab.cluster, scheduler).connect_at(SimTime::ZERO, 0);
    let policy = spec.pair.policy;
    engine.run_until(SimTime::ZERO + policy.timeout * u64::from(policy.attempts) + spec.duration)?;
    let Lab { cluster, application } = engine.into_model();
    let bits = (application.bytes * 8) as f64;
    Ok(BulkRun {
        opened: application.opened,
        messages: application.messages,
        bytes: ByteCount::new(application.bytes),
        goodput_mbit_per_s: bits / spec.duration.as_secs_f64() / 1e6,
        datagrams: cluster.trace().datagrams(),
    })
}

/// How often the sender looks for room.
const TICK: SimDuration = SimDuration::from_ms(1);

const SENDING: End = End { connection: 0, side: 0 };

#[derive(Default)]
struct Sender {
    message: usize,
    outstanding: usize,
    duration: SimDuration,
    opened: Option<SimTime>,
    messages: u64,
    bytes: u64,
}

impl Sender {
    fn until(&self) -> SimTime {
        self.opened.map_or(SimTime::MAX, |opened| opened + self.duration)
    }

    fn refill(&self, context: &mut Context<'_>) {
        let open = context.cluster().connections()[0].state == ConnectionState::Open;
        let mut waiting = context.outstanding_bytes(SENDING, 0);
        while open && waiting + self.message <= self.outstanding {
            if context.send(SENDING, 0, BytesMut::zeroed(self.message)).is_err() {
                return;
            }
            waiting += self.message;
        }
        if context.now < self.until() {
            context.wake_at(context.now + TICK, 0);
        }
    }
}

impl Application for Sender {
    fn open(&mut self, _connection: u32, context: &mut Context<'_>) {
        self.opened = Some(context.now);
        self.refill(context);
    }

    fn message(&mut self, _end: End, _channel: usize, message: BytesMut, context: &mut Context<'_>) {
        if context.now <= self.until() {
            self.messages += 1;
            self.bytes += message.len() as u64;
        }
    }

    fn wake(&mut self, _token: u64, context: &mut Context<'_>) {
        self.refill(context);
    }
}
