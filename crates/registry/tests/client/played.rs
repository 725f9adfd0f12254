//! A tracking server that is played, and a run to mirror to it.

use std::time::Duration;

use registry::{Artefact, Credentials, MirrorError, MlflowServer, Settings, TrainingRun};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Impatient, so that no test waits long.
pub const SETTINGS: Settings = Settings {
    timeout: Duration::from_millis(500),
    tries: 3,
    first_wait: Duration::from_millis(5),
    patience: Duration::from_secs(2),
};

/// Does blocking work against a server beside the runtime.
pub async fn against<T: Send + 'static>(
    uri: String,
    credentials: Credentials,
    work: impl FnOnce(&MlflowServer) -> Result<T, MirrorError> + Send + 'static,
) -> Result<T, MirrorError> {
    let blocking = move || work(&MlflowServer::new(&uri, credentials, SETTINGS)?);
    tokio::task::spawn_blocking(blocking).await.unwrap()
}

/// Mounts an answer at a path of the API; the first `times` requests only, if given.
pub async fn answer(
    server: &MockServer,
    verb: &str,
    at: &str,
    times: Option<u64>,
    (status, body): (u16, Value),
) {
    let template = ResponseTemplate::new(status).set_body_json(body);
    let mock = Mock::given(method(verb)).and(path(format!("/api/2.0/{at}"))).respond_with(template);
    match times {
        Some(times) => mock.up_to_n_times(times).mount(server).await,
        None => mock.mount(server).await,
    }
}

/// The requests so far, as "POST runs/create".
pub async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let short = |path: &str| path.replace("/api/2.0/", "").replace("mlflow/", "");
    requests.iter().map(|one| format!("{} {}", one.method, short(one.url.path()))).collect()
}

/// The JSON that was sent to a path.
pub async fn sent(server: &MockServer, at: &str) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    let there = requests.iter().filter(|one| one.url.path().ends_with(at));
    there.map(|one| one.body_json().unwrap()).collect()
}

pub fn missing() -> (u16, Value) {
    (404, json!({ "error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none" }))
}

pub fn experiment(root: &str, stage: &str) -> (u16, Value) {
    let experiment = json!({
        "experiment_id": "7", "artifact_location": root, "lifecycle_stage": stage,
    });
    (200, json!({ "experiment": experiment }))
}

/// A run on the server, with the tag that tells whose it is.
pub fn run_there(status: &str, params: &[(&str, &str)]) -> Value {
    let params: Vec<Value> =
        params.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({
        "info": {
            "run_id": "ab12", "status": status, "artifact_uri": "mlflow-artifacts:/7/ab12/artifacts",
        },
        "data": {
            "params": params,
            "tags": [{ "key": "cstack.run", "value": "run-1" }],
            "metrics": [{ "key": "auc", "value": 0.97, "timestamp": 1_700_000_060_000_i64, "step": 0 }],
        },
    })
}

/// A server that has the experiment and takes all that is sent to a run.
pub async fn willing() -> MockServer {
    let server = MockServer::start().await;
    let active = experiment("mlflow-artifacts:/7", "active");
    answer(&server, "GET", "mlflow/experiments/get-by-name", None, active).await;
    for at in ["mlflow/runs/log-batch", "mlflow/runs/update"] {
        answer(&server, "POST", at, None, (200, json!({}))).await;
    }
    let artefact = "/api/2.0/mlflow-artifacts/artifacts/7/ab12/artifacts/model/forest.bin";
    // As the real one does it: with nothing at all.
    let upload = Mock::given(method("PUT")).and(path(artefact));
    upload.respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

pub fn training() -> TrainingRun {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    TrainingRun {
        experiment: "cstack/contoso".into(),
        id: "run-1".into(),
        name: "contoso 2026-01".into(),
        started_at_ms: 1_700_000_000_000,
        ended_at_ms: 1_700_000_060_000,
        params: [pair("n_estimators", "100"), pair("seed", "7")].into(),
        metrics: [("auc".to_owned(), 0.97), ("psi.hour".to_owned(), 0.02)].into(),
        tags: [pair("tenant", "contoso")].into(),
        artefacts: vec![Artefact {
            path: "model/forest.bin".into(),
            bytes: vec![0, 159, 146, 150],
        }],
    }
}
