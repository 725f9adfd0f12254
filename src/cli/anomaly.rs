//! `cstack anomaly`

use std::fmt::Write as _;

use clap::Subcommand;
use model::rule::Severity;
use model::tenant::TenantSlug;
use ops::anomaly::evaluation::{Evaluation, EvaluationRequest, evaluate_scenario};
use ops::anomaly::{
    AlertFilter, Column, Credentials, DriftReport, Mirrored, Models, Promotion, ScoreOutcome,
    ScoreRequest, TrainOutcome, TrainRequest, Verdict,
};
use ops::config::{OutputFormat, Topology};
use report::ListedIncident;
use secrecy::SecretString;
use serde_json::json;

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Failure, Outcome};

/// Train, judge and watch: anomalous sign-ins
///
/// A model is trained on a tenant's own sign-ins, promoted by a gate, and judges what comes in.
/// What belongs together is told as one incident, with what made it strange.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// Which tenant.
#[derive(Debug, clap::Args)]
struct Of {
    /// The tenant
    #[arg(short, long, value_name = "NAME")]
    tenant: TenantSlug,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Train a model on a tenant's sign-ins and keep it as challenger
    Train {
        #[command(flatten)]
        of: Of,
        /// Days back from the newest sign-in; fewer where there are fewer
        #[arg(long, value_name = "DAYS")]
        days: Option<u16>,
        /// `pooled`: one forest for the tenant; `per_user`: one for each account with enough
        /// sign-ins
        #[arg(long, value_name = "TOPOLOGY", value_parser = topology)]
        topology: Option<Topology>,
        /// Trees of the forest
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1000))]
        trees: Option<u32>,
        /// What chance is drawn from
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
    },
    /// Make the challenger champion, if the gate lets it
    Promote {
        #[command(flatten)]
        of: Of,
        /// This version instead of the challenger
        #[arg(long, value_name = "N")]
        version: Option<i32>,
        /// Even against the gate; the record says so
        #[arg(long)]
        force: bool,
    },
    /// What the gate would say of the challenger
    EvaluatePromotion {
        #[command(flatten)]
        of: Of,
        /// This version instead of the challenger
        #[arg(long, value_name = "N")]
        version: Option<i32>,
    },
    /// Make the champion before this one champion again
    Rollback {
        #[command(flatten)]
        of: Of,
    },
    /// A tenant's models, aliases and what was done with them
    Models {
        #[command(flatten)]
        of: Of,
    },
    /// Judge the sign-ins that have come in since the last time
    Score {
        #[command(flatten)]
        of: Of,
        /// Judge everything after the champion's training anew
        #[arg(long)]
        again: bool,
    },
    /// A tenant's incidents, the worst first
    Alerts {
        #[command(flatten)]
        of: Of,
        /// At most so many
        #[arg(short, long, value_name = "COUNT", default_value_t = 20)]
        n: usize,
        /// At least this bad
        #[arg(long, value_name = "SEVERITY", value_parser = severity)]
        severity: Option<Severity>,
        /// Those that somebody has decided about too
        #[arg(long)]
        all: bool,
    },
    /// One incident in full: what made it strange, and what is usual
    Show {
        /// Its id, or the beginning of it
        id: String,
        #[command(flatten)]
        of: Of,
    },
    /// Mirror a tenant's models to the MLflow server of `CSTACK_MLFLOW_TRACKING_URI`
    Mirror {
        #[command(flatten)]
        of: Of,
    },
    /// How well detection does on synthetic tenants, where the truth is known
    Evaluate {
        /// The scenario: replay-attacks, noisy, low-and-slow
        #[arg(long, value_name = "NAME", default_value = "replay-attacks")]
        scenario: String,
        /// People in each tenant
        #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(60..=20_000))]
        people: u32,
        /// Tenants, each drawn from a seed of its own
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=200))]
        seeds: u32,
        /// The first seed; those up to 200 were used for tuning
        #[arg(long, value_name = "N", default_value_t = 5001)]
        first_seed: u64,
    },
    /// How far what is judged is from what the champion was trained on
    Monitor {
        #[command(flatten)]
        of: Of,
    },
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::ALL.into_iter().find(|known| known.as_str() == text.to_lowercase()).ok_or_else(|| {
        let known: Vec<_> = Severity::ALL.iter().map(|known| known.as_str()).collect();
        format!("{text:?} is no severity: use one of {}", known.join(", "))
    })
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let (actor, now) = (context.actor(), context.now());
    match &args.action {
        Action::Train { of, days, topology, trees, seed } => {
            let mut config = context.config().ml.clone();
            config.lookback_days = days.unwrap_or(config.lookback_days);
            config.training_topology = topology.unwrap_or(config.training_topology);
            let request = TrainRequest {
                tenant: &of.tenant,
                config: &config,
                trees: *trees,
                seed: *seed,
                actor: &actor,
            };
            let outcome = train(context, &store, &request)?;
            mirror_quietly(context, &store, &of.tenant);
            put(context, &of.tenant, "training", &outcome, || told_training(&outcome))
        }
        Action::Promote { of, version, force } => {
            let promotion =
                ops::anomaly::promote(&store, &of.tenant, *version, *force, &actor, now)?;
            mirror_quietly(context, &store, &of.tenant);
            put(context, &of.tenant, "promotion", &promotion, || told_promotion(&promotion))?;
            passed(promotion.promoted)
        }
        Action::EvaluatePromotion { of, version } => {
            let verdict = ops::anomaly::evaluate_promotion(&store, &of.tenant, *version)?;
            put(context, &of.tenant, "verdict", &verdict, || told_verdict(&verdict))?;
            passed(verdict.passed())
        }
        Action::Rollback { of } => {
            let (version, before) = ops::anomaly::roll_back(&store, &of.tenant, &actor, now)?;
            mirror_quietly(context, &store, &of.tenant);
            let done = json!({ "champion": version, "before": before });
            put(context, &of.tenant, "rollback", &done, || {
                format!("version {version} is champion again, version {before} no more\n")
            })
        }
        Action::Models { of } => {
            let models = ops::anomaly::models(&store, &of.tenant)?;
            let trained: Vec<_> = models.versions.iter().map(|(_, told)| told).collect();
            let aliases: Vec<_> = models
                .aliases
                .iter()
                .map(|of| json!({ "alias": of.alias, "version": of.version, "setAt": of.set_at }))
                .collect();
            let body = json!({ "versions": trained, "aliases": aliases });
            put(context, &of.tenant, "models", &body, || told_models(&of.tenant, &models))
        }
        Action::Score { of, again } => {
            let outcome = score(context, &store, &of.tenant, *again)?;
            put(context, &of.tenant, "scoring", &outcome, || told_scoring(&outcome))
        }
        Action::Alerts { of, n, severity, all } => {
            let filter =
                AlertFilter { most: Some(*n), severity: *severity, since: None, all: *all };
            alerts(context, &store, &of.tenant, &filter)
        }
        Action::Show { id, of } => {
            let as_of = ops::tenants::as_of(&store, &of.tenant, now)?;
            let (told, finding) = ops::anomaly::incident(&store, &of.tenant, id, as_of)?;
            let listed =
                ListedIncident { story: &told, state: finding.map(|finding| finding.state) };
            let (envelope, style) = (envelope(context), style(context));
            let text = report::incident(&of.tenant, listed, &envelope, format(context), &style)?;
            context.output().write(&text)?;
            Ok(Outcome::Done)
        }
        Action::Mirror { of } => {
            let Some(uri) = &context.config().mlflow.tracking_uri else {
                return Err(CliError::new(
                    Failure::Usage,
                    "no MLflow server is set: CSTACK_MLFLOW_TRACKING_URI=http://HOST:5000"
                        .to_owned(),
                ));
            };
            let credentials = credentials().map_err(|why| CliError::new(Failure::Usage, why))?;
            let mirrored = ops::anomaly::mirror(&store, &of.tenant, uri, credentials)?;
            warn_of_credentials(context, &mirrored);
            put(context, &of.tenant, "mirrored", &mirrored, || {
                format!("{} versions of {} are mirrored\n", mirrored.versions.len(), mirrored.model)
            })
        }
        Action::Evaluate { scenario, people, seeds, first_seed } => {
            let request = EvaluationRequest {
                scenario,
                people: usize::try_from(*people).unwrap_or(usize::MAX),
                seeds: *seeds,
                first_seed: *first_seed,
                config: &context.config().ml,
            };
            evaluate(context, &request)
        }
        Action::Monitor { of } => {
            let drift = ops::anomaly::monitor(&store, &of.tenant)?;
            put(context, &of.tenant, "drift", &drift, || told_drift(&drift))
        }
    }
}

