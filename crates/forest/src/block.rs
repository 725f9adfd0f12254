//! Rows on their way through the trees.

use ndarray::ArrayView2;

use crate::error::ForestError;
use crate::tree::{Step, rank};

/// Rows in a block: so many that their columns and a tree stay in a core's first cache.
pub(crate) const ROWS: usize = 64;

/// Up to 64 rows, column by column, as ranks and without missing values: each feature has two
/// columns, in the first of which a missing value is below everything (it goes left at every
/// threshold) and in the second above (it goes right). A split names the one it means, and so
/// missing values cost nothing on the way down.
pub(crate) struct Block {
    /// At least 256, so that a column's number of eight bits needs no check.
    columns: Vec<[u32; ROWS]>,
}

/// The least number of columns.
pub(crate) const LEAST_COLUMNS: usize = 256;

impl Block {
    pub(crate) fn new(features: usize) -> Self {
        Self { columns: vec![[0; ROWS]; (features * 2).max(LEAST_COLUMNS)] }
    }

    /// Takes the rows from `first` on, as many as there are up to 64. What is left of a block that
    /// is not full stays what it was: finite, and nobody's.
    pub(crate) fn fill(
        &mut self,
        records: &ArrayView2<'_, f32>,
        first: usize,
    ) -> Result<usize, ForestError> {
        let rows = ROWS.min(records.nrows().saturating_sub(first));
        let mut infinite = false;
        for at in 0..rows {
            let record = records.row(first + at);
            for ([low, high], &value) in self.columns.as_chunks_mut().0.iter_mut().zip(record) {
                infinite |= value.is_infinite();
                let (rank, missing) = (rank(value), value.is_nan());
                low[at] = if missing { u32::MIN } else { rank };
                high[at] = if missing { u32::MAX } else { rank };
            }
        }
        if infinite { Err(infinite_at(records, first)) } else { Ok(rows) }
    }

    pub(crate) fn columns(&self) -> &[[u32; ROWS]] {
        &self.columns
    }

    /// Whether a row goes left at a step.
    pub(crate) fn goes_left(&self, row: usize, step: Step) -> bool {
        self.columns[step.column()][row] <= step.rank
    }
}

/// The first infinite value from this row on.
#[cold]
fn infinite_at(records: &ArrayView2<'_, f32>, first: usize) -> ForestError {
    let mut values = records.indexed_iter();
    let found = values.find(|((row, _), value)| *row >= first && value.is_infinite());
    let ((row, column), _) = found.unwrap_or(((first, 0), &0.0));
    ForestError::Infinite { row, column }
}
