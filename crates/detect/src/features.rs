//! The numbers that the forest sees of a sign-in. A change here makes a new model.

use model::canonical::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::address::HOSTING;
use crate::baseline::Baseline;
use crate::facet::{Facet, FacetSet};
use crate::observation::Observation;
use crate::recent::{DAY, Hands, Lately, WEEK};
use crate::travel::{speed_kmh, sure_distance_km};
use crate::verdict::Verdict;

/// Grows with every change of what a column means, the names staying the same.
const VERSION: u32 = 3;

/// Declares the columns: name and what it says.
macro_rules! columns {
    ($($(#[doc = $words:literal])* $Name:ident = $name:literal,)+) => {
        /// A column of the features.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Column { $($(#[doc = $words])* $Name,)+ }

        /// The columns' names in their order.
        pub const FEATURE_COLUMNS: &[&str] = &[$($name,)+];

        impl Column {
            /// All columns in their order.
            pub const ALL: &'static [Self] = &[$(Self::$Name,)+];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Name => $name,)+ }
            }
        }
    };
}

columns! {
    /// Surprise at the address, in nats.
    Address = "address_surprise",
    /// Surprise at its /24 or /48.
    Prefix = "prefix_surprise",
    /// Surprise at its autonomous system.
    Asn = "asn_surprise",
    /// Surprise at the country.
    Country = "country_surprise",
    /// Surprise at the whole user agent.
    Agent = "agent_surprise",
    /// Surprise at the program.
    Program = "program_surprise",
    /// Surprise at the operating system.
    System = "system_surprise",
    /// Surprise at the device, or at there being none.
    Device = "device_surprise",
    /// Surprise at the application.
    App = "app_surprise",
    /// Surprise at what a token was asked for.
    Resource = "resource_surprise",
    /// Surprise at client, protocol and transfer method.
    Client = "client_surprise",
    /// Surprise at what was required and how it was met.
    Method = "method_surprise",
    /// Surprise at the time of the account's own day; missing for the background.
    Hour = "hour_surprise",
    /// How much rather an attacker than the account shows the network, in nats.
    NetworkRatio = "network_ratio",
    /// How much rather an attacker than the account shows the program.
    ProgramRatio = "program_ratio",
    /// How many of network, country, device, program and application the account never showed.
    NewFacets = "new_facets",
    /// `ln(1 + km/h)` since the last success at a prompt.
    Speed = "speed",
    /// `ln(1 + km)` from the nearest place where the account was before.
    Distance = "distance_from_usual",
    /// `ln(1 + n)` of guesses at the account's password, fading by half in an hour.
    FailuresHour = "account_failures_hour",
    /// The same, fading by half in a day.
    FailuresDay = "account_failures_day",
    /// `ln(1 + n)` of second factors that failed, fading by half in an hour.
    SecondFactor = "second_factor_failures",
    /// `ln(1 + n)` of accounts that failed from the address within an hour.
    AddressFailing = "address_failing_accounts",
    /// The same from the autonomous system.
    NetworkFailing = "network_failing_accounts",
    /// `ln(1 + minutes)` since the account's last success.
    SinceSuccess = "minutes_since_success",
    /// `ln(1 + days)` since the account's last sign of life.
    Dormant = "days_dormant",
    /// `ln` of the networks that the session was used from.
    SessionNetworks = "session_networks",
    /// 1 where the session is in the hands of another program than it ever was, 2 of another system.
    SessionHands = "session_hands",
    /// 1 from a network that rents machines to anybody.
    Hosting = "hosting_network",
    /// `ln(1 + n)` of colleagues who were seen in the network, of which a few count.
    NetworkColleagues = "colleagues_in_network",
    /// The same at the /24 or /48.
    PrefixColleagues = "colleagues_at_prefix",
    /// Surprises at prefix, network, country and program together where neither a device of the
    /// tenant's nor a session that goes on stands behind the sign-in; 0 where one does.
    Unbacked = "unbacked_surprise",
    /// `ln(1 + minutes)` since the account was at ease in another network than this one: with a
    /// device of the tenant's, in a session that went on, or where it is known. A week at most.
    SinceElsewhere = "minutes_since_elsewhere",
    /// `ln(1 + km/h)` from the place where it was at ease then.
    SpeedElsewhere = "speed_from_elsewhere",
    /// How bad the outcome is, 0 for success to 2 for a right password that nothing backs.
    Outcome = "outcome",
}

/// How many columns there are.
pub const WIDTH: usize = FEATURE_COLUMNS.len();

/// The features of one sign-in; NaN where the record does not say.
pub type Features = [f32; WIDTH];

/// What tells this set of columns from every other: models of another set do not fit.
pub fn feature_set_hash() -> String {
    let names = FEATURE_COLUMNS.join("\n");
    sha256_hex(&[&VERSION.to_le_bytes(), names.as_bytes()])
}

/// The surprise of each facet stands in the column of its index.
const _: () = assert!(Facet::COUNT == Column::Method as usize + 1);

/// A sign-in held against what was before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// The features.
    pub features: Features,
    /// Facets that the account never showed.
    pub new: FacetSet,
    /// How much rather an attacker than the account is behind it, in nats: the weighted sum over
    /// the facets of `ln (p of an attacker / p of the account)`, each within bounds so that one
    /// facet alone decides nothing.
    pub evidence: f32,
}

