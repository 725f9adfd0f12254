//! Training a model on a tenant's own sign-ins.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Instant;

use detect::baseline::Shrinkage;
use detect::detector::Detector;
use detect::features::feature_set_hash;
use detect::inquiry::{Inquiry, Seen};
use detect::model::Plan;
use fixtures::sign_ins::{Company, scenario};
use jiff::Timestamp;
use model::canonical::sha256_hex;
use model::sign_in::SignIn;
use model::tenant::TenantSlug;
use serde::{Deserialize, Serialize};
use store::{DetectionState, SignInFields, SignInSpan, Store};

use super::scoring::Kept;
use super::suite::{AMONG, SuiteResult, Trial, attack, attacked, note, observe};
use super::{AnomalyError, patterns, surroundings};
use crate::Cancellation;
use crate::config::{MlConfig, Topology};
use crate::progress::Progress;

/// What to train.
#[derive(Debug)]
pub struct TrainRequest<'r> {
    /// The tenant.
    pub tenant: &'r TenantSlug,
    /// Settings.
    pub config: &'r MlConfig,
    /// Trees of the forest; as built in where absent.
    pub trees: Option<u32>,
    /// What chance is drawn from; as built in where absent.
    pub seed: Option<u64>,
    /// Who asks.
    pub actor: &'r str,
}

/// What a training did, as it is recorded with its version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainOutcome {
    /// The version; 0 before it has one.
    #[serde(default)]
    pub version: i32,
    /// The first sign-in that was learnt from.
    pub window_from: Timestamp,
    /// The last.
    pub window_to: Timestamp,
    /// Sign-ins that were learnt from.
    pub rows: u64,
    /// Accounts among them.
    pub accounts: u64,
    /// Accounts with a forest of their own.
    #[serde(default)]
    pub own_models: usize,
    /// SHA-256 over what was there: imports, window and count.
    pub fingerprint: String,
    /// The set of features.
    pub feature_set: String,
    /// Parameters.
    pub plan: Plan,
    /// Nats that an incident must say to be told.
    pub bar: f32,
    /// Alerts per thousand users and day in the quiet part that thresholds were set by.
    pub quiet_alerts: f64,
    /// PSI between its scores of the latest part and those before, and what chance explains of it.
    pub score_drift: Option<(f64, f64)>,
    /// How it did on attacks put behind the tenant's own sign-ins.
    pub suite: SuiteResult,
    /// Seconds that reading with features took, the training, and the suite.
    pub seconds: [f64; 3],
}

/// Sign-ins that are held for a training; of more, the earlier half goes.
const HELD: usize = 600_000;

