//! The catalogue is embedded: a rule that changes is a reason to compile again.

fn main() {
    println!("cargo::rerun-if-changed=../../rules");
}
