//! Rows fall through the trees.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::block::{Block, LEAST_COLUMNS, ROWS};
use crate::error::ForestError;
use crate::top::TOP;
use crate::tree::{Step, Tree};

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

/// Adds what one tree says of each row of the block. Where the sizes are those of every day they are
/// known here, and then a number cut to so many bits needs no check.
fn add(tree: &Tree, block: &Block, sums: &mut [f64; ROWS]) {
    match (tree.steps.len(), block.columns().len()) {
        (256, LEAST_COLUMNS) => add_fixed::<256>(tree, block, sums),
        (512, LEAST_COLUMNS) => add_fixed::<512>(tree, block, sums),
        _ => {
            let (steps, values) = (&tree.steps, &tree.value);
            let columns = block.columns();
            let column = |step: Step| &columns[step.column()];
            descend(tree, block, sums, |at| steps[at], column, |at| values[at]);
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "there are 256 columns")]
fn add_fixed<const N: usize>(tree: &Tree, block: &Block, sums: &mut [f64; ROWS]) {
    let (steps, values) = (tree.steps.first_chunk::<N>(), tree.value.first_chunk::<N>());
    let columns = block.columns().first_chunk::<LEAST_COLUMNS>();
    let (Some(steps), Some(values), Some(columns)) = (steps, values, columns) else { return };
    let step = |at: usize| steps[at & (N - 1)];
    let column = |step: Step| &columns[usize::from(step.column as u8)];
    descend(tree, block, sums, step, column, |at| values[at & (N - 1)]);
}

#[allow(clippy::inline_always, reason = "its three small functions must become part of the loop")]
#[inline(always)]
fn descend<'a>(
    tree: &Tree,
    block: &Block,
    sums: &mut [f64; ROWS],
    step_at: impl Fn(usize) -> Step,
    column_of: impl Fn(Step) -> &'a [u32; ROWS],
    value_at: impl Fn(usize) -> f64,
) {
    let starts = tree.top.side_by_side(block);
    let (groups, sums) = (starts.as_chunks::<LANES>().0, sums.as_chunks_mut::<LANES>().0);
    for (group, (starts, sums)) in groups.iter().zip(sums).enumerate().take(ROWS / LANES) {
        let mut at = starts.map(|way| usize::from(tree.top.starts[usize::from(way & 7)]));
        for _ in TOP..tree.levels {
            for (lane, at) in at.iter_mut().enumerate() {
                let step = step_at(*at);
                let rank = column_of(step).as_chunks::<LANES>().0[group & (ROWS / LANES - 1)][lane];
                *at = step.next() + usize::from(rank > step.rank);
            }
        }
        for (sum, at) in sums.iter_mut().zip(at) {
            *sum += value_at(at);
        }
    }
}
