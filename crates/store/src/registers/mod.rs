//! What people declared: emergency accounts, exceptions, and who changed either when.

mod break_glass;
mod exceptions;
mod history;
mod load;

#[cfg(test)]
mod tests;

pub use exceptions::AddedException;
pub use history::{Register, RegisterAction, RegisterEvent};
pub use load::load_into;

/// What a declaration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// The entry is new.
    Added,
    /// There was one, and it says something else now.
    Changed,
    /// There was one that says the same; nothing was written.
    Unchanged,
}
