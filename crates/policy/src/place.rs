//! Places: where a sign-in comes from, as location conditions tell places apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::location::{LocationKind, NamedLocation};

use crate::Tri;

/// Named locations by lower-case id, and which of them policies name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Locations {
    by_id: BTreeMap<String, usize>,
    pub(crate) all: Vec<Location>,
    /// Whether the tenant is known to have no MFA trusted addresses outside its named locations.
    mfa_trusted_empty: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) name: String,
    pub(crate) trusted: bool,
    pub(crate) kind: LocationKind,
    ranges: Vec<IpNet>,
    countries: BTreeSet<String>,
    unknown_countries: bool,
}

/// A place: the locations it is in, by index, and what else conditions ask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Per location, whether the place is in it.
    within: Vec<Tri>,
    /// In the tenant's MFA trusted addresses, which no export shows.
    mfa_trusted: Tri,
    /// Words for it.
    pub(crate) label: String,
}

/// A policy's condition on locations.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PlaceMatcher {
    /// Whether there is a condition at all.
    present: bool,
    include: PlaceSet,
    exclude: PlaceSet,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct PlaceSet {
    all: bool,
    trusted: bool,
    named: Vec<usize>,
}

impl Locations {
    pub(crate) fn new(named: &[NamedLocation], mfa_trusted_empty: bool) -> Self {
        let mut out = Self { mfa_trusted_empty, ..Self::default() };
        for location in named {
            out.by_id.insert(location.id.to_ascii_lowercase(), out.all.len());
            let kind = location.kind();
            out.all.push(Location {
                name: if location.display_name.is_empty() {
                    location.id.clone()
                } else {
                    location.display_name.clone()
                },
                trusted: location.is_trusted && kind == LocationKind::Addresses,
                kind,
                ranges: location.ip_ranges.iter().map(|range| range.cidr_address).collect(),
                countries: location
                    .countries_and_regions
                    .iter()
                    .map(|code| code.to_ascii_uppercase())
                    .collect(),
                unknown_countries: location.include_unknown_countries_and_regions,
            });
        }
        out
    }

    /// The index of a location that a policy names. One that the export does not have counts as a
    /// place of its own: it exists, and it is not everywhere.
    fn index(&mut self, id: &str) -> usize {
        let key = id.to_ascii_lowercase();
        if let Some(index) = self.by_id.get(&key) {
            return *index;
        }
        let kind = if key == model::location::COMPLIANT_NETWORK_ID {
            LocationKind::CompliantNetwork
        } else {
            LocationKind::Unknown
        };
        let index = self.all.len();
        self.by_id.insert(key, index);
        self.all.push(Location {
            name: match kind {
                LocationKind::CompliantNetwork => "the compliant network".to_owned(),
                _ => format!("location {id}, which the export does not have"),
            },
            trusted: false,
            kind,
            ranges: Vec::new(),
            countries: BTreeSet::new(),
            unknown_countries: false,
        });
        index
    }

    pub(crate) fn compile(&mut self, locations: Option<&model::policy::Locations>) -> PlaceMatcher {
        let Some(locations) = locations else {
            return PlaceMatcher::default();
        };
        if locations.include_locations.is_empty() && locations.exclude_locations.is_empty() {
            return PlaceMatcher::default();
        }
        let mut set = |ids: &[String]| {
            let mut out = PlaceSet::default();
            for id in ids {
                match id.to_ascii_lowercase().as_str() {
                    "all" => out.all = true,
                    "alltrusted" => out.trusted = true,
                    _ => out.named.push(self.index(id)),
                }
            }
            out
        };
        PlaceMatcher {
            present: true,
            include: set(&locations.include_locations),
            exclude: set(&locations.exclude_locations),
        }
    }

    /// The place of an address and a country; what is not told is not known.
    pub(crate) fn place(
        &self,
        ip: Option<IpAddr>,
        country: Option<&str>,
        compliant_network: Option<bool>,
    ) -> Place {
        // An IPv4 address is one however it is written.
        let ip = ip.map(|ip| ip.to_canonical());
        let within = self
            .all
            .iter()
            .map(|location| match location.kind {
                LocationKind::Addresses => ip.map_or(Tri::Unknown, |ip| {
                    location.ranges.iter().any(|range| range.contains(&ip)).into()
                }),
                LocationKind::Countries => country.map_or(Tri::Unknown, |country| {
                    if country.is_empty() {
                        location.unknown_countries.into()
                    } else {
                        location.countries.contains(&country.to_ascii_uppercase()).into()
                    }
                }),
                LocationKind::CompliantNetwork => compliant_network.map_or(Tri::Unknown, Tri::from),
                LocationKind::Unknown => Tri::Unknown,
            })
            .collect();
        let known_empty = self.mfa_trusted_empty || ip.is_some_and(|ip| ip.is_ipv6());
        Place {
            within,
            // The MFA service's trusted addresses are IPv4 only.
            mfa_trusted: if known_empty { Tri::No } else { Tri::Unknown },
            label: ip.map_or_else(|| "somewhere".to_owned(), |ip| ip.to_string()),
        }
    }

