//! Growing and asking a forest.
fn main() {}
