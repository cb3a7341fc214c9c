//! Where a mount's endpoints are, as each dialect's users know them.

/// The addresses of one mount.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The issuer.
    pub issuer: String,
    /// The pushed authorization request endpoint.
    pub par: String,
    /// The authorization endpoint.
    pub authorize: String,
    /// The token endpoint.
    pub token: String,
    /// The key set.
    pub jwks: String,
    /// The metadata document.
    pub discovery: String,
}

impl Mount {
    /// `{base}/par`, `/authorize`, `/token`; the base is the issuer.
    #[must_use]
    pub fn standard(base: &str) -> Self {
        Self::below(base)
    }

    /// IBM Verify: everything below `{base}/oauth2`.
    #[must_use]
    pub fn ibm_verify(base: &str) -> Self {
        Self::below(&format!("{base}/oauth2"))
    }

    /// PingOne: everything below `{base}/as`.
    #[must_use]
    pub fn pingone(base: &str) -> Self {
        Self::below(&format!("{base}/as"))
    }

    /// Autional: `{base}/oauth/…`; the base is the issuer.
    #[must_use]
    pub fn autional(base: &str) -> Self {
        Self {
            issuer: base.to_owned(),
            par: format!("{base}/oauth/pushed-authorization"),
            jwks: format!("{base}/oauth/jwks"),
            discovery: format!("{base}/.well-known/openid-configuration"),
            ..Self::below(&format!("{base}/oauth"))
        }
    }

    fn below(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            par: format!("{issuer}/par"),
            authorize: format!("{issuer}/authorize"),
            token: format!("{issuer}/token"),
            jwks: format!("{issuer}/jwks"),
            discovery: format!("{issuer}/.well-known/openid-configuration"),
        }
    }
}
