//! Policies that would lock out directory synchronisation.

use model::known::applications::WINDOWS_AZURE_ACTIVE_DIRECTORY;
use model::known::roles::DIRECTORY_SYNC;
use model::rule::RuleStatus;
use policy::{
    ClientKind, FlowCondition, PolicyHandle, Population, PrincipalSet, Selector, Situation, Target,
};
use serde_json::json;

use crate::context::Context;
use crate::outcome::Outcome;

pub(crate) fn directory_sync(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let all = |selector| context.set.resolve(&Population { who: vec![selector], except: vec![] });
    let members = all(Selector::DirectorySync);
    let out: Vec<Outcome> = stopping(context, &members, rule)
        .into_iter()
        .map(|policy| {
            let when = if policy.enabled { "stops" } else { "would stop, once enabled," };
            Outcome::of(
                policy.id,
                policy.name,
                RuleStatus::Fail,
                format!("{when} the directory synchronisation account, which can show nothing but a password"),
                json!({ "enabled": policy.enabled }),
            )
        })
        .collect();
    if !out.is_empty() {
        return out;
    }
    let index = context.set.principals();
    let open = DIRECTORY_SYNC.iter().any(|role| index.role_holders(role).1);
    let (status, reason) = if open {
        let mut anybody = all(Selector::AllUsers);
        anybody.yes.union_with(&anybody.maybe);
        let caught: Vec<&str> = stopping(context, &anybody, rule)
            .into_iter()
            .filter(|policy| !leaves_role_out(context, policy))
            .map(|policy| policy.name)
            .collect();
        if caught.is_empty() {
            let reason = "no policy stops directory synchronisation, whoever holds its role";
            (RuleStatus::Pass, reason.to_owned())
        } else {
            let reason = format!(
                "which account synchronises the directory is not known, since role assignments were not collected, and it would be stopped by {}",
                caught.join(", ")
            );
            (RuleStatus::Unknown, reason)
        }
    } else if members.yes.is_clear() {
        let reason = "the tenant has no directory synchronisation account";
        (RuleStatus::NotApplicable, reason.to_owned())
    } else {
        (RuleStatus::Pass, "no policy stops directory synchronisation".to_owned())
    };
    vec![Outcome::of_tenant(context, status, reason)]
}

/// Policies that keep some of these out while the directory is synchronised. The service signs in
/// with a password, from a server, in the ordinary flow, to the directory itself.
fn stopping<'a>(
    context: &Context<'a>,
    members: &PrincipalSet,
    rule: &str,
) -> Vec<PolicyHandle<'a>> {
    let situation = Situation {
        clients: vec![ClientKind::ModernClient],
        platforms: vec!["windows".into()],
        flow: FlowCondition::Ordinary,
        sign_in_risk: vec![model::policy::RiskLevel::None],
        user_risk: vec![model::policy::RiskLevel::None],
        insider_risk: vec!["none".into()],
        ..Situation::default()
    };
    let directory = Target::Application(WINDOWS_AZURE_ACTIVE_DIRECTORY.to_owned());
    let mut out = context.set.demanding(members, &Target::AnyOtherApplication, &situation);
    for policy in context.set.demanding(members, &directory, &situation) {
        if !out.contains(&policy) {
            out.push(policy);
        }
    }
    out.retain(|policy| context.policy_exception(policy.id, rule).is_none());
    out
}

/// Whether a policy leaves a role of directory synchronisation out by name.
fn leaves_role_out(context: &Context<'_>, policy: &PolicyHandle<'_>) -> bool {
    let sync = |id: &String| DIRECTORY_SYNC.iter().any(|role| role.eq_ignore_ascii_case(id));
    context
        .snapshot
        .policies
        .iter()
        .filter(|source| source.id == policy.id)
        .any(|source| source.conditions.users.exclude_roles.iter().any(sync))
}
