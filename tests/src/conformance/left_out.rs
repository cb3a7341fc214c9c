//! Lines of the list that no check here executes, each with why, and where it is looked at instead.

/// Line, what it asks, why not here.
pub const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("B.6", "413 and 429", "the suite does not look; rows of `limits` and `connection` in tests/spec do"),
    ("E.7", "a code lives 60 s at the most", "a minute of waiting; the engine's tests turn the clock"),
    ("F.1", "an access token that expired is refused", "ten minutes of waiting; the engine's tests turn the clock"),
    (
        "G",
        "30 s after a rotation the previous token works",
        "FAPI profiles do not rotate; it is used twice at once instead",
    ),
    (
        "F.4",
        "htu with the default port",
        "the test server's port is no default one; rows of `dpop` in tests/spec have it",
    ),
    ("H.3", "suites with RSA certificates", "the throw-away authority signs with ECDSA; the listener's tests have RSA"),
    ("OIDC", "dynamic registration, request_uri by reference", "they are features with tests of their own"),
    ("OIDC", "session management, front- and back-channel logout", "not built"),
];
