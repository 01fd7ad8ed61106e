//! From the text of an edge list to connections, or to every fault that it has.
//!
//! A line is a connection: two nodes, and perhaps the block that it belongs to, or that it is on standby. A line with one
//! node is a node that has no connection.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::content::{Content, Place};
use super::draft::{Draft, NO_NAME, NO_SORT, Sort, name_of, quoted, sort_of};
use crate::net::data_file::first_line;

pub(super) fn parse(text: &str) -> Result<Content, Vec<String>> {
    let Some(first) = first_line(text) else {
        return Err(vec!["the file has no data; its first line names the columns: a,b or a,b,kind".to_owned()]);
    };
    let delimiter = [',', ';', '\t'].into_iter().find(|&delimiter| first.contains(delimiter)).unwrap_or(',');
    let mut reader = ReaderBuilder::new();
    reader.trim(Trim::All).comment(Some(b'#')).delimiter(delimiter as u8);
    let mut reader = reader.from_reader(text.as_bytes());
    let columns = Columns::of(reader.headers().map_err(|error| vec![error.to_string()])?)?;
    let mut draft = Draft::default();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                columns.read(&record, Place::Line(line as u32), &mut draft);
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let words = match error.kind() {
                    csv::ErrorKind::UnequalLengths { len, .. } => {
                        format!("{len} fields, but line 1 names {} columns", columns.count)
                    }
                    _ => error.to_string(),
                };
                draft.faults.push_as("fields", format!("line {line}"), &words);
            }
        }
    }
    draft.finish()
}

// Where in a line things stand.
struct Columns {
    ends: [usize; 2],
    kind: Option<usize>,
    count: usize,
}

impl Columns {
    fn of(head: &StringRecord) -> Result<Self, Vec<String>> {
        let place = |name: &str| head.iter().position(|column| column == name);
        let (Some(a), Some(b)) = (place("a"), place("b")) else {
            return Err(vec!["line 1: the first line names the columns: a,b or a,b,kind".to_owned()]);
        };
        let unknown: Vec<String> = head.iter().filter(|name| !["a", "b", "kind"].contains(name)).map(quoted).collect();
        match unknown.is_empty() {
            true => Ok(Self { ends: [a, b], kind: place("kind"), count: head.len() }),
            false => Err(vec![format!("line 1: unknown column {}: a, b and kind are known", unknown.join(", "))]),
        }
    }

    fn read(&self, record: &StringRecord, place: Place, draft: &mut Draft) {
        let field = |index: usize| record.get(index).unwrap_or_default();
        let kind = self.kind.map_or("", field);
        let Some(sort) = sort_of(kind) else {
            return draft.faults.push(place.to_string(), &quoted(kind), NO_SORT);
        };
        let texts = self.ends.map(field);
        let names = texts.map(name_of);
        for (text, _) in texts.iter().zip(names).filter(|(text, name)| name.is_none() && !text.is_empty()) {
            draft.faults.push(place.to_string(), &quoted(text), NO_NAME);
        }
        match (names, texts) {
            ([Some(a), Some(b)], _) => draft.connection(a, b, sort, place),
            ([Some(alone), None], [_, ""]) | ([None, Some(alone)], ["", _]) if sort == Sort::Pair => {
                draft.node(alone, place);
            }
            (_, ["", _] | [_, ""]) => draft.faults.push(place.to_string(), "", "there is no node"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_blocks_servers_and_lonely_nodes_are_read() {
        let content = parse("a,b,kind\n0,3,pair\n5,2,0\n2,1,0\n1,5,0\ns0,0,\n7,,\n").expect("edges");
        assert_eq!((content.peers, content.servers), (8, 1));
        assert_eq!(content.pairs, [(0, 3), (8, 0)]);
        assert_eq!(content.blocks, [[5, 2, 1]]);
        assert_eq!(content.named.last(), Some(&(7, Place::Line(7))));
        assert_eq!(parse("# made by hand\na;b\nn0;n1\n").expect("edges").pairs, [(0, 1)]);
    }

    #[test]
    fn every_fault_has_its_line() {
        let faults =
            parse("a,b,kind\n0,1,pair\nx,y\n1,x,\n2,2,\n1,0,\n3,-1,\n4,5,core\n,,\n3,4,1\n4,5,1\n").expect_err("bad");
        assert_eq!(
            faults,
            [
                "line 3: 2 fields, but line 1 names 3 columns",
                "line 4: `x` is no node: write a peer's number, such as 7, or s0 for the first server (2 such faults; \
                 the next: line 7)",
                "line 5: node 2 is connected to itself",
                "line 8: `core` is no kind of connection: write `pair`, `standby`, or the number of a block",
                "line 9: there is no node",
                "line 10: block 1 is no full mesh: its 3 members have 2 of 3 connections",
                "line 6: node 0 and node 1 are connected already, in line 2",
            ]
        );
    }

    #[test]
    fn heads_are_checked() {
        assert!(parse("from,to\n0,1\n").expect_err("others")[0].contains("a,b or a,b,kind"));
        assert!(parse("a,b,weight\n0,1,2\n").expect_err("others")[0].contains("unknown column `weight`"));
        assert!(parse("").expect_err("empty")[0].contains("no data"));
        assert_eq!(parse("a,b\n").expect_err("empty"), ["the file has no connection"]);
        assert_eq!(parse("a,b\n3,\n").expect_err("no connection"), ["the file has no connection"]);
    }
}
