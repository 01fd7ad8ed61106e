//! One end of a peer connection: the stack, its STUN and TURN clients, and how to drive them.
//!
//! Three habits of the stack shape [`Endpoint::drain`]. It hands out its output only when polled,
//! and polling one queue may fill another: poll until all are quiet. After ICE connects, the DTLS
//! ClientHello is made while events are drained and stays inside until the next time-out is
//! handled: one is handled right away. And it may ask to be woken at a time that has passed: such
//! time-outs are handled on the spot, a few rounds at most.

use std::net::{SocketAddr, SocketAddrV4};
use std::time::Instant;

use bytes::BytesMut;
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::{SctpMaxMessageSize, SettingEngineBuilder};
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::peer_connection::transport::{RTCDtlsRole, RTCIceCandidateInit};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use super::gather::{Binding, is_binding_response};
use super::relay::{Relay, Report};
use super::{Candidates, Effect, Identity, Signal, StackError, StackSettings, State, candidate, channel};
use crate::real::clock::Clock;
use crate::real::turn_server::Datagram;
use crate::units::{SimDuration, SimTime};

/// One end of a peer connection.
pub struct Endpoint {
    connection: RTCPeerConnection,
    clock: Clock,
    own: SocketAddrV4,
    identity: Identity,
    candidates: Candidates,
    trickle: bool,
    gathering_timeout: SimDuration,
    gathering_until: Option<SimTime>,
    binding: Option<Binding>,
    relay: Option<Relay>,
    // Ids of the channels by index, once they are known.
    channels: Vec<Option<RTCDataChannelId>>,
    described: bool,
    kick: bool,
    through_relay: bool,
    // What the other end told of its candidates, and where data goes.
    remote_candidates: Vec<(SocketAddr, &'static str)>,
    data_to: Option<SocketAddr>,
}

/// The types of the candidate pair in use (RFC 8445).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Where this end sends from: `host`, its own socket, or `relay`.
    pub local: &'static str,
    /// Where it sends to: `host`, `srflx` or `relay` if it was told so, else `prflx`.
    pub remote: &'static str,
}

/// Time-outs that are due already, handled in a row before the clock must move.
const OVERDUE_MAX: u32 = 8;

