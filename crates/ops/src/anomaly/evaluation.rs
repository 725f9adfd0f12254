//! How well detection does on synthetic tenants, where the truth is known.
//!
//! The protocol: the models are trained on a clean history; what follows is judged as it comes;
//! Microsoft's risk fields are absent throughout.

use std::collections::HashMap;
use std::convert::Infallible;

use super::suite;
use detect::baseline::Shrinkage;
use detect::detector::DetectorError;
use detect::incident::Incident;
use detect::inquiry::{Inquiry, Seen, Surroundings};
use detect::model::{Plan, train, user_days};
use detect::pattern::Pattern;
use detect::quality::{Quality, TrueAttack, TrueRow, quality};
use fixtures::sign_ins::{Company, Made, Scenario, draw};
use jiff::Timestamp;
use model::sign_in::SignIn;

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
}

/// Trains on the history, judges the scenario, and holds the incidents against the truth.
///
/// # Errors
/// [`DetectorError`] where there is too little history.
pub fn evaluate(
    trial: &Trial<'_>,
    patterns: &[Pattern],
    plan: &Plan,
) -> Result<Quality, DetectorError> {
    let judged = judge(trial, patterns, plan)?;
    Ok(quality(&judged.rows, &judged.attacks, &judged.incidents, judged.user_days))
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
        ..Surroundings::default()
    };
    let start = trial.as_of.as_second() - trial.history.from_days_ago * 86_400;
    let mut inquiry = Inquiry::new(start, Shrinkage::default());
    let mut history: Vec<Seen> = Vec::new();
    let mut observed = HashMap::new();
    let Ok(_) =
        draw::<Infallible>(trial.company, trial.history, trial.as_of, trial.seed, false, |made| {
            for of in &made {
                history.extend(inquiry.see(&of.sign_in, patterns, &surroundings));
                suite::note(&mut observed, &of.sign_in);
            }
            Ok(())
        });
    let mut company = trial.company.clone();
    suite::observe(&mut company, &observed);
    let taught = suite::Trial {
        inquiry: &inquiry,
        company: &company,
        scenario: trial.taught,
        patterns,
        surroundings: &surroundings,
    };
    let detector = train(&history, &taught.examples(), plan)?;
    drop(history);
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
    Ok(Judged { rows, attacks, incidents, bar, user_days })
}
