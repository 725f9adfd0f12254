//! What a run holds, cut into requests as the server takes them.

use serde_json::{Value, json};

use crate::run::Metric;

/// Most params, and most tags, in one request.
const MOST_PAIRS: usize = 100;
/// Most metrics in one request. With params and tags there may be 1,000.
const MOST_METRICS: usize = 800;
/// Most bytes of a request that are spent on values; the server's limit is 1,000,000 in all.
const MOST_BYTES: usize = 700_000;

/// A request `runs/log-batch`.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    metrics: Vec<Value>,
    params: Vec<Value>,
    tags: Vec<Value>,
    bytes: usize,
}

/// What a param, a metric or a tag becomes.
enum Kind {
    Metric,
    Param,
    Tag,
}

impl Batch {
    pub fn json(self, run_id: &str) -> Value {
        let Self { metrics, params, tags, .. } = self;
        json!({ "run_id": run_id, "metrics": metrics, "params": params, "tags": tags })
    }

    fn takes(&self, kind: &Kind, bytes: usize) -> bool {
        let room = match kind {
            Kind::Metric => self.metrics.len() < MOST_METRICS,
            Kind::Param => self.params.len() < MOST_PAIRS,
            Kind::Tag => self.tags.len() < MOST_PAIRS,
        };
        room && (self.bytes == 0 || self.bytes + bytes <= MOST_BYTES)
    }
}

/// As few requests as it takes, in order. Metrics that are not finite are left out.
pub(crate) fn batches<'a>(
    metrics: impl IntoIterator<Item = Metric>,
    params: impl IntoIterator<Item = (&'a String, &'a String)>,
    tags: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Vec<Batch> {
    let pair = |(key, value): (&String, &String)| json!({ "key": key, "value": value });
    let finite = metrics.into_iter().filter(|metric| metric.value.is_finite());
    let metrics = finite.map(|Metric { key, value, timestamp_ms, step }| {
        json!({ "key": key, "value": value, "timestamp": timestamp_ms, "step": step })
    });
    let all = metrics
        .map(|metric| (Kind::Metric, metric))
        .chain(params.into_iter().map(|param| (Kind::Param, pair(param))))
        .chain(tags.into_iter().map(|tag| (Kind::Tag, pair(tag))));
    let mut batches: Vec<Batch> = Vec::new();
    for (kind, value) in all {
        let bytes = value.to_string().len();
        let found = batches.iter().position(|batch| batch.takes(&kind, bytes));
        let index = found.unwrap_or_else(|| {
            batches.push(Batch::default());
            batches.len() - 1
        });
        if let Some(batch) = batches.get_mut(index) {
            batch.bytes += bytes;
            match kind {
                Kind::Metric => batch.metrics.push(value),
                Kind::Param => batch.params.push(value),
                Kind::Tag => batch.tags.push(value),
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn pairs(count: usize, length: usize) -> BTreeMap<String, String> {
        (0..count).map(|number| (format!("key{number:05}"), "x".repeat(length))).collect()
    }

    fn metric(number: u32, value: f64) -> Metric {
        Metric { key: format!("metric{number}"), value, timestamp_ms: 7, step: 0 }
    }

    #[test]
    fn no_request_holds_more_than_the_server_takes() {
        let (params, tags) = (pairs(250, 6_000), pairs(130, 10));
        let metrics = (0..2_500).map(|number| metric(number, 0.5));
        let batches = batches(metrics, &params, &tags);
        let mut sent = [0; 3];
        for batch in batches {
            let json = batch.json("r");
            let text = json.to_string();
            assert!(text.len() < 1_000_000, "{}", text.len());
            let counts =
                ["metrics", "params", "tags"].map(|kind| json[kind].as_array().unwrap().len());
            assert!(counts[0] <= 1_000 && counts[1] <= 100 && counts[2] <= 100, "{counts:?}");
            assert!(counts.iter().sum::<usize>() <= 1_000, "{counts:?}");
            sent = [sent[0] + counts[0], sent[1] + counts[1], sent[2] + counts[2]];
        }
        assert_eq!(sent, [2_500, 250, 130]);
    }

    #[test]
    fn a_small_run_is_one_request_and_nothing_is_none() {
        let some = pairs(3, 5);
        assert_eq!(batches([metric(0, 1.0)], &some, &some).len(), 1);
        let none = BTreeMap::new();
        assert_eq!(batches([], &none, &none).len(), 0);
    }

    #[test]
    fn metrics_that_are_not_finite_are_left_out() {
        let none = BTreeMap::new();
        let metrics =
            [f64::NAN, f64::INFINITY, 2.5, f64::NEG_INFINITY].map(|value| metric(1, value));
        let batches = batches(metrics, &none, &none);
        let json = batches.into_iter().next().unwrap().json("r");
        assert_eq!(json["metrics"].as_array().unwrap().len(), 1);
        assert_eq!(json["metrics"][0]["value"], 2.5);
    }
}
