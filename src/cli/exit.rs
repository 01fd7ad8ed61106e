//! Exit codes: what a script learns from a run without reading it.

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All went well.
    Done,
    /// Something failed while running.
    Failed,
    /// The command line or a scenario is wrong.
    Usage,
    /// No topology meets what the scenario expects.
    ExpectationMissed,
    /// Interrupted; what was finished is kept.
    Interrupted,
}

impl Exit {
    /// The code.
    pub(super) const fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::ExpectationMissed => 3,
            Self::Interrupted => 130,
        }
    }
}
