//! What the REST API answers, as far as it is read.

use serde::Deserialize;

/// An error of MLflow's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Failure {
    pub error_code: String,
    pub message: String,
}

impl Failure {
    /// Reads the body of an answer that is no success; text is a message if it is said to be plain.
    /// What a proxy says in HTML is nobody's concern.
    pub fn of(body: &[u8], plain: bool) -> Self {
        let told = serde_json::from_slice(body).unwrap_or_default();
        match told {
            Self { ref error_code, ref message } if error_code.is_empty() && message.is_empty() => {
                let message =
                    if plain { String::from_utf8_lossy(body).into_owned() } else { String::new() };
                Self { error_code: String::new(), message }
            }
            told => told,
        }
    }
}

/// A name and a value: a param or a tag.
#[derive(Debug, Deserialize)]
pub(crate) struct Pair {
    pub key: String,
    #[serde(default)]
    pub value: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExperimentAnswer {
    pub experiment: Experiment,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Experiment {
    #[serde(rename = "experiment_id")]
    pub id: String,
    #[serde(default)]
    pub artifact_location: String,
    #[serde(default)]
    pub lifecycle_stage: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RunAnswer {
    pub run: Run,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct RunsAnswer {
    /// Left out by the server where there is none.
    #[serde(default)]
    pub runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub info: RunInfo,
    #[serde(default)]
    pub data: RunData,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RunInfo {
    pub run_id: String,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub artifact_uri: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RunData {
    pub metrics: Vec<LoggedMetric>,
    pub params: Vec<Pair>,
    pub tags: Vec<Pair>,
}

/// The latest value of a metric. The value is a text where it is not finite.
#[derive(Debug, Deserialize)]
pub(crate) struct LoggedMetric {
    pub key: String,
    #[serde(default)]
    pub value: serde_json::Value,
    #[serde(default)]
    pub timestamp: i64,
    #[serde(default)]
    pub step: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ModelAnswer {
    pub registered_model: Model,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    #[serde(default)]
    pub aliases: Vec<ModelAlias>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ModelAlias {
    pub alias: String,
    pub version: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct VersionsAnswer {
    /// Left out by the server where there is none.
    #[serde(default)]
    pub model_versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct VersionAnswer {
    pub model_version: Version,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    pub version: String,
    #[serde(default)]
    pub tags: Vec<Pair>,
}

/// The value of a tag.
pub(crate) fn tag<'a>(tags: &'a [Pair], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
}
