//! The client against a real `mlflow server`, read back with MLflow's own Python client.
//!
//! Runs where the environment variable `CSTACK_TEST_MLFLOW` names a Python interpreter that has
//! mlflow (checked with 3.17.2); elsewhere it says that it was skipped.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use registry::{
    Alias, Artefact, Credentials, Metric, MirrorError, MirroredRun, MirroredVersion, MlModel,
    MlflowServer, ModelVersion, Settings, TrainingRun,
};
use serde_json::{Value, json};

const MODEL: &str = "cstack-contoso";
const EXPERIMENT: &str = "cstack/Contoso Füssen & Söhne";
const READ_BACK: &str = include_str!("server/read_back.py");
const BEGIN_HALF: &str = include_str!("server/begin_half.py");

/// A server of this test's own, ended with all that it started when dropped.
struct Server {
    child: Child,
    uri: String,
}

impl Server {
    fn start(python: &OsStr, folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::create(folder.join("server.log")).unwrap();
        let database = format!("sqlite:///{}/mlflow.db", folder.display());
        let child = python_of(python, folder)
            .args(["-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"])
            .args(["--port", &port.to_string(), "--backend-store-uri", &database])
            .arg("--artifacts-destination")
            .arg(folder.join("artifacts"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut server = Self { child, uri: format!("http://127.0.0.1:{port}") };
        server.wait(port, folder);
        server
    }

    /// Waits until the server is well, for up to two minutes.
    fn wait(&mut self, port: u16, folder: &Path) {
        let begun = Instant::now();
        while !is_well(port) {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > Duration::from_secs(120) {
                let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
                panic!("mlflow server did not start ({ended:?}):\n{log}");
            }
            sleep(Duration::from_millis(250));
        }
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-s", name, "--", &group]).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("TERM");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

fn is_well(port: u16) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    ask().is_ok_and(|answer| answer.lines().next().is_some_and(|line| line.contains(" 200 ")))
}

fn python_of(python: &OsStr, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command.current_dir(folder).env("MLFLOW_DISABLE_TELEMETRY", "true");
    for inherited in ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME"] {
        command.env_remove(inherited);
    }
    command
}

/// Runs a script with arguments and reads the JSON in its last line.
fn script(python: &OsStr, folder: &Path, script: &str, arguments: &[&str]) -> Value {
    let mut command = python_of(python, folder);
    let output = command.arg("-c").arg(script).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn training(id: &str) -> TrainingRun {
    let file = MlModel {
        folder: "model".into(),
        data: "forest.bin".into(),
        created_at_ms: 1_767_323_045_678,
        facts: pairs(&[("format", "1")]),
    };
    // Larger than one buffer, with every byte in it.
    let bytes = (0..=255).cycle().take(300_000).collect();
    let mut params = pairs(&[("n_estimators", "100"), ("seed", "7")]);
    params.insert("features".into(), "é".repeat(6_000));
    params.extend((0..230).map(|number| (format!("param {number}"), number.to_string())));
    let metrics = [("auc_injected", 0.97), ("psi.hour of day", 1e-300), ("nothing", f64::NAN)];
    TrainingRun {
        experiment: EXPERIMENT.into(),
        id: id.into(),
        name: format!("contoso {id}"),
        started_at_ms: 1_767_323_000_000,
        ended_at_ms: 1_767_323_045_678,
        params,
        metrics: metrics.map(|(key, value)| (key.to_owned(), value)).into(),
        tags: pairs(&[("tenant", "Füssen"), ("git.sha", "abc")]),
        artefacts: vec![file.artefact(), Artefact { path: "model/forest.bin".into(), bytes }],
    }
}

type Mirrored = (MirroredRun, MirroredVersion, MirroredVersion);

/// A run, two versions of it, both aliases, and a drift that is measured later.
fn mirror(server: &MlflowServer) -> Result<Mirrored, MirrorError> {
    let run = server.mirror_run(&training("run-1"))?;
    let register = |id: &str| {
        let (id, tags) = (id.to_owned(), pairs(&[("state", "trained")]));
        let description = format!("version {id}");
        let version = ModelVersion { id, description, folder: "model".into(), tags };
        server.mirror_version(MODEL, &version, &run)
    };
    let (first, second) = (register("v-1")?, register("v-2")?);
    let aliases = [(Alias::Champion, first.number), (Alias::Challenger, second.number)];
    server.mirror_aliases(MODEL, &aliases.into())?;
    let drift = |step| Metric {
        key: "psi.drift".into(),
        value: 0.25,
        timestamp_ms: 1_767_400_000_000 + step,
        step,
    };
    server.log_metrics(&run, &[drift(0), drift(1)])?;
    Ok((run, first, second))
}

#[test]
fn what_is_mirrored_twice_is_read_back_once_with_mlflows_own_client() {
    let Some(python) = std::env::var_os("CSTACK_TEST_MLFLOW") else {
        println!("skipped: CSTACK_TEST_MLFLOW names no Python interpreter that has mlflow");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let started = Server::start(&python, folder.path());
    let server = MlflowServer::new(&started.uri, Credentials::None, Settings::default()).unwrap();

    let once = mirror(&server).unwrap();
    assert_eq!(mirror(&server).unwrap(), once);
    let read = || {
        let arguments = [started.uri.as_str(), EXPERIMENT, MODEL];
        script(&python, folder.path(), READ_BACK, &arguments)
    };
    let there = read();
    check_run(&there["runs"], &once.0);
    check_versions(&there, &once);
    assert_eq!(there["aliases"], json!({ "champion": 1, "challenger": 2 }));

    // Promotion: the challenger becomes the champion.
    server.mirror_aliases(MODEL, &[(Alias::Champion, once.2.number)].into()).unwrap();
    // A run that somebody's crash left half.
    let arguments = [started.uri.as_str(), EXPERIMENT];
    let half = script(&python, folder.path(), BEGIN_HALF, &arguments);
    let completed = server.mirror_run(&training("run-2")).unwrap();
    assert_eq!(json!(completed.run_id), half["run_id"]);
    let there = read();
    assert_eq!(there["aliases"], json!({ "champion": 2 }));
    let runs = there["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    let completed = runs.iter().find(|run| run["tags"]["cstack.run"] == "run-2").unwrap();
    assert_eq!(completed["status"], "FINISHED");
    assert_eq!(completed["params"], json!(training("run-2").params));
    assert_eq!(completed["history"]["auc_injected"], json!([[1_767_323_045_678_i64, 0.97, 0]]));
}

fn check_run(runs: &Value, mirrored: &MirroredRun) {
    let run = training("run-1");
    assert_eq!(runs.as_array().unwrap().len(), 1);
    let there = &runs[0];
    assert_eq!(there["run_id"], json!(mirrored.run_id));
    assert_eq!(there["experiment_id"], json!(mirrored.experiment_id));
    assert_eq!(there["name"], "contoso run-1");
    assert_eq!(there["status"], "FINISHED");
    assert_eq!(there["times"], json!([run.started_at_ms, run.ended_at_ms]));
    assert_eq!(there["params"], json!(run.params));
    for (key, value) in run.tags {
        assert_eq!(there["tags"][key], json!(value));
    }
    let history = json!({
        "auc_injected": [[run.ended_at_ms, 0.97, 0]],
        "psi.hour of day": [[run.ended_at_ms, 1e-300, 0]],
        "psi.drift": [[1_767_400_000_000_i64, 0.25, 0], [1_767_400_000_001_i64, 0.25, 1]],
    });
    assert_eq!(there["history"], history);
}

fn check_versions(there: &Value, (run, first, second): &Mirrored) {
    assert_eq!((first.number, second.number), (1, 2));
    let version = |number: u64| {
        json!({
            "number": number,
            "run_id": run.run_id,
            "description": format!("version v-{number}"),
            "tags": { "cstack.version": format!("v-{number}"), "state": "trained" },
            "status": "READY",
        })
    };
    assert_eq!(there["versions"], json!([version(1), version(2)]));
    let model = &there["champion"];
    let forest = training("run-1").artefacts.remove(1).bytes;
    assert!(model["forest"] == json!(forest), "the model's bytes differ");
    let flavours = json!({ "cstack": { "data": "forest.bin", "format": "1" } });
    assert_eq!(model["flavors"], flavours);
    assert_eq!(model["created"], "2026-01-02 03:04:05.678000");
}
