//! How many connections an overlay has and how messages spread over it, for estimates that come before anything is built.

/// What is known of an overlay before it is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Connections outside of the core.
    pub tree: u64,
    /// Members of the core, all of which are connected to each other.
    pub core: u64,
    /// How a message spreads.
    pub spread: Spread,
}

/// How a message spreads from the one who publishes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// To everybody at once.
    #[default]
    Direct,
    /// By way of one hub.
    Hub,
    /// To so many at each level.
    Levels(u32),
    /// By way of one of so many hubs to all others.
    Hubs(u32),
}

impl Shape {
    /// Of peers that each open so many connections to others.
    #[must_use]
    pub fn dialled(peers: u32, each: u32) -> Self {
        let (count, each) = (u64::from(peers), u64::from(each));
        let tree = (count * each).min(count * count.saturating_sub(1) / 2);
        let fan = u32::try_from(2 * each).unwrap_or(u32::MAX).saturating_sub(1);
        Self { tree, core: 0, spread: Spread::Levels(fan.max(1)) }
    }

    /// All connections.
    #[must_use]
    pub const fn connections(&self) -> u64 {
        self.tree + self.core * self.core.saturating_sub(1) / 2
    }
}
