//! Path-dependent Shapley values in time linear in the nodes.
//!
//! For a leaf of value `v` with the columns `F` on its path, let `o_j` be 1 if the row goes the
//! leaf's way at every split on `j` and 0 otherwise, and `z_j` the share of training rows that did.
//! The Shapley value of column `i` is the sum over the leaves of
//!
//! ```text
//! v (o_i - z_i) * integral from 0 to 1 of  product over j in F without i of (t o_j + (1-t) z_j)  dt
//! ```
//!
//! a polynomial of degree `|F| - 1` in `t`, so that `Q >= |F| / 2` Gauss-Legendre points give the
//! integral exactly. With `f_j = t o_j + (1-t) z_j`, which is never 0 inside the interval, the
//! summand is `v w (product of all f_j) (o_i - z_i) / f_i` at each point. So every node needs three
//! things only, at all points side by side:
//!
//! 1. on the way down, the product of `f_j` so far: each edge multiplies it by its own factor over
//!    that of the last edge on the same column, which it replaces;
//! 2. on the way up, the sum of those products over the leaves below;
//! 3. at each edge, that sum times the change in `(o_i - z_i) / f_i` that the edge brings.
//!
//! What an edge contributes depends on the row only through whether the row is still on the way as
//! far as this column goes, and to which side it falls: three cases, worked out once per tree. Where
//! the row has left the way at an earlier split on the column, the change is 0.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::quadrature::legendre;
use crate::block::{Block, ROWS};
use crate::error::ForestError;
use crate::tree::Tree;

/// Values for the left and for the right child, at all points.
type Pair<const Q: usize> = [[f64; Q]; 2];

/// The row has left the way at an earlier split on the same column.
const LOST: u8 = 0;
/// The row is on the way and falls left.
const LEFT: u8 = 1;
/// The row is on the way and falls right.
const RIGHT: u8 = 2;

struct Split<const Q: usize> {
    /// By case: what the product so far is multiplied by on the way to each child. A leaf's value
    /// and the points' weights are in it.
    factor: [Pair<Q>; 3],
    /// By case: what the sum below each child is multiplied by to give the column's share.
    change: [Pair<Q>; 3],
    threshold: f32,
    column: u16,
    node: u16,
    /// The left child; the right one is next to it.
    next: u16,
    /// The child under the last split on the same column above, which this split's children
    /// replace; the root if there is none.
    replaced: u16,
}

/// One tree's splits, breadth first.
struct Paths<const Q: usize> {
    splits: Vec<Split<Q>>,
    nodes: usize,
}

/// Mean over the trees of each column's share, for each row.
pub(super) fn explain(
    trees: &[Tree],
    features: usize,
    records: &ArrayView2<'_, f32>,
) -> Result<Array2<f64>, ForestError> {
    match trees.iter().map(most_columns).max().unwrap_or_default() {
        0..=4 => explain_at::<2>(trees, features, records),
        5..=8 => explain_at::<4>(trees, features, records),
        9..=16 => explain_at::<8>(trees, features, records),
        17..=32 => explain_at::<16>(trees, features, records),
        _ => explain_at::<32>(trees, features, records),
    }
}

fn explain_at<const Q: usize>(
    trees: &[Tree],
    features: usize,
    records: &ArrayView2<'_, f32>,
) -> Result<Array2<f64>, ForestError> {
    let (points, weights) = legendre::<Q>();
    let forest: Vec<Paths<Q>> =
        trees.par_iter().map(|tree| Paths::new(tree, &points, &weights)).collect();
    #[allow(clippy::cast_precision_loss, reason = "at most 100,000 trees")]
    let count = trees.len() as f64;
    let mut phi = vec![0.0; records.nrows() * features];
    phi.par_chunks_mut(ROWS * features).enumerate().try_for_each(|(at, phi)| {
        let mut block = Block::new(features);
        let rows = block.fill(records, at * ROWS)?;
        let mut shares = vec![[0.0; Q]; rows * features];
        let mut way = Way::new(&forest);
        for paths in &forest {
            for (row, shares) in shares.chunks_exact_mut(features).enumerate() {
                paths.explain(&block, row, shares, &mut way);
            }
        }
        for (phi, shares) in phi.iter_mut().zip(&shares) {
            *phi = shares.iter().sum::<f64>() / count;
        }
        Ok::<(), ForestError>(())
    })?;
    let shape = (records.nrows(), features);
    Array2::from_shape_vec(shape, phi).map_err(|error| linfa::Error::from(error).into())
}

/// One row's way through one tree.
struct Way<const Q: usize> {
    /// By node: the product so far on the way down, the sum below on the way up.
    products: Vec<[f64; Q]>,
    /// By node: whether the row is on the way as far as the column of the split above goes.
    kept: Vec<bool>,
    /// By split.
    cases: Vec<u8>,
}

impl<const Q: usize> Way<Q> {
    fn new(forest: &[Paths<Q>]) -> Self {
        let nodes = forest.iter().map(|paths| paths.nodes).max().unwrap_or_default();
        Self { products: vec![[1.0; Q]; nodes], kept: vec![true; nodes], cases: vec![0; nodes] }
    }
}

