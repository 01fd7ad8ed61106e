//! Which datagrams of a set-up are lost.
//!
//! Each end's access link loses each datagram of each direction with some probability, whatever became
//! of the others. So the datagrams between one loss and the next follow a geometric distribution, and
//! one draw for each loss is enough, and one for each link and direction where nothing is lost.

use crate::rng::PairKey;
use crate::units::Probability;
use crate::webrtc::setup::Datagrams;

/// How many links and directions: offerer up and down, answerer up and down.
pub(super) const LINKS: usize = 4;

/// The chances of one attempt to set up a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chance {
    /// How an access link loses datagrams: the offerer's, the answerer's.
    pub loss: [LinkLoss; 2],
    /// 64 uniform bits that belong to the pair and the attempt ([`PairKey::directed_nth`]).
    pub draw: u64,
}

/// Probability that an access link loses a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkLoss {
    /// From the end to the network.
    pub up: Probability,
    /// From the network to the end.
    pub down: Probability,
}

impl Chance {
    /// Nothing is lost.
    pub const LOSSLESS: Self = Self { loss: [LinkLoss { up: Probability::ZERO, down: Probability::ZERO }; 2], draw: 0 };

    /// Whether some of so many datagrams may be lost: never false where one is, and mostly right.
    #[inline]
    pub(super) fn may_lose(&self, datagrams: &[Datagrams; 2]) -> bool {
        let [offerer, answerer] = *datagrams;
        let counts = [offerer.up, offerer.down, answerer.up, answerer.down];
        let links = self.links();
        (0..LINKS).any(|link| uniform(self.draw, link, 0) < at_most(counts[link], links[link]))
    }

    fn links(&self) -> [Probability; LINKS] {
        let [offerer, answerer] = self.loss;
        [offerer.up, offerer.down, answerer.up, answerer.down]
    }
}

/// The index of a link and direction and that of a datagram on it, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lost {
    /// The link and direction.
    pub(super) link: u8,
    /// The datagram.
    pub(super) index: u32,
}

/// The losses of an attempt, link by link, drawn as far as the set-up gets.
#[derive(Debug)]
pub(super) struct Draws<'a> {
    chance: &'a Chance,
    links: [Probability; LINKS],
    next: [Next; LINKS],
}

// The next loss of a link.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    // How many losses came before, and the first datagram after them.
    number: u32,
    begin: u32,
    // Where it is, once drawn.
    index: Option<u32>,
}

impl<'a> Draws<'a> {
    pub(super) fn new(chance: &'a Chance) -> Self {
        Self { chance, links: chance.links(), next: [Next::default(); LINKS] }
    }

    /// Adds those of the next losses that happen in a set-up with so many datagrams to `lost`, which stays
    /// in order; false if there is none.
    pub(super) fn add_to(&mut self, lost: &mut Vec<Lost>, datagrams: &[Datagrams; 2]) -> bool {
        let [offerer, answerer] = datagrams;
        let counts = [offerer.up, offerer.down, answerer.up, answerer.down];
        let before = lost.len();
        for (link, &count) in counts.iter().enumerate() {
            while let Some(index) = self.next_below(link, count) {
                lost.push(Lost { link: link as u8, index });
            }
        }
        let more = lost.len() > before;
        if more {
            lost.sort_unstable();
        }
        more
    }

    // Takes the next loss of a link if it is before `end`.
    fn next_below(&mut self, link: usize, end: u32) -> Option<u32> {
        let loss = self.links[link];
        let next = self.next[link];
        if loss == Probability::ZERO || end <= next.begin {
            return None;
        }
        let index = next.index.or_else(|| {
            let uniform = uniform(self.chance.draw, link, next.number);
            let may_lose = uniform < at_most(end - next.begin, loss);
            may_lose.then(|| next.begin.saturating_add(gap(uniform, loss)))
        })?;
        self.next[link].index = Some(index);
        if index >= end {
            return None;
        }
        self.next[link] = Next { number: next.number + 1, begin: index + 1, index: None };
        Some(index)
    }
}

