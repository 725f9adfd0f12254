//! Readers of Microsoft Graph export files
