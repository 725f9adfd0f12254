//! What-If.

use model::decision::{
    AnalysisReason, Applies, Decision, DeviceValue, Outcome, PolicyVerdict, ScenarioDevice,
    ScenarioPrincipal, ScenarioTarget, SignInScenario,
};
use model::guarantee::{AuthenticationLevel, DeviceRequirement, SessionLimits, WayIn};
use model::policy::{ClientAppType, Platform, PolicyState, RiskLevel};
use report::{Format, Style, WhatIf, decision};

use crate::{NARROW, envelope, fields, snapshots};

pub fn scenario() -> SignInScenario {
    SignInScenario {
        principal: ScenarioPrincipal::User { id: "u-1".to_owned() },
        target: ScenarioTarget::Application("00000002-0000-0ff1-ce00-000000000000".to_owned()),
        client: Some(ClientAppType::from("browser")),
        platform: Some(Platform::from("windows")),
        ip: Some("203.0.113.7".parse().unwrap()),
        country: Some(String::new()),
        compliant_network: Some(false),
        device: ScenarioDevice::Registered {
            properties: [("iscompliant".to_owned(), DeviceValue::Flag(true))].into(),
        },
        sign_in_risk: Some(RiskLevel::from("low")),
        user_risk: None,
        service_principal_risk: None,
        insider_risk: Some(None),
        flow: None,
    }
}

fn verdict(name: &str, state: &str, applies: Applies, reason: AnalysisReason) -> PolicyVerdict {
    PolicyVerdict {
        policy_id: "p".to_owned(),
        display_name: name.to_owned(),
        state: PolicyState::from(state),
        policy_applies: applies,
        analysis_reasons: reason,
        detail: String::new(),
        requires: Vec::new(),
        session: Vec::new(),
    }
}

pub fn granted() -> Decision {
    let way = WayIn {
        authentication: AuthenticationLevel::Mfa,
        combinations: vec![vec![
            "password,microsoftAuthenticatorPush".to_owned(),
            "fido2".to_owned(),
        ]],
        device: DeviceRequirement::CompliantOrHybrid,
        controls: vec!["terms of use".to_owned()],
        session: SessionLimits {
            sign_in_frequency_hours: Some(4),
            browser_never_persistent: true,
            ..SessionLimits::default()
        },
    };
    let mut strong = way.clone();
    strong.authentication = AuthenticationLevel::PhishingResistant;
    strong.session = SessionLimits::default();
    let only = "enabledForReportingButNotEnforced";
    let mut mfa = verdict(
        "CA-001 Require MFA for all users",
        "enabled",
        Applies::Yes,
        AnalysisReason::NotSet,
    );
    mfa.requires = vec!["mfa".to_owned(), "compliantDevice".to_owned()];
    mfa.session = vec!["sign-in every 4 hours".to_owned()];
    let mut risk =
        verdict(fields::MARKUP, "enabled", Applies::Unknown, AnalysisReason::NotEnoughInformation);
    "the user's risk is not given".clone_into(&mut risk.detail);
    let mut place = verdict(fields::ESCAPES, "enabled", Applies::No, AnalysisReason::Location);
    place.detail = format!("the address is in {}", fields::FORMULA);
    Decision {
        outcome: Outcome::Grant,
        ways: vec![way.clone(), strong],
        weakest_ways: vec![way],
        with_report_only: Vec::new(),
        notes: vec!["Microsoft asks for MFA in the admin portals by itself.".to_owned()],
        policies: vec![
            place,
            verdict(fields::CJK, "disabled", Applies::No, AnalysisReason::PolicyNotEnabled),
            risk,
            verdict(&fields::long_name(), only, Applies::Yes, AnalysisReason::NotSet),
            mfa,
        ],
    }
}

fn written(decided: &Decision, scenario: &SignInScenario, format: Format, style: Style) -> String {
    let what_if = WhatIf {
        tenant: &fields::slug("contoso"),
        principal: fields::ESCAPES,
        target: "Office 365 Exchange Online",
        scenario,
        decision: decided,
    };
    decision(&what_if, &envelope(), format, &style).unwrap()
}

#[test]
fn a_decision_reads_well_in_every_format() {
    let (decided, scenario) = (granted(), scenario());
    snapshots!("what_if", [Table, Json, Ndjson, Csv, Markdown], |format, style: &Style| written(
        &decided, &scenario, format, *style
    ));
}

#[test]
fn each_outcome_has_its_sentence() {
    let bare = |outcome| Decision {
        outcome,
        ways: Vec::new(),
        weakest_ways: Vec::new(),
        with_report_only: Vec::new(),
        notes: Vec::new(),
        policies: Vec::new(),
    };
    for (outcome, sentence) in [
        (Outcome::Block, "Blocked: there is no way in."),
        (Outcome::NoControl, "Access is granted with a password alone"),
        (Outcome::Unknown, "Cannot be told"),
    ] {
        let text = written(&bare(outcome), &scenario(), Format::Table, NARROW);
        assert!(text.contains(sentence), "{text}");
    }
}

#[test]
fn json_has_the_names_of_microsofts_api() {
    let text = written(&granted(), &scenario(), Format::Json, NARROW);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let of = |name: &str| {
        let mut policies = json["value"].as_array().unwrap().iter();
        let policy = policies.find(|policy| policy["displayName"] == name).unwrap();
        (policy["policyApplies"].clone(), policy["analysisReasons"].clone())
    };
    assert_eq!(of("CA-001 Require MFA for all users"), (true.into(), "notSet".into()));
    assert_eq!(of(fields::CJK), (false.into(), "policyNotEnabled".into()));
    assert_eq!(of(fields::MARKUP).0, serde_json::Value::Null, "undecided");
}
