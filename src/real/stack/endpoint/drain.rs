//! Getting out of the stack what it has to say.
//!
//! Three habits of the stack shape [`Endpoint::drain`]. It hands out its output only when polled,
//! and polling one queue may fill another: poll until all are quiet. After ICE connects, the DTLS
//! ClientHello is made while events are drained and stays inside until the next time-out is
//! handled: one is handled right away. And it may ask to be woken at a time that has passed: such
//! time-outs are handled on the spot, a few rounds at most.

use std::net::SocketAddr;

use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext};

use super::super::relay::{Relay, Report};
use super::super::{Effect, Signal, StackError, State, candidate, channel};
use super::Endpoint;
use crate::real::turn_server::Datagram;
use crate::units::SimTime;

/// Time-outs that are due already, handled in a row before the clock must move.
const OVERDUE_MAX: u32 = 8;

impl Endpoint {
    /// Collects everything that follows from what it was told, in order.
    ///
    /// # Errors
    /// What the stack reports.
    pub fn drain(&mut self, now: SimTime, effects: &mut Vec<Effect>) -> Result<(), StackError> {
        let mut overdue = 0;
        loop {
            if self.drain_once(now, effects)? {
                continue;
            }
            let due = overdue < OVERDUE_MAX && self.next_timeout(now) == Some(now);
            if !self.kick && !due {
                break;
            }
            overdue += u32::from(!self.kick);
            self.kick = false;
            self.handle_timeout(now)?;
        }
        Ok(())
    }

    // Polls every queue once; whether anything was there.
    fn drain_once(&mut self, now: SimTime, effects: &mut Vec<Effect>) -> Result<bool, StackError> {
        let before = effects.len();
        let mut busy = self.drain_gathering(now, effects)?;
        while let Some(datagram) = self.connection.poll_write() {
            busy = true;
            self.send_datagram(now, datagram, effects)?;
        }
        if let Some(relay) = &mut self.relay {
            while let Some(datagram) = relay.poll_write() {
                effects.extend(on_the_wire(datagram).map(Effect::Send));
            }
        }
        while let Some(event) = self.connection.poll_event() {
            busy = true;
            effects.extend(self.effect_of(&event));
        }
        while let Some(TaggedRTCMessage { message, .. }) = self.connection.poll_read() {
            busy = true;
            if let RTCMessage::DataChannelMessage(id, message) = message
                && let Some(index) = self.channels.iter().position(|channel| *channel == Some(id))
            {
                effects.push(Effect::Message(index, message.data));
            }
        }
        Ok(busy || effects.len() > before)
    }

    // A datagram of the stack: through the relay if it leaves from there, else as it is.
    #[inline]
    fn send_datagram(
        &mut self,
        now: SimTime,
        datagram: TaggedBytesMut,
        out: &mut Vec<Effect>,
    ) -> Result<(), StackError> {
        let relayed = self.relay.as_mut().filter(|relay| relay.is_at(datagram.transport.local_addr));
        if is_dtls(&datagram.message) {
            (self.data_to, self.through_relay) = (Some(datagram.transport.peer_addr), relayed.is_some());
        }
        match relayed {
            Some(relay) => relay.send(self.clock.instant(now), datagram.transport.peer_addr, datagram.message),
            None => {
                let leaves = TaggedBytesMut {
                    transport: TransportContext { local_addr: self.own.into(), ..datagram.transport },
                    ..datagram
                };
                out.extend(on_the_wire(leaves).map(Effect::Send));
                Ok(())
            }
        }
    }

