//! Requests and responses: clients ask servers. Look-ups, remote procedure calls, questions to a model.
//!
//! Servers are peers. Each client asks one of them for good, as clients of a service that keeps sessions do: server `i` of
//! `1, 2, ...` with a probability in proportion to `1 / i^exponent`. Requests and responses are messages for one peer, on
//! the hops of the overlay that lead there.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::popularity::Exponent;
use super::{Arrivals, Channel, Estimate, Flow, Limits, Role, Service, Traffic, Workload, WorkloadEntry, service};
use crate::overlay::json_of;
use crate::rng::{Domain, Streams};
use crate::units::{Bounded, ByteCount, Frequency, SimDuration};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    WorkloadEntry::new::<RequestResponse>("request-response", "clients ask one of a few servers, which answer them");

/// Every peer, or every peer of a class, asks one of `servers` peers, which answer and ask nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestResponse {
    /// How many peers answer: fewer than there are.
    #[serde(default = "one")]
    servers: Bounded<1, 65_536>,
    /// The class the servers belong to; any class if absent.
    #[serde(default)]
    server_class: Option<String>,
    /// The class of those that ask; all but the servers if absent.
    #[serde(default)]
    from: Option<String>,
    /// How much more popular the first servers are than the last, from 0 (not at all) to 3.
    #[serde(default = "uniform")]
    #[schemars(with = "f64", range(min = 0.0, max = 3.0))]
    exponent: Exponent,
    /// The size of a request.
    request: ByteCount,
    /// The size of a response.
    response: ByteCount,
    /// How often each client asks.
    rate: Frequency,
    /// Whether it asks at random or periodically.
    #[serde(default = "poisson")]
    arrivals: Arrivals,
    /// How long a server takes for a request: waiting for a disk, a database, a model. Requests do not wait for one
    /// another, and it costs no CPU.
    #[serde(default = "at_once", deserialize_with = "service_time_within")]
    service_time: SimDuration,
    /// The channel that carries requests and responses.
    #[serde(default = "channel")]
    channel: Channel,
    /// Its share of a connection beside other workloads. Needs packets.
    #[serde(default, skip_serializing_if = "service::is_default")]
    priority: Priority,
    /// How long a message is worth sending (`maxPacketLifeTime`), whatever the channel repeats. Needs packets.
    #[serde(default, deserialize_with = "service::lifetime", skip_serializing_if = "Option::is_none")]
    lifetime: Option<SimDuration>,
}

fn one() -> Bounded<1, 65_536> {
    Bounded::new(1).expect("invariant: one is in range")
}

const fn uniform() -> Exponent {
    Exponent::UNIFORM
}

// Users that know nothing of one another arrive so (Paxson and Floyd, "Wide-area traffic: the failure of Poisson modeling",
// IEEE/ACM Transactions on Networking 3(3), 1995, of sessions).
const fn poisson() -> Arrivals {
    Arrivals::Poisson
}

const fn at_once() -> SimDuration {
    SimDuration::ZERO
}

// Who asks waits for the answer, and for no other.
const fn channel() -> Channel {
    Channel::ReliableUnordered
}

fn service_time_within<'de, D: serde::Deserializer<'de>>(value: D) -> Result<SimDuration, D::Error> {
    service::within(value, "a service time", [SimDuration::ZERO, SimDuration::from_secs(3_600)])
}

impl RequestResponse {
    // The most popular first.
    fn drawn_servers(&self, world: &World, streams: Streams, nth: u32) -> Vec<u32> {
        let candidates = world.peers_of_class(self.server_class.as_deref());
        super::choose(&candidates, self.servers.get(), &mut streams.stream(Domain::Workload, u64::from(nth)))
    }

    /// Every client and the place of its server.
    fn clients(&self, world: &World, servers: &[u32], streams: Streams, nth: u32) -> Vec<(u32, usize)> {
        let mut sorted = servers.to_vec();
        sorted.sort_unstable();
        let mut clients = world.peers_of_class(self.from.as_deref());
        clients.retain(|peer| !servers.is_empty() && sorted.binary_search(peer).is_err());
        // How many of all clients choose a server up to each.
        let mut total = 0.0;
        let add = |weight: f64| {
            total += weight;
            total
        };
        let up_to: Vec<f64> = self.exponent.weights(servers.len() as u32).into_iter().map(add).collect();
        let choose = |client: u32| {
            let mut stream = streams.stream(Domain::Servers, u64::from(nth) << 32 | u64::from(client));
            let drawn = stream.random::<f64>() * up_to[up_to.len() - 1];
            (client, up_to.partition_point(|&bound| bound <= drawn).min(up_to.len() - 1))
        };
        clients.into_iter().map(choose).collect()
    }
}

impl Workload for RequestResponse {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let servers = self.drawn_servers(world, streams, nth);
        let traffic = Traffic {
            message: self.request,
            period: self.rate.period(),
            arrivals: self.arrivals,
            channel: self.channel,
        };
        let of_client = |(number, (client, server)): (u32, (u32, usize))| {
            let flow = super::flow_of(client, server as u32, &traffic, streams, u64::from(nth) << 32);
            let request = Flow { role: Role::Request { service_time: self.service_time }, ..flow };
            // Audiences: the servers, then the clients.
            let audience = servers.len() as u32 + number;
            let answers = Flow { source: servers[server], audience, size: self.response, role: Role::Response, ..flow };
            [request, answers]
        };
        (0..).zip(self.clients(world, &servers, streams, nth)).flat_map(of_client).collect()
    }

    fn audiences(&self, world: &World, streams: Streams, nth: u32) -> Vec<Vec<u32>> {
        let servers = self.drawn_servers(world, streams, nth);
        let clients = self.clients(world, &servers, streams, nth).into_iter().map(|(client, _)| client);
        servers.iter().copied().chain(clients).map(|peer| vec![peer]).collect()
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        let keys = [("from", &self.from), ("server_class", &self.server_class)];
        Limits {
            sizes: vec![("request", self.request), ("response", self.response)],
            sinks: Some(("servers", self.servers.get())),
            chosen: self.server_class.as_deref().map(|class| ("servers", self.servers.get(), class)),
            classes: keys.into_iter().filter_map(|(key, class)| Some((key, class.as_deref()?))).collect(),
            ..Limits::default()
        }
    }

    // As if all classes asked.
    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let clients = peers.saturating_sub(self.servers.get());
        let messages = 2.0 * f64::from(clients) * self.rate.per_second() * run.as_secs_f64();
        Estimate {
            messages,
            // Responses follow their requests.
            at_random: if self.arrivals == Arrivals::Poisson { messages / 2.0 } else { 0.0 },
            is_answered: true,
            receivers: 1.0,
            flows: 2 * u64::from(clients),
            channel: self.channel,
            ..Estimate::default()
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
