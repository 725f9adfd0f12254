//! Calling cargo on this workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::duckdb::Library;

/// The folder of the workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let manifest = manifest.context("start this as `cargo xtask`")?;
    let root = Path::new(&manifest).ancestors().nth(2).context("xtask has moved")?;
    Ok(root.to_owned())
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root()?);
    Ok(command)
}

/// What cargo knows of the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    let output = cargo()?
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .stderr(Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "cargo metadata ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The folder of build results.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = metadata()?;
    let target = metadata.get("target_directory").and_then(Value::as_str);
    Ok(target.context("cargo metadata names no target folder")?.into())
}

/// Builds the product and gives the path of the binary.
pub(crate) fn build(library: &Library, release: bool) -> Result<PathBuf> {
    let mut build = cargo()?;
    build.args(["build", "--package", "cstack", "--bin", "cstack"]);
    if release {
        build.arg("--release");
    }
    library.configure(&mut build);
    crate::succeed(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    Ok(target()?.join(profile).join(format!("cstack{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds an example for release and gives the path of the binary.
pub(crate) fn build_example(library: &Library, package: &str, example: &str) -> Result<PathBuf> {
    let mut build = cargo()?;
    build.args(["build", "--release", "--package", package, "--example", example]);
    library.configure(&mut build);
    crate::succeed(&mut build)?;
    Ok(target()?
        .join("release/examples")
        .join(format!("{example}{}", std::env::consts::EXE_SUFFIX)))
}
