//! From an incident of detection to one that can be told.

use detect::detector::{Detector, Layer};
use detect::facet::Facet;
use detect::features::Column;
use detect::incident::{Incident, Suspect};
use detect::inquiry::{Inquiry, Surroundings};
use detect::pattern::Pattern;
use jiff::Timestamp;
use model::incident::{
    IncidentAccount, IncidentContribution, IncidentPattern, IncidentStory, StrangestSignIn,
    UsualSignIns,
};
use model::rule::Severity;
use model::sign_in::SignIn;
use model::tenant::TenantSlug;
use store::Store;

use super::AnomalyError;

/// The kind of an incident that no pattern leads.
const UNUSUAL: &str = "unusual-sign-in";
/// Accounts that a story names.
const NAMED: usize = 50;

/// What stories are told with.
pub(super) struct Teller<'t> {
    pub(super) store: &'t Store,
    pub(super) tenant: &'t TenantSlug,
    pub(super) inquiry: &'t Inquiry,
    pub(super) detector: &'t Detector,
    pub(super) patterns: &'t [Pattern],
    pub(super) surroundings: &'t Surroundings,
    pub(super) version: i32,
}

impl Teller<'_> {
    /// The story of an incident; `None` where it does not say enough to be told.
    pub(super) fn tell(&self, incident: &Incident) -> Result<Option<IncidentStory>, AnomalyError> {
        let Some(told_at) = incident.told_at else { return Ok(None) };
        let lead = incident.lead.as_deref().and_then(|id| self.pattern(id));
        let kind = lead.map_or(UNUSUAL, |pattern| &pattern.kind).to_owned();
        let strangest = incident.strangest.first();
        let record = match strangest {
            Some(suspect) => self.store.sign_in(self.tenant, &suspect.id)?,
            None => None,
        };
        let record = record.map(|stored| stored.sign_in);
        let accounts = self.accounts(incident, record.as_ref());
        let (nats, bar) =
            (f64::from(incident.nats()), f64::from(self.detector.standards().bar.nats));
        let mut patterns: Vec<IncidentPattern> =
            incident.patterns.iter().filter_map(|of| self.known(of, incident)).collect();
        patterns.sort_by(|a, b| b.worth.total_cmp(&a.worth));
        let worth = patterns.first().map_or(0.0, |pattern| pattern.worth);
        let models = strangest.map_or(&[][..], |suspect| &suspect.layers);
        let mut layers: Vec<&str> = models.iter().map(|layer| layer.as_str()).collect();
        if !patterns.is_empty() {
            let first = worth >= f64::from(incident.model_nats());
            layers.insert(if first { 0 } else { layers.len() }, "pattern");
        }
        let (contributions, forest_contributions) = match (strangest, &record) {
            (Some(suspect), Some(record)) => {
                let loudest = suspect.layers.first().copied().unwrap_or(Layer::Forest);
                let forest = if loudest == Layer::Likeness {
                    self.contributions(Layer::Forest, suspect, record)?
                } else {
                    Vec::new()
                };
                (self.contributions(loudest, suspect, record)?, forest)
            }
            _ => (Vec::new(), Vec::new()),
        };
        let privileged = accounts.iter().any(|account| account.privileged);
        Ok(Some(IncidentStory {
            id: incident.key(),
            title: title(lead, incident, &accounts, record.as_ref()),
            severity: self.severity(incident, privileged),
            kind,
            score: 1.0 - 0.5_f64.powf(nats / bar.max(1.0)),
            nats,
            bar,
            first_at: time(incident.first_at),
            last_at: time(incident.last_at),
            told_at: time(told_at),
            account_count: incident.accounts.len(),
            accounts,
            sign_in_ids: incident.sign_ins.iter().map(ToString::to_string).collect(),
            count: incident.count,
            right_password: incident.right_password,
            succeeded: incident.succeeded,
            layers: layers.into_iter().map(str::to_owned).collect(),
            patterns,
            contributions,
            forest_contributions,
            strangest: record.as_ref().map(strange),
            usual: strangest.and_then(|suspect| self.usual(suspect)),
            model_version: self.version,
        }))
    }

    /// What made the strangest sign-in strange: three columns of a layer.
    fn contributions(
        &self,
        layer: Layer,
        suspect: &Suspect,
        record: &SignIn,
    ) -> Result<Vec<IncidentContribution>, AnomalyError> {
        let failed = |source| AnomalyError::Detector { tenant: self.tenant.clone(), source };
        let of = (suspect.who, suspect.verdict.is_guess());
        let parts = self.detector.contributions(layer, &suspect.features, of, 3);
        let told = parts.map_err(failed)?.into_iter().map(|part| IncidentContribution {
            layer: part.layer.as_str().to_owned(),
            feature: part.column.as_str().to_owned(),
            value: (!part.value.is_nan()).then_some(f64::from(part.value)),
            factor: part.factor,
            words: words(part.column, part.value, record),
        });
        Ok(told.collect())
    }

    fn pattern(&self, id: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.meta.id == id)
    }

    fn known(&self, (id, worth): (&String, &f32), of: &Incident) -> Option<IncidentPattern> {
        let meta = &self.pattern(id)?.meta;
        Some(IncidentPattern {
            id: id.clone(),
            title: meta.title.clone(),
            worth: f64::from(*worth),
            followed: of.followed.contains(id),
            rationale: meta.rationale.clone(),
            false_positives: meta.false_positives.clone(),
            remediation: meta.remediation.clone(),
        })
    }

    fn accounts(&self, incident: &Incident, strangest: Option<&SignIn>) -> Vec<IncidentAccount> {
        let symbols = self.inquiry.watch().lexicon().symbols();
        let mut out = Vec::new();
        for account in incident.accounts.iter().take(NAMED) {
            let id = symbols.text(*account).to_owned();
            let of = strangest.filter(|record| record.account.key().as_deref() == Some(&*id));
            let name = of.and_then(|record| {
                record.account.name.clone().or_else(|| record.account.display_name.clone())
            });
            let name = name.or_else(|| self.surroundings.names.get(&id).cloned());
            let privileged = self.surroundings.privileged.contains(&id);
            out.push(IncidentAccount { name: name.unwrap_or_else(|| id.clone()), id, privileged });
        }
        out
    }

    /// The worst of its patterns, worse where an administrator was let in; at most medium for an
    /// account that is hardly known where no pattern says more.
    fn severity(&self, incident: &Incident, privileged: bool) -> Severity {
        /// Sign-ins below which an account is hardly known.
        const KNOWN: u32 = 10;
        let of_patterns = incident.patterns.iter().filter(|(_, worth)| **worth > 0.0);
        let of_patterns = of_patterns.filter_map(|(id, _)| {
            let pattern = self.pattern(id)?;
            let then = pattern.then.as_ref().filter(|_| incident.followed.contains(id));
            Some(then.map_or(pattern.meta.severity, |then| then.severity))
        });
        let by_models = if incident.succeeded { Severity::Medium } else { Severity::Low };
        let worst = of_patterns.max().unwrap_or(Severity::Info).max(by_models);
        let cold = incident.accounts.len() == 1
            && incident.strangest.iter().all(|suspect| suspect.sightings < KNOWN);
        let worst =
            if cold && incident.lead.is_none() { worst.min(Severity::Medium) } else { worst };
        match (worst, privileged && incident.succeeded) {
            (Severity::High, true) => Severity::Critical,
            (Severity::Medium, true) => Severity::High,
            (worst, _) => worst,
        }
    }

    /// What is usual for a suspect's account.
    fn usual(&self, suspect: &Suspect) -> Option<UsualSignIns> {
        let profile = self.inquiry.watch().baseline().profile(suspect.account)?;
        let symbols = self.inquiry.watch().lexicon().symbols();
        let told = [
            ("networks", Facet::Asn),
            ("countries", Facet::Country),
            ("programs", Facet::Program),
            ("systems", Facet::System),
            ("apps", Facet::App),
        ];
        let values = told.into_iter().map(|(name, facet)| {
            let counts = profile.facet(facet);
            let total = f64::from(counts.total()).max(f64::MIN_POSITIVE);
            let top = counts.heaviest(3).into_iter().map(|(value, weight)| {
                let text = symbols.text(value);
                (shown(facet, text), f64::from(weight) / total)
            });
            (name.to_owned(), top.collect())
        });
        let hours = profile.busiest();
        Some(UsualSignIns { sign_ins: profile.sightings(), values: values.collect(), hours })
    }
}

