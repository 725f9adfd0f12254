//! Training: the detector, and what its opinions mean for alerts in its tenant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::detector::{Detector, DetectorError, Training};
use crate::incident::{Bar, Docket, Firings, Incident, Standards, Suspect, Weights, latest};
use crate::inquiry::Seen;
use crate::likeness::Example;
use crate::recent::DAY;
use crate::symbols::Symbol;

/// How a model is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The forest and its calibration.
    pub training: Training,
    /// Alerts that a thousand users may cause in a day when nobody attacks.
    pub budget: f32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { training: Training::default(), budget: 0.5 }
    }
}

/// Trains on what was seen, in the order of time. The latest part decides what scores mean, what
/// patterns are worth and how much an incident must say.
///
/// # Errors
/// [`DetectorError`].
pub fn train(seen: &[Seen], examples: &[Example], plan: &Plan) -> Result<Detector, DetectorError> {
    let sightings: Vec<_> = seen.iter().map(|seen| seen.sighting).collect();
    let detector = Detector::train(&sightings, examples, &plan.training)?;
    let kept = seen.get(detector.learnt_rows()..).unwrap_or_default();
    let user_days = user_days(kept);
    let mut standards = Standards::default();
    let mut firings = Firings::over(user_days);
    for incident in incidents(kept, &detector, &standards)? {
        firings.note(incident.patterns.keys());
    }
    standards.weights = Weights::new(firings);
    let quiet = incidents(kept, &detector, &standards)?;
    let quiet = quiet.iter().map(Incident::nats).collect();
    standards.bar = Bar::within(plan.budget, quiet, user_days);
    Ok(detector.with_standards(standards))
}

/// Alerts per thousand users and day in the part that thresholds were set by.
///
/// # Errors
/// [`DetectorError`].
pub fn quiet_alerts(seen: &[Seen], detector: &Detector) -> Result<f64, DetectorError> {
    let kept = seen.get(detector.learnt_rows()..).unwrap_or_default();
    let told = incidents(kept, detector, detector.standards())?;
    #[expect(clippy::cast_precision_loss, reason = "a count of incidents")]
    let told = told.iter().filter(|incident| incident.told_at.is_some()).count() as f64;
    let user_days = f64::from(user_days(kept));
    Ok(if user_days > 0.0 { told / user_days * 1_000.0 } else { 0.0 })
}

/// The incidents that sign-ins make, open ones included.
fn incidents(
    seen: &[Seen],
    detector: &Detector,
    standards: &Standards,
) -> Result<Vec<Incident>, DetectorError> {
    let sightings: Vec<_> = seen.iter().map(|seen| seen.sighting).collect();
    let opinions = detector.judge(&sightings)?;
    let mut docket = Docket::default();
    for (seen, opinion) in seen.iter().zip(&opinions) {
        let suspect = Suspect::of(&seen.id, &seen.sighting, opinion);
        docket.take(&suspect, &seen.hits, standards);
    }
    let mut out = docket.take_closed();
    out.extend(docket.open().into_iter().cloned());
    Ok(latest(&out).into_iter().cloned().collect())
}

/// Accounts times days: every account that was seen counts on every day.
#[expect(clippy::cast_precision_loss, reason = "counts of people and days")]
pub fn user_days(seen: &[Seen]) -> f32 {
    let accounts: BTreeSet<Symbol> =
        seen.iter().map(|seen| seen.sighting.observation.account).collect();
    let at = |seen: &Seen| seen.sighting.observation.at;
    let span = seen.last().map_or(0, at) - seen.first().map_or(0, at);
    accounts.len() as f32 * (span as f32 / DAY as f32)
}
