//! `cstack rules`

use std::path::PathBuf;

use clap::Subcommand;
use model::rule::RuleMeta;
use model::tenant::TenantSlug;
use ops::catalogue::{AuditOptions, Catalogue, Rule, fill_snippet};

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Failure, Outcome};

/// List rules, look at one, and check rules of your own
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all rules in force
    List,
    /// Show one rule: why, references, what to do
    Show {
        /// Its id
        id: String,
        /// Fill the snippet with this tenant's ids
        #[arg(short, long, value_name = "NAME")]
        tenant: Option<TenantSlug>,
        /// Print the snippet alone
        #[arg(long)]
        snippet: bool,
    },
    /// Check rule files for mistakes
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Run the rules' own examples
    Test {
        /// Rule ids or files; without any, all rules in force
        rules: Vec<String>,
    },
    /// Print docs/RULES.md
    #[command(hide = true)]
    Docs,
}

/// The operator's folder of rules.
pub(super) fn folder(context: &Context) -> Option<PathBuf> {
    context.config().audit.rules_dir.clone().or_else(|| Some(context.paths().rules_dir.clone()))
}

/// The catalogue for an audit, whose settings name only rules that it has.
pub(super) fn catalogue(context: &Context) -> Result<Catalogue, CliError> {
    let catalogue = ops::catalogue::load(folder(context).as_deref())?;
    ops::auditing::check_names(&context.config().audit, &catalogue)?;
    Ok(catalogue)
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    match &args.action {
        Action::List => {
            let catalogue = ops::catalogue::load(folder(context).as_deref())?;
            let text = report::rules(
                &metas(&catalogue),
                &envelope(context),
                format(context),
                &style(context),
            )?;
            context.output().write(&text)?;
        }
        Action::Show { id, tenant, snippet } => show(context, id, tenant.as_ref(), *snippet)?,
        Action::Check { files } => {
            check(context, files)?;
        }
        Action::Test { rules } => return test(context, rules),
        Action::Docs => {
            let catalogue = ops::catalogue::built_in()?;
            let mut page = report::rules_markdown(&metas(&catalogue));
            page += &ops::catalogue::conformance_markdown()?;
            context.output().write(&page)?;
        }
    }
    Ok(Outcome::Done)
}

/// Tells the first mistake of each file.
fn check(context: &Context, files: &[PathBuf]) -> Result<(), CliError> {
    let mut lines = String::new();
    let mut refused = Vec::new();
    for file in files {
        match ops::catalogue::read(file) {
            Ok(rule) => {
                lines += &format!("{}: {} is well written\n", file.display(), rule.meta.id);
            }
            Err(error) => refused.push(CliError::from(error)),
        }
    }
    context.output().write(&model::text::sanitize_lines(&lines))?;
    let Some(last) = refused.pop() else { return Ok(()) };
    for error in refused {
        error.report();
    }
    Err(last)
}

fn metas(catalogue: &Catalogue) -> Vec<RuleMeta> {
    catalogue.rules().iter().map(|rule| rule.meta.clone()).collect()
}

fn find<'c>(catalogue: &'c Catalogue, id: &str) -> Result<&'c Rule, CliError> {
    catalogue.get(id).or_else(|| catalogue.get(&format!("rule.{id}"))).ok_or_else(|| {
        let ids = catalogue.rules().iter().map(|rule| rule.meta.id.as_str());
        let error = CliError::usage(format!("there is no rule {id:?}"));
        match ops::config::nearest(id, ids) {
            Some(near) => error.remedy(format!("did you mean {near}?")),
            None => error.remedy("`cstack rules list` shows them"),
        }
    })
}

fn show(
    context: &Context,
    id: &str,
    tenant: Option<&TenantSlug>,
    snippet_only: bool,
) -> Result<(), CliError> {
    let catalogue = ops::catalogue::load(folder(context).as_deref())?;
    let mut meta = find(&catalogue, id)?.meta.clone();
    if let Some(slug) = tenant {
        let store = ops::database::open(context.config(), context.paths());
        store.tenant(slug)?;
        let snapshot = store.load_snapshot(slug)?;
        meta.snippet = meta.snippet.map(|text| fill_snippet(&text, snapshot.as_ref(), None));
    }
    if snippet_only {
        let text = meta.snippet.ok_or_else(|| {
            CliError::new(Failure::General, format!("rule {} has no snippet", meta.id))
        })?;
        return context.output().write(&text);
    }
    let text = report::rule(&meta, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)
}

fn test(context: &Context, wanted: &[String]) -> Result<Outcome, CliError> {
    let catalogue = ops::catalogue::load(folder(context).as_deref())?;
    let mut rules: Vec<Rule> = Vec::new();
    if wanted.is_empty() {
        rules.extend(catalogue.rules().iter().cloned());
    }
    for name in wanted {
        let path = PathBuf::from(name);
        if path.is_file() {
            rules.push(ops::catalogue::read(&path)?);
        } else {
            rules.push(find(&catalogue, name)?.clone());
        }
    }
    let options = AuditOptions::at(context.now());
    let (mut passed, mut failed) = (0, 0);
    let mut text = String::new();
    for rule in &rules {
        for outcome in ops::catalogue::test(rule, &options) {
            if outcome.passed() {
                passed += 1;
                continue;
            }
            failed += 1;
            let actual = match &outcome.actual {
                Ok(status) => format!("{}: {}", status.as_str(), outcome.reason),
                Err(message) => message.clone(),
            };
            text += &format!(
                "{}: {}: expected {}, got {actual}\n",
                rule.meta.id,
                outcome.name,
                outcome.expected.as_str()
            );
        }
    }
    text += &format!("{passed} examples as expected, {failed} not\n");
    context.output().write(&model::text::sanitize_lines(&text))?;
    if failed > 0 {
        return Err(CliError::new(
            Failure::General,
            format!("{failed} examples gave another result"),
        ));
    }
    Ok(Outcome::Done)
}
