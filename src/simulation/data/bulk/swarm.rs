//! Peers that fetch pieces from each other: whom they ask, and when.
//!
//! A peer with room for one more download asks the first of its neighbours that has a piece it lacks and room for
//! one more upload. It looks when a piece has arrived, and it is looked for when a neighbour has got a piece or
//! has room again, so that nobody waits who could be helped.

use super::carriers::Carriers;
use super::distributed::Distributed;
use super::links::Links;
use super::pieces::Pieces;
use super::setting::Window;
use crate::engine::EventQueue;
use crate::net::{FlowId, FluidFlows, LinkState};
use crate::overlay::workload::Content;
use crate::simulation::data::relay::Relays;
use crate::simulation::data::standing::{Filled, Standing};
use crate::units::{SimDuration, SimTime};

/// All contents on their way.
#[derive(Debug)]
pub(super) struct Swarm<'a> {
    links: Links<'a>,
    window: Window,
    contents: Vec<Spreading<'a>>,
    flows: FluidFlows,
    // By flow.
    sending: Vec<Option<(FlowId, Sending)>>,
    queue: EventQueue<SwarmEvent>,
    events: u64,
    standing: Standing,
    // Beside messages.
    carriers: Option<Carriers>,
    // Of each node, in the measured window.
    sent_bytes: Vec<u64>,
    received_bytes: Vec<u64>,
    cpu_ns: Vec<u64>,
    fetched_bytes: u64,
    from_sources_bytes: u64,
    times: Vec<SimDuration>,
}

#[derive(Debug)]
struct Spreading<'a> {
    content: &'a Content,
    pieces: Pieces,
    started: SimTime,
    // Of each node.
    downloads: Vec<u32>,
    uploads: Vec<u32>,
    uploads_max: Vec<u32>,
    // How often a node has been looked for others.
    looks: Vec<u32>,
}

/// A piece on its way.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    content: u32,
    piece: u32,
    from: u32,
    to: u32,
}

/// A piece that is being sent, and since when.
#[derive(Clone, Copy, Debug)]
struct Sending {
    transfer: Transfer,
    since: SimTime,
}

#[derive(Clone, Copy, Debug)]
enum SwarmEvent {
    /// The sources have a content.
    Start(u32),
    /// A connection has opened.
    Opened(u32, u32),
    /// A request is at the one that has the piece.
    Asked(Transfer),
    /// A piece has arrived.
    Arrived(Transfer),
}

