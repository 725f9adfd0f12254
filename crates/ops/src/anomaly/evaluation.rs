//! How well detection does on synthetic tenants, where the truth is known.
//!
//! The protocol: the models are trained on a clean history; what follows is judged as it comes;
//! Microsoft's risk fields are absent throughout.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use super::{AnomalyError, suite};
use crate::Cancellation;
use crate::config::MlConfig;
use crate::progress::Progress;
use detect::baseline::Shrinkage;
use detect::detector::DetectorError;
use detect::incident::Incident;
use detect::inquiry::{Inquiry, Seen, Surroundings};
use detect::model::{Plan, train, user_days};
use detect::pattern::{Hit, Pattern};
use detect::quality::{KindQuality, Quality, TrueAttack, TrueRow, precision_at_90, quality};
use detect::usual_approach::UsualHistory;
use fixtures::demonstration::AS_OF;
use fixtures::sign_ins::{Company, Made, Scenario, created, draw, scenario};
use jiff::Timestamp;
use model::sign_in::SignIn;
use model::tenant::TenantSlug;
use serde::Serialize;

/// What is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'t> {
    /// Whose sign-ins.
    pub company: &'t Company,
    /// The days that are learnt from.
    pub history: &'t Scenario,
    /// Attacks that the model is taught with.
    pub taught: &'t Scenario,
    /// The days that are judged.
    pub scenario: &'t Scenario,
    /// Whether the scenario's attacks happen.
    pub attacked: bool,
    /// What chance is drawn from.
    pub seed: u64,
    /// When the story ends.
    pub as_of: Timestamp,
}

/// Which tenants are evaluated, and on what.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationRequest<'r> {
    /// The scenario.
    pub scenario: &'r str,
    /// People in each tenant.
    pub people: usize,
    /// Tenants.
    pub seeds: u32,
    /// The first tenant's seed.
    pub first_seed: u64,
    /// Settings.
    pub config: &'r MlConfig,
}

/// A figure over tenants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// Mean.
    pub mean: f64,
    /// Lower end of its 95 % interval (Student's t over tenants).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How a kind of attack fared over all tenants.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindFigure {
    /// Attacks.
    pub attacks: usize,
    /// Those that were told.
    pub found: usize,
    /// Their share.
    pub share: f64,
    /// Median of the seconds from the first record to the alert.
    pub median_seconds: Option<i64>,
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// The scenario.
    pub scenario: String,
    /// People in each tenant.
    pub people: usize,
    /// Tenants.
    pub seeds: u32,
    /// The first tenant's seed.
    pub first_seed: u64,
    /// Figures by name.
    pub figures: Vec<(String, Figure)>,
    /// Kinds of attack, slow ones by themselves.
    pub kinds: BTreeMap<String, KindFigure>,
}

/// Evaluates a scenario over several tenants, with its attacks and without.
///
/// # Errors
/// [`AnomalyError`] where there is no such scenario, or somebody asked for a stop.
pub fn evaluate_scenario(
    request: &EvaluationRequest<'_>,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<Evaluation, AnomalyError> {
    let (history, taught) = (scenario("baseline")?, scenario("injected")?);
    let wanted = scenario(request.scenario)?;
    let patterns = super::patterns(request.config)?;
    let plan = Plan { budget: request.config.alerts_per_thousand_user_days, ..Plan::default() };
    let as_of = AS_OF.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut task = progress.begin("evaluating", Some(u64::from(request.seeds)));
    let (mut attacked, mut clean, mut usual) = (Vec::new(), Vec::new(), Vec::new());
    for seed in (request.first_seed..).take(usize::try_from(request.seeds).unwrap_or(usize::MAX)) {
        cancellation.check()?;
        let company = Company::synthetic(request.people, seed);
        let trial = Trial {
            company: &company,
            history: &history,
            taught: &taught,
            scenario: &wanted,
            attacked: true,
            seed,
            as_of,
        };
        let failed = |source| {
            let tenant = TenantSlug::new(&format!("synthetic-{seed}"));
            tenant.map_or(AnomalyError::Unnamed, |tenant| AnomalyError::Detector { tenant, source })
        };
        let (found, by_usual) = evaluate(&trial, &patterns, &plan).map_err(failed)?;
        attacked.push(found);
        usual.push(by_usual);
        let quiet = Trial { attacked: false, ..trial };
        clean.push(evaluate(&quiet, &patterns, &plan).map_err(failed)?.0);
        task.advance(1);
    }
    let over = |name: &str, of: &[Quality], value: fn(&Quality) -> f64| {
        (name.to_owned(), figure(&of.iter().map(value).collect::<Vec<f64>>()))
    };
    let figures = vec![
        over("incident recall", &attacked, Quality::recall),
        over("incident precision", &attacked, Quality::precision),
        over("row precision at row recall 0.90", &attacked, |of| of.row_precision_at_90),
        ("the same of the usual approach".to_owned(), figure(&usual)),
        over("row precision of alerts", &attacked, |of| of.row_precision),
        over("row recall of alerts", &attacked, |of| of.row_recall),
        over("false incidents per 1,000 users and day, clean", &clean, Quality::false_rate),
    ];
    Ok(Evaluation {
        scenario: wanted.name,
        people: request.people,
        seeds: request.seeds,
        first_seed: request.first_seed,
        figures,
        kinds: kinds(&attacked),
    })
}

