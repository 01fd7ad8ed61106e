//! GraphML, for programs that work with graphs: NetworkX, Gephi, yEd, igraph.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{PlanOutput, kind};

/// Attributes: of what, their key and their name.
const KEYS: [(&str, &str, &str); 3] = [("node", "c", "class"), ("node", "r", "role"), ("edge", "k", "kind")];

type Xml<'a> = Writer<&'a mut dyn Write>;

pub(super) fn write(plan: &PlanOutput<'_>, to: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(to, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = xml.create_element("graphml").with_attribute(("xmlns", "http://graphml.graphdrawing.org/xmlns"));
    root.write_inner_content(|xml| {
        for (of, key, name) in KEYS {
            let attributes = [("id", key), ("for", of), ("attr.name", name), ("attr.type", "string")];
            xml.create_element("key").with_attributes(attributes).write_empty()?;
        }
        let graph = [("id", "overlay"), ("edgedefault", "undirected")];
        xml.create_element("graph").with_attributes(graph).write_inner_content(|xml| write_graph(plan, xml))?;
        Ok(())
    })?;
    xml.get_mut().write_all(b"\n")
}

fn write_graph(plan: &PlanOutput<'_>, xml: &mut Xml<'_>) -> io::Result<()> {
    for node in 0..plan.overlay.nodes() {
        let name = plan.name(node);
        xml.create_element("node").with_attribute(("id", name.as_str())).write_inner_content(|xml| {
            data(xml, "c", &plan.world.class(node).name)?;
            data(xml, "r", plan.role(node).word())
        })?;
    }
    for (a, b, sort) in plan.edges() {
        let ends = [plan.name(a), plan.name(b)];
        let edge = xml.create_element("edge").with_attributes([("source", ends[0].as_str()), ("target", &ends[1])]);
        edge.write_inner_content(|xml| data(xml, "k", &kind(sort)))?;
    }
    Ok(())
}

fn data(xml: &mut Xml<'_>, key: &str, value: &str) -> io::Result<()> {
    xml.create_element("data").with_attribute(("key", key)).write_text_content(BytesText::new(value))?;
    Ok(())
}
