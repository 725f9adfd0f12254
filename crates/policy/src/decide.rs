//! One sign-in, judged policy by policy (What-If).

use model::decision::{
    AnalysisReason, Applies, Decision, Outcome, PolicyVerdict, ScenarioPrincipal, ScenarioTarget,
    SignInScenario,
};
use model::policy::{ClientAppType, GuestType, PolicyState, RiskLevel, Users};

use crate::Tri;
use crate::applications::Target;
use crate::compile::{CompiledPolicy, Origin, PolicySet, external_matches};
use crate::conditions::{CLIENTS, FLOWS, INSIDER, PLATFORMS, RISKS};
use crate::device::Device;
use crate::mask::Mask;
use crate::place::Place;
use crate::situation::Ability;
use crate::ways::Ways;

/// Why a sign-in cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No such user.
    #[error("the tenant has no user {0:?}: give a sign-in name or an object id of the last import")]
    UnknownUser(String),
    /// No such service principal.
    #[error("the tenant has no service principal {0:?}: give an object id of the last import")]
    UnknownWorkload(String),
}

/// The sign-in with its parts looked up.
struct Subject<'a> {
    scenario: &'a SignInScenario,
    who: Who,
    target: Target,
    place: Place,
    device: Device,
}

enum Who {
    User(usize),
    Workload(usize),
    External(GuestType, Option<String>),
}

/// A policy's answer: whether it applies, the reason that decides, and words.
type Answer = (Tri, AnalysisReason, String);

impl PolicySet {
    /// Judges one sign-in.
    ///
    /// # Errors
    /// [`ScenarioError`] where the principal is not in the tenant.
    pub fn evaluate(&self, scenario: &SignInScenario) -> Result<Decision, ScenarioError> {
        let subject = self.subject(scenario)?;
        let mut verdicts = Vec::with_capacity(self.order.len());
        let mut masks = [Mask::EMPTY; 4]; // enabled yes, enabled maybe, report-only yes, maybe
        let mut notes = Vec::new();
        for (compiled, id, name) in &self.order {
            let policy = compiled.and_then(|at| self.policies.get(at).map(|p| (at, p)));
            let Some((at, policy)) = policy else {
                verdicts.push(disabled(id, name));
                continue;
            };
            let (applies, reason, detail) = self.judge_policy(policy, &subject);
            note(&mut masks, at, policy, applies);
            if applies == Tri::Unknown && policy.state == PolicyState::Enabled {
                notes.push(format!("{}: {detail}", policy.name));
            }
            verdicts.push(PolicyVerdict {
                policy_id: id.clone(),
                display_name: name.clone(),
                state: policy.state.clone(),
                policy_applies: match applies {
                    Tri::Yes => Applies::Yes,
                    Tri::No => Applies::No,
                    Tri::Unknown => Applies::Unknown,
                },
                analysis_reasons: reason,
                detail,
                requires: if applies == Tri::No { Vec::new() } else { policy.grant.words.clone() },
                session: if applies == Tri::No {
                    Vec::new()
                } else {
                    policy.grant.session_words.clone()
                },
            });
        }
        for (at, policy) in
            self.policies.iter().enumerate().filter(|(_, p)| p.origin != Origin::Tenant)
        {
            let (applies, _, detail) = self.judge_policy(policy, &subject);
            note(&mut masks, at, policy, applies);
            match applies {
                Tri::Yes => notes.push(format!(
                    "{} asks for {}",
                    policy.name,
                    policy.grant.words.join(", ")
                )),
                Tri::Unknown => notes.push(format!("{}: {detail}", policy.name)),
                Tri::No => {}
            }
        }
        let ability = ability(scenario, &subject.device);
        let [yes, maybe, report_yes, report_maybe] = masks;
        let low = self.combined(&yes, false, ability);
        let high = self.combined(&yes.or(&maybe), true, ability);
        let reported = self.combined(&yes.or(&report_yes), false, ability);
        let undecided = low != high;
        let outcome = if low.is_blocked() {
            Outcome::Block
        } else if undecided {
            Outcome::Unknown
        } else if low.0.iter().any(|way| way.takes_password(self.methods.password)) {
            Outcome::NoControl
        } else {
            Outcome::Grant
        };
        let report_only_changes = !report_yes.is_empty() || !report_maybe.is_empty();
        Ok(Decision {
            outcome,
            ways: self.describe_all(&high),
            weakest_ways: self.describe_all(&low),
            with_report_only: if report_only_changes {
                self.describe_all(&reported)
            } else {
                Vec::new()
            },
            notes,
            policies: verdicts,
        })
    }

