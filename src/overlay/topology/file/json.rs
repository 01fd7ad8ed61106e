//! From the text of a JSON plan to connections, or to every fault that it has.

use std::collections::BTreeMap;

use petgraph::unionfind::UnionFind;
use serde::Deserialize;

use super::content::{Content, Name, Place};
use super::document::{PLAN_VERSION, PlanDocument, PlanNode, PlanRole};
use super::draft::{Draft, Sort};

/// Of each pair a bit for each stripe is kept.
const STRIPES_MAX: usize = 32;

#[derive(Deserialize)]
struct Version {
    version: Option<serde_json::Value>,
}

pub(super) fn parse(text: &str) -> Result<Content, Vec<String>> {
    let fault = |error: serde_json::Error| vec![format!("{error}")];
    // First: what a later version has may be unknown to this one.
    let Version { version } = serde_json::from_str(text).map_err(fault)?;
    match version {
        Some(version) if version == PLAN_VERSION => {}
        Some(version) => {
            return Err(vec![format!("version {version} is not known: this program reads {PLAN_VERSION}")]);
        }
        None => return Err(vec![format!("there is no `version`; write \"version\": {PLAN_VERSION}")]),
    }
    let document: PlanDocument = serde_json::from_str(text).map_err(fault)?;
    let mut draft = Draft::default();
    let names = document.nodes.as_deref().map(|nodes| listed(nodes, &mut draft));
    let named = |draft: &mut Draft, id: u32, place: Place| match &names {
        None => Name::Peer(id),
        Some(names) => names.get(&id).copied().unwrap_or_else(|| {
            draft.faults.push(place.to_string(), &format!("node {id}"), "is not among `nodes`");
            Name::Peer(id)
        }),
    };
    for (&[a, b], index) in document.pairs.iter().zip(0..) {
        let ends = [a, b].map(|end| named(&mut draft, end, Place::Pair(index)));
        draft.connection(ends[0], ends[1], Sort::Pair, Place::Pair(index));
    }
    for (members, index) in document.blocks.iter().zip(0..) {
        let members = members.iter().map(|&member| named(&mut draft, member, Place::Block(index))).collect();
        draft.block(members, Place::Block(index));
    }
    for (&[a, b], index) in document.standby.iter().zip(0..) {
        let ends = [a, b].map(|end| named(&mut draft, end, Place::Standby(index)));
        draft.connection(ends[0], ends[1], Sort::Standby, Place::Standby(index));
    }
    let stripes = striped(&document, &mut draft);
    let content = draft.finish()?;
    Ok(Content { stripes, seed: document.seed, dissemination: document.dissemination, ..content })
}

// How many stripes a plan has, and of each of its pairs a bit for each stripe that it belongs to.
fn striped(document: &PlanDocument, draft: &mut Draft) -> (u32, Vec<u32>) {
    let PlanDocument { pairs, blocks, stripes, .. } = document;
    let mut bits = vec![0; if stripes.is_empty() { 0 } else { pairs.len() }];
    let mut fault = |place: String, what: &str, why: &str| draft.faults.push(place, what, why);
    if stripes.len() > STRIPES_MAX {
        fault("stripes".to_owned(), &format!("{} of them:", stripes.len()), "a plan has 32 at the most");
        return (0, bits);
    }
    if !stripes.is_empty() && !blocks.is_empty() {
        fault("stripes".to_owned(), "a plan with full meshes", "has no stripes: they are made of pairs");
    }
    for (stripe, members) in stripes.iter().enumerate() {
        let mut joined: UnionFind<usize> = UnionFind::new_empty();
        let mut numbers = BTreeMap::new();
        for &pair in members {
            let Some(&ends) = pairs.get(pair as usize) else {
                fault(format!("stripes[{stripe}]"), &format!("pair {pair}"), "is not among `pairs`");
                continue;
            };
            let ends = ends.map(|end| *numbers.entry(end).or_insert_with(|| joined.new_set()));
            if !joined.union(ends[0], ends[1]) {
                fault(format!("stripes[{stripe}]"), &format!("pair {pair}"), "closes a ring, and a stripe is a tree");
            }
            bits[pair as usize] |= 1 << stripe;
        }
    }
    (stripes.len() as u32, bits)
}