impl<'a> Swarm<'a> {
    pub(super) fn new(links: Links<'a>, contents: &'a [Content], window: Window, beside_messages: bool) -> Self {
        let nodes = links.world.nodes();
        let of_nodes = || vec![0; nodes as usize];
        let spreading = |content: &'a Content| Spreading {
            content,
            pieces: Pieces::new(content, nodes),
            started: SimTime::MAX,
            downloads: of_nodes(),
            uploads: of_nodes(),
            uploads_max: (0..nodes).map(|node| links.uploads_max(node, content)).collect(),
            looks: of_nodes(),
        };
        let mut flows = links.hosts();
        if beside_messages {
            flows.watch();
        }
        Self {
            flows,
            contents: contents.iter().map(spreading).collect(),
            links,
            window,
            sending: Vec::new(),
            queue: EventQueue::new(),
            events: 0,
            standing: Standing::new(nodes),
            carriers: beside_messages.then(|| Carriers::new(nodes)),
            sent_bytes: vec![0; nodes as usize],
            received_bytes: vec![0; nodes as usize],
            cpu_ns: vec![0; nodes as usize],
            fetched_bytes: 0,
            from_sources_bytes: 0,
            times: Vec::new(),
        }
    }

    /// The sources have a content from then on.
    pub(super) fn start_at(&mut self, time: SimTime, content: u32) {
        self.queue.push(time, SwarmEvent::Start(content));
    }

    /// Lets happen what happens until the end of the replication.
    pub(super) fn run(&mut self, relays: &mut Relays) {
        loop {
            let event = self.queue.peek_time().unwrap_or(SimTime::MAX);
            let end = self.flows.next_completion().unwrap_or(SimTime::MAX);
            self.note_queues();
            if event.min(end) > self.window.horizon {
                return self.book_unfinished(relays);
            }
            self.events += 1;
            if end <= event {
                self.complete(end, relays);
            } else if let Some((now, event)) = self.queue.pop() {
                self.handle(now, event);
            }
        }
    }

    /// What came of it; `bound` is the least time of the last.
    pub(super) fn into_distributed(mut self, bound: SimDuration) -> Distributed {
        let peers = u64::from(self.links.world.peers());
        self.times.sort_unstable();
        Distributed {
            wanted: self.contents.iter().map(|spreading| peers - spreading.content.sources.len() as u64).sum(),
            times: self.times,
            bound,
            fetched_bytes: self.fetched_bytes,
            from_sources_bytes: self.from_sources_bytes,
            sent_bytes: self.sent_bytes,
            received_bytes: self.received_bytes,
            cpu_ns: self.cpu_ns,
            standing: self.standing,
            events: self.events,
        }
    }

    // Links that are filled, or no longer, since the last change.
    fn note_queues(&mut self) {
        let Some(carriers) = &self.carriers else { return };
        let now = self.flows.now();
        for LinkState { host, is_up, is_full } in self.flows.take_noted() {
            let (carriers, round_trip) = carriers.of_link(host, is_up);
            let is_filled = is_full && !self.links.is_held_by_cpu(host, is_up);
            let (message, connections) = (self.links.message(), self.links.degree(host));
            let filled = is_filled.then_some(Filled { carriers, round_trip, message, connections });
            self.standing.set(self.links.world, now, (host, is_up), filled);
        }
    }

    fn handle(&mut self, now: SimTime, event: SwarmEvent) {
        match event {
            SwarmEvent::Start(content) => self.start(now, content),
            SwarmEvent::Opened(a, b) => self.opened(now, a, b),
            SwarmEvent::Asked(transfer) => self.asked(now, transfer),
            SwarmEvent::Arrived(transfer) => self.arrived(now, transfer),
        }
    }

    fn start(&mut self, now: SimTime, content: u32) {
        // Connections that open later are told once, whatever the number of contents.
        if self.contents.iter().all(|spreading| spreading.started == SimTime::MAX) {
            for (at, a, b) in self.links.opening_after(now) {
                self.queue.push(at, SwarmEvent::Opened(a, b));
            }
        }
        let spreading = &mut self.contents[content as usize];
        spreading.started = now;
        for &source in &spreading.content.sources {
            self.offer(now, content, source);
        }
    }

    fn opened(&mut self, now: SimTime, a: u32, b: u32) {
        for content in 0..self.contents.len() as u32 {
            if self.contents[content as usize].started <= now {
                [a, b].into_iter().for_each(|node| self.fetch(now, content, node));
            }
        }
    }

    // Asks neighbours while there is room and somebody can help.
    fn fetch(&mut self, now: SimTime, content: u32, to: u32) {
        let spreading = &mut self.contents[content as usize];
        let downloads = spreading.content.downloads;
        while spreading.downloads[to as usize] < downloads && !spreading.pieces.wants_none(to) {
            let Spreading { pieces, uploads, uploads_max, .. } = &*spreading;
            let helps = |from: &u32| {
                uploads[*from as usize] < uploads_max[*from as usize]
                    && pieces.can_help(*from, to)
                    && self.links.is_open(*from, to, now)
            };
            let nth = pieces.asked_count(to);
            let Some(from) = self.links.neighbours_from(to, nth).find(helps) else { return };
            spreading.ask(now, &self.links, &mut self.queue, (content, from, to));
        }
    }

    // Lets neighbours ask while there is room and somebody is to be helped.
    fn offer(&mut self, now: SimTime, content: u32, from: u32) {
        let spreading = &mut self.contents[content as usize];
        let downloads = spreading.content.downloads;
        while spreading.uploads[from as usize] < spreading.uploads_max[from as usize] {
            let Spreading { pieces, downloads: fetching, .. } = &*spreading;
            let wants = |to: &u32| {
                fetching[*to as usize] < downloads && pieces.can_help(from, *to) && self.links.is_open(from, *to, now)
            };
            let nth = u32::MAX - spreading.looks[from as usize];
            let Some(to) = self.links.neighbours_from(from, nth).find(wants) else { return };
            spreading.looks[from as usize] += 1;
            spreading.ask(now, &self.links, &mut self.queue, (content, from, to));
        }
    }

    fn asked(&mut self, now: SimTime, transfer: Transfer) {
        let Transfer { content, piece, from, to } = transfer;
        let size = self.contents[content as usize].pieces.size_of(piece);
        let wire = self.links.wire(self.contents[content as usize].content, size);
        let flow = self.flows.start(now, &self.links.flow(content as usize, from, to), wire.bytes);
        if let Some(carriers) = &mut self.carriers {
            carriers.add([from, to], self.links.round_trip(from, to));
        }
        if self.sending.len() <= flow.index() {
            self.sending.resize(flow.index() + 1, None);
        }
        self.sending[flow.index()] = Some((flow, Sending { transfer, since: now }));
    }

    fn complete(&mut self, until: SimTime, relays: &mut Relays) {
        let Some((now, flows)) = self.flows.complete_next(until) else { return };
        let ended: Vec<FlowId> = flows.to_vec();
        for flow in ended {
            let (_, sent) = self.sending[flow.index()].take().expect("invariant: every flow is a piece");
            let Transfer { content, piece, from, to } = sent.transfer;
            let Spreading { content: known, pieces, .. } = &self.contents[content as usize];
            let size = pieces.size_of(piece).get();
            self.fetched_bytes += size;
            self.from_sources_bytes += if known.sources.binary_search(&from).is_ok() { size } else { 0 };
            self.book(now, sent, 1.0, relays);
            self.contents[content as usize].uploads[from as usize] -= 1;
            if let Some(carriers) = &mut self.carriers {
                carriers.remove([from, to], self.links.round_trip(from, to));
            }
            let way = SimDuration::from_ns(self.links.path(from, to).delay_ns);
            self.queue.push(now + way, SwarmEvent::Arrived(sent.transfer));
            self.offer(now, content, from);
        }
    }

    // Pieces on their way at the end have sent a part.
    fn book_unfinished(&mut self, relays: &mut Relays) {
        let horizon = self.window.horizon;
        for (flow, sent) in std::mem::take(&mut self.sending).into_iter().flatten() {
            let Transfer { content, piece, .. } = sent.transfer;
            let Spreading { content: known, pieces, .. } = &self.contents[content as usize];
            let whole = self.links.wire(known, pieces.size_of(piece)).bytes.get();
            let left = self.flows.left(horizon, flow).get();
            self.book(horizon, sent, 1.0 - left as f64 / whole as f64, relays);
        }
    }

    // Books this share of a piece, sent until now, as far as that was in the measured window.
    fn book(&mut self, now: SimTime, sent: Sending, share: f64, relays: &mut Relays) {
        let Transfer { content, piece, from, to } = sent.transfer;
        let (begin, end) = (sent.since.max(self.window.from), now.min(self.window.until));
        if end < begin {
            return;
        }
        let took = now.since(sent.since).as_ns();
        let inside = if took == 0 { 1.0 } else { end.since(begin).as_ns() as f64 / took as f64 };
        let part = |whole: u64| (whole as f64 * share * inside).round() as u64;
        let Spreading { content: known, pieces, .. } = &self.contents[content as usize];
        let size = pieces.size_of(piece);
        let wire = self.links.wire(known, size);
        let relay = self.links.relay(from, to);
        let (bytes, packets) = (part(wire.bytes.get()), part(wire.packets));
        relays.count(relay, bytes, packets);
        self.sent_bytes[from as usize] += bytes + relays.framing(relay.own(), packets);
        // The receiver acknowledges every second packet.
        let acknowledged = packets / 2 * self.links.sack().get();
        self.sent_bytes[to as usize] += acknowledged;
        self.received_bytes[to as usize] += bytes;
        self.received_bytes[from as usize] += acknowledged;
        for node in [from, to] {
            self.cpu_ns[node as usize] += part(self.links.cpu_ns(content as usize, node, size));
        }
    }

    fn arrived(&mut self, now: SimTime, transfer: Transfer) {
        let Transfer { content, piece, to, .. } = transfer;
        let spreading = &mut self.contents[content as usize];
        spreading.pieces.arrive(to, piece);
        spreading.downloads[to as usize] -= 1;
        if spreading.pieces.is_complete(to) && to < self.links.world.peers() {
            self.times.push(now.since(spreading.started));
        }
        self.fetch(now, content, to);
        self.offer(now, content, to);
    }
}

impl Spreading<'_> {
    fn ask(
        &mut self,
        now: SimTime,
        links: &Links<'_>,
        queue: &mut EventQueue<SwarmEvent>,
        (content, from, to): (u32, u32, u32),
    ) {
        let piece = self.pieces.choose(from, to).expect("invariant: one can help the other");
        self.pieces.ask(to, piece);
        self.downloads[to as usize] += 1;
        self.uploads[from as usize] += 1;
        let way = SimDuration::from_ns(links.path(to, from).delay_ns);
        queue.push(now + way, SwarmEvent::Asked(Transfer { content, piece, from, to }));
    }
}
