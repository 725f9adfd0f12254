//! Growing, asking and explaining a forest of 100 trees on rows of 20 columns.

#![allow(clippy::unwrap_used, reason = "a benchmark says what it expects by failing")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use cstack_forest::{ForestParams, IsolationForest};
use linfa::ParamGuard as _;
use ndarray::{Array2, Axis, Slice};

/// Something like sign-in features: rather normal, with a few far out.
fn rows(count: usize) -> Array2<f32> {
    let mut state = 7_u64;
    let mut unit = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap()) / 65_536.0
    };
    Array2::from_shape_fn((count, 20), |(row, _)| {
        let shift = if row % 200 == 0 { 3.0 } else { 0.0 };
        (0..4).map(|_| unit()).sum::<f32>() * 2.0 - 4.0 + shift
    })
}

fn forest(criterion: &mut Criterion) {
    let rows = rows(100_000);
    let params = ForestParams::new().seed(42).check().unwrap();
    let forest = IsolationForest::fit(&params, &rows.view()).unwrap();
    let thousand = rows.slice_axis(Axis(0), Slice::from(..1_000));
    let background = rows.slice_axis(Axis(0), Slice::from(1_000..1_100));
    let bytes = forest.to_bytes();
    let mut scores = vec![0.0; rows.nrows()];

    let mut group = criterion.benchmark_group("forest");
    group.sample_size(20);
    group.bench_function("fit", |bench| {
        bench.iter(|| IsolationForest::fit(&params, &rows.view()).unwrap());
    });
    group.bench_function("read", |bench| {
        bench.iter(|| IsolationForest::from_bytes(&bytes).unwrap());
    });
    group.throughput(Throughput::Elements(100_000));
    group.bench_function("score 100,000 rows", |bench| {
        bench.iter(|| forest.score_into(&rows.view(), &mut scores).unwrap());
    });
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("explain 1,000 rows", |bench| {
        bench.iter(|| forest.explain(&thousand).unwrap());
    });
    group.bench_function("explain 1,000 rows against 100", |bench| {
        bench.iter(|| forest.explain_against(&thousand, &background).unwrap());
    });
    group.finish();
}

criterion_group!(benches, forest);
criterion_main!(benches);