/// What the gate refused is a failure for scripts.
fn passed(passed: bool) -> Result<Outcome, CliError> {
    if passed {
        return Ok(Outcome::Done);
    }
    Err(CliError::new(Failure::General, "the gate refuses it".to_owned()))
}

fn told_drift(drift: &DriftReport) -> String {
    let mut out = format!(
        "version {}: {} sign-ins judged since its training\n\n",
        drift.version, drift.judged
    );
    let mut columns = drift.columns.clone();
    columns.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    let _ = writeln!(out, "{:<26} {:>7} {:>9}", "COLUMN", "PSI", "BY CHANCE");
    for of in &columns {
        let name = of.column.map_or("score", Column::as_str);
        let mark = if of.is_large() { "  drifted" } else { "" };
        let _ = writeln!(out, "{name:<26} {:>7.3} {:>9.3}{mark}", of.psi, of.expected);
    }
    out
}

/// Credentials for the MLflow server, from where MLflow's own client has them.
fn credentials() -> Result<Credentials, String> {
    let value = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let secret = |name: &str| value(name).map(SecretString::from);
    let found = Credentials::from_values(
        secret("MLFLOW_TRACKING_TOKEN"),
        secret("MLFLOW_TRACKING_USERNAME"),
        secret("MLFLOW_TRACKING_PASSWORD"),
    );
    found.map_err(|error| error.to_string())
}

