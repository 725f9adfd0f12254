//! Attacks put behind a tenant's own sign-ins, to see whether a model tells them.

use std::collections::BTreeMap;

use detect::detector::{Detector, DetectorError};
use detect::inquiry::{Inquiry, Surroundings};
use detect::pattern::Pattern;
use detect::quality::{Quality, TrueAttack, TrueRow, quality};
use fixtures::sign_ins::{Company, Scenario, inject};
use jiff::{Span, Timestamp};
use model::sign_in::SignIn;

/// How a model did on the suite.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuiteResult {
    /// Attacks that were put in.
    pub attacks: usize,
    /// Those that were told.
    pub found: usize,
    /// Share of the alerts that would be right, were one attack of each kind to happen in six days
    /// and the tenant as quiet as it was.
    pub precision: f64,
    /// By kind: how many there were, and how many were told.
    pub kinds: BTreeMap<String, (usize, usize)>,
}

impl SuiteResult {
    /// Share of the attacks that were told.
    #[expect(clippy::cast_precision_loss, reason = "a count of attacks")]
    pub fn recall(&self) -> f64 {
        if self.attacks == 0 { 0.0 } else { self.found as f64 / self.attacks as f64 }
    }
}

/// Puts the suite's attacks behind what an inquiry has seen, and judges them.
///
/// # Errors
/// [`DetectorError`].
pub(super) fn attack(
    inquiry: &Inquiry,
    company: &Company,
    scenario: &Scenario,
    context: (&[Pattern], &Surroundings),
    detector: &Detector,
    quiet_rate: f64,
) -> Result<SuiteResult, DetectorError> {
    let mut inquiry = inquiry.clone();
    inquiry.forget_incidents();
    let days = scenario.from_days_ago + 1;
    let clock = Timestamp::from_second(inquiry.watch().clock()).unwrap_or(Timestamp::MIN);
    let as_of = clock.checked_add(Span::new().hours(24 * days)).unwrap_or(clock);
    let (made, attacks) = inject(company, scenario, as_of, 1);
    let truth: BTreeMap<String, usize> =
        made.iter().filter_map(|of| Some((of.sign_in.id.clone(), of.attack?))).collect();
    let sign_ins: Vec<SignIn> = made.into_iter().map(|of| of.sign_in).collect();
    let (patterns, surroundings) = context;
    let judged = inquiry.see_and_judge(&sign_ins, patterns, surroundings, detector)?;
    let rows: Vec<TrueRow> = judged
        .iter()
        .map(|(seen, opinion)| TrueRow {
            id: seen.id.clone(),
            at: seen.sighting.observation.at,
            nats: opinion.nats(),
            attack: truth.get(&*seen.id).copied(),
        })
        .collect();
    let mut incidents = inquiry.take_closed();
    incidents.extend(inquiry.docket().open().into_iter().cloned());
    let attacks: Vec<TrueAttack> = attacks
        .iter()
        .map(|of| TrueAttack { kind: of.kind.as_str().to_owned(), slow: of.slow })
        .collect();
    let found: Quality = quality(&rows, &attacks, &incidents, 0.0);
    #[expect(clippy::cast_precision_loss, reason = "counts of people, days and alerts")]
    let wrong = quiet_rate / 1_000.0 * (company.people() as f64) * scenario.from_days_ago as f64;
    #[expect(clippy::cast_precision_loss, reason = "a count of attacks")]
    let right = found.found as f64;
    Ok(SuiteResult {
        attacks: found.attacks,
        found: found.found,
        precision: if right + wrong > 0.0 { right / (right + wrong) } else { 0.0 },
        kinds: found.kinds.into_iter().map(|(kind, of)| (kind, (of.attacks, of.found))).collect(),
    })
}
