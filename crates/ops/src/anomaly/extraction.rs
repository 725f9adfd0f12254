//! Scenarios of the demonstration, drawn into the store as if they had been imported.

use fixtures::demonstration::demonstration;
use fixtures::sign_ins::{Company, Scenario, draw, scenario};
use jiff::Timestamp;
use model::canonical::sha256_hex;
use model::tenant::{TenantSlug, TenantSource};
use serde::Serialize;
use store::{ArrivingSignIn, Registration, SignInOrigin, Store};

use super::AnomalyError;
use crate::Cancellation;
use crate::progress::Progress;

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extraction {
    /// The scenario.
    pub scenario: String,
    /// What it is, in a line.
    pub title: String,
    /// Sign-ins of it.
    pub read: u64,
    /// Those that are new in the store.
    pub added: u64,
    /// Attacks among them.
    pub attacks: usize,
    /// When the earliest new one happened.
    pub first_at: Option<Timestamp>,
    /// When the latest new one happened.
    pub last_at: Option<Timestamp>,
}

/// People of a tenant who sign in: a demonstration is not waited for.
const PEOPLE: usize = 500;
/// What chance the demonstration is drawn from.
const SEED: u64 = 2_026;

/// Draws a scenario for a tenant of the demonstration into the store.
///
/// # Errors
/// [`AnomalyError`] where the tenant is no demonstration's, the scenario is unknown or the database
/// is busy or cannot be written.
pub fn extract(
    store: &Store,
    tenant: &TenantSlug,
    name: &str,
    now: Timestamp,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<Extraction, AnomalyError> {
    let scenario: Scenario = scenario(name)?;
    if store.tenant(tenant)?.source != TenantSource::Demonstration {
        return Err(AnomalyError::NotDemonstration(tenant.clone()));
    }
    let embedded = demonstration()?.into_iter().find(|of| of.slug == *tenant);
    let embedded = embedded.ok_or_else(|| AnomalyError::NotDemonstration(tenant.clone()))?;
    let company = Company::of_snapshot(&embedded.snapshot()?).with_at_most(PEOPLE);
    let words = format!("scenario {name}");
    let fingerprint = sha256_hex(&[words.as_bytes()]);
    let mut task = progress.begin("drawing sign-ins", None);
    task.note(tenant.as_str());
    let mut arrival = store.begin_sign_ins(SignInOrigin {
        tenant,
        registration: &Registration::Kept,
        words: &words,
        fingerprint: &fingerprint,
    })?;
    let mut read = 0;
    let drawn = draw(&company, &scenario, embedded.as_of, SEED, true, |made| {
        cancellation.check()?;
        read += made.len() as u64;
        task.advance(made.len() as u64);
        let some = made.into_iter();
        arrival.add(some.map(|of| ArrivingSignIn { sign_in: of.sign_in, raw: None }).collect())?;
        Ok::<_, AnomalyError>(())
    })?;
    let taken = arrival.finish(now)?;
    Ok(Extraction {
        scenario: scenario.name,
        title: scenario.title,
        read,
        added: taken.added,
        attacks: drawn.attacks.len(),
        first_at: taken.first_at,
        last_at: taken.last_at,
    })
}
