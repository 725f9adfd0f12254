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
use crate::tree::{Step, Tree};

/// Values for the left and for the right child, at all points.
type Pair<const Q: usize> = [[f64; Q]; 2];

/// The row has left the way at an earlier split on the same column.
const LOST: u8 = 0;
/// The row is on the way and falls left.
const LEFT: u8 = 1;
/// The row is on the way and falls right.
const RIGHT: u8 = 2;

/// Bytes that the splits of a batch of trees may take.
const MOST_MEMORY: usize = 32 << 20;

/// Rows that are explained side by side, so that reading a split is shared among them.
const LANES: usize = 4;

struct Split<const Q: usize> {
    /// By case: what the product so far is multiplied by on the way to each child. A leaf's value
    /// and the points' weights are in it.
    factor: [Pair<Q>; 3],
    /// By case: what the sum below each child is multiplied by to give the column's share.
    change: [Pair<Q>; 3],
    step: Step,
    node: u16,
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
    #[allow(clippy::cast_precision_loss, reason = "at most 100,000 trees")]
    let count = trees.len() as f64;
    let mut phi = vec![0.0; records.nrows() * features];
    for trees in batches::<Q>(trees) {
        let forest: Vec<Paths<Q>> =
            trees.par_iter().map(|tree| Paths::new(tree, &points, &weights)).collect();
        phi.par_chunks_mut(ROWS * features).enumerate().try_for_each(|(at, phi)| {
            let mut block = Block::new(features);
            let rows = block.fill(records, at * ROWS)?;
            let mut shares = vec![[[0.0; Q]; LANES]; rows.div_ceil(LANES) * features];
            let mut way = Way::new(&forest);
            for paths in &forest {
                for (group, shares) in shares.chunks_exact_mut(features).enumerate() {
                    paths.explain(&block, group * LANES, shares, &mut way);
                }
            }
            for (row, phi) in phi.chunks_exact_mut(features).enumerate() {
                let shares = shares.chunks_exact(features).nth(row / LANES).unwrap_or_default();
                for (phi, shares) in phi.iter_mut().zip(shares) {
                    *phi += shares[row % LANES].iter().sum::<f64>() / count;
                }
            }
            Ok::<(), ForestError>(())
        })?;
    }
    let shape = (records.nrows(), features);
    Array2::from_shape_vec(shape, phi).map_err(|error| linfa::Error::from(error).into())
}

