//! Connections as a file names them, and what cannot be among them: loops, the same connection twice, meshes with holes.

use std::collections::BTreeMap;

use petgraph::unionfind::UnionFind;

use super::super::shape::{Shape, Spread};
use super::content::{Closing, Content, Name, Place};
use crate::net::faults::{Faults, shown};
use crate::world::PeerCount;

/// What has been read of a file, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) faults: Faults,
    named: BTreeMap<Name, Place>,
    pairs: Vec<(Name, Name, Place)>,
    blocks: Vec<(Vec<Name>, Place)>,
    standby: Vec<(Name, Name, Place)>,
    // Blocks that are listed edge by edge.
    meshes: BTreeMap<u32, Mesh>,
}

// Where two nodes are connected that are connected already, and where first.
type Duplicate = (Place, [Name; 2], Place);

#[derive(Debug)]
struct Mesh {
    first: Place,
    // In the order in which they appear.
    members: Vec<Name>,
    // With which rank.
    ranks: BTreeMap<Name, usize>,
    edges: Vec<(usize, usize)>,
}

/// To which sort a connection belongs that stands in a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Pair,
    Block(u32),
    Standby,
}

/// More duplicates than this need not be counted.
const MOST_DUPLICATES: usize = 1_000;

impl Draft {
    /// A draft with what is wrong already.
    pub(super) fn with(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// Notes a node, which may have no connection; whether it is new.
    pub(super) fn node(&mut self, name: Name, place: Place) -> bool {
        match name {
            Name::Peer(number) if PeerCount::new(number.saturating_add(1)).is_none() => {
                let why = format!("is not possible: a population has at most {} peers", PeerCount::MAX);
                self.faults.push(place.to_string(), &format!("node {number}"), &why);
                true
            }
            name => *self.named.entry(name).or_insert(place) == place,
        }
    }

    /// Notes a connection.
    pub(super) fn connection(&mut self, a: Name, b: Name, sort: Sort, place: Place) {
        self.node(a, place);
        self.node(b, place);
        if a == b {
            return self.faults.push(place.to_string(), &a.to_string(), "is connected to itself");
        }
        match sort {
            Sort::Pair => self.pairs.push((a, b, place)),
            Sort::Standby => self.standby.push((a, b, place)),
            Sort::Block(number) => {
                let mesh = self.meshes.entry(number).or_insert_with(|| Mesh::new(place));
                let ends = [a, b].map(|end| mesh.rank(end));
                mesh.edges.push((ends[0].min(ends[1]), ends[0].max(ends[1])));
            }
        }
    }

    /// Notes a full mesh.
    pub(super) fn block(&mut self, members: Vec<Name>, place: Place) {
        for &member in &members {
            self.node(member, place);
        }
        let mut sorted = members.clone();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|two| two[0] == two[1]) {
            return self.faults.push(place.to_string(), &twice[0].to_string(), "is in it twice");
        }
        match members.len() {
            0 | 1 => {
                self.faults.push(place.to_string(), &format!("{} members:", members.len()), "a block has two or more");
            }
            _ => self.blocks.push((members, place)),
        }
    }

