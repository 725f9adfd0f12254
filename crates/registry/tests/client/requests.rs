//! How requests are made: tries, time, credentials and what is said when they fail.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::played::{SETTINGS, against, answer, asked, experiment, missing};
use registry::{Alias, Credentials, Metric, MirrorError, MirroredRun, MlflowServer, Settings};
use serde_json::json;
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

const LOG: &str = "mlflow/runs/log-batch";

fn log(server: &MlflowServer) -> Result<(), MirrorError> {
    let run = MirroredRun { experiment_id: "7".into(), run_id: "ab12".into() };
    let metric = Metric { key: "psi.hour".into(), value: 0.2, timestamp_ms: 1, step: 3 };
    server.log_metrics(&run, &[metric])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again() {
    let server = MockServer::start().await;
    answer(&server, "POST", LOG, Some(1), (503, json!({}))).await;
    answer(&server, "POST", LOG, Some(1), (429, json!({}))).await;
    answer(&server, "POST", LOG, None, (200, json!({}))).await;
    assert_eq!(against(server.uri(), Credentials::None, log).await, Ok(()));
    assert_eq!(asked(&server).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_busy_is_given_up() {
    let server = MockServer::start().await;
    answer(&server, "POST", LOG, None, (503, json!({}))).await;
    let error = against(server.uri(), Credentials::None, log).await.unwrap_err();
    assert!(matches!(error, MirrorError::Refused { status: 503, .. }), "{error}");
    assert_eq!(asked(&server).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_tried_again_and_told_without_control_characters() {
    let server = MockServer::start().await;
    let message = format!("bad\u{1b}[2J thing {}", "x".repeat(900));
    let body = json!({ "error_code": "INVALID_PARAMETER_VALUE", "message": message });
    answer(&server, "POST", LOG, None, (400, body)).await;
    let error = against(server.uri(), Credentials::None, log).await.unwrap_err();
    assert_eq!(asked(&server).await.len(), 1);
    let MirrorError::Refused { status, code, message, endpoint, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((status, code.as_str()), (400, "INVALID_PARAMETER_VALUE"));
    assert!(message.starts_with("bad[2J thing xxx") && message.chars().count() == 301, "{message}");
    assert_eq!(endpoint, format!("POST {}/api/2.0/{LOG}", server.uri()));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_sent_and_never_repeated() {
    let token = Credentials::Token("s3cr3t-token".into());
    let basic = Credentials::Basic { username: "annika".into(), password: "hunter2".into() };
    let cases = [
        (token, "Bearer s3cr3t-token", "s3cr3t-token"),
        (basic, "Basic YW5uaWthOmh1bnRlcjI=", "annika:hunter2"),
    ];
    for (credentials, value, plain) in cases {
        let server = MockServer::start().await;
        // A server that repeats in its error what it was sent.
        let message = format!("was sent {value}, which is {plain}");
        let body = json!({ "error_code": "DENIED", "message": message });
        let denied = ResponseTemplate::new(403).set_body_json(body);
        let sent = Mock::given(header("authorization", value)).respond_with(denied);
        sent.expect(1).mount(&server).await;
        let uri = server.uri();
        let said = against(uri, credentials, |server| {
            let error = log(server).unwrap_err();
            Ok(format!("{server:?} {error:?} {error}"))
        });
        let said = said.await.unwrap();
        assert!(said.contains("answered 403 (DENIED): was sent "), "{said}");
        let secrets = ["s3cr3t-token", "annika", "hunter2", "YW5uaWthOmh1bnRlcjI="];
        assert!(secrets.iter().all(|secret| !said.contains(secret)), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_none_are_sent() {
    let server = MockServer::start().await;
    answer(&server, "POST", LOG, None, (200, json!({}))).await;
    against(server.uri(), Credentials::None, log).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert!(requests.iter().all(|one| !one.headers.contains_key("authorization")));
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_without_repeating_it() {
    let token = Credentials::Token("s3cr3t\ntoken".into());
    let error = MlflowServer::new("http://127.0.0.1:1", token, SETTINGS).unwrap_err();
    assert!(matches!(error, MirrorError::Credentials(_)), "{error}");
    assert!(!format!("{error:?} {error}").contains("s3cr3t"));
}

#[test]
fn a_server_that_is_down_is_an_error_within_the_tries() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let begun = Instant::now();
    let error = log(&MlflowServer::new(&uri, Credentials::None, SETTINGS).unwrap()).unwrap_err();
    assert!(begun.elapsed() < SETTINGS.patience, "{:?}", begun.elapsed());
    let MirrorError::Unreachable { tries, reason, endpoint, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*tries, SETTINGS.tries);
    assert!(reason.contains("refused"), "{reason}");
    assert!(endpoint.starts_with(&format!("POST {uri}/api")), "{endpoint}");
}

#[test]
fn a_server_that_says_nothing_is_an_error_within_the_patience() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let patience = Duration::from_millis(700);
    let settings = Settings { tries: 100, patience, ..SETTINGS };
    let begun = Instant::now();
    let error = log(&MlflowServer::new(&uri, Credentials::None, settings).unwrap()).unwrap_err();
    let took = begun.elapsed();
    assert!((patience..patience * 3).contains(&took), "{took:?}");
    assert!(matches!(error, MirrorError::Unreachable { tries: 2.., .. }), "{error}");
    assert!(error.to_string().contains("it took too long"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_is_not_followed() {
    let server = MockServer::start().await;
    let away = ResponseTemplate::new(302).insert_header("location", "/login?secret=1");
    Mock::given(any()).respond_with(away).mount(&server).await;
    let error = against(server.uri(), Credentials::None, log).await.unwrap_err();
    assert_eq!(asked(&server).await.len(), 1);
    assert!(error.to_string().contains("answered 302; the address leads elsewhere"), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_where_json_should_be_is_no_mlflow_server() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_string("<html>hello</html>");
    Mock::given(any()).respond_with(page).mount(&server).await;
    let error = against(server.uri(), Credentials::None, log).await.unwrap_err();
    assert!(matches!(error, MirrorError::Answer { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_moved_and_taken_away_and_those_of_others_stay() {
    let server = MockServer::start().await;
    let aliases = json!([
        { "alias": "champion", "version": "1" },
        { "alias": "challenger", "version": "2" },
        { "alias": "ours", "version": "1" },
    ]);
    let model = json!({ "registered_model": { "name": "m", "aliases": aliases } });
    answer(&server, "GET", "mlflow/registered-models/get", None, (200, model)).await;
    for verb in ["POST", "DELETE"] {
        answer(&server, verb, "mlflow/registered-models/alias", None, (200, json!({}))).await;
    }
    let point = |version| BTreeMap::from([(Alias::Champion, version)]);
    let moved = against(server.uri(), Credentials::None, move |server| {
        server.mirror_aliases("m", &point(2))
    });
    moved.await.unwrap();
    let (set, delete) = ("POST registered-models/alias", "DELETE registered-models/alias");
    assert_eq!(asked(&server).await, ["GET registered-models/get", set, delete]);
    let wanted = [
        json!({ "name": "m", "alias": "champion", "version": "2" }),
        json!({ "name": "m", "alias": "challenger" }),
    ];
    assert_eq!(crate::played::sent(&server, "/alias").await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_aliases_for_a_model_that_is_missing_is_as_it_should_be() {
    let server = MockServer::start().await;
    answer(&server, "GET", "mlflow/registered-models/get", None, missing()).await;
    let none = against(server.uri(), Credentials::None, |server| {
        server.mirror_aliases("m", &BTreeMap::new())
    });
    assert_eq!(none.await, Ok(()));
    let some = against(server.uri(), Credentials::None, |server| {
        server.mirror_aliases("m", &BTreeMap::from([(Alias::Champion, 1)]))
    });
    assert!(matches!(some.await, Err(MirrorError::Refused { status: 404, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_that_was_deleted_is_not_written_to() {
    let server = MockServer::start().await;
    let deleted = experiment("mlflow-artifacts:/7", "deleted");
    answer(&server, "GET", "mlflow/experiments/get-by-name", None, deleted).await;
    let mirror = |server: &MlflowServer| server.mirror_run(&crate::played::training());
    let error = against(server.uri(), Credentials::None, mirror).await.unwrap_err();
    assert!(error.to_string().contains("mlflow experiments restore --experiment-id 7"), "{error}");
    assert_eq!(asked(&server).await.len(), 1);
}
