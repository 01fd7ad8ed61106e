//! Loss of packets on a link: independent, or in bursts.

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::Stream;
use crate::units::{Probability, SimTime};

/// How a link loses packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LossSpec {
    /// It does not.
    #[default]
    None,
    /// Each packet with this probability, whatever became of the others.
    Bernoulli(Probability),
    /// The Gilbert-Elliott model: a good and a bad state (Gilbert 1960, Elliott 1963). The state
    /// changes before each packet.
    GilbertElliott {
        /// Probability of going from good to bad.
        good_to_bad: Probability,
        /// Probability of going from bad to good: one over the mean number of packets in a burst.
        bad_to_good: Probability,
        /// Loss in the good state.
        loss_good: Probability,
        /// Loss in the bad state.
        loss_bad: Probability,
    },
}

impl LossSpec {
    /// Independent losses with this probability; none if it is zero.
    #[must_use]
    pub fn bernoulli(loss: Probability) -> Self {
        if loss > Probability::ZERO { Self::Bernoulli(loss) } else { Self::None }
    }

    /// Whether losses come in bursts.
    #[must_use]
    pub const fn has_bursts(&self) -> bool {
        matches!(self, Self::GilbertElliott { .. })
    }

    /// The share of packets lost in the long run.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Self::None => 0.0,
            Self::Bernoulli(loss) => loss.get(),
            Self::GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad } => {
                let changes = good_to_bad.get() + bad_to_good.get();
                let bad = if changes > 0.0 { good_to_bad.get() / changes } else { 0.0 };
                (1.0 - bad) * loss_good.get() + bad * loss_bad.get()
            }
        }
    }
}

/// Draws what is lost.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    spec: LossSpec,
    bad: bool,
    // Between two packets that are not sent here, in ns, and when the state was last told of them; zero: none are.
    interval_ns: u64,
    told_ns: u64,
}

impl Losses {
    pub(super) const fn new(spec: LossSpec) -> Self {
        Self { spec, bad: false, interval_ns: 0, told_ns: 0 }
    }

    /// So many packets a second cross beside those that are asked about.
    pub(super) fn beside(&mut self, packets_per_s: f64) {
        self.interval_ns = if packets_per_s > 0.0 { (1e9 / packets_per_s) as u64 } else { 0 };
    }

    pub(super) fn touch(&self) -> u32 {
        u32::from(self.bad) ^ u32::from(self.spec == LossSpec::None)
    }

    /// Whether the next packet is lost.
    #[inline]
    pub(super) fn next(&mut self, now: SimTime, stream: &mut Stream) -> bool {
        if let LossSpec::GilbertElliott { good_to_bad, bad_to_good, .. } = self.spec
            && self.interval_ns > 0
        {
            self.pass(now.as_ns(), good_to_bad.get(), bad_to_good.get(), stream);
        }
        let mut happens = |chance: Probability| chance > Probability::ZERO && stream.next_u64() < chance.threshold();
        match self.spec {
            LossSpec::None => false,
            LossSpec::Bernoulli(loss) => happens(loss),
            LossSpec::GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad } => {
                self.bad ^= happens(if self.bad { bad_to_good } else { good_to_bad });
                happens(if self.bad { loss_bad } else { loss_good })
            }
        }
    }

    /// Whether a packet would be lost in the state that the others have left.
    pub(super) fn as_it_stands(&mut self, now: SimTime, stream: &mut Stream) -> bool {
        let LossSpec::GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad } = self.spec else {
            return self.next(now, stream);
        };
        if self.interval_ns > 0 {
            self.pass(now.as_ns(), good_to_bad.get(), bad_to_good.get(), stream);
        }
        let loss = if self.bad { loss_bad } else { loss_good };
        loss > Probability::ZERO && stream.next_u64() < loss.threshold()
    }

    // The state after the packets that have passed since it was last told of any: a chain of two states, some steps on.
    #[cold]
    fn pass(&mut self, now_ns: u64, good_to_bad: f64, bad_to_good: f64, stream: &mut Stream) {
        let passed = now_ns / self.interval_ns - self.told_ns / self.interval_ns;
        self.told_ns = now_ns;
        let changes = good_to_bad + bad_to_good;
        if passed == 0 || changes <= 0.0 {
            return;
        }
        let bad = good_to_bad / changes;
        let is_bad = if self.bad { 1.0 } else { 0.0 };
        let chance = bad + (is_bad - bad) * libm::pow(1.0 - changes, passed as f64);
        self.bad =
            Probability::new(chance.clamp(0.0, 1.0)).is_some_and(|chance| stream.next_u64() < chance.threshold());
    }
}