/// Mirrors where a server is set. What cannot be mirrored is said, and changes nothing: the models
/// are in the store.
fn mirror_quietly(context: &Context, store: &ops::Store, tenant: &TenantSlug) {
    let Some(uri) = &context.config().mlflow.tracking_uri else { return };
    let done = credentials().and_then(|credentials| {
        ops::anomaly::mirror(store, tenant, uri, credentials).map_err(|error| error.to_string())
    });
    match done {
        Ok(mirrored) => warn_of_credentials(context, &mirrored),
        Err(why) => context.remark(&format!(
            "not mirrored to MLflow: {why}; `cstack anomaly mirror --tenant {tenant}` tries again"
        )),
    }
}

fn warn_of_credentials(context: &Context, mirrored: &Mirrored) {
    if mirrored.shows_credentials {
        context.remark("the MLflow credentials went over plain http to another machine: use https");
    }
}

/// Evaluates on synthetic tenants.
fn evaluate(context: &Context, request: &EvaluationRequest<'_>) -> Result<Outcome, CliError> {
    let output = context.output();
    let format = output.format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let progress = context.progress();
    let found = evaluate_scenario(request, progress.as_ref(), context.cancellation())?;
    drop(progress);
    match format {
        OutputFormat::Json => output.write_json(&json!({ "evaluation": found }))?,
        _ => output.write(&told_evaluation(&found))?,
    }
    Ok(Outcome::Done)
}

