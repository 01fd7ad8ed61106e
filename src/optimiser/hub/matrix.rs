//! A table of figures for each pair of a client and a site.

use super::answer::HubError;

/// The distance of a pair that cannot be connected.
pub const UNREACHABLE: u32 = u32::MAX;

/// A matrix in one array, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    values: Vec<T>,
}

impl<T: Copy> Matrix<T> {
    /// A matrix from its rows, one after the other.
    ///
    /// # Errors
    ///
    /// If there is no row or no column, more than 2^31 of either, or another number of values than `rows * columns`.
    pub fn new(rows: usize, columns: usize, values: Vec<T>) -> Result<Self, HubError> {
        if rows == 0 || columns == 0 || rows.max(columns) > 1 << 31 {
            return Err(HubError::Shape { what: "rows or columns", found: rows.min(columns), needed: 1 });
        }
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(HubError::Shape { what: "values", found: values.len(), needed: rows.saturating_mul(columns) });
        }
        Ok(Self { rows, columns, values })
    }

    /// How many rows: clients.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns: sites.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The figures of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// The figure of a pair.
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> T {
        debug_assert!(column < self.columns);
        self.values[row * self.columns + column]
    }

    /// All figures, row by row.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }
}
