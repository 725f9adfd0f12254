//! Rows fall through the trees.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::block::{Block, ROWS};
use crate::error::ForestError;
use crate::tree::Tree;

/// Rows that one thread takes at a time.
const SHARE: usize = ROWS * 32;

/// Rows that fall side by side, so that one's wait for memory is the other's work.
const LANES: usize = 8;

/// Mean over the trees of what the leaf says, for each row: `finish` makes the result of it.
pub(crate) fn fall(
    trees: &[Tree],
    features: usize,
    records: &ArrayView2<'_, f32>,
    results: &mut [f64],
    finish: impl Fn(f64) -> f64 + Sync,
) -> Result<(), ForestError> {
    #[allow(clippy::cast_precision_loss, reason = "at most 100,000 trees")]
    let count = trees.len() as f64;
    results.par_chunks_mut(SHARE).enumerate().try_for_each(|(share, results)| {
        let mut block = Block::new(features);
        for (at, results) in results.chunks_mut(ROWS).enumerate() {
            block.fill(records, share * SHARE + at * ROWS)?;
            let mut sums = [0.0; ROWS];
            for tree in trees {
                add(tree, &block, &mut sums);
            }
            for (result, sum) in results.iter_mut().zip(sums) {
                *result = finish(sum / count);
            }
        }
        Ok(())
    })
}

/// Adds what one tree says of each row of the block.
fn add(tree: &Tree, block: &Block, sums: &mut [f64; ROWS]) {
    let (steps, columns) = (tree.steps.as_slice(), block.columns());
    for first in (0..ROWS).step_by(LANES) {
        let mut at = [0_usize; LANES];
        for _ in 0..tree.levels {
            for (lane, at) in at.iter_mut().enumerate() {
                let step = steps[*at];
                let value = columns[usize::from(step.column)][first + lane];
                *at = usize::from(step.next) + usize::from(value > step.threshold);
            }
        }
        for (lane, at) in at.into_iter().enumerate() {
            sums[first + lane] += tree.value[at];
        }
    }
}