    /// What the file holds, or everything that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Content, Vec<String>> {
        for (number, mesh) in std::mem::take(&mut self.meshes) {
            let Mesh { first, members, mut edges, .. } = mesh;
            edges.sort_unstable();
            edges.dedup();
            let whole = members.len() * (members.len() - 1) / 2;
            if edges.len() < whole {
                let words = format!(
                    "block {number} is no full mesh: its {} members have {} of {whole} connections",
                    members.len(),
                    edges.len()
                );
                self.faults.push_as(&format!("block {number}"), first.to_string(), &words);
            }
            self.blocks.push((members, first));
        }
        if self.pairs.is_empty() && self.blocks.is_empty() && self.faults.is_empty() {
            let which = if self.standby.is_empty() { "" } else { " that carries messages" };
            return Err(vec![format!("the file has no connection{which}")]);
        }
        let numbers = Numbers::of(&self.named);
        if numbers.nodes() == 0 {
            return Err(self.faults.into_lines());
        }
        let (ring, parts) = self.ring(&numbers);
        // Whoever is connected twice is on a ring.
        let mut duplicates = if ring.is_some() { self.duplicates() } else { Vec::new() };
        duplicates.extend(self.standby_duplicates());
        self.tell(duplicates);
        if !self.faults.is_empty() {
            return Err(self.faults.into_lines());
        }
        let numbered = |pairs: &[(Name, Name, Place)]| -> Vec<(u32, u32)> {
            pairs.iter().map(|&(a, b, _)| (numbers.of_name(a), numbers.of_name(b))).collect()
        };
        let (pairs, standby) = (numbered(&self.pairs), numbered(&self.standby));
        let blocks: Vec<Vec<u32>> = self
            .blocks
            .iter()
            .map(|(block, _)| block.iter().map(|&member| numbers.of_name(member)).collect())
            .collect();
        let named = self.named.iter().filter_map(|(name, place)| match name {
            Name::Peer(number) => Some((*number, *place)),
            Name::Server(_) => None,
        });
        let mut shape = shape(&pairs, &blocks, numbers.nodes());
        shape.tree += standby.len() as u64;
        let (peers, servers, named) = (numbers.peers, numbers.servers, named.collect());
        Ok(Content { peers, servers, pairs, blocks, standby, named, shape, ring, parts, ..Content::default() })
    }

    // The first connection that closes a ring; and how many parts the connected nodes fall into.
    fn ring(&self, numbers: &Numbers) -> (Option<Closing>, u32) {
        let mut joined = UnionFind::new(numbers.nodes() as usize);
        let mut met = vec![false; numbers.nodes() as usize];
        let (mut ring, mut parts) = (None, 0);
        let mut join = |a: Name, b: Name, place: Place| {
            let ends = [a, b].map(|end| numbers.of_name(end));
            for end in ends {
                parts += u32::from(!std::mem::replace(&mut met[end as usize], true));
            }
            if joined.union(ends[0], ends[1]) {
                parts -= 1;
            } else if ring.is_none() {
                ring = Some(Closing { place, ends: [a, b] });
            }
        };
        self.pairs.iter().for_each(|&(a, b, place)| join(a, b, place));
        for (members, place) in &self.blocks {
            members.windows(2).for_each(|two| join(two[0], two[1], *place));
        }
        (ring, parts)
    }

    // The same connection as two pairs, as a pair and in a block, or in two blocks.
    fn duplicates(&self) -> Vec<Duplicate> {
        let seats = self.seats();
        let mut duplicates: Vec<Duplicate> = Vec::new();
        let mut sorted: Vec<_> = self.pairs.iter().map(|&(a, b, place)| (a.min(b), a.max(b), place)).collect();
        // Stable: the first of the file comes first.
        sorted.sort_by_key(|&(a, b, _)| (a, b));
        for two in sorted.windows(2).filter(|two| (two[0].0, two[0].1) == (two[1].0, two[1].1)) {
            duplicates.push((two[1].2, [two[0].0, two[0].1], two[0].2));
        }
        for &(a, b, place) in &self.pairs {
            if let Some(block) = common(&seats, a, b) {
                duplicates.push((place, [a, b], self.blocks[block].1));
            }
        }
        // Of the blocks of a node the largest is not walked through: others are looked up in it.
        'nodes: for (&node, own) in seats.iter().filter(|(_, own)| own.len() > 1) {
            let Some(&largest) = own.iter().max_by_key(|&&block| self.blocks[block].0.len()) else { continue };
            let mut reached: BTreeMap<Name, usize> = BTreeMap::new();
            for &block in own.iter().filter(|&&block| block != largest) {
                for &other in self.blocks[block].0.iter().filter(|&&other| other != node) {
                    let in_largest = seats[&other].binary_search(&largest).ok().map(|_| largest);
                    let before = reached.insert(other, block).or(in_largest);
                    // Both ends find it.
                    if let Some(before) = before.filter(|_| node < other) {
                        let (first, second) = (before.min(block), before.max(block));
                        duplicates.push((self.blocks[second].1, [node, other], self.blocks[first].1));
                    }
                    if duplicates.len() > MOST_DUPLICATES {
                        break 'nodes;
                    }
                }
            }
        }
        duplicates
    }

    // The same of standby connections: with those that carry, or with each other.
    fn standby_duplicates(&self) -> Vec<Duplicate> {
        if self.standby.is_empty() {
            return Vec::new();
        }
        let seats = self.seats();
        let mut known = BTreeMap::new();
        let ends = |a: Name, b: Name| [a.min(b), a.max(b)];
        for &(a, b, place) in &self.pairs {
            known.entry(ends(a, b)).or_insert(place);
        }
        let mut duplicates = Vec::new();
        for &(a, b, place) in &self.standby {
            let in_block = common(&seats, a, b).map(|block| self.blocks[block].1);
            match known.get(&ends(a, b)).copied().or(in_block) {
                Some(first) => duplicates.push((place, ends(a, b), first)),
                None => _ = known.insert(ends(a, b), place),
            }
        }
        duplicates
    }

    fn seats(&self) -> BTreeMap<Name, Vec<usize>> {
        let mut seats: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
        for (block, (members, _)) in self.blocks.iter().enumerate() {
            members.iter().for_each(|&member| seats.entry(member).or_default().push(block));
        }
        seats
    }

    fn tell(&mut self, mut duplicates: Vec<Duplicate>) {
        duplicates.sort_by_key(|&(place, ..)| place);
        duplicates.dedup_by_key(|&mut (place, ..)| place);
        for (place, [a, b], first) in duplicates {
            let words = format!("{a} and {b} are connected already, in {first}");
            self.faults.push_as("connected already", place.to_string(), &words);
        }
    }
}

