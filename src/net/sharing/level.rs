//! The level of one link: its fair share for a flow of weight 1.
//!
//! A flow of weight `w` that other constraints hold below `w c` gets `w min(L, c)` of a link of level `L`. The
//! level of a link of capacity `C` solves `sum w min(L, c) = C`; where even `sum w c <= C`, the link limits
//! nobody and its level is infinite. The sum is concave and piecewise linear in `L`, so Newton's method is exact
//! after as many steps as it crosses kinks, and from a level that is nearly right after one.

/// A flow as one of its links sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The flow, and in the highest bit whether it is in this link's group: two members in sixteen bytes.
    tagged: u32,
    /// The link at its other end.
    pub(super) other: u32,
}

const HERE: u32 = 1 << 31;

impl Member {
    pub(super) const fn new(flow: u32, other: u32) -> Self {
        assert!(flow < HERE, "more than 2^31 flows");
        Self { tagged: flow, other }
    }

    /// The flow.
    #[inline(always)]
    pub(super) const fn flow(self) -> usize {
        (self.tagged & !HERE) as usize
    }

    /// Whether the flow is in this link's group.
    #[inline(always)]
    pub(super) const fn is_here(self) -> bool {
        self.tagged & HERE != 0
    }

    pub(super) const fn set_here(&mut self, is_here: bool) {
        self.tagged = self.tagged & !HERE | if is_here { HERE } else { 0 };
    }
}

/// What holds a flow besides its links.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) weight: f64,
    /// Its own cap for each unit of weight.
    pub(super) limit: f64,
}

impl Terms {
    /// Most flows: a weight of 1 and no cap.
    pub(super) const PLAIN: Self = Self { weight: 1.0, limit: f64::INFINITY };

    pub(super) fn is_plain(self) -> bool {
        self.weight.to_bits() == Self::PLAIN.weight.to_bits() && self.limit == f64::INFINITY
    }
}

/// The level of a link, and what its members ask for if it limits nobody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solution {
    pub(super) level: f64,
    /// `sum w c`; of no meaning where the level is finite.
    pub(super) demand: f64,
}

/// The lesser of two rates.
#[inline(always)]
pub(super) fn least(a: f64, b: f64) -> f64 {
    // Not `f64::min`, which has to think of NaN.
    if a < b { a } else { b }
}

/// The greater of two rates.
#[inline(always)]
fn greatest(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The level of a link of finite `capacity` with these members and their terms, other links being at `levels`.
/// Begins at `guess`.
#[inline(always)]
pub(super) fn solve(
    capacity: f64,
    members: &[Member],
    levels: &[f64],
    guess: f64,
    terms: impl Fn(&Member) -> Terms,
) -> Solution {
    let mut level = guess;
    // From anywhere, one step lands at or below the solution of a concave equation. From there steps go up.
    let mut rising = false;
    loop {
        let split = Split::at(level, members, levels, &terms);
        if split.here == 0 {
            if rising || split.held <= capacity {
                return Solution { level: f64::INFINITY, demand: split.held };
            }
            // The guess was above all members: begin where each of them counts.
            level = capacity / members.iter().map(|member| terms(member).weight).sum::<f64>();
            rising = true;
            continue;
        }
        let next = (capacity - split.held) / split.weight;
        if split.is_that_of(next) {
            return Solution { level: next, demand: 0.0 };
        }
        if rising && next <= level {
            return Solution { level, demand: 0.0 };
        }
        (level, rising) = (next, true);
    }
}

/// A link's members, split by whether the link limits them at some level.
struct Split {
    /// What members take that are held below the level elsewhere, and the largest level of these.
    held: f64,
    held_up_to: f64,
    /// The weight of the others, how many they are, and the lowest level that holds one of them.
    weight: f64,
    here: u32,
    here_from: f64,
}

impl Split {
    #[inline(always)]
    fn at(level: f64, members: &[Member], levels: &[f64], terms: &impl Fn(&Member) -> Terms) -> Self {
        let mut split = Self { held: 0.0, held_up_to: 0.0, weight: 0.0, here: 0, here_from: f64::INFINITY };
        for member in members {
            let Terms { weight, limit } = terms(member);
            let elsewhere = least(levels[member.other as usize], limit);
            if elsewhere < level {
                split.held += weight * elsewhere;
                split.held_up_to = greatest(split.held_up_to, elsewhere);
            } else {
                split.weight += weight;
                split.here += 1;
                split.here_from = least(split.here_from, elsewhere);
            }
        }
        split
    }

    /// Whether members are split the same at another level.
    #[inline(always)]
    fn is_that_of(&self, level: f64) -> bool {
        self.held_up_to < level && level <= self.here_from
    }
}
