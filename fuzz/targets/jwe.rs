//! Fuzz target of the oracle `jwe`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::jwe::check(bytes);
});
