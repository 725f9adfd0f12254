//! Tables of what Microsoft publishes: roles, applications. Checked against its documentation.

pub mod applications;
pub mod roles;
