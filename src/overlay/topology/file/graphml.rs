//! From the text of a GraphML graph to connections, or to every fault that it has.
//!
//! Nodes are called by their numbers, as in edge lists. An edge may have an attribute `kind`, which is `pair`, `standby`, or
//! the number of a block; a node an attribute `role`, by which a server can have any name. Other attributes are skipped, and
//! so is the direction of edges.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::content::{Content, Name, Place};
use super::draft::{Draft, NO_NAME, NO_SORT, name_of, quoted, sort_of};
use crate::net::faults::Faults;

pub(super) fn parse(text: &str) -> Result<Content, Vec<String>> {
    let mut graph = Graph::default();
    graph.read(text)?;
    if !graph.is_graphml {
        return Err(vec!["there is no <graphml> element with a <graph>".to_owned()]);
    }
    let Graph { nodes, edges, faults, .. } = graph;
    let mut draft = Draft::with(faults);
    let mut names: BTreeMap<String, Name> = BTreeMap::new();
    let mut servers = 0;
    for Node { id, role, line } in nodes {
        let place = Place::Line(line);
        let name = match (role.as_deref(), name_of(&id)) {
            (Some("server"), _) => {
                servers += 1;
                Some(Name::Server(servers - 1))
            }
            (_, name) => name,
        };
        let Some(name) = name else {
            draft.faults.push(place.to_string(), &quoted(&id), NO_NAME);
            continue;
        };
        // The same node may be called `1` and `n1`.
        let is_new = draft.node(name, place);
        if names.insert(id.clone(), name).is_some() || !is_new {
            draft.faults.push(place.to_string(), &quoted(&id), "is there twice");
        }
    }
    for Edge { ends, kind, line } in edges {
        let place = Place::Line(line);
        for end in ends.iter().filter(|end| !names.contains_key(*end)) {
            draft.faults.push(place.to_string(), &quoted(end), "is no <node> of the graph");
        }
        let sort = sort_of(kind.trim());
        if sort.is_none() {
            draft.faults.push(place.to_string(), &quoted(&kind), NO_SORT);
        }
        if let ([Some(&a), Some(&b)], Some(sort)) = (ends.each_ref().map(|end| names.get(end)), sort) {
            draft.connection(a, b, sort, place);
        }
    }
    draft.finish()
}

struct Node {
    id: String,
    role: Option<String>,
    line: u32,
}

struct Edge {
    ends: [String; 2],
    kind: String,
    line: u32,
}

// What has been read, and where.
#[derive(Default)]
struct Graph {
    is_graphml: bool,
    // What attributes are called by their keys.
    keys: BTreeMap<String, String>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    faults: Faults,
    within: Within,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Graph,
    Node,
    Edge,
}

