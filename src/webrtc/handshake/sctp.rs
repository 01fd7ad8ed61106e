//! One end of an SCTP association on its way, and the one channel that is opened on it.

use super::profile::{Opens, SctpProfile};
use super::segment::{HandshakeMessage, Segment};
use super::timer::{Due, Timer};
use super::transport::Output;
use crate::webrtc::stamp::{Moment, Stamp};

/// Where it stands (RFC 9260, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    CookieWait,
    CookieEchoed,
    Established,
}

#[derive(Clone, Debug)]
pub(super) struct Sctp {
    profile: SctpProfile,
    opens: Opens,
    opens_channel: bool,
    // What DTLS adds to a packet.
    record_bytes: u16,
    state: State,
    t1: Timer,
    // Of the one DATA chunk that this end sends, OPEN or ACK, until it is acknowledged.
    t3: Timer,
    data: Option<HandshakeMessage>,
    // The other end's DATA chunk: it has come, and when a SACK for it is due.
    heard: bool,
    sacked: bool,
    sack_at: Option<Stamp>,
    // A SACK that is due as soon as the association stands.
    sack_owed: bool,
    done: Option<Stamp>,
    open: Option<Stamp>,
    failed: Option<Stamp>,
}

// Packets of which all implementations make the same: common header 12, then the chunk; OPEN with a
// label of four characters.
const COOKIE_ACK_BYTES: u16 = 16;
const OPEN_BYTES: u16 = 44;
const OPEN_ACK_BYTES: u16 = 32;
const SACK_BYTES: u16 = 28;

impl Sctp {
    pub(super) const fn new(profile: SctpProfile, opens: Opens, opens_channel: bool, record_bytes: u16) -> Self {
        Self {
            profile,
            opens,
            opens_channel,
            record_bytes,
            state: State::Closed,
            t1: Timer::new(profile.t1),
            t3: Timer::new(profile.t3),
            data: None,
            heard: false,
            sacked: false,
            sack_at: None,
            sack_owed: false,
            done: None,
            open: None,
            failed: None,
        }
    }

    pub(super) const fn done(&self) -> Option<Stamp> {
        self.done
    }

    pub(super) const fn open(&self) -> Option<Stamp> {
        self.open
    }

    pub(super) const fn failed(&self) -> Option<Stamp> {
        self.failed
    }

    pub(super) const fn deadlines(&self) -> [Option<Stamp>; 3] {
        [self.t1.deadline(), self.t3.deadline(), self.sack_at]
    }

    /// Everything at once, without a packet.
    pub(super) fn open_at_once(&mut self, now: Stamp) {
        self.state = State::Established;
        (self.done, self.open) = (Some(now), Some(now));
    }

    /// Sends INIT.
    pub(super) fn initiate(&mut self, now: Stamp, out: &mut Vec<Output>) {
        if self.state == State::Closed {
            self.state = State::CookieWait;
            self.put(HandshakeMessage::Init, out);
            out.push(Output::WakeAt(self.t1.start(now)));
        }
    }

    /// The association stands: by its handshake, or at once where SNAP has spared it.
    pub(super) fn establish(&mut self, now: Stamp, out: &mut Vec<Output>) {
        self.t1.stop();
        self.state = State::Established;
        self.done = Some(now);
        if self.opens_channel {
            self.send_data(HandshakeMessage::Open, now, out);
            if self.opens == Opens::WithAssociation {
                self.open = Some(now);
            }
        } else if self.heard {
            self.accept(now, out);
        }
        if self.sack_owed {
            self.sack(out);
        }
    }

