//! The two ends of every connection, that which opens its channels first: their associations, and the paths of
//! what they send.
//!
//! Of a mesh's connections few carry data where few peers publish. An end is a row of one cache line; it gets an
//! association with its first packet of data, and the memory for signs of life with the first of those.

use std::sync::Arc;

use super::links::SignsOfLife;
use crate::overlay::Overlay;
use crate::overlay::workload::{Channel, Service};
use crate::scenario::Settings;
use crate::simulation::control::connect::Connected;
use crate::simulation::data::plan::Plan;
use crate::simulation::data::programme::PlannedFlow;
use crate::units::SimTime;
use crate::webrtc::sctp::{Association, AssociationProfile, ChannelSpec, Chunk, IdleEnd, Outbox, Reliability};
use crate::world::{Path, World};

/// The ends of all connections that open: those of connection `c` are `2 * c` and `2 * c + 1`.
#[derive(Debug)]
pub(super) struct Ends {
    rows: Vec<End>,
    // Of each class.
    profiles: Vec<Arc<AssociationProfile>>,
    channels: Vec<ChannelSpec>,
    // Of each flow.
    streams: Vec<u16>,
    record_bytes: u32,
    // Of node v: known[offsets[v]..offsets[v + 1]], by neighbour.
    offsets: Vec<u32>,
    known: Vec<(u32, u32)>,
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    pub(super) node: u32,
    /// Its place among the ends of its node.
    pub(super) place: u32,
    /// The way of its packets.
    pub(super) path: Path,
    class: u16,
    // When it opens.
    opens: SimTime,
    /// When the next wake is scheduled.
    pub(super) wake: SimTime,
    standing: Standing,
}

/// What has come of an end.
#[derive(Debug)]
enum Standing {
    // Nothing yet, whether it is open or not.
    Fresh,
    // Signs of life.
    Idle(Box<IdleEnd>),
    // Data, or word of it.
    InUse(Box<Association>),
}

const _: () = assert!(size_of::<End>() <= 64, "ends are many");

/// The end at the other side.
pub(super) const fn far(end: u32) -> u32 {
    end ^ 1
}

impl Ends {
    pub(super) fn new(
        world: &World,
        overlay: &Overlay,
        connected: &Connected,
        plan: &Plan,
        settings: &Settings,
    ) -> Self {
        let mut rows = Vec::with_capacity(2 * overlay.connections() as usize);
        overlay.for_each_connection(|connection| {
            let [mut a, mut b] = [connection.a, connection.b];
            if !connected.offers(a, b) {
                (a, b) = (b, a);
            }
            let kept = connected.between(overlay, a, b);
            if kept.at() == SimTime::MAX {
                return;
            }
            let path = |from: u32, to: u32| match kept.relay(from, to) {
                Some(relay) => Some(world.paths_from(from).through(to, relay)),
                None => world.path(from, to),
            };
            if let (Some(there), Some(back)) = (path(a, b), path(b, a)) {
                rows.extend([(a, there), (b, back)].map(|(node, path)| End::new(world, node, path, kept.at())));
            }
        });
        let (channels, streams) = streams(plan, settings);
        let (offsets, known) = index(world.nodes(), &rows);
        for (&(_, end), place) in known.iter().zip(0_u32..) {
            let row = &mut rows[end as usize];
            row.place = place - offsets[row.node as usize];
        }
        Self {
            rows,
            profiles: world.classes().iter().map(|class| Arc::new(class.engine.association())).collect(),
            channels,
            streams,
            record_bytes: settings.webrtc.setup.dtls_record_bytes() as u32,
            offsets,
            known,
        }
    }

    /// When each end wants to be woken first, where it has no data to send until then.
    pub(super) fn first_wakes(&self) -> impl Iterator<Item = (u32, SimTime)> {
        let wake = |(end, row): (u32, &End)| Some((end, IdleEnd::new(row.opens, self.profile(end)).next_wake()?));
        (0..).zip(&self.rows).filter_map(wake)
    }

    /// ICE's checks and their answers on the access link of each node.
    pub(super) fn signs_of_life(&self, world: &World) -> Vec<SignsOfLife> {
        let mut signs = vec![SignsOfLife::default(); world.nodes() as usize];
        let engine = |row: &End| &world.class(row.node).engine;
        for (row, end) in self.rows.iter().zip(0..) {
            let other = &self.rows[far(end) as usize];
            let SignsOfLife { each_way_per_s, up_bytes_per_s, down_bytes_per_s } = &mut signs[row.node as usize];
            *each_way_per_s += engine(row).ice.profile().signs_per_s(&engine(other).ice.profile());
            *up_bytes_per_s += engine(row).keepalive_per_s.get() as f64;
            *down_bytes_per_s += engine(other).keepalive_per_s.get() as f64;
        }
        signs
    }

