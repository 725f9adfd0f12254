//! Grant and session controls, compiled to ways in.

use model::policy::{
    ConditionalAccessPolicy, GrantControl, GrantControls, GrantOperator, SessionControls,
};
use model::strength::{self, AuthenticationStrengthPolicy};

use crate::methods::{ANY_METHOD, Methods};
use crate::needs::Needs;
use crate::ways::{COMPLIANT, HYBRID, Session, Way, Ways};

/// Bits of the controls that every tenant shares.
pub(crate) const APPROVED_APP: u64 = 1;
pub(crate) const APP_PROTECTION: u64 = 1 << 1;
pub(crate) const PASSWORD_CHANGE: u64 = 1 << 2;
pub(crate) const RISK_REMEDIATION: u64 = 1 << 3;
pub(crate) const TERMS_OF_USE: u64 = 1 << 4;
pub(crate) const CUSTOM_CONTROL: u64 = 1 << 5;
const FIRST_FREE: u32 = 6;

/// Names of control bits beyond methods and devices.
#[derive(Debug, Clone)]
pub(crate) struct Controls {
    own: Vec<String>,
    /// Bits of controls that this build does not know.
    unknown: u64,
}

impl Controls {
    pub(crate) fn new() -> Self {
        Self { own: Vec::new(), unknown: 0 }
    }

    /// The bit of a control of the tenant's own. Beyond 58 the last bit is shared.
    fn bit(&mut self, name: &str) -> u64 {
        let at = self.own.iter().position(|known| known == name).unwrap_or_else(|| {
            self.own.push(name.to_owned());
            self.own.len() - 1
        });
        1 << (FIRST_FREE + u32::try_from(at).unwrap_or(57).min(57))
    }

    /// The bit of a control that this build does not know: what it asks for, nobody can say.
    fn unknown_bit(&mut self, name: &str) -> u64 {
        let bit = self.bit(name);
        self.unknown |= bit;
        bit
    }

    /// Bits of controls that this build does not know; one that is shared for want of room is none.
    pub(crate) fn unknown(&self) -> u64 {
        self.unknown & !(1 << 63)
    }

    pub(crate) fn words(&self, bits: u64) -> Vec<String> {
        let fixed = [
            (APPROVED_APP, "an approved client app"),
            (APP_PROTECTION, "an app protection policy"),
            (PASSWORD_CHANGE, "a password change"),
            (RISK_REMEDIATION, "risk remediation"),
            (TERMS_OF_USE, "terms of use"),
            (CUSTOM_CONTROL, "a custom control"),
        ];
        let mut words: Vec<String> =
            fixed.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, w)| (*w).to_owned()).collect();
        words.extend(
            (FIRST_FREE..)
                .zip(&self.own)
                .filter(|(at, name)| {
                    *at < 64 && bits >> *at & 1 == 1 && name.starts_with("unknown")
                })
                .map(|(_, name)| name.clone()),
        );
        words
    }
}

/// What a policy asks for where it applies.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// The least that is asked for: unknown controls count for nothing known.
    pub(crate) low: Ways,
    /// The most that is asked for: unknown controls let nobody in.
    pub(crate) high: Ways,
    /// Words for what is asked.
    pub(crate) words: Vec<String>,
    /// Words for the limits on the session.
    pub(crate) session_words: Vec<String>,
    /// Controls that this build does not know.
    pub(crate) unknown: Vec<String>,
}

/// The tables that grants intern into.
pub(crate) struct Tables<'a> {
    pub(crate) methods: &'a mut Methods,
    pub(crate) controls: &'a mut Controls,
    pub(crate) strengths: &'a [AuthenticationStrengthPolicy],
}

impl Grant {
    pub(crate) fn compile(policy: &ConditionalAccessPolicy, tables: &mut Tables<'_>) -> Self {
        let (session, session_words, mut unknown) = policy
            .session_controls
            .as_ref()
            .map_or((Session::NONE, Vec::new(), Vec::new()), session);
        let mut words = Vec::new();
        let (mut low, mut high) = (Ways::open(), Ways::open());
        if let Some(grant) = &policy.grant_controls {
            (low, high) = ways(grant, tables, &mut words, &mut unknown);
        }
        let limit = |ways: &Ways| {
            Ways::of(
                ways.0
                    .iter()
                    .map(|way| Way { session: way.session.and(session), ..*way })
                    .collect(),
            )
        };
        Self { low: limit(&low), high: limit(&high), words, session_words, unknown }
    }

