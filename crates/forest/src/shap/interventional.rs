//! Interventional Shapley values: a row against each row of a background.
//!
//! A leaf is reached by a mixture of the row `x` and a background row `b` only if each column on its
//! path is satisfied by one of them at least. With `u` columns that only `x` satisfies and `w` that
//! only `b` does, the Shapley value of the leaf `v` is `v (u-1)! w! / (u+w)!` for each of the former
//! and `-v u! (w-1)! / (u+w)!` for each of the latter (Lundberg et al. 2020, algorithm 3). Which
//! columns a row satisfies are bits; background rows with the same bits are one, counted.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::block::{Block, ROWS};
use crate::error::ForestError;
use crate::params::DEEPEST;
use crate::tree::{Step, Tree};

/// `a! b! / (a + b + 1)!`, by `a` and `b`.
type Weights = Vec<Vec<f64>>;

struct Leaf {
    value: f64,
    /// The different columns on the path.
    features: Vec<usize>,
    /// Every split on the way: the bit of its column, and the test.
    tests: Vec<Test>,
    /// What background rows satisfy, as bits, and how many satisfy just that.
    background: Vec<(u64, f64)>,
}

#[derive(Clone, Copy)]
struct Test {
    bit: u64,
    step: Step,
    left: bool,
}

/// Mean over the trees and over the background of each column's share, for each row.
pub(super) fn explain(
    trees: &[Tree],
    features: usize,
    records: &ArrayView2<'_, f32>,
    background: &ArrayView2<'_, f32>,
) -> Result<Array2<f64>, ForestError> {
    let mut blocks = Vec::new();
    for first in (0..background.nrows()).step_by(ROWS) {
        let mut block = Block::new(features);
        let rows = block.fill(background, first)?;
        blocks.push((block, rows));
    }
    let per_tree: Vec<Vec<Leaf>> = trees.par_iter().map(|tree| leaves(tree, &blocks)).collect();
    let weights = weights();
    #[allow(clippy::cast_precision_loss, reason = "counts of rows and of trees")]
    let count = trees.len() as f64 * background.nrows() as f64;
    let mut phi = vec![0.0; records.nrows() * features];
    phi.par_chunks_mut(ROWS * features).enumerate().try_for_each(|(at, phi)| {
        let mut block = Block::new(features);
        block.fill(records, at * ROWS)?;
        for leaf in per_tree.iter().flatten() {
            for (row, phi) in phi.chunks_exact_mut(features).enumerate() {
                leaf.explain(leaf.satisfied(&block, row), &weights, phi);
            }
        }
        for phi in phi.iter_mut() {
            *phi /= count;
        }
        Ok::<(), ForestError>(())
    })?;
    let shape = (records.nrows(), features);
    Array2::from_shape_vec(shape, phi).map_err(|error| linfa::Error::from(error).into())
}

fn weights() -> Weights {
    let weight = |a: u32, b: u32| {
        // Grown factor by factor: the factorials alone would overflow.
        let whole = (1..=b).fold(1.0, |made, n| made * f64::from(n) / f64::from(a + n));
        whole / f64::from(a + b + 1)
    };
    (0..=DEEPEST).map(|a| (0..=DEEPEST).map(|b| weight(a, b)).collect()).collect()
}

fn leaves(tree: &Tree, background: &[(Block, usize)]) -> Vec<Leaf> {
    let mut found = Vec::new();
    let root = Leaf { value: 0.0, features: vec![], tests: vec![], background: vec![] };
    let mut waiting = vec![(0_usize, root)];
    while let Some((node, mut path)) = waiting.pop() {
        if tree.is_leaf(node) {
            path.value = tree.value[node];
            path.meet(background);
            found.push(path);
            continue;
        }
        let step = tree.steps[node];
        let feature = step.feature();
        let known = path.features.iter().position(|&one| one == feature);
        let place = known.unwrap_or(path.features.len());
        if known.is_none() {
            path.features.push(feature);
        }
        for (child, left) in [(0, true), (1, false)] {
            let mut tests = path.tests.clone();
            tests.push(Test { bit: 1 << place, step, left });
            let features = path.features.clone();
            let path = Leaf { value: 0.0, features, tests, background: vec![] };
            waiting.push((step.next() + child, path));
        }
    }
    found
}

impl Leaf {
    /// Bits of the columns at whose every split the row goes this leaf's way.
    fn satisfied(&self, block: &Block, row: usize) -> u64 {
        let mut failed = 0;
        for test in &self.tests {
            failed |= if block.goes_left(row, test.step) == test.left { 0 } else { test.bit };
        }
        !failed & self.all()
    }

    /// Bits of all columns on the path.
    fn all(&self) -> u64 {
        self.features.iter().enumerate().fold(0, |all, (place, _)| all | 1 << place)
    }

    fn meet(&mut self, blocks: &[(Block, usize)]) {
        let mut met: Vec<u64> = blocks
            .iter()
            .flat_map(|(block, rows)| (0..*rows).map(|row| self.satisfied(block, row)))
            .collect();
        met.sort_unstable();
        for bits in met {
            match self.background.last_mut() {
                Some((last, times)) if *last == bits => *times += 1.0,
                _ => self.background.push((bits, 1.0)),
            }
        }
    }

    /// Adds the row's shares, summed over the background.
    fn explain(&self, mine: u64, weights: &Weights, phi: &mut [f64]) {
        let all = self.all();
        for &(theirs, times) in &self.background {
            if mine | theirs != all || mine == theirs {
                continue;
            }
            let (only_mine, only_theirs) = (mine & !theirs, theirs & !mine);
            let (u, w) = (only_mine.count_ones() as usize, only_theirs.count_ones() as usize);
            let value = self.value * times;
            if u > 0 {
                self.add(only_mine, value * weights[u - 1][w], phi);
            }
            if w > 0 {
                self.add(only_theirs, -value * weights[u][w - 1], phi);
            }
        }
    }

    fn add(&self, mut bits: u64, share: f64, phi: &mut [f64]) {
        while bits != 0 {
            let place = bits.trailing_zeros() as usize;
            phi[self.features[place]] += share;
            bits &= bits - 1;
        }
    }
}
