//! Which sign-ins a pattern looks at.

use model::sign_in::SignIn;
use serde::Deserialize;

use crate::address::HOSTING;
use crate::facet::Facet;
use crate::recent::DAY;
use crate::verdict::Verdict;
use crate::watch::Sighting;

/// A sign-in with all that a condition may ask of it.
#[derive(Debug, Clone, Copy)]
pub struct Circumstance<'c> {
    /// The record.
    pub sign_in: &'c SignIn,
    /// How it stands against what was before it.
    pub sighting: &'c Sighting,
    /// The program that signed in; empty where it is not known.
    pub program: &'c str,
    /// Whether the account has an administrative role.
    pub privileged: bool,
    /// When the directory says that the account was made, in seconds since 1970.
    pub created: Option<i64>,
}

/// What must hold of a sign-in; what is absent does not matter, of a list any one will do, and a
/// record that does not say does not match.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Condition {
    /// Outcomes.
    pub verdicts: Vec<Verdict>,
    /// AADSTS codes.
    pub codes: Vec<i64>,
    /// Whether somebody without the password may be behind it.
    pub guess: Option<bool>,
    /// Whether the first factor was right.
    pub right_password: Option<bool>,
    /// Whether a person was at a prompt.
    pub interactive: Option<bool>,
    /// Whether a person, and no workload, signs in.
    pub person: Option<bool>,
    /// Whether the account is a guest.
    pub guest: Option<bool>,
    /// Whether one factor was enough.
    pub single_factor: Option<bool>,
    /// Programs, by the names of `cstack_detect::agent`.
    pub programs: Vec<String>,
    /// Applications by id.
    pub apps: Vec<String>,
    /// Resources by id.
    pub resources: Vec<String>,
    /// Protocols (`deviceCode`, `ropc`).
    pub protocols: Vec<String>,
    /// Transfer methods (`deviceCodeFlow`).
    pub transfers: Vec<String>,
    /// Client kinds (`IMAP4`).
    pub clients: Vec<String>,
    /// Whether the network rents machines to anybody.
    pub hosting: Option<bool>,
    /// Whether the device is one that the tenant knows.
    pub known_device: Option<bool>,
    /// Facets that the account never showed: all of them.
    pub new: Vec<Facet>,
    /// Words in what Microsoft says of a factor or of the failure.
    pub words: Vec<String>,
    /// Whether nobody can be here so soon.
    pub impossible_travel: Option<bool>,
    /// Days for which the account, which was there all the time, was not let in, at least.
    pub idle_days: Option<u16>,
    /// Networks that the session was used from, at least.
    pub session_networks: Option<usize>,
    /// The account is here at this time of its day less often than this share.
    pub hour_share_below: Option<f32>,
    /// Whether the account has an administrative role.
    pub privileged: Option<bool>,
    /// Sign-ins that the account's baseline stands on, at least.
    pub sightings: Option<u32>,
}

impl Condition {
    /// Whether it asks for anything at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it holds.
    pub fn holds(&self, of: &Circumstance<'_>) -> bool {
        let (sign_in, sighting) = (of.sign_in, of.sighting);
        let seen = &sighting.observation;
        let verdict = seen.verdict;
        any(&self.verdicts, |wanted| *wanted == verdict)
            && any(&self.codes, |code| *code == sign_in.outcome.code)
            && is(self.guess, Some(verdict.is_guess()))
            && is(self.right_password, Some(verdict.is_right_password()))
            && is(self.interactive, Some(seen.interactive))
            && is(self.person, Some(sign_in.kind.is_user()))
            && is(self.guest, guest(sign_in))
            && is(self.single_factor, seen.single_factor)
            && any(&self.programs, |program| program == of.program)
            && named(&self.apps, sign_in.app.id.as_deref())
            && named(&self.resources, sign_in.resource.id.as_deref())
            && named(&self.protocols, sign_in.protocol.as_deref())
            && named(&self.transfers, sign_in.transfer_method.as_deref())
            && named(&self.clients, sign_in.client.as_deref())
            && is(self.hosting, (seen.asn != 0).then(|| HOSTING.contains(&seen.asn)))
            && is(self.known_device, Some(seen.has_device))
            && self.new.iter().all(|facet| sighting.new.has(*facet))
            && is(self.impossible_travel, Some(sighting.impossible_travel))
            && self.idle_days.is_none_or(|days| is_idle(of, i64::from(days) * DAY))
            && self.session_networks.is_none_or(|least| sighting.session_networks >= least)
            && self
                .hour_share_below
                .is_none_or(|most| sighting.usual_hour.is_some_and(|share| share < most))
            && is(self.privileged, Some(of.privileged))
            && self.sightings.is_none_or(|least| sighting.sightings >= least)
            && (self.words.is_empty() || says(sign_in, &self.words))
    }
}

/// Whether an account was not let in for so many seconds: by its last success, or, where none was
/// ever seen, by how long sign-ins are watched and the account exists.
fn is_idle(of: &Circumstance<'_>, long: i64) -> bool {
    let now = of.sighting.observation.at;
    match of.sighting.last_success {
        Some(last) => now - last >= long,
        None => {
            now - of.sighting.watched_since >= long
                && of.created.is_some_and(|created| now - created >= long)
        }
    }
}

fn any<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(is)
}

fn is(wanted: Option<bool>, found: Option<bool>) -> bool {
    wanted.is_none() || wanted == found
}

fn named(wanted: &[String], found: Option<&str>) -> bool {
    any(wanted, |name| found.is_some_and(|found| found.eq_ignore_ascii_case(name)))
}

fn guest(sign_in: &SignIn) -> Option<bool> {
    sign_in.account.user_type.as_deref().map(|kind| kind.eq_ignore_ascii_case("guest"))
}

/// Whether one of the words stands in what Microsoft says of a factor or of the failure.
fn says(sign_in: &SignIn, words: &[String]) -> bool {
    let steps = sign_in.steps.iter().filter_map(|step| step.result.as_deref());
    let outcome = [&sign_in.outcome.reason, &sign_in.outcome.detail];
    let outcome = outcome.into_iter().filter_map(|text| text.as_deref());
    steps.chain(outcome).any(|text| {
        let text = text.to_lowercase();
        words.iter().any(|word| text.contains(&word.to_lowercase()))
    })
}
