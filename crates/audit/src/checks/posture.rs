//! Checks on the tenant as a whole.

use model::location::LocationKind;
use model::object::ObjectKind;
use model::policy::PolicyState;
use model::rule::RuleStatus;
use policy::{ClientKind, Demand, Population, Scope, Selector, Situation, Target, Term};
use serde_json::{Value, json};

use crate::context::Context;
use crate::outcome::Outcome;
use crate::tenant::witnesses;

pub(crate) fn locations(context: &Context<'_>, trusted: bool) -> Outcome {
    let snapshot = context.snapshot;
    let fits = |location: &&model::location::NamedLocation| {
        !trusted
            || location.is_trusted
                && location.kind() == LocationKind::Addresses
                && !location.ip_ranges.is_empty()
    };
    let what = if trusted { "trusted address location" } else { "named location" };
    match snapshot.named_locations.iter().filter(fits).count() {
        0 if !snapshot.has_all(ObjectKind::NamedLocation) => {
            Outcome::of_tenant(context, RuleStatus::Unknown, "named locations were not collected")
        }
        0 => Outcome::of_tenant(context, RuleStatus::Fail, format!("the tenant has no {what}")),
        count => Outcome::of_tenant(context, RuleStatus::Pass, format!("{count} of kind {what}")),
    }
}

pub(crate) fn defaults_or_policies(context: &Context<'_>) -> Outcome {
    let snapshot = context.snapshot;
    let enabled = snapshot.policies.iter().filter(|p| p.state == PolicyState::Enabled).count();
    let protecting =
        context.set.active().filter(|policy| policy.enabled && context.set.protects(*policy));
    let protecting = protecting.filter(|policy| !context.set.is_workload(*policy)).count();
    match (&snapshot.security_defaults, enabled) {
        (Some(defaults), 0) if !defaults.is_enabled => Outcome::of_tenant(
            context,
            RuleStatus::Fail,
            "security defaults are off and no policy is enabled: a password is enough everywhere",
        ),
        (Some(defaults), count) if defaults.is_enabled && count > 0 => Outcome::of_tenant(
            context,
            RuleStatus::Fail,
            format!(
                "security defaults are on beside {count} enabled policies; Entra enforces one or the other"
            ),
        ),
        (Some(defaults), _) if defaults.is_enabled => {
            Outcome::of_tenant(context, RuleStatus::Pass, "security defaults are on")
        }
        _ if protecting > 0 => {
            let reason = format!("{protecting} enabled policies ask for more than a password");
            Outcome::of_tenant(context, RuleStatus::Pass, reason)
        }
        (None, 0) => {
            Outcome::of_tenant(context, RuleStatus::Unknown, "security defaults were not collected")
        }
        (_, count) => Outcome::of_tenant(
            context,
            RuleStatus::Fail,
            format!("{count} policies are enabled, and none asks anybody for more than a password"),
        ),
    }
}

pub(crate) fn countries(context: &Context<'_>, rule: &str) -> Outcome {
    let population =
        Population { who: vec![Selector::AllUsers], except: vec![Selector::DirectorySync] };
    let (members, _) = context.population(&population, rule);
    let situation = Situation {
        clients: vec![ClientKind::Browser, ClientKind::ModernClient],
        ..Situation::default()
    };
    let blocked = context.set.blocked_countries(&members, &situation);
    if let Some(first) = blocked.first() {
        let more = match blocked.len() - 1 {
            0 => String::new(),
            more => format!(" (or {more} others)"),
        };
        let reason = format!("everybody is blocked {first}{more}");
        return Outcome::of_tenant(context, RuleStatus::Pass, reason);
    }
    Outcome::of_tenant(
        context,
        RuleStatus::Fail,
        "there is no country from which everybody is blocked",
    )
}

pub(crate) fn contexts(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let snapshot = context.snapshot;
    let published: Vec<_> =
        snapshot.authentication_contexts.iter().filter(|c| c.is_available == Some(true)).collect();
    if published.is_empty() {
        let known = snapshot.has_all(ObjectKind::AuthenticationContext);
        let (status, reason) = if known {
            (RuleStatus::NotApplicable, "the tenant publishes no authentication context")
        } else {
            (RuleStatus::Unknown, "authentication contexts were not collected")
        };
        return vec![Outcome::of_tenant(context, status, reason)];
    }
    let population = Population { who: vec![Selector::AllUsers], except: Vec::new() };
    let (members, _) = context.population(&population, rule);
    let demand = Demand::of(Term::AnyControl);
    let mut out = Vec::new();
    for published in &published {
        let target = Target::AuthenticationContext(published.id.to_ascii_lowercase());
        let scope = Scope::Targets(vec![target]);
        let enforcement = context.set.enforced(&members, &scope, &Situation::default());
        let judgement = context.set.judge(&enforcement, &demand);
        if judgement.breaches.is_empty() && judgement.undecided.is_empty() {
            continue;
        }
        let (status, witnesses) = witnesses(context, &enforcement, &judgement, &demand);
        let id = &published.id;
        let reason = if status == RuleStatus::Fail {
            format!(
                "authentication context {id} is published, and asks {} of {} users for nothing",
                judgement.failing(),
                members.yes.count_ones(..),
            )
        } else {
            format!(
                "whether authentication context {id} asks everybody for anything cannot be told"
            )
        };
        let outcome = Outcome::of(id, &published.display_name, status, reason, Value::Null);
        out.push(Outcome { witnesses, ..outcome });
    }
    if out.is_empty() {
        let reason = format!("{} published contexts are enforced", published.len());
        let mut outcome = Outcome::of_tenant(context, RuleStatus::Pass, reason);
        outcome.facts = json!({ "published": published.len() });
        out.push(outcome);
    }
    out
}
