//! Rows fall through the trees.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::block::{Block, ROWS};
use crate::error::ForestError;
use crate::top::TOP;
use crate::tree::{Step, Tree};

/// Rows that one thread takes at a time.
const SHARE: usize = ROWS * 32;

/// Rows that fall side by side, so that one's wait for memory is the other's work.
const LANES: usize = 16;

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

/// Adds what one tree says of each row of the block. Where the sizes are those of every day, they
/// are known here: then a place cut to so many bits needs no check.
fn add(tree: &Tree, block: &Block, sums: &mut [f64; ROWS]) {
    match (tree.steps.len(), block.ranks().len()) {
        (256, 4_096) => add_fixed::<256, 4_096>(tree, block, sums),
        (256, 16_384) => add_fixed::<256, 16_384>(tree, block, sums),
        (512, 4_096) => add_fixed::<512, 4_096>(tree, block, sums),
        (512, 16_384) => add_fixed::<512, 16_384>(tree, block, sums),
        _ => {
            let (steps, values, ranks) = (&tree.steps, &tree.value, block.ranks());
            descend(tree, block, sums, |at| steps[at], |at| ranks[at], |at| values[at]);
        }
    }
}

fn add_fixed<const N: usize, const R: usize>(tree: &Tree, block: &Block, sums: &mut [f64; ROWS]) {
    let (steps, values) = (tree.steps.first_chunk::<N>(), tree.value.first_chunk::<N>());
    let (Some(steps), Some(values)) = (steps, values) else { return };
    let Some(ranks) = block.ranks().first_chunk::<R>() else { return };
    descend(
        tree,
        block,
        sums,
        |at| steps[at & (N - 1)],
        |at| ranks[at & (R - 1)],
        |at| values[at & (N - 1)],
    );
}

#[inline(always)]
fn descend(
    tree: &Tree,
    block: &Block,
    sums: &mut [f64; ROWS],
    step_at: impl Fn(usize) -> Step,
    rank_at: impl Fn(usize) -> i32,
    value_at: impl Fn(usize) -> f64,
) {
    let starts = tree.top.side_by_side(block);
    for first in (0..ROWS).step_by(LANES) {
        let mut at = [0_usize; LANES];
        for (lane, at) in at.iter_mut().enumerate() {
            *at = usize::from(tree.top.starts[usize::from(starts[first + lane]) & 7]);
        }
        for _ in TOP..tree.levels {
            for (lane, at) in at.iter_mut().enumerate() {
                let step = step_at(*at);
                let rank = rank_at(step.column() * ROWS + first + lane);
                *at = step.next() + usize::from(rank > step.rank());
            }
        }
        for (lane, at) in at.into_iter().enumerate() {
            sums[first + lane] += value_at(at);
        }
    }
}
