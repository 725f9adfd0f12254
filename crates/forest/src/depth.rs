//! Expected path lengths.

/// Euler's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// `c(n)`, the mean path length of an unsuccessful search in a binary search tree of `n` keys: what
/// a leaf that still holds `n` rows adds to its depth, and what a path is measured against.
///
/// `c(n) = 2 (ln(n - 1) + gamma) - 2 (n - 1) / n`; 1 for two rows, 0 for fewer (Liu, Ting and Zhou,
/// "Isolation Forest", ICDM 2008, equation 1; the value for two rows as in scikit-learn).
///
/// ```
/// assert_eq!(cstack_forest::expected_path(1), 0.0);
/// assert!((cstack_forest::expected_path(256) - 10.244_770_920_119_917).abs() < 1e-12);
/// ```
pub fn expected_path(n: u32) -> f64 {
    match n {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let n = f64::from(n);
            2.0 * ((n - 1.0).ln() + GAMMA) - 2.0 * (n - 1.0) / n
        }
    }
}

/// The largest single-precision number not above `threshold`, so that `x <= t` keeps its meaning
/// for every single-precision `x`.
#[allow(clippy::cast_possible_truncation, reason = "rounding is what this is for")]
pub(crate) fn rounded_down(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_threshold_divides_singles_as_the_exact_one_does() {
        for exact in [0.1, 0.3, -0.1, 1e-50, -1e-50, 16_777_217.0, 5.903_238_187_896_655, 3.4e38] {
            let rounded = rounded_down(exact);
            assert!(f64::from(rounded) <= exact);
            for single in [rounded.next_down(), rounded, rounded.next_up()] {
                assert_eq!(single <= rounded, f64::from(single) <= exact, "{exact} at {single}");
            }
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "these values are exact")]
    fn small_counts_have_their_own_values() {
        assert_eq!([0, 1, 2].map(expected_path), [0.0, 0.0, 1.0]);
        assert!((expected_path(64) - 7.471_950_782_586_131).abs() < 1e-14);
        assert!((expected_path(40) - 6.531_554_622_062_358).abs() < 1e-14);
    }
}
