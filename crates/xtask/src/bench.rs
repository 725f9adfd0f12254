//! `cargo xtask bench`: whole processes as users start them, and criterion's benchmarks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::cargo::{build, build_example, cargo, metadata, target};
use crate::duckdb::Library;
use crate::measure::Cost;

/// What is measured. A line more here is a measurement more.
const MEASUREMENTS: &[Measurement] = &[
    Measurement::new("help", Data::None, &["--help"]).within(10),
    Measurement::new("paths", Data::None, &["paths"]),
    Measurement::new("audit-one", Data::Demonstration, &["audit", "--tenant", "tenant-a"])
        .within(150),
    Measurement::new("audit-large", Data::Demonstration, &["audit", "--tenant", "tenant-c"])
        .within(150),
    Measurement::new("findings-list", Data::Findings, &["findings", "list"]).within(200),
    Measurement::new("tenant-list", Data::Fleet, &["tenant", "list"]),
    Measurement::new("fleet-dry", Data::Fleet, &["audit", "--dry-run"]).few().cpu_within(10_000),
    Measurement::new("fleet", Data::Fleet, &["audit"]).few(),
];

struct Measurement {
    name: &'static str,
    data: Data,
    arguments: &'static [&'static str],
    /// The most milliseconds the median may take.
    limit: Option<u64>,
    /// The most milliseconds of CPU time the mean may take.
    cpu_limit: Option<u64>,
    /// Whether it takes so long that a few runs must do.
    few: bool,
}

impl Measurement {
    const fn new(name: &'static str, data: Data, arguments: &'static [&'static str]) -> Self {
        Self { name, data, arguments, limit: None, cpu_limit: None, few: false }
    }

    const fn within(mut self, milliseconds: u64) -> Self {
        self.limit = Some(milliseconds);
        self
    }

    const fn cpu_within(mut self, milliseconds: u64) -> Self {
        self.cpu_limit = Some(milliseconds);
        self
    }

    const fn few(mut self) -> Self {
        self.few = true;
        self
    }
}

/// Runs of a measurement that takes seconds.
const FEW: usize = 3;

/// The database a measurement needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    None,
    /// What `cstack demo` makes.
    Demonstration,
    /// 100,000 findings.
    Findings,
    /// 500 tenants of 500 users and 15 policies.
    Fleet,
}

impl Data {
    const ALL: [Self; 4] = [Self::None, Self::Demonstration, Self::Findings, Self::Fleet];

    fn folder(self, root: &Path) -> Option<PathBuf> {
        let name = match self {
            Self::None => return None,
            Self::Demonstration => "demonstration",
            Self::Findings => "findings",
            Self::Fleet => "fleet",
        };
        Some(root.join(name))
    }

    fn make(self, library: &Library, binary: &Path, root: &Path) -> Result<()> {
        let Some(folder) = self.folder(root) else { return Ok(()) };
        let mut command = match self {
            Self::None => return Ok(()),
            Self::Demonstration => {
                let mut demo = Command::new(binary);
                demo.args(["demo", "--no-signins", "--quiet", "--data-dir"]);
                demo
            }
            Self::Findings => {
                Command::new(build_example(library, "cstack-store", "many_findings")?)
            }
            Self::Fleet => Command::new(build_example(library, "cstack-ops", "synthetic_fleet")?),
        };
        command.arg(&folder).stdout(Stdio::null());
        library.configure_run(&mut command);
        crate::succeed(&mut command)
    }
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
        std::fs::create_dir_all(&data)?;
        for kind in Data::ALL {
            if wanted.iter().any(|one| one.data == kind) {
                kind.make(library, &binary, &data)?;
            }
        }
        println!(
            "{:<16} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "measurement", "median ms", "worst ms", "CPU ms", "peak MiB", "limit ms"
        );
        for one in wanted {
            let runs = if one.few { self.runs.min(FEW) } else { self.runs };
            let cost = one.measure(library, &binary, &data, runs)?;
            let limit = match (one.limit, one.cpu_limit) {
                (Some(limit), _) => limit.to_string(),
                (_, Some(limit)) => format!("{limit} CPU"),
                _ => "-".to_owned(),
            };
            // The prebuilt library is loaded at each start, which the product's own build does not.
            let own = !matches!(library, Library::Prebuilt(_));
            let missed = one.limit.is_some_and(|limit| own && cost.wall_median > limit * 1000)
                || one.cpu_limit.is_some_and(|limit| cost.cpu > limit * 1000);
            let verdict = match cost.code {
                0 if missed => "  over the limit".to_owned(),
                0 => String::new(),
                code => format!("  failed with exit code {code}"),
            };
            println!(
                "{:<16} {:>10} {:>10} {:>10} {:>10} {limit:>10}{verdict}",
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
        if let Some(folder) = self.data.folder(data) {
            command.arg("--data-dir").arg(folder);
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
