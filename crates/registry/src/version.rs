//! Versions of a model.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::MirrorError;
use crate::given;
use crate::run::MirroredRun;
use crate::server::{MlflowServer, found};
use crate::wire::{self, tag};

/// The tag that tells which version of cstack's a registered version mirrors: [`ModelVersion::id`].
pub const VERSION_TAG: &str = "cstack.version";

/// A version of a model, as it is to be seen in MLflow's registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelVersion {
    /// Id of the version in cstack; becomes the tag [`VERSION_TAG`]. Formed as a run's names.
    pub id: String,
    /// What there is to say about it, for people.
    pub description: String,
    /// Folder of the run's artefacts that holds the model: `model`.
    pub folder: String,
    /// Tags; values of up to 8,000 characters. [`VERSION_TAG`] is not for the caller to set.
    pub tags: BTreeMap<String, String>,
}

/// Where a version is on the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MirroredVersion {
    /// The registered model's name.
    pub model: String,
    /// The version's number there, from 1; not cstack's own.
    pub number: u64,
}

impl MlflowServer {
    /// Registers a version of a model, whose source is the run's folder of artefacts; creates the
    /// registered model if it is missing. The same version again, told by its tag [`VERSION_TAG`],
    /// gives the same answer; tags that are missing or differ are set. A version that was deleted
    /// there is registered anew, with a new number.
    ///
    /// The model's name is formed as a run's names, without `/` and `:`.
    ///
    /// # Errors
    ///
    /// If a name or value is not one that MLflow takes, the server cannot be reached or refuses, or
    /// there is no such run.
    pub fn mirror_version(
        &self,
        model: &str,
        version: &ModelVersion,
        run: &MirroredRun,
    ) -> Result<MirroredVersion, MirrorError> {
        given::model(model)?;
        version.check()?;
        self.ensure_model(model)?;
        let doing = format!("register a version of the model `{model}`");
        let there = self.find_or_register(&doing, model, version, run)?;
        for (key, value) in &version.tags {
            if tag(&there.tags, key) != Some(value) {
                let body = json!({
                    "name": model, "version": there.version, "key": key, "value": value,
                });
                self.send(&doing, Method::POST, "model-versions/set-tag", body)?;
            }
        }
        let number = there.version.parse().map_err(|_| MirrorError::Answer {
            doing,
            endpoint: "model-versions".to_owned(),
            reason: "a version without a number".to_owned(),
        })?;
        Ok(MirroredVersion { model: model.to_owned(), number })
    }

    fn ensure_model(&self, model: &str) -> Result<(), MirrorError> {
        let doing = format!("find or create the model `{model}`");
        let query = [("name", model)];
        if found(self.get::<Value>(&doing, "registered-models/get", &query))?.is_some() {
            return Ok(());
        }
        let body = json!({ "name": model });
        match self.send(&doing, Method::POST, "registered-models/create", body) {
            // Somebody else was quicker, or an answer was lost on its way.
            Err(error) if error.is("RESOURCE_ALREADY_EXISTS") => Ok(()),
            result => result,
        }
    }

    /// The version that mirrors this one, registered where there is none. Search and creation are
    /// tried again together, so that an answer that was lost makes no second version.
    fn find_or_register(
        &self,
        doing: &str,
        model: &str,
        version: &ModelVersion,
        run: &MirroredRun,
    ) -> Result<wire::Version, MirrorError> {
        let filter = format!("name = '{model}' AND tags.`{VERSION_TAG}` = '{}'", version.id);
        let query = [("filter", filter.as_str()), ("max_results", "100")];
        let search = self.call_get(doing, "model-versions/search", &query);
        let run_query = [("run_id", run.run_id.as_str())];
        let get_run = self.call_get(doing, "runs/get", &run_query);
        let own = [json!({ "key": VERSION_TAG, "value": version.id })];
        let others = version.tags.iter().map(|(key, value)| json!({ "key": key, "value": value }));
        let tags: Vec<Value> = own.into_iter().chain(others).collect();
        let zero = Duration::ZERO;
        self.http.patiently(zero, |until| {
            let wire::VersionsAnswer { mut model_versions } =
                self.http.once(&search, zero, until)?;
            // Some databases compare without regard to case.
            model_versions.retain(|one| tag(&one.tags, VERSION_TAG) == Some(version.id.as_str()));
            let first = |one: &wire::Version| one.version.parse::<u64>().unwrap_or(u64::MAX);
            if let Some(there) = model_versions.into_iter().min_by_key(first) {
                return Ok(there);
            }
            let wire::RunAnswer { run } = self.http.once(&get_run, zero, until)?;
            let root = run.info.artifact_uri.trim_end_matches('/');
            let body = json!({
                "name": model,
                "source": format!("{root}/{}", version.folder),
                "run_id": run.info.run_id,
                "description": version.description,
                "tags": tags,
            });
            let create = self.call_send(doing, Method::POST, "model-versions/create", body);
            Ok(self.http.once::<wire::VersionAnswer>(&create, zero, until)?.model_version)
        })
    }
}

impl ModelVersion {
    fn check(&self) -> Result<(), MirrorError> {
        given::name("version", &self.id)?;
        given::path(&self.folder)?;
        given::pairs("tag", &self.tags, given::LONGEST_TAG)?;
        if self.tags.contains_key(VERSION_TAG) {
            let reason = "is written by cstack itself; leave it out";
            return Err(MirrorError::Given { what: format!("the tag `{VERSION_TAG}`"), reason });
        }
        Ok(())
    }
}