    /// The places that the given matchers may tell apart.
    pub(crate) fn enumerate<'a>(
        &self,
        matchers: impl Iterator<Item = &'a PlaceMatcher>,
    ) -> Vec<Place> {
        let mut named = BTreeSet::new();
        let mut trusted = false;
        for matcher in matchers {
            named.extend(matcher.include.named.iter().chain(&matcher.exclude.named).copied());
            trusted |= matcher.include.trusted || matcher.exclude.trusted;
        }
        if trusted {
            named.extend(
                (0..self.all.len()).filter(|i| self.all.get(*i).is_some_and(|l| l.trusted)),
            );
        }
        let of_kind = |kind: LocationKind| -> Vec<usize> {
            named
                .iter()
                .copied()
                .filter(|i| self.all.get(*i).is_some_and(|l| l.kind == kind))
                .collect()
        };
        let addresses = self.address_classes(&of_kind(LocationKind::Addresses));
        let countries = self.country_classes(&of_kind(LocationKind::Countries));
        let mut out = Vec::new();
        for address in &addresses {
            for (country, in_countries) in &countries {
                let mut inside: BTreeSet<usize> = address.clone();
                inside.extend(in_countries);
                out.push(self.class(&inside, country.as_deref(), false));
            }
        }
        let nowhere = out.first().cloned();
        // Each of these is a place of its own, apart from addresses and countries.
        for index in of_kind(LocationKind::CompliantNetwork)
            .into_iter()
            .chain(of_kind(LocationKind::Unknown))
        {
            for (country, in_countries) in &countries {
                let mut inside = in_countries.clone();
                inside.insert(index);
                out.push(self.class(&inside, country.as_deref(), false));
            }
        }
        if trusted && !self.mfa_trusted_empty && nowhere.is_some() {
            for (country, in_countries) in &countries {
                out.push(self.class(in_countries, country.as_deref(), true));
            }
        }
        out
    }

    /// Whether a place is within addresses that policies name: not a country as a whole.
    pub(crate) fn is_told_by_address(&self, place: &Place) -> bool {
        let mut named = self.all.iter().zip(&place.within);
        place.mfa_trusted != Tri::No
            || named.any(|(location, within)| {
                *within != Tri::No && location.kind != LocationKind::Countries
            })
    }

    fn class(&self, inside: &BTreeSet<usize>, country: Option<&str>, mfa_trusted: bool) -> Place {
        let within = (0..self.all.len()).map(|i| inside.contains(&i).into()).collect();
        let mut words: Vec<String> = inside
            .iter()
            .filter_map(|i| self.all.get(*i))
            .filter(|location| location.kind != LocationKind::Countries)
            .map(|location| location.name.clone())
            .collect();
        if mfa_trusted {
            words.push("the MFA service's trusted addresses, if the tenant has any".to_owned());
        }
        words.extend(country.map(str::to_owned));
        let label = if words.is_empty() {
            "outside every named location".to_owned()
        } else {
            format!("from {}", words.join(" in "))
        };
        Place { within, mfa_trusted: if mfa_trusted { Tri::Unknown } else { Tri::No }, label }
    }

    /// Which sets of address locations some address is in; the first is no location at all.
    fn address_classes(&self, indexes: &[usize]) -> Vec<BTreeSet<usize>> {
        let mut out: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
        // Sweep over the ranges' ends, each family apart; a class begins or ends at each.
        for v6 in [false, true] {
            let mut events: BTreeMap<u128, Vec<(usize, i32)>> = BTreeMap::new();
            for &index in indexes {
                for range in self.all.get(index).map_or(&[][..], |l| &l.ranges) {
                    if let Some((first, last)) = bounds(range, v6) {
                        events.entry(first).or_default().push((index, 1));
                        if let Some(after) = last.checked_add(1) {
                            events.entry(after).or_default().push((index, -1));
                        }
                    }
                }
            }
            let mut depth: BTreeMap<usize, i32> = BTreeMap::new();
            for changes in events.values() {
                for (index, change) in changes {
                    *depth.entry(*index).or_insert(0) += change;
                }
                out.insert(depth.iter().filter(|(_, n)| **n > 0).map(|(i, _)| *i).collect());
            }
        }
        out.remove(&BTreeSet::new());
        std::iter::once(BTreeSet::new()).chain(out).collect()
    }

    /// Which sets of country locations some country is in, with a name for it; the first is a
    /// country that no location names.
    fn country_classes(&self, indexes: &[usize]) -> Vec<(Option<String>, BTreeSet<usize>)> {
        let locations: Vec<(usize, &Location)> =
            indexes.iter().filter_map(|i| self.all.get(*i).map(|l| (*i, l))).collect();
        let mut classes: BTreeMap<BTreeSet<usize>, Vec<&str>> = BTreeMap::new();
        let codes: BTreeSet<&String> = locations.iter().flat_map(|(_, l)| &l.countries).collect();
        for code in codes {
            let inside = locations
                .iter()
                .filter(|(_, l)| l.countries.contains(code))
                .map(|(i, _)| *i)
                .collect();
            classes.entry(inside).or_default().push(code);
        }
        let mut out = vec![(None, BTreeSet::new())];
        if !locations.is_empty() {
            out = vec![(Some("a country that no location names".to_owned()), BTreeSet::new())];
            out.extend(classes.into_iter().map(|(inside, codes)| {
                let shown = codes.iter().take(3).copied().collect::<Vec<_>>().join("/");
                let more = if codes.len() > 3 { " and others" } else { "" };
                (Some(format!("{shown}{more}")), inside)
            }));
            let unknown: BTreeSet<usize> =
                locations.iter().filter(|(_, l)| l.unknown_countries).map(|(i, _)| *i).collect();
            if !unknown.is_empty() {
                out.push((Some("an address that maps to no country".to_owned()), unknown));
            }
        }
        out
    }

    /// Whether a place is in a trusted location.
    pub(crate) fn is_trusted(&self, place: &Place) -> Tri {
        let named = self
            .all
            .iter()
            .zip(&place.within)
            .filter(|(location, _)| location.trusted)
            .map(|(_, within)| *within)
            .max()
            .unwrap_or(Tri::No);
        named.or(place.mfa_trusted)
    }
}

