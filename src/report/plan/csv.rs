//! An edge list: a connection a line, and a line with one node for each that has none.

use std::io::{self, Write};

use super::{PlanOutput, kind};
use crate::report::csv_table::CsvTable;

pub(super) fn write(plan: &PlanOutput<'_>, to: &mut dyn Write) -> io::Result<()> {
    let mut table = CsvTable::new(to, ["a", "b", "kind"])?;
    for (a, b, sort) in plan.edges() {
        let fields = [plan.name(a), plan.name(b), kind(sort)];
        table.row(fields.iter().map(String::as_str))?;
    }
    for node in (0..plan.overlay.nodes()).filter(|&node| plan.overlay.degree(node) == 0) {
        table.row([plan.name(node).as_str(), "", ""])?;
    }
    table.finish()
}
