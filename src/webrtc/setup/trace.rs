//! What happens during a set-up, for people to read.

use crate::webrtc::stamp::Stamp;

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Stamp,
    /// Who does it.
    pub who: Who,
    /// What.
    pub what: String,
}

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The end that offers.
    Offerer,
    /// The end that answers.
    Answerer,
    /// A STUN and TURN server.
    Server,
    /// What lies between them.
    Network,
}

impl Who {
    pub(super) const fn end(side: usize) -> Self {
        if side == 0 { Self::Offerer } else { Self::Answerer }
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offerer => "offerer",
            Self::Answerer => "answerer",
            Self::Server => "server",
            Self::Network => "network",
        }
    }
}

/// The steps, if anybody wants them.
#[derive(Debug, Default)]
pub(super) struct Trace {
    steps: Option<Vec<Step>>,
}

impl Trace {
    pub(super) const fn new(kept: bool) -> Self {
        Self { steps: if kept { Some(Vec::new()) } else { None } }
    }

    pub(super) fn note(&mut self, at: Stamp, who: Who, what: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.steps {
            steps.push(Step { at, who, what: what() });
        }
    }

    /// In the order of their times: what the CPU tells an application later than it goes on itself was noted
    /// before.
    pub(super) fn take(self) -> Vec<Step> {
        let mut steps = self.steps.unwrap_or_default();
        steps.sort_by_key(|step| step.at.time());
        steps
    }
}
