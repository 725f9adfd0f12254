//! Training runs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::batch::batches;
use crate::error::MirrorError;
use crate::given;
use crate::http::{Call, Content};
use crate::server::{MlflowServer, found};
use crate::wire::{self, tag};

/// The tag that tells which training a run mirrors: [`TrainingRun::id`].
pub const RUN_TAG: &str = "cstack.run";

/// A training run, as it is to be seen in MLflow.
///
/// Names of params, metrics, tags and artefacts have 1 to 250 of the ASCII letters, digits and
/// `_-./ :`; parts between slashes are neither empty nor dots alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingRun {
    /// Name of the experiment, made where it is missing. One for each tenant: `cstack/contoso`.
    pub experiment: String,
    /// Id of the training in cstack; becomes the tag [`RUN_TAG`]. Formed as the names.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Begin, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// End, in milliseconds since 1970; the metrics have this time and step 0.
    pub ended_at_ms: i64,
    /// What the training was asked to do; values of up to 6,000 characters.
    pub params: BTreeMap<String, String>,
    /// What came out. NaN and infinite values are left out: MLflow's database has no place for
    /// them.
    pub metrics: BTreeMap<String, f64>,
    /// Anything else worth searching for; values of up to 8,000 characters. [`RUN_TAG`] is not for
    /// the caller to set.
    pub tags: BTreeMap<String, String>,
    /// The files.
    pub artefacts: Vec<Artefact>,
}

/// A file of a run. Its `Debug` shows the length, not the content.
#[derive(Clone, PartialEq, Eq)]
pub struct Artefact {
    /// Path below the run's artefacts, with slashes: `model/forest.bin`. No colon in it.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Artefact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Artefact({:?}, {} bytes)", self.path, self.bytes.len())
    }
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The metric's name, formed as all names.
    pub key: String,
    /// The value; NaN and infinite ones are left out.
    pub value: f64,
    /// When it was measured, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Place in a series, from 0.
    pub step: i64,
}

/// Where a run is on the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MirroredRun {
    /// The experiment's id there.
    pub experiment_id: String,
    /// The run's id there.
    pub run_id: String,
}

impl MlflowServer {
    /// Mirrors a training run. The same run again, told by its tag [`RUN_TAG`], changes nothing and
    /// gives the same answer; one that was mirrored half is completed. A run that was deleted there
    /// is mirrored anew.
    ///
    /// # Errors
    ///
    /// If a name or value is not one that MLflow takes, the server cannot be reached or refuses, the
    /// experiment was deleted, or artefacts are not kept by the server itself.
    pub fn mirror_run(&self, run: &TrainingRun) -> Result<MirroredRun, MirrorError> {
        run.check()?;
        let experiment = self.experiment(&run.experiment)?;
        for artefact in &run.artefacts {
            self.place(&run.experiment, &experiment.artifact_location, &artefact.path)?;
        }
        let there = self.find_or_create(run, &experiment.id)?;
        let run_id = there.info.run_id;
        let mirrored = MirroredRun { experiment_id: experiment.id, run_id };
        if there.info.status == "FINISHED" {
            return Ok(mirrored);
        }
        self.log_missing(run, &mirrored, &there.data)?;
        for artefact in &run.artefacts {
            let url = self.place(&run.experiment, &there.info.artifact_uri, &artefact.path)?;
            let doing = format!("store the artefact `{}`", artefact.path);
            let content = Content::Bytes(&artefact.bytes);
            let call = Call { doing: &doing, method: Method::PUT, url, query: &[], content };
            let _: IgnoredAny = self.http.call(&call)?;
        }
        // Last: a run that is finished is whole.
        let doing = format!("finish the run `{}`", run.name);
        let end = run.ended_at_ms;
        let body = json!({ "run_id": mirrored.run_id, "status": "FINISHED", "end_time": end });
        self.send(&doing, Method::POST, "runs/update", body)?;
        Ok(mirrored)
    }

    /// Adds values of metrics to a run, such as a drift that is measured later. The same value again,
    /// of the same time and step, changes nothing.
    ///
    /// # Errors
    ///
    /// If a name is not one that MLflow takes, the server cannot be reached or refuses, or there is
    /// no such run.
    pub fn log_metrics(&self, run: &MirroredRun, metrics: &[Metric]) -> Result<(), MirrorError> {
        for metric in metrics {
            given::name("metric", &metric.key)?;
        }
        for batch in batches(metrics.iter().cloned(), [], []) {
            let body = batch.json(&run.run_id);
            self.send("log metrics", Method::POST, "runs/log-batch", body)?;
        }
        Ok(())
    }

