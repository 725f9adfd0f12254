//! The Conditional Access evaluator.
//!
//! [`PolicySet::compile`] resolves a tenant's principals once into bitmaps. Then
//! [`PolicySet::evaluate`] judges one sign-in, policy by policy, and [`PolicySet::enforced`] works
//! out what the policies together guarantee to every principal of a population, on every path that
//! an attacker can choose.
//!
//! Semantics follow Microsoft's documentation: every applicable policy must be satisfied by
//! itself, block wins, exclusion beats inclusion, report-only never enforces. What the data cannot
//! decide is [`Tri::Unknown`], never a guess. Pure: no I/O, no clock, no global state.

mod applications;
mod compile;
mod conditions;
mod decide;
mod demand;
mod device;
mod enforced;
mod filter;
mod grant;
mod hypothetical;
mod inspect;
mod mask;
mod methods;
mod needs;
mod paths;
mod place;
mod population;
mod principals;
mod situation;
mod tri;
mod ways;

pub use applications::{Target, TargetWords};
pub use compile::{CompileOptions, Origin, PolicyError, PolicySet};
pub use decide::ScenarioError;
pub use demand::{Demand, DemandError, Term};
pub use enforced::{Breach, ClassOutcome, Enforcement, Judgement, Path};
pub use filter::{Filter, FilterError};
pub use hypothetical::{has_directory, unresolved_of, with_hypothetical_directory};
pub use inspect::{Opening, PolicyHandle};
pub use population::{Population, PopulationError, PrincipalSet, Selector};
pub use principals::PrincipalIndex;
pub use situation::{ClientKind, DeviceCondition, FlowCondition, PlaceCondition, Scope, Situation};
pub use tri::Tri;
pub use ways::{Session, Way, Ways};
