//! Keeping watch by itself, for `cstack run`: what is due is done.

use jiff::Timestamp;
use model::tenant::TenantSlug;
use store::Store;

use super::AnomalyError;
use super::promotion::{models, promote};
use super::scoring::{ScoreOutcome, ScoreRequest, score};
use super::training::{TrainRequest, train};
use crate::Cancellation;
use crate::config::MlConfig;
use crate::progress::Progress;

/// What was due.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The version that was trained.
    pub trained: Option<i32>,
    /// Whether the gate let it become champion.
    pub promoted: bool,
    /// What was judged.
    pub scored: Option<ScoreOutcome>,
}

/// Sign-ins below which nothing is trained by itself.
const ENOUGH: u64 = 2_000;
/// Seconds of sign-ins after which a champion has had its time (14 days).
const FRESH: i64 = 14 * 86_400;

/// Trains a tenant's first model, or a new one when two weeks of sign-ins have come since the
/// champion's; promotes it if the gate lets it; judges what is new. Nothing for a tenant with too
/// few sign-ins.
///
/// # Errors
/// [`AnomalyError`].
pub fn keep_watch(
    store: &Store,
    tenant: &TenantSlug,
    config: &MlConfig,
    actor: &str,
    now: Timestamp,
    listeners: (&dyn Progress, &Cancellation),
) -> Result<Kept, AnomalyError> {
    let (progress, cancellation) = listeners;
    let mut out = Kept::default();
    let stats = store.sign_in_stats(tenant)?;
    let Some(last) = stats.last_at.filter(|_| stats.total >= ENOUGH) else { return Ok(out) };
    let known = models(store, tenant)?;
    let newest = known.versions.iter().map(|(_, told)| told.window_to).max();
    let is_due = newest.is_none_or(|newest| last.as_second() - newest.as_second() >= FRESH);
    let champion = known.aliases.iter().any(|alias| alias.alias == "champion");
    // What is new is judged by the champion that there is, before it is learnt from.
    let request = ScoreRequest { tenant, config, again: false };
    if champion {
        out.scored = Some(score(store, &request, now, progress, cancellation)?);
    }
    if is_due {
        let request = TrainRequest { tenant, config, trees: None, seed: None, actor };
        let trained = train(store, &request, now, progress, cancellation)?;
        out.trained = Some(trained.version);
        out.promoted = promote(store, tenant, None, false, actor, now)?.promoted;
    }
    if !champion && out.promoted {
        out.scored = Some(score(store, &request, now, progress, cancellation)?);
    }
    Ok(out)
}
