//! Rows on their way through the trees.

use ndarray::ArrayView2;

use crate::error::ForestError;

/// Rows in a block: so many that their columns and a tree stay in a core's first cache.
pub(crate) const ROWS: usize = 64;

/// Up to 64 rows, column by column, without missing values: each feature has two columns, in the
/// first of which a missing value is minus infinity (it goes left at every threshold) and in the
/// second plus infinity (it goes right). A split names the one it means, and so costs nothing more.
pub(crate) struct Block {
    columns: Vec<[f32; ROWS]>,
}

impl Block {
    pub(crate) fn new(features: usize) -> Self {
        Self { columns: vec![[0.0; ROWS]; features * 2] }
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
            for (pair, &value) in self.columns.chunks_exact_mut(2).zip(record) {
                infinite |= value.is_infinite();
                if let [left, right] = pair {
                    left[at] = if value.is_nan() { f32::NEG_INFINITY } else { value };
                    right[at] = if value.is_nan() { f32::INFINITY } else { value };
                }
            }
        }
        if infinite { Err(infinite_at(records, first)) } else { Ok(rows) }
    }

    pub(crate) fn columns(&self) -> &[[f32; ROWS]] {
        &self.columns
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
