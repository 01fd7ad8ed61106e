//! A topology over which a scenario has messages passed on by a rule of its choice.

use std::sync::Arc;

use serde_json::Value;

use super::context::BuildContext;
use super::{PlanFile, Shape, Topology};
use crate::overlay::dissemination::{DisseminationSpec, Rule};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;

/// A topology and a rule.
#[derive(Debug)]
struct Ruled {
    topology: Arc<dyn Topology>,
    kind: &'static str,
    rule: Rule,
}

/// The topology with this rule, which is of that kind; as it is where that is its rule anyway.
#[must_use]
pub(crate) fn ruled(topology: Arc<dyn Topology>, kind: &'static str, rule: Rule) -> Arc<dyn Topology> {
    let own = topology.dissemination().to_json();
    if own.is_some() && own == rule.spec.to_json() { topology } else { Arc::new(Ruled { topology, kind, rule }) }
}

impl Topology for Ruled {
    fn label(&self) -> String {
        format!("{} dissemination={}", self.topology.label(), self.rule.label(self.kind))
    }

    fn servers(&self, peers: u32) -> u32 {
        self.topology.servers(peers)
    }

    fn shape(&self, peers: u32) -> Shape {
        self.topology.shape(peers)
    }

    fn children_max(&self) -> Option<u32> {
        self.topology.children_max()
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let context = BuildContext { dissemination: Some(&self.rule.spec), ..*context };
        self.topology.build(&context, stream)
    }

    fn weighs_messages(&self) -> bool {
        self.topology.weighs_messages()
    }

    fn classes(&self) -> Vec<String> {
        self.topology.classes()
    }

    fn dissemination(&self) -> DisseminationSpec {
        self.rule.spec.clone()
    }

    fn file(&self) -> Option<&PlanFile> {
        self.topology.file()
    }

    fn to_json(&self) -> Value {
        let mut json = self.topology.to_json();
        let parameters = match &self.rule.parameters {
            Value::Null => Value::Object(serde_json::Map::new()),
            parameters => parameters.clone(),
        };
        if let Some(table) = json.as_object_mut() {
            table.insert("dissemination".to_owned(), json_of(self.kind, &parameters));
        }
        json
    }
}
