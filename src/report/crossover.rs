//! At how many peers one topology overtakes another: what closed forms say, what paired simulations show, and between
//! which populations the crossover lies.
//!
//! `search.rs` chooses the populations to measure, `evidence.rs` says of each which topology is shown to be better;
//! neither knows of simulations, so tests give them functions whose crossover is known. `observed.rs` reads replications,
//! `closed_form.rs` asks the bounds, `sheet.rs` puts all of it together, `text.rs` and `csv.rs` write it.

mod closed_form;
#[cfg(test)]
mod coverage;
mod csv;
mod evidence;
mod observed;
mod search;
mod sheet;
mod text;
mod words;

pub use closed_form::{ClosedForm, closed_forms};
pub use csv::crossover_csv;
pub use evidence::{Evidence, Lead, Load, Paired, Side};
pub use observed::{default_metric, observed};
pub use search::{Crossing, Found, Plan, Point, search};
pub use sheet::{CrossoverSheet, PointRow, SideRow, Subject};
pub use text::render;
