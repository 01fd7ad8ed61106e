//! The TURN servers of a scenario: `[webrtc.turn]`.
//!
//! What stands in `[webrtc.turn]` itself holds for every server; without a `[[webrtc.turn.server]]`
//! there is one. Where the defaults come from: docs/MODELS.md, "TURN" and "Costs".

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{OutageWindow, Outages, Transports, TurnIndex, TurnPolicy};
use crate::units::{Bitrate, Bounded, Frequency, Probability, SimDuration, SimTime, UsdPerGigabyte};

/// A scenario has at most this many TURN servers.
pub const TURN_SERVERS_MAX: usize = 16;

/// How many allocations a server holds at a time.
pub type AllocationsMax = Bounded<1, 10_000_000>;

/// The TURN servers, or none.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TurnChoice {
    /// No relay: pairs that cannot connect directly do not connect.
    None(NoTurn),
    /// Relays.
    Server(TurnSpec),
}

/// The word that stands for no TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NoTurn {
    /// `"none"`.
    #[serde(rename = "none")]
    None,
}

/// TURN servers: what each can do and costs, and which one a peer is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TurnSpec {
    /// The city or matrix row a server is at; without it, the place with the lowest mean latency
    /// to all peers.
    pub place: Option<String>,
    /// How a server is reached.
    pub transports: Transports,
    /// Allocations a server makes in a second; more wait, and time out after five seconds. Without it,
    /// no limit.
    pub allocation_rate: Option<Frequency>,
    /// Allocations a server makes at once after a pause.
    pub allocation_burst: Bounded<1, 1_000_000>,
    /// Allocations a server holds at a time; more are refused. Without it, no limit.
    pub allocations: Option<AllocationsMax>,
    /// What a server forwards in a second; without it, no limit.
    pub bandwidth: Option<Bitrate>,
    /// Queueing delay at which a server drops what unreliable channels send.
    pub buffer: SimDuration,
    /// Price of the traffic that is counted.
    pub price: UsdPerGigabyte,
    /// Which traffic is counted.
    pub billing: Billing,
    /// Which server a peer is given.
    pub policy: TurnPolicy,
    /// When the policy `dynamic` opens and closes servers.
    pub dynamic: DynamicSpec,
    /// When ends whose server has failed look for another.
    pub restart_on: RestartOn,
    /// The servers, where there are several; what one does not say holds for all.
    pub server: Vec<TurnServerSpec>,
    /// When servers fail.
    pub outage: Vec<OutageSpec>,
}

/// A TURN server among several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TurnServerSpec {
    /// Its name, for outages and reports; by default its place.
    pub name: Option<String>,
    /// The city or matrix row it is at.
    pub place: Option<String>,
    /// How it is reached.
    pub transports: Option<Transports>,
    /// Allocations it makes in a second.
    pub allocation_rate: Option<Frequency>,
    /// Allocations it holds at a time.
    pub allocations: Option<AllocationsMax>,
    /// What it forwards in a second.
    pub bandwidth: Option<Bitrate>,
    /// Price of its traffic.
    pub price: Option<UsdPerGigabyte>,
    /// Which traffic it counts.
    pub billing: Option<Billing>,
}

/// Which traffic a service counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Billing {
    /// What the server sends (Cloudflare).
    #[default]
    Egress,
    /// What it receives and what it sends (Twilio).
    Both,
}

/// When ends whose TURN server has failed restart ICE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartOn {
    /// Once ICE is `failed`.
    #[default]
    Failed,
    /// Already once ICE is `disconnected`.
    Disconnected,
}

/// When the policy `dynamic` opens and closes servers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DynamicSpec {
    /// Another server opens when this share of the allocations of the open ones is taken.
    pub open_above: Probability,
    /// And when a closed one is nearer to a peer, one way, by more than this.
    pub open_beyond: SimDuration,
    /// From the decision to open a server until it takes allocations.
    pub start_up: SimDuration,
    /// A server closes when it has had no allocation for this long; one always stays.
    pub idle_for: SimDuration,
}

/// A time in which a server does not work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutageSpec {
    /// The server by its name; without it, all of them.
    #[serde(default)]
    pub server: Option<String>,
    /// When it fails.
    pub at: SimDuration,
    /// For how long.
    pub lasts: SimDuration,
}

/// A TURN server with everything filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnServer {
    /// Its name, for reports.
    pub name: String,
    /// Where it is, if a place is named.
    pub place: Option<String>,
    /// How it is reached.
    pub transports: Transports,
    /// Allocations it makes in a second, if that is limited.
    pub allocation_rate: Option<Frequency>,
    /// Allocations it makes at once after a pause.
    pub allocation_burst: u32,
    /// Allocations it holds at a time; the largest number stands for no limit.
    pub allocations: u32,
    /// What it forwards in a second.
    pub bandwidth: Option<Bitrate>,
    /// Queueing delay at which it drops what unreliable channels send.
    pub buffer: SimDuration,
    /// Price of the traffic that is counted.
    pub price: UsdPerGigabyte,
    /// Which traffic is counted.
    pub billing: Billing,
}

impl Billing {
    /// The bytes that count, of those a server has received and sent.
    #[must_use]
    pub const fn counted(self, received: u64, sent: u64) -> u64 {
        match self {
            Self::Egress => sent,
            Self::Both => received + sent,
        }
    }
}

impl TurnChoice {
    /// The settings of the servers, if there are any.
    #[must_use]
    pub const fn spec(&self) -> Option<&TurnSpec> {
        match self {
            Self::None(_) => None,
            Self::Server(spec) => Some(spec),
        }
    }
}

