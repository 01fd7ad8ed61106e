//! The table of rules that a scenario may name, and a rule as it names one.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Dissemination, DisseminationSpec, GossipSub, Plumtree, Push};
use crate::overlay::Entry;

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
    // A rule without parameters.
    fn plain(spec: DisseminationSpec) -> Self {
        Self { spec, parameters: Value::default(), told: Value::default() }
    }

    // A rule whose label tells all parameters.
    fn told(spec: DisseminationSpec, parameters: Value) -> Self {
        Self { spec, told: parameters.clone(), parameters }
    }

    // A rule whose label tells those parameters that are not what they are by default.
    fn briefly_told(spec: DisseminationSpec, parameters: Value, defaults: &Value) -> Self {
        let mut told = parameters.clone();
        if let Some(told) = told.as_object_mut() {
            told.retain(|key, value| defaults.get(key) != Some(value));
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

/// The row of a rule.
pub type DisseminationEntry = Entry<Rule>;

/// Every rule, in the order to show them.
pub static DISSEMINATIONS: &[DisseminationEntry] = &[
    Entry::of::<NoParameters>("horizon", "over every connection but the one a message came by; no rings", |value| {
        NoParameters::deserialize(value).map(|_| Rule::plain(DisseminationSpec::Horizon))
    }),
    Entry::of::<NoParameters>(
        "flood",
        "what is new over every connection but the one it came by; rings do no harm",
        |value| NoParameters::deserialize(value).map(|_| Rule::plain(DisseminationSpec::Flood)),
    ),
    Entry::of::<Push>("push", "what is new to `fan_out` neighbours drawn at random", |value| {
        let push = Push::deserialize(value)?;
        let parameters = json(&push)?;
        Ok(Rule::told(DisseminationSpec::Push(push), parameters))
    }),
    Entry::of::<NoParameters>("striped", "shared out among the trees of a `multi-tree`", |value| {
        NoParameters::deserialize(value).map(|_| Rule::plain(DisseminationSpec::Striped))
    }),
    Entry::of::<Plumtree>("plumtree", "along a tree that nodes find by themselves; announced elsewhere", |value| {
        let plumtree = Plumtree::deserialize(value)?;
        plumtree.check().map_err(serde::de::Error::custom)?;
        let [parameters, defaults] = [&plumtree, &Plumtree::default()].map(json);
        Ok(Rule::briefly_told(DisseminationSpec::Plumtree(plumtree), parameters?, &defaults?))
    }),
    Entry::of::<GossipSub>("gossipsub", "over a mesh that nodes keep; announced elsewhere", |value| {
        let gossip = GossipSub::deserialize(value)?;
        gossip.check().map_err(serde::de::Error::custom)?;
        let [parameters, defaults] = [&gossip, &GossipSub::default()].map(json);
        Ok(Rule::briefly_told(DisseminationSpec::GossipSub(Box::new(gossip)), parameters?, &defaults?))
    }),
];

fn json<E: serde::de::Error>(rule: &impl Serialize) -> Result<Value, E> {
    serde_json::to_value(rule).map_err(E::custom)
}

// The parameters of a rule that has none.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

impl DisseminationEntry {
    /// The row of a rule whose parameters are `P`; what `P` knows beside them is skipped by serde.
    #[must_use]
    pub const fn new<P>(kind: &'static str, summary: &'static str) -> Self
    where
        P: Dissemination + DeserializeOwned + Serialize + JsonSchema,
    {
        Self::of::<P>(kind, summary, |value| {
            let rule = P::deserialize(value)?;
            let parameters = serde_json::to_value(&rule).map_err(serde::de::Error::custom)?;
            Ok(Rule::told(DisseminationSpec::foreign(rule), parameters))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_tells_rules_apart() {
        let of = |parameters: Value| Rule::told(DisseminationSpec::Horizon, parameters).label("gossip");
        assert_eq!(of(json!({ "fanout": 3, "choice": "any" })), "gossip fanout=3 choice=any");
        assert_eq!(of(Value::Null), "gossip");
        let defaults = json!({ "fanout": 3, "choice": "any" });
        let briefly = |parameters: Value| Rule::briefly_told(DisseminationSpec::Horizon, parameters, &defaults);
        assert_eq!(briefly(defaults.clone()).label("gossip"), "gossip");
        assert_eq!(briefly(json!({ "fanout": 4, "choice": "any" })).label("gossip"), "gossip fanout=4");
    }
}
