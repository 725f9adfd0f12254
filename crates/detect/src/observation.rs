//! A sign-in as detection sees it: small, of one size, without texts.

use std::net::IpAddr;

use std::hash::{BuildHasher as _, BuildHasherDefault};

use model::sign_in::{Coordinates, Requirement, SignIn};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use crate::address::{Addresses, prefix};
use crate::agent::{self, Agent};
use crate::facet::Facet;
use crate::symbols::{Symbol, Symbols};
use crate::verdict::Verdict;

/// A sign-in as detection sees it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub account: Symbol,
    /// The same, as a number that does not depend on what was seen before.
    pub who: u64,
    /// The facets' values; [`Symbol::NONE`] where the record did not say.
    pub facets: [Symbol; Facet::COUNT],
    /// The autonomous system's own number; 0 where it is not known.
    pub asn: u32,
    /// Where.
    pub point: Option<Coordinates>,
    /// The session; 0 where it is not known.
    pub session: u64,
    /// What became of it.
    pub verdict: Verdict,
    /// Whether the device is one that the tenant knows.
    pub has_device: bool,
    /// Whether a person was at a prompt.
    pub interactive: bool,
    /// Whether one factor was enough; absent where the record did not say.
    pub single_factor: Option<bool>,
}

/// The numbers that observations of one tenant are made of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lexicon {
    symbols: Symbols,
    addresses: Addresses,
    prefixes: Addresses,
    /// Room to put texts together in.
    #[serde(skip)]
    text: String,
}

impl Lexicon {
    /// The texts.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The /24 or /48 of an observation.
    pub fn prefix(&self, seen: &Observation) -> Option<IpAddr> {
        self.prefixes.text(seen.facets.get(Facet::Prefix.index()).copied()?)
    }

    /// The observation of a sign-in; nothing where the record names nobody.
    pub fn observe(&mut self, sign_in: &SignIn) -> Option<Observation> {
        let key = sign_in.account.key()?;
        let account = self.symbols.of(&key);
        let interactive = sign_in.kind == model::sign_in::SignInKind::InteractiveUser;
        let mut facets = [Symbol::NONE; Facet::COUNT];
        let mut put = |facet: Facet, value: Symbol| {
            if let Some(slot) = facets.get_mut(facet.index()) {
                *slot = value;
            }
        };
        if let Some(ip) = sign_in.ip {
            put(Facet::Address, self.addresses.of(ip));
            put(Facet::Prefix, self.prefixes.of(prefix(ip)));
        }
        if let Some(asn) = sign_in.network.asn {
            put(Facet::Asn, self.joined(&["AS", &asn.to_string()]));
        }
        put(Facet::Country, self.symbols.of_option(sign_in.place.country.as_deref()));
        let (program, system) = self.agent(sign_in);
        put(Facet::Agent, program.0);
        put(Facet::Program, program.1);
        put(Facet::System, system);
        // A device that the tenant does not know has a value too: "none" is what attackers show.
        let device = sign_in.device.id.as_deref().filter(|id| !id.is_empty());
        // What runs in the background uses other applications in other ways: a world of its own.
        // Services that act in people's names show no device there, which says nothing of prompts.
        let world = if interactive { "" } else { "~" };
        let device_symbol = match device {
            Some(id) => self.symbols.of(id),
            None => self.joined(&[world, "no device"]),
        };
        put(Facet::Device, device_symbol);
        let app = sign_in.app.id.as_deref().or(sign_in.app.name.as_deref());
        if let Some(app) = app {
            put(Facet::App, self.joined(&[world, app]));
        }
        let resource = sign_in.resource.id.as_deref().or(sign_in.resource.name.as_deref());
        if let Some(resource) = resource {
            put(Facet::Resource, self.joined(&[world, resource]));
        }
        let parts = [&sign_in.client, &sign_in.protocol, &sign_in.transfer_method];
        if parts.iter().any(|part| part.is_some()) {
            let [client, protocol, transfer] =
                parts.map(|part| part.as_deref().filter(|text| *text != "none").unwrap_or(""));
            put(Facet::Client, self.joined(&[world, client, "/", protocol, "/", transfer]));
        }
        let method = last_method(sign_in);
        if sign_in.requirement.is_some() || method.is_some() {
            let requirement = sign_in.requirement.map_or("", Requirement::as_str);
            put(Facet::Method, self.joined(&[world, requirement, "/", method.unwrap_or("")]));
        }
        let hash = |text: &str| BuildHasherDefault::<FxHasher>::default().hash_one(text).max(1);
        let session = sign_in.session_id.as_deref().map_or(0, hash);
        Some(Observation {
            at: sign_in.at.as_second(),
            account,
            who: hash(key.as_ref()),
            facets,
            asn: sign_in.network.asn.unwrap_or(0),
            point: sign_in.place.coordinates,
            session,
            verdict: Verdict::of(sign_in.outcome.code),
            has_device: device.is_some(),
            interactive,
            single_factor: sign_in
                .requirement
                .map(|requirement| requirement == Requirement::SingleFactor),
        })
    }

