//! The cost of one command, run several times.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

/// A process of its own for each measured command: the system tells the peak memory only as the
/// greatest among all children so far.
#[derive(clap::Args)]
pub(crate) struct Measure {
    #[arg(long)]
    runs: usize,
    #[arg(last = true)]
    command: Vec<String>,
}

/// What a command costs.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Wall time in microseconds: half of the runs took less.
    pub(crate) wall_median: u64,
    /// Wall time in microseconds of the slowest run.
    pub(crate) wall_worst: u64,
    /// CPU time in microseconds, user and system together, the mean.
    pub(crate) cpu: u64,
    /// Greatest resident memory in KiB.
    pub(crate) peak: u64,
    /// The exit code.
    pub(crate) code: i32,
}

impl Measure {
    pub(crate) fn run(self) -> Result<()> {
        let (program, arguments) = self.command.split_first().context("no command")?;
        let mut walls = Vec::with_capacity(self.runs);
        let mut code = 0;
        let run = || {
            Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
        };
        // The first run finds nothing in the system's caches.
        run()?;
        let before = cpu()?;
        for _ in 0..self.runs.max(1) {
            let start = Instant::now();
            code = run()?.code().unwrap_or(-1);
            walls.push(start.elapsed());
        }
        let spent = cpu()?.saturating_sub(before);
        walls.sort_unstable();
        let middle = walls.get(walls.len() / 2).copied().unwrap_or_default();
        let worst = walls.last().copied().unwrap_or_default();
        let runs = u32::try_from(walls.len())?;
        let cost = Cost {
            wall_median: micros(middle)?,
            wall_worst: micros(worst)?,
            cpu: micros(spent / runs)?,
            peak: u64::try_from(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss())?,
            code,
        };
        println!("{}", serde_json::to_string(&cost)?);
        Ok(())
    }
}

fn micros(duration: Duration) -> Result<u64> {
    Ok(u64::try_from(duration.as_micros())?)
}

/// The CPU time of all children that have ended.
fn cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let spent = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(spent)?))
}