impl TurnSpec {
    /// The servers, with everything filled in.
    #[must_use]
    pub fn servers(&self) -> Vec<TurnServer> {
        match self.server.as_slice() {
            [] => vec![self.filled_in(&TurnServerSpec::default(), 0)],
            servers => servers.iter().zip(0..).map(|(server, nth)| self.filled_in(server, nth)).collect(),
        }
    }

    fn filled_in(&self, own: &TurnServerSpec, nth: usize) -> TurnServer {
        let place = own.place.clone().or_else(|| self.place.clone());
        TurnServer {
            name: own.name.clone().or_else(|| place.clone()).unwrap_or_else(|| nth.to_string()),
            place,
            transports: own.transports.unwrap_or(self.transports),
            allocation_rate: own.allocation_rate.or(self.allocation_rate),
            allocation_burst: self.allocation_burst.get(),
            allocations: own.allocations.or(self.allocations).map_or(u32::MAX, AllocationsMax::get),
            bandwidth: own.bandwidth.or(self.bandwidth),
            buffer: self.buffer,
            price: own.price.unwrap_or(self.price),
            billing: own.billing.unwrap_or(self.billing),
        }
    }

    /// What some server speaks.
    #[must_use]
    pub fn transports(&self) -> Transports {
        let servers = self.servers();
        servers.iter().map(|server| server.transports).reduce(Transports::or).unwrap_or(self.transports)
    }

    /// When which server fails. An outage of an unknown server is none.
    #[must_use]
    pub fn outages(&self) -> Outages {
        let servers = self.servers();
        let mut outages = Vec::new();
        for outage in &self.outage {
            let from = SimTime::ZERO + outage.at;
            let window = OutageWindow { from, until: from + outage.lasts };
            let of_it = |name: &str| outage.server.as_deref().is_none_or(|of| of == name);
            let hit = (0..).zip(&servers).filter(|(_, server)| of_it(&server.name));
            outages.extend(hit.map(|(index, _): (TurnIndex, _)| (index, window)));
        }
        Outages::new(servers.len(), &outages)
    }
}

impl Default for TurnChoice {
    fn default() -> Self {
        Self::Server(TurnSpec::default())
    }
}

impl Default for TurnSpec {
    fn default() -> Self {
        Self {
            place: None,
            transports: Transports::ALL,
            // A hosted service, as the price: what one server of one's own does stands in docs/MODELS.md, "TURN".
            allocation_rate: None,
            allocation_burst: Bounded::new(1).expect("invariant: in range"),
            allocations: None,
            bandwidth: None,
            // As the access link of a server.
            buffer: SimDuration::from_ms(50),
            // Egress only, as Cloudflare's TURN service charges (docs/MODELS.md, "Costs").
            price: UsdPerGigabyte::new(0.05),
            billing: Billing::Egress,
            policy: TurnPolicy::default(),
            dynamic: DynamicSpec::default(),
            restart_on: RestartOn::default(),
            server: Vec::new(),
            outage: Vec::new(),
        }
    }
}

impl Default for DynamicSpec {
    // Assumed (docs/MODELS.md, "TURN").
    fn default() -> Self {
        Self {
            open_above: Probability::new(0.7).expect("invariant: below 1"),
            open_beyond: SimDuration::from_ms(50),
            start_up: SimDuration::from_secs(60),
            idle_for: SimDuration::from_secs(300),
        }
    }
}

impl<'de> Deserialize<'de> for TurnChoice {
    // By hand: serde's untagged enums forget what was wrong, and where.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NoneOrTable;
        impl<'de> Visitor<'de> for NoneOrTable {
            type Value = TurnChoice;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"none\" or a table of the TURN server's settings")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<TurnChoice, E> {
                match word {
                    "none" => Ok(TurnChoice::None(NoTurn::None)),
                    _ => Err(E::custom(format!(
                        "\"{word}\" is not a TURN server: write \"none\", or a table such as {{ place = \"London\" }}"
                    ))),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TurnChoice, A::Error> {
                TurnSpec::deserialize(MapAccessDeserializer::new(map)).map(TurnChoice::Server)
            }
        }
        deserializer.deserialize_any(NoneOrTable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_without_a_list_and_each_its_own_with_one() {
        let spec: TurnSpec =
            toml::from_str("place = \"Paris\"\nprice = \"0.4 USD/GB\"\nbilling = \"both\"").expect("one");
        let servers = spec.servers();
        assert_eq!((servers.len(), servers[0].name.as_str()), (1, "Paris"));
        assert_eq!((servers[0].price.get(), servers[0].billing), (0.4, Billing::Both));
        let text = "price = \"0.1 USD/GB\"\n[[server]]\nplace = \"Paris\"\n[[server]]\nname = \"b\"\nallocations = 9\nprice = \"0 USD/GB\"";
        let servers = toml::from_str::<TurnSpec>(text).expect("two").servers();
        let facts: Vec<_> = servers.iter().map(|s| (s.name.as_str(), s.allocations, s.price.get())).collect();
        assert_eq!(facts, [("Paris", u32::MAX, 0.1), ("b", 9, 0.0)]);
    }

    #[test]
    fn an_outage_hits_the_server_of_its_name_or_all() {
        let text = "[[server]]\nname = \"a\"\n[[server]]\nname = \"b\"\n[[outage]]\nserver = \"b\"\nat = \"5 s\"\nlasts = \"1 s\"\n[[outage]]\nat = \"9 s\"\nlasts = \"1 s\"";
        let outages = toml::from_str::<TurnSpec>(text).expect("outages").outages();
        assert_eq!((outages.of(0).len(), outages.of(1).len()), (1, 2));
    }

    #[test]
    fn what_counts_is_what_the_service_counts() {
        assert_eq!((Billing::Egress.counted(3, 5), Billing::Both.counted(3, 5)), (5, 8));
    }
}
