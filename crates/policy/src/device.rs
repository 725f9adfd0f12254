//! Devices as filters see them, and the classes that a tenant's filters tell apart.

use std::collections::{BTreeMap, BTreeSet};

use model::decision::{DeviceValue, ScenarioDevice};
use model::policy::{Conditions, FilterMode};

use crate::Tri;
use crate::filter::Filter;
use crate::ways::{ANY_DEVICE, BOTH, COMPLIANT_ONLY, HYBRID_ONLY, UNMANAGED};

/// How many made-up devices are tried at most; beyond it, filters are undecided.
const MAX_DEVICES: usize = 4096;

/// A policy's condition on devices.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeviceMatcher {
    /// No condition.
    Any,
    /// A filter that must (include) or must not (exclude) match.
    Filter { filter: Filter, mode: FilterMode },
    /// A condition this build cannot read.
    Unreadable(String),
}

impl DeviceMatcher {
    pub(crate) fn compile(conditions: &Conditions) -> Self {
        if let Some(states) = &conditions.device_states
            && let Some(matcher) = from_states(&states.include_states, &states.exclude_states)
        {
            return matcher;
        }
        let Some(devices) = &conditions.devices else {
            return Self::Any;
        };
        if let Some((name, _)) = devices
            .extra
            .meaningful()
            .find(|(name, _)| *name != "includeDevices" && *name != "excludeDevices")
        {
            return Self::Unreadable(format!("devices.{name}"));
        }
        if let Some(filter) = &devices.device_filter {
            if !filter.mode.is_known() {
                return Self::Unreadable(format!("device filter mode {}", filter.mode));
            }
            return match Filter::parse(&filter.rule) {
                Ok(read) => Self::Filter { filter: read, mode: filter.mode.clone() },
                Err(error) => Self::Unreadable(error.to_string()),
            };
        }
        // Before they were called states.
        let named = |states: &[String], older: &str| {
            let mut all = states.to_vec();
            all.extend(devices.extra.texts(older));
            all
        };
        let include = named(&devices.include_device_states, "includeDevices");
        let exclude = named(&devices.exclude_device_states, "excludeDevices");
        from_states(&include, &exclude).unwrap_or(Self::Any)
    }

    pub(crate) fn matches(&self, device: &Device) -> Tri {
        match self {
            Self::Any => Tri::Yes,
            Self::Unreadable(_) => Tri::Unknown,
            Self::Filter { filter, mode } => {
                let hit = filter.evaluate(&|name| device.property(name));
                if *mode == FilterMode::Exclude { !hit } else { hit }
            }
        }
    }
}

/// The deprecated lists of device states, as the filter that replaced them.
fn from_states(include: &[String], exclude: &[String]) -> Option<DeviceMatcher> {
    let rule = |states: &[String]| {
        let parts: Vec<&str> = states
            .iter()
            .filter_map(|state| match state.to_ascii_lowercase().as_str() {
                "compliant" => Some("isCompliant -eq True"),
                "domainjoined" => Some("trustType -eq \"ServerAD\""),
                _ => None,
            })
            .collect();
        (!parts.is_empty()).then(|| parts.join(" -or "))
    };
    let (rule, mode) = match (rule(exclude), rule(include)) {
        (Some(rule), _) => (rule, FilterMode::Exclude),
        (None, Some(rule)) => (rule, FilterMode::Include),
        (None, None) => return None,
    };
    Filter::parse(&rule).ok().map(|filter| DeviceMatcher::Filter { filter, mode })
}

/// A device, or what is known of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Device {
    /// Whether properties that are not listed are null (an enumerated or unregistered device) or
    /// not known (a scenario's device).
    complete: bool,
    /// Properties by lower-case name; empty and complete for an unregistered device.
    properties: BTreeMap<String, DeviceValue>,
    /// The kinds that it can be, as the bits of a way's device.
    pub(crate) kinds: u8,
    /// Words for it.
    pub(crate) label: String,
}

impl Device {
    pub(crate) fn unregistered() -> Self {
        Self {
            complete: true,
            properties: BTreeMap::new(),
            kinds: UNMANAGED,
            label: "an unregistered device".into(),
        }
    }

    /// A device of which nothing is said: every filter is undecided, every kind possible.
    pub(crate) fn unspecified() -> Self {
        Self {
            complete: false,
            properties: BTreeMap::new(),
            kinds: ANY_DEVICE,
            label: "a device".into(),
        }
    }

    pub(crate) fn from_scenario(device: &ScenarioDevice) -> Self {
        match device {
            ScenarioDevice::Unspecified => Self::unspecified(),
            ScenarioDevice::Unregistered => Self::unregistered(),
            ScenarioDevice::Registered { properties } => {
                let properties: BTreeMap<String, DeviceValue> = properties
                    .iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                    .collect();
                let kinds = kinds(&properties);
                Self { complete: false, properties, kinds, label: "the device".into() }
            }
        }
    }

    pub(crate) fn is_registered(&self) -> bool {
        !self.complete || !self.properties.is_empty()
    }

    fn property(&self, name: &str) -> Option<DeviceValue> {
        match self.properties.get(name) {
            Some(value) => Some(value.clone()),
            None if self.complete => Some(DeviceValue::Null),
            None => None,
        }
    }
}

