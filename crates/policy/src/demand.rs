//! What a rule demands of every way in.

use model::guarantee::AuthenticationLevel;

use crate::grant;
use crate::methods::Methods;
use crate::ways::{COMPLIANT, HYBRID, Session, Way, Ways};

/// One requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// No way in at all.
    Blocked,
    /// At least this strength of authentication.
    Authentication(AuthenticationLevel),
    /// A compliant or hybrid-joined device.
    ManagedDevice,
    /// A compliant device.
    CompliantDevice,
    /// A hybrid-joined device.
    HybridDevice,
    /// An approved client app.
    ApprovedApp,
    /// An app protection policy.
    AppProtection,
    /// Terms of use.
    TermsOfUse,
    /// A password change.
    PasswordChange,
    /// Remediation of the user's risk.
    RiskRemediation,
    /// Sign-in again after at most so many hours; 0 for every time.
    SignInFrequency(u32),
    /// A browser session that ends with the browser.
    NonPersistentBrowser,
    /// Restrictions that the application enforces.
    AppEnforcedRestrictions,
    /// Defender for Cloud Apps.
    CloudAppSecurity,
    /// Token protection.
    TokenProtection,
    /// Anything beyond a password.
    AnyControl,
}

/// Alternatives of conjunctions: every way in must satisfy all terms of at least one alternative.
/// Where there is no way in, every demand holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand(Vec<Vec<Term>>);

/// Why a demand cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a requirement: use blocked, mfa, passwordless-mfa, phishing-resistant-mfa, managed-device, compliant-device, hybrid-device, approved-app, app-protection, terms-of-use, password-change, risk-remediation, sign-in-frequency<=24h, sign-in-frequency<=7d, sign-in-frequency=every-time, non-persistent-browser, app-enforced-restrictions, cloud-app-security, token-protection or any-control, joined by '+'"
)]
pub struct DemandError(pub String);

impl Demand {
    /// Reads alternatives, each a `+`-joined conjunction.
    ///
    /// # Errors
    /// [`DemandError`] naming the first term that is none of the vocabulary.
    pub fn parse(alternatives: &[String]) -> Result<Self, DemandError> {
        if alternatives.is_empty() {
            return Err(DemandError(String::new()));
        }
        alternatives
            .iter()
            .map(|text| text.split('+').map(|term| parse_term(term.trim())).collect())
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A demand of a single term.
    pub fn of(term: Term) -> Self {
        Self(vec![vec![term]])
    }

    /// Whether only a block will do.
    pub fn is_block(&self) -> bool {
        self.0.iter().all(|all| all.contains(&Term::Blocked))
    }

    /// The words for people.
    pub fn words(&self) -> String {
        let alternative = |terms: &Vec<Term>| {
            terms.iter().map(|term| term.words()).collect::<Vec<_>>().join(" and ")
        };
        self.0.iter().map(alternative).collect::<Vec<_>>().join(", or ")
    }

    pub(crate) fn holds(&self, ways: &Ways, methods: &Methods) -> bool {
        ways.0.iter().all(|way| self.holds_for(way, methods))
    }

    pub(crate) fn holds_for(&self, way: &Way, methods: &Methods) -> bool {
        self.0.iter().any(|all| all.iter().all(|term| term.holds(way, methods)))
    }
}

fn parse_term(text: &str) -> Result<Term, DemandError> {
    let unknown = || DemandError(text.to_owned());
    Ok(match text {
        "blocked" => Term::Blocked,
        "mfa" => Term::Authentication(AuthenticationLevel::Mfa),
        "passwordless-mfa" => Term::Authentication(AuthenticationLevel::Passwordless),
        "phishing-resistant-mfa" => Term::Authentication(AuthenticationLevel::PhishingResistant),
        "managed-device" => Term::ManagedDevice,
        "compliant-device" => Term::CompliantDevice,
        "hybrid-device" => Term::HybridDevice,
        "approved-app" => Term::ApprovedApp,
        "app-protection" => Term::AppProtection,
        "terms-of-use" => Term::TermsOfUse,
        "password-change" => Term::PasswordChange,
        "risk-remediation" => Term::RiskRemediation,
        "non-persistent-browser" => Term::NonPersistentBrowser,
        "app-enforced-restrictions" => Term::AppEnforcedRestrictions,
        "cloud-app-security" => Term::CloudAppSecurity,
        "token-protection" => Term::TokenProtection,
        "any-control" => Term::AnyControl,
        "sign-in-frequency=every-time" => Term::SignInFrequency(0),
        other => {
            let limit = other.strip_prefix("sign-in-frequency<=").ok_or_else(unknown)?;
            let (number, hours) = match (limit.strip_suffix('h'), limit.strip_suffix('d')) {
                (Some(number), _) => (number, 1),
                (_, Some(number)) => (number, 24),
                _ => return Err(unknown()),
            };
            let number: u32 = number.parse().map_err(|_| unknown())?;
            Term::SignInFrequency(number.checked_mul(hours).ok_or_else(unknown)?)
        }
    })
}

impl Term {
    fn holds(self, way: &Way, methods: &Methods) -> bool {
        let controls = |bit: u64| way.controls & bit != 0;
        let limited = |flag: u8| way.session.flags & flag != 0;
        match self {
            Self::Blocked => false,
            Self::Authentication(level) => methods.level(way.needs) >= level,
            Self::ManagedDevice => way.is_managed(),
            Self::CompliantDevice => way.device & !COMPLIANT == 0,
            Self::HybridDevice => way.device & !HYBRID == 0,
            Self::ApprovedApp => controls(grant::APPROVED_APP),
            Self::AppProtection => controls(grant::APP_PROTECTION),
            Self::TermsOfUse => controls(grant::TERMS_OF_USE),
            Self::PasswordChange => controls(grant::PASSWORD_CHANGE),
            Self::RiskRemediation => controls(grant::RISK_REMEDIATION),
            Self::SignInFrequency(hours) => way.session.frequency <= hours,
            Self::NonPersistentBrowser => limited(Session::NEVER_PERSISTENT),
            Self::AppEnforcedRestrictions => limited(Session::APP_ENFORCED),
            Self::CloudAppSecurity => limited(Session::CLOUD_APP),
            Self::TokenProtection => limited(Session::TOKEN_PROTECTION),
            Self::AnyControl => !way.takes_password(methods.password),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Blocked => "blocked".into(),
            Self::Authentication(level) => level.words().into(),
            Self::ManagedDevice => "a compliant or hybrid-joined device".into(),
            Self::CompliantDevice => "a compliant device".into(),
            Self::HybridDevice => "a hybrid-joined device".into(),
            Self::ApprovedApp => "an approved client app".into(),
            Self::AppProtection => "an app protection policy".into(),
            Self::TermsOfUse => "terms of use".into(),
            Self::PasswordChange => "a password change".into(),
            Self::RiskRemediation => "risk remediation".into(),
            Self::SignInFrequency(0) => "sign-in every time".into(),
            Self::SignInFrequency(hours) if hours % 24 == 0 => {
                format!("sign-in at least every {} days", hours / 24)
            }
            Self::SignInFrequency(hours) => format!("sign-in at least every {hours} hours"),
            Self::NonPersistentBrowser => "a browser session that is not persistent".into(),
            Self::AppEnforcedRestrictions => "app-enforced restrictions".into(),
            Self::CloudAppSecurity => "Defender for Cloud Apps".into(),
            Self::TokenProtection => "token protection".into(),
            Self::AnyControl => "any control beyond a password".into(),
        }
    }
}
