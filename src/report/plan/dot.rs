//! A drawing for Graphviz: `dot`, `neato`, `sfdp`.

use std::io::{self, Write};

use petgraph::dot::{Config, Dot};

use super::PlanOutput;
use crate::overlay::topology::PlanRole;

pub(super) fn write(plan: &PlanOutput<'_>, to: &mut dyn Write) -> io::Result<()> {
    let graph = plan.overlay.to_petgraph();
    let shape = |role: PlanRole| match role {
        PlanRole::Peer => "circle",
        PlanRole::Hub => "doublecircle",
        PlanRole::Server => "box",
    };
    let node = |index: usize| {
        let node = index as u32;
        format!("label = \"{}\" shape = {}", plan.name(node), shape(plan.role(node)))
    };
    let config = [Config::NodeNoLabel, Config::EdgeNoLabel];
    let edge_attributes = |_, _| String::new();
    let node_attributes = |_, (index, _): (petgraph::graph::NodeIndex<u32>, _)| node(index.index());
    write!(to, "{:?}", Dot::with_attr_getters(&graph, &config, &edge_attributes, &node_attributes))
}
