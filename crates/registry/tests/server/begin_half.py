"""Begins a run as a mirror does that ends in the middle, and prints its id as JSON."""

import json
import sys

import mlflow
from mlflow.entities import Metric

uri, experiment = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()
found = client.get_experiment_by_name(experiment)
run = client.create_run(found.experiment_id, tags={"cstack.run": "run-2"}, run_name="half")
metrics = [Metric("auc_injected", 0.97, 1767323045678, 0)]
client.log_batch(run.info.run_id, metrics=metrics)
client.log_param(run.info.run_id, "seed", "7")
print(json.dumps({"run_id": run.info.run_id}))
