//! What scikit-learn and shap say of given trees, to 1e-9.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use cstack_forest::{IsolationForest, TreeArrays, expected_path};
use ndarray::{Array2, ArrayView2};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    params: Params,
    x_train: Vec<Vec<f32>>,
    x_test: Vec<Vec<f32>>,
    trees: Vec<Given>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Params {
    max_samples: u32,
    n_features: usize,
    c_psi: f64,
    offset: f64,
}

#[derive(Deserialize)]
struct Given {
    left: Vec<i32>,
    right: Vec<i32>,
    feature: Vec<i32>,
    threshold: Vec<Option<f64>>,
    n: Vec<u32>,
    missing_go_to_left: Vec<u8>,
}

#[derive(Deserialize)]
struct Expected {
    mean_path_length: Vec<f64>,
    anomaly_score: Vec<f64>,
    predict: Vec<i32>,
    train_score_samples_first20: Vec<f64>,
    shap_base_value: f64,
    shap_path_dependent: Vec<Vec<f64>>,
    interventional_background_rows: Option<usize>,
    interventional_base_value: Option<f64>,
    shap_interventional: Option<Vec<Vec<f64>>>,
}

impl Case {
    fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap()
    }

    fn both() -> [Self; 2] {
        [
            Self::read(include_str!("data/small.json")),
            Self::read(include_str!("data/tiny_dups.json")),
        ]
    }

    fn forest(&self) -> IsolationForest {
        let rest: Vec<(Vec<f64>, Vec<bool>)> = self
            .trees
            .iter()
            .map(|tree| {
                let thresholds = tree.threshold.iter().map(|t| t.unwrap_or_default()).collect();
                (thresholds, tree.missing_go_to_left.iter().map(|&left| left == 1).collect())
            })
            .collect();
        let arrays: Vec<TreeArrays<'_>> = self
            .trees
            .iter()
            .zip(&rest)
            .map(|(tree, (threshold, missing_go_to_left))| TreeArrays {
                left: &tree.left,
                right: &tree.right,
                feature: &tree.feature,
                threshold,
                n: &tree.n,
                missing_go_to_left,
            })
            .collect();
        let Params { n_features, max_samples, offset, .. } = self.params;
        IsolationForest::from_trees(n_features, max_samples, -offset, &arrays).unwrap()
    }
}

fn matrix<T: Copy>(rows: &[Vec<T>]) -> Array2<T> {
    let columns = rows[0].len();
    Array2::from_shape_vec((rows.len(), columns), rows.concat()).unwrap()
}

fn furthest<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
) -> f64 {
    found.into_iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn scores_and_decisions_are_those_of_scikit_learn() {
    for case in Case::both() {
        let (forest, rows) = (case.forest(), matrix(&case.x_test));
        assert!((expected_path(case.params.max_samples) - case.params.c_psi).abs() < 1e-12);
        let lengths = forest.path_lengths(&rows.view()).unwrap();
        assert!(furthest(&lengths, &case.expected.mean_path_length) < 1e-9);
        let scores = forest.scores(&rows.view()).unwrap();
        assert!(furthest(&scores, &case.expected.anomaly_score) < 1e-9);
        let anomalous = forest.anomalous(&rows.view()).unwrap();
        let expected: Vec<bool> = case.expected.predict.iter().map(|&side| side == -1).collect();
        assert_eq!(anomalous.to_vec(), expected);

        let train = matrix(&case.x_train);
        let scores = -forest.scores(&train.view()).unwrap();
        assert!(furthest(&scores, &case.expected.train_score_samples_first20) < 1e-9);
    }
}

#[test]
fn path_dependent_attributions_are_those_of_shap() {
    for case in Case::both() {
        let explained = case.forest().explain(&matrix(&case.x_test).view()).unwrap();
        assert!((explained.base - case.expected.shap_base_value).abs() < 1e-9);
        let expected = matrix(&case.expected.shap_path_dependent);
        assert_eq!(explained.phi.dim(), expected.dim());
        assert!(furthest(&explained.phi, &expected) < 1e-12);
    }
}

#[test]
fn interventional_attributions_are_those_of_shap_as_far_as_it_is_exact() {
    let [case, _] = Case::both();
    let train = matrix(&case.x_train);
    let count = case.expected.interventional_background_rows.unwrap();
    let background = first_rows(&train, count);
    let forest = case.forest();
    let explained = forest.explain_against(&matrix(&case.x_test).view(), &background).unwrap();
    assert!((explained.base - case.expected.interventional_base_value.unwrap()).abs() < 1e-6);
    let expected = matrix(&case.expected.shap_interventional.unwrap());
    assert!(furthest(&explained.phi, &expected) < 1e-6);
}

fn first_rows(rows: &Array2<f32>, count: usize) -> ArrayView2<'_, f32> {
    rows.slice_axis(ndarray::Axis(0), ndarray::Slice::from(..count))
}

#[test]
fn factors_multiply_to_the_score() {
    for case in Case::both() {
        let (forest, rows) = (case.forest(), matrix(&case.x_test));
        let explained = forest.explain(&rows.view()).unwrap();
        let base = (-explained.base / explained.unit).exp2();
        for (factors, score) in explained.factors().outer_iter().zip(&case.expected.anomaly_score) {
            assert!((base * factors.product() - score).abs() < 1e-12);
        }
    }
}
