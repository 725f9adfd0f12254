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
    /// 64 values a column.
    ranks: Vec<i32>,
}

impl Block {
    pub(crate) fn new(features: usize) -> Self {
        Self { ranks: vec![0; (features * 2 * ROWS).next_power_of_two()] }
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
            for (pair, &value) in self.ranks.chunks_exact_mut(2 * ROWS).zip(record) {
                infinite |= value.is_infinite();
                let (rank, missing) = (rank(value), value.is_nan());
                pair[at] = if missing { i32::MIN } else { rank };
                pair[ROWS + at] = if missing { i32::MAX } else { rank };
            }
        }
        if infinite { Err(infinite_at(records, first)) } else { Ok(rows) }
    }

    /// All columns, one after the other.
    pub(crate) fn ranks(&self) -> &[i32] {
        &self.ranks
    }

    /// One column.
    pub(crate) fn column(&self, column: usize) -> Option<&[i32; ROWS]> {
        self.ranks.as_chunks().0.get(column)
    }

    /// Whether a row goes left at a step.
    pub(crate) fn goes_left(&self, row: usize, step: Step) -> bool {
        self.ranks[step.column() * ROWS + row] <= step.rank()
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