    fn experiment(&self, name: &str) -> Result<wire::Experiment, MirrorError> {
        let doing = format!("find or create the experiment `{name}`");
        let query = [("experiment_name", name)];
        let get =
            || found(self.get::<wire::ExperimentAnswer>(&doing, "experiments/get-by-name", &query));
        let answer = if let Some(answer) = get()? {
            answer
        } else {
            let body = json!({ "name": name });
            let created = self.send(&doing, Method::POST, "experiments/create", body);
            // Somebody else may have been quicker, or an answer was lost on its way.
            if let Err(error) = created
                && !error.is("RESOURCE_ALREADY_EXISTS")
            {
                return Err(error);
            }
            self.get(&doing, "experiments/get-by-name", &query)?
        };
        let experiment = answer.experiment;
        if experiment.lifecycle_stage == "deleted" {
            return Err(MirrorError::Deleted { name: name.into(), id: experiment.id });
        }
        Ok(experiment)
    }

    /// The run that mirrors this one, created where there is none. Search and creation are tried
    /// again together, so that an answer that was lost makes no second run.
    fn find_or_create(
        &self,
        run: &TrainingRun,
        experiment_id: &str,
    ) -> Result<wire::Run, MirrorError> {
        let doing = format!("find or create the run `{}`", run.name);
        let search = self.call_send(
            &doing,
            Method::POST,
            "runs/search",
            json!({
                "experiment_ids": [experiment_id],
                "filter": format!("tags.`{RUN_TAG}` = '{}'", run.id),
                "run_view_type": "ACTIVE_ONLY",
                "max_results": 100,
            }),
        );
        let create = self.call_send(
            &doing,
            Method::POST,
            "runs/create",
            json!({
                "experiment_id": experiment_id,
                "run_name": run.name,
                "start_time": run.started_at_ms,
                "tags": [{ "key": RUN_TAG, "value": run.id }],
            }),
        );
        let zero = Duration::ZERO;
        self.http.patiently(zero, |until| {
            let wire::RunsAnswer { mut runs } = self.http.once(&search, zero, until)?;
            // Some databases compare without regard to case.
            runs.retain(|there| tag(&there.data.tags, RUN_TAG) == Some(run.id.as_str()));
            let best = runs.into_iter().min_by(|one, other| {
                let rank =
                    |run: &wire::Run| (run.info.status != "FINISHED", run.info.run_id.clone());
                rank(one).cmp(&rank(other))
            });
            match best {
                Some(there) => Ok(there),
                None => Ok(self.http.once::<wire::RunAnswer>(&create, zero, until)?.run),
            }
        })
    }

    /// Logs what the server does not have yet.
    fn log_missing(
        &self,
        run: &TrainingRun,
        mirrored: &MirroredRun,
        there: &wire::RunData,
    ) -> Result<(), MirrorError> {
        let metrics = run.metrics.iter().filter(|(key, value)| {
            !there.metrics.iter().any(|logged| {
                let same = logged.value.as_f64() == Some(**value);
                same && logged.key == **key
                    && (logged.timestamp, logged.step) == (run.ended_at_ms, 0)
            })
        });
        let metrics = metrics.map(|(key, value)| Metric {
            key: key.clone(),
            value: *value,
            timestamp_ms: run.ended_at_ms,
            step: 0,
        });
        let missing = |pairs: &[wire::Pair], key: &str, value: &str| tag(pairs, key) != Some(value);
        let params = run.params.iter().filter(|(key, value)| missing(&there.params, key, value));
        let tags = run.tags.iter().filter(|(key, value)| missing(&there.tags, key, value));
        let doing = format!("log what the run `{}` holds", run.name);
        for batch in batches(metrics, params, tags) {
            let body = batch.json(&mirrored.run_id);
            self.send(&doing, Method::POST, "runs/log-batch", body)?;
        }
        Ok(())
    }

    fn place(&self, experiment: &str, root: &str, path: &str) -> Result<reqwest::Url, MirrorError> {
        self.http
            .address
            .artefact(root, path)
            .map_err(|store| MirrorError::Artefacts { experiment: experiment.to_owned(), store })
    }
}

impl TrainingRun {
    fn check(&self) -> Result<(), MirrorError> {
        given::title("experiment", &self.experiment)?;
        given::title("run name", &self.name)?;
        given::name("run", &self.id)?;
        given::pairs("param", &self.params, given::LONGEST_PARAM)?;
        given::pairs("tag", &self.tags, given::LONGEST_TAG)?;
        if self.tags.contains_key(RUN_TAG) {
            let reason = "is written by cstack itself; leave it out";
            return Err(MirrorError::Given { what: format!("the tag `{RUN_TAG}`"), reason });
        }
        self.metrics.keys().try_for_each(|key| given::name("metric", key))?;
        self.artefacts.iter().try_for_each(|artefact| given::path(&artefact.path))
    }
}
