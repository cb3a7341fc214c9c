//! Fuzz target of the oracle `form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::form::check(bytes);
});
