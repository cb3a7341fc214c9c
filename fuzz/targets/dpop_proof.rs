//! Fuzz target of the oracle `dpop_proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::dpop_proof::check(bytes);
});