    /// Whether an end is open.
    pub(super) fn is_open(&self, now: SimTime, end: u32) -> bool {
        self.rows[end as usize].opens <= now
    }

    /// The association of an end that is open and is to carry data.
    pub(super) fn association(&mut self, end: u32) -> &mut Association {
        if !matches!(self.rows[end as usize].standing, Standing::InUse(_)) {
            let association = Box::new(self.associate(end));
            self.rows[end as usize].standing = Standing::InUse(association);
        }
        match &mut self.rows[end as usize].standing {
            Standing::InUse(association) => association,
            Standing::Fresh | Standing::Idle(_) => unreachable!("invariant: it has been made above"),
        }
    }

    /// A packet has come to an end.
    #[inline(always)]
    pub(super) fn receive(&mut self, now: SimTime, end: u32, chunks: &[Chunk], out: &mut Outbox) {
        if let Standing::InUse(association) = &mut self.rows[end as usize].standing {
            return association.receive(now, chunks, out);
        }
        let (own, record_bytes) = (Arc::clone(self.profile(end)), self.record_bytes);
        if !self.idle(end).receive(now, chunks, &own, record_bytes, out) {
            self.association(end).receive(now, chunks, out);
        }
    }

    /// An end is woken.
    pub(super) fn wake(&mut self, now: SimTime, end: u32, out: &mut Outbox) {
        if let Standing::InUse(association) = &mut self.rows[end as usize].standing {
            return association.wake(now, out);
        }
        let (own, record_bytes) = (Arc::clone(self.profile(end)), self.record_bytes);
        self.idle(end).wake(now, &own, record_bytes, out);
    }

    fn idle(&mut self, end: u32) -> &mut IdleEnd {
        if matches!(self.rows[end as usize].standing, Standing::Fresh) {
            let idle = IdleEnd::new(self.rows[end as usize].opens, self.profile(end));
            self.rows[end as usize].standing = Standing::Idle(Box::new(idle));
        }
        match &mut self.rows[end as usize].standing {
            Standing::Idle(idle) => idle,
            Standing::Fresh | Standing::InUse(_) => unreachable!("invariant: it was fresh or idle"),
        }
    }

    fn associate(&self, end: u32) -> Association {
        let (own, peer) = (self.profile(end), self.profile(far(end)));
        let row = &self.rows[end as usize];
        let mut association = match &row.standing {
            Standing::Idle(idle) => Association::resume(**idle, own, peer, self.record_bytes),
            Standing::Fresh | Standing::InUse(_) => Association::new(row.opens, own, peer, self.record_bytes),
        };
        association.reserve(self.channels.len());
        for &channel in &self.channels {
            match end % 2 {
                0 => association.open(channel),
                _ => association.accept(channel),
            };
        }
        association
    }

    fn profile(&self, end: u32) -> &Arc<AssociationProfile> {
        &self.profiles[usize::from(self.rows[end as usize].class)]
    }

    /// The end at `node` of its connection to `neighbour`, if that ever opens.
    pub(super) fn between(&self, node: u32, neighbour: u32) -> Option<u32> {
        let [from, to] = [node, node + 1].map(|node| self.offsets[node as usize] as usize);
        let known = &self.known[from..to];
        known.binary_search_by_key(&neighbour, |(other, _)| *other).ok().map(|place| known[place].1)
    }

    pub(super) fn row(&self, end: u32) -> &End {
        &self.rows[end as usize]
    }

    pub(super) fn row_mut(&mut self, end: u32) -> &mut End {
        &mut self.rows[end as usize]
    }

    pub(super) fn rows(&self) -> &[End] {
        &self.rows
    }

    /// The stream of a flow's messages.
    pub(super) fn stream(&self, flow: u32) -> u16 {
        self.streams[flow as usize]
    }

    /// Whether an end repeats a flow's messages until they arrive.
    pub(super) fn repeats(&self, end: u32, flow: u32) -> bool {
        self.reliability(end, flow) == Reliability::Reliable
    }

