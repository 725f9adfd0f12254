//! Readers of Microsoft Graph export files.

pub mod export;
