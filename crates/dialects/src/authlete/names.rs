//! Published names: lists that are closed, so that nothing else may be said, and how names are written here.

/// The published names of client authentication methods; nothing else may be said.
const METHODS: &[&str] = &[
    "NONE",
    "CLIENT_SECRET_BASIC",
    "CLIENT_SECRET_POST",
    "CLIENT_SECRET_JWT",
    "PRIVATE_KEY_JWT",
    "TLS_CLIENT_AUTH",
    "SELF_SIGNED_TLS_CLIENT_AUTH",
    "ATTEST_JWT_CLIENT_AUTH",
];

/// The same of signature algorithms.
const ALGORITHMS: &[&str] = &[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA",
];

/// Whether a method is one that the vendor's older libraries know too: they cannot read a service with any other.
pub(super) fn is_known_everywhere(name: &str) -> bool {
    METHODS.iter().filter(|known| **known != "ATTEST_JWT_CLIENT_AUTH").any(|known| *known == name)
}

/// Whether a signature algorithm has a published name.
pub(super) fn is_algorithm(name: &str) -> bool {
    ALGORITHMS.contains(&name)
}

/// Whether a method has a published name.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

/// A response type by its published name: its words in an order of their own.
pub(super) fn response_type(oauth: &str) -> String {
    let said = |word: &&str| oauth.split(' ').any(|sent| sent == *word);
    let (code, id_token, token) = ("code", "id_token", "token");
    let words: Vec<&str> = if said(&code) && !said(&id_token) {
        [code, token].into_iter().filter(said).collect()
    } else {
        [code, id_token, token].into_iter().filter(said).collect()
    };
    if words.is_empty() { oauth.to_uppercase() } else { words.join("_").to_uppercase() }
}
