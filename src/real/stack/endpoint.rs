//! One end of a peer connection: the stack, its STUN and TURN clients, and how to drive them.

mod drain;

use std::net::{SocketAddr, SocketAddrV4};
use std::time::Instant;

use bytes::BytesMut;
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::{SctpMaxMessageSize, SettingEngineBuilder};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{RTCDtlsRole, RTCIceCandidateInit};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use super::gather::{Binding, is_binding_response};
use super::relay::Relay;
use super::{Candidates, Identity, StackError, StackSettings, candidate, channel};
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
