//! The table of rules that a scenario may name, and a rule as it names one.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::de::{Error, ValueDeserializer};

use super::{Dissemination, Flood, ForeignRule, GossipSub, Horizon, Plumtree, Pull, Push, ShortestPath, Striped};
use crate::overlay::{Entry, json_of};

/// Makes the table, and a type with a word for each of its rules.
macro_rules! rules {
    ($($rule:ident = $kind:literal, $summary:literal;)*) => {
        /// A rule with its parameters, as a topology names it.
        #[derive(Clone, Debug)]
        pub enum DisseminationSpec {
            $(#[doc = concat!("[`", stringify!($rule), "`]: ", $summary, ".")] $rule(Box<$rule>),)*
            /// A rule from outside of this crate.
            Foreign(ForeignRule),
        }

        $(impl From<$rule> for DisseminationSpec {
            fn from(rule: $rule) -> Self {
                Self::$rule(Box::new(rule))
            }
        })*

        impl DisseminationSpec {
            /// Does something with the rule.
            pub fn visit<V: RuleVisitor>(&self, visitor: V) -> V::Output {
                match self {
                    $(Self::$rule(rule) => visitor.visit(&**rule),)*
                    Self::Foreign(rule) => visitor.visit(rule),
                }
            }

            /// The kind and the parameters; another crate's rule has no name here.
            #[must_use]
            pub fn to_json(&self) -> Option<Value> {
                match self {
                    $(Self::$rule(rule) => Some(json_of($kind, &**rule)),)*
                    Self::Foreign(_) => None,
                }
            }
        }

        /// Every rule, in the order to show them.
        pub static DISSEMINATIONS: &[DisseminationEntry] =
            &[$(Entry::of::<$rule>($kind, $summary, Rule::read::<$rule>)),*];
    };
}
// Each line is a rule: its type, its kind and one line for `peerscape list`.
rules! {
    Horizon = "horizon", "over every connection but the one a message came by; no rings";
    Flood = "flood", "what is new over every connection but the one it came by; rings do no harm";
    Push = "push", "what is new to `fan_out` neighbours drawn at random";
    ShortestPath = "shortest-path", "along the shortest paths from who publishes; rings do no harm";
    Striped = "striped", "shared out among the trees of a `multi-tree`";
    Plumtree = "plumtree", "along a tree that nodes find by themselves; announced elsewhere";
    Pull = "pull", "asked for, the rarest first, of neighbours that announce it";
    GossipSub = "gossipsub", "over a mesh that nodes keep; announced elsewhere";
}

/// The row of a rule.
pub type DisseminationEntry = Entry<Rule>;

/// What is done with a rule whose type is known.
pub trait RuleVisitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<D: Dissemination>(self, rule: &D) -> Self::Output;
}

/// A rule and the parameters that a scenario gives it, defaults filled in.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule.
    pub spec: DisseminationSpec,
    /// Its parameters.
    pub parameters: Value,
    // Those of them that its label tells.
    told: Value,
}

impl Rule {
    // A rule of this crate, with its parameters read.
    fn read<D>(value: ValueDeserializer<'_>) -> Result<Self, Error>
    where
        D: Dissemination + DeserializeOwned + Serialize + Default,
        DisseminationSpec: From<D>,
    {
        let rule = D::deserialize(value)?;
        rule.check().map_err(serde::de::Error::custom)?;
        let (parameters, defaults) = (json(&rule)?, json(&D::default())?);
        Ok(Self::told(rule.into(), parameters, |key, value| {
            D::LABELLED.contains(&key) || defaults.get(key) != Some(value)
        }))
    }

    // A rule whose label tells such parameters.
    fn told(spec: DisseminationSpec, parameters: Value, is_told: impl Fn(&str, &Value) -> bool) -> Self {
        let mut told = parameters.clone();
        if let Some(told) = told.as_object_mut() {
            told.retain(|key, value| is_told(key, value));
        }
        Self { spec, parameters, told }
    }

    /// The kind and the parameters: `gossip fanout=3`.
    #[must_use]
    pub fn label(&self, kind: &str) -> String {
        let word = |(key, value): (&String, &Value)| match value {
            Value::String(text) => format!(" {key}={text}"),
            value => format!(" {key}={value}"),
        };
        let parameters = self.told.as_object().into_iter().flatten();
        std::iter::once(kind.to_owned()).chain(parameters.map(word)).collect()
    }
}

impl DisseminationSpec {
    /// A rule from outside of this crate, which must not promise [`Dissemination::EXACTLY_ONCE`].
    #[must_use]
    pub fn foreign<D: Dissemination>(rule: D) -> Self {
        Self::Foreign(ForeignRule::new(rule))
    }

