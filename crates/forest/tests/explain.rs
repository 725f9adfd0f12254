//! Attributions against Shapley's own definition, on trees small enough to go through all
//! coalitions, and their sum on any forest.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "tests, with small counts")]

use cstack_forest::{
    ForestError, ForestParams, IsolationForest, Measure, TreeArrays, expected_path,
};
use linfa::ParamGuard as _;
use ndarray::{Array2, ArrayView1, ArrayView2, array};
use proptest::prelude::*;

/// A tree as arrays, and what it says of a row of which only some columns are known.
#[derive(Debug, Default, Clone)]
struct Small {
    left: Vec<i32>,
    right: Vec<i32>,
    feature: Vec<i32>,
    threshold: Vec<f64>,
    n: Vec<u32>,
    missing: Vec<bool>,
}

impl Small {
    /// A tree on so many rows; `choices` decide its shape.
    fn grow(&mut self, rows: u32, depth: u32, features: i32, choices: &mut impl FnMut() -> u32) {
        let here = self.left.len();
        self.left.push(-1);
        self.right.push(-1);
        self.feature.push(-1);
        self.threshold.push(0.0);
        self.n.push(rows);
        self.missing.push(false);
        if rows < 2 || depth == 0 || choices().is_multiple_of(7) {
            return;
        }
        self.feature[here] = i32::try_from(choices()).unwrap_or(0).rem_euclid(features);
        self.threshold[here] = f64::from(choices() % 9) - 4.0;
        self.missing[here] = choices().is_multiple_of(2);
        let on_left = 1 + choices() % (rows - 1);
        self.left[here] = i32::try_from(self.left.len()).unwrap();
        self.grow(on_left, depth - 1, features, choices);
        self.right[here] = i32::try_from(self.left.len()).unwrap();
        self.grow(rows - on_left, depth - 1, features, choices);
    }

    fn arrays(&self) -> TreeArrays<'_> {
        TreeArrays {
            left: &self.left,
            right: &self.right,
            feature: &self.feature,
            threshold: &self.threshold,
            n: &self.n,
            missing_go_to_left: &self.missing,
        }
    }

    fn goes_left(&self, node: usize, row: ArrayView1<'_, f32>) -> bool {
        let value = row[usize::try_from(self.feature[node]).unwrap()];
        if value.is_nan() { self.missing[node] } else { f64::from(value) <= self.threshold[node] }
    }

    /// Mean leaf where the columns outside `known` are not known: by cover, or with a second row's.
    fn value<'a>(
        &self,
        node: usize,
        depth: u32,
        known: usize,
        row: ArrayView1<'a, f32>,
        other: Option<ArrayView1<'a, f32>>,
    ) -> f64 {
        let (Ok(left), Ok(right)) =
            (usize::try_from(self.left[node]), usize::try_from(self.right[node]))
        else {
            return f64::from(depth) + expected_path(self.n[node]);
        };
        let of = |child| self.value(child, depth + 1, known, row, other);
        let follow = |row| if self.goes_left(node, row) { of(left) } else { of(right) };
        if known >> self.feature[node] & 1 == 1 {
            return follow(row);
        }
        if let Some(other) = other {
            return follow(other);
        }
        let share = |child: usize| f64::from(self.n[child]) / f64::from(self.n[node]);
        share(left) * of(left) + share(right) * of(right)
    }
}

/// Shapley's definition: over all coalitions without the player, weighed by size.
fn shapley(players: usize, worth: impl Fn(usize) -> f64) -> Vec<f64> {
    let factorial = |n: usize| (1..=n).map(|n| n as f64).product::<f64>();
    (0..players)
        .map(|player| {
            let without = (0..1_usize << players).filter(|coalition| coalition >> player & 1 == 0);
            let shares = without.map(|coalition| {
                let size = coalition.count_ones() as usize;
                let weight = factorial(size) * factorial(players - size - 1) / factorial(players);
                weight * (worth(coalition | 1 << player) - worth(coalition))
            });
            shares.sum()
        })
        .collect()
}

const FEATURES: usize = 5;

fn small_forests() -> impl Strategy<Value = Vec<Small>> {
    let tree = prop::collection::vec(any::<u32>(), 300).prop_map(|choices| {
        let mut drawn = choices.into_iter();
        let mut tree = Small::default();
        let features = i32::try_from(FEATURES).unwrap();
        tree.grow(60, 7, features, &mut || drawn.next().unwrap_or(7) >> 1);
        tree
    });
    prop::collection::vec(tree, 1..4)
}

