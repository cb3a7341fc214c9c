//! parhelion
fn main() {}
