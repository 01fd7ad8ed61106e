//! The kinds of ends that connections have: boxes, IPv6 and engine. Few, however many the nodes.

use super::company::Seat;
use crate::net::NAT_CHAINS;
use crate::webrtc::setup::{EndSpec, Gather, Ipv6, StackProfile};

use super::reach::reach;
use super::within::Within;

/// The kinds of ends met so far.
#[derive(Debug)]
pub(super) struct Ends {
    // The engines of the classes, each once, and which of them a class has.
    stacks: Vec<StackProfile>,
    stack_of: Vec<usize>,
    gather: Gather,
    // The kind of a stack, a chain, hairpin and IPv6, once it was met.
    known: Vec<Option<u16>>,
    reaches: Vec<u8>,
    pub(super) specs: Vec<EndSpec>,
    pub(super) within: Vec<Within>,
}

impl Ends {
    /// No kind yet; `stack_of` has the engine of each class.
    pub(super) fn new(stack_of: &[StackProfile], gather: Gather) -> Self {
        let mut stacks: Vec<StackProfile> = Vec::new();
        for stack in stack_of {
            if !stacks.contains(stack) {
                stacks.push(*stack);
            }
        }
        let place = |stack| stacks.iter().position(|other| other == stack).expect("invariant: listed above");
        let stack_of = stack_of.iter().map(place).collect();
        let known = vec![None; stacks.len() * NAT_CHAINS.len() * 4];
        Self { stacks, stack_of, gather, known, reaches: Vec::new(), specs: Vec::new(), within: Vec::new() }
    }

    /// The kind of a node of this class in this seat, and the index of what it is reached through.
    pub(super) fn of(&mut self, class: u16, seat: &Seat) -> (u16, u8) {
        let stack = self.stack_of[usize::from(class)];
        // Only those who share a box can tell whether it hairpins.
        let hairpin = seat.hairpin && seat.company;
        let place = ((stack * NAT_CHAINS.len() + seat.chain.index()) * 2 + usize::from(hairpin)) * 2;
        let place = place + usize::from(seat.ipv6);
        let kind = match self.known[place] {
            Some(kind) => kind,
            None => {
                let kind = self.add(stack, seat, hairpin);
                self.known[place] = Some(kind);
                kind
            }
        };
        (kind, self.reaches[usize::from(kind)])
    }

    fn add(&mut self, stack: usize, seat: &Seat, hairpin: bool) -> u16 {
        let kind = u16::try_from(self.specs.len()).expect("invariant: few kinds");
        let chain = seat.chain.chain();
        let spec = EndSpec {
            boxes: chain.boxes(hairpin),
            ipv6: if seat.ipv6 { Ipv6::Firewalled } else { Ipv6::None },
            stack: self.stacks[stack],
            gather: self.gather,
        };
        self.within.push(Within::new(&spec));
        self.reaches.push(reach(chain.nat(), seat.ipv6, self.stacks[stack].ice.streams_to_turn));
        self.specs.push(spec);
        kind
    }
}