    fn effect_of(&mut self, event: &RTCPeerConnectionEvent) -> Option<Effect> {
        match event {
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(state) => {
                self.kick = true;
                Some(Effect::State(match state {
                    RTCIceConnectionState::Checking => State::Checking,
                    RTCIceConnectionState::Connected => State::IceConnected,
                    RTCIceConnectionState::Disconnected => State::Disconnected,
                    RTCIceConnectionState::Failed => State::Failed,
                    _ => return None,
                }))
            }
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
                RTCPeerConnectionState::Connected => Some(Effect::State(State::DtlsConnected)),
                RTCPeerConnectionState::Closed => Some(Effect::State(State::Closed)),
                _ => None,
            },
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                let index = channel::index(self.connection.data_channel(*id)?.label())?;
                *self.channels.get_mut(index)? = Some(*id);
                Some(Effect::ChannelOpen(index))
            }
            // How an end learns that the other has closed: SCTP's ABORT and DTLS's close_notify end its
            // channels, while its connection state stays as it is.
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(_)) => {
                Some(Effect::State(State::Closed))
            }
            _ => None,
        }
    }

    fn drain_gathering(&mut self, now: SimTime, effects: &mut Vec<Effect>) -> Result<bool, StackError> {
        let mut busy = false;
        if let Some(binding) = &mut self.binding {
            // A request is repeated while events are polled: what has to leave comes after.
            let outcome = binding.poll();
            while let Some(datagram) = binding.poll_write() {
                effects.extend(on_the_wire(datagram).map(Effect::Send));
            }
            if let Some(outcome) = outcome {
                self.binding = None;
                busy = true;
                if let (Some(SocketAddr::V4(mapped)), Some(server)) = (outcome, self.candidates.stun) {
                    self.add_found(candidate::server_reflexive(mapped, self.own, server)?, effects)?;
                }
            }
        }
        busy |= self.drain_relay(now, effects)?;
        if self.gathering_until.is_some()
            && self.binding.is_none()
            && !self.relay.as_ref().is_some_and(Relay::is_asking)
        {
            self.gathering_until = None;
            self.connection.add_local_candidate(RTCIceCandidateInit::default())?;
            effects.push(Effect::State(State::Gathered));
        }
        if !self.described && (self.trickle || self.gathering_until.is_none()) {
            self.signal_description(effects);
        }
        Ok(busy)
    }

    fn drain_relay(&mut self, now: SimTime, effects: &mut Vec<Effect>) -> Result<bool, StackError> {
        let instant = self.clock.instant(now);
        let mut busy = false;
        while let Some(relay) = &mut self.relay {
            while let Some(datagram) = relay.poll_write() {
                effects.extend(on_the_wire(datagram).map(Effect::Send));
            }
            let Some(report) = relay.poll(instant)? else { break };
            busy = true;
            match report {
                Report::Allocated(address) => {
                    if let (SocketAddr::V4(address), Some(access)) = (address, &self.candidates.turn) {
                        let found = candidate::relayed(address, self.own, access.server)?;
                        self.add_found(found, effects)?;
                    }
                }
                Report::Refused => self.relay = None,
                Report::Data { from, payload } => {
                    if let Some(local) = relay.address() {
                        let tagged = self.tagged(instant, local, from, payload);
                        self.connection.handle_read(tagged)?;
                    }
                }
            }
        }
        Ok(busy)
    }

    // A candidate that a server has told us of: the stack's from now on, and the other end's.
    fn add_found(&mut self, found: RTCIceCandidateInit, effects: &mut Vec<Effect>) -> Result<(), StackError> {
        self.connection.add_local_candidate(found.clone())?;
        if self.trickle && self.described {
            effects.push(Effect::Signal(Signal::Candidate(Box::new(found))));
        }
        Ok(())
    }

    fn signal_description(&mut self, effects: &mut Vec<Effect>) {
        if let Some(description) = self.connection.local_description() {
            self.described = true;
            effects.push(Effect::Signal(Signal::Description(Box::new(description))));
        }
    }
}

// By the first byte (RFC 7983).
fn is_dtls(payload: &[u8]) -> bool {
    matches!(payload, [20..=63, ..])
}

// IPv6 addresses do not occur: nobody was told one.
fn on_the_wire(datagram: TaggedBytesMut) -> Option<Datagram> {
    let (SocketAddr::V4(source), SocketAddr::V4(destination)) =
        (datagram.transport.local_addr, datagram.transport.peer_addr)
    else {
        return None;
    };
    Some(Datagram { source, destination, payload: datagram.message })
}
