//! Incidents that are open, and which of them a sign-in belongs to.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{GAP, Incident, RESUMED, Standards, Subject, Suspect};
use crate::pattern::{Hit, Key};
use crate::symbols::Symbol;

/// Nats from which the models alone make a sign-in part of an incident: one in a hundred.
const NOTICED: f32 = 4.6;
/// Seconds that a campaign stays open after its last sign-in (24 h): what follows may come later.
const CAMPAIGN: i64 = 24 * 3_600;

/// Incidents that are open.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Docket {
    accounts: FxHashMap<Symbol, Incident>,
    campaigns: Vec<Incident>,
    closed: Vec<Incident>,
    /// The last incident of an account that was told and is over.
    told: FxHashMap<Symbol, Incident>,
    absorbed: Vec<String>,
    swept: i64,
}

impl Docket {
    /// Takes a sign-in with what the patterns saw in it.
    pub fn take(&mut self, suspect: &Suspect, hits: &[Hit], standards: &Standards) {
        self.sweep(suspect.at);
        let campaign = hits.iter().find_map(|hit| hit.key.filter(|(key, _)| is_wide(*key)));
        if let Some((key, value)) = campaign {
            self.campaign(suspect, hits, standards, Subject::Campaign(key, value));
            return;
        }
        // A guess from where a campaign comes from is part of it, and so is what follows it.
        let from = self
            .campaigns
            .iter_mut()
            .find(|open| open.is_from(suspect) && suspect.at - open.last_at <= CAMPAIGN);
        if let Some(open) = from
            && (suspect.nats >= NOTICED || !hits.is_empty())
        {
            tell(open, suspect, hits, standards);
            return;
        }
        let open = self.accounts.get_mut(&suspect.account);
        if let Some(open) = open {
            let fits = suspect.nats >= NOTICED || !hits.is_empty() || open.is_from(suspect);
            if fits {
                tell(open, suspect, hits, standards);
            }
            return;
        }
        if suspect.nats >= NOTICED || !hits.is_empty() {
            let goes_on = |before: &Incident| {
                before.goes_on_with(suspect) && suspect.at - before.last_at <= RESUMED
            };
            if self.told.get(&suspect.account).is_some_and(goes_on)
                && let Some(mut again) = self.told.remove(&suspect.account)
            {
                tell(&mut again, suspect, hits, standards);
                self.accounts.insert(suspect.account, again);
                return;
            }
            let mut new = Incident::new(Subject::Account(suspect.account), suspect);
            tell(&mut new, suspect, hits, standards);
            self.accounts.insert(suspect.account, new);
        }
    }

    /// A sign-in of a campaign: the campaign takes over what its sign-ins had made of single
    /// accounts.
    fn campaign(
        &mut self,
        suspect: &Suspect,
        hits: &[Hit],
        standards: &Standards,
        subject: Subject,
    ) {
        let wide = |hit: &&Hit| hit.key.is_some_and(|(key, _)| is_wide(key));
        let ids: Vec<&std::sync::Arc<str>> =
            hits.iter().filter(wide).flat_map(|hit| &hit.sign_ins).collect();
        let known = self.campaigns.iter_mut().position(|open| {
            open.subject == subject
                || open.is_from(suspect)
                || open.sign_ins.iter().rev().take(200).any(|id| ids.contains(&id))
        });
        let at = known.unwrap_or_else(|| {
            self.campaigns.push(Incident::new(subject, suspect));
            self.campaigns.len() - 1
        });
        let claimed: Vec<Symbol> = self
            .accounts
            .values()
            .filter(|open| open.sign_ins.iter().any(|id| ids.contains(&id)))
            .flat_map(|open| open.accounts.iter().copied())
            .collect();
        let claimed: Vec<Incident> =
            claimed.iter().filter_map(|account| self.accounts.remove(account)).collect();
        let Some(open) = self.campaigns.get_mut(at) else { return };
        for incident in claimed {
            if incident.told_at.is_some() {
                self.absorbed.push(incident.key());
            }
            open.absorb(incident);
        }
        for id in ids {
            if **id != *suspect.id && !open.sign_ins.contains(id) {
                open.count += 1;
                if open.sign_ins.len() < super::NAMED {
                    open.sign_ins.push(std::sync::Arc::clone(id));
                }
            }
        }
        tell(open, suspect, hits, standards);
    }

    /// Closes what nothing suspicious was added to for long enough, once in a quarter of an hour
    /// of the stream's time.
    fn sweep(&mut self, now: i64) {
        if now - self.swept < 900 {
            return;
        }
        self.swept = now;
        let over: Vec<Symbol> = self
            .accounts
            .iter()
            .filter(|(_, open)| now - open.last_at > GAP)
            .map(|(account, _)| *account)
            .collect();
        let mut over: Vec<Incident> =
            over.iter().filter_map(|account| self.accounts.remove(account)).collect();
        over.sort_by_key(|incident| (incident.first_at, incident.subject));
        for incident in &over {
            if let (Some(_), Subject::Account(account)) = (incident.told_at, incident.subject) {
                self.told.insert(account, incident.clone());
            }
        }
        self.told.retain(|_, incident| now - incident.last_at <= RESUMED);
        self.closed.extend(over);
        let (open, over) = std::mem::take(&mut self.campaigns)
            .into_iter()
            .partition(|open: &Incident| now - open.last_at <= CAMPAIGN);
        self.campaigns = open;
        self.closed.extend(over);
    }

    /// Incidents that are over since the last time that it was asked.
    pub fn take_closed(&mut self) -> Vec<Incident> {
        std::mem::take(&mut self.closed)
    }

    /// Keys of incidents that were told and that campaigns have taken in since the last time that it
    /// was asked.
    pub fn take_absorbed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.absorbed)
    }

    /// Whether an account is in an incident that was told and is open.
    pub fn is_told(&self, account: Symbol) -> bool {
        let told = |open: &Incident| open.told_at.is_some();
        self.accounts.get(&account).is_some_and(told)
            || self.campaigns.iter().any(|open| told(open) && open.accounts.contains(&account))
    }

    /// Incidents that are still open, in a steady order.
    pub fn open(&self) -> Vec<&Incident> {
        let mut out: Vec<&Incident> = self.campaigns.iter().chain(self.accounts.values()).collect();
        out.sort_by_key(|incident| (incident.first_at, incident.subject));
        out
    }
}

fn tell(open: &mut Incident, suspect: &Suspect, hits: &[Hit], standards: &Standards) {
    open.take(suspect);
    for hit in hits {
        open.know(&hit.pattern, standards.weights.of(hit), hit.followed);
    }
    if open.told_at.is_none() && open.nats() >= standards.bar.nats {
        open.told_at = Some(suspect.at);
        open.lead = open.strongest().cloned();
    }
}

/// Whether a key is of more than one account.
fn is_wide(key: Key) -> bool {
    matches!(key, Key::Address | Key::Prefix | Key::Network | Key::NetworkProgram | Key::Tenant)
}
