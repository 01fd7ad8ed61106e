//! Drawing a population from its description.

use rand_distr::{Distribution, StandardNormal};
use thiserror::Error;

use super::capacity::CapacitySpec;
use super::company::{self, Seat};
use super::ends::Ends;
use super::path::{Access, Paths};
use super::reach::outcome_table;
use super::relays::Relays;
use super::{Class, ClassSpec, Node, PopulationSpec, Rates, World, quota};
use crate::net::{LatencyModel, LatencySpec, LinkSpec, NatMix, Place};
use crate::presets::OrPreset;
use crate::rng::{Domain, Streams};
use crate::units::Probability;
use crate::webrtc::setup::{Gather, StackProfile};
use crate::webrtc::{DeviceSpec, EngineSpec, WebrtcSpec};

/// Everything a world is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct WorldSpec<'a> {
    /// The peers.
    pub population: &'a PopulationSpec,
    /// Propagation delay.
    pub latency: &'a LatencySpec,
    /// Relays, signaling, set-up.
    pub webrtc: &'a WebrtcSpec,
    /// Servers that the topology adds.
    pub servers: u32,
}

/// Why a description cannot become a world.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WorldError {
    /// A place that the latency model does not have.
    #[error("unknown place `{name}`, expected one of {}", quoted(places))]
    UnknownPlace {
        /// The name.
        name: String,
        /// The names there are.
        places: Vec<String>,
    },
}

impl WorldSpec<'_> {
    /// Draws the world of one replication.
    ///
    /// # Errors
    /// When a region, the TURN server or the signaling server is at a place that the latency model
    /// does not have.
    pub fn generate(&self, streams: Streams) -> Result<World, WorldError> {
        let peers = self.population.peers.get();
        let latency = LatencyModel::new(self.latency, streams.pair_key(Domain::PairLatency));
        let specs = self.class_specs();
        let shares: Vec<f64> = self.population.classes.iter().map(|class| class.share.get()).collect();
        let class_of = quota::deal(peers, &shares, &mut streams.stream(Domain::PeerClass, 0));
        let mut place_of = self.places(peers, latency.places(), streams)?;
        let mixes: Vec<NatMix> = specs.iter().map(|class| class.nat.value).collect();
        let seats = company::seats(&mixes, &class_of, &mut place_of, streams);
        let centre = centre(&latency, &place_of);
        let server_class = u16::try_from(specs.len() - 1).expect("invariant: few classes");
        let mut ends = self.ends(&specs);
        let mut node = |class: u16, place: Place, seat: &Seat| {
            let (end, reach) = ends.of(class, seat);
            Node { class, place, end, reach, company: seat.company }
        };
        let mut nodes = Vec::with_capacity((peers + self.servers) as usize);
        let mut rates = Vec::with_capacity(nodes.capacity());
        for (peer, seat) in (0_u64..).zip(&seats) {
            let class = class_of[peer as usize];
            nodes.push(node(class, place_of[peer as usize], seat));
            rates.push(draw_rates(&specs[usize::from(class)], streams, peer));
        }
        for server in peers..peers + self.servers {
            let link = specs[usize::from(server_class)].link.value.draw(0.0);
            nodes.push(node(server_class, centre, &Seat::alone(server)));
            rates.push(Rates { up: link.up, down: link.down });
        }
        let paths = self.paths(latency, &specs, centre, streams)?;
        let classes = specs.iter().map(class_of_spec).collect();
        let join_gap_ns = self.population.join_over.as_ns() / u64::from(peers);
        let Ends { specs: ends, within, .. } = ends;
        let setup = self.webrtc.setup;
        let mut world = World { peers, nodes, rates, seats, classes, ends, within, paths, setup, join_gap_ns };
        if let Some(turn) = self.webrtc.turn.spec() {
            world.assign_homes(turn);
        }
        Ok(world)
    }

    fn ends(&self, specs: &[ClassSpec]) -> Ends {
        let gather = if self.webrtc.turn.spec().is_some() { Gather::Turn } else { Gather::Stun };
        let stacks: Vec<StackProfile> = specs.iter().map(|class| class.engine.value.stack()).collect();
        Ends::new(&stacks, gather)
    }

    // The population's classes, then the class of servers.
    fn class_specs(&self) -> Vec<ClassSpec> {
        let server = ClassSpec {
            name: "server".to_owned(),
            share: Probability::ZERO,
            link: preset("server"),
            capacity: CapacitySpec::default(),
            nat: preset::<NatMix>("public"),
            device: preset::<DeviceSpec>("server"),
            engine: preset::<EngineSpec>("webrtc-rs"),
        };
        self.population.classes.iter().cloned().chain([server]).collect()
    }

    fn places(&self, peers: u32, places: usize, streams: Streams) -> Result<Vec<Place>, WorldError> {
        let mut stream = streams.stream(Domain::PeerPlace, 0);
        if let LatencySpec::Cities { .. } = self.latency {
            let mix = &self.population.regions.value.0;
            let cities = mix.keys().map(|name| self.place(name)).collect::<Result<Vec<_>, _>>()?;
            let shares: Vec<f64> = mix.values().map(|share| share.get()).collect();
            let dealt = quota::deal(peers, &shares, &mut stream);
            return Ok(dealt.into_iter().map(|index| cities[usize::from(index)]).collect());
        }
        Ok(quota::deal(peers, &vec![1.0; places], &mut stream))
    }

    fn paths(
        &self,
        latency: LatencyModel,
        specs: &[ClassSpec],
        centre: Place,
        streams: Streams,
    ) -> Result<Paths, WorldError> {
        let place = |name: &Option<String>| name.as_ref().map_or(Ok(centre), |name| self.place(name));
        let turn = self.webrtc.turn.spec();
        let relays = turn.map(|turn| {
            let places = turn.servers().iter().map(|server| place(&server.place)).collect::<Result<_, _>>()?;
            Ok(Relays::new(turn, places))
        });
        let links: Vec<LinkSpec> = specs.iter().map(|spec| spec.link.value).collect();
        let access = links.iter().flat_map(|a| links.iter().map(|b| access_of(a, b))).collect();
        Ok(Paths {
            latency,
            loss_key: streams.pair_key(Domain::PairLoss),
            outcomes: outcome_table(turn.map(crate::webrtc::TurnSpec::transports)),
            access,
            classes: specs.len(),
            relays: relays.transpose()?,
            signaling_place: place(&self.webrtc.signaling.place)?,
        })
    }

    fn place(&self, name: &str) -> Result<Place, WorldError> {
        let index = self.latency.place_names().position(|place| place == name);
        let unknown = || WorldError::UnknownPlace {
            name: name.to_owned(),
            places: self.latency.place_names().map(str::to_owned).collect(),
        };
        index.ok_or_else(unknown).map(|index| Place::try_from(index).expect("invariant: checked when read"))
    }
}

