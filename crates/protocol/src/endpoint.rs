//! The endpoints of an authorization server, by their metadata names.

/// One endpoint. A dialect says at which path it is served; metadata is derived from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// Pushed authorization requests (RFC 9126 section 2).
    Push,
    /// Authorization (RFC 6749 section 3.1).
    Authorize,
    /// Token (RFC 6749 section 3.2).
    Token,
    /// Claims about the user (OpenID Connect Core section 5.3).
    Userinfo,
    /// What a token is worth (RFC 7662).
    Introspect,
    /// The end of a token (RFC 7009).
    Revoke,
    /// The end of a session (OpenID Connect RP-Initiated Logout section 2).
    EndSession,
    /// A resource that only shows what a token is worth here: for those who try a client out.
    DemoResource,
    /// Challenges for attested clients (draft-ietf-oauth-attestation-based-client-auth-10 section 6).
    Challenge,
    /// The public keys (RFC 7517 section 5).
    Jwks,
    /// Metadata (OpenID Connect Discovery section 4).
    Discovery,
    /// Client registration (RFC 7591 section 3).
    Register,
    /// A client that was registered there (RFC 7592 section 2): its identifier is one more segment of the path.
    RegisteredClient,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 13] = [
        Self::Push,
        Self::Authorize,
        Self::Token,
        Self::Userinfo,
        Self::Introspect,
        Self::Revoke,
        Self::EndSession,
        Self::DemoResource,
        Self::Challenge,
        Self::Jwks,
        Self::Discovery,
        Self::Register,
        Self::RegisteredClient,
    ];

    /// The member of the metadata document that carries its URL (RFC 8414 section 2, RFC 9126
    /// section 5). The document itself and the demo resource have none.
    #[must_use]
    pub const fn metadata_name(self) -> Option<&'static str> {
        match self {
            Self::Push => Some("pushed_authorization_request_endpoint"),
            Self::Authorize => Some("authorization_endpoint"),
            Self::Token => Some("token_endpoint"),
            Self::Userinfo => Some("userinfo_endpoint"),
            Self::Introspect => Some("introspection_endpoint"),
            Self::Revoke => Some("revocation_endpoint"),
            Self::EndSession => Some("end_session_endpoint"),
            Self::Challenge => Some("challenge_endpoint"),
            Self::Jwks => Some("jwks_uri"),
            Self::Register => Some("registration_endpoint"),
            Self::DemoResource | Self::Discovery | Self::RegisteredClient => None,
        }
    }

    /// The methods it answers, for dispatch and for `Allow`.
    #[must_use]
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Push | Self::Token | Self::Introspect | Self::Revoke | Self::Challenge | Self::Register => &["POST"],
            Self::RegisteredClient => &["GET", "PUT", "DELETE"],
            Self::Authorize | Self::Userinfo | Self::EndSession | Self::DemoResource => &["GET", "POST"],
            Self::Jwks | Self::Discovery => &["GET", "HEAD"],
        }
    }

    /// Whether it is there only where a tenant lets clients register.
    #[must_use]
    pub const fn is_of_registration(self) -> bool {
        matches!(self, Self::Register | Self::RegisteredClient)
    }
}
