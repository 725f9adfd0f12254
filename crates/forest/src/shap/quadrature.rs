//! Gauss-Legendre quadrature: the integral of a polynomial as a sum over few points, exactly.

/// Points and weights on the interval from 0 to 1; exact for polynomials of degree `2 Q - 1`.
///
/// The points are the roots of the Legendre polynomial `P_Q`, found by Newton's method from their
/// asymptotic places; the weight of a root `x` on the interval from -1 to 1 is
/// `2 / ((1 - x^2) P'_Q(x)^2)` (Abramowitz and Stegun, 25.4.29).
#[allow(clippy::cast_precision_loss, reason = "at most 32 points")]
pub(super) fn legendre<const Q: usize>() -> ([f64; Q], [f64; Q]) {
    let (mut points, mut weights) = ([0.0; Q], [0.0; Q]);
    for (at, (point, weight)) in points.iter_mut().zip(&mut weights).enumerate() {
        let mut root = (std::f64::consts::PI * (at as f64 + 0.75) / (Q as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // Converges quadratically: four rounds are enough, the rest settle the last bit.
        for _ in 0..8 {
            let value;
            (value, slope) = polynomial::<Q>(root);
            root -= value / slope;
        }
        *point = f64::midpoint(1.0, root);
        *weight = 1.0 / ((1.0 - root * root) * slope * slope);
    }
    (points, weights)
}

/// `P_Q` and its derivative, by the three-term recurrence.
#[allow(clippy::cast_precision_loss, reason = "at most 32 points")]
fn polynomial<const Q: usize>(x: f64) -> (f64, f64) {
    let (mut before, mut here) = (1.0, x);
    for degree in 2..=Q {
        let n = degree as f64;
        (before, here) = (here, ((2.0 * n - 1.0) * x * here - (n - 1.0) * before) / n);
    }
    (here, Q as f64 * (x * here - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::legendre;

    fn integrates_powers_up_to_its_degree<const Q: usize>() {
        let (points, weights) = legendre::<Q>();
        assert!(points.iter().all(|&point| point > 0.0 && point < 1.0));
        for power in 0..2 * Q {
            let power = i32::try_from(power).unwrap();
            let sum: f64 = points.iter().zip(weights).map(|(t, w)| w * t.powi(power)).sum();
            let exact = 1.0 / f64::from(power + 1);
            assert!((sum - exact).abs() < 2e-15, "{Q} points, t^{power}: {sum} is not {exact}");
        }
    }

    #[test]
    fn polynomials_up_to_twice_the_points_are_integrated_exactly() {
        integrates_powers_up_to_its_degree::<2>();
        integrates_powers_up_to_its_degree::<4>();
        integrates_powers_up_to_its_degree::<8>();
        integrates_powers_up_to_its_degree::<16>();
        integrates_powers_up_to_its_degree::<32>();
    }
}