/// What a facet's ratio weighs in the evidence; finer facets of a family say the same again.
const fn weight(facet: Facet) -> f32 {
    match facet {
        Facet::Asn | Facet::Program | Facet::Device => 1.0,
        Facet::Country | Facet::System | Facet::App | Facet::Client | Facet::Method => 0.5,
        Facet::Resource => 0.25,
        Facet::Address | Facet::Prefix | Facet::Agent => 0.0,
    }
}

/// Holds a sign-in against what was before it.
pub fn features(seen: &Observation, baseline: &Baseline, lately: &Lately, peers: u32) -> Held {
    let mut out = [f32::NAN; WIDTH];
    let mut unseen = FacetSet::default();
    let mut evidence = 0.0;
    let mut put = |column: Column, value: f32| {
        if let Some(slot) = out.get_mut(column as usize) {
            *slot = value;
        }
    };
    let (mut new, mut unbacked) = (0.0, 0.0);
    for (facet, column) in Facet::ALL.into_iter().zip(Column::ALL) {
        let Some(surprise) = baseline.surprise(seen, facet, peers) else { continue };
        put(*column, surprise.account);
        evidence += weight(facet) * surprise.ratio.clamp(-2.0, 6.0);
        match facet {
            Facet::Asn => put(Column::NetworkRatio, surprise.ratio),
            Facet::Program => put(Column::ProgramRatio, surprise.ratio),
            _ => {}
        }
        if matches!(facet, Facet::Prefix | Facet::Asn | Facet::Country | Facet::Program) {
            unbacked += surprise.account;
        }
        if surprise.new {
            unseen.insert(facet);
        }
        let telling = [Facet::Asn, Facet::Country, Facet::Device, Facet::Program, Facet::App];
        if surprise.new && telling.contains(&facet) {
            new += 1.0;
        }
    }
    put(Column::NewFacets, new);
    if seen.interactive {
        put(Column::Hour, baseline.hour_surprise(seen, peers));
    }
    if let Some(recent) = lately.account(seen.account) {
        let now = seen.at;
        if let (true, Some(point), Some(last)) = (seen.interactive, seen.point, recent.last_place) {
            put(Column::Speed, ln_1p(speed_kmh(last.point, point, now - last.at)));
        }
        let elsewhere = recent.elsewhere(seen.asn, now);
        let idle = elsewhere.map_or(WEEK, |at_ease| (now - at_ease.at).clamp(0, WEEK));
        put(Column::SinceElsewhere, ln_1p(seconds(idle) / 60.0));
        if let (Some(point), Some(at_ease)) = (seen.point, elsewhere)
            && let Some(from) = at_ease.point
        {
            put(Column::SpeedElsewhere, ln_1p(speed_kmh(from, point, now - at_ease.at)));
        }
        let distance = seen.point.and_then(|point| recent.distance_from_usual(point));
        if let Some(km) = distance {
            put(Column::Distance, ln_1p(km));
        }
        put(Column::FailuresHour, recent.failures_hour(now).ln_1p());
        put(Column::FailuresDay, recent.failures_day(now).ln_1p());
        put(Column::SecondFactor, recent.second_factor_failures(now).ln_1p());
        if let Some(last) = recent.last_success {
            put(Column::SinceSuccess, ln_1p(seconds(now - last) / 60.0));
        }
        if let Some(last) = recent.last_seen {
            put(Column::Dormant, ln_1p(seconds(now - last) / seconds(DAY)));
        }
    }
    let address = seen.facets.get(Facet::Address.index()).copied().unwrap_or_default();
    if !address.is_none() {
        put(Column::AddressFailing, count(lately.failing_from_address(address, seen.at)).ln_1p());
    }
    if seen.asn != 0 {
        put(Column::NetworkFailing, count(lately.failing_from_network(seen.asn, seen.at)).ln_1p());
        put(Column::Hosting, if HOSTING.contains(&seen.asn) { 1.0 } else { 0.0 });
        if seen.session != 0 {
            put(
                Column::SessionNetworks,
                count(lately.session_networks(seen.session, seen.asn)).ln(),
            );
        }
    }
    match lately.hands(seen) {
        Hands::Unknown => {}
        Hands::Same => put(Column::SessionHands, 0.0),
        Hands::OtherProgram => put(Column::SessionHands, 1.0),
        Hands::OtherSystem => put(Column::SessionHands, 2.0),
    }
    put(Column::NetworkColleagues, count(baseline.colleagues_in_network(seen)).ln_1p());
    put(Column::PrefixColleagues, count(baseline.colleagues_at_prefix(seen)).ln_1p());
    put(Column::Unbacked, if seen.has_device || lately.goes_on(seen) { 0.0 } else { unbacked });
    put(Column::Outcome, badness(seen.verdict));
    Held { features: out, new: unseen, evidence }
}

