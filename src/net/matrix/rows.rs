//! From text to rows of fields: which delimiter separates them, and what stands at the ends of lines.

use csv::{ReaderBuilder, StringRecord, Trim};

/// The fields of one line.
pub(super) struct MatrixRow {
    pub(super) line: u64,
    pub(super) fields: StringRecord,
}

/// A row as it is looked at: perhaps without its last field.
#[derive(Clone, Copy)]
pub(super) struct View<'r> {
    pub(super) line: u64,
    fields: &'r StringRecord,
    pub(super) len: usize,
}

impl<'r> View<'r> {
    /// The field at `index`.
    pub(super) fn get(&self, index: usize) -> Option<&'r str> {
        self.fields.get(index).filter(|_| index < self.len)
    }

    /// All fields, in their order.
    pub(super) fn fields(&self) -> impl DoubleEndedIterator<Item = &'r str> + use<'r> {
        let (fields, len) = (self.fields, self.len);
        (0..len).filter_map(|index| fields.get(index))
    }

    fn is_blank(&self) -> bool {
        self.fields().all(str::is_empty)
    }

    fn ends_empty(&self) -> bool {
        self.fields().next_back() == Some("")
    }
}

/// What separates fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// One character.
    Byte(u8),
    /// Any number of blanks, as columns are aligned.
    Blanks,
}

/// How many lines of data are looked at for a delimiter.
const SAMPLE: usize = 64;

/// The delimiters that the lines of data have, the most likely first. Comments are no data.
pub(super) fn delimiters(text: &str) -> Vec<Delimiter> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| is_data(line)).take(SAMPLE).collect();
    let count = |delimiter: Delimiter| {
        let has = |line: &&&str| outside_quotes(line).any(|(_, c)| delimiter.is(c));
        lines.iter().filter(has).count()
    };
    let all = [b'\t', b';', b'|', b','].map(Delimiter::Byte).into_iter().chain([Delimiter::Blanks]);
    let mut found: Vec<(usize, Delimiter)> = all.map(|delimiter| (count(delimiter), delimiter)).collect();
    found.retain(|&(lines, _)| lines > 0);
    // Of those on as many lines, the rarer character first, as listed: a comma may be part of a number, a blank
    // of a name.
    found.sort_by_key(|&(with, _)| std::cmp::Reverse(10 * with / lines.len().max(1)));
    if found.is_empty() {
        found.push((0, Delimiter::Byte(b',')));
    }
    found.into_iter().map(|(_, delimiter)| delimiter).collect()
}

impl Delimiter {
    fn is(self, c: char) -> bool {
        match self {
            Self::Byte(byte) => c == char::from(byte),
            Self::Blanks => c.is_whitespace(),
        }
    }
}

fn is_data(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
}

fn outside_quotes(line: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quoted = false;
    line.char_indices().filter(move |&(_, c)| {
        quoted ^= c == '"';
        !quoted
    })
}

/// The rows of a text.
pub(super) fn rows(text: &str, delimiter: Delimiter) -> Result<Vec<MatrixRow>, csv::Error> {
    let (byte, aligned) = match delimiter {
        Delimiter::Byte(byte) => (byte, None),
        Delimiter::Blanks => (b'\t', Some(text.lines().map(tabs_for_blanks).collect::<Vec<_>>().join("\n"))),
    };
    let text = aligned.as_deref().unwrap_or(text);
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(byte).trim(Trim::All).comment(Some(b'#'));
    let mut rows = Vec::new();
    for record in reader.from_reader(text.as_bytes()).records() {
        let fields = record?;
        // A line of blanks, or a comment behind blanks, is no row.
        let first = fields.get(0).unwrap_or_default();
        if first.starts_with('#') || fields.len() == 1 && first.is_empty() {
            continue;
        }
        rows.push(MatrixRow { line: fields.position().map_or(0, csv::Position::line), fields });
    }
    Ok(rows)
}

fn tabs_for_blanks(line: &str) -> String {
    let mut aligned = String::with_capacity(line.len());
    let mut quoted = false;
    for c in line.trim().chars() {
        quoted ^= c == '"';
        if !c.is_whitespace() || quoted {
            aligned.push(c);
        } else if !aligned.ends_with('\t') {
            aligned.push('\t');
        }
    }
    aligned
}

/// The ways to look at rows, the most likely first: without a delimiter at the end of every line, where that may
/// be what it is; as they are; and without rows of delimiters alone at the end, which spreadsheets leave.
pub(super) fn views(rows: &[MatrixRow]) -> Vec<Vec<View<'_>>> {
    let as_is: Vec<View<'_>> =
        rows.iter().map(|row| View { line: row.line, fields: &row.fields, len: row.fields.len() }).collect();
    let trailing = without_trailing(&as_is);
    let filled = as_is.iter().rposition(|row| !row.is_blank()).map_or(0, |last| last + 1);
    let mut views: Vec<Vec<View<'_>>> = trailing.clone().into_iter().chain([as_is.clone()]).collect();
    if filled < as_is.len() && filled > 0 {
        views.extend(trailing.map(|rows| rows[..filled].to_vec()));
        views.push(as_is[..filled].to_vec());
    }
    views
}

/// The longest rows without their last field, if it is empty in all of them.
fn without_trailing<'r>(rows: &[View<'r>]) -> Option<Vec<View<'r>>> {
    let longest = rows.iter().map(|row| row.len).max().filter(|&len| len > 1)?;
    let is_longest = |row: &&View<'_>| row.len == longest;
    // A header may end without it.
    let most = rows.iter().filter(is_longest).count() + 1 >= rows.len();
    let shorter = |row: &View<'r>| match row.len == longest || row.len + 1 == longest && row.ends_empty() {
        true => View { len: row.len - 1, ..*row },
        false => *row,
    };
    (most && rows.iter().filter(is_longest).all(View::ends_empty)).then(|| rows.iter().map(shorter).collect())
}
