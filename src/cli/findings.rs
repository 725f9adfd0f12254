//! `cstack findings`

mod decide;
mod selection;

use clap::Subcommand;
use jiff::Timestamp;
use model::finding::TrackedFinding;
use ops::triage;
use report::{FindingDetail, Format};

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Outcome};
use decide::Decide;
use selection::{Page, Selection};

/// List findings and decide about them
///
/// A finding is named by its id or any beginning of it that is its own. Times are dates
/// (2026-12-31), times (2026-12-31T08:00:00Z) or durations (12h, 7d, 2w, 3mo).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List findings; without --state, those that ask for attention
    List {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        page: Page,
    },
    /// Show one finding in full: evidence, what to do, history
    Show {
        /// Its id
        id: String,
    },
    /// Count findings by tenant, severity and state
    Summary {
        #[command(flatten)]
        selection: Selection,
    },
    /// Show what happened to a finding
    History {
        /// Its id
        id: String,
    },
    #[command(flatten)]
    Decide(Decide),
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let now = ops::tenants::clock(&store, context.now())?;
    match &args.action {
        Action::List { selection, page } => list(context, &store, selection, *page, now)?,
        Action::Show { id } => show(context, &store, id, now)?,
        Action::History { id } => {
            let finding = triage::find(&store, id, now)?;
            let events = triage::history(&store, &finding)?;
            let text = report::finding_history(
                &events,
                &envelope(context),
                format(context),
                &style(context),
            )?;
            context.output().write(&text)?;
        }
        Action::Summary { selection } => {
            let tallies = triage::tally(&store, &selection.filter(context, &store, now)?, now)?;
            let text = report::findings_summary(
                &tallies,
                &envelope(context),
                format(context),
                &style(context),
            )?;
            context.output().write(&text)?;
        }
        Action::Decide(decide) => decide::run(context, &store, decide, now)?,
    }
    Ok(Outcome::Done)
}

fn show(context: &Context, store: &ops::Store, id: &str, now: Timestamp) -> Result<(), CliError> {
    let finding = triage::find(store, id, now)?;
    let history = triage::history(store, &finding)?;
    let catalogue = ops::catalogue::load(super::rules::folder(context).as_deref())?;
    let rule = catalogue.get(&finding.finding.rule).map(|rule| &rule.meta);
    let snippet = match rule.and_then(|rule| rule.snippet.as_deref()) {
        Some(snippet) => Some(filled(store, &finding, snippet)?),
        None => None,
    };
    let detail =
        FindingDetail { finding: &finding, rule, snippet: snippet.as_deref(), history: &history };
    let text = report::finding(&detail, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)
}

/// A rule's snippet with the ids of the finding's tenant, and its policy where it is about one.
fn filled(store: &ops::Store, tracked: &TrackedFinding, snippet: &str) -> Result<String, CliError> {
    let finding = &tracked.finding;
    let snapshot = store.load_snapshot(&finding.tenant)?;
    let policies = snapshot.as_ref().map(|snapshot| snapshot.policies.as_slice());
    let policy = policies
        .unwrap_or_default()
        .iter()
        .find(|policy| finding.subject.contains(&policy.id))
        .map(|policy| (policy.id.as_str(), policy.display_name.as_str()));
    Ok(ops::catalogue::fill_snippet(snippet, snapshot.as_ref(), policy))
}

fn list(
    context: &Context,
    store: &ops::Store,
    selection: &Selection,
    page: Page,
    now: Timestamp,
) -> Result<(), CliError> {
    let mut filter = selection.filter(context, store, now)?;
    page.put_into(&mut filter, format(context) == Format::Table);
    let found = triage::list(store, &filter, now)?;
    let text =
        report::findings(&found.findings, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)?;
    if found.findings.len() < found.total {
        context.remark(&format!(
            "{} of {} findings; --limit 0 lists all",
            found.findings.len(),
            found.total
        ));
    }
    Ok(())
}
