//! Which model is champion, and the gate before it.

use detect::detector::Detector;
use jiff::Timestamp;
use model::tenant::TenantSlug;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use store::{ModelAlias, ModelEvent, ModelVersion, Store};

use super::AnomalyError;
use super::training::TrainOutcome;

/// A question of the gate, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GateCheck {
    /// What is asked.
    pub name: String,
    /// Whether it is passed.
    pub passed: bool,
    /// The figures.
    pub words: String,
}

/// What the gate says of a challenger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The challenger's version.
    pub challenger: i32,
    /// The champion's, if there is one.
    pub champion: Option<i32>,
    /// Questions and answers.
    pub checks: Vec<GateCheck>,
}

impl Verdict {
    /// Whether all is passed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}

/// What a promotion did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// What the gate said.
    pub verdict: Verdict,
    /// Whether the challenger is champion now.
    pub promoted: bool,
    /// Whether that was against the gate.
    pub forced: bool,
}

/// A tenant's models.
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// The latest first.
    pub versions: Vec<(ModelVersion, TrainOutcome)>,
    /// Aliases.
    pub aliases: Vec<ModelAlias>,
    /// What was done, the latest first.
    pub events: Vec<ModelEvent>,
}

/// A tenant's models with their aliases and history.
///
/// # Errors
/// [`AnomalyError`].
pub fn models(store: &Store, tenant: &TenantSlug) -> Result<Models, AnomalyError> {
    store.tenant(tenant)?;
    let mut versions = Vec::new();
    for version in store.models(tenant)? {
        let told = read(tenant, &version)?;
        versions.push((version, told));
    }
    let aliases = store.model_aliases(tenant)?;
    Ok(Models { versions, aliases, events: store.model_events(tenant)? })
}

fn read<T: DeserializeOwned>(
    tenant: &TenantSlug,
    version: &ModelVersion,
) -> Result<T, AnomalyError> {
    serde_json::from_value(version.training.clone()).map_err(|source| AnomalyError::Stored {
        what: format!("version {} of {tenant}", version.version),
        source,
    })
}

/// What is recorded of a version.
pub(super) fn record(
    store: &Store,
    tenant: &TenantSlug,
    version: i32,
) -> Result<TrainOutcome, AnomalyError> {
    let found = store.models(tenant)?.into_iter().find(|known| known.version == version);
    let found = found.ok_or_else(|| AnomalyError::NoVersion { tenant: tenant.clone(), version })?;
    read(tenant, &found)
}

fn alias(store: &Store, tenant: &TenantSlug, name: &str) -> Result<Option<i32>, AnomalyError> {
    let found = store.model_aliases(tenant)?.into_iter().find(|alias| alias.alias == name);
    Ok(found.map(|alias| alias.version))
}

/// The champion.
pub(super) fn champion(
    store: &Store,
    tenant: &TenantSlug,
) -> Result<(i32, Detector), AnomalyError> {
    store.tenant(tenant)?;
    let version = alias(store, tenant, "champion")?;
    let version = version.ok_or_else(|| AnomalyError::NoChampion(tenant.clone()))?;
    let artefact = store.model_artefact(tenant, version)?;
    let artefact =
        artefact.ok_or_else(|| AnomalyError::NoVersion { tenant: tenant.clone(), version })?;
    let failed = |source| AnomalyError::Detector { tenant: tenant.clone(), source };
    Ok((version, Detector::from_bytes(&artefact).map_err(failed)?))
}

/// Rows below which a model is not trusted.
const ROWS: u64 = 2_000;

