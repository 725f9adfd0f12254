//! Checks on single policies.

use model::policy::{ConditionalAccessPolicy, GrantControl, GrantOperator, PolicyState};
use model::rule::RuleStatus;
use serde_json::{Value, json};

use crate::context::Context;
use crate::outcome::Outcome;

/// What a policy's own look gives: nothing wrong, or a status with a reason and facts.
type Verdict = Option<(RuleStatus, String, Value)>;

/// Judges every policy of a kind: a result for each that is not well, or one for all that are.
pub(crate) fn each_policy(
    context: &Context<'_>,
    rule: &str,
    keep: impl Fn(&ConditionalAccessPolicy) -> bool,
    judge: impl Fn(&ConditionalAccessPolicy) -> Verdict,
    none: &str,
    well: &str,
) -> Vec<Outcome> {
    let mut looked = 0_usize;
    let mut out = Vec::new();
    for policy in context.snapshot.policies.iter().filter(|policy| keep(policy)) {
        looked += 1;
        if context.policy_exception(&policy.id, rule).is_some() {
            continue;
        }
        if let Some((status, reason, facts)) = judge(policy) {
            out.push(Outcome::of(&policy.id, &policy.display_name, status, reason, facts));
        }
    }
    if out.is_empty() {
        let (status, reason) = if context.snapshot.policies.is_empty() {
            (RuleStatus::NotApplicable, "the tenant has no policies".to_owned())
        } else if looked == 0 {
            (RuleStatus::Pass, none.to_owned())
        } else {
            (RuleStatus::Pass, format!("{looked} looked at: {well}"))
        };
        out.push(Outcome::of_tenant(context, status, reason));
    }
    out
}

fn active(policy: &ConditionalAccessPolicy) -> bool {
    policy.state != PolicyState::Disabled
}

pub(crate) fn report_only(context: &Context<'_>, rule: &str, days: u32) -> Vec<Outcome> {
    old(context, rule, days, &PolicyState::ReportOnly, "report-only")
}

pub(crate) fn disabled(context: &Context<'_>, rule: &str, days: u32) -> Vec<Outcome> {
    old(context, rule, days, &PolicyState::Disabled, "disabled")
}

fn old(
    context: &Context<'_>,
    rule: &str,
    days: u32,
    state: &PolicyState,
    words: &str,
) -> Vec<Outcome> {
    let limit = i64::from(days) * 86_400;
    each_policy(
        context,
        rule,
        |policy| policy.state == *state,
        |policy| {
            let Some(changed) = policy.last_changed() else {
                let reason = format!("{words}, and the export does not say since when");
                return Some((RuleStatus::Unknown, reason, Value::Null));
            };
            let age = context.options.as_of.as_second() - changed.as_second();
            (age > limit).then(|| {
                let date = changed.to_string();
                let date = date.get(..10).unwrap_or(&date).to_owned();
                let reason = format!("{words} and unchanged since {date}, more than {days} days");
                (RuleStatus::Fail, reason, json!({ "unchangedSince": date }))
            })
        },
        &format!("no policy is {words}"),
        &format!("none has been {words} for more than {days} days"),
    )
}

pub(crate) fn without_target(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_policy(
        context,
        rule,
        |policy| policy.state == PolicyState::Enabled,
        |policy| {
            let handle = context.set.active().find(|handle| handle.id == policy.id)?;
            context.set.is_idle(handle).then(|| {
                let reason = "enabled, but for nobody or about nothing".to_owned();
                (RuleStatus::Fail, reason, Value::Null)
            })
        },
        "no policy is enabled",
        "each is for somebody and about something",
    )
}

pub(crate) fn risks_combined(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_policy(
        context,
        rule,
        active,
        |policy| {
            let both = !policy.conditions.user_risk_levels.is_empty()
                && !policy.conditions.sign_in_risk_levels.is_empty();
            both.then(|| {
                let reason = "asks for user risk and sign-in risk at once, so that either alone is not \
                              met by it";
                (RuleStatus::Fail, reason.to_owned(), Value::Null)
            })
        },
        "no policy is active",
        "none asks for both kinds of risk at once",
    )
}

pub(crate) fn approved_app(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_policy(
        context,
        rule,
        active,
        |policy| {
            let grant = policy.grant_controls.as_ref()?;
            let has = |control: &GrantControl| grant.built_in_controls.contains(control);
            let all = grant.operator == Some(GrantOperator::And);
            let relies = has(&GrantControl::ApprovedApplication)
                && (all || !has(&GrantControl::CompliantApplication));
            relies.then(|| {
                let reason = "rests on the approved client app, which Microsoft retired in 2026";
                (RuleStatus::Fail, reason.to_owned(), Value::Null)
            })
        },
        "no policy is active",
        "none rests on the approved client app",
    )
}

pub(crate) fn managed_report_only(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let managed = |policy: &ConditionalAccessPolicy| {
        policy.display_name.to_lowercase().starts_with("microsoft-managed")
    };
    each_policy(
        context,
        rule,
        managed,
        |policy| {
            (policy.state == PolicyState::ReportOnly).then(|| {
                let reason =
                    "Microsoft will turn it on by itself, 45 days after it arrived or sooner";
                (RuleStatus::Fail, reason.to_owned(), Value::Null)
            })
        },
        "the tenant has no Microsoft-managed policy",
        "none is left waiting in report-only",
    )
}

pub(crate) fn unknown_conditions(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let unknowns = context.set.unknowns();
    each_policy(
        context,
        rule,
        active,
        |policy| {
            let (_, _, names) = unknowns.iter().find(|(id, ..)| *id == policy.id)?;
            let reason = format!("this build cannot evaluate {}", names.join(", "));
            Some((RuleStatus::Fail, reason, json!({ "unknown": names })))
        },
        "no policy is active",
        "every condition and control can be evaluated",
    )
}

pub(crate) fn block_with_others(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_policy(
        context,
        rule,
        active,
        |policy| {
            let grant = policy.grant_controls.as_ref()?;
            let others =
                grant.built_in_controls.iter().any(|control| *control != GrantControl::Block)
                    || grant.authentication_strength.as_ref().is_some_and(|s| !s.id.is_empty())
                    || !grant.terms_of_use.is_empty();
            (grant.built_in_controls.contains(&GrantControl::Block) && others).then(|| {
                let reason = "block stands beside other controls; it blocks whatever they say";
                (RuleStatus::Fail, reason.to_owned(), Value::Null)
            })
        },
        "no policy is active",
        "block stands alone wherever it is used",
    )
}
