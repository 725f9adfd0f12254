//! The list of crates in docs/ARCHITECTURE.md, as the manifests have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cargo::metadata;

/// The page that holds the list.
pub(crate) const PAGE: &str = "docs/ARCHITECTURE.md";

const BEGIN: &str = "<!-- crates: written by `cargo xtask docs` from the manifests -->\n";
const END: &str = "<!-- end of crates -->\n";

/// The floors of the house, the highest first. Arrows point to a lower floor, or to a lower room of
/// the same one, never up.
const FLOORS: &[(&str, &[&str])] = &[
    ("front ends", &["cstack"]),
    ("use cases", &["ops"]),
    ("the outside world", &["store", "graph", "narrative", "report", "notify", "registry"]),
    ("judgement", &["audit", "detect"]),
    ("evaluation", &["policy", "forest"]),
    ("words", &["fixtures", "model"]),
];

/// The page with its list brought up to date.
pub(crate) fn with_present_crates(page: &str) -> Result<String> {
    let missing = || format!("{PAGE} has lost the marks around its list of crates");
    let (before, rest) = page.split_once(BEGIN).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(&crates()?)?))
}

struct Crate {
    about: String,
    uses: BTreeSet<String>,
}

/// The product's crates with what they use of each other; xtask is no part of the product.
fn crates() -> Result<BTreeMap<String, Crate>> {
    let metadata = metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let packages = packages.context("cargo metadata lists no packages")?;
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut crates = BTreeMap::new();
    for package in packages.iter().filter(|package| text(package, "name") != "xtask") {
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        let uses = dependencies
            .into_iter()
            .flatten()
            // Only what ships: tests may lean on anything. Ours are those with a path.
            .filter(|used| used.get("path").is_some())
            .filter(|used| used.get("kind").is_none_or(Value::is_null))
            .map(|used| short(&text(used, "name")))
            .collect();
        let about = text(package, "description");
        crates.insert(short(&text(package, "name")), Crate { about, uses });
    }
    Ok(crates)
}

/// A crate as the code calls it.
fn short(package: &str) -> String {
    package.strip_prefix("cstack-").unwrap_or(package).to_owned()
}

fn table(crates: &BTreeMap<String, Crate>) -> Result<String> {
    let order: Vec<&str> = FLOORS.iter().flat_map(|(_, rooms)| rooms.iter().copied()).collect();
    let floor = |name: &str| FLOORS.iter().position(|(_, rooms)| rooms.contains(&name));
    for (name, one) in crates {
        let from =
            floor(name).with_context(|| format!("{name} has no floor in xtask's house.rs"))?;
        for used in &one.uses {
            if floor(used).is_none_or(|to| to < from) {
                bail!("{name} uses {used}, which stands above it");
            }
        }
    }
    let mut table = String::from("\n| floor | crate | what it is | uses |\n|---|---|---|---|\n");
    for (title, rooms) in FLOORS {
        for room in *rooms {
            let Some(one) = crates.get(*room) else {
                continue;
            };
            let uses = order.iter().filter(|name| one.uses.contains(**name)).copied();
            let uses = uses.collect::<Vec<_>>().join(", ");
            let _ = writeln!(table, "| {title} | `{room}` | {} | {uses} |", one.about);
        }
    }
    table.push('\n');
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(crates: &[(&str, &[&str])]) -> BTreeMap<String, Crate> {
        let built = crates.iter().map(|(name, uses)| {
            let uses = uses.iter().map(ToString::to_string).collect();
            ((*name).to_owned(), Crate { about: "about".to_owned(), uses })
        });
        built.collect()
    }

    #[test]
    fn crates_are_listed_from_the_top_with_what_they_use() {
        let list =
            table(&house(&[("model", &[]), ("ops", &["model", "store"]), ("store", &["model"])]));
        assert_eq!(
            list.unwrap(),
            "\n| floor | crate | what it is | uses |\n|---|---|---|---|\n\
             | use cases | `ops` | about | store, model |\n\
             | the outside world | `store` | about | model |\n\
             | words | `model` | about |  |\n\n"
        );
    }

    #[test]
    fn an_arrow_that_points_up_is_refused() {
        let refused = table(&house(&[("policy", &["store"]), ("store", &[])]));
        assert_eq!(refused.unwrap_err().to_string(), "policy uses store, which stands above it");
    }

    #[test]
    fn a_crate_nobody_placed_is_refused() {
        assert!(table(&house(&[("attic", &[])])).is_err());
    }
}