impl Endpoint {
    /// An end at `own`, not yet doing anything.
    ///
    /// # Errors
    /// When the stack refuses the settings.
    pub(in crate::real) fn new(
        now: SimTime,
        clock: Clock,
        own: SocketAddrV4,
        settings: &StackSettings,
        identity: &Identity,
    ) -> Result<Self, StackError> {
        let max_message = u32::try_from(settings.max_message.get()).unwrap_or(u32::MAX);
        let mut engine = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            .with_crypto_provider(identity.provider.clone())
            // What RFC 8842 recommends for the answering end.
            .with_answering_dtls_role(RTCDtlsRole::Client)
            .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(max_message));
        if let Some(bytes) = settings.receive_buffer {
            engine = engine.with_sctp_max_receive_buffer_size(u32::try_from(bytes.get()).unwrap_or(u32::MAX));
        }
        if let Some(keepalive) = settings.keepalive {
            engine = engine.with_ice_timeouts(None, None, Some(std::time::Duration::from_nanos(keepalive.as_ns())));
        }
        let configuration =
            RTCConfigurationBuilder::new().with_certificates(vec![identity.certificate.clone()]).build();
        let connection = RTCPeerConnectionBuilder::new()
            .with_configuration(configuration)
            .with_setting_engine(engine.build())
            .build(clock.instant(now))?;
        Ok(Self {
            connection,
            clock,
            own,
            identity: identity.clone(),
            candidates: settings.candidates.clone(),
            trickle: settings.trickle,
            gathering_timeout: settings.gathering_timeout,
            gathering_until: None,
            binding: None,
            relay: None,
            channels: vec![None; settings.channels.len()],
            described: false,
            kick: false,
            through_relay: false,
            remote_candidates: Vec::new(),
            data_to: None,
        })
    }

    /// Begins as the offering end: opens the channels, gathers and makes an offer.
    ///
    /// # Errors
    /// What the stack refuses.
    pub fn offer(&mut self, now: SimTime, settings: &StackSettings) -> Result<(), StackError> {
        for (index, spec) in settings.channels.iter().enumerate() {
            let created = self.connection.create_data_channel(&channel::label(index), Some(spec.init()))?;
            self.channels[index] = Some(created.id());
        }
        self.gather(now)?;
        let offer = self.connection.create_offer(None)?;
        Ok(self.connection.set_local_description(self.clock.instant(now), offer)?)
    }

    /// Takes the other end's description: an offer, which it answers, or an answer.
    ///
    /// # Errors
    /// What the stack refuses.
    pub fn describe(&mut self, now: SimTime, remote: RTCSessionDescription) -> Result<(), StackError> {
        let instant = self.clock.instant(now);
        let answers = self.connection.local_description().is_none();
        let lines = remote.sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
        self.remote_candidates.extend(lines.filter_map(candidate::address_and_kind));
        self.connection.set_remote_description(instant, remote)?;
        if answers {
            self.gather(now)?;
            let answer = self.connection.create_answer(None)?;
            self.connection.set_local_description(instant, answer)?;
        }
        Ok(())
    }

    /// Takes one more candidate of the other end.
    ///
    /// # Errors
    /// What the stack refuses.
    pub fn add_candidate(&mut self, candidate: RTCIceCandidateInit) -> Result<(), StackError> {
        self.remote_candidates.extend(candidate::address_and_kind(&candidate.candidate));
        Ok(self.connection.add_remote_candidate(candidate)?)
    }

    /// Takes a datagram that arrived at its address.
    ///
    /// # Errors
    /// What the stack refuses.
    pub fn receive(&mut self, now: SimTime, datagram: Datagram) -> Result<(), StackError> {
        let instant = self.clock.instant(now);
        let from = datagram.source;
        let from_turn = self.candidates.turn.as_ref().is_some_and(|access| access.server == from);
        let from_stun = self.candidates.stun == Some(from);
        let tagged = self.tagged(instant, self.own.into(), from.into(), datagram.payload);
        if from_stun && is_binding_response(&tagged.message) {
            return self.binding.as_mut().map_or(Ok(()), |binding| binding.receive(tagged));
        }
        match &mut self.relay {
            Some(relay) if from_turn => relay.receive(tagged),
            _ => Ok(self.connection.handle_read(tagged)?),
        }
    }

    /// Handles the time-outs that are due.
    ///
    /// # Errors
    /// What the stack reports.
    pub fn handle_timeout(&mut self, now: SimTime) -> Result<(), StackError> {
        let instant = self.clock.instant(now);
        if let Some(binding) = &mut self.binding {
            binding.handle_timeout(instant)?;
        }
        if let Some(relay) = &mut self.relay {
            relay.handle_timeout(instant)?;
        }
        if self.gathering_until.is_some_and(|until| until <= now) {
            self.binding = None;
            self.relay = self.relay.take().filter(|relay| !relay.is_asking());
        }
        Ok(self.connection.handle_timeout(instant)?)
    }

    /// Sends a message on an open channel.
    ///
    /// # Errors
    /// When the channel is not open, or the message too large.
    pub fn send(&mut self, now: SimTime, index: usize, message: BytesMut) -> Result<(), StackError> {
        let id = self.channels[index].ok_or_else(|| StackError("the channel does not exist yet".to_owned()))?;
        let mut channel =
            self.connection.data_channel(id).ok_or_else(|| StackError("the channel is closed".to_owned()))?;
        Ok(channel.send(self.clock.instant(now), message)?)
    }

    /// Bytes sent on a channel that the other end has not acknowledged (W3C: `bufferedAmount`, and
    /// what is in flight).
    pub fn outstanding_bytes(&mut self, index: usize) -> usize {
        let id = self.channels[index];
        id.and_then(|id| self.connection.data_channel(id)).map_or(0, |channel| channel.outstanding_bytes())
    }

    /// Closes the connection and tells the other end.
    ///
    /// # Errors
    /// What the stack reports.
    pub fn close(&mut self, now: SimTime) -> Result<(), StackError> {
        self.connection.close()?;
        self.relay.as_mut().map_or(Ok(()), |relay| relay.close(self.clock.instant(now)))
    }

    /// Whether what it sends goes through its own relayed address.
    #[must_use]
    pub const fn sends_through_relay(&self) -> bool {
        self.through_relay
    }

    /// The candidate pair that carries its data, once it has sent some.
    #[must_use]
    pub fn selected(&self) -> Option<Selected> {
        let peer = self.data_to?;
        let told = self.remote_candidates.iter().find(|(address, _)| *address == peer);
        Some(Selected {
            local: if self.through_relay { "relay" } else { "host" },
            remote: told.map_or("prflx", |(_, kind)| kind),
        })
    }

    /// When it wants to be woken, if ever; not before `now`.
    pub fn next_timeout(&mut self, now: SimTime) -> Option<SimTime> {
        let binding = self.binding.as_mut().and_then(Binding::poll_timeout);
        let relay = self.relay.as_mut().and_then(Relay::poll_timeout);
        let stack = self.connection.poll_timeout();
        let earliest = [stack, binding, relay].into_iter().flatten().min().map(|instant| self.clock.time(instant));
        [earliest, self.gathering_until].into_iter().flatten().min().map(|time| time.max(now))
    }

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
            effects.extend(self.effect_of(event));
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

    fn effect_of(&mut self, event: RTCPeerConnectionEvent) -> Option<Effect> {
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
                let index = channel::index(self.connection.data_channel(id)?.label())?;
                *self.channels.get_mut(index)? = Some(id);
                Some(Effect::ChannelOpen(index))
            }
            _ => None,
        }
    }

    // Adds the candidates that are known at once and asks the servers for the others.
    fn gather(&mut self, now: SimTime) -> Result<(), StackError> {
        let instant = self.clock.instant(now);
        self.gathering_until = Some(now + self.gathering_timeout);
        if self.candidates.host {
            self.connection.add_local_candidate(candidate::host(self.own)?)?;
        }
        if let Some(server) = self.candidates.stun {
            self.binding = Some(Binding::ask(instant, self.own, server)?);
        }
        if let Some(access) = &self.candidates.turn {
            self.relay = Some(Relay::allocate(instant, self.own, access, self.identity.provider.clone())?);
        }
        Ok(())
    }

    fn drain_gathering(&mut self, now: SimTime, effects: &mut Vec<Effect>) -> Result<bool, StackError> {
        let mut busy = false;
        if let Some(binding) = &mut self.binding {
            while let Some(datagram) = binding.poll_write() {
                effects.extend(on_the_wire(datagram).map(Effect::Send));
            }
            if let Some(outcome) = binding.poll() {
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

    fn tagged(&self, now: Instant, local: SocketAddr, from: SocketAddr, message: BytesMut) -> TaggedBytesMut {
        let transport = TransportContext {
            local_addr: local,
            peer_addr: from,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        TaggedBytesMut { now, transport, message }
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