fn bounds(range: &IpNet, v6: bool) -> Option<(u128, u128)> {
    match range {
        IpNet::V4(net) if !v6 => {
            Some((u128::from(u32::from(net.network())), u128::from(u32::from(net.broadcast()))))
        }
        IpNet::V6(net) if v6 => Some((u128::from(net.network()), u128::from(net.broadcast()))),
        _ => None,
    }
}

impl PlaceMatcher {
    pub(crate) fn matches(&self, place: &Place, locations: &Locations) -> Tri {
        if !self.present {
            return Tri::Yes;
        }
        // Exclusions without inclusion stand for every place but those.
        let include = if self.include == PlaceSet::default() {
            Tri::Yes
        } else {
            self.include.contains(place, locations)
        };
        include.and(!self.exclude.contains(place, locations))
    }
}

impl PlaceSet {
    fn contains(&self, place: &Place, locations: &Locations) -> Tri {
        if self.all {
            return Tri::Yes;
        }
        let trusted = if self.trusted { locations.is_trusted(place) } else { Tri::No };
        self.named
            .iter()
            .map(|index| place.within.get(*index).copied().unwrap_or(Tri::Unknown))
            .fold(trusted, Tri::or)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, ranges: &[&str], trusted: bool) -> NamedLocation {
        NamedLocation {
            id: id.into(),
            display_name: id.into(),
            is_trusted: trusted,
            ip_ranges: ranges
                .iter()
                .map(|r| model::location::IpRange { cidr_address: r.parse().unwrap() })
                .collect(),
            ..NamedLocation::default()
        }
    }

    fn condition(include: &[&str], exclude: &[&str]) -> model::policy::Locations {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        model::policy::Locations {
            include_locations: owned(include),
            exclude_locations: owned(exclude),
        }
    }

    #[test]
    fn nested_ranges_give_a_class_for_each_overlap() {
        let mut locations = Locations::new(
            &[named("outer", &["10.0.0.0/8"], false), named("inner", &["10.1.0.0/16"], false)],
            true,
        );
        let matcher = locations.compile(Some(&condition(&["outer", "inner"], &[])));
        let labels: Vec<String> =
            locations.enumerate([&matcher].into_iter()).into_iter().map(|p| p.label).collect();
        assert_eq!(labels, ["outside every named location", "from outer", "from outer in inner"]);
    }

    #[test]
    fn an_address_outside_is_undecided_for_all_trusted_unless_the_mfa_list_is_declared_empty() {
        let office = named("office", &["203.0.113.0/24"], true);
        for (declared, expected) in [(false, Tri::Unknown), (true, Tri::Yes)] {
            let mut locations = Locations::new(std::slice::from_ref(&office), declared);
            let matcher = locations.compile(Some(&condition(&["All"], &["AllTrusted"])));
            let outside = locations.place("198.51.100.7".parse().ok(), None, None);
            assert_eq!(matcher.matches(&outside, &locations), expected);
        }
    }

    #[test]
    fn ranges_of_ipv6_match_ipv6_addresses() {
        let mut locations = Locations::new(&[named("six", &["2001:db8::/32"], true)], false);
        let matcher = locations.compile(Some(&condition(&["All"], &["AllTrusted"])));
        let inside = locations.place("2001:db8::1".parse().ok(), None, None);
        let outside = locations.place("2001:dead::1".parse().ok(), None, None);
        assert_eq!(matcher.matches(&inside, &locations), Tri::No);
        assert_eq!(matcher.matches(&outside, &locations), Tri::Yes);
    }

    #[test]
    fn a_location_that_the_export_lacks_is_a_place_of_its_own() {
        let mut locations = Locations::new(&[], true);
        let matcher = locations.compile(Some(&condition(&["All"], &["gone"])));
        let places = locations.enumerate([&matcher].into_iter());
        let verdicts: Vec<Tri> = places.iter().map(|p| matcher.matches(p, &locations)).collect();
        assert_eq!(verdicts, [Tri::Yes, Tri::No]);
    }
}
