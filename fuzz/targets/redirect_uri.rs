//! Fuzz target of the oracle `redirect_uri`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    parhelion_oracles::redirect_uri::check(bytes);
});
