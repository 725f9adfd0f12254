//! A machine of its own for each test: no file and no variable of the real one is seen.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// Folders that vanish with the test.
pub(crate) struct Machine {
    root: TempDir,
}

impl Machine {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home/.config/cstack", "system"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    /// One whose user has this configuration.
    pub(crate) fn configured(text: &str) -> Self {
        let machine = Self::new();
        fs::write(machine.config_file(), text).unwrap();
        machine
    }

    /// A path on it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The user's configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.path("home/.config/cstack/config.toml")
    }

    /// `cstack` with these arguments, for [`assert_cmd`].
    pub(crate) fn cstack(&self, arguments: &[&str]) -> Command {
        Command::from_std(self.process(arguments))
    }

    /// The same as a plain process.
    pub(crate) fn process(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo_bin!("cstack"));
        command.env_clear().current_dir(self.root.path()).args(arguments);
        // The loader needs this one to find DuckDB.
        for kept in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.env("HOME", self.path("home"));
        command.env("CONFIGURATION_DIRECTORY", self.path("system"));
        command
    }

    /// Standard output of a command that succeeds, with this machine's folder as `~~`.
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.cstack(arguments).assert().success().get_output().clone();
        self.neutral(&output.stdout)
    }

    /// Standard error of a command that fails with this code.
    pub(crate) fn failure(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.cstack(arguments).assert().code(code).get_output().clone();
        assert!(output.stdout.is_empty(), "standard output is for data only");
        self.neutral(&output.stderr)
    }

    /// Text without what differs from run to run.
    pub(crate) fn neutral(&self, text: &[u8]) -> String {
        let root: &Path = self.root.path();
        String::from_utf8_lossy(text).replace(&root.display().to_string(), "~~")
    }
}