fn rows(count: usize) -> impl Strategy<Value = Array2<f32>> {
    let value =
        prop_oneof![8 => (-50_i16..50).prop_map(|v| f32::from(v) / 10.0), 1 => Just(f32::NAN)];
    prop::collection::vec(value, count * FEATURES)
        .prop_map(move |values| Array2::from_shape_vec((count, FEATURES), values).unwrap())
}

fn forest(trees: &[Small]) -> IsolationForest {
    let arrays: Vec<_> = trees.iter().map(Small::arrays).collect();
    IsolationForest::from_trees(FEATURES, 60, 0.5, &arrays).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn path_dependent_attributions_are_shapley_values(trees in small_forests(), rows in rows(6)) {
        let explained = forest(&trees).explain(&rows.view()).unwrap();
        for (row, phi) in rows.outer_iter().zip(explained.phi.outer_iter()) {
            let expected = shapley(FEATURES, |known| {
                let worth = trees.iter().map(|tree| tree.value(0, 0, known, row, None));
                worth.sum::<f64>() / trees.len() as f64
            });
            for (found, expected) in phi.iter().zip(expected) {
                prop_assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
            }
        }
    }

    #[test]
    fn interventional_attributions_are_shapley_values(
        trees in small_forests(),
        rows in rows(3),
        background in rows(7),
    ) {
        let forest = forest(&trees);
        let explained = forest.explain_against(&rows.view(), &background.view()).unwrap();
        for (row, phi) in rows.outer_iter().zip(explained.phi.outer_iter()) {
            let expected = shapley(FEATURES, |known| {
                let worth = background.outer_iter().flat_map(|other| {
                    trees.iter().map(move |tree| tree.value(0, 0, known, row, Some(other)))
                });
                worth.sum::<f64>() / (trees.len() * background.nrows()) as f64
            });
            for (found, expected) in phi.iter().zip(expected) {
                prop_assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
            }
        }
    }

    #[test]
    fn base_and_attributions_sum_to_the_mean_path_length(
        seed in any::<u64>(),
        columns in 1_usize..40,
        depth in prop::option::of(1_u32..64),
        subsample in 2_u32..400,
        density in any::<bool>(),
    ) {
        let measure = if density { Measure::Density } else { Measure::Depth };
        let rows = noise(300, columns, seed);
        let params = ForestParams::new().trees(7).seed(seed).max_depth(depth).measure(measure);
        let params = params.subsample(subsample).check().unwrap();
        let forest = IsolationForest::fit(&params, &rows.view()).unwrap();
        let some = first(&rows, 21);
        let lengths = forest.path_lengths(&some).unwrap();
        let explained = forest.explain(&some).unwrap();
        let against = forest.explain_against(&some, &first(&rows, 90)).unwrap();
        for one in [explained, against] {
            for (phi, length) in one.phi.outer_iter().zip(&lengths) {
                let gap = (one.base + phi.sum() - length).abs();
                prop_assert!(gap < 1e-9, "{gap}");
            }
        }
    }
}

/// Values with duplicates and gaps, from the seed.
fn noise(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut state = seed | 1;
    Array2::from_shape_simple_fn((rows, columns), || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = (state >> 40) as f32 / 65_536.0;
        if drawn < 20.0 { f32::NAN } else { (drawn - 128.0).round() / 8.0 }
    })
}

fn first(rows: &Array2<f32>, count: usize) -> ArrayView2<'_, f32> {
    rows.slice_axis(ndarray::Axis(0), ndarray::Slice::from(..count))
}

#[test]
fn what_a_row_is_told_does_not_depend_on_the_rows_beside_it() {
    let rows = noise(200, 9, 5);
    let params = ForestParams::new().trees(20).check().unwrap();
    let forest = IsolationForest::fit(&params, &rows.view()).unwrap();
    let together = forest.explain(&rows.view()).unwrap();
    let scores = forest.scores(&rows.view()).unwrap();
    for (at, row) in rows.outer_iter().enumerate() {
        let alone = row.insert_axis(ndarray::Axis(0));
        assert_eq!(forest.explain(&alone).unwrap().phi.row(0), together.phi.row(at));
        assert_eq!(forest.scores(&alone).unwrap()[0].to_bits(), scores[at].to_bits());
    }
}

#[test]
fn a_background_without_rows_is_an_error() {
    let rows = array![[1.0_f32], [2.0], [3.0]];
    let params = ForestParams::new().trees(3).check().unwrap();
    let forest = IsolationForest::fit(&params, &rows.view()).unwrap();
    let none = Array2::<f32>::zeros((0, 1));
    let refused = forest.explain_against(&rows.view(), &none.view());
    assert_eq!(refused, Err(ForestError::Empty { rows: 0, columns: 1 }));
}
