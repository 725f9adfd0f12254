//! Developer commands, run as `cargo xtask NAME`. They find DuckDB first, so that nobody has to
//! compile it, and depend on nothing of the product, so that they build in seconds.

mod bench;
mod cargo;
mod demo;
mod docs;
mod duckdb;
mod house;
mod measure;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Load the three demonstration tenants into a fresh database, audit them, show the fleet
    Demo(demo::Demo),
    /// Run cstack on the database that `demo` made: `cargo xtask run -- findings list`
    Run(demo::Run),
    /// Run all tests; further arguments go to cargo-nextest, or to `cargo test` without it
    Test(test::Test),
    /// Measure whole processes, and run the criterion benchmarks
    Bench(bench::Bench),
    /// Write the generated documentation, or check that it is up to date
    Docs(docs::Docs),
    /// Print the variables that other cargo commands need: `eval "$(cargo xtask env)"`
    Env,
    /// Run one command several times and print its costs as JSON
    #[command(hide = true)]
    Measure(measure::Measure),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo(task) => task.run(),
        Task::Run(task) => task.run(),
        Task::Test(task) => task.run(),
        Task::Bench(task) => task.run(),
        Task::Docs(task) => task.run(),
        Task::Env => duckdb::print_environment(),
        Task::Measure(task) => task.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A command that must succeed.
fn succeed(command: &mut std::process::Command) -> Result<()> {
    let status = command.status();
    let name = command.get_program().to_string_lossy().into_owned();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => anyhow::bail!("{name} ended with {status}"),
        Err(error) => Err(error).map_err(|error| anyhow::anyhow!("cannot start {name}: {error}")),
    }
}