impl Mesh {
    const fn new(first: Place) -> Self {
        Self { first, members: Vec::new(), ranks: BTreeMap::new(), edges: Vec::new() }
    }

    fn rank(&mut self, name: Name) -> usize {
        *self.ranks.entry(name).or_insert_with(|| {
            self.members.push(name);
            self.members.len() - 1
        })
    }
}

// A block that both are members of.
fn common(seats: &BTreeMap<Name, Vec<usize>>, a: Name, b: Name) -> Option<usize> {
    let (of_a, of_b) = (seats.get(&a)?, seats.get(&b)?);
    let (few, many) = if of_a.len() < of_b.len() { (of_a, of_b) } else { (of_b, of_a) };
    few.iter().copied().find(|block| many.binary_search(block).is_ok())
}

// Numbers of nodes: peers have their own, servers come behind them in their order.
struct Numbers {
    peers: u32,
    servers: u32,
    of_server: BTreeMap<u32, u32>,
}

impl Numbers {
    fn of(named: &BTreeMap<Name, Place>) -> Self {
        let (mut peers, mut of_server) = (0, BTreeMap::new());
        for name in named.keys() {
            match *name {
                Name::Peer(number) => peers = peers.max(number + 1),
                Name::Server(number) => {
                    let next = of_server.len() as u32;
                    of_server.insert(number, next);
                }
            }
        }
        Self { peers, servers: of_server.len() as u32, of_server }
    }

    const fn nodes(&self) -> u32 {
        self.peers + self.servers
    }

    // Of one that is not possible: anything, for it has been reported.
    fn of_name(&self, name: Name) -> u32 {
        match name {
            Name::Peer(number) => number.min(self.nodes().saturating_sub(1)),
            Name::Server(number) => self.peers + self.of_server.get(&number).copied().unwrap_or(0),
        }
    }
}

// For estimates: the largest block as the core, everything else as pairs.
fn shape(pairs: &[(u32, u32)], blocks: &[Vec<u32>], nodes: u32) -> Shape {
    let connections = |members: usize| (members as u64) * (members as u64).saturating_sub(1) / 2;
    let core = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let all: u64 = pairs.len() as u64 + blocks.iter().map(|block| connections(block.len())).sum::<u64>();
    let mut degrees = vec![0_u32; nodes as usize];
    for &(a, b) in pairs {
        degrees[a as usize] += 1;
        degrees[b as usize] += 1;
    }
    let most = degrees.iter().copied().max().unwrap_or(0);
    let spread = match blocks.len() {
        0 if most as usize == pairs.len() => Spread::Hub,
        1 if pairs.is_empty() => Spread::Direct,
        1 => Spread::Hubs(core as u32),
        _ => {
            let inner = degrees.iter().filter(|&&degree| degree > 1).count().max(1);
            Spread::Levels(u32::try_from(all.div_ceil(inner as u64)).unwrap_or(u32::MAX).max(2))
        }
    };
    Shape { tree: all - connections(core), core: core as u64, spread }
}

/// The node that a text names: `7` or `n7` a peer, `s0` a server.
pub(super) fn name_of(text: &str) -> Option<Name> {
    let number = |digits: &str| {
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| digits.parse().ok()).flatten()
    };
    match text.as_bytes().first()? {
        b's' => number(&text[1..]).map(Name::Server),
        b'n' => number(&text[1..]).map(Name::Peer),
        _ => number(text).map(Name::Peer),
    }
}

/// Why a text names no node, after the text.
pub(super) const NO_NAME: &str = "is no node: write a peer's number, such as 7, or s0 for the first server";

/// The sort that a text names: nothing or `pair`, `standby`, or the number of a block.
pub(super) fn sort_of(text: &str) -> Option<Sort> {
    match text {
        "" | "pair" => Some(Sort::Pair),
        "standby" => Some(Sort::Standby),
        number => number.parse().ok().map(Sort::Block),
    }
}

/// Why a text names no sort, after the text.
pub(super) const NO_SORT: &str = "is no kind of connection: write `pair`, `standby`, or the number of a block";

/// A text as a fault shows it.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}