/// Holds the challenger, or a version, against the champion.
///
/// # Errors
/// [`AnomalyError`] where there is none.
pub fn evaluate_promotion(
    store: &Store,
    tenant: &TenantSlug,
    version: Option<i32>,
) -> Result<Verdict, AnomalyError> {
    store.tenant(tenant)?;
    let challenger = match version {
        Some(version) => version,
        None => alias(store, tenant, "challenger")?
            .ok_or_else(|| AnomalyError::NoChallenger(tenant.clone()))?,
    };
    let new: TrainOutcome = record(store, tenant, challenger)?;
    let champion = alias(store, tenant, "champion")?.filter(|version| *version != challenger);
    let old: Option<TrainOutcome> =
        champion.map(|version| record(store, tenant, version)).transpose()?;
    let mut checks = Vec::new();
    let mut ask = |name: &str, passed: bool, words: String| {
        checks.push(GateCheck { name: name.to_owned(), passed, words });
    };
    ask(
        "enough sign-ins",
        new.rows >= ROWS,
        format!("{} learnt from, {ROWS} are needed", new.rows),
    );
    let bound = f64::from(new.plan.budget) * 2.0;
    ask(
        "alert volume",
        new.quiet_alerts <= bound,
        format!(
            "{:.2} alerts per 1,000 users and day when quiet, at most {bound:.2}",
            new.quiet_alerts
        ),
    );
    if let Some((psi, expected)) = new.score_drift {
        ask(
            "score drift",
            psi <= 0.25 + expected,
            format!(
                "PSI {psi:.3} between its latest scores and those before, at most 0.25 beyond the \
                 {expected:.3} that chance explains"
            ),
        );
    }
    if let Some(old) = &old {
        let (now, before) = (new.suite.recall(), old.suite.recall());
        ask(
            "injected attacks",
            new.suite.found * old.suite.attacks.max(1)
                >= old.suite.found * new.suite.attacks.max(1),
            format!("{:.0}% told, the champion {:.0}%", now * 100.0, before * 100.0),
        );
        ask(
            "precision",
            new.suite.precision + 0.005 >= old.suite.precision,
            format!(
                "{:.0}% of the alerts right, the champion {:.0}%",
                new.suite.precision * 100.0,
                old.suite.precision * 100.0
            ),
        );
        ask(
            "features",
            new.feature_set == old.feature_set || new.window_to >= old.window_to,
            "another set of features needs data as recent as the champion's".to_owned(),
        );
    }
    Ok(Verdict { challenger, champion, checks })
}

/// Makes the challenger, or a version, champion, if the gate lets it, or by force.
///
/// # Errors
/// [`AnomalyError`] where there is none.
pub fn promote(
    store: &Store,
    tenant: &TenantSlug,
    version: Option<i32>,
    force: bool,
    actor: &str,
    now: Timestamp,
) -> Result<Promotion, AnomalyError> {
    let verdict = evaluate_promotion(store, tenant, version)?;
    let passed = verdict.passed();
    let promoted = passed || force;
    let forced = force && !passed;
    let event = ModelEvent {
        at: now,
        actor: actor.to_owned(),
        action: if promoted { "promoted" } else { "refused" }.to_owned(),
        version: verdict.challenger,
        detail: json!({ "forced": forced, "checks": verdict.checks, "before": verdict.champion }),
    };
    if promoted {
        store.set_champion(tenant, &event)?;
    } else {
        store.note_model(tenant, &event)?;
    }
    Ok(Promotion { verdict, promoted, forced })
}

/// Makes the champion before this one champion again; gives the versions, now and before.
///
/// # Errors
/// [`AnomalyError`] where there never was one.
pub fn roll_back(
    store: &Store,
    tenant: &TenantSlug,
    actor: &str,
    now: Timestamp,
) -> Result<(i32, i32), AnomalyError> {
    store.tenant(tenant)?;
    let current = alias(store, tenant, "champion")?
        .ok_or_else(|| AnomalyError::NoChampion(tenant.clone()))?;
    let events = store.model_events(tenant)?;
    // The latest event that made the present champion one tells which was before it.
    let came = events.iter().find(|event| event.action == "promoted" && event.version == current);
    let before = came.and_then(|event| event.detail.get("before")?.as_i64());
    let before = before.and_then(|version| i32::try_from(version).ok());
    let before = before.ok_or_else(|| AnomalyError::NoEarlierChampion(tenant.clone()))?;
    let event = ModelEvent {
        at: now,
        actor: actor.to_owned(),
        action: "rolled-back".to_owned(),
        version: before,
        detail: json!({ "from": current }),
    };
    store.set_champion(tenant, &event)?;
    Ok((before, current))
}
