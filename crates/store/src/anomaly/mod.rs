//! Models, the state of detection, incidents and scores.

mod incidents;
mod models;
mod state;

pub use incidents::{SignInScore, StoredIncident};
pub use models::{ModelAlias, ModelEvent, ModelVersion};
pub use state::{DetectionState, Judgement};
