//! What is usual: of an account, of its peers, of the tenant.

use model::sign_in::Coordinates;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::counts::{Few, Many};
use crate::decay::Fading;
use crate::facet::Facet;
use crate::hours::{BINS, Hours, Smoothing};
use crate::observation::Observation;
use crate::symbols::Symbol;

/// How strongly a level is held by the one above it, in sightings: an account with this many
/// sightings is believed half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shrinkage {
    /// Accounts towards their peers, by facet.
    pub account: [f32; Facet::COUNT],
    /// Peers towards the tenant.
    pub peers: f32,
    /// The tenant towards what a value inherits from its family.
    pub tenant: f32,
    /// Hours of an account towards those of its peers.
    pub hours: f32,
}

impl Default for Shrinkage {
    /// For a tenant whose own have not been fitted yet.
    fn default() -> Self {
        Self { account: [4.0; Facet::COUNT], peers: 20.0, tenant: 1.0, hours: 12.0 }
    }
}

/// What is usual of one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    facets: [Few; Facet::COUNT],
    hours: Hours,
    /// Faded sum of longitudes, for the account's own day.
    longitude: (f32, f32),
    /// Group of peers.
    pub(crate) peers: u32,
    /// The first second that was learnt from.
    pub(crate) since: i64,
    /// Sightings that were learnt from, none faded.
    pub(crate) sightings: u32,
}

impl Profile {
    fn new(peers: u32, since: i64) -> Self {
        Self {
            facets: Default::default(),
            hours: Hours::default(),
            longitude: (0.0, 0.0),
            peers,
            since,
            sightings: 0,
        }
    }

    /// The counts of a facet.
    pub fn facet(&self, facet: Facet) -> &Few {
        // The index of a facet is always within.
        self.facets.get(facet.index()).unwrap_or(&EMPTY)
    }

    /// When the account works.
    pub fn hours(&self) -> &Hours {
        &self.hours
    }

    /// Offset of the account's own day from UTC in seconds: by the longitude where it mostly is.
    pub fn offset(&self) -> i64 {
        let (sum, weight) = self.longitude;
        if weight <= 0.0 {
            return 0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "within a day")]
        let quarters = (sum / weight / 15.0 * 4.0).round() as i64;
        quarters * 900
    }

    /// Share of the account's sign-ins at a prompt within an hour and a half of a second's time of
    /// day; none before it has enough of them.
    pub fn share_around(&self, at: i64) -> Option<f32> {
        /// Faded sign-ins below which an account has no hours of its own.
        const ENOUGH: u32 = 20;
        if self.sightings < ENOUGH || self.hours.total() <= 0.0 {
            return None;
        }
        let bin = Hours::bin(at, self.offset());
        let shares = self.hours.shares();
        let near = (0..7).map(|step| (bin + BINS + step - 3) % BINS);
        Some(near.filter_map(|bin| shares.get(bin)).sum())
    }

    /// The hours of the day, UTC, between which nine of ten of the account's sign-ins at a prompt
    /// lie: the shortest such stretch. None before it has enough of them.
    pub fn busiest(&self) -> Option<(u8, u8)> {
        const ENOUGH: u32 = 20;
        if self.sightings < ENOUGH || self.hours.total() <= 0.0 {
            return None;
        }
        let shares = self.hours.shares();
        let at = |bin: usize| shares.get(bin % BINS).copied().unwrap_or(0.0);
        let held = |from: usize, length: usize| (from..from + length).map(at).sum::<f32>();
        let (from, length) = (1..=BINS).find_map(|length| {
            (0..BINS).find(|from| held(*from, length) >= 0.9).map(|from| (from, length))
        })?;
        // Bins are of the account's own day.
        let shift = usize::try_from((-self.offset()).rem_euclid(86_400) * 2 / 3_600).ok()?;
        let hour = |bin: usize| u8::try_from((bin + shift) % BINS / 2).ok();
        Some((hour(from)?, hour(from + length)?))
    }

    /// Sightings that were learnt from.
    pub fn sightings(&self) -> u32 {
        self.sightings
    }
}

static EMPTY: Few = Few::EMPTY;

/// What is usual of a group of accounts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Crowd {
    facets: [Many; Facet::COUNT],
    hours: Hours,
}

/// What is usual in a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Baseline {
    pub(crate) fading: Fading,
    pub(crate) shrinkage: Shrinkage,
    profiles: FxHashMap<Symbol, Profile>,
    /// A few accounts that showed a network, and that were in a square of the map.
    by_network: FxHashMap<Symbol, Sharers>,
    by_prefix: FxHashMap<Symbol, Sharers>,
    by_square: FxHashMap<(i16, i16), Sharers>,
    peers: Vec<Crowd>,
    tenant: Crowd,
    #[serde(skip)]
    smoothing: Smoothing,
}

