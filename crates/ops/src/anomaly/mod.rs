//! Anomalous sign-ins: models trained and judged, sign-ins scored, incidents told.

pub mod evaluation;
