//! How much an incident must say to be told: as much as keeps the alerts within a budget.

use serde::{Deserialize, Serialize};

/// The bar that incidents have to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Nats.
    pub nats: f32,
}

impl Default for Bar {
    /// For a tenant of which nothing is known.
    fn default() -> Self {
        Self { nats: 12.0 }
    }
}

impl Bar {
    /// The least bar that so many alerts per thousand users' days stay under, by the incidents of
    /// a quiet time: counted where there are enough of them, beyond them by the exponential tail
    /// (peaks over threshold with shape 0: Siffer et al., KDD 2017).
    pub fn within(budget: f32, mut quiet: Vec<f32>, user_days: f32) -> Self {
        /// Incidents that the tail is fitted to.
        const TAIL: usize = 20;
        /// Alerts in the days to come for one in the quiet part that the bar was set by: habits move
        /// on. Measured on tuning seeds (0.57 where 0.5 was asked for), and rounded up.
        const DRIFT: f32 = 1.25;
        /// A bar is never lower: one sign-in in a thousand.
        const LEAST: f32 = 7.0;
        quiet.retain(|nats| nats.is_finite());
        quiet.sort_by(|a, b| b.total_cmp(a));
        let allowed = (budget / DRIFT * user_days / 1_000.0).max(1e-3);
        let tail = quiet.get(..TAIL.min(quiet.len())).unwrap_or_default();
        let Some(edge) = tail.last().copied().filter(|_| tail.len() >= 5) else {
            return Self { nats: Self::default().nats.max(quiet.first().copied().unwrap_or(0.0)) };
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of at most twenty")]
        let count = tail.len() as f32;
        let excess = tail.iter().map(|nats| nats - edge).sum::<f32>() / count;
        Self { nats: (edge + excess * (count / allowed).ln()).max(LEAST) }
    }
}

#[cfg(test)]
mod tests {
    use super::Bar;

    fn quiet() -> Vec<f32> {
        // An exponential tail with mean 2 above 5.
        (1..=200_u8).map(|n| 5.0 + 2.0 * (200.0 / f32::from(n)).ln()).collect()
    }

    #[test]
    fn a_smaller_budget_has_a_higher_bar() {
        let bar = |budget| Bar::within(budget, quiet(), 10_000.0).nats;
        assert!(bar(0.1) > bar(0.5) && bar(0.5) > bar(2.0));
    }

    #[test]
    fn the_bar_lets_about_as_many_through_as_the_budget_allows() {
        let bar = Bar::within(1.0, quiet(), 10_000.0);
        let through = quiet().iter().filter(|nats| **nats >= bar.nats).count();
        assert!((5..=15).contains(&through), "{through} of ten");
    }

    #[test]
    fn a_tenant_without_history_has_a_careful_bar() {
        assert!(Bar::within(0.5, vec![3.0], 10.0).nats >= Bar::default().nats);
    }
}