fn kinds(all: &[Quality]) -> BTreeMap<String, KindFigure> {
    let mut sums: BTreeMap<String, KindQuality> = BTreeMap::new();
    for (kind, of) in all.iter().flat_map(|of| &of.kinds) {
        let sum = sums.entry(kind.clone()).or_default();
        sum.attacks += of.attacks;
        sum.found += of.found;
        sum.seconds.extend(&of.seconds);
    }
    let figure = |mut of: KindQuality| {
        of.seconds.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "counts of attacks")]
        let share = of.found as f64 / of.attacks.max(1) as f64;
        KindFigure {
            attacks: of.attacks,
            found: of.found,
            share,
            median_seconds: of.seconds.get(of.seconds.len() / 2).copied(),
        }
    };
    sums.into_iter().map(|(kind, of)| (kind, figure(of))).collect()
}

/// Mean with its 95 % interval. Student's quantile by the first terms of its expansion about the
/// normal one (Abramowitz and Stegun 26.7.5): within 0.02 from nine degrees of freedom on.
fn figure(values: &[f64]) -> Figure {
    #[expect(clippy::cast_precision_loss, reason = "a count of tenants")]
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let free = (count - 1.0).max(1.0);
    let z = 1.959_964_f64;
    let t = z
        + (z.powi(3) + z) / (4.0 * free)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * free.powi(2));
    let half = t * (spread / free / count).sqrt();
    Figure { mean, low: mean - half, high: mean + half }
}

/// A scenario that was judged, with its truth.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Every sign-in with its score and truth.
    pub rows: Vec<TrueRow>,
    /// The attacks.
    pub attacks: Vec<TrueAttack>,
    /// All incidents, those below the bar too.
    pub incidents: Vec<Incident>,
    /// The bar, in nats.
    pub bar: f32,
    /// Accounts times days.
    pub user_days: f64,
    /// Precision of what is usually built at the score that nine of ten of the attacks' records
    /// reach.
    pub usual_precision: f64,
}

/// Trains on the history, judges the scenario, and holds the incidents against the truth; with the
/// precision of what is usually built beside it.
///
/// # Errors
/// [`DetectorError`] where there is too little history.
pub fn evaluate(
    trial: &Trial<'_>,
    patterns: &[Pattern],
    plan: &Plan,
) -> Result<(Quality, f64), DetectorError> {
    let judged = judge(trial, patterns, plan)?;
    let found = quality(&judged.rows, &judged.attacks, &judged.incidents, judged.user_days);
    Ok((found, judged.usual_precision))
}