    /// Whether it asks for nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.low == Ways::open() && self.high == Ways::open() && self.session_words.is_empty()
    }

    /// Whether anything beyond a password is asked for.
    pub(crate) fn has_grant(&self, password: u64) -> bool {
        !self.low.0.iter().any(|way| way.takes_password(password))
    }
}

fn ways(
    grant: &GrantControls,
    tables: &mut Tables<'_>,
    words: &mut Vec<String>,
    unknown: &mut Vec<String>,
) -> (Ways, Ways) {
    let mut items: Vec<(Way, bool)> = Vec::new();
    if grant.built_in_controls.contains(&GrantControl::Block) {
        // Block beside other controls is a contradiction; block is what Entra does first.
        *words = vec!["block".to_owned()];
        return (Ways::blocked(), Ways::blocked());
    }
    for control in &grant.built_in_controls {
        if *control == GrantControl::ApprovedApplication {
            // Retired in March 2026: Entra goes on as if it were not selected (checked.md 1.4).
            words.push("an approved client app, which is retired and asks for nothing".to_owned());
            continue;
        }
        let (way, text) = built_in(control, tables);
        words.push(text);
        if !control.is_known() {
            unknown.push(format!("grant control {control}"));
        }
        items.push((way, control.is_known()));
    }
    for id in &grant.custom_authentication_factors {
        let bit = tables.controls.bit(&format!("custom {id}"));
        words.push(format!("custom control {id}"));
        items.push((Way { controls: CUSTOM_CONTROL | bit, ..Way::OPEN }, true));
    }
    for id in &grant.terms_of_use {
        let bit = tables.controls.bit(&format!("terms {id}"));
        words.push(format!("terms of use {id}"));
        items.push((Way { controls: TERMS_OF_USE | bit, ..Way::OPEN }, true));
    }
    if let Some(reference) = &grant.authentication_strength {
        match resolve_strength(reference, tables) {
            Some((methods, name)) => {
                words.push(format!("authentication strength {name}"));
                items.push((Way { needs: Needs::one_of(methods), ..Way::OPEN }, true));
            }
            None if reference.id.is_empty() => {}
            None => {
                let name = format!("unknown authentication strength {}", reference.id);
                words.push(name.clone());
                unknown.push(format!("authentication strength {}", reference.id));
                items.push((
                    Way { controls: tables.controls.unknown_bit(&name), ..Way::OPEN },
                    false,
                ));
            }
        }
    }
    for (name, _) in grant.extra.meaningful() {
        unknown.push(format!("grantControls.{name}"));
    }
    if items.is_empty() {
        return (Ways::open(), Ways::open());
    }
    let each = |high: bool| {
        items.iter().map(
            move |(way, is_known)| {
                if *is_known || !high { Ways(vec![*way]) } else { Ways::blocked() }
            },
        )
    };
    let all = matches!(&grant.operator, Some(GrantOperator::And));
    let combine = |high: bool| {
        if all {
            each(high).fold(Ways::open(), |sum, item| sum.and(&item))
        } else {
            each(high).fold(Ways::blocked(), |sum, item| sum.or(&item))
        }
    };
    let operator = if all { " and " } else { " or " };
    if words.len() > 1 {
        *words = vec![words.join(operator)];
    }
    (combine(false), combine(true))
}

/// What a built-in control asks for, and words for it.
fn built_in(control: &GrantControl, tables: &mut Tables<'_>) -> (Way, String) {
    let controlled = |controls: u64| Way { controls, ..Way::OPEN };
    let (way, text) = match control {
        // The caller has seen to it that block stands alone.
        GrantControl::Block => (Way { needs: Needs::one_of(0), ..Way::OPEN }, "block"),
        GrantControl::Mfa => (Way { needs: Needs::one_of(tables.methods.mfa), ..Way::OPEN }, "MFA"),
        GrantControl::CompliantDevice => {
            (Way { device: COMPLIANT, ..Way::OPEN }, "a compliant device")
        }
        GrantControl::DomainJoinedDevice => {
            (Way { device: HYBRID, ..Way::OPEN }, "a hybrid-joined device")
        }
        GrantControl::ApprovedApplication => (controlled(APPROVED_APP), "an approved client app"),
        GrantControl::CompliantApplication => {
            (controlled(APP_PROTECTION), "an app protection policy")
        }
        GrantControl::PasswordChange => (controlled(PASSWORD_CHANGE), "a password change"),
        GrantControl::RiskRemediation => (controlled(RISK_REMEDIATION), "risk remediation"),
        GrantControl::Unknown(name) => {
            let text = format!("unknown control {name}");
            return (controlled(tables.controls.unknown_bit(&text)), text);
        }
    };
    (way, text.to_owned())
}

