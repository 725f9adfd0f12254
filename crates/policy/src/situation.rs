//! Situations: the dimensions of a sign-in apart from who, and the values that policies tell apart.

use model::policy::{RiskLevel, UserAction};

use crate::Tri;
use crate::applications::Target;
use crate::compile::CompiledPolicy;
use crate::conditions::{FLOWS, INSIDER, PLATFORMS, RISKS};
use crate::device::{self, Device};
use crate::mask::TriMask;
use crate::place::Locations;
use crate::ways::{ANY_DEVICE, UNMANAGED};

/// What is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every resource that policies may tell apart, and any other.
    AllResources,
    /// Each of these.
    Targets(Vec<Target>),
}

impl Scope {
    /// A user action.
    pub fn action(action: UserAction) -> Self {
        Self::Targets(vec![Target::UserAction(action)])
    }
}

/// How the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientKind {
    /// A browser.
    Browser,
    /// A modern client.
    ModernClient,
    /// Exchange ActiveSync with a password.
    ExchangeActiveSync,
    /// Another legacy protocol.
    Other,
}

impl ClientKind {
    /// Every kind, in the order of the tables.
    pub const ALL: [Self; 4] =
        [Self::Browser, Self::ModernClient, Self::ExchangeActiveSync, Self::Other];

    /// Clients that cannot do multifactor authentication or tell their device.
    pub fn is_legacy(self) -> bool {
        matches!(self, Self::ExchangeActiveSync | Self::Other)
    }

    /// Reads the word of a rule.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "browser" => Self::Browser,
            "modern-client" => Self::ModernClient,
            "exchange-activesync" => Self::ExchangeActiveSync,
            "other" => Self::Other,
            _ => return None,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Browser => "a browser",
            Self::ModernClient => "a modern client",
            Self::ExchangeActiveSync => "Exchange ActiveSync",
            Self::Other => "a legacy protocol",
        }
    }
}

/// Which places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlaceCondition {
    /// Every place.
    #[default]
    Any,
    /// In a trusted location.
    Trusted,
    /// Outside every trusted location.
    Untrusted,
    /// One place that the policies tell apart, by its number; for [`crate::PolicySet::blocked_countries`].
    At(usize),
}

/// Which devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceCondition {
    /// Every device.
    #[default]
    Any,
    /// Neither compliant nor hybrid-joined.
    Unmanaged,
    /// Compliant or hybrid-joined.
    Managed,
    /// Not registered.
    Unregistered,
}

/// Which flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowCondition {
    /// Every flow.
    #[default]
    Any,
    /// Neither of the two below.
    Ordinary,
    /// The device code flow.
    DeviceCode,
    /// Authentication transfer.
    AuthenticationTransfer,
}

/// The situations that a rule is about: every combination of the values allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Clients; each must hold.
    pub clients: Vec<ClientKind>,
    /// Platforms by Graph's name, or `unknown`; empty for all.
    pub platforms: Vec<String>,
    /// Sign-in risk levels; empty for all.
    pub sign_in_risk: Vec<RiskLevel>,
    /// User risk levels; empty for all.
    pub user_risk: Vec<RiskLevel>,
    /// Service-principal risk levels; empty for all.
    pub workload_risk: Vec<RiskLevel>,
    /// Insider risk by Graph's name, or `none`; empty for all.
    pub insider_risk: Vec<String>,
    /// Places.
    pub place: PlaceCondition,
    /// Devices.
    pub device: DeviceCondition,
    /// Flows.
    pub flow: FlowCondition,
}

impl Default for Situation {
    /// Browsers and modern clients, in every situation that an attacker can choose.
    fn default() -> Self {
        Self {
            clients: vec![ClientKind::Browser, ClientKind::ModernClient],
            platforms: Vec::new(),
            sign_in_risk: Vec::new(),
            user_risk: Vec::new(),
            workload_risk: Vec::new(),
            insider_risk: Vec::new(),
            place: PlaceCondition::Any,
            device: DeviceCondition::Any,
            flow: FlowCondition::Any,
        }
    }
}

/// What a sign-in of some situation can bring at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ability {
    /// Speaks a protocol that carries nothing but a password.
    pub(crate) legacy: bool,
    /// Device code flow: no device state.
    pub(crate) device_code: bool,
    /// Kinds of device.
    pub(crate) kinds: u8,
}

