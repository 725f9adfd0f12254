//! `cargo xtask docs`: pages that the code writes, so that they cannot drift from it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::cargo::{build, root};
use crate::duckdb::Library;
use crate::house;

/// The pages that `cstack` itself prints, and the command that prints each.
const PAGES: &[(&str, &[&str])] = &[
    ("docs/CLI.md", &["docs-markdown", "cli"]),
    ("docs/CONFIG.md", &["docs-markdown", "config"]),
    ("docs/RULES.md", &["rules", "docs"]),
];

#[derive(clap::Args)]
pub(crate) struct Docs {
    /// Change nothing; fail if a page is out of date
    #[arg(long)]
    check: bool,
}

impl Docs {
    pub(crate) fn run(self) -> Result<()> {
        let root = root()?;
        let mut stale = Vec::new();
        let mut settle = |name: &'static str, page: &str| -> Result<()> {
            let path = root.join(name);
            let present = fs::read_to_string(&path).unwrap_or_default();
            if present != page {
                if self.check {
                    stale.push(name);
                } else {
                    fs::write(&path, page).with_context(|| format!("cannot write {name}"))?;
                    println!("wrote {name}");
                }
            }
            Ok(())
        };
        // First what needs no build.
        let architecture = fs::read_to_string(root.join(house::PAGE))
            .with_context(|| format!("cannot read {}", house::PAGE))?;
        settle(house::PAGE, &house::with_present_crates(&architecture)?)?;
        let library = Library::find()?;
        let binary = build(&library, false)?;
        for (name, arguments) in PAGES {
            settle(name, &printed(&library, &binary, arguments)?)?;
        }
        ensure!(stale.is_empty(), "out of date: {}; run `cargo xtask docs`", stale.join(", "));
        every_page_is_listed(&root.join("docs"))
    }
}

fn printed(library: &Library, binary: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(binary);
    command.args(arguments).stderr(Stdio::inherit());
    library.configure_run(&mut command);
    let output = command.output()?;
    ensure!(output.status.success(), "cstack {} failed", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// docs/INDEX.md is where a reader starts: a page it does not name is lost.
fn every_page_is_listed(folder: &Path) -> Result<()> {
    let index = fs::read_to_string(folder.join("INDEX.md")).context("cannot read docs/INDEX.md")?;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_page = Path::new(&name).extension().is_some_and(|extension| extension == "md");
        ensure!(
            !is_page || name == "INDEX.md" || index.contains(&format!("({name})")),
            "docs/INDEX.md does not list docs/{name}"
        );
    }
    Ok(())
}
