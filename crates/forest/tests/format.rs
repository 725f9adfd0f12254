//! A model is read back as it was, or refused.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use cstack_forest::{ForestError, ForestParams, IsolationForest, Measure};
use linfa::ParamGuard as _;
use ndarray::Array2;

fn rows() -> Array2<f32> {
    Array2::from_shape_fn((90, 4), |(row, column)| {
        let value = u16::try_from((row * 37 + column * 11) % 53).unwrap();
        if value == 7 { f32::NAN } else { f32::from(value) / 8.0 }
    })
}

fn forest(measure: Measure) -> IsolationForest {
    let params = ForestParams::new().trees(6).subsample(32).seed(3).measure(measure);
    let params = params.contamination(Some(0.1)).check().unwrap();
    IsolationForest::fit(&params, &rows().view()).unwrap()
}

#[test]
fn a_model_is_read_back_as_it_was() {
    for measure in [Measure::Depth, Measure::Density] {
        let written = forest(measure);
        let bytes = written.to_bytes();
        let read = IsolationForest::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.scores(&rows().view()), written.scores(&rows().view()));
        assert_eq!(read.anomalous(&rows().view()), written.anomalous(&rows().view()));
        assert_eq!(read.explain(&rows().view()), written.explain(&rows().view()));
        assert_eq!((read.trees(), read.features(), read.subsample()), (6, 4, 32));
        assert_eq!(
            (read.measure(), read.threshold().to_bits()),
            (measure, written.threshold().to_bits())
        );
    }
}

#[test]
fn a_model_that_ends_too_early_is_refused_wherever_it_ends() {
    let bytes = forest(Measure::Density).to_bytes();
    for length in 0..bytes.len() {
        let refused = IsolationForest::from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(refused, ForestError::Truncated { .. }), "{length}: {refused}");
    }
}

#[test]
fn a_model_with_any_bit_changed_is_refused() {
    let bytes = forest(Measure::Depth).to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << bit;
            assert!(IsolationForest::from_bytes(&altered).is_err(), "byte {at}, bit {bit}");
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(IsolationForest::from_bytes(&longer).unwrap_err(), ForestError::Altered);
}

#[test]
fn a_later_format_is_told_from_a_damaged_one() {
    let mut bytes = forest(Measure::Depth).to_bytes();
    bytes[8] = 9;
    let refused = IsolationForest::from_bytes(&bytes).unwrap_err();
    assert_eq!(refused, ForestError::Newer { found: 9, supported: 1 });
    assert!(refused.to_string().contains("update cstack"));
}

#[test]
fn something_else_is_told_from_a_model() {
    for other in [&b"PK\x03\x04 a zip file"[..], b"CSFORESS", b"{}"] {
        assert_eq!(IsolationForest::from_bytes(other).unwrap_err(), ForestError::NotAModel);
    }
}

#[test]
fn a_checksum_over_nonsense_does_not_make_it_a_model() {
    use sha2::{Digest as _, Sha256};
    let good = forest(Measure::Depth).to_bytes();
    let body = good.len() - 32;
    // Columns, subsample, threshold, measure, number of trees, rows of the first root, its column.
    for (at, byte) in
        [(20, 0), (20, 1), (24, 0), (43, 0x7F), (36, 7), (37, 5), (37, 7), (41, 0), (45, 200)]
    {
        let mut bytes = good[..body].to_vec();
        bytes[at] = byte;
        if at == 24 {
            bytes[24..28].fill(0);
        }
        if at == 43 {
            bytes[28..36].copy_from_slice(&f64::NAN.to_le_bytes());
        }
        let checksum = Sha256::digest(&bytes);
        bytes.extend(checksum);
        let refused = IsolationForest::from_bytes(&bytes);
        assert!(matches!(refused, Err(ForestError::Malformed(_))), "byte {at}: {refused:?}");
    }
}

#[test]
fn a_forest_of_every_day_takes_little_room() {
    let many = Array2::from_shape_fn((3_000, 20), |(row, column)| {
        f32::from(u16::try_from((row * 7_919 + column * 104_729) % 65_521).unwrap())
    });
    let params = ForestParams::new().check().unwrap();
    let bytes = IsolationForest::fit(&params, &many.view()).unwrap().to_bytes();
    assert!(bytes.len() < 120_000, "{} bytes", bytes.len());
}