/// A few accounts that have something in common: enough to know that it is usual.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Sharers(Vec<Symbol>);

impl Sharers {
    /// More than this many are many.
    const MOST: usize = 4;

    fn note(&mut self, account: Symbol) {
        if self.0.len() < Self::MOST && !self.0.contains(&account) {
            self.0.push(account);
        }
    }

    fn others(&self, account: Symbol) -> usize {
        self.0.iter().filter(|known| **known != account).count()
    }
}

/// The degree of latitude and longitude that a point is in.
fn square(point: Coordinates) -> (i16, i16) {
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let degree = |value: f64| value.floor() as i16;
    (degree(point.latitude), degree(point.longitude))
}

/// How surprising a value is, in nats, at each level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise {
    /// `-ln p` for the account.
    pub account: f32,
    /// `ln (p of an attacker / p of the account)`.
    pub ratio: f32,
    /// Whether the account never showed it.
    pub new: bool,
}

impl Baseline {
    /// Nothing is known yet; weights are relative to that second.
    pub fn new(base: i64, shrinkage: Shrinkage) -> Self {
        Self {
            fading: Fading::from(base),
            shrinkage,
            profiles: FxHashMap::default(),
            by_network: FxHashMap::default(),
            by_prefix: FxHashMap::default(),
            by_square: FxHashMap::default(),
            peers: Vec::new(),
            tenant: Crowd::default(),
            smoothing: Smoothing::default(),
        }
    }

    /// What is known of an account.
    pub fn profile(&self, account: Symbol) -> Option<&Profile> {
        self.profiles.get(&account)
    }

    /// All accounts that something is known of, in no order that means anything.
    pub fn profiles(&self) -> impl Iterator<Item = (Symbol, &Profile)> {
        self.profiles.iter().map(|(account, profile)| (*account, profile))
    }

    /// Learns from a sign-in that is believed to be its account's own.
    pub fn learn(&mut self, seen: &Observation, peers: u32) {
        if let Some(factor) = self.fading.wind(seen.at) {
            self.scale(factor);
        }
        // What runs in the background is frequent and says little.
        let weight = self.fading.weight(seen.at) * if seen.interactive { 1.0 } else { 0.25 };
        let profile =
            self.profiles.entry(seen.account).or_insert_with(|| Profile::new(peers, seen.at));
        let group = usize::try_from(profile.peers).unwrap_or(0);
        if self.peers.len() <= group {
            self.peers.resize_with(group + 1, Crowd::default);
        }
        let Some(crowd) = self.peers.get_mut(group) else { return };
        let levels = profile.facets.iter_mut().zip(&mut crowd.facets).zip(&mut self.tenant.facets);
        for (((own, peers), tenant), value) in levels.zip(seen.facets) {
            if !value.is_none() {
                own.add(value, weight);
                peers.add(value, weight);
                tenant.add(value, weight);
            }
        }
        let network = seen.facets.get(Facet::Asn.index()).copied().unwrap_or_default();
        if !network.is_none() {
            self.by_network.entry(network).or_default().note(seen.account);
        }
        let prefix = seen.facets.get(Facet::Prefix.index()).copied().unwrap_or_default();
        if !prefix.is_none() {
            self.by_prefix.entry(prefix).or_default().note(seen.account);
        }
        if let Some(point) = seen.point {
            self.by_square.entry(square(point)).or_default().note(seen.account);
            #[expect(clippy::cast_possible_truncation, reason = "degrees")]
            let longitude = point.longitude as f32;
            profile.longitude.0 += longitude * weight;
            profile.longitude.1 += weight;
        }
        if seen.interactive {
            let bin = Hours::bin(seen.at, profile.offset());
            profile.hours.add(bin, weight);
            crowd.hours.add(bin, weight);
            self.tenant.hours.add(bin, weight);
        }
        profile.sightings = profile.sightings.saturating_add(1);
    }

