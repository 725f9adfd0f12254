//! What a run does to findings: opens, reopens, resolves and changes them.
//!
//! Pure: [`plan`] compares what the store has with what a run saw, and says what to write.
//! Nothing is planned where nothing changed, so that the same run twice writes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use model::finding::{Finding, FindingAction, FindingState};
use model::rule::Severity;
use model::run::MergeCounts;
use model::tenant::TenantSlug;

use super::lifecycle::Standing;

/// What one run saw of one tenant.
#[derive(Debug, Clone)]
pub struct MergeRun {
    /// The tenant; every finding must be of it.
    pub tenant: TenantSlug,
    /// The run; its events share this as their batch.
    pub run_id: String,
    /// The time that the run took as now.
    pub as_of: Timestamp,
    /// Findings from failures. Of several with one fingerprint, the worst counts.
    pub findings: Vec<Finding>,
    /// Rules and subjects that were looked at and pass: what resolves. A rule that could not tell
    /// (`unknown`) or does not apply is not among them.
    pub passed: Vec<(String, Vec<String>)>,
    /// Ids of policies, principals and cells that a complete snapshot no longer has. A finding
    /// that has one of them among its subject's ids is resolved.
    pub retired_subjects: BTreeSet<String>,
}

/// What the store knows of a finding, as far as a run needs it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub fingerprint: String,
    pub content_hash: String,
    pub rule: String,
    pub category: String,
    pub title: String,
    pub severity: Severity,
    pub subject: Vec<String>,
    pub subject_label: String,
    pub standing: Standing,
    pub last_seen: Timestamp,
}

impl Known {
    /// Whether a finding reads the same in every listing.
    fn shows_the_same(&self, finding: &Finding) -> bool {
        self.content_hash == finding.content_hash
            && self.severity == finding.severity
            && self.title == finding.title
            && self.category == finding.category
            && self.subject_label == finding.subject_label
    }
}

/// An event that a run causes, before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub fingerprint: String,
    pub action: FindingAction,
    pub from: FindingState,
    pub to: Standing,
    pub note: String,
}

/// What a run writes.
#[derive(Debug, Default)]
pub(crate) struct Plan<'r> {
    /// Findings whose row is written anew: new ones, and those that changed.
    pub written: Vec<(&'r Finding, Standing)>,
    /// Findings of which only the time they were last seen moves on.
    pub seen_again: Vec<String>,
    /// Findings that were not seen and whose standing changed.
    pub moved: Vec<(String, Standing)>,
    /// What enters the history.
    pub steps: Vec<Step>,
    /// What is reported.
    pub counts: MergeCounts,
}

impl Plan<'_> {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.seen_again.is_empty() && self.moved.is_empty()
    }
}

/// Compares what a run saw with what is known of the same tenant.
pub(crate) fn plan<'r>(known: &[Known], run: &'r MergeRun) -> Plan<'r> {
    let mut plan = Plan::default();
    let seen = worst_by_fingerprint(&run.findings);
    let known: HashMap<&str, &Known> =
        known.iter().map(|row| (row.fingerprint.as_str(), row)).collect();
    let passed: HashSet<(&str, &[String])> =
        run.passed.iter().map(|(rule, subject)| (rule.as_str(), subject.as_slice())).collect();

    for (fingerprint, finding) in &seen {
        match known.get(fingerprint) {
            None => plan.open(finding),
            Some(row) => plan.see(row, finding, run.as_of),
        }
    }
    let mut unseen: Vec<_> =
        known.values().filter(|row| !seen.contains_key(row.fingerprint.as_str())).collect();
    unseen.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
    for row in unseen {
        let cause = if passed.contains(&(row.rule.as_str(), row.subject.as_slice())) {
            Some("the rule passes")
        } else if row.subject.iter().any(|id| run.retired_subjects.contains(id)) {
            Some("its subject is gone from the tenant")
        } else {
            None
        };
        plan.miss(row, cause, run.as_of);
    }
    plan
}