    fn combined(&self, policies: &Mask, high: bool, ability: Ability) -> Ways {
        let mut ways = Ways::open();
        for policy in policies.iter().filter_map(|at| self.policies.get(at)) {
            ways = ways.and(if high { &policy.grant.high } else { &policy.grant.low });
        }
        self.feasible(&ways, ability)
    }

    fn subject<'a>(&self, scenario: &'a SignInScenario) -> Result<Subject<'a>, ScenarioError> {
        let who = match &scenario.principal {
            ScenarioPrincipal::User { id } => Who::User(
                self.principals
                    .user_position(id)
                    .ok_or_else(|| ScenarioError::UnknownUser(id.clone()))?
                    as usize,
            ),
            ScenarioPrincipal::ServicePrincipal { id } => Who::Workload(
                self.principals
                    .workload_position(id)
                    .ok_or_else(|| ScenarioError::UnknownWorkload(id.clone()))?
                    as usize,
            ),
            ScenarioPrincipal::External { guest_type, tenant_id } => {
                Who::External(guest_type.clone(), tenant_id.clone())
            }
        };
        Ok(Subject {
            scenario,
            who,
            target: match &scenario.target {
                ScenarioTarget::Application(id) => Target::Application(id.to_ascii_lowercase()),
                ScenarioTarget::UserAction(action) => Target::UserAction(action.clone()),
                ScenarioTarget::AuthenticationContext(id) => {
                    Target::AuthenticationContext(id.to_ascii_lowercase())
                }
            },
            place: self.locations.place(
                scenario.ip,
                scenario.country.as_deref(),
                scenario.compliant_network,
            ),
            device: Device::from_scenario(&scenario.device),
        })
    }

    /// The first condition that does not match decides; otherwise the first that is not known.
    fn judge_policy(&self, policy: &CompiledPolicy, subject: &Subject<'_>) -> Answer {
        let answers = self.answers(policy, subject);
        if let Some(no) = answers.iter().find(|(applies, ..)| *applies == Tri::No) {
            return no.clone();
        }
        if let Some((_, reason, detail)) =
            answers.into_iter().find(|(applies, ..)| *applies == Tri::Unknown)
        {
            let reason = match reason {
                AnalysisReason::InvalidCondition => reason,
                _ => AnalysisReason::NotEnoughInformation,
            };
            return (Tri::Unknown, reason, detail);
        }
        if policy.grant.is_empty() {
            return (Tri::No, AnalysisReason::EmptyPolicy, "it asks for nothing".into());
        }
        (Tri::Yes, AnalysisReason::NotSet, String::new())
    }

    fn answers(&self, policy: &CompiledPolicy, subject: &Subject<'_>) -> Vec<Answer> {
        let scenario = subject.scenario;
        let conditions = &policy.conditions;
        let (who, who_reason) = Self::who(policy, &subject.who);
        let (target_reason, target_words) = match &subject.target {
            Target::UserAction(_) => (AnalysisReason::UserActions, "user action"),
            Target::AuthenticationContext(_) => {
                (AnalysisReason::AuthenticationContext, "authentication context")
            }
            _ => (AnalysisReason::Application, "application"),
        };
        // In a What-If, "all resources" shows as applying to user actions, as in Microsoft's tool.
        let target = policy.reaches(&subject.target, &self.facts, Tri::Yes, &self.options);
        let mut out =
            vec![answer(who, who_reason, "principal"), answer(target, target_reason, target_words)];
        let risk = |level: &Option<RiskLevel>, table: &[Tri; 4]| {
            choice(table, level.as_ref().and_then(|l| RISKS.iter().position(|known| known == l)))
        };
        let insider = scenario.insider_risk.as_ref().and_then(|level| {
            let name = level.as_ref().map_or("none", |l| l.as_str());
            INSIDER.iter().position(|known| *known == name)
        });
        let client = scenario.client.as_ref().and_then(|client| match client {
            ClientAppType::EasSupported => Some(2),
            other => CLIENTS.iter().position(|known| known == other),
        });
        let platform = scenario.platform.as_ref().map(|platform| {
            PLATFORMS.iter().position(|name| *name == platform.as_str()).unwrap_or(6)
        });
        let flow =
            scenario.flow.as_ref().and_then(|flow| FLOWS.iter().position(|known| known == flow));
        out.extend([
            answer(
                risk(&scenario.sign_in_risk, &conditions.sign_in_risk),
                AnalysisReason::SignInRisk,
                "sign-in risk",
            ),
            answer(
                risk(&scenario.user_risk, &conditions.user_risk),
                AnalysisReason::UserRisk,
                "user risk",
            ),
            answer(
                risk(&scenario.service_principal_risk, &conditions.workload_risk),
                AnalysisReason::ServicePrincipalRisk,
                "service-principal risk",
            ),
            answer(choice(&conditions.clients, client), AnalysisReason::ClientApps, "client"),
            answer(
                choice(&conditions.platforms, platform),
                AnalysisReason::DevicePlatform,
                "platform",
            ),
            answer(
                conditions.places.matches(&subject.place, &self.locations),
                AnalysisReason::Location,
                "location",
            ),
            answer(conditions.device.matches(&subject.device), AnalysisReason::Devices, "device"),
            answer(
                choice(&conditions.flows, flow),
                AnalysisReason::AuthenticationFlow,
                "authentication flow",
            ),
            answer(
                choice(&conditions.insider_risk, insider),
                AnalysisReason::InsiderRisk,
                "insider risk",
            ),
        ]);
        if !conditions.unknown.is_empty() {
            out.push((
                Tri::Unknown,
                AnalysisReason::InvalidCondition,
                format!("this build cannot evaluate {}", conditions.unknown.join(", ")),
            ));
        }
        out
    }

    fn who(policy: &CompiledPolicy, who: &Who) -> (Tri, AnalysisReason) {
        let of = |at: usize| {
            if policy.yes.contains(at) {
                Tri::Yes
            } else if policy.maybe.contains(at) {
                Tri::Unknown
            } else {
                Tri::No
            }
        };
        match who {
            Who::Workload(at) if policy.workload => (of(*at), AnalysisReason::WorkloadIdentities),
            Who::Workload(_) => (Tri::No, AnalysisReason::WorkloadIdentities),
            Who::User(at) if !policy.workload => (of(*at), AnalysisReason::Users),
            Who::External(kind, tenant) if !policy.workload => {
                (external(&policy.users, kind, tenant.as_deref()), AnalysisReason::Users)
            }
            _ => (Tri::No, AnalysisReason::Users),
        }
    }
}

