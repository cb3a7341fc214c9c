//! Fuzz target of the oracle `jwt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::jwt::check(bytes);
});