/// The tenant's own object wins, then what the policy's export expanded, then the built-in table.
fn resolve_strength(
    reference: &model::policy::StrengthReference,
    tables: &mut Tables<'_>,
) -> Option<(u64, String)> {
    let own = tables.strengths.iter().find(|s| s.id.eq_ignore_ascii_case(&reference.id)).cloned();
    let built_in = |name: &str, combinations: &[&str]| AuthenticationStrengthPolicy {
        id: reference.id.clone(),
        display_name: name.to_owned(),
        allowed_combinations: combinations.iter().map(|c| (*c).to_owned()).collect(),
        ..AuthenticationStrengthPolicy::default()
    };
    let found = own
        .filter(|s| !s.allowed_combinations.is_empty())
        .or_else(|| reference.expanded())
        .or_else(|| match reference.id.as_str() {
            strength::MULTIFACTOR => {
                Some(built_in("Multifactor authentication", &strength::MULTIFACTOR_COMBINATIONS))
            }
            strength::PASSWORDLESS => {
                Some(built_in("Passwordless MFA", &strength::PASSWORDLESS_COMBINATIONS))
            }
            strength::PHISHING_RESISTANT => {
                Some(built_in("Phishing-resistant MFA", &strength::PHISHING_RESISTANT_COMBINATIONS))
            }
            _ => None,
        })?;
    let methods = found.allowed_combinations.iter().fold(0, |bits, c| bits | tables.methods.bit(c))
        & ANY_METHOD;
    let name = if found.display_name.is_empty() { found.id } else { found.display_name };
    Some((methods, name))
}

fn session(controls: &SessionControls) -> (Session, Vec<String>, Vec<String>) {
    let mut session = Session::NONE;
    let mut words = Vec::new();
    if let Some(frequency) = &controls.sign_in_frequency
        && let Some(hours) = frequency.hours()
    {
        session.frequency = hours;
        words.push(match hours {
            0 => "sign-in every time".to_owned(),
            hours if hours % 24 == 0 => format!("sign-in every {} days", hours / 24),
            hours => format!("sign-in every {hours} hours"),
        });
    }
    let mut flag = |on: bool, bit: u8, text: &str| {
        if on {
            session.flags |= bit;
            words.push(text.to_owned());
        }
    };
    let never = controls.persistent_browser.as_ref().is_some_and(|browser| {
        browser.is_enabled
            && browser.mode.as_deref().is_some_and(|m| m.eq_ignore_ascii_case("never"))
    });
    flag(never, Session::NEVER_PERSISTENT, "browser session never persistent");
    let on =
        |switch: &Option<model::policy::SwitchedOn>| switch.as_ref().is_some_and(|s| s.is_enabled);
    flag(
        on(&controls.application_enforced_restrictions),
        Session::APP_ENFORCED,
        "app-enforced restrictions",
    );
    flag(
        controls.cloud_app_security.as_ref().is_some_and(|c| c.is_enabled),
        Session::CLOUD_APP,
        "Defender for Cloud Apps",
    );
    flag(on(&controls.secure_sign_in_session), Session::TOKEN_PROTECTION, "token protection");
    let always = controls.persistent_browser.as_ref().is_some_and(|browser| {
        browser.is_enabled
            && browser.mode.as_deref().is_some_and(|m| m.eq_ignore_ascii_case("always"))
    });
    if always {
        words.push("browser session always persistent".to_owned());
    }
    if let Some(mode) =
        controls.continuous_access_evaluation.as_ref().and_then(|c| c.mode.as_deref())
    {
        words.push(format!("continuous access evaluation {mode}"));
    }
    if controls.disable_resilience_defaults == Some(true) {
        words.push("resilience defaults off".to_owned());
    }
    // Session controls that this build does not know never weaken what a grant enforces.
    let extra: Vec<String> = controls.extra.meaningful().map(|(name, _)| name.to_owned()).collect();
    words.extend(extra);
    (session, words, Vec::new())
}