/// An external user without an object in the directory: `All` is not clearly for them.
fn external(users: &Users, kind: &GuestType, tenant: Option<&str>) -> Tri {
    let side = |ids: &[String], guests: Option<&model::policy::GuestsOrExternalUsers>| {
        let legacy = ids.iter().any(|id| id.eq_ignore_ascii_case("GuestsOrExternalUsers"));
        let typed = guests.map_or(Tri::No, |guests| external_matches(guests, kind, tenant));
        Tri::from(legacy).or(typed)
    };
    let all = users.include_users.iter().any(|id| id.eq_ignore_ascii_case("All"));
    let include = side(&users.include_users, users.include_guests_or_external_users.as_ref())
        .or(if all { Tri::Unknown } else { Tri::No });
    let exclude = side(&users.exclude_users, users.exclude_guests_or_external_users.as_ref());
    include.and(!exclude)
}

fn answer(applies: Tri, reason: AnalysisReason, what: &str) -> Answer {
    let detail = match applies {
        Tri::Yes => String::new(),
        Tri::No => format!("its {what} condition does not match"),
        Tri::Unknown => format!("whether its {what} condition matches is not known"),
    };
    (applies, reason, detail)
}

/// The entry of a table; where the value is not told, decided only if every value gives the same.
fn choice<const N: usize>(table: &[Tri; N], at: Option<usize>) -> Tri {
    match at.and_then(|at| table.get(at)) {
        Some(value) => *value,
        None if table.iter().all(|value| *value == table[0]) => table[0],
        None => Tri::Unknown,
    }
}

fn note(masks: &mut [Mask; 4], at: usize, policy: &CompiledPolicy, applies: Tri) {
    let report = usize::from(policy.state == PolicyState::ReportOnly) * 2;
    match applies {
        Tri::Yes => masks[report].set(at),
        Tri::Unknown => masks[report + 1].set(at),
        Tri::No => {}
    }
}

fn ability(scenario: &SignInScenario, device: &Device) -> Ability {
    let legacy = matches!(
        scenario.client,
        Some(
            ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported | ClientAppType::Other
        )
    );
    let device_code = scenario.flow == Some(model::policy::TransferMethod::DeviceCodeFlow);
    Ability { legacy, device_code, kinds: device.kinds }
}

fn disabled(id: &str, name: &str) -> PolicyVerdict {
    PolicyVerdict {
        policy_id: id.to_owned(),
        display_name: name.to_owned(),
        state: PolicyState::Disabled,
        policy_applies: Applies::No,
        analysis_reasons: AnalysisReason::PolicyNotEnabled,
        detail: "it is disabled".to_owned(),
        requires: Vec::new(),
        session: Vec::new(),
    }
}
