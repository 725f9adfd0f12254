//! Populations: whom a rule or a row of the matrix is about.

use fixedbitset::FixedBitSet;
use model::known::roles;
use model::policy::GuestType;

use crate::Tri;
use crate::principals::{PrincipalIndex, UserEntry};

/// One part of a population.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Every user, guests included.
    AllUsers,
    /// Users whose home is this tenant and who are not guests.
    Members,
    /// Guests and external users, of every kind or of some.
    Guests(Vec<GuestType>),
    /// Holders of a role of a named set.
    RoleSet(String),
    /// Holders of a role, by template id.
    Role(String),
    /// Members of a group.
    Group(String),
    /// Users that are used as service accounts, by the operator's name patterns.
    ServiceAccounts,
    /// Accounts that synchronise an on-premises directory.
    DirectorySync,
    /// Service principals that Conditional Access can act on.
    WorkloadIdentities,
}

/// Whom a rule is about: the union of some parts, less the union of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Parts.
    pub who: Vec<Selector>,
    /// Parts left out.
    pub except: Vec<Selector>,
}

/// Why a population cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PopulationError {
    /// Not a part.
    #[error(
        "{0:?} is not a population: use all-users, members, guests, guests:<types>, role-set:<name>, role:<id>, group:<id>, service-accounts, directory-sync or workload-identities"
    )]
    Unknown(String),
    /// Not a set of roles.
    #[error("{0:?} is not a set of roles: use one of {list}", list = roles::ROLE_SETS.join(", "))]
    RoleSet(String),
    /// Not a kind of guest.
    #[error("{0:?} is not a kind of guest")]
    Guest(String),
    /// Users and service principals in one population.
    #[error("workload identities cannot share a population with users")]
    Mixed,
    /// Nobody.
    #[error("a population needs at least one part")]
    Empty,
}

impl Selector {
    /// Reads a part from its words in a rule.
    ///
    /// # Errors
    /// [`PopulationError`] where the text is none of the vocabulary.
    pub fn parse(text: &str) -> Result<Self, PopulationError> {
        let (head, tail) = text.split_once(':').map_or((text, None), |(h, t)| (h, Some(t)));
        match (head, tail) {
            ("all-users", None) => Ok(Self::AllUsers),
            ("members", None) => Ok(Self::Members),
            ("guests", None) => Ok(Self::Guests(Vec::new())),
            ("guests", Some(types)) => types
                .split(',')
                .map(|name| match GuestType::from(name.trim()) {
                    GuestType::Unknown(name) => Err(PopulationError::Guest(name)),
                    known => Ok(known),
                })
                .collect::<Result<_, _>>()
                .map(Self::Guests),
            ("role-set", Some(name)) if roles::role_set(name).is_some() => {
                Ok(Self::RoleSet(name.to_owned()))
            }
            ("role-set", Some(name)) => Err(PopulationError::RoleSet(name.to_owned())),
            ("role", Some(id)) => Ok(Self::Role(id.to_owned())),
            ("group", Some(id)) => Ok(Self::Group(id.to_owned())),
            ("service-accounts", None) => Ok(Self::ServiceAccounts),
            ("directory-sync", None) => Ok(Self::DirectorySync),
            ("workload-identities", None) => Ok(Self::WorkloadIdentities),
            _ => Err(PopulationError::Unknown(text.to_owned())),
        }
    }

    /// The words for people.
    pub fn words(&self) -> String {
        match self {
            Self::AllUsers => "users".into(),
            Self::Members => "members".into(),
            Self::Guests(types) if types.is_empty() => "guests".into(),
            Self::Guests(types) => {
                let names: Vec<&str> = types.iter().map(GuestType::as_str).collect();
                format!("guests ({})", names.join(", "))
            }
            Self::RoleSet(name) => format!("holders of a role in {name}"),
            Self::Role(id) => {
                format!("holders of {}", roles::role_name(id).unwrap_or(id))
            }
            Self::Group(id) => format!("members of group {id}"),
            Self::ServiceAccounts => "service accounts".into(),
            Self::DirectorySync => "directory synchronisation accounts".into(),
            Self::WorkloadIdentities => "workload identities".into(),
        }
    }
}

impl Population {
    /// Reads a population from the words of its parts.
    ///
    /// # Errors
    /// [`PopulationError`] where a part is none of the vocabulary or the parts do not go together.
    pub fn parse(who: &[String], except: &[String]) -> Result<Self, PopulationError> {
        let read = |parts: &[String]| {
            parts.iter().map(|part| Selector::parse(part)).collect::<Result<Vec<_>, _>>()
        };
        let population = Self { who: read(who)?, except: read(except)? };
        if population.who.is_empty() {
            return Err(PopulationError::Empty);
        }
        let workload = |part: &Selector| *part == Selector::WorkloadIdentities;
        if population.who.iter().any(workload) && !population.who.iter().all(workload) {
            return Err(PopulationError::Mixed);
        }
        Ok(population)
    }

    /// Whether it is of service principals and not of users.
    pub fn is_workload(&self) -> bool {
        self.who.contains(&Selector::WorkloadIdentities)
    }

