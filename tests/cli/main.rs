//! The command line as its users meet it: the built binary, on a machine of its own.
//!
//! One test program for all of it, because each would be linked with DuckDB anew. A file a
//! subject; add yours with a `mod` line.

#[cfg(test)]
mod anomaly;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod config;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod db;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod import;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod policy_files;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod registers;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod run;
#[cfg(test)]
mod signins;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod tenant;
#[cfg(test)]
mod whatif;
