//! Loss of packets on a link: independent, or in bursts.

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::Stream;
use crate::units::Probability;

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
}

impl Losses {
    pub(super) const fn new(spec: LossSpec) -> Self {
        Self { spec, bad: false }
    }

    pub(super) fn touch(&self) -> u32 {
        u32::from(self.bad) ^ u32::from(self.spec == LossSpec::None)
    }

    /// Whether the next packet is lost.
    #[inline]
    pub(super) fn next(&mut self, stream: &mut Stream) -> bool {
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
}
