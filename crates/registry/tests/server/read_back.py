"""Prints as JSON what MLflow's own client finds: runs of an experiment, and a model's versions."""

import json
import pathlib
import sys

import mlflow
from mlflow.models import Model

uri, experiment, model = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()


def read_run(run):
    run_id = run.info.run_id
    history = {
        key: [[m.timestamp, m.value, m.step] for m in client.get_metric_history(run_id, key)]
        for key in run.data.metrics
    }
    return {
        "run_id": run_id,
        "experiment_id": run.info.experiment_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "times": [run.info.start_time, run.info.end_time],
        "params": run.data.params,
        "tags": run.data.tags,
        "history": history,
    }


def read_version(version):
    return {
        "number": int(version.version),
        "run_id": version.run_id,
        "description": version.description,
        "tags": version.tags,
        "status": version.status,
    }


found = client.get_experiment_by_name(experiment)
champion = pathlib.Path(mlflow.artifacts.download_artifacts(f"models:/{model}@champion"))
described = Model.load(str(champion))
versions = client.search_model_versions(f"name = '{model}'")
answer = {
    "runs": [read_run(run) for run in client.search_runs([found.experiment_id])],
    "versions": sorted(map(read_version, versions), key=lambda version: version["number"]),
    "aliases": {
        alias: int(version)
        for alias, version in client.get_registered_model(model).aliases.items()
    },
    "champion": {
        "forest": list((champion / "forest.bin").read_bytes()),
        "flavors": described.flavors,
        "created": described.utc_time_created,
    },
}
print(json.dumps(answer))
