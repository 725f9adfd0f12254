//! Emergency accounts.

use model::object::ObjectKind;
use model::principal::User;
use model::rule::{PrincipalLabel, RuleStatus, Witness};
use policy::{
    ClientKind, Demand, DeviceCondition, FlowCondition, PlaceCondition, PrincipalSet, Scope,
    Situation, Target, Term,
};
use serde_json::Value;

use crate::context::Context;
use crate::outcome::Outcome;

/// Words in a name that suggest an emergency account. Only ever a suggestion to declare it.
const NAMES: [&str; 6] = ["break", "emergency", "notfall", "glass", "bg-", "urgence"];

pub(crate) fn configured(context: &Context<'_>, minimum: u32) -> Outcome {
    let snapshot = context.snapshot;
    let declared = &snapshot.break_glass;
    if context.hypothetical && declared.is_empty() {
        return Outcome::of_tenant(
            context,
            RuleStatus::Unknown,
            "emergency accounts cannot be judged without directory data",
        );
    }
    let mut wrong = Vec::new();
    let mut good = 0_usize;
    let mut unattested = 0_usize;
    for account in declared {
        let user =
            snapshot.users.iter().find(|user| user.id.eq_ignore_ascii_case(&account.user_id));
        match user.map_or(Some("it does not exist"), |user| unfit(context, user)) {
            Some(why) => wrong.push((account, why)),
            None if account.monitored == Some(false) => {
                wrong.push((account, "nobody is told when it signs in"));
            }
            None => {
                good += 1;
                unattested += usize::from(account.monitored.is_none());
            }
        }
    }
    let minimum = minimum as usize;
    let enough = good >= minimum;
    if enough && wrong.is_empty() && unattested == 0 {
        let reason = format!("{good} declared, cloud-only, able to sign in and monitored");
        return Outcome::of_tenant(context, RuleStatus::Pass, reason);
    }
    if enough && wrong.is_empty() {
        let reason = format!(
            "{good} declared and able to sign in, but for {unattested} nobody has said whether their use is monitored"
        );
        return Outcome::of_tenant(context, RuleStatus::Unknown, reason);
    }
    let mut outcome = Outcome::of_tenant(
        context,
        RuleStatus::Fail,
        match (declared.len(), wrong.first()) {
            (0, _) => format!("no emergency account is declared; {minimum} are needed"),
            (_, Some((account, why))) => format!("{}: {why}", account.label),
            (count, None) => format!("{count} declared; {minimum} are needed"),
        },
    );
    outcome.witnesses = wrong
        .into_iter()
        .map(|(account, why)| Witness {
            principals: vec![PrincipalLabel {
                id: account.user_id.clone(),
                label: account.label.clone(),
            }],
            total: 1,
            path: why.to_owned(),
            ..Witness::default()
        })
        .collect();
    let suggested = suggestions(context);
    if !suggested.is_empty() {
        outcome.witnesses.push(Witness {
            total: suggested.len(),
            principals: suggested,
            path: "named like emergency accounts: declare them if they are".into(),
            ..Witness::default()
        });
    }
    outcome
}

/// Why an account would not help in an emergency.
fn unfit(context: &Context<'_>, user: &User) -> Option<&'static str> {
    if user.account_enabled == Some(false) || user.deleted_date_time.is_some() {
        return Some("it is disabled or deleted");
    }
    if user.on_premises_sync_enabled == Some(true) {
        return Some("it comes from the on-premises directory");
    }
    // The portal, from a strange place, on a strange device, in the ordinary flow.
    let situation = Situation {
        clients: vec![ClientKind::Browser],
        platforms: vec!["windows".into()],
        place: PlaceCondition::Untrusted,
        device: DeviceCondition::Unregistered,
        flow: FlowCondition::Ordinary,
        sign_in_risk: vec![model::policy::RiskLevel::None],
        user_risk: vec![model::policy::RiskLevel::None],
        insider_risk: vec!["none".into()],
        ..Situation::default()
    };
    let mut members = PrincipalSet {
        workload: false,
        yes: context.set.principals().principal(&user.id),
        maybe: fixedbitset::FixedBitSet::new(),
    };
    members.maybe.grow(members.yes.len());
    let portal = model::known::applications::AZURE_PORTAL.to_owned();
    let scope = Scope::Targets(vec![Target::Application(portal)]);
    let enforcement = context.set.enforced(&members, &scope, &situation);
    // Blocked is what no other demand can tell apart: it holds even for "no way in".
    let locked_out = context.set.judge(&enforcement, &Demand::of(Term::Blocked)).holds > 0;
    locked_out.then_some("policies would lock it out: it cannot reach the Azure portal from an unknown device and place")
}

fn suggestions(context: &Context<'_>) -> Vec<PrincipalLabel> {
    let mut out: Vec<PrincipalLabel> = context
        .snapshot
        .users
        .iter()
        .filter(|user| {
            let name = format!("{} {}", user.user_principal_name, user.display_name).to_lowercase();
            NAMES.iter().any(|part| name.contains(part))
                && !context
                    .snapshot
                    .break_glass
                    .iter()
                    .any(|b| b.user_id.eq_ignore_ascii_case(&user.id))
        })
        .map(|user| PrincipalLabel { id: user.id.clone(), label: user.label().to_owned() })
        .collect();
    out.sort_by(|a, b| a.label.cmp(&b.label));
    out
}

/// Every enabled policy for an account counts, whatever it is about: a block of one application is
/// one edit away from a block of all.
pub(crate) fn excluded_from_all(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    if context.break_glass.is_clear() {
        let known = context.snapshot.has_all(ObjectKind::User) && !context.hypothetical;
        let (status, reason) = if !context.snapshot.break_glass.is_empty() {
            (RuleStatus::Unknown, "the export does not have the declared emergency accounts")
        } else if known {
            (RuleStatus::NotApplicable, "no emergency account is declared")
        } else {
            (RuleStatus::Unknown, "no emergency account is declared")
        };
        return vec![Outcome::of_tenant(context, status, reason)];
    }
    let set = context.set;
    let mut out: Vec<Outcome> = set
        .active()
        .filter(|policy| policy.enabled && !set.is_workload(*policy) && !set.is_idle(*policy))
        .filter(|policy| context.policy_exception(policy.id, rule).is_none())
        .filter_map(|policy| {
            let (status, reason) = if !set.covered(policy).is_disjoint(&context.break_glass) {
                (RuleStatus::Fail, "applies to a declared emergency account")
            } else if !set.possibly_covered(policy).is_disjoint(&context.break_glass) {
                (
                    RuleStatus::Unknown,
                    "whether it applies to a declared emergency account is not known: members of its groups or roles were not collected",
                )
            } else {
                return None;
            };
            Some(Outcome::of(policy.id, policy.name, status, reason, Value::Null))
        })
        .collect();
    if out.is_empty() {
        let reason = "no enabled policy applies to an emergency account";
        out.push(Outcome::of_tenant(context, RuleStatus::Pass, reason));
    }
    out
}