/// Trains a model on a tenant's sign-ins and keeps it as challenger.
///
/// # Errors
/// [`AnomalyError`]; nothing is kept then.
pub fn train(
    store: &Store,
    request: &TrainRequest<'_>,
    now: Timestamp,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<TrainOutcome, AnomalyError> {
    let (tenant, config) = (request.tenant, request.config);
    let failed = |source| AnomalyError::Detector { tenant: tenant.clone(), source };
    let stats = store.sign_in_stats(tenant)?;
    let (Some(first), Some(last)) = (stats.first_at, stats.last_at) else {
        return Err(AnomalyError::NoSignIns(tenant.clone()));
    };
    let lookback = i64::from(config.lookback_days.max(1)) * 86_400;
    let from = Timestamp::from_second(last.as_second() - lookback).unwrap_or(first).max(first);
    let patterns = patterns(config)?;
    let surroundings = surroundings(store, tenant)?;
    let under_suspicion = suspected(store, tenant)?;
    let imports = store.sign_in_imports(tenant)?;
    let begun = Instant::now();
    let mut task = progress.begin("learning", Some(stats.total));
    task.note(tenant.as_str());
    let mut inquiry = Inquiry::new(from.as_second(), Shrinkage::default());
    let mut history: Vec<Seen> = Vec::new();
    let mut accounts: BTreeMap<String, (String, bool)> = BTreeMap::new();
    let mut observed = HashMap::new();
    let among = Timestamp::from_second(last.as_second() - AMONG).unwrap_or(from).max(from);
    let mut before = None;
    let span = SignInSpan { from, ..SignInSpan::ALWAYS };
    store.sign_ins(tenant, span, SignInFields::Detection, |some| {
        cancellation.check()?;
        task.advance(some.len() as u64);
        for sign_in in &some {
            if before.is_none() && sign_in.at >= among {
                before = Some(inquiry.clone());
            }
            let Some(seen) = inquiry.see(sign_in, &patterns, &surroundings) else { continue };
            if under_suspicion.contains(&*seen.id) {
                let (account, at) = (seen.sighting.observation.account, sign_in.at.as_second());
                inquiry.withhold(account, at, at);
                continue;
            }
            know(&mut accounts, sign_in);
            note(&mut observed, sign_in);
            history.push(seen);
        }
        if history.len() > HELD {
            history.drain(..history.len() / 2);
        }
        Ok::<_, AnomalyError>(())
    })?;
    drop(task);
    let reading = begun.elapsed().as_secs_f64();
    let mut plan = Plan { budget: config.alerts_per_thousand_user_days, ..Plan::default() };
    plan.training.trees = request.trees.unwrap_or(plan.training.trees);
    plan.training.seed = request.seed.unwrap_or(plan.training.seed);
    if config.training_topology == Topology::PerUser {
        plan.training.own_from = config.min_per_user_samples.max(1);
    }
    let begun = Instant::now();
    let mut company = company(store, tenant, &accounts)?;
    observe(&mut company, &observed);
    let injected = scenario("injected")?;
    let victims = attacked(&company, &injected, last);
    let mut own = of_accounts(store, tenant, &victims, among, cancellation)?;
    own.retain(|sign_in| !under_suspicion.contains(&sign_in.id));
    let trial = Trial {
        before: before.as_ref().unwrap_or(&inquiry),
        own,
        as_of: last,
        company: &company,
        scenario: &injected,
        patterns: &patterns,
        surroundings: &surroundings,
    };
    let examples = trial.examples();
    let detector = detect::model::train(&history, &examples, &plan).map_err(failed)?;
    let training = begun.elapsed().as_secs_f64();
    cancellation.check()?;
    let quiet_alerts = detect::model::quiet_alerts(&history, &detector).map_err(failed)?;
    let rows = history.len() as u64;
    drop(history);
    let begun = Instant::now();
    let suite = attack(&trial, &detector, quiet_alerts).map_err(failed)?;
    let seconds = [reading, training, begun.elapsed().as_secs_f64()];
    let told = format!("{imports:?} {from} {last} {rows}");
    let mut outcome = TrainOutcome {
        version: 0,
        window_from: from,
        window_to: last,
        rows,
        accounts: accounts.len() as u64,
        own_models: detector.own_models(),
        fingerprint: sha256_hex(&[told.as_bytes()]),
        feature_set: feature_set_hash(),
        plan,
        bar: detector.standards().bar.nats,
        quiet_alerts,
        score_drift: detector.stability().map(|of| (of.psi, of.expected)),
        suite,
        seconds,
    };
    keep(store, request, &mut outcome, &detector, &inquiry, imports, now)?;
    Ok(outcome)
}

/// Sign-ins of some accounts since a time, in the order of time.
fn of_accounts(
    store: &Store,
    tenant: &TenantSlug,
    accounts: &HashSet<String>,
    from: Timestamp,
    cancellation: &Cancellation,
) -> Result<Vec<SignIn>, AnomalyError> {
    let mut out = Vec::new();
    let span = SignInSpan { from, ..SignInSpan::ALWAYS };
    store.sign_ins(tenant, span, SignInFields::Detection, |some| {
        cancellation.check()?;
        let wanted = |of: &SignIn| of.account.id.as_ref().is_some_and(|id| accounts.contains(id));
        out.extend(some.into_iter().filter(wanted));
        Ok::<_, AnomalyError>(())
    })?;
    Ok(out)
}

fn keep(
    store: &Store,
    request: &TrainRequest<'_>,
    outcome: &mut TrainOutcome,
    detector: &Detector,
    inquiry: &Inquiry,
    imports: Vec<String>,
    now: Timestamp,
) -> Result<(), AnomalyError> {
    let tenant = request.tenant;
    let failed = |source| AnomalyError::Detector { tenant: tenant.clone(), source };
    let artefact = detector.to_bytes().map_err(failed)?;
    let what = || format!("the training of {tenant}");
    let told = serde_json::to_value(&*outcome)
        .map_err(|source| AnomalyError::Stored { what: what(), source })?;
    outcome.version = store.add_model(tenant, &told, &artefact, request.actor, now)?;
    // Scoring goes on from here: what was learnt from is not judged.
    if store.detection_state(tenant)?.is_none() {
        let kept = Kept { inquiry: inquiry.clone(), tally: None };
        let state = DetectionState {
            feature_set: feature_set_hash(),
            imports,
            body: kept
                .to_bytes()
                .map_err(|source| AnomalyError::State { tenant: tenant.clone(), source })?,
        };
        store.save_detection_state(tenant, &state, now)?;
    }
    Ok(())
}

/// Ids of sign-ins that belong to incidents which nobody has called harmless.
pub(super) fn suspected(
    store: &Store,
    tenant: &TenantSlug,
) -> Result<BTreeSet<String>, AnomalyError> {
    let pardoned = super::incidents::pardoned(store, tenant)?;
    let mut out = BTreeSet::new();
    for incident in store.incidents(tenant)? {
        if pardoned.contains(&incident.id) {
            continue;
        }
        let ids = incident.body.get("signin_ids").and_then(serde_json::Value::as_array);
        let ids = ids.into_iter().flatten().filter_map(serde_json::Value::as_str);
        out.extend(ids.map(str::to_owned));
    }
    Ok(out)
}

fn know(accounts: &mut BTreeMap<String, (String, bool)>, sign_in: &SignIn) {
    let Some(id) = &sign_in.account.id else { return };
    if !sign_in.kind.is_user() || accounts.contains_key(id) {
        return;
    }
    let name = sign_in.account.name.clone().unwrap_or_else(|| id.clone());
    let guest = sign_in.account.user_type.as_deref().is_some_and(|kind| kind == "guest");
    accounts.insert(id.clone(), (name, guest));
}

/// Whom the suite attacks: the directory's people, else those who signed in.
fn company(
    store: &Store,
    tenant: &TenantSlug,
    accounts: &BTreeMap<String, (String, bool)>,
) -> Result<Company, AnomalyError> {
    if let Some(snapshot) = store.load_snapshot(tenant)?
        && !snapshot.users.is_empty()
    {
        return Ok(Company::of_snapshot(&snapshot));
    }
    let all: Vec<(String, String, bool)> =
        accounts.iter().map(|(id, (name, guest))| (id.clone(), name.clone(), *guest)).collect();
    Ok(Company::of_accounts(tenant.as_str(), &all))
}
