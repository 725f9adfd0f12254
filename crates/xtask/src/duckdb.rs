//! Finding DuckDB's library, so that its C++ need not be compiled.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

/// DuckDB's version: that of the `duckdb` crate in the workspace's manifest.
const VERSION: &str = "1.5.5";

/// The npm package that carries the official library for x86-64 Linux.
const PACKAGE: &str = "@duckdb/node-bindings-linux-x64@1.5.5-r.5";
const PACKAGE_SHA256: &str = "86d2bda909785550e8a14a57a8a4584827aff0e268d8f1a58c3fd48559f7020e";
const LIBRARY_SHA256: &str = "fc23f12e376c47be520f75221288281906e7942e8fd6f6ce4849198ba60d0405";

/// The variable in which the system's loader looks for libraries.
const LOADER_PATH: &str =
    if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// Where DuckDB comes from.
pub(crate) enum Library {
    /// A folder with the official library.
    Prebuilt(PathBuf),
    /// Its source, compiled with the product.
    Bundled,
}

impl Library {
    /// The first that is there: an explicit folder, the cached copy, the published package. Failing
    /// all, the source, and the user is told why it will take long.
    pub(crate) fn find() -> Result<Self> {
        if let Some(folder) = env::var_os("DUCKDB_LIB_DIR").filter(|folder| !folder.is_empty()) {
            let folder = PathBuf::from(folder);
            ensure!(
                folder.join(file_name()).is_file(),
                "DUCKDB_LIB_DIR is {}, and {} is not there",
                folder.display(),
                file_name()
            );
            return Ok(Self::Prebuilt(folder));
        }
        let cached = cache()?.join(format!("libduckdb-{VERSION}"));
        if cached.join(file_name()).is_file() {
            return Ok(Self::Prebuilt(cached));
        }
        match fetch(&cached) {
            Ok(()) => Ok(Self::Prebuilt(cached)),
            Err(reason) => {
                eprintln!("No prebuilt DuckDB: {reason:#}.");
                eprintln!("Compiling its source instead, which takes tens of minutes.");
                Ok(Self::Bundled)
            }
        }
    }

    /// Tells a cargo command which DuckDB to build and run with.
    pub(crate) fn configure(&self, command: &mut Command) {
        if let Self::Prebuilt(folder) = self {
            command.arg("--no-default-features").env("DUCKDB_LIB_DIR", folder);
            self.configure_run(command);
        }
    }

    /// Lets a command that is already built find the library.
    pub(crate) fn configure_run(&self, command: &mut Command) {
        if let Self::Prebuilt(folder) = self {
            command.env(LOADER_PATH, loader_path(folder));
        }
    }
}

/// The folder, before whatever the loader's path holds already.
fn loader_path(folder: &Path) -> OsString {
    let present = env::var_os(LOADER_PATH).unwrap_or_default();
    let folders = env::split_paths(&present).filter(|present| present != folder);
    let folders = std::iter::once(folder.to_owned()).chain(folders);
    env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty()))
        .unwrap_or_else(|_| folder.into())
}

/// Prints what a shell needs for plain cargo commands.
pub(crate) fn print_environment() -> Result<()> {
    match Library::find()? {
        Library::Prebuilt(folder) => {
            println!("export DUCKDB_LIB_DIR='{}'", folder.display());
            // What the shell has already stays behind it.
            let rest = format!("${{{LOADER_PATH}:+:${LOADER_PATH}}}");
            println!("export {LOADER_PATH}='{}'\"{rest}\"", folder.display());
        }
        Library::Bundled => println!("# DuckDB is compiled from source"),
    }
    Ok(())
}

fn file_name() -> &'static str {
    match env::consts::OS {
        "macos" => "libduckdb.dylib",
        "windows" => "duckdb.dll",
        _ => "libduckdb.so",
    }
}

/// The folder that outlives a checkout.
fn cache() -> Result<PathBuf> {
    let home = env::home_dir().context("no home folder is known; set HOME or DUCKDB_LIB_DIR")?;
    Ok(home.join(".cache").join("cstack-build"))
}

/// Downloads the published package, checks it, and puts its library into `folder`.
fn fetch(folder: &Path) -> Result<()> {
    if (env::consts::OS, env::consts::ARCH) != ("linux", "x86_64") {
        bail!("the published package is for x86-64 Linux; set DUCKDB_LIB_DIR to your own");
    }
    let parent = folder.parent().context("the cache has no parent folder")?;
    fs::create_dir_all(parent)?;
    // Beside its final place, so that it is moved there in one step.
    let draft = parent.join(format!("draft-{}", std::process::id()));
    fs::create_dir_all(&draft)?;
    let fetched = fetch_into(&draft).and_then(|library| {
        fs::create_dir_all(folder)?;
        Ok(fs::rename(library, folder.join(file_name()))?)
    });
    fs::remove_dir_all(&draft)?;
    fetched
}

fn fetch_into(draft: &Path) -> Result<PathBuf> {
    eprintln!("Fetching DuckDB {VERSION} ({PACKAGE}).");
    let output = Command::new("npm")
        .args(["pack", PACKAGE, "--silent", "--pack-destination"])
        .arg(draft)
        .output()
        .context("npm cannot be started")?;
    ensure!(
        output.status.success(),
        "npm pack ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let archive = draft.join(String::from_utf8(output.stdout)?.trim());
    check(&archive, PACKAGE_SHA256)?;
    crate::succeed(
        Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(draft)
            .arg("package/libduckdb.so"),
    )?;
    let library = draft.join("package").join("libduckdb.so");
    check(&library, LIBRARY_SHA256)?;
    Ok(library)
}

fn check(path: &Path, expected: &str) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut found = String::new();
    for byte in Sha256::digest(bytes) {
        write!(found, "{byte:02x}")?;
    }
    ensure!(
        found == expected,
        "{} is not what was published: its SHA-256 is {found}, not {expected}",
        path.display()
    );
    Ok(())
}