/// A facet's value for people.
fn shown(facet: Facet, text: &str) -> String {
    let text = text.strip_prefix('~').unwrap_or(text);
    if facet == Facet::App
        && let Some(name) = model::known::applications::application_name(text)
    {
        return name.to_owned();
    }
    text.to_owned()
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn network(record: &SignIn) -> Option<String> {
    let asn = record.network.asn?;
    let organisation = record.network.organisation.as_deref().unwrap_or("");
    Some(format!("AS{asn} {organisation}").trim_end().to_owned())
}

fn title(
    lead: Option<&Pattern>,
    incident: &Incident,
    accounts: &[IncidentAccount],
    strangest: Option<&SignIn>,
) -> String {
    let what = lead.map_or("Sign-in unlike what the account does", |lead| &lead.meta.title);
    let whom = match (accounts, incident.accounts.len()) {
        ([one], 1) => one.name.clone(),
        (_, many) => format!("{many} accounts"),
    };
    let from = strangest.and_then(network).map_or(String::new(), |from| format!(" from {from}"));
    format!("{what}: {whom}{from}")
}

fn strange(record: &SignIn) -> StrangestSignIn {
    let mut facts = Vec::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name.to_owned(), value));
        }
    };
    put("address", record.ip.map(|ip| ip.to_string()));
    put("network", network(record));
    let place = [&record.place.city, &record.place.country];
    let place: Vec<&str> = place.into_iter().filter_map(|part| part.as_deref()).collect();
    put("place", Some(place.join(", ")));
    put("program", record.user_agent.clone());
    put("app", record.app.name.clone().or_else(|| record.app.id.clone()));
    put("resource", record.resource.name.clone().or_else(|| record.resource.id.clone()));
    put("device", record.device.name.clone().or_else(|| record.device.id.clone()));
    put("protocol", record.protocol.clone().filter(|protocol| protocol != "none"));
    put("required", record.requirement.map(|of| of.as_str().to_owned()));
    let code = record.outcome.code;
    let outcome = match &record.outcome.reason {
        _ if code == 0 => "let in".to_owned(),
        Some(reason) => format!("{code} {reason}"),
        None => code.to_string(),
    };
    put("outcome", Some(outcome));
    StrangestSignIn { id: record.id.clone(), at: record.at, facts }
}