impl<const Q: usize> Paths<Q> {
    fn new(tree: &Tree, points: &[f64; Q], weights: &[f64; Q]) -> Self {
        let replaced = replaced(tree);
        // By node: the share of training rows that went its way at all splits on its column so far.
        let mut share = vec![1.0; tree.steps.len()];
        let mut splits = Vec::with_capacity(tree.steps.len() / 2);
        for (node, step) in tree.steps.iter().enumerate().filter(|&(at, _)| !tree.is_leaf(at)) {
            let last = share[usize::from(replaced[node])];
            let mut split = Split {
                factor: [[[0.0; Q]; 2]; 3],
                change: [[[0.0; Q]; 2]; 3],
                threshold: step.threshold,
                column: step.column,
                node: u16::try_from(node).unwrap_or(u16::MAX),
                next: step.next,
                replaced: replaced[node],
            };
            for side in 0..2 {
                let child = usize::from(step.next) + side;
                let part = f64::from(tree.cover[child]) / f64::from(tree.cover[node]);
                let z = last * part;
                share[child] = z;
                let (mine, other) = if side == 0 { (LEFT, RIGHT) } else { (RIGHT, LEFT) };
                for point in 0..Q {
                    let t = points[point];
                    let leaf =
                        if tree.is_leaf(child) { tree.value[child] * weights[point] } else { 1.0 };
                    // With o = 1 and o = 0; the edge that is replaced has o = 1 unless it is lost.
                    let (on, off) = (t + (1.0 - t) * z, (1.0 - t) * z);
                    let before = t + (1.0 - t) * last;
                    let gain = (1.0 - last) / before;
                    split.factor[usize::from(LOST)][side][point] = leaf * part;
                    split.factor[usize::from(mine)][side][point] = leaf * on / before;
                    split.factor[usize::from(other)][side][point] = leaf * off / before;
                    split.change[usize::from(mine)][side][point] = (1.0 - z) / on - gain;
                    split.change[usize::from(other)][side][point] = -1.0 / (1.0 - t) - gain;
                }
            }
            splits.push(split);
        }
        Self { splits, nodes: tree.steps.len() }
    }

    /// Adds one row's shares, at each point.
    fn explain(&self, block: &Block, row: usize, shares: &mut [[f64; Q]], way: &mut Way<Q>) {
        let Way { products, kept, cases } = way;
        products[0] = [1.0; Q];
        for (split, case) in self.splits.iter().zip(cases.iter_mut()) {
            let left = block.columns()[usize::from(split.column)][row] <= split.threshold;
            let still = kept[usize::from(split.replaced)];
            *case = u8::from(still) * if left { LEFT } else { RIGHT };
            let next = usize::from(split.next);
            kept[next] = still && left;
            kept[next + 1] = still && !left;
            let above = products[usize::from(split.node)];
            let [to_left, to_right] = &split.factor[usize::from(*case)];
            products[next] = times(&above, to_left);
            products[next + 1] = times(&above, to_right);
        }
        for (split, &case) in self.splits.iter().zip(cases.iter()).rev() {
            let next = usize::from(split.next);
            let (left, right) = (products[next], products[next + 1]);
            let [of_left, of_right] = &split.change[usize::from(case)];
            let share = &mut shares[usize::from(split.column / 2)];
            let below = &mut products[usize::from(split.node)];
            for point in 0..Q {
                share[point] += left[point] * of_left[point] + right[point] * of_right[point];
                below[point] = left[point] + right[point];
            }
        }
    }
}

fn times<const Q: usize>(left: &[f64; Q], right: &[f64; Q]) -> [f64; Q] {
    std::array::from_fn(|point| left[point] * right[point])
}

/// For each split, the node under the last split on the same column above it; the root if none.
fn replaced(tree: &Tree) -> Vec<u16> {
    let mut parent = vec![0_u16; tree.steps.len()];
    let mut replaced = vec![0_u16; tree.steps.len()];
    for (node, step) in tree.steps.iter().enumerate().filter(|&(at, _)| !tree.is_leaf(at)) {
        let number = u16::try_from(node).unwrap_or(u16::MAX);
        parent[usize::from(step.next)] = number;
        parent[usize::from(step.next) + 1] = number;
        let mut above = number;
        while above != 0 {
            let over = parent[usize::from(above)];
            if tree.steps[usize::from(over)].column / 2 == step.column / 2 {
                break;
            }
            above = over;
        }
        replaced[node] = above;
    }
    replaced
}

/// The most different columns on a path.
fn most_columns(tree: &Tree) -> u32 {
    let replaced = replaced(tree);
    let mut columns = vec![0_u32; tree.steps.len()];
    for (node, step) in tree.steps.iter().enumerate().filter(|&(at, _)| !tree.is_leaf(at)) {
        let here = columns[node] + u32::from(replaced[node] == 0);
        columns[usize::from(step.next)] = here;
        columns[usize::from(step.next) + 1] = here;
    }
    columns.into_iter().max().unwrap_or_default()
}