    /// How surprising a value is for an account at a time.
    ///
    /// Dirichlet back-off: `p_T = (n_T + a p_0) / (N_T + a)`, `p_g = (n_g + k_g p_T) / (N_g + k_g)`,
    /// `p_u = (n_u + k_u p_g) / (N_u + k_u)`, where `p_0` of a value is what its family's coarser
    /// value leaves to new ones. An attacker shows `p_a = (p_T + p_0) / 2`.
    pub fn surprise(&self, seen: &Observation, facet: Facet, peers: u32) -> Option<Surprise> {
        let at = facet.index();
        let value = *seen.facets.get(at)?;
        if value.is_none() {
            return None;
        }
        let today = self.fading.weight(seen.at);
        let tenant = self.tenant.facets.get(at)?;
        let first = self.inherited(seen, facet, tenant);
        let k_tenant = self.shrinkage.tenant;
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let of_tenant = ((f64::from(tenant.of(value)) + f64::from(k_tenant * first * today))
            / (tenant.total() + f64::from(k_tenant * today))) as f32;
        let profile = self.profiles.get(&seen.account);
        let group = usize::try_from(profile.map_or(peers, |profile| profile.peers)).unwrap_or(0);
        let crowd = self.peers.get(group).and_then(|crowd| crowd.facets.get(at));
        let k_peers = self.shrinkage.peers * today;
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let of_peers = crowd.map_or(of_tenant, |crowd| {
            ((f64::from(crowd.of(value)) + f64::from(k_peers * of_tenant))
                / (crowd.total() + f64::from(k_peers))) as f32
        });
        let k_account = self.shrinkage.account.get(at).copied().unwrap_or(4.0) * today;
        let own = profile.and_then(|profile| profile.facets.get(at));
        let (count, total) = own.map_or((0.0, 0.0), |own| (own.of(value), own.total()));
        let of_account = (count + k_account * of_peers) / (total + k_account);
        let of_attacker = f32::midpoint(of_tenant, first);
        Some(Surprise {
            account: -of_account.max(f32::MIN_POSITIVE).ln(),
            ratio: (of_attacker.max(f32::MIN_POSITIVE) / of_account.max(f32::MIN_POSITIVE)).ln(),
            new: count <= 0.0,
        })
    }

    /// What a value has before it was ever seen: its share of what new values get.
    fn inherited(&self, seen: &Observation, facet: Facet, tenant: &Many) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a count of values")]
        let even = 1.0 / (tenant.distinct() as f32 + 1.0);
        let Some(coarser) = facet.coarser() else { return even };
        let value = seen.facets.get(coarser.index()).copied().unwrap_or(Symbol::NONE);
        let Some(family) = self.tenant.facets.get(coarser.index()) else { return even };
        if value.is_none() || family.total() <= 0.0 {
            return even;
        }
        // A new address in a network that everybody uses is less of a surprise than one elsewhere.
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let share = (f64::from(family.of(value)) / family.total()) as f32;
        share.max(even) * 0.5
    }

    /// How surprising the time of day is for an account: `-ln` of its share of the day's bins,
    /// held towards the peers' and the tenant's day.
    pub fn hour_surprise(&self, seen: &Observation, peers: u32) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "48 bins")]
        let even = 1.0 / BINS as f32;
        let today = self.fading.weight(seen.at);
        let k = self.shrinkage.hours * today;
        let profile = self.profiles.get(&seen.account);
        let offset = profile.map_or(0, Profile::offset);
        let bin = Hours::bin(seen.at, offset);
        let group = usize::try_from(profile.map_or(peers, |profile| profile.peers)).unwrap_or(0);
        let crowd = self.peers.get(group).map_or(&self.tenant.hours, |crowd| &crowd.hours);
        let held = |hours: &Hours, towards: f32| {
            (hours.around(bin, &self.smoothing) + k * towards) / (hours.total() + k)
        };
        let of_peers = held(crowd, even);
        let share = profile.map_or(of_peers, |profile| held(&profile.hours, of_peers));
        -share.max(f32::MIN_POSITIVE).ln()
    }

    /// How many colleagues of an account were seen in the network, up to a few.
    pub fn colleagues_in_network(&self, seen: &Observation) -> usize {
        let network = seen.facets.get(Facet::Asn.index()).copied().unwrap_or_default();
        self.by_network.get(&network).map_or(0, |sharers| sharers.others(seen.account))
    }

    /// How many colleagues of an account were seen at the /24 or /48, up to a few.
    pub fn colleagues_at_prefix(&self, seen: &Observation) -> usize {
        let prefix = seen.facets.get(Facet::Prefix.index()).copied().unwrap_or_default();
        self.by_prefix.get(&prefix).map_or(0, |sharers| sharers.others(seen.account))
    }

    /// How many colleagues of an account were seen about where the sign-in comes from, up to a few.
    pub fn colleagues_at_place(&self, seen: &Observation) -> usize {
        let sharers = seen.point.and_then(|point| self.by_square.get(&square(point)));
        sharers.map_or(0, |sharers| sharers.others(seen.account))
    }

    fn scale(&mut self, factor: f32) {
        for profile in self.profiles.values_mut() {
            profile.facets.iter_mut().for_each(|few| few.scale(factor));
            profile.hours.scale(factor);
            profile.longitude = (profile.longitude.0 * factor, profile.longitude.1 * factor);
        }
        for crowd in self.peers.iter_mut().chain([&mut self.tenant]) {
            crowd.facets.iter_mut().for_each(|many| many.scale(factor));
            crowd.hours.scale(factor);
        }
    }
}

#[cfg(test)]
mod tests;