// The draw for the loss of this number on a link: 53 bits, from 0 to below 1.
#[inline]
fn uniform(draw: u64, link: usize, number: u32) -> f64 {
    let bits = PairKey::new(draw).directed(link as u32, number);
    (bits >> 11) as f64 * f64::EPSILON / 2.0
}

// The chance of a loss in so many datagrams is at most as many times that of one: mostly this will do.
#[inline]
fn at_most(datagrams: u32, loss: Probability) -> f64 {
    f64::from(datagrams) * loss.get()
}

// How many datagrams pass before the next is lost: the inverse of the geometric distribution.
fn gap(uniform: f64, loss: Probability) -> u32 {
    (libm::log1p(-uniform) / libm::log1p(-loss.get())) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(loss: f64, draw: u64, datagrams: u32) -> Vec<Lost> {
        let loss = Probability::new(loss).expect("a probability");
        let link = LinkLoss { up: loss, down: Probability::ZERO };
        let chance = Chance { loss: [link, LinkLoss::default()], draw };
        let mut lost = Vec::new();
        let counts = [Datagrams { up: datagrams, down: datagrams }; 2];
        Draws::new(&chance).add_to(&mut lost, &counts);
        lost
    }

    #[test]
    fn each_datagram_is_lost_with_its_probability() {
        for loss in [0.01, 0.3] {
            let (attempts, datagrams) = (20_000_u32, 25_u32);
            let mut by_index = [0_u32; 25];
            for attempt in 0..attempts {
                let draw = PairKey::new(5).directed(attempt, 0);
                for lost in losses(loss, draw, datagrams) {
                    assert_eq!(lost.link, 0);
                    by_index[lost.index as usize] += 1;
                }
            }
            let expected = f64::from(attempts) * loss;
            let sigma = (expected * (1.0 - loss)).sqrt();
            for count in by_index {
                assert!((f64::from(count) - expected).abs() < 4.5 * sigma, "{count} {expected}");
            }
        }
    }

    #[test]
    fn a_longer_set_up_loses_what_the_shorter_did_and_more() {
        let chance = |draw| {
            let loss = Probability::new(0.1).expect("a probability");
            Chance { loss: [LinkLoss { up: loss, down: loss }; 2], draw }
        };
        for draw in 0..500 {
            let chance = chance(PairKey::new(9).directed(draw, 1));
            let (mut whole, mut grown) = (Vec::new(), Vec::new());
            Draws::new(&chance).add_to(&mut whole, &[Datagrams { up: 40, down: 40 }; 2]);
            let mut draws = Draws::new(&chance);
            for count in [10, 10, 25, 40] {
                draws.add_to(&mut grown, &[Datagrams { up: count, down: count }; 2]);
            }
            assert_eq!(whole, grown);
        }
    }

    #[test]
    fn what_may_lose_nothing_loses_nothing() {
        let loss = |share| Probability::new(share).expect("a probability");
        let mut passed = 0;
        for draw in 0..20_000 {
            let [one, other] = [0.001, 0.02].map(|share| LinkLoss { up: loss(share), down: Probability::ZERO });
            let chance = Chance { loss: [one, other], draw: PairKey::new(2).directed(draw, 0) };
            let counts = [Datagrams { up: 40, down: 30 }, Datagrams { up: draw % 7, down: 90 }];
            let mut lost = Vec::new();
            let loses = Draws::new(&chance).add_to(&mut lost, &counts);
            assert!(!loses || chance.may_lose(&counts), "{draw}: {lost:?}");
            passed += u32::from(!loses && !chance.may_lose(&counts));
        }
        assert!(passed > 15_000, "{passed} of 20,000 need no look at each link");
    }

    #[test]
    fn certain_loss_loses_all() {
        assert_eq!(losses(1.0, 3, 12).len(), 12);
        assert!(losses(0.0, 3, 12).is_empty());
    }
}
