//! `cargo xtask demo` and `run`: the product on demonstration data, away from the user's own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo::{build, target};
use crate::duckdb::Library;

#[derive(clap::Args)]
pub(crate) struct Demo {
    /// Build with optimisations, which takes longer
    #[arg(long)]
    release: bool,
    /// Further arguments of `cstack demo`
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct Run {
    /// Build with optimisations, which takes longer
    #[arg(long)]
    release: bool,
    /// The arguments of cstack
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Demo {
    pub(crate) fn run(self) -> Result<()> {
        let library = Library::find()?;
        let binary = build(&library, self.release)?;
        let data = data()?;
        if data.exists() {
            fs::remove_dir_all(&data)
                .with_context(|| format!("cannot empty {}", data.display()))?;
        }
        let mut demo = Command::new(binary);
        demo.arg("demo").arg("--data-dir").arg(&data).args(self.arguments);
        library.configure_run(&mut demo);
        crate::succeed(&mut demo)?;
        eprintln!("\nLook around: cargo xtask run -- findings list");
        Ok(())
    }
}

impl Run {
    pub(crate) fn run(self) -> Result<()> {
        let library = Library::find()?;
        let mut command = Command::new(build(&library, self.release)?);
        command.arg("--data-dir").arg(data()?).args(self.arguments);
        library.configure_run(&mut command);
        // Its own words and exit code say more than ours would.
        let status = command.status()?;
        std::process::exit(status.code().unwrap_or(1))
    }
}

/// The database of the demonstration: among build results, where nothing of value is lost.
fn data() -> Result<PathBuf> {
    Ok(target()?.join("demo"))
}