    /// Whether it is split horizon.
    #[must_use]
    pub const fn is_horizon(&self) -> bool {
        matches!(self, Self::Horizon(_))
    }

    /// Whether it shares messages out among trees.
    #[must_use]
    pub const fn is_striped(&self) -> bool {
        matches!(self, Self::Striped(_))
    }

    /// Whether messages travel only towards whom they are for; by other rules they come to everybody.
    #[must_use]
    pub const fn knows_audiences(&self) -> bool {
        matches!(self, Self::Horizon(_) | Self::ShortestPath(_) | Self::Striped(_))
    }

    /// Whether rings in the overlay do it no harm; of another crate's rule that is not known.
    #[must_use]
    pub fn takes_rings(&self) -> bool {
        self.visit(TakesRings)
    }

    /// Whether it brings every message once, so that what fails on a hop is known to fail for all behind it.
    #[must_use]
    pub fn is_exactly_once(&self) -> bool {
        self.visit(ExactlyOnce)
    }

    /// Whether each message keeps a bit for each node.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.visit(Remembers)
    }

    /// How many bytes it keeps for each publisher and node that its messages come to.
    #[must_use]
    pub fn kept_bytes(&self) -> f64 {
        self.visit(KeptBytes)
    }

    /// How many copies go for each delivery of a message that reaches all of so many nodes over so many connections.
    #[must_use]
    pub fn copies_per_delivery(&self, nodes: u64, connections: u64) -> f64 {
        self.visit(CopiesPerDelivery { nodes, connections })
    }
}

impl Default for DisseminationSpec {
    fn default() -> Self {
        Horizon.into()
    }
}

impl DisseminationEntry {
    /// The row of a rule whose parameters are `P`; what `P` knows beside them is skipped by serde.
    #[must_use]
    pub const fn new<P>(kind: &'static str, summary: &'static str) -> Self
    where
        P: Dissemination + DeserializeOwned + Serialize + JsonSchema,
    {
        Self::of::<P>(kind, summary, |value| {
            let rule = P::deserialize(value)?;
            rule.check().map_err(serde::de::Error::custom)?;
            let parameters = json(&rule)?;
            Ok(Rule::told(DisseminationSpec::foreign(rule), parameters, |_, _| true))
        })
    }
}

fn json<E: serde::de::Error>(rule: &impl Serialize) -> Result<Value, E> {
    serde_json::to_value(rule).map_err(E::custom)
}

struct TakesRings;

impl RuleVisitor for TakesRings {
    type Output = bool;

    fn visit<D: Dissemination>(self, _: &D) -> bool {
        D::TAKES_RINGS
    }
}

struct ExactlyOnce;

impl RuleVisitor for ExactlyOnce {
    type Output = bool;

    fn visit<D: Dissemination>(self, _: &D) -> bool {
        D::EXACTLY_ONCE
    }
}

struct Remembers;

impl RuleVisitor for Remembers {
    type Output = bool;

    fn visit<D: Dissemination>(self, _: &D) -> bool {
        D::REMEMBERS
    }
}

struct KeptBytes;

impl RuleVisitor for KeptBytes {
    type Output = f64;

    fn visit<D: Dissemination>(self, _: &D) -> f64 {
        D::KEPT_BYTES
    }
}

struct CopiesPerDelivery {
    nodes: u64,
    connections: u64,
}

impl RuleVisitor for CopiesPerDelivery {
    type Output = f64;

    fn visit<D: Dissemination>(self, rule: &D) -> f64 {
        rule.copies_per_delivery(self.nodes, self.connections)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_tells_rules_apart() {
        let of = |parameters: Value| Rule::told(Horizon.into(), parameters, |_, _| true).label("gossip");
        assert_eq!(of(json!({ "fanout": 3, "choice": "any" })), "gossip fanout=3 choice=any");
        assert_eq!(of(Value::Null), "gossip");
        let of_choice = Rule::told(Horizon.into(), json!({ "fanout": 3, "choice": "any" }), |key, _| key == "choice");
        assert_eq!(of_choice.label("gossip"), "gossip choice=any");
    }
}
