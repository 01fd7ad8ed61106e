//! A table as comma-separated values (RFC 4180), written row by row.

use std::io::{self, Write};

/// A table that is being written.
pub(super) struct CsvTable<W: Write>(csv::Writer<W>);

impl<W: Write> CsvTable<W> {
    /// A table with these heads.
    pub(super) fn new<'a>(to: W, heads: impl IntoIterator<Item = &'a str>) -> io::Result<Self> {
        let mut table = Self(csv::Writer::from_writer(to));
        table.row(heads)?;
        Ok(table)
    }

    /// Adds a row, which has as many fields as there are heads.
    ///
    /// A text that spreadsheets would take for a formula gets an apostrophe in front, which they show as text
    /// (OWASP, CSV injection).
    pub(super) fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        for field in fields {
            match is_formula(field) {
                true => self.0.write_field(format!("'{field}"))?,
                false => self.0.write_field(field)?,
            }
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    /// Ends the table.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether a spreadsheet would compute it; numbers are what they are.
fn is_formula(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        let mut bytes = Vec::new();
        let mut table = CsvTable::new(&mut bytes, ["class", "value"]).expect("written");
        table.row(["=cmd|' /C calc'!A0", "-1.5"]).expect("written");
        table.row(["a=b", "-inf"]).expect("written");
        table.finish().expect("written");
        assert_eq!(bytes, b"class,value\n'=cmd|' /C calc'!A0,-1.5\na=b,-inf\n");
    }
}
