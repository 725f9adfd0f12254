//! `cargo xtask bench`: whole processes as users start them, and criterion's benchmarks.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::cargo::{build, cargo, metadata, target};
use crate::duckdb::Library;
use crate::measure::Cost;

/// What is measured. A line more here is a measurement more.
const MEASUREMENTS: &[Measurement] = &[
    Measurement { name: "help", data: Data::None, arguments: &["--help"], limit: Some(10) },
    Measurement { name: "paths", data: Data::None, arguments: &["paths"], limit: None },
    Measurement {
        name: "audit-one",
        data: Data::Demonstration,
        arguments: &["audit", "--tenant", "tenant-a"],
        limit: Some(150),
    },
    Measurement {
        name: "findings-list",
        data: Data::Demonstration,
        arguments: &["findings", "list"],
        limit: Some(200),
    },
];

struct Measurement {
    name: &'static str,
    data: Data,
    arguments: &'static [&'static str],
    /// The most milliseconds the median may take.
    limit: Option<u64>,
}

/// The database a measurement needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    None,
    /// What `cstack demo` makes.
    Demonstration,
}

#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Measure only what has this in its name
    filter: Option<String>,
    /// Leave criterion's benchmarks out
    #[arg(long)]
    processes_only: bool,
    /// How often each command runs
    #[arg(long, default_value_t = 21)]
    runs: usize,
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        let library = Library::find()?;
        let slow = self.processes(&library)?;
        if !self.processes_only {
            self.criterion(&library)?;
        }
        ensure!(slow.is_empty(), "over the limit or failed: {}", slow.join(", "));
        Ok(())
    }

    /// Prints a line a measurement and gives the names of those that missed their limit.
    fn processes(&self, library: &Library) -> Result<Vec<&'static str>> {
        let wanted: Vec<_> = MEASUREMENTS.iter().filter(|one| self.wants(one.name)).collect();
        let mut slow = Vec::new();
        if wanted.is_empty() {
            return Ok(slow);
        }
        let binary = build(library, true)?;
        let data = target()?.join("bench-data");
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        if wanted.iter().any(|one| one.data == Data::Demonstration) {
            let mut demo = Command::new(&binary);
            demo.args(["demo", "--quiet", "--data-dir"]).arg(&data).stdout(Stdio::null());
            library.configure_run(&mut demo);
            crate::succeed(&mut demo)?;
        }
        println!(
            "{:<16} {:>10} {:>10} {:>10} {:>10} {:>8}",
            "measurement", "median ms", "worst ms", "CPU ms", "peak MiB", "limit ms"
        );
        for one in wanted {
            let cost = one.measure(library, &binary, &data, self.runs)?;
            let limit = one.limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
            let missed = one.limit.is_some_and(|limit| cost.wall_median > limit * 1000);
            let verdict = match cost.code {
                0 if missed => "  over the limit".to_owned(),
                0 => String::new(),
                code => format!("  failed with exit code {code}"),
            };
            println!(
                "{:<16} {:>10} {:>10} {:>10} {:>10} {limit:>8}{verdict}",
                one.name,
                thousandths(cost.wall_median),
                thousandths(cost.wall_worst),
                thousandths(cost.cpu),
                cost.peak / 1024,
            );
            if !verdict.is_empty() {
                slow.push(one.name);
            }
        }
        Ok(slow)
    }

    fn criterion(&self, library: &Library) -> Result<()> {
        for (package, bench) in benches()? {
            let mut command = cargo()?;
            command.args(["bench", "--package", &package, "--bench", &bench]);
            library.configure(&mut command);
            if let Some(filter) = &self.filter {
                command.arg("--").arg(filter);
            }
            crate::succeed(&mut command)?;
        }
        Ok(())
    }

    fn wants(&self, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
    }
}

impl Measurement {
    fn measure(&self, library: &Library, binary: &Path, data: &Path, runs: usize) -> Result<Cost> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["measure", "--runs", &runs.to_string(), "--"]).arg(binary);
        if self.data == Data::Demonstration {
            command.arg("--data-dir").arg(data);
        }
        command.args(self.arguments).stderr(Stdio::inherit());
        library.configure_run(&mut command);
        let output = command.output()?;
        ensure!(output.status.success(), "{} could not be measured", self.name);
        serde_json::from_slice(&output.stdout).context("the measurement cannot be read")
    }
}

/// The criterion benchmarks of the workspace: package and target.
fn benches() -> Result<Vec<(String, String)>> {
    let metadata = metadata()?;
    let list = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut found = Vec::new();
    for package in list(&metadata, "packages") {
        for target in list(&package, "targets") {
            if list(&target, "kind").iter().any(|kind| kind == "bench") {
                found.push((text(&package, "name"), text(&target, "name")));
            }
        }
    }
    Ok(found)
}

/// Microseconds as milliseconds.
fn thousandths(micros: u64) -> String {
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}