fn told_evaluation(found: &Evaluation) -> String {
    let mut out = format!(
        "{}: {} tenants of {} people, seeds {} to {}; means with 95% intervals over tenants\n\n",
        found.scenario,
        found.seeds,
        found.people,
        found.first_seed,
        found.first_seed + u64::from(found.seeds) - 1
    );
    for (name, of) in &found.figures {
        let _ = writeln!(out, "  {name:<46} {:>6.2}  ({:.2} to {:.2})", of.mean, of.low, of.high);
    }
    let _ = writeln!(
        out,
        "\n{:<34} {:>7} {:>6} {:>7}  MEDIAN TO ALERT",
        "KIND", "ATTACKS", "TOLD", "SHARE"
    );
    for (kind, of) in &found.kinds {
        let seconds = match of.median_seconds {
            None => "-".to_owned(),
            Some(seconds) if seconds < 120 => format!("{seconds} s"),
            Some(seconds) if seconds < 7_200 => format!("{} min", seconds / 60),
            Some(seconds) => format!("{} h", seconds / 3_600),
        };
        let _ = writeln!(
            out,
            "{kind:<34} {:>7} {:>6} {:>6.0}%  {seconds}",
            of.attacks,
            of.found,
            of.share * 100.0
        );
    }
    out
}

/// Trains with progress.
pub(super) fn train(
    context: &Context,
    store: &ops::Store,
    request: &TrainRequest<'_>,
) -> Result<TrainOutcome, CliError> {
    let progress = context.progress();
    let (now, cancellation) = (context.now(), context.cancellation());
    Ok(ops::anomaly::train(store, request, now, progress.as_ref(), cancellation)?)
}

/// Scores with progress.
pub(super) fn score(
    context: &Context,
    store: &ops::Store,
    tenant: &TenantSlug,
    again: bool,
) -> Result<ScoreOutcome, CliError> {
    let progress = context.progress();
    let request = ScoreRequest { tenant, config: &context.config().ml, again };
    let (now, cancellation) = (context.now(), context.cancellation());
    Ok(ops::anomaly::score(store, &request, now, progress.as_ref(), cancellation)?)
}

/// Lists a tenant's incidents.
pub(super) fn alerts(
    context: &Context,
    store: &ops::Store,
    tenant: &TenantSlug,
    filter: &AlertFilter,
) -> Result<Outcome, CliError> {
    let as_of = ops::tenants::as_of(store, tenant, context.now())?;
    let (found, total) = ops::anomaly::alerts(store, tenant, filter, as_of)?;
    let listed: Vec<ListedIncident<'_>> =
        found.iter().map(|(story, state)| ListedIncident { story, state: *state }).collect();
    let (envelope, style) = (envelope(context), style(context));
    let text = report::incidents(tenant, &listed, total, &envelope, format(context), &style)?;
    context.output().write(&text)?;
    Ok(Outcome::Done)
}

/// Writes an outcome as words or JSON.
fn put(
    context: &Context,
    tenant: &TenantSlug,
    name: &str,
    outcome: &impl serde::Serialize,
    words: impl FnOnce() -> String,
) -> Result<Outcome, CliError> {
    let output = context.output();
    match output.format_among(&[OutputFormat::Table, OutputFormat::Json])? {
        OutputFormat::Json => output.write_json(&json!({ "tenant": tenant, name: outcome }))?,
        _ => output.write(&words())?,
    }
    Ok(Outcome::Done)
}

fn topology(text: &str) -> Result<Topology, String> {
    match text {
        "pooled" => Ok(Topology::Pooled),
        "per_user" | "per-user" => Ok(Topology::PerUser),
        _ => Err("it is `pooled` or `per_user`".to_owned()),
    }
}