impl Graph {
    fn read(&mut self, text: &str) -> Result<(), Vec<String>> {
        let mut reader = Reader::from_str(text);
        let mut lines = Lines { text, at: 0, line: 1 };
        loop {
            let begin = reader.buffer_position();
            let event = reader.read_event();
            let line = lines.line_of(begin);
            let event = event.map_err(|error| {
                let line = lines.line_of(reader.error_position());
                vec![format!("line {line}: {error}")]
            })?;
            match event {
                Event::Start(element) if element.local_name().as_ref() == "data" => {
                    let key = attribute(&element, "key").unwrap_or_default();
                    let value =
                        reader.read_text(element.name()).map_err(|error| vec![format!("line {line}: {error}")])?;
                    self.data(&key, value.xml10_content().trim());
                }
                Event::Start(element) => self.element(&element, line),
                Event::Empty(element) => {
                    self.element(&element, line);
                    self.within = Within::Graph;
                }
                Event::End(element) if ["node", "edge"].contains(&element.local_name().as_ref()) => {
                    self.within = Within::Graph;
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn element(&mut self, element: &BytesStart<'_>, line: u32) {
        let mut get = |name: &str| {
            let value = attribute(element, name);
            if value.is_none() {
                let words = format!("<{}> has no `{name}`", element.local_name().as_ref());
                self.faults.push_as(&words, format!("line {line}"), &words);
            }
            value
        };
        match element.local_name().as_ref() {
            "graph" => self.is_graphml = true,
            "key" => {
                if let (Some(id), Some(name)) = (attribute(element, "id"), attribute(element, "attr.name")) {
                    self.keys.insert(id, name);
                }
            }
            "node" => {
                if let Some(id) = get("id") {
                    self.nodes.push(Node { id, role: None, line });
                    self.within = Within::Node;
                }
            }
            "edge" => {
                if let (Some(source), Some(target)) = (get("source"), get("target")) {
                    self.edges.push(Edge { ends: [source, target], kind: String::new(), line });
                    self.within = Within::Edge;
                }
            }
            "hyperedge" => {
                let words = "hyperedges are not read: write the connections of a full mesh as edges of one `kind`";
                self.faults.push_as("hyperedge", format!("line {line}"), words);
            }
            _ => {}
        }
    }

    fn data(&mut self, key: &str, value: &str) {
        match (self.within, self.keys.get(key).map(String::as_str)) {
            (Within::Node, Some("role")) => {
                if let Some(node) = self.nodes.last_mut() {
                    node.role = Some(value.to_owned());
                }
            }
            (Within::Edge, Some("kind")) => {
                if let Some(edge) = self.edges.last_mut() {
                    edge.kind = value.to_owned();
                }
            }
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

// Lines of a text, asked for in its order.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn line_of(&mut self, position: u64) -> u32 {
        let end = usize::try_from(position).unwrap_or(usize::MAX).clamp(self.at, self.text.len());
        self.line += self.text.as_bytes()[self.at..end].iter().filter(|&&byte| byte == b'\n').count() as u32;
        self.at = end;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(inner: &str) -> String {
        format!("<?xml version='1.0'?>\n<graphml xmlns='http://graphml.graphdrawing.org/xmlns'>\n{inner}\n</graphml>\n")
    }

    #[test]
    fn a_graph_of_networkx_is_read() {
        let text = graph(
            "<key id='d0' for='edge' attr.name='weight' attr.type='long'/>\n<graph edgedefault='undirected'>\n\
             <node id='0'/>\n<node id='1'/>\n<node id='2'/>\n<edge source='0' target='1'>\n<data key='d0'>4</data>\n\
             </edge>\n<edge source='1' target='2'/>\n</graph>",
        );
        let content = parse(&text).expect("a graph");
        assert_eq!((content.peers, content.pairs.as_slice()), (3, &[(0, 1), (1, 2)][..]));
        assert_eq!(content.named[1], (1, Place::Line(6)));
    }

    #[test]
    fn kinds_and_roles_are_read() {
        let text = graph(
            "<key id='k' for='edge' attr.name='kind' attr.type='string'/><key id='r' for='node' attr.name='role'/>\n\
             <graph><node id='n0'/><node id='n1'/><node id='n2'/><node id='sfu'><data key='r'>server</data></node>\n\
             <edge source='n0' target='n1'><data key='k'>0</data></edge><edge source='n1' target='n2'><data key='k'>0\
             </data></edge><edge source='n0' target='n2'><data key='k'>0</data></edge>\
             <edge source='sfu' target='n2'><data key='k'>pair</data></edge></graph>",
        );
        let content = parse(&text).expect("a graph");
        assert_eq!((content.blocks, content.pairs), (vec![vec![0, 1, 2]], vec![(3, 2)]));
    }

    #[test]
    fn every_fault_has_its_line() {
        let text = graph(
            "<graph>\n<node id='0'/>\n<node id='bob'/>\n<node id='1'/><node/>\n<edge source='0' target='0'/>\n\
             <edge source='0' target='7'/>\n<edge source='0'/>\n<node id='1'/>\n<node id='n0'/>\n</graph>",
        );
        assert_eq!(
            parse(&text).expect_err("bad"),
            [
                "line 6: <node> has no `id`",
                "line 9: <edge> has no `target`",
                "line 5: `bob` is no node: write a peer's number, such as 7, or s0 for the first server",
                "line 10: `1` is there twice (2 such faults; the next: line 11)",
                "line 7: node 0 is connected to itself",
                "line 8: `7` is no <node> of the graph",
            ]
        );
        assert!(parse("<graphml>\n<graph></grph>\n").expect_err("syntax")[0].starts_with("line 2: "));
        assert!(parse("<html></html>").expect_err("no graph")[0].contains("<graphml>"));
    }
}
