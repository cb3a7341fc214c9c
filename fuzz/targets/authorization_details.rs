//! Fuzz target of the oracle `authorization_details`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::authorization_details::check(bytes);
});
