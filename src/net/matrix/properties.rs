//! Matrices written in many ways and read again, matrices that lost a part, and files with random damage.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::sample::select;

use super::parse::table;
use super::{MatrixTable, MatrixUnit, Measures};

/// A way of writing a matrix.
#[derive(Clone, Copy, Debug)]
struct Style {
    delimiter: &'static str,
    header: bool,
    index: bool,
    corner: Corner,
    names: Names,
    quoted: bool,
    trailing: bool,
    decimals: Decimals,
    line_end: &'static str,
    comment: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Corner {
    Empty,
    Word,
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Names {
    Words,
    /// As pandas counts.
    Range,
    /// Numbers of networks.
    Networks,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Decimals {
    Point,
    Comma,
}

/// A square of tenths of a ms, without symmetry, with zeros on its diagonal.
fn matrices() -> impl Strategy<Value = Vec<Vec<u32>>> {
    (2..9_usize).prop_flat_map(|places| {
        let row = prop::collection::vec(1_u32..5_000, places);
        prop::collection::vec(row, places).prop_map(|mut rows| {
            rows.iter_mut().enumerate().for_each(|(place, row)| row[place] = 0);
            rows
        })
    })
}

fn styles() -> impl Strategy<Value = Style> {
    let shape = (any::<bool>(), any::<bool>(), select(vec![Corner::Empty, Corner::Word, Corner::Absent]));
    let looks = (any::<bool>(), any::<bool>(), any::<bool>(), select(vec!["\n", "\r\n"]));
    let names = select(vec![Names::Words, Names::Range, Names::Networks]);
    let decimals = select(vec![Decimals::Point, Decimals::Comma]);
    (select(vec![",", ";", "\t", "|", "  "]), shape, looks, names, decimals).prop_map(
        |(delimiter, (header, index, corner), (quoted, trailing, comment, line_end), names, decimals)| {
            // Numbers are names only where a header and a first column agree.
            let names = if header && index { names } else { Names::Words };
            let is_blank = delimiter == "  ";
            // Blanks make no empty corner.
            let corner = if is_blank && corner == Corner::Empty { Corner::Absent } else { corner };
            let decimals = if delimiter == "," && !quoted { Decimals::Point } else { decimals };
            Style {
                delimiter,
                header,
                index,
                corner,
                names,
                quoted,
                trailing: trailing && !is_blank,
                decimals,
                line_end,
                comment,
            }
        },
    )
}

fn names(style: Style, places: usize) -> Vec<String> {
    let name = |place: usize| match style.names {
        Names::Words if style.quoted => format!("Place, {place}"),
        Names::Words => format!("place-{place}"),
        Names::Range => place.to_string(),
        Names::Networks => (3_320 + 7 * place * place).to_string(),
    };
    (0..places).map(name).collect()
}

fn cell(tenths: u32, decimals: Decimals) -> String {
    let text = format!("{}.{}", tenths / 10, tenths % 10);
    if decimals == Decimals::Comma { text.replace('.', ",") } else { text }
}

/// The lines of a matrix as fields.
fn fields(rows: &[Vec<u32>], style: Style) -> Vec<Vec<String>> {
    let names = names(style, rows.len());
    let mut lines = Vec::new();
    if style.header {
        let corner = match style.corner {
            Corner::Empty => Some(String::new()),
            Corner::Word => Some("place".to_owned()),
            Corner::Absent => None,
        };
        lines.push(corner.filter(|_| style.index).into_iter().chain(names.iter().cloned()).collect());
    }
    for (row, name) in rows.iter().zip(&names) {
        let cells = row.iter().map(|&tenths| cell(tenths, style.decimals));
        lines.push(style.index.then(|| name.clone()).into_iter().chain(cells).collect());
    }
    lines
}

fn text(lines: &[Vec<String>], style: Style) -> String {
    let mut text = String::new();
    if style.comment {
        write!(text, "# in ms; {{}} | --- |\t{}", style.line_end).expect("a string takes all");
    }
    for line in lines {
        let quote = |field: &String| if style.quoted { format!("\"{field}\"") } else { field.clone() };
        let fields: Vec<String> = line.iter().map(quote).collect();
        let end = if style.trailing { style.delimiter } else { "" };
        write!(text, "{}{end}{}", fields.join(style.delimiter), style.line_end).expect("a string takes all");
    }
    text
}

fn read(text: &str) -> Result<MatrixTable, Vec<String>> {
    table(text, MatrixUnit::Ms, Measures::OneWay)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_matrix_is_read_however_it_is_written(rows in matrices(), style in styles()) {
        let written = text(&fields(&rows, style), style);
        let read = read(&written).map_err(|faults| TestCaseError::fail(format!("{written}\n{faults:?}")))?;
        let expected: Vec<u64> = rows.iter().flatten().map(|&tenths| u64::from(tenths) * 100_000).collect();
        prop_assert_eq!(&read.one_way_ns[..], &expected[..], "{}", written);
        if style.header || style.index {
            prop_assert_eq!(read.names, names(style, rows.len()), "{}", written);
        }
    }

    #[test]
    fn a_matrix_that_lost_a_row_or_a_column_is_refused(
        rows in matrices(), mut style in styles(), lost in any::<prop::sample::Index>(), is_row in any::<bool>()
    ) {
        // Two numbers with decimal commas, one a line, are two columns to everybody.
        if rows.len() == 2 {
            style.decimals = Decimals::Point;
        }
        let mut lines = fields(&rows, style);
        let (first_row, first_column) = (usize::from(style.header), usize::from(style.index));
        let place = lost.index(rows.len());
        if is_row {
            lines.remove(first_row + place);
        } else {
            for (number, line) in lines.iter_mut().enumerate() {
                let is_bare_header = number == 0 && style.header && style.corner == Corner::Absent;
                line.remove(place + if is_bare_header { 0 } else { first_column });
            }
        }
        let written = text(&lines, style);
        if let Ok(read) = read(&written) {
            return Err(TestCaseError::fail(format!("{written}\nread as {:?}", read.names)));
        }
    }

    #[test]
    fn damage_is_refused_or_read_and_never_a_panic(
        rows in matrices(), style in styles(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), select(vec![
            "", ",", ";", "\t", "\n", "\"", "-", "nan", "1e999", "-0", "x", "#", "|", "{", "[", "<", " ", "0", "ß", "\u{feff}",
        ])), 1..6),
    ) {
        let mut written: Vec<char> = text(&fields(&rows, style), style).chars().collect();
        for (at, with) in damage {
            let at = at.index(written.len());
            written.splice(at..at + 1, with.chars());
            if written.is_empty() {
                break;
            }
        }
        let written: String = written.into_iter().collect();
        match read(&written) {
            Ok(read) => prop_assert_eq!(read.one_way_ns.len(), read.names.len() * read.names.len()),
            Err(faults) => prop_assert!(!faults.is_empty() && faults.len() < 15, "{:?}", faults),
        }
    }
}
