//! Readers of Microsoft Graph export files, of sign-in logs, and of what addresses are known for.

pub mod export;
pub mod network;
pub mod sign_ins;
