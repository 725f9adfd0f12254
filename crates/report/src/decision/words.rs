//! A decision in words.

use std::fmt::Write as _;

use model::decision::{AnalysisReason, Decision, Outcome, ScenarioDevice, SignInScenario};
use model::guarantee::{SessionLimits, WayIn};
use model::policy::PolicyState;

/// The verdict in a sentence.
pub(super) fn verdict(decision: &Decision) -> &'static str {
    match decision.outcome {
        Outcome::Block => "Blocked: there is no way in.",
        Outcome::Grant if decision.ways.len() > 1 => {
            "Access is granted to whoever meets one of these:"
        }
        Outcome::Grant => "Access is granted to whoever meets this:",
        Outcome::NoControl => "Access is granted with a password alone: no policy asks for more.",
        Outcome::Unknown => "Cannot be told: it depends on what the data does not say.",
    }
}

/// A way in, with what its session is limited to.
pub(super) fn way(way: &WayIn) -> String {
    let mut text = way.to_string();
    if !way.combinations.is_empty() {
        let each: Vec<_> = way.combinations.iter().map(|allowed| allowed.join("; ")).collect();
        let _ = write!(text, " (by {})", each.join(", and by "));
    }
    let limits = session(&way.session);
    if !limits.is_empty() {
        let _ = write!(text, "; session: {}", limits.join(", "));
    }
    text
}

/// What a session is limited to.
fn session(limits: &SessionLimits) -> Vec<String> {
    let mut words = Vec::new();
    match limits.sign_in_frequency_hours {
        None => {}
        Some(0) => words.push("sign-in every time".to_owned()),
        Some(1) => words.push("sign-in every hour".to_owned()),
        Some(hours) => words.push(format!("sign-in every {hours} hours")),
    }
    for (is_set, text) in [
        (limits.browser_never_persistent, "browser never persistent"),
        (limits.application_enforced, "restrictions enforced by the application"),
        (limits.cloud_app_security, "through Defender for Cloud Apps"),
        (limits.token_protection, "tokens bound to the device"),
    ] {
        if is_set {
            words.push(text.to_owned());
        }
    }
    words
}

/// What did not match, as Microsoft's portal calls it.
pub(super) fn reason(reason: AnalysisReason) -> &'static str {
    match reason {
        AnalysisReason::NotSet => "applies",
        AnalysisReason::NotEnoughInformation => "not enough information",
        AnalysisReason::InvalidCondition => "a condition that this build does not know",
        AnalysisReason::Users => "users and groups",
        AnalysisReason::WorkloadIdentities => "workload identities",
        AnalysisReason::Application => "target resources",
        AnalysisReason::UserActions => "user actions",
        AnalysisReason::AuthenticationContext => "authentication context",
        AnalysisReason::DevicePlatform => "device platforms",
        AnalysisReason::Devices => "filter for devices",
        AnalysisReason::ClientApps => "client apps",
        AnalysisReason::Location => "locations",
        AnalysisReason::SignInRisk => "sign-in risk",
        AnalysisReason::EmptyPolicy => "the policy asks for nothing",
        AnalysisReason::InvalidPolicy => "the policy is not valid",
        AnalysisReason::PolicyNotEnabled => "the policy is not enabled",
        AnalysisReason::UserRisk => "user risk",
        AnalysisReason::Time => "time",
        AnalysisReason::InsiderRisk => "insider risk",
        AnalysisReason::AuthenticationFlow => "authentication flows",
        AnalysisReason::ServicePrincipalRisk => "service principal risk",
    }
}

/// A mark beside a policy that does not act, or whose state this build does not know.
pub(super) fn mark(state: &PolicyState) -> Option<String> {
    match state {
        PolicyState::Enabled => None,
        PolicyState::ReportOnly => Some("report-only".to_owned()),
        PolicyState::Disabled => Some("off".to_owned()),
        PolicyState::Unknown(text) => Some(format!("state {text}")),
    }
}

/// What was said of the sign-in beside who and what.
pub(super) fn conditions(scenario: &SignInScenario) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    let mut say = |label, value: Option<String>| {
        if let Some(value) = value {
            said.push((label, value));
        }
    };
    say("client", scenario.client.as_ref().map(ToString::to_string));
    say("platform", scenario.platform.as_ref().map(ToString::to_string));
    say("address", scenario.ip.map(|ip| ip.to_string()));
    say(
        "country",
        scenario.country.as_ref().map(|code| match code.as_str() {
            "" => "none known".to_owned(),
            code => code.to_owned(),
        }),
    );
    say(
        "network",
        scenario.compliant_network.map(|is_compliant| {
            let word = if is_compliant { "" } else { "not " };
            format!("{word}the compliant network")
        }),
    );
    say("device", device(&scenario.device));
    let sign_in = scenario.sign_in_risk.as_ref();
    say("sign-in risk", sign_in.map(ToString::to_string));
    say("user risk", scenario.user_risk.as_ref().map(ToString::to_string));
    let workload = scenario.service_principal_risk.as_ref();
    say("service principal risk", workload.map(ToString::to_string));
    say(
        "insider risk",
        scenario.insider_risk.as_ref().map(|risk| {
            let risk = risk.as_ref();
            risk.map_or_else(|| "none".to_owned(), ToString::to_string)
        }),
    );
    say("flow", scenario.flow.as_ref().map(ToString::to_string));
    said
}

fn device(device: &ScenarioDevice) -> Option<String> {
    match device {
        ScenarioDevice::Unspecified => None,
        ScenarioDevice::Unregistered => Some("not registered".to_owned()),
        ScenarioDevice::Registered { properties } if properties.is_empty() => {
            Some("registered".to_owned())
        }
        ScenarioDevice::Registered { properties } => {
            let all: Vec<_> = properties
                .iter()
                .map(|(name, value)| format!("{name} {}", device_value(value)))
                .collect();
            Some(format!("registered, {}", all.join(", ")))
        }
    }
}

fn device_value(value: &model::decision::DeviceValue) -> String {
    use model::decision::DeviceValue;
    match value {
        DeviceValue::Flag(flag) => flag.to_string(),
        DeviceValue::Text(text) => text.clone(),
        DeviceValue::List(texts) => texts.join(" "),
        DeviceValue::Null => "null".to_owned(),
    }
}