/// One in so many, rounded to what can be said.
fn one_in(surprise: f32) -> String {
    let many = f64::from(surprise.min(30.0)).exp();
    if many < 1.5 {
        return "as usual".to_owned();
    }
    if many >= 1e6 {
        return "never seen".to_owned();
    }
    let digits = 10_f64.powf((many.log10().floor() - 1.0).max(0.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below a million")]
    let rounded = ((many / digits).round() * digits) as u64;
    let text = rounded.to_string();
    let grouped: Vec<&str> = text
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|part| std::str::from_utf8(part).ok())
        .collect();
    format!("1 in {} for this account", grouped.join(","))
}

/// A contribution in words and numbers.
fn words(column: Column, value: f32, record: &SignIn) -> String {
    if value.is_nan() {
        return format!("{}: the record does not say", column.as_str().replace('_', " "));
    }
    let of = |what: &str, value: Option<String>| match value {
        Some(value) => format!("{what} {value}"),
        None => what.to_owned(),
    };
    let count = f64::from(value).exp_m1().round();
    let own = |what: String| format!("{what}: {}", one_in(value));
    match column {
        Column::Address => own(of("address", record.ip.map(|ip| ip.to_string()))),
        Column::Prefix => own(of("neighbourhood of", record.ip.map(|ip| ip.to_string()))),
        Column::Asn => own(of("sign-in from", network(record))),
        Column::Country => own(of("country", record.place.country.clone())),
        Column::Agent => own("program with its version".to_owned()),
        Column::Program => own(of("program", record.user_agent.clone())),
        Column::System => own(of("system", record.device.operating_system.clone())),
        Column::Device => {
            let device = record.device.name.clone().or_else(|| record.device.id.clone());
            own(device.map_or("no known device".to_owned(), |device| format!("device {device}")))
        }
        Column::App => own(of("application", record.app.name.clone())),
        Column::Resource => own(of("resource", record.resource.name.clone())),
        Column::Client => own(of("client", record.client.clone())),
        Column::Method => own("requirement and method".to_owned()),
        Column::Hour => own(format!("at {}", record.at.strftime("%H:%M UTC"))),
        Column::NetworkRatio => {
            let network = of("the network", network(record));
            format!("{network} fits an attacker {:.0} times better", f64::from(value).exp())
        }
        Column::ProgramRatio => {
            format!("the program fits an attacker {:.0} times better", f64::from(value).exp())
        }
        Column::NewFacets => {
            format!("{value:.0} of network, country, device, program and application are new")
        }
        Column::Speed => format!("{count:.0} km/h since the last sign-in"),
        Column::Distance => format!("{count:.0} km from where the account was before"),
        Column::FailuresHour => format!("about {count:.0} wrong passwords within the hour"),
        Column::FailuresDay => format!("about {count:.0} wrong passwords within the day"),
        Column::SecondFactor => format!("about {count:.0} second factors failed within the hour"),
        Column::AddressFailing => format!("{count:.0} accounts failed from the address"),
        Column::NetworkFailing => format!("{count:.0} accounts failed from the network"),
        Column::SinceSuccess => format!("{count:.0} minutes since the last success"),
        Column::Dormant => format!("no sign of life for {count:.0} days"),
        Column::SessionNetworks => {
            format!("the session was used from {:.0} networks", f64::from(value).exp())
        }
        Column::SessionHands if value < 0.5 => "the session is where it was".to_owned(),
        Column::SessionHands if value < 1.5 => "another program holds the session".to_owned(),
        Column::SessionHands => "another system holds the session".to_owned(),
        Column::Hosting => of("rented machines:", network(record)),
        Column::NetworkColleagues if value <= 0.0 => "no colleague uses the network".to_owned(),
        Column::NetworkColleagues => "colleagues use the network".to_owned(),
        Column::PrefixColleagues if value <= 0.0 => "no colleague is near the address".to_owned(),
        Column::PrefixColleagues => "colleagues are near the address".to_owned(),
        Column::Unbacked => {
            "new surroundings with no known device and no session behind them".to_owned()
        }
        Column::SinceElsewhere => {
            format!("the account was at ease in another network {count:.0} minutes before")
        }
        Column::SpeedElsewhere => {
            format!("{count:.0} km/h from where the account was at ease before")
        }
        Column::Outcome => match record.outcome.code {
            0 => "let in".to_owned(),
            code => format!("outcome {code}"),
        },
    }
}
