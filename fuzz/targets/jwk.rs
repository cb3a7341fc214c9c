//! Fuzz target of the oracle `jwk`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::jwk::check(bytes);
});