pub(super) fn told_training(outcome: &TrainOutcome) -> String {
    let suite = &outcome.suite;
    let mut out = format!(
        "version {} trained on {} sign-ins of {} accounts, {} to {}\n",
        outcome.version,
        outcome.rows,
        outcome.accounts,
        outcome.window_from.strftime("%Y-%m-%d"),
        outcome.window_to.strftime("%Y-%m-%d"),
    );
    if outcome.plan.training.own_from > 0 {
        let _ = writeln!(
            out,
            "{} accounts have forests of their own (from {} sign-ins on)",
            outcome.own_models, outcome.plan.training.own_from
        );
    }
    let _ = writeln!(
        out,
        "injected attacks told: {} of {}; alerts when quiet: {:.2} per 1,000 users and day",
        suite.found, suite.attacks, outcome.quiet_alerts
    );
    let missed: Vec<&str> = suite
        .kinds
        .iter()
        .filter(|(_, (all, found))| found < all)
        .map(|(kind, _)| kind.as_str())
        .collect();
    if !missed.is_empty() {
        let _ = writeln!(out, "not told: {}", missed.join(", "));
    }
    out
}

fn told_verdict(verdict: &Verdict) -> String {
    let mut out = match verdict.champion {
        Some(champion) => {
            format!("version {} against champion {champion}\n", verdict.challenger)
        }
        None => format!("version {}; there is no champion yet\n", verdict.challenger),
    };
    for check in &verdict.checks {
        let mark = if check.passed { "passed " } else { "REFUSED" };
        let _ = writeln!(out, "  {mark} {}: {}", check.name, check.words);
    }
    out
}

pub(super) fn told_promotion(promotion: &Promotion) -> String {
    let mut out = told_verdict(&promotion.verdict);
    let version = promotion.verdict.challenger;
    out += &match (promotion.promoted, promotion.forced) {
        (true, false) => format!("version {version} is champion\n"),
        (true, true) => format!("version {version} is champion, by force\n"),
        (false, _) => "not promoted; --force promotes all the same, and is recorded\n".to_owned(),
    };
    out
}

fn told_models(tenant: &TenantSlug, models: &Models) -> String {
    if models.versions.is_empty() {
        return format!("{tenant} has no models: `cstack anomaly train --tenant {tenant}`\n");
    }
    let mut out = format!(
        "{:>7}  {:<16}  {:>9}  {:>8}  {:>6}  ALIAS\n",
        "VERSION", "TRAINED", "SIGN-INS", "INJECTED", "QUIET"
    );
    for (version, told) in &models.versions {
        let aliases: Vec<&str> = models
            .aliases
            .iter()
            .filter(|alias| alias.version == version.version)
            .map(|alias| alias.alias.as_str())
            .collect();
        let _ = writeln!(
            out,
            "{:>7}  {:<16}  {:>9}  {:>8}  {:>6.2}  {}",
            version.version,
            version.trained_at.strftime("%Y-%m-%d %H:%M"),
            told.rows,
            format!("{}/{}", told.suite.found, told.suite.attacks),
            told.quiet_alerts,
            aliases.join(", ")
        );
    }
    out += "\n";
    for event in models.events.iter().take(10) {
        let _ = writeln!(
            out,
            "{}  {} version {}, by {}",
            event.at.strftime("%Y-%m-%d %H:%M"),
            event.action,
            event.version,
            event.actor
        );
    }
    out
}

pub(super) fn told_scoring(outcome: &ScoreOutcome) -> String {
    if outcome.judged == 0 {
        return "nothing new to judge\n".to_owned();
    }
    let span = match (outcome.first_at, outcome.last_at) {
        (Some(first), Some(last)) => {
            format!(", {} to {}", first.strftime("%Y-%m-%d %H:%M"), last.strftime("%Y-%m-%d %H:%M"))
        }
        _ => String::new(),
    };
    format!(
        "{} sign-ins judged by version {}{span}: {} incidents ({} new findings, {} changed)\n",
        outcome.judged,
        outcome.version,
        outcome.incidents.len(),
        outcome.merged.opened,
        outcome.merged.changed + outcome.merged.worsened,
    )
}