impl Ability {
    pub(crate) const FULL: Self = Self { legacy: false, device_code: false, kinds: ANY_DEVICE };

    /// Whether everything that the other can bring, this can too.
    pub(crate) fn is_weaker_or_equal(self, other: Self) -> bool {
        (!self.legacy || other.legacy)
            && (!self.device_code || other.device_code)
            && other.kinds & !self.kinds == 0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            legacy: self.legacy || other.legacy,
            device_code: self.device_code || other.device_code,
            kinds: self.kinds & other.kinds,
        }
    }
}

/// A value of a dimension: the policies that match it, and words.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) words: String,
    pub(crate) mask: TriMask,
    pub(crate) ability: Ability,
    /// Whether it is what a sign-in has unless something is said: not worth a word on a path.
    pub(crate) ordinary: bool,
}

/// A place, and what it is.
#[derive(Debug, Clone)]
pub(crate) struct PlaceValue {
    pub(crate) trusted: Tri,
    /// Whether it is told from others by addresses, and not by countries alone.
    pub(crate) by_address: bool,
    pub(crate) value: Value,
}

/// Values of every dimension but who and what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dimensions {
    clients: Vec<Value>,
    platforms: Vec<Value>,
    pub(crate) places: Vec<PlaceValue>,
    devices: Vec<(bool, Value)>,
    sign_in_risk: Vec<Value>,
    user_risk: Vec<Value>,
    workload_risk: Vec<Value>,
    insider_risk: Vec<Value>,
    flows: Vec<Value>,
}

impl Dimensions {
    pub(crate) fn new(policies: &[CompiledPolicy], locations: &Locations) -> Self {
        let value = |words: String, ability: Ability, matches: &dyn Fn(&CompiledPolicy) -> Tri| {
            let mut mask = TriMask::default();
            for (at, policy) in policies.iter().enumerate() {
                mask.put(at, matches(policy));
            }
            Value { words, mask, ability, ordinary: false }
        };
        let plain = |words: String, matches: &dyn Fn(&CompiledPolicy) -> Tri| {
            value(words, Ability::FULL, matches)
        };
        // The first of each table is what a sign-in has unless something is said.
        let first_ordinary = |mut values: Vec<Value>| {
            if let Some(first) = values.first_mut() {
                first.ordinary = true;
            }
            values
        };
        let risk = |name: &str, of: &dyn Fn(&CompiledPolicy) -> [Tri; 4]| -> Vec<Value> {
            let levels =
                (0..RISKS.len()).map(|at| plain(format!("{name} {}", RISKS[at]), &|p| of(p)[at]));
            first_ordinary(levels.collect())
        };
        let places = locations
            .enumerate(policies.iter().map(|p| &p.conditions.places))
            .into_iter()
            .map(|place| {
                let value =
                    plain(place.label.clone(), &|p| p.conditions.places.matches(&place, locations));
                PlaceValue {
                    trusted: locations.is_trusted(&place),
                    by_address: locations.is_told_by_address(&place),
                    value,
                }
            })
            .collect();
        let devices = device::enumerate(policies.iter().map(|p| &p.conditions.device))
            .into_iter()
            .map(|device: Device| {
                let ability = Ability { kinds: device.kinds, ..Ability::FULL };
                let value = value(format!("on {}", device.label), ability, &|p| {
                    p.conditions.device.matches(&device)
                });
                (device.is_registered(), value)
            })
            .collect();
        Self {
            clients: (0..4)
                .map(|at| {
                    let kind = ClientKind::ALL[at];
                    let ability = Ability { legacy: kind.is_legacy(), ..Ability::FULL };
                    value(format!("with {}", kind.words()), ability, &|p| p.conditions.clients[at])
                })
                .collect(),
            platforms: (0..PLATFORMS.len())
                .map(|at| {
                    let name =
                        if at == 6 { "a platform Entra does not know" } else { PLATFORMS[at] };
                    plain(format!("on {name}"), &|p| p.conditions.platforms[at])
                })
                .collect(),
            places,
            devices,
            sign_in_risk: risk("at sign-in risk", &|p| p.conditions.sign_in_risk),
            user_risk: risk("at user risk", &|p| p.conditions.user_risk),
            workload_risk: risk("at service-principal risk", &|p| p.conditions.workload_risk),
            insider_risk: first_ordinary(
                (0..INSIDER.len())
                    .map(|at| {
                        plain(format!("at insider risk {}", INSIDER[at]), &|p| {
                            p.conditions.insider_risk[at]
                        })
                    })
                    .collect(),
            ),
            flows: first_ordinary(
                (0..FLOWS.len())
                    .map(|at| {
                        let ability = Ability { device_code: at == 1, ..Ability::FULL };
                        let words = match at {
                            0 => "in the ordinary flow",
                            1 => "in the device code flow",
                            _ => "by authentication transfer",
                        };
                        value(words.to_owned(), ability, &|p| p.conditions.flows[at])
                    })
                    .collect(),
            ),
        }
    }

