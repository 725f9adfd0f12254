//! Models mirrored to an MLflow server: runs, versions and aliases, as often as one likes.

use std::collections::BTreeMap;

use model::tenant::TenantSlug;
use registry::{
    Alias, Artefact, Credentials, MirrorError, MlModel, MlflowServer, ModelVersion, Settings,
    TrainingRun,
};
use serde::Serialize;
use store::Store;

use super::AnomalyError;
use super::promotion::{Models, models};
use super::training::TrainOutcome;

/// Why models were not mirrored; they are in the store all the same.
#[derive(Debug, thiserror::Error)]
pub enum MirroringError {
    /// The store.
    #[error(transparent)]
    Anomaly(#[from] AnomalyError),
    /// The server.
    #[error("the MLflow server: {0}")]
    Server(#[from] MirrorError),
}

/// What was mirrored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirrored {
    /// The registered model.
    pub model: String,
    /// Our versions and the server's.
    pub versions: BTreeMap<i32, u64>,
    /// Aliases and the server's versions.
    pub aliases: BTreeMap<String, u64>,
    /// Whether credentials went over plain http to another machine.
    pub shows_credentials: bool,
}

/// Mirrors all of a tenant's models: what is there already stays as it is.
///
/// # Errors
/// [`MirroringError`].
pub fn mirror(
    store: &Store,
    tenant: &TenantSlug,
    uri: &str,
    credentials: Credentials,
) -> Result<Mirrored, MirroringError> {
    let server = MlflowServer::new(uri, credentials, Settings::default())?;
    let Models { versions, aliases, .. } = models(store, tenant)?;
    let mut out = Mirrored {
        model: format!("cstack-{tenant}"),
        shows_credentials: server.shows_credentials(),
        ..Mirrored::default()
    };
    // The earliest first: the server numbers them as they come.
    for (version, told) in versions.iter().rev() {
        let artefact = store.model_artefact(tenant, version.version).map_err(AnomalyError::from)?;
        let trained_at = version.trained_at.as_millisecond();
        let run = run(tenant, version.version, told, trained_at, artefact.unwrap_or_default());
        let mirrored = server.mirror_run(&run)?;
        let of = ModelVersion {
            id: run.id.clone(),
            description: format!("cstack {tenant}, version {}", version.version),
            folder: FOLDER.to_owned(),
            tags: BTreeMap::from([("cstack.tenant".to_owned(), tenant.to_string())]),
        };
        let number = server.mirror_version(&out.model, &of, &mirrored)?.number;
        out.versions.insert(version.version, number);
    }
    let mut pointed = BTreeMap::new();
    for alias in &aliases {
        let known = Alias::ALL.into_iter().find(|known| known.as_str() == alias.alias);
        if let (Some(known), Some(number)) = (known, out.versions.get(&alias.version)) {
            pointed.insert(known, *number);
            out.aliases.insert(alias.alias.clone(), *number);
        }
    }
    if !out.versions.is_empty() {
        server.mirror_aliases(&out.model, &pointed)?;
    }
    Ok(out)
}

/// Where a model's files are among a run's artefacts.
const FOLDER: &str = "model";

fn run(
    tenant: &TenantSlug,
    version: i32,
    told: &TrainOutcome,
    trained_at: i64,
    artefact: Vec<u8>,
) -> TrainingRun {
    let pairs = |all: &[(&str, String)]| -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    let training = &told.plan.training;
    #[expect(clippy::cast_precision_loss, reason = "counts and seconds")]
    let metrics = [
        ("rows", told.rows as f64),
        ("accounts", told.accounts as f64),
        ("bar_nats", f64::from(told.bar)),
        ("alerts_per_1k_user_days", told.quiet_alerts),
        ("injected_recall", told.suite.recall()),
        ("injected_precision", told.suite.precision),
        ("seconds_features", told.seconds[0]),
        ("seconds_training", told.seconds[1]),
        ("seconds_suite", told.seconds[2]),
    ];
    let seconds: f64 = told.seconds.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "a training takes minutes")]
    let taken = (seconds * 1_000.0) as i64;
    let facts = pairs(&[
        ("cstack.tenant", tenant.to_string()),
        ("cstack.version", version.to_string()),
        ("cstack.feature_set", told.feature_set.clone()),
    ]);
    let described = MlModel {
        folder: FOLDER.to_owned(),
        data: "detector.cstack".to_owned(),
        created_at_ms: trained_at,
        facts,
    };
    TrainingRun {
        experiment: format!("cstack/{tenant}"),
        id: format!("{tenant}/{version}/{}", told.fingerprint.get(..12).unwrap_or_default()),
        name: format!("{tenant} version {version}"),
        started_at_ms: trained_at - taken,
        ended_at_ms: trained_at,
        params: pairs(&[
            ("n_estimators", training.trees.to_string()),
            ("max_samples", training.subsample.to_string()),
            ("seed", training.seed.to_string()),
            ("calibrate", training.calibrate.to_string()),
            ("alert_budget", told.plan.budget.to_string()),
            ("feature_set_hash", told.feature_set.clone()),
            ("train_from", told.window_from.to_string()),
            ("train_to", told.window_to.to_string()),
        ]),
        metrics: metrics.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect(),
        tags: pairs(&[
            ("tenant", tenant.to_string()),
            ("cstack.version", version.to_string()),
            ("data_fingerprint", told.fingerprint.clone()),
        ]),
        artefacts: vec![
            Artefact { path: format!("{FOLDER}/detector.cstack"), bytes: artefact },
            described.artefact(),
        ],
    }
}