    /// The words for people.
    pub fn words(&self) -> String {
        self.who.iter().map(Selector::words).collect::<Vec<_>>().join(" and ")
    }
}

/// Who is in a population, surely and possibly; disjoint.
#[derive(Debug, Clone, PartialEq)]
pub struct PrincipalSet {
    /// Whether the indexes are of service principals.
    pub workload: bool,
    /// Surely in it.
    pub yes: FixedBitSet,
    /// Possibly in it.
    pub maybe: FixedBitSet,
}

impl PrincipalSet {
    /// Whether nobody is surely or possibly in it.
    pub fn is_empty(&self) -> bool {
        self.yes.is_clear() && self.maybe.is_clear()
    }

    /// Takes principals out.
    pub fn remove(&mut self, bits: &FixedBitSet) {
        self.yes.difference_with(bits);
        self.maybe.difference_with(bits);
    }
}

impl PrincipalIndex {
    /// Who is in a population and can sign in. `service_accounts` are lower-case beginnings of
    /// sign-in names.
    pub fn resolve(&self, population: &Population, service_accounts: &[String]) -> PrincipalSet {
        if population.is_workload() {
            let (yes, maybe) = self.addressable();
            return PrincipalSet { workload: true, yes, maybe };
        }
        let (mut yes, mut maybe) = self.union(&population.who, service_accounts);
        let (left_out, maybe_left_out) = self.union(&population.except, service_accounts);
        yes.difference_with(&left_out);
        maybe.difference_with(&left_out);
        // Possibly left out means possibly in.
        let mut moved = yes.clone();
        moved.intersect_with(&maybe_left_out);
        yes.difference_with(&moved);
        maybe.union_with(&moved);
        yes.intersect_with(&self.able);
        maybe.intersect_with(&self.able);
        maybe.difference_with(&yes);
        PrincipalSet { workload: false, yes, maybe }
    }

    fn union(&self, parts: &[Selector], service_accounts: &[String]) -> (FixedBitSet, FixedBitSet) {
        let mut yes = FixedBitSet::with_capacity(self.users.len());
        let mut maybe = FixedBitSet::with_capacity(self.users.len());
        let mut open = false;
        for part in parts {
            match part {
                Selector::AllUsers => yes.insert_range(..),
                Selector::Members => {
                    let away = |user: &UserEntry| user.guest_is(|kind| kind.is_some());
                    yes.extend(self.matching(|user| away(user) == Tri::No));
                    maybe.extend(self.matching(|user| away(user) == Tri::Unknown));
                }
                Selector::Guests(types) => {
                    let meant = |user: &UserEntry| {
                        user.guest_is(|kind| {
                            kind.is_some_and(|kind| types.is_empty() || types.contains(kind))
                        })
                    };
                    yes.extend(self.matching(|user| meant(user) == Tri::Yes));
                    maybe.extend(self.matching(|user| meant(user) == Tri::Unknown));
                }
                Selector::RoleSet(name) => {
                    let ids = roles::role_set(name).unwrap_or_default();
                    let own = self.privileged_custom_roles().iter().map(String::as_str);
                    let own = own.filter(|_| name == "microsoft-privileged");
                    for id in ids.iter().copied().chain(own) {
                        let members = self.role_in_any_scope(id);
                        yes.union_with(&members.yes);
                        open |= members.open;
                    }
                }
                Selector::Role(id) => {
                    let members = self.role_in_any_scope(id);
                    yes.union_with(&members.yes);
                    open |= members.open;
                }
                Selector::Group(id) => {
                    let members = self.group(id);
                    yes.union_with(&members.yes);
                    open |= members.open;
                }
                Selector::ServiceAccounts => yes.extend(self.matching(|user| {
                    let begins = |prefix: &String| {
                        user.label
                            .get(..prefix.len())
                            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
                    };
                    user.guest.is_none() && service_accounts.iter().any(begins)
                })),
                Selector::DirectorySync => {
                    for id in roles::DIRECTORY_SYNC {
                        yes.union_with(&self.role_in_any_scope(id).yes);
                    }
                    // A name alone proves nothing; without roles it is all there is.
                    if !self.roles_known {
                        maybe.union_with(&self.sync_named);
                    }
                }
                Selector::WorkloadIdentities => {}
            }
        }
        if open {
            maybe.insert_range(..);
        }
        maybe.difference_with(&yes);
        (yes, maybe)
    }

    /// The service principals that Conditional Access can act on, surely and possibly.
    pub(crate) fn addressable(&self) -> (FixedBitSet, FixedBitSet) {
        let of = |wanted: Tri| {
            let mut bits = FixedBitSet::with_capacity(self.workloads.len());
            let found = self.workloads.iter().enumerate();
            bits.extend(found.filter(|(_, one)| one.addressable == wanted).map(|(at, _)| at));
            bits
        };
        (of(Tri::Yes), of(Tri::Unknown))
    }

    fn matching(&self, keep: impl Fn(&UserEntry) -> bool) -> impl Iterator<Item = usize> {
        self.users.iter().enumerate().filter(move |(_, user)| keep(user)).map(|(at, _)| at)
    }
}