/// Which kinds of device the properties allow.
fn kinds(properties: &BTreeMap<String, DeviceValue>) -> u8 {
    let compliant = match properties.get("iscompliant") {
        Some(DeviceValue::Flag(true)) => COMPLIANT_ONLY | BOTH,
        Some(DeviceValue::Text(text)) if text.eq_ignore_ascii_case("true") => COMPLIANT_ONLY | BOTH,
        Some(_) => UNMANAGED | HYBRID_ONLY,
        None => ANY_DEVICE,
    };
    let hybrid = match properties.get("trusttype") {
        Some(DeviceValue::Text(text)) if text.eq_ignore_ascii_case("ServerAD") => {
            HYBRID_ONLY | BOTH
        }
        Some(_) => UNMANAGED | COMPLIANT_ONLY,
        None => ANY_DEVICE,
    };
    compliant & hybrid
}

/// The devices that a tenant's filters may tell apart: an unregistered one, and registered ones
/// with every combination of the values that filters mention and one that none mentions.
///
/// Without filters a single unspecified device stands for all. Too many combinations give one
/// device of which nothing is known, so that filters are undecided rather than half-examined.
pub(crate) fn enumerate<'a>(matchers: impl Iterator<Item = &'a DeviceMatcher>) -> Vec<Device> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut any = false;
    for matcher in matchers {
        if let DeviceMatcher::Filter { filter, .. } = matcher {
            any = true;
            for comparison in filter.comparisons() {
                let entry = values.entry(comparison.property.as_str()).or_default();
                entry.extend(comparison.values.iter().flatten().map(String::as_str));
            }
        }
    }
    if !any {
        return vec![Device::unspecified()];
    }
    let candidates: Vec<(String, Vec<DeviceValue>)> = values
        .iter()
        .map(|(property, mentioned)| ((*property).to_owned(), candidates(property, mentioned)))
        .collect();
    let count = candidates.iter().try_fold(1_usize, |n, (_, all)| n.checked_mul(all.len()));
    if count.is_none_or(|count| count > MAX_DEVICES) {
        return vec![Device::unregistered(), Device::unspecified()];
    }
    let mut assignments: Vec<BTreeMap<String, DeviceValue>> = vec![BTreeMap::new()];
    for (property, all) in &candidates {
        assignments = assignments
            .iter()
            .flat_map(|assigned| {
                all.iter().map(|value| {
                    let mut next = assigned.clone();
                    next.insert(property.clone(), value.clone());
                    next
                })
            })
            .collect();
    }
    let registered = assignments.into_iter().map(|properties| Device {
        complete: true,
        kinds: kinds(&properties),
        label: describe(&properties),
        properties,
    });
    std::iter::once(Device::unregistered()).chain(registered).collect()
}

fn candidates(property: &str, mentioned: &BTreeSet<&str>) -> Vec<DeviceValue> {
    let text = |value: &str| DeviceValue::Text(value.to_owned());
    match property {
        "iscompliant" => vec![DeviceValue::Flag(true), DeviceValue::Flag(false)],
        "trusttype" => ["AzureAD", "ServerAD", "Workplace"].map(text).to_vec(),
        "deviceownership" => ["Company", "Personal"].map(text).to_vec(),
        "physicalids" | "systemlabels" => std::iter::once(DeviceValue::List(Vec::new()))
            .chain(mentioned.iter().map(|value| DeviceValue::List(vec![(*value).to_owned()])))
            .collect(),
        _ => {
            let mut all: Vec<DeviceValue> = vec![DeviceValue::Null];
            all.extend(mentioned.iter().map(|value| text(value)));
            // A value that meets two partial matches at once.
            if mentioned.len() <= 4 {
                for a in mentioned {
                    all.extend(
                        mentioned.iter().filter(|b| *b != a).map(|b| text(&format!("{a}{b}"))),
                    );
                }
            }
            all
        }
    }
}

fn describe(properties: &BTreeMap<String, DeviceValue>) -> String {
    let words: Vec<String> = properties
        .iter()
        .map(|(name, value)| match (name.as_str(), value) {
            ("iscompliant", DeviceValue::Flag(true)) => "compliant".to_owned(),
            ("iscompliant", _) => "not compliant".to_owned(),
            ("trusttype", DeviceValue::Text(text)) => match text.as_str() {
                "ServerAD" => "hybrid-joined".to_owned(),
                "AzureAD" => "Entra-joined".to_owned(),
                _ => "Entra-registered".to_owned(),
            },
            (name, DeviceValue::Text(text)) => format!("{name} {text:?}"),
            (name, DeviceValue::List(items)) if items.is_empty() => format!("no {name}"),
            (name, DeviceValue::List(items)) => format!("{name} {}", items.join(",")),
            (name, DeviceValue::Flag(flag)) => format!("{name} {flag}"),
            (name, DeviceValue::Null) => format!("no {name}"),
        })
        .collect();
    format!("a registered device ({})", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(rule: &str, mode: FilterMode) -> DeviceMatcher {
        DeviceMatcher::Filter { filter: Filter::parse(rule).unwrap(), mode }
    }

    #[test]
    fn excluding_devices_that_are_not_hybrid_frees_unregistered_ones() {
        let trap = matcher("device.trustType -ne \"ServerAD\"", FilterMode::Exclude);
        assert_eq!(trap.matches(&Device::unregistered()), Tri::No);
    }

    #[test]
    fn a_compliant_device_is_known_as_such_to_device_controls() {
        let filter = matcher("device.isCompliant -eq True", FilterMode::Exclude);
        let devices = enumerate([&filter].into_iter());
        let free: Vec<u8> =
            devices.iter().filter(|d| filter.matches(d) == Tri::No).map(|d| d.kinds).collect();
        assert_eq!(free, [COMPLIANT_ONLY | BOTH]);
    }

    #[test]
    fn nothing_said_of_the_device_leaves_filters_undecided() {
        let filter = matcher("device.isCompliant -eq True", FilterMode::Include);
        assert_eq!(filter.matches(&Device::unspecified()), Tri::Unknown);
    }
}