/// Order of outcomes: what says most of a stolen password is worst.
const fn badness(verdict: Verdict) -> f32 {
    match verdict {
        Verdict::Success | Verdict::Interrupt => 0.0,
        Verdict::Failed | Verdict::NoApplication => 0.5,
        Verdict::WrongPassword | Verdict::NoAccount => 1.0,
        Verdict::Stopped | Verdict::Expired | Verdict::Locked | Verdict::Disabled => 1.5,
        Verdict::SecondFactorFailed | Verdict::Unenrolled => 2.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts up to a few hundred")]
fn count(count: usize) -> f32 {
    count as f32
}

#[expect(clippy::cast_precision_loss, reason = "seconds of centuries")]
fn seconds(seconds: i64) -> f64 {
    seconds.max(0) as f64
}

#[expect(clippy::cast_possible_truncation, reason = "logarithms are small")]
fn ln_1p(value: f64) -> f32 {
    value.max(0.0).ln_1p() as f32
}

/// Whether two places are too far apart for the time between them, with the accuracy of both in
/// their favour: at least 500 km at 800 km/h or more (the values of Elastic's rule).
pub fn is_impossible(
    from: (model::sign_in::Coordinates, i64),
    to: (model::sign_in::Coordinates, i64),
) -> bool {
    const LEAST_KM: f64 = 500.0;
    const LEAST_KMH: f64 = 800.0;
    sure_distance_km(from.0, to.0) >= LEAST_KM
        && speed_kmh(from.0, to.0, to.1 - from.1) >= LEAST_KMH
}

#[cfg(test)]
mod tests {
    use model::sign_in::Coordinates;

    use super::*;

    #[test]
    fn the_hash_names_this_set_of_columns() {
        // A change of columns changes it, on purpose: then models are trained anew.
        assert_eq!(WIDTH, 34);
        assert_eq!(feature_set_hash().len(), 64);
        assert_eq!(FEATURE_COLUMNS.len(), Column::ALL.len());
    }

    #[test]
    fn nobody_is_in_lisbon_and_sydney_within_an_hour() {
        let at = |latitude, longitude| Coordinates::new(latitude, longitude).unwrap();
        let (lisbon, sydney, porto) = (at(38.7, -9.1), at(-33.9, 151.2), at(41.1, -8.6));
        assert!(is_impossible((lisbon, 0), (sydney, 3_600)));
        assert!(!is_impossible((lisbon, 0), (sydney, 25 * 3_600)));
        assert!(!is_impossible((lisbon, 0), (porto, 60)), "near enough to be a mistake of the map");
    }
}