    /// Whether an end sends a flow's messages but once.
    pub(super) fn is_sent_once(&self, end: u32, flow: u32) -> bool {
        self.reliability(end, flow) == Reliability::Retransmits(0)
    }

    // As the end that opened the channel asked, where the one that accepted it does so.
    fn reliability(&self, end: u32, flow: u32) -> Reliability {
        let as_asked = end.is_multiple_of(2) || self.profiles[usize::from(self.row(end).class)].accepts_as_asked;
        let asked = self.channels[usize::from(self.stream(flow))].reliability;
        if as_asked { asked } else { Reliability::Reliable }
    }
}

impl End {
    fn new(world: &World, node: u32, path: Path, opens: SimTime) -> Self {
        let class = u16::try_from(world.class_index(node)).expect("invariant: few classes");
        Self { node, place: 0, path, class, opens, wake: SimTime::MAX, standing: Standing::Fresh }
    }

    /// When its association wants to be woken.
    pub(super) fn next_wake(&self) -> Option<SimTime> {
        match &self.standing {
            Standing::InUse(association) => association.next_wake(),
            Standing::Idle(idle) => idle.next_wake(),
            Standing::Fresh => None,
        }
    }

    /// Bytes of messages of a stream that wait at this end and have not been sent.
    pub(super) fn unsent_on(&self, stream: u16) -> u64 {
        match &self.standing {
            Standing::InUse(association) => association.unsent(stream),
            Standing::Fresh | Standing::Idle(_) => 0,
        }
    }

    /// Messages that have arrived at this end and wait for their turn.
    pub(super) fn held_back(&self) -> Vec<u64> {
        match &self.standing {
            Standing::InUse(association) => association.held_back().collect(),
            Standing::Fresh | Standing::Idle(_) => Vec::new(),
        }
    }

    /// Bytes that have not been sent, of all streams.
    pub(super) fn unsent(&self, streams: u16) -> u64 {
        match &self.standing {
            Standing::InUse(_) => (0..streams).map(|stream| self.unsent_on(stream)).sum(),
            Standing::Fresh | Standing::Idle(_) => 0,
        }
    }

    /// Reads a word of each cache line that packets of this end need, so that they are at hand.
    #[inline]
    pub(super) fn touch(&self) -> u32 {
        match &self.standing {
            Standing::InUse(association) => association.touch(),
            Standing::Fresh | Standing::Idle(_) => 0,
        }
    }

    /// The same of what lies behind those.
    #[inline]
    pub(super) fn touch_behind(&self) -> u32 {
        match &self.standing {
            Standing::InUse(association) => association.touch_behind(),
            Standing::Fresh | Standing::Idle(_) => 0,
        }
    }
}

impl Ends {
    /// How many streams every association has.
    pub(super) fn streams(&self) -> u16 {
        self.channels.len() as u16
    }
}

// The channels that flows use, each once, and which each uses.
fn streams(plan: &Plan, settings: &Settings) -> (Vec<ChannelSpec>, Vec<u16>) {
    let mut channels: Vec<ChannelSpec> = Vec::new();
    let mut stream = |flow: &PlannedFlow| {
        let spec = spec(flow.channel, settings.service(flow.workload));
        let known = channels.iter().position(|known| *known == spec);
        known.unwrap_or_else(|| {
            channels.push(spec);
            channels.len() - 1
        }) as u16
    };
    let streams = plan.programme.all_flows().iter().map(&mut stream).collect();
    (channels, streams)
}

fn spec(channel: Channel, service: Service) -> ChannelSpec {
    let (unordered, reliability) = match channel {
        Channel::Unreliable => (true, Reliability::Retransmits(0)),
        Channel::ReliableUnordered => (true, Reliability::Reliable),
        Channel::Reliable => (false, Reliability::Reliable),
    };
    let reliability = service.lifetime.map_or(reliability, Reliability::Lifetime);
    ChannelSpec { unordered, reliability, priority: service.priority, ..ChannelSpec::default() }
}

// The ends of each node, by neighbour.
fn index(nodes: u32, rows: &[End]) -> (Vec<u32>, Vec<(u32, u32)>) {
    let mut known: Vec<(u32, u32, u32)> =
        (0..).zip(rows).map(|(end, row)| (row.node, rows[far(end) as usize].node, end)).collect();
    known.sort_unstable();
    let offsets = (0..=nodes).map(|node| known.partition_point(|&(owner, ..)| owner < node) as u32).collect();
    (offsets, known.into_iter().map(|(_, neighbour, end)| (neighbour, end)).collect())
}
