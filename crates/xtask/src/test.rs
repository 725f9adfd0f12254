//! `cargo xtask test`

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::cargo::cargo;
use crate::duckdb::Library;

#[derive(clap::Args)]
pub(crate) struct Test {
    /// Leave out the examples in the documentation
    #[arg(long)]
    no_doc: bool,
    /// Further arguments, such as a filter or `-p cstack-policy`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Test {
    pub(crate) fn run(self) -> Result<()> {
        let library = Library::find()?;
        // The examples come first, so that the summary of all tests stands last.
        if !self.no_doc && self.arguments.is_empty() {
            let mut examples = cargo()?;
            examples.args(["test", "--doc", "--workspace", "--quiet"]);
            library.configure(&mut examples);
            crate::succeed(&mut examples)?;
        }
        let mut tests = cargo()?;
        if has_nextest() {
            tests.args(["nextest", "run"]);
        } else {
            eprintln!("cargo-nextest is not installed; `cargo test` does the same, slower.");
            tests.args(["test", "--lib", "--bins", "--tests"]);
        }
        let names_package =
            |argument: &String| argument.starts_with("-p") || argument == "--package";
        if !self.arguments.iter().any(names_package) {
            tests.arg("--workspace");
        }
        library.configure(&mut tests);
        crate::succeed(tests.args(self.arguments))
    }
}

fn has_nextest() -> bool {
    let version = Command::new("cargo-nextest")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}
