//! Sign-ins judged: features against each account's own past, attack patterns, scores, incidents.
//!
//! Pure: sign-ins come in the order of time as arguments, and so does the time itself. The state
//! that the judgement of the next sign-in needs is one value that can be stored and taken up again.

pub mod address;
pub mod agent;
pub mod baseline;
pub mod calibration;
pub mod counts;
pub mod decay;
pub mod detector;
pub mod drift;
pub mod facet;
pub mod features;
pub mod hours;
pub mod incident;
pub mod inquiry;
pub mod likeness;
pub mod model;
pub mod observation;
mod own;
pub mod pattern;
pub mod quality;
pub mod recent;
pub mod symbols;
pub mod travel;
pub mod usual_approach;
pub mod verdict;
pub mod watch;