    /// The values that a situation allows, dimension by dimension.
    pub(crate) fn allowed(&self, situation: &Situation) -> Vec<(&'static str, Vec<Value>)> {
        let pick = |values: &[Value], keep: &dyn Fn(usize) -> bool| -> Vec<Value> {
            values.iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, v)| v.clone()).collect()
        };
        let levels = |wanted: &[RiskLevel]| {
            let wanted = wanted.to_vec();
            move |at: usize| {
                wanted.is_empty() || RISKS.get(at).is_some_and(|level| wanted.contains(level))
            }
        };
        let places = self
            .places
            .iter()
            .enumerate()
            .filter_map(|(at, place)| match (situation.place, place.trusted) {
                (PlaceCondition::At(wanted), _) if wanted == at => Some(place.value.clone()),
                (PlaceCondition::Any, _)
                | (PlaceCondition::Trusted, Tri::Yes)
                | (PlaceCondition::Untrusted, Tri::No) => Some(place.value.clone()),
                _ => None,
            })
            .collect();
        let devices = self
            .devices
            .iter()
            .filter_map(|(registered, value)| {
                let kinds = match situation.device {
                    DeviceCondition::Any => ANY_DEVICE,
                    DeviceCondition::Unmanaged | DeviceCondition::Unregistered => UNMANAGED,
                    DeviceCondition::Managed => ANY_DEVICE & !UNMANAGED,
                };
                let single = self.devices.len() == 1;
                // Legacy protocols and the device code flow tell nothing of a device.
                let untold = situation.device == DeviceCondition::Unregistered
                    || situation.flow == FlowCondition::DeviceCode
                    || (!situation.clients.is_empty()
                        && situation.clients.iter().all(|client| client.is_legacy()));
                if untold && *registered && !single {
                    return None;
                }
                let mut value = value.clone();
                value.ability.kinds &= kinds;
                (value.ability.kinds != 0).then_some(value)
            })
            .collect();
        let flow = situation.flow;
        vec![
            (
                "client",
                pick(&self.clients, &|at| {
                    ClientKind::ALL.get(at).is_some_and(|kind| situation.clients.contains(kind))
                }),
            ),
            (
                "platform",
                pick(&self.platforms, &|at| {
                    situation.platforms.is_empty()
                        || PLATFORMS.get(at).is_some_and(|name| {
                            situation
                                .platforms
                                .iter()
                                .any(|wanted| wanted.eq_ignore_ascii_case(name))
                        })
                }),
            ),
            ("location", places),
            ("device", devices),
            ("sign-in risk", pick(&self.sign_in_risk, &levels(&situation.sign_in_risk))),
            ("user risk", pick(&self.user_risk, &levels(&situation.user_risk))),
            (
                "service-principal risk",
                pick(&self.workload_risk, &levels(&situation.workload_risk)),
            ),
            (
                "insider risk",
                pick(&self.insider_risk, &|at| {
                    situation.insider_risk.is_empty()
                        || INSIDER
                            .get(at)
                            .is_some_and(|name| situation.insider_risk.iter().any(|w| w == name))
                }),
            ),
            (
                "flow",
                pick(&self.flows, &|at| match flow {
                    FlowCondition::Any => true,
                    FlowCondition::Ordinary => at == 0,
                    FlowCondition::DeviceCode => at == 1,
                    FlowCondition::AuthenticationTransfer => at == 2,
                }),
            ),
        ]
    }
}
