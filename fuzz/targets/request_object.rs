//! Fuzz target of the oracle `request_object`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::request_object::check(bytes);
});