/// As many trees at a time as have room for what is worked out of them; mostly all.
fn batches<const Q: usize>(mut trees: &[Tree]) -> impl Iterator<Item = &[Tree]> {
    let room = MOST_MEMORY / size_of::<Split<Q>>();
    std::iter::from_fn(move || {
        let mut splits = 0;
        let fitting = trees.iter().take_while(|tree| {
            splits += tree.cover.len() / 2;
            splits <= room
        });
        let (batch, rest) = trees.split_at(fitting.count().max(1).min(trees.len()));
        trees = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

/// What a few rows have at one node, at all points.
type Lanes<const Q: usize> = [[f64; Q]; LANES];

/// A few rows' way through one tree.
struct Way<const Q: usize> {
    /// By node: the product so far on the way down, the sum below on the way up.
    products: Vec<Lanes<Q>>,
    /// By node, a bit a row: whether it is on the way as far as the column of the split above goes.
    kept: Vec<u8>,
    /// By split.
    cases: Vec<[u8; LANES]>,
}

impl<const Q: usize> Way<Q> {
    fn new(forest: &[Paths<Q>]) -> Self {
        let nodes = forest.iter().map(|paths| paths.nodes).max().unwrap_or_default();
        Self {
            products: vec![[[1.0; Q]; LANES]; nodes],
            kept: vec![u8::MAX; nodes],
            cases: vec![[LOST; LANES]; nodes],
        }
    }
}

impl<const Q: usize> Paths<Q> {
    fn new(tree: &Tree, points: &[f64; Q], weights: &[f64; Q]) -> Self {
        let replaced = replaced(tree);
        // By node: the share of training rows that went its way at all splits on its column so far.
        let mut share = vec![1.0; tree.cover.len()];
        let mut splits = Vec::with_capacity(tree.cover.len() / 2);
        for (node, step) in tree.splits() {
            let last = share[usize::from(replaced[node])];
            let mut split = Split {
                factor: [[[0.0; Q]; 2]; 3],
                change: [[[0.0; Q]; 2]; 3],
                step,
                node: u16::try_from(node).unwrap_or(u16::MAX),
                replaced: replaced[node],
            };
            for side in 0..2 {
                let child = step.next() + side;
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
        Self { splits, nodes: tree.cover.len() }
    }

    /// Adds the shares of a few rows from `first` on, at each point.
    fn explain(&self, block: &Block, first: usize, shares: &mut [Lanes<Q>], way: &mut Way<Q>) {
        let Way { products, kept, cases } = way;
        products[0] = [[1.0; Q]; LANES];
        for (split, cases) in self.splits.iter().zip(cases.iter_mut()) {
            let ranks = &block.columns()[split.step.column()][first..][..LANES];
            let still = kept[usize::from(split.replaced)];
            let (above, left, right) = family(products, split);
            let mut goes_left = 0;
            for (lane, rank) in ranks.iter().enumerate() {
                goes_left |= u8::from(*rank <= split.step.rank) << lane;
            }
            let (on_left, on_right) = (still & goes_left, still & !goes_left);
            for lane in 0..LANES {
                // LOST, LEFT or RIGHT, without a branch that no one can foretell.
                let case = (on_left >> lane & 1) * LEFT + (on_right >> lane & 1) * RIGHT;
                cases[lane] = case;
                let [to_left, to_right] = &split.factor[usize::from(case)];
                left[lane] = times(&above[lane], to_left);
                right[lane] = times(&above[lane], to_right);
            }
            let next = split.step.next();
            kept[next] = on_left;
            kept[next + 1] = on_right;
        }
        for (split, cases) in self.splits.iter().zip(cases.iter()).rev() {
            let share = &mut shares[split.step.feature()];
            let (below, left, right) = family(products, split);
            for lane in 0..LANES {
                let [of_left, of_right] = &split.change[usize::from(cases[lane])];
                // Whole arrays at a time: what is stored in halves is slow to load as one.
                let (left, right) = (left[lane], right[lane]);
                let gained = plus(&times(&left, of_left), &times(&right, of_right));
                share[lane] = plus(&share[lane], &gained);
                below[lane] = plus(&left, &right);
            }
        }
    }
}

/// A split's own entry and those of its children, which always come later.
fn family<'a, const Q: usize>(
    products: &'a mut [Lanes<Q>],
    split: &Split<Q>,
) -> (&'a mut Lanes<Q>, &'a mut Lanes<Q>, &'a mut Lanes<Q>) {
    let (upper, lower) = products.split_at_mut(split.step.next());
    let (left, right) = lower.split_at_mut(1);
    (&mut upper[usize::from(split.node)], &mut left[0], &mut right[0])
}

fn times<const Q: usize>(left: &[f64; Q], right: &[f64; Q]) -> [f64; Q] {
    std::array::from_fn(|point| left[point] * right[point])
}

fn plus<const Q: usize>(left: &[f64; Q], right: &[f64; Q]) -> [f64; Q] {
    std::array::from_fn(|point| left[point] + right[point])
}

/// For each split, the node under the last split on the same column above it; the root if none.
fn replaced(tree: &Tree) -> Vec<u16> {
    let mut parent = vec![0_u16; tree.cover.len()];
    let mut replaced = vec![0_u16; tree.cover.len()];
    for (node, step) in tree.splits() {
        let number = u16::try_from(node).unwrap_or(u16::MAX);
        parent[step.next()] = number;
        parent[step.next() + 1] = number;
        let mut above = number;
        while above != 0 {
            let over = parent[usize::from(above)];
            if tree.steps[usize::from(over)].feature() == step.feature() {
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
    let mut columns = vec![0_u32; tree.cover.len()];
    for (node, step) in tree.splits() {
        let here = columns[node] + u32::from(replaced[node] == 0);
        columns[step.next()] = here;
        columns[step.next() + 1] = here;
    }
    columns.into_iter().max().unwrap_or_default()
}
