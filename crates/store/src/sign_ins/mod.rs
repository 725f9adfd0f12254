//! Sign-ins: taken in once each, read in the order of time.

mod arrive;
mod columns;
mod raw;
mod read;
mod seen;
mod stats;

pub use arrive::{ArrivingSignIn, SignInArrival, SignInOrigin, SignInOutcome};
pub use columns::SignInFields;
pub use read::{SignInSpan, StoredSignIn};
