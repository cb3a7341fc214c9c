//! The combinations that the suite is run in.

use std::fmt;

/// One run of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which specification the server is to follow.
    pub family: Family,
    /// How clients authenticate.
    pub authentication: Authentication,
    /// What their access tokens are bound to.
    pub bound: Bound,
}

/// A specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// FAPI 2.0 Security Profile Final.
    Security,
    /// FAPI 2.0 Message Signing Final: signed requests (JAR) and signed responses (JARM).
    MessageSigning,
    /// FAPI 1.0 Advanced Final with pushed requests and the response type `code id_token`.
    Fapi1,
    /// The same with the response type `code` and the response mode `jwt`.
    Fapi1Jarm,
}

/// How clients authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// `private_key_jwt`.
    PrivateKeyJwt,
    /// `tls_client_auth`; the second client `self_signed_tls_client_auth`.
    MutualTls,
}

/// What access tokens are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The key of a DPoP proof.
    Dpop,
    /// A client certificate.
    Certificate,
}

impl Plan {
    /// A plan.
    #[must_use]
    pub const fn new(family: Family, authentication: Authentication, bound: Bound) -> Self {
        Self { family, authentication, bound }
    }

    /// The profile that the tenant begins with.
    #[must_use]
    pub const fn profile(self) -> &'static str {
        match self.family {
            Family::Security => "fapi2-security",
            Family::MessageSigning => "fapi2-message-signing",
            Family::Fapi1 | Family::Fapi1Jarm => "fapi1-advanced",
        }
    }

    /// Whether requests are request objects.
    #[must_use]
    pub const fn signs_requests(self) -> bool {
        !matches!(self.family, Family::Security)
    }

    /// Whether responses come as JWTs.
    #[must_use]
    pub const fn signs_responses(self) -> bool {
        matches!(self.family, Family::MessageSigning | Family::Fapi1Jarm)
    }

    /// Whether it is FAPI 2.0.
    #[must_use]
    pub const fn is_fapi2(self) -> bool {
        matches!(self.family, Family::Security | Family::MessageSigning)
    }

    /// Whether clients sign assertions.
    #[must_use]
    pub const fn asserts(self) -> bool {
        matches!(self.authentication, Authentication::PrivateKeyJwt)
    }

    /// Whether it is FAPI 1.0.
    #[must_use]
    pub const fn is_fapi1(self) -> bool {
        !self.is_fapi2()
    }

    /// Whether it is FAPI 1.0 with responses as JWTs.
    #[must_use]
    pub const fn is_fapi1_jarm(self) -> bool {
        matches!(self.family, Family::Fapi1Jarm)
    }

    /// Whether clients authenticate with a certificate.
    #[must_use]
    pub const fn authenticates_by_certificate(self) -> bool {
        !self.asserts()
    }

    /// Whether tokens are bound by DPoP.
    #[must_use]
    pub const fn is_dpop(self) -> bool {
        matches!(self.bound, Bound::Dpop)
    }

    /// Whether tokens are bound to certificates.
    #[must_use]
    pub const fn is_bound_to_certificate(self) -> bool {
        !self.is_dpop()
    }

    /// Whether a client certificate is needed at the token endpoint, for one reason or the other.
    #[must_use]
    pub const fn shows_certificates(self) -> bool {
        !self.asserts() || !self.is_dpop()
    }

    /// Whether the server wants its nonce in DPoP proofs: where messages are signed.
    #[must_use]
    pub const fn wants_nonces(self) -> bool {
        self.is_dpop() && matches!(self.family, Family::MessageSigning)
    }

    /// `response_type` of its requests.
    #[must_use]
    pub const fn response_type(self) -> &'static str {
        match self.family {
            Family::Fapi1 => "code id_token",
            Family::Security | Family::MessageSigning | Family::Fapi1Jarm => "code",
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authentication = if self.asserts() { "private_key_jwt" } else { "mtls" };
        write!(f, "{:?}, {authentication} + {:?}", self.family, self.bound)
    }
}