fn preset<T: crate::presets::HasPresets>(name: &str) -> OrPreset<T> {
    OrPreset::named(name).expect("invariant: the name of a preset")
}

fn class_of_spec(spec: &ClassSpec) -> Class {
    Class {
        name: spec.name.as_str().into(),
        engine: spec.engine.value,
        device: spec.device.value,
        buffer: spec.link.value.buffer,
        access_delay: spec.link.value.rtt.half(),
        access_loss: spec.link.value.loss.mean(),
        loss: spec.link.value.loss.spec(),
        jitter: spec.link.value.jitter,
        queue: spec.link.value.queue,
        capacity: spec.capacity.clone(),
    }
}

fn access_of(a: &LinkSpec, b: &LinkSpec) -> Access {
    let delay_ns = a.rtt.half().as_ns() + b.rtt.half().as_ns();
    Access { delay_ns, loss: a.loss.mean().either(b.loss.mean()) }
}

fn draw_rates(class: &ClassSpec, streams: Streams, peer: u64) -> Rates {
    let link = &class.link.value;
    let z: f64 =
        if link.spread > 0.0 { StandardNormal.sample(&mut streams.stream(Domain::PeerLink, peer)) } else { 0.0 };
    let link = link.draw(z);
    let [up, down] = class.capacity.mean_rates();
    Rates { up: up.or(link.up), down: down.or(link.down) }
}

/// The place with the lowest mean delay to the peers; the earlier of equals.
fn centre(latency: &LatencyModel, place_of: &[Place]) -> Place {
    let places = Place::try_from(latency.places()).expect("invariant: checked when read");
    let mut population = vec![0_u128; usize::from(places)];
    place_of.iter().for_each(|&place| population[usize::from(place)] += 1);
    let total = |server: Place| -> u128 {
        (0..places).map(|place| population[usize::from(place)] * u128::from(latency.base_ns(place, server))).sum()
    };
    (0..places).min_by_key(|&server| total(server)).unwrap_or(0)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
