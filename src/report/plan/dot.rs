//! A drawing for Graphviz: `dot`, `neato`, `sfdp`.

use std::io::{self, Write};

use petgraph::dot::{Config, Dot};
use petgraph::graph::EdgeReference;
use petgraph::visit::EdgeRef;

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
    // Those on standby come last.
    let carrying = (plan.overlay.connections() - plan.overlay.standby_connections()) as usize;
    let is_carrying = |edge: EdgeReference<'_, (), u32>| edge.id().index() < carrying;
    let edge_attributes = |_, edge| if is_carrying(edge) { String::new() } else { "style = dashed".to_owned() };
    let node_attributes = |_, (index, _): (petgraph::graph::NodeIndex<u32>, _)| node(index.index());
    write!(to, "{:?}", Dot::with_attr_getters(&graph, &config, &edge_attributes, &node_attributes))
}
