//! Judging what has come in since the last time.

use detect::baseline::Shrinkage;
use detect::detector::{Detector, Opinion};
use detect::drift::{Drift, Tally};
use detect::features::feature_set_hash;
use detect::incident::{Incident, latest};
use detect::inquiry::{Inquiry, Seen, StateError, Surroundings};
use detect::pattern::Pattern;
use jiff::Timestamp;
use model::incident::IncidentStory;
use model::run::MergeCounts;
use model::tenant::TenantSlug;
use serde::{Deserialize, Serialize};
use store::{DetectionState, Judgement, MergeRun, SignInFields, SignInScore, SignInSpan, Store};

use super::incidents::{finding, stored, verdicts};
use super::promotion::{champion, record};
use super::story::Teller;
use super::training::TrainOutcome;
use super::{AnomalyError, patterns, surroundings};
use crate::Cancellation;
use crate::config::MlConfig;
use crate::progress::Progress;

/// What to score.
#[derive(Debug)]
pub struct ScoreRequest<'r> {
    /// The tenant.
    pub tenant: &'r TenantSlug,
    /// Settings.
    pub config: &'r MlConfig,
    /// Whether everything after the champion's training is judged anew.
    pub again: bool,
}

/// What a scoring did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreOutcome {
    /// Version of the champion.
    pub version: i32,
    /// Sign-ins that were judged.
    pub judged: u64,
    /// Those that were only learnt from: the champion was trained on them.
    pub learnt: u64,
    /// The first that was judged.
    pub first_at: Option<Timestamp>,
    /// The last.
    pub last_at: Option<Timestamp>,
    /// Incidents that are new or went on.
    pub incidents: Vec<IncidentStory>,
    /// What that changed in findings.
    pub merged: MergeCounts,
}

/// What is kept between scorings.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The state of detection.
    pub(super) inquiry: Inquiry,
    /// What was seen since a model's training, by its version.
    pub(super) tally: Option<(i32, Tally)>,
}

impl Kept {
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        Ok(postcard::to_allocvec(self)?)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(postcard::from_bytes(bytes)?)
    }
}

/// A scoring at work.
struct Scoring<'s> {
    patterns: Vec<Pattern>,
    surroundings: Surroundings,
    detector: Detector,
    inquiry: Inquiry,
    tally: Tally,
    scores: Vec<SignInScore>,
    closed: Vec<Incident>,
    absorbed: Vec<String>,
    /// What is no later is only learnt from.
    learn_until: Option<Timestamp>,
    learnt: u64,
    cancellation: &'s Cancellation,
}

impl Scoring<'_> {
    fn take(
        &mut self,
        tenant: &TenantSlug,
        some: &[model::sign_in::SignIn],
    ) -> Result<(), AnomalyError> {
        self.cancellation.check()?;
        let edge = self.learn_until.map_or(0, |until| some.partition_point(|of| of.at <= until));
        let (past, present) = some.split_at_checked(edge).unwrap_or((&[], some));
        for sign_in in past {
            self.inquiry.see(sign_in, &self.patterns, &self.surroundings);
        }
        self.learnt += past.len() as u64;
        let failed = |source| AnomalyError::Detector { tenant: tenant.clone(), source };
        let judged = self
            .inquiry
            .see_and_judge(present, &self.patterns, &self.surroundings, &self.detector)
            .map_err(failed)?;
        for (seen, opinion) in &judged {
            self.score(seen, opinion);
        }
        self.closed.extend(self.inquiry.take_closed());
        self.absorbed.extend(self.inquiry.take_absorbed());
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "scores and chances need no more digits")]
    fn score(&mut self, seen: &Seen, opinion: &Opinion) {
        let reference = self.detector.reference();
        self.tally.note(reference, &seen.sighting.features, opinion.forest as f32);
        let at = seen.sighting.observation.at;
        self.scores.push(SignInScore {
            id: seen.id.to_string(),
            at: Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH),
            score: opinion.score() as f32,
            forest_p: opinion.forest_p as f32,
            evidence_p: opinion.evidence_p as f32,
            own: opinion.own,
        });
    }
}