/// Trains on the history and judges the scenario.
///
/// # Errors
/// [`DetectorError`] where there is too little history.
pub fn judge(
    trial: &Trial<'_>,
    patterns: &[Pattern],
    plan: &Plan,
) -> Result<Judged, DetectorError> {
    let surroundings = Surroundings {
        privileged: trial.company.privileged().map(str::to_owned).collect(),
        created: created(trial.company, trial.as_of, trial.seed).collect(),
        ..Surroundings::default()
    };
    let start = trial.as_of.as_second() - trial.history.from_days_ago * 86_400;
    let mut inquiry = Inquiry::new(start, Shrinkage::default());
    let mut history: Vec<Seen> = Vec::new();
    let mut observed = HashMap::new();
    let mut as_usual = UsualHistory::default();
    let ends_at = trial.as_of.as_second() - trial.history.to_days_ago * 86_400;
    let last_week = ends_at - suite::AMONG;
    let (mut before, mut last_days) = (None, Vec::new());
    let Ok(_) =
        draw::<Infallible>(trial.company, trial.history, trial.as_of, trial.seed, false, |made| {
            for of in made {
                let late = of.sign_in.at.as_second() >= last_week;
                if late && before.is_none() {
                    before = Some(inquiry.clone());
                }
                history.extend(inquiry.see(&of.sign_in, patterns, &surroundings));
                as_usual.note(&of.sign_in);
                suite::note(&mut observed, &of.sign_in);
                if late {
                    last_days.push(of.sign_in);
                }
            }
            Ok(())
        });
    let mut company = trial.company.clone();
    suite::observe(&mut company, &observed);
    let end = Timestamp::from_second(ends_at).unwrap_or(trial.as_of);
    let victims = suite::attacked(&company, trial.taught, end);
    last_days.retain(|of: &SignIn| of.account.id.as_ref().is_some_and(|id| victims.contains(id)));
    let taught = suite::Trial {
        before: before.as_ref().unwrap_or(&inquiry),
        own: last_days,
        as_of: end,
        company: &company,
        scenario: trial.taught,
        patterns,
        surroundings: &surroundings,
    };
    let detector = train(&history, &taught.examples(), plan)?;
    drop(history);
    let usual_approach = as_usual.train()?;
    let mut usual = Vec::new();
    inquiry.forget_incidents();
    let mut all: Vec<Seen> = Vec::new();
    let mut rows: Vec<TrueRow> = Vec::new();
    let mut incidents = Vec::new();
    let drawn = draw(
        trial.company,
        trial.scenario,
        trial.as_of,
        trial.seed,
        trial.attacked,
        |made: Vec<Made>| {
            let truth: HashMap<String, usize> =
                made.iter().filter_map(|of| Some((of.sign_in.id.clone(), of.attack?))).collect();
            let sign_ins: Vec<SignIn> = made.into_iter().map(|of| of.sign_in).collect();
            let judged = inquiry.see_and_judge(&sign_ins, patterns, &surroundings, &detector)?;
            incidents.extend(inquiry.take_closed());
            let by: HashMap<&str, &SignIn> = sign_ins.iter().map(|of| (&*of.id, of)).collect();
            let told: Vec<(&SignIn, &[Hit])> = judged
                .iter()
                .filter_map(|(seen, _)| Some((*by.get(&*seen.id)?, seen.hits.as_slice())))
                .collect();
            let scores = usual_approach.scores(&told)?;
            usual.extend(
                told.iter().zip(scores).map(|((of, _), score)| (score, truth.contains_key(&of.id))),
            );
            for (seen, opinion) in judged {
                let worth = seen.hits.iter().map(|hit| detector.standards().weights.of(hit));
                rows.push(TrueRow {
                    id: seen.id.clone(),
                    at: seen.sighting.observation.at,
                    nats: opinion.nats() + worth.fold(0.0, f32::max),
                    attack: truth.get(&*seen.id).copied(),
                });
                all.push(seen);
            }
            Ok::<_, DetectorError>(())
        },
    )?;
    incidents.extend(inquiry.docket().open().into_iter().cloned());
    let attacks: Vec<TrueAttack> = drawn
        .attacks
        .iter()
        .map(|attack| TrueAttack { kind: attack.kind.as_str().to_owned(), slow: attack.slow })
        .collect();
    let user_days = f64::from(user_days(&all));
    let bar = detector.standards().bar.nats;
    let usual_precision = precision_at_90(usual);
    Ok(Judged { rows, attacks, incidents, bar, user_days, usual_precision })
}