// The nodes of a plan by their numbers; servers are counted in their order.
fn listed(nodes: &[PlanNode], draft: &mut Draft) -> BTreeMap<u32, Name> {
    let (mut names, mut servers) = (BTreeMap::new(), 0);
    for (node, index) in nodes.iter().zip(0..) {
        let place = Place::Node(index);
        let name = match node.role {
            PlanRole::Peer | PlanRole::Hub => Name::Peer(node.id),
            PlanRole::Server => {
                servers += 1;
                Name::Server(servers - 1)
            }
        };
        if names.insert(node.id, name).is_some() {
            draft.faults.push(place.to_string(), &format!("node {}", node.id), "is there twice");
        }
        draft.node(name, place);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        parse(text).expect_err(text)
    }

    #[test]
    fn a_plan_is_read() {
        let content = parse(r#"{ "version": 1, "pairs": [[0, 3], [4, 1]], "blocks": [[0, 1, 2]] }"#).expect("a plan");
        assert_eq!((content.peers, content.servers, content.parts), (5, 0, 1));
        assert_eq!(content.pairs, [(0, 3), (4, 1)]);
        assert_eq!(content.blocks, [[0, 1, 2]]);
        assert!(content.ring.is_none());
    }

    #[test]
    fn servers_come_behind_all_peers() {
        let text = r#"{ "version": 1, "seed": 7,
            "nodes": [{ "id": 9, "role": "server" }, { "id": 0 }, { "id": 1, "role": "hub", "class": "home" }],
            "pairs": [[9, 0], [1, 9]] }"#;
        let content = parse(text).expect("a plan");
        assert_eq!((content.peers, content.servers, content.seed), (2, 1, Some(7)));
        assert_eq!(content.pairs, [(2, 0), (1, 2)]);
    }

    #[test]
    fn standby_connections_are_apart_and_new() {
        let with = |standby: &str| {
            format!(r#"{{ "version": 1, "pairs": [[0, 1], [0, 2]], "blocks": [[2, 3, 4]], "standby": {standby} }}"#)
        };
        let content = parse(&with("[[1, 2], [3, 1]]")).expect("a plan");
        assert_eq!((content.pairs.len(), content.standby), (2, vec![(1, 2), (3, 1)]));
        assert!(content.ring.is_none());
        assert_eq!((content.parts, content.shape.connections()), (1, 7));
        assert_eq!(
            faults(&with("[[1, 0], [3, 4], [1, 2], [2, 1], [3, 3]]")),
            [
                "standby[4]: node 3 is connected to itself",
                "standby[0]: node 0 and node 1 are connected already, in pairs[0] (3 such faults; the next: standby[1]; \
                 standby[3])",
            ]
        );
        let alone = r#"{ "version": 1, "standby": [[0, 1]] }"#;
        assert_eq!(faults(alone), ["the file has no connection that carries messages"]);
    }

    #[test]
    fn stripes_are_trees_of_pairs() {
        let with =
            |stripes: &str| format!(r#"{{ "version": 1, "pairs": [[0, 1], [1, 2], [2, 0]], "stripes": {stripes} }}"#);
        let content = parse(&with("[[0, 1], [1, 2]]")).expect("a plan");
        assert_eq!(content.stripes, (2, vec![1, 3, 2]));
        assert_eq!(faults(&with("[[0, 1, 2]]")), ["stripes[0]: pair 2 closes a ring, and a stripe is a tree"]);
        assert_eq!(faults(&with("[[0], [7]]")), ["stripes[1]: pair 7 is not among `pairs`"]);
        let many = format!("[{}]", ["[0]"; 33].join(","));
        assert_eq!(faults(&with(&many)), ["stripes: 33 of them: a plan has 32 at the most"]);
    }

    #[test]
    fn other_versions_and_shapes_are_refused() {
        assert_eq!(faults(r#"{ "version": 2, "edges": [] }"#), ["version 2 is not known: this program reads 1"]);
        assert!(faults(r#"{ "pairs": [] }"#)[0].contains("there is no `version`"));
        assert!(faults(r#"{ "version": 1, "edges": [] }"#)[0].contains("unknown field `edges`"));
        assert!(faults("{ \"version\": 1,\n\"pairs\": [[0, -1]] }")[0].contains("line 2"));
        assert!(faults(r#"{ "version": 1, "pairs": [[0, 1, 2]] }"#)[0].contains("line 1"));
        assert!(faults("{ \"version\": 1,\n")[0].contains("EOF"));
        assert_eq!(faults(r#"{ "version": 1, "pairs": [] }"#), ["the file has no connection"]);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let text = r#"{ "version": 1, "nodes": [{ "id": 0 }, { "id": 1 }, { "id": 2 }, { "id": 3 }, { "id": 2 }],
            "pairs": [[0, 0], [0, 1], [1, 0], [2, 3], [8, 1], [1, 2]], "blocks": [[1, 2, 3], [2], [3, 3], [0, 2, 1]] }"#;
        assert_eq!(
            faults(text),
            [
                "nodes[4]: node 2 is there twice",
                "pairs[0]: node 0 is connected to itself",
                "pairs[4]: node 8 is not among `nodes`",
                "blocks[1]: 1 members: a block has two or more",
                "blocks[2]: node 3 is in it twice",
                "pairs[1]: node 0 and node 1 are connected already, in blocks[3] (5 such faults; the next: pairs[2]; \
                 pairs[3]; pairs[5]; blocks[3])",
            ]
        );
    }

    #[test]
    fn nodes_beyond_any_population_are_refused() {
        assert!(faults(r#"{ "version": 1, "pairs": [[4294967295, 16000000]] }"#)[0].contains("at most 16000000 peers"));
    }

    #[test]
    fn rings_are_found_and_told() {
        let content = parse(r#"{ "version": 1, "pairs": [[0, 1], [1, 2], [2, 0], [4, 5]] }"#).expect("a plan");
        let ring = content.ring.expect("a ring").to_string();
        assert_eq!(ring, "pairs[2]: node 2 and node 0 are connected by another way already");
        assert_eq!(content.parts, 2);
    }
}
