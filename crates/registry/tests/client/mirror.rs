//! What is asked of the server for a run and a version, the first time and again.

use crate::played::{
    against, answer, asked, experiment, missing, run_there, sent, training, willing,
};
use registry::{
    Credentials, MirrorError, MirroredRun, MirroredVersion, MlflowServer, ModelVersion, TrainingRun,
};
use serde_json::json;
use wiremock::MockServer;

const NONE: Credentials = Credentials::None;
const SEARCH: &str = "mlflow/runs/search";
const CREATE: &str = "mlflow/runs/create";
const PUT: &str = "PUT mlflow-artifacts/artifacts/7/ab12/artifacts/model/forest.bin";

fn mirror(server: &MlflowServer) -> Result<MirroredRun, MirrorError> {
    server.mirror_run(&training())
}

fn mirrored() -> MirroredRun {
    MirroredRun { experiment_id: "7".into(), run_id: "ab12".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_created_filled_and_finished_last() {
    let server = willing().await;
    answer(&server, "POST", SEARCH, None, (200, json!({}))).await;
    let mut there = run_there("RUNNING", &[]);
    there["data"] = json!({});
    answer(&server, "POST", CREATE, None, (200, json!({ "run": there }))).await;
    assert_eq!(against(server.uri(), NONE, mirror).await, Ok(mirrored()));
    let wanted = [
        "GET experiments/get-by-name",
        "POST runs/search",
        "POST runs/create",
        "POST runs/log-batch",
        PUT,
        "POST runs/update",
    ];
    assert_eq!(asked(&server).await, wanted);
    let finished =
        json!({ "run_id": "ab12", "status": "FINISHED", "end_time": 1_700_000_060_000_i64 });
    assert_eq!(sent(&server, "/update").await, [finished]);
    let batch = &sent(&server, "/log-batch").await[0];
    let counts = ["metrics", "params", "tags"].map(|kind| batch[kind].as_array().unwrap().len());
    assert_eq!(counts, [2, 2, 1]);
    let requests = server.received_requests().await.unwrap();
    let artefact = requests.iter().find(|one| one.method.as_str() == "PUT").unwrap();
    assert_eq!(artefact.body, training().artefacts[0].bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_run_again_changes_nothing() {
    let server = willing().await;
    let there = json!({ "runs": [run_there("FINISHED", &[])] });
    answer(&server, "POST", SEARCH, None, (200, there)).await;
    assert_eq!(against(server.uri(), NONE, mirror).await, Ok(mirrored()));
    assert_eq!(asked(&server).await, ["GET experiments/get-by-name", "POST runs/search"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_mirrored_half_gets_what_it_lacks() {
    let server = willing().await;
    let there = json!({ "runs": [run_there("RUNNING", &[("seed", "7")])] });
    answer(&server, "POST", SEARCH, None, (200, there)).await;
    assert_eq!(against(server.uri(), NONE, mirror).await, Ok(mirrored()));
    let metric = json!({
        "key": "psi.hour", "value": 0.02, "timestamp": 1_700_000_060_000_i64, "step": 0,
    });
    let wanted = json!({
        "run_id": "ab12",
        "metrics": [metric],
        "params": [{ "key": "n_estimators", "value": "100" }],
        "tags": [{ "key": "tenant", "value": "contoso" }],
    });
    assert_eq!(sent(&server, "/log-batch").await, [wanted]);
    assert!(!asked(&server).await.contains(&"POST runs/create".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_creation_was_answered_by_a_failure_is_not_created_twice() {
    let server = willing().await;
    answer(&server, "POST", SEARCH, Some(1), (200, json!({}))).await;
    let there = json!({ "runs": [run_there("RUNNING", &[])] });
    answer(&server, "POST", SEARCH, None, (200, there)).await;
    answer(&server, "POST", CREATE, None, (504, json!({}))).await;
    assert_eq!(against(server.uri(), NONE, mirror).await, Ok(mirrored()));
    let created = asked(&server).await.iter().filter(|one| *one == "POST runs/create").count();
    assert_eq!(created, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_nearly_the_same_id_is_another_run() {
    let server = willing().await;
    let mut other = run_there("FINISHED", &[]);
    other["data"]["tags"][0]["value"] = json!("RUN-1");
    other["info"]["run_id"] = json!("other");
    answer(&server, "POST", SEARCH, None, (200, json!({ "runs": [other] }))).await;
    let new = json!({ "run": run_there("RUNNING", &[]) });
    answer(&server, "POST", CREATE, None, (200, new)).await;
    assert_eq!(against(server.uri(), NONE, mirror).await, Ok(mirrored()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_that_is_missing_is_created() {
    let server = MockServer::start().await;
    let get = "mlflow/experiments/get-by-name";
    answer(&server, "GET", get, Some(1), missing()).await;
    answer(&server, "GET", get, None, experiment("mlflow-artifacts:/7", "active")).await;
    let taken =
        json!({ "error_code": "RESOURCE_ALREADY_EXISTS", "message": "somebody was quicker" });
    answer(&server, "POST", "mlflow/experiments/create", None, (400, taken)).await;
    let there = json!({ "runs": [run_there("FINISHED", &[])] });
    answer(&server, "POST", SEARCH, None, (200, there)).await;
    assert_eq!(against(server.uri(), NONE, mirror).await, Ok(mirrored()));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].url.query(), Some("experiment_name=cstack%2Fcontoso"));
}

#[tokio::test(flavor = "multi_thread")]
async fn artefacts_in_a_store_behind_the_server_are_refused_before_a_run_is_made() {
    for root in ["s3://bucket/7", "/srv/mlruns/7", "file:///srv/mlruns/7"] {
        let server = MockServer::start().await;
        let there = experiment(root, "active");
        answer(&server, "GET", "mlflow/experiments/get-by-name", None, there).await;
        let error = against(server.uri(), NONE, mirror).await.unwrap_err();
        assert!(matches!(error, MirrorError::Artefacts { .. }), "{error}");
        assert!(error.to_string().contains("--serve-artifacts"), "{error}");
        assert_eq!(asked(&server).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_mlflow_does_not_take_is_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    let bad: [fn(&mut TrainingRun); 7] = [
        |run| run.id = "it's".into(),
        |run| run.experiment = String::new(),
        |run| run.name = "a\nb".into(),
        |run| run.params = [("list".to_owned(), "x".repeat(6_001))].into(),
        |run| run.metrics = [("../x".to_owned(), 1.0)].into(),
        |run| run.tags = [("cstack.run".to_owned(), "other".to_owned())].into(),
        |run| run.artefacts[0].path = "../../etc/passwd".into(),
    ];
    for spoil in bad {
        let mut run = training();
        spoil(&mut run);
        let result = against(server.uri(), NONE, move |server| server.mirror_run(&run)).await;
        assert!(matches!(result, Err(MirrorError::Given { .. })), "{result:?}");
    }
    assert!(asked(&server).await.is_empty());
}

fn version() -> ModelVersion {
    ModelVersion {
        id: "v-3".into(),
        description: "grown in January".into(),
        folder: "model".into(),
        tags: [("tenant".to_owned(), "contoso".to_owned())].into(),
    }
}

fn register(server: &MlflowServer) -> Result<MirroredVersion, MirrorError> {
    server.mirror_version("cstack-contoso", &version(), &mirrored())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_registered_with_the_runs_folder_as_its_source() {
    let server = MockServer::start().await;
    answer(&server, "GET", "mlflow/registered-models/get", None, missing()).await;
    answer(&server, "POST", "mlflow/registered-models/create", None, (200, json!({}))).await;
    answer(&server, "GET", "mlflow/model-versions/search", None, (200, json!({}))).await;
    let run = json!({ "run": run_there("FINISHED", &[]) });
    answer(&server, "GET", "mlflow/runs/get", None, (200, run)).await;
    let tags = json!([
        { "key": "cstack.version", "value": "v-3" }, { "key": "tenant", "value": "contoso" },
    ]);
    let made = json!({ "model_version": { "version": "4", "tags": tags } });
    answer(&server, "POST", "mlflow/model-versions/create", None, (200, made)).await;
    let wanted = MirroredVersion { model: "cstack-contoso".into(), number: 4 };
    assert_eq!(against(server.uri(), NONE, register).await, Ok(wanted));
    let body = json!({
        "name": "cstack-contoso",
        "source": "mlflow-artifacts:/7/ab12/artifacts/model",
        "run_id": "ab12",
        "description": "grown in January",
        "tags": tags,
    });
    assert_eq!(sent(&server, "/model-versions/create").await, [body]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_there_gets_only_the_tags_that_differ() {
    let server = MockServer::start().await;
    answer(&server, "GET", "mlflow/registered-models/get", None, (200, json!({}))).await;
    let tags = json!([
        { "key": "cstack.version", "value": "v-3" }, { "key": "tenant", "value": "fabrikam" },
    ]);
    let there = json!({ "model_versions": [
        { "version": "11", "tags": tags }, { "version": "9", "tags": tags },
    ] });
    answer(&server, "GET", "mlflow/model-versions/search", None, (200, there)).await;
    answer(&server, "POST", "mlflow/model-versions/set-tag", None, (200, json!({}))).await;
    let wanted = MirroredVersion { model: "cstack-contoso".into(), number: 9 };
    assert_eq!(against(server.uri(), NONE, register).await, Ok(wanted));
    let tag =
        json!({ "name": "cstack-contoso", "version": "9", "key": "tenant", "value": "contoso" });
    assert_eq!(sent(&server, "/set-tag").await, [tag]);
}