    /// Takes a packet.
    pub(super) fn receive(&mut self, message: HandshakeMessage, now: Stamp, out: &mut Vec<Output>) {
        match (message, self.state) {
            (HandshakeMessage::Init, _) => self.put(HandshakeMessage::InitAck, out),
            (HandshakeMessage::InitAck, State::CookieWait) => {
                self.state = State::CookieEchoed;
                self.put(HandshakeMessage::CookieEcho, out);
                out.push(Output::WakeAt(self.t1.start(now)));
            }
            (HandshakeMessage::CookieEcho, state) => {
                self.put(HandshakeMessage::CookieAck, out);
                if state != State::Established {
                    self.establish(now, out);
                }
            }
            (HandshakeMessage::CookieAck, State::CookieEchoed) => self.establish(now, out),
            (HandshakeMessage::Open | HandshakeMessage::OpenAck, State::CookieEchoed | State::Established) => {
                self.receive_data(now, out);
            }
            (HandshakeMessage::Sack, State::Established) => {
                self.t3.stop();
                self.data = None;
            }
            _ => {}
        }
    }

    /// Repeats and acknowledges what is due.
    pub(super) fn act(&mut self, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        match self.t1.fire(moment) {
            Due::No => {}
            Due::Exhausted => self.failed = Some(moment.now),
            Due::Again => {
                self.put(
                    if self.state == State::CookieWait { HandshakeMessage::Init } else { HandshakeMessage::CookieEcho },
                    out,
                );
                out.extend(self.t1.deadline().map(Output::WakeAt));
            }
        }
        if self.t3.fire(moment) == Due::Again {
            out.extend(self.t3.deadline().map(Output::WakeAt));
            if let Some(data) = self.data {
                self.put(data, out);
            }
        }
        if self.sack_at.is_some_and(|due| moment.reached(due)) {
            self.sack_at = None;
            self.sack_now(out);
        }
    }

    // The other end's DATA chunk, perhaps again.
    fn receive_data(&mut self, now: Stamp, out: &mut Vec<Output>) {
        let first = !std::mem::replace(&mut self.heard, true);
        let established = self.state == State::Established;
        if first && established {
            if self.opens_channel {
                self.open = self.open.or(Some(now));
            } else {
                self.accept(now, out);
            }
        }
        let at_once = self.sack_at.is_some() || (self.profile.first_sack_at_once && !self.sacked);
        if at_once {
            self.sack_at = None;
            self.sack_now(out);
        } else if !self.sack_owed {
            let due = now.after(self.profile.sack_delay);
            self.sack_at = Some(due);
            out.push(Output::WakeAt(due));
        }
    }

    // The channel that the other end opens.
    fn accept(&mut self, now: Stamp, out: &mut Vec<Output>) {
        self.open = Some(now);
        self.send_data(HandshakeMessage::OpenAck, now, out);
    }

    fn send_data(&mut self, message: HandshakeMessage, now: Stamp, out: &mut Vec<Output>) {
        self.data = Some(message);
        self.put(message, out);
        out.push(Output::WakeAt(self.t3.start(now)));
    }

    fn sack_now(&mut self, out: &mut Vec<Output>) {
        if self.state == State::Established {
            self.sack(out);
        } else {
            self.sack_owed = true;
        }
    }

    fn sack(&mut self, out: &mut Vec<Output>) {
        self.sack_owed = false;
        self.sacked = true;
        self.put(HandshakeMessage::Sack, out);
    }

    fn put(&self, message: HandshakeMessage, out: &mut Vec<Output>) {
        let bytes = match message {
            HandshakeMessage::Init => self.profile.bytes.init,
            HandshakeMessage::InitAck => self.profile.bytes.init_ack,
            HandshakeMessage::CookieEcho => self.profile.bytes.cookie_echo,
            HandshakeMessage::CookieAck => COOKIE_ACK_BYTES,
            HandshakeMessage::Open => OPEN_BYTES,
            HandshakeMessage::OpenAck => OPEN_ACK_BYTES,
            HandshakeMessage::Sack => SACK_BYTES,
            HandshakeMessage::Dtls(_) => unreachable!("DTLS flights are not packets of SCTP"),
        };
        out.push(Output::Send(Segment::single(message, bytes + self.record_bytes)));
    }
}