    /// Program with version and system, program alone, and system; from the user agent, else from
    /// what the device tells.
    fn agent(&mut self, sign_in: &SignIn) -> ((Symbol, Symbol), Symbol) {
        let sent = sign_in.user_agent.as_deref().unwrap_or("");
        let found = Agent::of(sent);
        let told = sign_in.device.operating_system.as_deref().map_or("", agent::system);
        let system = if found.system.is_empty() { told } else { found.system };
        let system = self.symbols.of(system);
        if !found.program.is_empty() {
            let whole = self.symbols.of(sent);
            return ((whole, self.symbols.of(found.program)), system);
        }
        let Some(browser) = sign_in.device.browser.as_deref().filter(|text| !text.is_empty())
        else {
            return ((Symbol::NONE, Symbol::NONE), system);
        };
        // `Edge 140.0`: the name without its version.
        let name = browser.trim_end_matches(|c: char| c.is_ascii_digit() || ". ".contains(c));
        ((self.symbols.of(browser), self.symbols.of(name)), system)
    }

    fn joined(&mut self, parts: &[&str]) -> Symbol {
        self.text.clear();
        for part in parts {
            self.text.push_str(part);
        }
        let text = std::mem::take(&mut self.text);
        let symbol = self.symbols.of(&text);
        self.text = text;
        symbol
    }
}

/// The method that was asked for last; a factor that an earlier sign-in had met is none.
fn last_method(sign_in: &SignIn) -> Option<&str> {
    let methods = sign_in.steps.iter().rev().filter_map(|step| step.method.as_deref());
    methods.into_iter().find(|method| !method.eq_ignore_ascii_case("Previously satisfied"))
}

#[cfg(test)]
mod tests {
    use model::sign_in::{RecordShape, SignInKind};

    use super::*;

    fn sign_in() -> SignIn {
        let mut sign_in = SignIn::blank(
            "1".into(),
            "2026-11-02T08:00:00Z".parse().unwrap(),
            SignInKind::InteractiveUser,
            RecordShape::Graph,
        );
        sign_in.account.id = Some("u1".into());
        sign_in.app.id = Some("app".into());
        sign_in
    }

    fn facet(observation: &Observation, facet: Facet) -> Symbol {
        observation.facets[facet.index()]
    }

    #[test]
    fn what_the_record_does_not_say_has_no_value() {
        let seen = Lexicon::default().observe(&sign_in()).unwrap();
        for missing in [Facet::Address, Facet::Asn, Facet::Country, Facet::Agent, Facet::Method] {
            assert!(facet(&seen, missing).is_none(), "{missing:?}");
        }
        assert!(!facet(&seen, Facet::Device).is_none(), "no device is a value");
        assert_eq!((seen.session, seen.single_factor), (0, None));
    }

    #[test]
    fn nobody_is_no_observation() {
        let mut nobody = sign_in();
        nobody.account.id = None;
        assert_eq!(Lexicon::default().observe(&nobody), None);
    }

    #[test]
    fn the_background_is_a_world_of_its_own() {
        let mut lexicon = Lexicon::default();
        let prompt = lexicon.observe(&sign_in()).unwrap();
        let mut background = sign_in();
        background.kind = SignInKind::NonInteractiveUser;
        let background = lexicon.observe(&background).unwrap();
        assert_ne!(facet(&prompt, Facet::App), facet(&background, Facet::App));
        // A device is the same there; that there is none means something else.
        let device =
            |seen: &Observation| lexicon.symbols().text(facet(seen, Facet::Device)).to_owned();
        assert_eq!(
            device(&prompt).trim_start_matches('~'),
            device(&background).trim_start_matches('~')
        );
    }

    #[test]
    fn without_a_user_agent_the_device_tells_program_and_system() {
        let mut told = sign_in();
        told.device.browser = Some("Edge 140.0.1".into());
        told.device.operating_system = Some("Windows 11".into());
        let mut lexicon = Lexicon::default();
        let seen = lexicon.observe(&told).unwrap();
        assert_eq!(lexicon.symbols().text(facet(&seen, Facet::Program)), "Edge");
        assert_eq!(lexicon.symbols().text(facet(&seen, Facet::System)), "Windows");
    }
}
