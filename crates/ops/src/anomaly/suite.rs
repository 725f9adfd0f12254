//! Attacks put among a tenant's own sign-ins, to see whether a model tells them.

use std::collections::{BTreeMap, HashMap, HashSet};

use detect::detector::{Detector, DetectorError};
use detect::inquiry::{Inquiry, Surroundings};
use detect::likeness::Example;
use detect::pattern::Pattern;
use detect::quality::{Quality, TrueAttack, TrueRow, quality};
use fixtures::sign_ins::{Attack, Company, Made, Observed, Scenario, inject};
use jiff::Timestamp;
use model::sign_in::{SignIn, SignInKind};

/// How a model did on the suite.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuiteResult {
    /// Attacks that were put in.
    pub attacks: usize,
    /// Those that were told.
    pub found: usize,
    /// Share of the alerts that would be right, were one attack of each kind to happen in six days
    /// and the tenant as quiet as it was.
    pub precision: f64,
    /// By kind: how many there were, and how many were told.
    pub kinds: BTreeMap<String, (usize, usize)>,
}

impl SuiteResult {
    /// Share of the attacks that were told.
    #[expect(clippy::cast_precision_loss, reason = "a count of attacks")]
    pub fn recall(&self) -> f64 {
        if self.attacks == 0 { 0.0 } else { self.found as f64 / self.attacks as f64 }
    }
}

/// Chance that the attacks a model is taught with are drawn from; the suite's are others.
const TAUGHT: std::ops::Range<u64> = 1_001..1_017;
/// Chance that the suite's attacks are drawn from.
const JUDGED: u64 = 1;

/// Days of a tenant's own sign-ins that attacks are put among: as long as the scenario is.
pub(super) const AMONG: i64 = 7 * 86_400;
/// Accounts up to which an attack is one on accounts, and not on a crowd.
const A_FEW: usize = 4;

/// What is put among a tenant's last sign-ins, and where.
pub(super) struct Trial<'t> {
    /// What has seen all of them but the last days'.
    pub(super) before: &'t Inquiry,
    /// The last days' sign-ins of the accounts that are attacked, in the order of time: what their
    /// owners do meanwhile is part of how an attack looks.
    pub(super) own: Vec<SignIn>,
    /// When the last days end.
    pub(super) as_of: Timestamp,
    /// Whom attacks are drawn upon.
    pub(super) company: &'t Company,
    /// Which attacks.
    pub(super) scenario: &'t Scenario,
    /// Patterns.
    pub(super) patterns: &'t [Pattern],
    /// What is known of the tenant.
    pub(super) surroundings: &'t Surroundings,
}

/// Accounts that a trial's attacks are on, by their object ids; crowds are left out.
pub(super) fn attacked(
    company: &Company,
    scenario: &Scenario,
    as_of: Timestamp,
) -> HashSet<String> {
    let drawn = TAUGHT.chain([JUDGED]).flat_map(|seed| inject(company, scenario, as_of, seed).1);
    let few = drawn.filter(|attack| attack.victims.len() <= A_FEW);
    few.flat_map(|attack| attack.victims).collect()
}

impl Trial<'_> {
    /// A scenario's attacks among what their victims did, in the order of time.
    fn drawn(&self, seed: u64) -> (Vec<Made>, Vec<Attack>) {
        let (made, attacks) = inject(self.company, self.scenario, self.as_of, seed);
        let victims: HashSet<&str> =
            attacks.iter().flat_map(|attack| &attack.victims).map(String::as_str).collect();
        let is_victims = |sign_in: &&SignIn| {
            sign_in.account.id.as_deref().is_some_and(|id| victims.contains(id))
        };
        let own = self.own.iter().filter(is_victims);
        let own = own.map(|sign_in| Made { sign_in: sign_in.clone(), attack: None });
        let mut all: Vec<Made> = made.into_iter().chain(own).collect();
        all.sort_by_key(|of| of.sign_in.at);
        (all, attacks)
    }

    /// Sign-ins of attacks to be taught with.
    pub(super) fn examples(&self) -> Vec<Example> {
        let mut out = Vec::new();
        let mut before = 0;
        for seed in TAUGHT {
            let mut inquiry = self.before.clone();
            let (made, attacks) = self.drawn(seed);
            for of in &made {
                let seen = inquiry.see(&of.sign_in, self.patterns, self.surroundings);
                if let (Some(seen), Some(attack)) = (seen, of.attack) {
                    out.push(Example {
                        features: seen.sighting.features,
                        attack: before + attack,
                        guess: seen.sighting.observation.verdict.is_guess(),
                    });
                }
            }
            before += attacks.len();
        }
        out
    }
}

/// Tells a company what was seen of its people.
pub(super) fn observe(company: &mut Company, seen: &HashMap<String, Observed>) {
    company.observe(|id| seen.get(id).cloned());
}

/// Notes where, and with what, a person was let in at a prompt.
pub(super) fn note(seen: &mut HashMap<String, Observed>, sign_in: &SignIn) {
    let (Some(id), Some(agent)) = (&sign_in.account.id, &sign_in.user_agent) else { return };
    let at_prompt = sign_in.kind == SignInKind::InteractiveUser && sign_in.outcome.succeeded();
    if !at_prompt {
        return;
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    seen.insert(
        id.clone(),
        Observed {
            city: text(&sign_in.place.city),
            country: text(&sign_in.place.country),
            agent: agent.clone(),
        },
    );
}

/// Puts the suite's attacks among a tenant's last sign-ins, and judges them.
///
/// # Errors
/// [`DetectorError`].
pub(super) fn attack(
    trial: &Trial<'_>,
    detector: &Detector,
    quiet_rate: f64,
) -> Result<SuiteResult, DetectorError> {
    let Trial { company, scenario, patterns, surroundings, .. } = trial;
    let mut inquiry = trial.before.clone();
    inquiry.forget_incidents();
    let (made, attacks) = trial.drawn(JUDGED);
    let truth: BTreeMap<String, usize> =
        made.iter().filter_map(|of| Some((of.sign_in.id.clone(), of.attack?))).collect();
    let sign_ins: Vec<SignIn> = made.into_iter().map(|of| of.sign_in).collect();
    let judged = inquiry.see_and_judge(&sign_ins, patterns, surroundings, detector)?;
    let rows: Vec<TrueRow> = judged
        .iter()
        .map(|(seen, opinion)| TrueRow {
            id: seen.id.clone(),
            at: seen.sighting.observation.at,
            nats: opinion.nats(),
            attack: truth.get(&*seen.id).copied(),
        })
        .collect();
    let mut incidents = inquiry.take_closed();
    incidents.extend(inquiry.docket().open().into_iter().cloned());
    let attacks: Vec<TrueAttack> = attacks
        .iter()
        .map(|of| TrueAttack { kind: of.kind.as_str().to_owned(), slow: of.slow })
        .collect();
    let found: Quality = quality(&rows, &attacks, &incidents, 0.0);
    #[expect(clippy::cast_precision_loss, reason = "counts of people, days and alerts")]
    let wrong = quiet_rate / 1_000.0 * (company.people() as f64) * scenario.from_days_ago as f64;
    #[expect(clippy::cast_precision_loss, reason = "a count of attacks")]
    let right = found.found as f64;
    Ok(SuiteResult {
        attacks: found.attacks,
        found: found.found,
        precision: if right + wrong > 0.0 { right / (right + wrong) } else { 0.0 },
        kinds: found.kinds.into_iter().map(|(kind, of)| (kind, (of.attacks, of.found))).collect(),
    })
}