/// Judges a tenant's sign-ins that no scoring has judged, and tells the incidents among them.
///
/// # Errors
/// [`AnomalyError`]; nothing of it is kept then.
pub fn score(
    store: &Store,
    request: &ScoreRequest<'_>,
    now: Timestamp,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<ScoreOutcome, AnomalyError> {
    let tenant = request.tenant;
    let Known { now, version, detector, training, imports, state, surroundings } =
        store.together(|| known(store, request, now))?;
    let seen_imports = state.as_ref().map(|state| state.imports.clone()).unwrap_or_default();
    let mut outcome = ScoreOutcome {
        version,
        judged: 0,
        learnt: 0,
        first_at: None,
        last_at: None,
        incidents: Vec::new(),
        merged: MergeCounts::default(),
    };
    if state.is_some() && imports.iter().all(|import| seen_imports.contains(import)) {
        return Ok(outcome);
    }
    let kept = match &state {
        Some(state) => Kept::from_bytes(&state.body)
            .map_err(|source| AnomalyError::State { tenant: tenant.clone(), source })?,
        None => Kept {
            inquiry: Inquiry::new(training.window_from.as_second(), Shrinkage::default()),
            tally: None,
        },
    };
    let tally = kept.tally.filter(|(of, _)| *of == version).map(|(_, tally)| tally);
    let mut scoring = Scoring {
        patterns: patterns(request.config)?,
        surroundings,
        tally: tally.unwrap_or_else(|| detector.reference().tally()),
        detector,
        inquiry: kept.inquiry,
        scores: Vec::new(),
        closed: Vec::new(),
        absorbed: Vec::new(),
        learn_until: state.is_none().then_some(training.window_to),
        learnt: 0,
        cancellation,
    };
    let mut task = progress.begin("judging", None);
    task.note(tenant.as_str());
    let from = if state.is_none() { training.window_from } else { Timestamp::MIN };
    let span = SignInSpan { from, ..SignInSpan::ALWAYS };
    store.sign_ins_but(tenant, span, &seen_imports, SignInFields::Detection, |some| {
        task.advance(some.len() as u64);
        scoring.take(tenant, &some)
    })?;
    drop(task);
    outcome.judged = scoring.scores.len() as u64;
    outcome.learnt = scoring.learnt;
    outcome.first_at = scoring.scores.iter().map(|score| score.at).min();
    outcome.last_at = scoring.scores.iter().map(|score| score.at).max();
    outcome.incidents = store.together(|| tell(store, tenant, version, &scoring))?;
    let again_from = request.again.then_some(training.window_to);
    outcome.merged = write(store, tenant, &outcome, scoring, (imports, again_from), now)?;
    Ok(outcome)
}

/// What a scoring begins with, from the store.
struct Known {
    now: Timestamp,
    version: i32,
    detector: Detector,
    training: TrainOutcome,
    imports: Vec<String>,
    state: Option<DetectionState>,
    surroundings: Surroundings,
}

fn known(store: &Store, request: &ScoreRequest<'_>, now: Timestamp) -> Result<Known, AnomalyError> {
    let tenant = request.tenant;
    // The demonstration has a time of its own.
    let now = store.tenant(tenant)?.as_of.unwrap_or(now);
    let (version, detector) = champion(store, tenant)?;
    let state = if request.again { None } else { store.detection_state(tenant)? };
    let mut surroundings = surroundings(store, tenant)?;
    (surroundings.harmless, surroundings.hostile) =
        verdicts(store, tenant, request.config.pardon_days, now)?;
    Ok(Known {
        now,
        version,
        detector,
        training: record(store, tenant, version)?,
        imports: store.sign_in_imports(tenant)?,
        state: state.filter(|state| state.feature_set == feature_set_hash()),
        surroundings,
    })
}

fn tell(
    store: &Store,
    tenant: &TenantSlug,
    version: i32,
    scoring: &Scoring<'_>,
) -> Result<Vec<IncidentStory>, AnomalyError> {
    let teller = Teller {
        store,
        tenant,
        inquiry: &scoring.inquiry,
        detector: &scoring.detector,
        patterns: &scoring.patterns,
        surroundings: &scoring.surroundings,
        version,
    };
    let mut out = Vec::new();
    for incident in latest(scoring.closed.iter().chain(scoring.inquiry.docket().open())) {
        out.extend(teller.tell(incident)?);
    }
    out.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.score.total_cmp(&a.score)));
    Ok(out)
}