/// One finding a fingerprint, in a fixed order: MERGE would insert duplicates twice.
fn worst_by_fingerprint(findings: &[Finding]) -> BTreeMap<&str, &Finding> {
    let mut worst: BTreeMap<&str, &Finding> = BTreeMap::new();
    let rank = |finding: &Finding| (finding.severity, finding.content_hash.clone());
    for finding in findings {
        worst
            .entry(&finding.fingerprint)
            .and_modify(|held| {
                if rank(finding) > rank(held) {
                    *held = finding;
                }
            })
            .or_insert(finding);
    }
    worst
}

impl<'r> Plan<'r> {
    fn step(
        &mut self,
        row: &Known,
        action: FindingAction,
        from: &Standing,
        to: &Standing,
        note: String,
    ) {
        self.steps.push(Step {
            fingerprint: row.fingerprint.clone(),
            action,
            from: from.state,
            to: to.clone(),
            note,
        });
    }

    fn open(&mut self, finding: &'r Finding) {
        self.counts.opened += 1;
        self.written.push((finding, Standing::new()));
        self.steps.push(Step {
            fingerprint: finding.fingerprint.clone(),
            action: FindingAction::Opened,
            from: FindingState::Open,
            to: Standing::new(),
            note: String::new(),
        });
    }

    /// A run saw a finding that is known.
    fn see(&mut self, row: &Known, finding: &'r Finding, as_of: Timestamp) {
        let mut standing = self.expire(row, as_of);
        let steps_before = self.steps.len();
        let is_worse = finding.severity > row.severity;
        let has_changed =
            finding.content_hash != row.content_hash || finding.severity != row.severity;
        if standing.state == FindingState::Resolved {
            let open = standing.moved_to(FindingState::Open);
            self.step(row, FindingAction::Reopened, &standing, &open, String::new());
            self.counts.reopened += 1;
            standing = open;
        } else if has_changed {
            let note = what_changed(row, finding);
            if standing.state.is_active() {
                // Somebody looks at it already; what they decided about it stands.
                let action =
                    if is_worse { FindingAction::Worsened } else { FindingAction::Changed };
                *(if is_worse { &mut self.counts.worsened } else { &mut self.counts.changed }) += 1;
                self.step(row, action, &standing, &standing.clone(), note);
            } else {
                // What was accepted, put to sleep or judged is not what is there now.
                let open = standing.moved_to(FindingState::Open);
                self.step(row, FindingAction::Worsened, &standing, &open, note);
                self.counts.worsened += 1;
                standing = open;
            }
        }
        if self.steps.len() == steps_before {
            self.counts.unchanged += 1;
        }
        if standing != row.standing || !row.shows_the_same(finding) {
            self.written.push((finding, standing));
        } else if row.last_seen != as_of {
            self.seen_again.push(row.fingerprint.clone());
        }
    }

    /// A run did not see a finding that is known; with a cause, that resolves it.
    fn miss(&mut self, row: &Known, cause: Option<&str>, as_of: Timestamp) {
        let standing = match cause {
            Some(cause) if row.standing.state != FindingState::Resolved => {
                let resolved = row.standing.moved_to(FindingState::Resolved);
                self.step(
                    row,
                    FindingAction::Resolved,
                    &row.standing.at(as_of),
                    &resolved,
                    cause.to_owned(),
                );
                self.counts.resolved += 1;
                resolved
            }
            Some(_) => return,
            None => self.expire(row, as_of),
        };
        if standing != row.standing {
            self.moved.push((row.fingerprint.clone(), standing));
        }
    }

    /// Writes down that a snooze or acceptance has ended, and gives what holds now.
    fn expire(&mut self, row: &Known, as_of: Timestamp) -> Standing {
        let now = row.standing.at(as_of);
        if now != row.standing {
            self.step(row, FindingAction::Expired, &row.standing, &now, String::new());
            self.counts.expired += 1;
        }
        now
    }
}

fn what_changed(row: &Known, finding: &Finding) -> String {
    let evidence = finding.content_hash != row.content_hash;
    match (row.severity == finding.severity, evidence) {
        (true, _) => "the evidence changed".to_owned(),
        (false, false) => format!("severity {} to {}", row.severity, finding.severity),
        (false, true) => {
            format!("the evidence changed, severity {} to {}", row.severity, finding.severity)
        }
    }
}
