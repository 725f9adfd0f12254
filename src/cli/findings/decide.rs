//! What people decide about findings.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use model::finding::{FindingState, TrackedFinding};
use model::text::sanitize;
use ops::config::OutputFormat;
use ops::triage::{self, Standing, TriageAction, TriageOutcome, WhichBatch};
use serde_json::json;

use super::Selection;
use crate::cli::{CliError, Context, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum Decide {
    /// Acknowledge findings: somebody is at it
    #[command(visible_alias = "acknowledge")]
    Ack {
        #[command(flatten)]
        which: Which,
    },
    /// Confirm findings: they are true
    Confirm {
        #[command(flatten)]
        which: Which,
    },
    /// Put findings to sleep until a time
    Snooze {
        #[command(flatten)]
        which: Which,
        /// When they wake
        #[arg(long, value_name = "TIME")]
        until: String,
    },
    /// Accept a risk until a time
    Accept {
        #[command(flatten)]
        which: Which,
        /// When the acceptance ends
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Judge findings wrong
    #[command(visible_alias = "fp")]
    FalsePositive {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Open findings again; with filters, those asleep, accepted or judged wrong
    Reopen {
        #[command(flatten)]
        which: Which,
    },
    /// Assign findings to somebody
    Assign {
        #[command(flatten)]
        which: Which,
        /// To whom
        #[arg(long, value_name = "WHO", required_unless_present = "nobody")]
        to: Option<String>,
        /// To nobody any more
        #[arg(long, conflicts_with = "to")]
        nobody: bool,
    },
    /// Write something down about findings
    Note {
        #[command(flatten)]
        which: Which,
        /// What
        #[arg(long, value_name = "TEXT")]
        text: String,
    },
    /// Take back your last decision, or a given batch
    Undo {
        /// The batch, as the history in JSON or CSV names it
        batch: Option<String>,
    },
    /// Do again what you took back last, or a given batch
    Redo {
        /// The batch
        batch: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Which {
    /// Findings by id; without any, filters say which
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    selection: Selection,

    /// Do not ask before deciding about all that the filters let through
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(
    context: &Context,
    store: &ops::Store,
    decide: &Decide,
    now: Timestamp,
) -> Result<(), CliError> {
    context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let until = |text: &str| {
        triage::after(text, now).map_err(|invalid| CliError::usage(format!("--until: {invalid}")))
    };
    let (which, action, verb) = match decide {
        Decide::Undo { batch } => {
            let outcome = triage::undo(store, &named(batch.as_ref()), &context.actor(), now)?;
            return tell(context, &outcome);
        }
        Decide::Redo { batch } => {
            let outcome = triage::redo(store, &named(batch.as_ref()), &context.actor(), now)?;
            return tell(context, &outcome);
        }
        Decide::Ack { which } => (which, TriageAction::Acknowledge, "Acknowledge"),
        Decide::Confirm { which } => (which, TriageAction::Confirm, "Confirm"),
        Decide::Reopen { which } => (which, TriageAction::Reopen, "Reopen"),
        Decide::Snooze { which, until: end } => {
            (which, TriageAction::Snooze { until: until(end)? }, "Snooze")
        }
        Decide::Accept { which, until: end, reason } => {
            let reason = sanitize(reason).into_owned();
            (which, TriageAction::Accept { until: until(end)?, reason }, "Accept the risk of")
        }
        Decide::FalsePositive { which, reason } => {
            let reason = sanitize(reason).into_owned();
            (which, TriageAction::FalsePositive { reason }, "Judge wrong")
        }
        Decide::Assign { which, to, .. } => {
            let to = to.as_deref().map(|who| sanitize(who).into_owned());
            (which, TriageAction::Assign { to }, "Assign")
        }
        Decide::Note { which, text } => {
            (which, TriageAction::Note { text: sanitize(text).into_owned() }, "Annotate")
        }
    };
    action.check(now).map_err(|refusal| CliError::usage(refusal.to_string()))?;
    let findings = chosen(context, store, which, &action, verb, now)?;
    tell(context, &triage::act(store, action, &findings, &context.actor(), now)?)
}

fn named(batch: Option<&String>) -> WhichBatch {
    batch.map_or(WhichBatch::Last, |batch| WhichBatch::Named(batch.clone()))
}

/// The findings that are meant; asks where filters and not ids say which.
fn chosen(
    context: &Context,
    store: &ops::Store,
    which: &Which,
    action: &TriageAction,
    verb: &str,
    now: Timestamp,
) -> Result<Vec<TrackedFinding>, CliError> {
    match (which.ids.is_empty(), which.selection.is_empty()) {
        (false, true) => return Ok(triage::find_all(store, &which.ids, now)?),
        (false, false) => {
            return Err(CliError::usage("ids and filters together do not say what is meant")
                .remedy("give one or the other"));
        }
        (true, true) => {
            return Err(CliError::usage("no finding is named")
                .remedy("give ids, or filters such as --tenant and --rule"));
        }
        (true, false) => {}
    }
    let mut filter = which.selection.filter(context, store, now)?;
    if filter.states.is_empty() && *action == TriageAction::Reopen {
        filter.states =
            vec![FindingState::Snoozed, FindingState::Accepted, FindingState::FalsePositive];
    }
    let found = triage::list(store, &filter, now)?.findings;
    if found.is_empty() {
        return Err(CliError::new(Failure::General, "the filters let no finding through")
            .remedy("`cstack findings list` with the same filters shows what they mean"));
    }
    context.confirm(&question(verb, &found), which.yes)?;
    Ok(found)
}

/// `Acknowledge 12 findings (2 critical, 10 high) of 3 tenants?`
fn question(verb: &str, found: &[TrackedFinding]) -> String {
    let counts: Vec<_> = model::rule::Severity::ALL
        .into_iter()
        .rev()
        .map(|severity| (severity, found.iter().filter(|f| f.finding.severity == severity).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let tenants: std::collections::BTreeSet<_> =
        found.iter().map(|tracked| &tracked.finding.tenant).collect();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{verb} {} finding{} ({}) of {} tenant{}?",
        found.len(),
        plural(found.len()),
        counts.join(", "),
        tenants.len(),
        plural(tenants.len()),
    )
}

/// Prints what changed. What was left alone goes to standard error and makes the command fail.
fn tell(context: &Context, outcome: &TriageOutcome) -> Result<(), CliError> {
    if context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?
        == OutputFormat::Json
    {
        context.output().write_json(&as_json(outcome))?;
    } else {
        context.output().write_with(|sink| {
            for change in &outcome.changes {
                let (id, rule, tenant, subject) = name(&change.finding);
                let standing = change_in_words(&change.before, &change.after);
                writeln!(sink, "{id}  {rule}  {tenant}  {subject}: {standing}")?;
            }
            for same in &outcome.unchanged {
                let (id, rule, tenant, subject) = name(same);
                writeln!(sink, "{id}  {rule}  {tenant}  {subject}: {} already", same.state)?;
            }
            Ok(())
        })?;
    }
    for refused in &outcome.refused {
        let what = refused.finding.as_ref().map_or_else(
            || refused.fingerprint.clone(),
            |finding| {
                let (id, rule, tenant, _) = name(finding);
                format!("{id} {rule} of {tenant}")
            },
        );
        context.remark(&format!("{what} was left alone: {}", refused.reason));
    }
    if outcome.refused.is_empty() {
        return Ok(());
    }
    let all = outcome.refused.len() + outcome.changes.len() + outcome.unchanged.len();
    let what = format!("{} of {all} findings were left alone", outcome.refused.len());
    Err(CliError::new(Failure::General, what))
}

fn name(tracked: &TrackedFinding) -> (&str, &str, &str, String) {
    let finding = &tracked.finding;
    let subject = sanitize(&finding.subject_label).into_owned();
    (finding.short_id(), &finding.rule, finding.tenant.as_str(), subject)
}

fn change_in_words(before: &Standing, after: &Standing) -> String {
    let mut words = Vec::new();
    if before.state != after.state || before.until != after.until {
        let end =
            after.until.map(|until| format!(" until {}", until.strftime("%Y-%m-%d %H:%M UTC")));
        words.push(format!("{} -> {}{}", before.state, after.state, end.unwrap_or_default()));
    }
    if before.assignee != after.assignee {
        let who = after.assignee.as_deref().unwrap_or("nobody");
        words.push(format!("assigned to {}", sanitize(who)));
    }
    if words.is_empty() {
        words.push(format!("{}, noted", after.state));
    }
    words.join(", ")
}

fn as_json(outcome: &TriageOutcome) -> serde_json::Value {
    let changes: Vec<_> = outcome
        .changes
        .iter()
        .map(|change| {
            json!({
                "fingerprint": change.finding.finding.fingerprint,
                "before": change.before,
                "after": change.after,
            })
        })
        .collect();
    let refused: Vec<_> = outcome
        .refused
        .iter()
        .map(|one| json!({"fingerprint": one.fingerprint, "reason": one.reason.to_string()}))
        .collect();
    let unchanged: Vec<_> =
        outcome.unchanged.iter().map(|one| one.finding.fingerprint.as_str()).collect();
    json!({
        "batch": outcome.batch,
        "ofBatch": outcome.of_batch,
        "changes": changes,
        "unchanged": unchanged,
        "refused": refused,
    })
}