fn write(
    store: &Store,
    tenant: &TenantSlug,
    outcome: &ScoreOutcome,
    scoring: Scoring<'_>,
    (imports, again_from): (Vec<String>, Option<Timestamp>),
    now: Timestamp,
) -> Result<MergeCounts, AnomalyError> {
    // An incident that goes on keeps the kind that it was first told by.
    let known = if outcome.incidents.is_empty() { Vec::new() } else { store.incidents(tenant)? };
    let mut findings = Vec::new();
    let mut incidents = Vec::new();
    for incident in &outcome.incidents {
        let mut incident = incident.clone();
        if let Some(before) = known.iter().find(|known| known.id == incident.id) {
            incident.kind.clone_from(&before.kind);
        }
        findings.push(finding(tenant, &incident)?);
        incidents.push(stored(&incident)?);
    }
    let kept = Kept { inquiry: scoring.inquiry, tally: Some((outcome.version, scoring.tally)) };
    let body =
        kept.to_bytes().map_err(|source| AnomalyError::State { tenant: tenant.clone(), source })?;
    // Findings first: who is interrupted between the two judges the same sign-ins again and finds
    // the same, and nothing that was told is missing from the list.
    let merged = if findings.is_empty() && scoring.absorbed.is_empty() {
        MergeCounts::default()
    } else {
        store.merge_run(MergeRun {
            tenant: tenant.clone(),
            run_id: uuid::Uuid::now_v7().to_string(),
            as_of: now,
            findings,
            passed: Vec::new(),
            retired_subjects: scoring.absorbed.iter().cloned().collect(),
        })?
    };
    let judgement = Judgement {
        state: DetectionState { feature_set: feature_set_hash(), imports, body },
        incidents,
        absorbed: scoring.absorbed,
        scores: scoring.scores,
        again_from,
        model_version: outcome.version,
    };
    store.record_judgement(tenant, &judgement, now)?;
    Ok(merged)
}

/// How far what was judged is from what the champion was trained on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftReport {
    /// Version of the champion.
    pub version: i32,
    /// Sign-ins that were judged by it.
    pub judged: u64,
    /// Column by column, the score last.
    pub columns: Vec<Drift>,
}

/// Compares what the champion has judged with what it was trained on.
///
/// # Errors
/// [`AnomalyError`].
pub fn monitor(store: &Store, tenant: &TenantSlug) -> Result<DriftReport, AnomalyError> {
    let (version, detector) = champion(store, tenant)?;
    let state = store.detection_state(tenant)?;
    let tally = match state.filter(|state| state.feature_set == feature_set_hash()) {
        Some(state) => Kept::from_bytes(&state.body)
            .map_err(|source| AnomalyError::State { tenant: tenant.clone(), source })?
            .tally
            .filter(|(of, _)| *of == version)
            .map(|(_, tally)| tally),
        None => None,
    };
    let reference = detector.reference();
    let tally = tally.unwrap_or_else(|| reference.tally());
    Ok(DriftReport { version, judged: tally.seen(), columns: reference.drift(&tally) })
}
