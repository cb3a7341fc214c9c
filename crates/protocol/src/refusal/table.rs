//! THE TABLE: reason -> stable code, OAuth error, HTTP status, source, what is said, what was expected,
//! how to mend it.
//!
//! Codes: 1xx the HTTP message, 2xx client authentication, 3xx the authorization request, 4xx proofs of
//! possession, 5xx the authorization endpoint and its pages, 6xx the token endpoint, 7xx tokens in use and
//! logout, 8xx registration, 9xx faults and limits of ours. A code is never reused for another reason. At the authorization endpoint a
//! refusal is a page, or a redirect where the engine holds a validated redirect URI; elsewhere it is JSON with the
//! row's status.

use super::OAuthError;

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// Stable, `PAR-` and three digits; the name of its page under `/errors/`.
    pub code: &'static str,
    /// What the client's library looks at.
    pub error: OAuthError,
    /// HTTP status where the answer is JSON. 401 is sent only where the request carried an
    /// `Authorization` header, else 400 (RFC 9110 section 15.5.2 wants a challenge with every 401).
    pub status: u16,
    /// Specification and section that the rule rests on.
    pub spec: &'static str,
    /// What the client hears: a constant, of the characters RFC 6749 section 5.2 allows.
    pub description: &'static str,
    /// What would have been right.
    pub expected: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
    hides_behind: Option<Reason>,
}

impl Row {
    /// The row that strangers see in place of this one.
    #[must_use]
    pub fn public(&'static self) -> &'static Self {
        self.hides_behind.map_or(self, Reason::row)
    }
}

macro_rules! reasons {
    ($($name:ident = $code:literal, $error:ident, $status:literal, $spec:literal, $description:literal, $expected:literal, $remedy:literal $(, behind $public:ident)?;)+) => {
        /// Every reason for which this server turns a request down.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $(#[doc = concat!("`", $code, "`: ", $description, ".")] $name),+ }

        impl Reason {
            /// Every reason, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The row of this reason.
            #[must_use]
            pub fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => &Row {
                        code: $code,
                        error: OAuthError::$error,
                        status: $status,
                        spec: $spec,
                        description: $description,
                        expected: $expected,
                        remedy: $remedy,
                        hides_behind: reasons!(@behind $($public)?),
                    }),+
                }
            }

            /// The reason of a code such as `PAR-309`.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.row().code == code)
            }
        }
    };
    (@behind) => { None };
    (@behind $public:ident) => { Some(Reason::$public) };
}

reasons! {
    MethodNotAllowed = "PAR-101", InvalidRequest, 405, "RFC 9126 section 2",
        "the method is not allowed at this endpoint",
        "one of the methods in the Allow header",
        "send the request with an allowed method; a method override header is not honoured";
    ContentTypeNotForm = "PAR-102", InvalidRequest, 400, "RFC 9126 section 2.1",
        "the content type is not one that this endpoint reads",
        "application/x-www-form-urlencoded, charset absent or utf-8",
        "set the Content-Type header; JSON and multipart bodies are not read here";
    ContentEncoded = "PAR-103", InvalidRequest, 400, "Parhelion: bodies are never decompressed",
        "the body has a content encoding",
        "no Content-Encoding, or identity",
        "send the body as it is";
    MalformedPercentEncoding = "PAR-104", InvalidRequest, 400, "RFC 6749 appendix B",
        "a percent sign is not followed by two hex digits",
        "well-formed percent-encoding",
        "encode names and values with a form encoder";
    NotUtf8 = "PAR-105", InvalidRequest, 400, "RFC 6749 appendix B",
        "a decoded name or value is not UTF-8",
        "UTF-8",
        "encode text as UTF-8 before percent-encoding it";
    ControlCharacter = "PAR-106", InvalidRequest, 400, "RFC 6749 appendix A",
        "a name or value holds a control character",
        "no character below 0x20 and no DEL",
        "remove the control character";
    ParameterInQuery = "PAR-107", InvalidRequest, 400, "RFC 6749 section 2.3.1",
        "an OAuth parameter stands in the query of the URL",
        "all parameters in the request body",
        "move the parameters into the body: URLs end in logs";
    ParameterRepeated = "PAR-108", InvalidRequest, 400, "OAuth 2.1 section 3.2",
        "a parameter is included more than once",
        "each recognised parameter at most once",
        "send the parameter once";
    TooManyParameters = "PAR-109", InvalidRequest, 400, "RFC 9126 section 2.3",
        "there are too many parameters",
        "at most 64 parameters",
        "send fewer parameters, or a request object";
    ParameterNameTooLong = "PAR-110", InvalidRequest, 400, "RFC 9126 section 2.3",
        "a parameter name is too long",
        "names of at most 64 bytes",
        "shorten the name";
    ParameterValueTooLong = "PAR-111", InvalidRequest, 400, "RFC 9126 section 2.3",
        "a parameter value is too long",
        "values of at most 32 KiB",
        "shorten the value";
    BodyTooLarge = "PAR-112", InvalidRequest, 413, "RFC 9126 section 2.3",
        "the request body is too large",
        "a body within the limit of this endpoint",
        "send a smaller request";
    HeadersTooLarge = "PAR-113", InvalidRequest, 431, "RFC 6585 section 5",
        "the request headers are too large",
        "headers of at most 32 KiB in total and at most 100 fields",
        "send fewer or shorter headers";
    BodyIncomplete = "PAR-114", InvalidRequest, 408, "RFC 9110 section 15.5.9",
        "the request body did not arrive in time",
        "the whole body within ten seconds",
        "send the body without pausing";
    MalformedJson = "PAR-115", InvalidRequest, 400, "RFC 8259",
        "the request body is not a well-formed JSON object",
        "one JSON object without repeated names",
        "send well-formed JSON";
    JsonTypeWrong = "PAR-116", InvalidRequest, 400, "Parhelion: dialects read JSON by type",
        "a member of the JSON body has the wrong type",
        "the JSON type that the endpoint documents for the member",
        "send the member with its documented type";
    NotFound = "PAR-117", InvalidRequest, 404, "RFC 9110 section 15.5.5",
        "there is nothing at this address",
        "an address that the metadata names",
        "take the endpoint addresses from the metadata document";
    HostMissing = "PAR-118", InvalidRequest, 400, "RFC 9110 section 7.2",
        "the Host header is missing or repeated",
        "exactly one Host header",
        "send one Host header";
    TooManyResources = "PAR-119", InvalidRequest, 400, "RFC 8707 section 2",
        "resource stands too often",
        "at most 16 values of resource",
        "ask for fewer resources at once";
    TransferCodingUnknown = "PAR-120", InvalidRequest, 501, "RFC 9112 section 6.1",
        "the transfer coding is not one that this server decodes",
        "Transfer-Encoding: chunked, or a Content-Length",
        "send the body as it is";
    Misdirected = "PAR-121", InvalidRequest, 421, "RFC 9110 section 15.5.20",
        "the connection was opened for another host of this server",
        "the host that was named in the TLS handshake",
        "open a connection for this host";
    ClientIdMissing = "PAR-201", InvalidRequest, 400, "RFC 9126 section 2.1",
        "client_id is missing",
        "client_id in the request body",
        "send client_id, also beside an Authorization header";
    ClientAuthenticationFailed = "PAR-202", InvalidClient, 401, "RFC 6749 section 5.2",
        "client authentication failed",
        "a registered client with a valid credential",
        "check client_id and credential, and that the client is enabled here";
    ClientUnknown = "PAR-203", InvalidClient, 401, "RFC 6749 section 5.2",
        "no client of that identifier is registered with this tenant",
        "a registered client_id",
        "register the client, or correct client_id or the base URL",
        behind ClientAuthenticationFailed;
    ClientDisabled = "PAR-204", InvalidClient, 401, "RFC 6749 section 5.2",
        "the client is disabled",
        "an enabled client",
        "enable the client",
        behind ClientAuthenticationFailed;
    ClientSecretWrong = "PAR-205", InvalidClient, 401, "RFC 6749 section 2.3.1",
        "the client secret is not the registered one",
        "the registered client secret",
        "correct the secret; mind that Basic credentials are form-encoded once before base64",
        behind ClientAuthenticationFailed;
    MalformedBasic = "PAR-206", InvalidClient, 401, "RFC 6749 section 2.3.1",
        "the Basic credentials are malformed",
        "Basic, one space, strict base64 of two form-encoded strings joined by a colon",
        "encode id and secret with form encoding, join with a colon, then base64";
    AuthorizationSchemeUnsupported = "PAR-207", InvalidClient, 401, "RFC 6749 section 5.2",
        "the scheme of the Authorization header does not authenticate clients",
        "Basic, or a method without that header",
        "use the registered client authentication method";
    AuthorizationRepeated = "PAR-208", InvalidRequest, 400, "RFC 6749 section 2.3",
        "there is more than one Authorization header",
        "at most one Authorization header",
        "send one";
    TwoMechanisms = "PAR-209", InvalidRequest, 400, "RFC 6749 section 2.3",
        "more than one client authentication mechanism is used",
        "exactly one mechanism",
        "remove all but the registered one";
    MethodNotRegistered = "PAR-210", InvalidClient, 401, "RFC 7591 section 2",
        "the client is registered with another authentication method",
        "the registered token_endpoint_auth_method",
        "use the registered method, or change the registration",
        behind ClientAuthenticationFailed;
    ClientIdMismatch = "PAR-211", InvalidRequest, 400, "RFC 9126 section 2.1",
        "client_id differs from the identity in the Authorization header",
        "the same client in both",
        "send the same client_id";
    AssertionTypeMissing = "PAR-212", InvalidRequest, 400, "RFC 7521 section 4.2",
        "client_assertion_type is missing or not supported",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "send client_assertion_type beside client_assertion";
    AssertionMissing = "PAR-213", InvalidRequest, 400, "RFC 7521 section 4.2",
        "client_assertion_type is present without client_assertion",
        "both or neither",
        "send the assertion";
    AssertionMalformed = "PAR-214", InvalidClient, 401, "RFC 7515 section 7.1",
        "the client assertion is not a well-formed signed JWT",
        "a compact JWS with a JSON object as header and payload",
        "build the assertion with a JOSE library";
    AssertionAlgorithmRefused = "PAR-215", InvalidClient, 401, "RFC 8725 section 3.1",
        "the signature algorithm of the client assertion is not accepted",
        "one of token_endpoint_auth_signing_alg_values_supported, and the registered one if there is one",
        "sign with an accepted algorithm";
    AssertionTypRefused = "PAR-216", InvalidClient, 401, "RFC 8725 section 3.11",
        "the typ of the client assertion names another kind of token",
        "typ absent, JWT or client-authentication+jwt",
        "correct typ";
    AssertionSignatureWrong = "PAR-217", InvalidClient, 401, "RFC 7523 section 3",
        "no registered key of the client verifies the assertion",
        "a signature by a registered key",
        "check kid and that the public key is registered",
        behind ClientAuthenticationFailed;
    AssertionSubjectWrong = "PAR-218", InvalidClient, 401, "RFC 7523 section 3",
        "iss and sub of the client assertion are not both the client",
        "iss and sub equal to client_id",
        "set both claims to client_id";
    AssertionClientIdMismatch = "PAR-219", InvalidClient, 401, "RFC 7521 section 4.2",
        "client_id differs from the subject of the client assertion",
        "the same client in both",
        "send the same client_id, or none";
    AssertionAudienceWrong = "PAR-220", InvalidClient, 401, "RFC 7523 section 3",
        "the audience of the client assertion is not accepted here",
        "the issuer identifier, in the form that the profile accepts",
        "set aud to the issuer from the metadata document, as a string";
    AssertionExpiryMissing = "PAR-221", InvalidClient, 401, "RFC 7523 section 3",
        "exp of the client assertion is missing or malformed",
        "exp as a number of seconds since 1970",
        "add exp";
    AssertionExpired = "PAR-222", InvalidClient, 401, "RFC 7523 section 3",
        "the client assertion has expired",
        "exp in the future",
        "make a new assertion for every request and check the clock";
    AssertionLivesTooLong = "PAR-223", InvalidClient, 401, "RFC 7523 section 3",
        "exp of the client assertion is unreasonably far ahead",
        "exp within the lifetime that the profile accepts",
        "shorten the lifetime; a minute is enough";
    AssertionNotYetValid = "PAR-224", InvalidClient, 401, "RFC 7523 section 3",
        "iat or nbf of the client assertion is malformed or in the future",
        "iat and nbf at most 30 seconds ahead",
        "check the clock of the client";
    AssertionJtiMissing = "PAR-225", InvalidClient, 401, "OpenID Connect Core section 9",
        "jti of the client assertion is missing or malformed",
        "jti as a non-empty string of at most 256 bytes",
        "add a random jti";
    AssertionReplayed = "PAR-226", InvalidClient, 401, "OpenID Connect Core section 9",
        "the client assertion was used before",
        "every assertion used once",
        "make a new assertion, with a new jti, for every request";
    PublicClientRefused = "PAR-227", InvalidClient, 401, "FAPI 2.0 Security Profile section 5.3.2.1",
        "this profile accepts only confidential clients",
        "a client that authenticates",
        "authenticate as registered, with mutual TLS by showing the certificate, or register the client with a method";
    MethodRefused = "PAR-228", InvalidClient, 401, "RFC 8414 section 2",
        "the client authentication method is not accepted here",
        "one of token_endpoint_auth_methods_supported",
        "register the client with an accepted method";
    ClientSecretExpired = "PAR-239", InvalidClient, 401, "RFC 7591 section 3.2.1",
        "the client secret was the registered one and has expired, or was exchanged for another",
        "the newest client secret",
        "use the secret that was issued last; where it has expired too, update the registration to get another",
        behind ClientAuthenticationFailed;
    CertificateMissing = "PAR-241", InvalidClient, 401, "RFC 8705 section 2",
        "the client authenticates with a certificate, and none came",
        "a client certificate in the TLS handshake",
        "show the certificate, at the address in mtls_endpoint_aliases if there is one; a proxy must hand it on",
        behind ClientAuthenticationFailed;
    CertificateUntrusted = "PAR-242", InvalidClient, 401, "RFC 8705 section 2.1",
        "no trust anchor of the tenant vouches for the client certificate",
        "a certificate that leads to one of the tenant's trust anchors, with those in between",
        "send the intermediate certificates, or add the authority to the tenant's trust anchors",
        behind ClientAuthenticationFailed;
    CertificateExpired = "PAR-243", InvalidClient, 401, "RFC 5280 section 6.1.3",
        "the client certificate, or one that leads to its authority, has expired",
        "certificates within their validity",
        "renew the certificate and check the clock",
        behind ClientAuthenticationFailed;
    CertificateNotYetValid = "PAR-244", InvalidClient, 401, "RFC 5280 section 6.1.3",
        "the client certificate, or one that leads to its authority, is not valid yet",
        "certificates within their validity",
        "check the clock",
        behind ClientAuthenticationFailed;
    CertificateNotForClients = "PAR-245", InvalidClient, 401, "RFC 5280 section 4.2.1.12",
        "the extended key usage of the certificate leaves out client authentication",
        "id-kp-clientAuth, or no such extension",
        "have a certificate issued for clients",
        behind ClientAuthenticationFailed;
    CertificateOfAuthority = "PAR-246", InvalidClient, 401, "RFC 5280 section 4.2.1.9",
        "the client certificate is one of an authority",
        "a certificate without cA",
        "show a certificate that the authority issued, not the authority's own",
        behind ClientAuthenticationFailed;
    CertificatePathRefused = "PAR-247", InvalidClient, 401, "RFC 5280 section 6.1",
        "the certification path breaks a constraint, or is too long",
        "a path within the path length and name constraints of its authorities, and of at most six of them",
        "have the certificate issued by an authority that may",
        behind ClientAuthenticationFailed;
    CertificateUnsupported = "PAR-248", InvalidClient, 401, "RFC 5280 section 4.2",
        "the client certificate has an algorithm, a version or a critical extension that is not supported",
        "X.509 version 3, signed with ECDSA, RSA of 2048 bits or more, or Ed25519",
        "have a certificate of another kind issued",
        behind ClientAuthenticationFailed;
    CertificateSubjectWrong = "PAR-249", InvalidClient, 401, "RFC 8705 section 2.1.2",
        "the subject of the client certificate is not the registered one",
        "the one subject that the client registered, wildcards standing for nothing",
        "correct the tls_client_auth member of the registration, or show the right certificate",
        behind ClientAuthenticationFailed;
    CertificateNotRegistered = "PAR-250", InvalidClient, 401, "RFC 8705 section 2.2",
        "the client certificate is none that the client registered",
        "a certificate in x5c, or by its x5t#S256, in the client's key set",
        "register the certificate, or show the registered one",
        behind ClientAuthenticationFailed;
    AssertionKeyUnknown = "PAR-230", InvalidClient, 401, "RFC 7515 section 4.1.4",
        "the client has no key of the kid and algorithm of its assertion",
        "a key that the client registered, or publishes at its jwks_uri",
        "check kid; look in the log whether the jwks_uri could be fetched",
        behind ClientAuthenticationFailed;
    AttestationRepeated = "PAR-270", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7",
        "there is more than one client attestation, or more than one proof beside it",
        "each header at most once",
        "send one OAuth-Client-Attestation and one OAuth-Client-Attestation-PoP";
    AttestationIncomplete = "PAR-271", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7",
        "a client attestation comes without a proof of possession, or a proof without an attestation",
        "OAuth-Client-Attestation, beside OAuth-Client-Attestation-PoP or a DPoP proof",
        "send both headers";
    AttestationMalformed = "PAR-272", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7",
        "the client attestation or its proof is not a well-formed signed JWT",
        "a compact JWS with a JSON object as header and payload",
        "build both with a JOSE library";
    AttestationTypRefused = "PAR-273", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7",
        "the typ of the client attestation or of its proof is not the one of its kind",
        "oauth-client-attestation+jwt, and oauth-client-attestation-pop+jwt",
        "correct typ";
    AttestationSubjectMissing = "PAR-274", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "sub of the client attestation is missing or malformed",
        "the client_id as sub",
        "let the attester name the client";
    AttestationClientIdMismatch = "PAR-275", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "client_id differs from the subject of the client attestation",
        "the same client in both",
        "send the client_id that the attestation is about";
    AttestationKeyRefused = "PAR-276", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "cnf of the client attestation holds no public key that can be used",
        "one public key as cnf.jwk",
        "let the attester put the public key of the instance into cnf";
    AttestationAlgorithmRefused = "PAR-277", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "the signature algorithm of the client attestation or of its proof is not accepted",
        "one that client_attestation_signing_alg_values_supported and client_attestation_pop_signing_alg_values_supported name",
        "sign with an accepted algorithm",
        behind ClientAuthenticationFailed;
    AttesterUnknown = "PAR-278", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "no attester that the tenant trusts has issued the client attestation",
        "an attester of the tenant",
        "add the attester to the tenant, or correct iss",
        behind ClientAuthenticationFailed;
    AttestationSignatureWrong = "PAR-279", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "no key of the attester verifies the client attestation",
        "a signature by a registered key of the attester",
        "check kid, and the JWK set of the attester",
        behind ClientAuthenticationFailed;
    AttestationExpired = "PAR-280", UseFreshAttestation, 400, "OAuth Attestation-Based Client Authentication, draft 10 section 7.4",
        "the client attestation has expired",
        "exp in the future",
        "get a new attestation from the attester";
    AttestationTimeWrong = "PAR-281", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.1",
        "exp of the client attestation is missing, or its times are malformed or in the future",
        "exp, iat and nbf as numbers of seconds since 1970",
        "check the clock of the attester";
    AttestationPopSignatureWrong = "PAR-282", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.2",
        "the proof beside the client attestation is not signed with the key of its cnf",
        "a signature by the key of the instance",
        "sign the proof with the key that was attested";
    AttestationPopAudienceWrong = "PAR-283", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.2",
        "the audience of the proof beside the client attestation is not this server",
        "the issuer identifier alone",
        "set aud to the issuer from the metadata document";
    AttestationPopIssuerWrong = "PAR-284", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.2",
        "iss of the proof beside the client attestation is not the client",
        "no iss, or the client_id",
        "leave iss out";
    AttestationPopTimeWrong = "PAR-285", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.2",
        "the proof beside the client attestation was not made just now",
        "iat at most 60 seconds ago and 30 seconds ahead",
        "make a proof for every request and check the clock";
    AttestationPopJtiMissing = "PAR-286", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.2",
        "jti of the proof beside the client attestation is missing or malformed",
        "jti as a non-empty string of at most 256 bytes",
        "add a random jti";
    AttestationPopReplayed = "PAR-287", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.2",
        "the proof beside the client attestation was used before",
        "every proof used once",
        "make a new proof, with a new jti, for every request";
    AttestationChallengeNeeded = "PAR-288", UseAttestationChallenge, 400, "OAuth Attestation-Based Client Authentication, draft 10 section 7.4",
        "the proof beside the client attestation must carry a fresh challenge of this server",
        "the challenge from the OAuth-Client-Attestation-Challenge header or the challenge endpoint",
        "repeat the request with a proof that carries the challenge";
    AttestationKeyContradicted = "PAR-289", InvalidClient, 401, "OAuth Attestation-Based Client Authentication, draft 10 section 7.3",
        "the DPoP proof in the place of an attestation proof is made with another key than the one attested",
        "a DPoP proof by the key of cnf",
        "sign the DPoP proof with the key that was attested, or send an attestation proof beside it";
    RequestUriPushed = "PAR-301", InvalidRequest, 400, "RFC 9126 section 2.1",
        "request_uri must not be pushed",
        "the authorization parameters themselves",
        "remove request_uri from the pushed request";
    GrantNotAllowed = "PAR-303", UnauthorizedClient, 400, "RFC 6749 section 4.1.2.1",
        "the client is not allowed to use this grant type",
        "the grant types of the response type among the registered grant_types",
        "change the registration";
    ResponseTypeMissing = "PAR-304", InvalidRequest, 400, "RFC 6749 section 4.1.1",
        "response_type is missing",
        "one of response_types_supported",
        "send response_type";
    ResponseTypeUnsupported = "PAR-305", UnsupportedResponseType, 400, "RFC 6749 section 3.1.1",
        "the response type is not supported",
        "one of response_types_supported",
        "use response_type=code";
    ResponseTypeNotAllowed = "PAR-306", UnauthorizedClient, 400, "RFC 6749 section 4.1.2.1",
        "the client is not allowed to use this response type",
        "a registered response type",
        "change the registration";
    ResponseModeUnsupported = "PAR-307", InvalidRequest, 400, "OAuth 2.0 Multiple Response Types section 2.1",
        "the response mode is not supported",
        "one of response_modes_supported",
        "leave response_mode out, or use a supported one";
    ResponseModeUnfit = "PAR-351", InvalidRequest, 400, "OAuth 2.0 Multiple Response Types section 5",
        "the response mode does not fit the response type",
        "no query where tokens are carried; query.jwt with tokens only where the response is encrypted",
        "leave response_mode out, or use fragment or form_post";
    NonceMissing = "PAR-352", InvalidRequest, 400, "OpenID Connect Core section 3.2.2.1",
        "nonce is missing",
        "a nonce, because the response carries an ID token or the profile asks for one",
        "send a fresh nonce with every request";
    OpenidMissing = "PAR-353", InvalidRequest, 400, "OpenID Connect Core section 3.2.2.1",
        "the scope has no openid",
        "openid, because the response carries an ID token",
        "ask for the scope openid";
    TokenUnbound = "PAR-354", InvalidRequest, 400, "RFC 9700 section 2.1.2",
        "the client needs bound tokens, and the authorization response cannot carry one",
        "response_type=code, or code id_token",
        "redeem a code with a proof of the key";
    StateMissing = "PAR-358", InvalidRequest, 400, "FAPI 1.0 part 1 section 5.2.2.3",
        "state is missing",
        "a state, because openid is not asked for",
        "send a fresh state with every request";
    ResponseUnsigned = "PAR-359", InvalidRequest, 400, "FAPI 1.0 part 2 section 5.2.2",
        "the authorization response would not be signed",
        "response_type=code id_token, or a response mode with jwt",
        "send response_mode=jwt";
    RedirectUriMissing = "PAR-308", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "redirect_uri is missing",
        "a registered redirect_uri",
        "send redirect_uri";
    RedirectUriNotRegistered = "PAR-309", InvalidRequest, 400, "OAuth 2.1 section 2.3.1",
        "redirect_uri is not registered for the client",
        "exactly a registered value; only the port of a loopback address may vary",
        "register the URI exactly as it is sent";
    ScopeMissing = "PAR-310", InvalidRequest, 400, "RFC 6749 section 3.3",
        "scope is missing",
        "a scope",
        "send scope";
    ScopeMalformed = "PAR-311", InvalidScope, 400, "RFC 6749 section 3.3",
        "scope is malformed",
        "at most 64 tokens of printable ASCII, separated by single spaces",
        "correct scope";
    ScopeNotAllowed = "PAR-312", InvalidScope, 400, "RFC 6749 section 3.3",
        "nothing in scope, or not all of it, is allowed for the client",
        "scopes that are registered for the client",
        "ask for registered scopes";
    StateTooLong = "PAR-313", InvalidRequest, 400, "Parhelion: state of at most 2048 bytes",
        "state is too long",
        "at most 2048 bytes",
        "keep what is large at the client and send a reference";
    StateTooShort = "PAR-314", InvalidRequest, 400, "Parhelion: minimum length set by the profile",
        "state is too short",
        "at least the length that the profile asks",
        "use a longer random state";
    NonceTooLong = "PAR-315", InvalidRequest, 400, "Parhelion: nonce of at most 512 bytes",
        "nonce is too long",
        "at most 512 bytes",
        "use a shorter nonce";
    NonceTooShort = "PAR-316", InvalidRequest, 400, "Parhelion: minimum length set by the profile",
        "nonce is too short",
        "at least the length that the profile asks",
        "use a longer random nonce";
    PkceMissing = "PAR-317", InvalidRequest, 400, "RFC 9700 section 2.1.1",
        "code_challenge is missing",
        "PKCE: code_challenge with code_challenge_method=S256",
        "make a code_verifier and send its S256 challenge";
    CodeChallengeMalformed = "PAR-318", InvalidRequest, 400, "RFC 7636 section 4.2",
        "code_challenge is malformed",
        "43 base64url characters for S256; 43 to 128 unreserved characters for plain",
        "send the base64url SHA-256 of the verifier, unpadded";
    CodeChallengeMethodPlain = "PAR-319", InvalidRequest, 400, "RFC 9700 section 2.1.1",
        "the PKCE method plain is refused; it is also what an absent code_challenge_method means",
        "code_challenge_method=S256",
        "send code_challenge_method=S256 with the hashed verifier";
    CodeChallengeMethodUnknown = "PAR-320", InvalidRequest, 400, "RFC 7636 section 4.4.1",
        "code_challenge_method is not known",
        "one of code_challenge_methods_supported",
        "send code_challenge_method=S256";
    CodeChallengeMethodAlone = "PAR-321", InvalidRequest, 400, "RFC 7636 section 4.3",
        "code_challenge_method is present without code_challenge",
        "both, or neither",
        "send code_challenge";
    MaxAgeMalformed = "PAR-322", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "max_age is malformed",
        "digits, 0 to 2147483647",
        "send seconds as digits";
    PromptUnsupported = "PAR-323", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "prompt holds a value that is not supported",
        "values of prompt_values_supported",
        "correct prompt";
    PromptNoneCombined = "PAR-324", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "prompt=none stands together with another value",
        "none alone",
        "send none alone, or leave it out";
    ClaimsMalformed = "PAR-325", InvalidRequest, 400, "OpenID Connect Core section 5.5",
        "claims is malformed or too large",
        "one JSON object without repeated names, depth at most 8, at most 200 nodes and 16 KiB",
        "correct claims";
    AuthorizationDetailsMalformed = "PAR-326", InvalidAuthorizationDetails, 400, "RFC 9396 section 2",
        "authorization_details is malformed or too large",
        "a JSON array of objects, each with a string type, depth at most 8, at most 200 nodes and 16 KiB",
        "correct authorization_details";
    AuthorizationDetailsTypeUnknown = "PAR-327", InvalidAuthorizationDetails, 400, "RFC 9396 section 5",
        "authorization_details holds a type that is not known here",
        "one of authorization_details_types_supported",
        "use a supported type";
    ResourceMalformed = "PAR-328", InvalidTarget, 400, "RFC 8707 section 2",
        "resource is malformed",
        "an absolute URI without a fragment",
        "send the URI of the resource server";
    ResourceUnknown = "PAR-329", InvalidTarget, 400, "RFC 8707 section 2",
        "resource is not known here",
        "the URI of a registered resource server",
        "register the resource server";
    DpopJktMalformed = "PAR-330", InvalidRequest, 400, "RFC 9449 section 10",
        "dpop_jkt is malformed",
        "43 base64url characters",
        "send the base64url SHA-256 thumbprint of the proof key";
    LoginHintTooLong = "PAR-332", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "login_hint is too long",
        "at most 256 bytes",
        "shorten login_hint";
    LoginHintMalformed = "PAR-333", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "login_hint is malformed",
        "a name, or a JSON object with the strings realm and username",
        "correct login_hint";
    IdTokenHintTooLong = "PAR-334", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "id_token_hint is too long",
        "at most 8 KiB",
        "send an ID token of this server";
    AcrValuesTooLong = "PAR-335", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "acr_values is too long",
        "at most 1024 bytes",
        "shorten acr_values";
    UiLocalesTooLong = "PAR-336", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.1",
        "ui_locales is too long",
        "at most 512 bytes",
        "shorten ui_locales";
    AuthorizationDetailsTypeNotAllowed = "PAR-337", InvalidAuthorizationDetails, 400, "RFC 9396 section 5",
        "authorization_details holds a type that the client may not use",
        "a type of the client's authorization_details_types",
        "register the type with the client";
    AcrEssential = "PAR-338", InvalidRequest, 400, "OpenID Connect Core section 5.5.1.1",
        "an essential acr is asked for, and this server authenticates in one way only",
        "no essential acr in claims",
        "leave the essential acr out, or ask for it as voluntary";
    SubContradicted = "PAR-339", InvalidRequest, 400, "OpenID Connect Core section 5.5.1",
        "id_token_hint and claims ask for different users",
        "one user",
        "send one of the two";
    RequestObjectNeeded = "PAR-340", InvalidRequest, 400, "RFC 9101 section 10.5",
        "a signed request object is required",
        "request with a JWT that the client signed",
        "sign the authorization request";
    RequestObjectMalformed = "PAR-341", InvalidRequestObject, 400, "RFC 9101 section 6",
        "the request object is not a well-formed signed JWT",
        "a compact JWS with a JSON object as header and payload, depth at most 8, at most 200 nodes",
        "build the request object with a JOSE library";
    RequestObjectAlgorithmRefused = "PAR-342", InvalidRequestObject, 400, "RFC 9101 section 10.1",
        "the signature algorithm of the request object is not accepted",
        "one of request_object_signing_alg_values_supported, and the registered one if there is one",
        "sign with an accepted algorithm";
    RequestObjectTypRefused = "PAR-343", InvalidRequestObject, 400, "RFC 9101 section 10.8",
        "typ of the request object names another kind of token",
        "typ absent, JWT or oauth-authz-req+jwt",
        "correct typ";
    RequestObjectSignatureWrong = "PAR-344", InvalidRequestObject, 400, "RFC 9101 section 6.2",
        "no registered key of the client verifies the request object",
        "a signature by a registered key",
        "check kid and that the public key is registered";
    RequestObjectKeyUnknown = "PAR-357", InvalidRequestObject, 400, "RFC 7515 section 4.1.4",
        "the client has no key of the kid and algorithm of its request object",
        "a key that the client registered, or publishes at its jwks_uri",
        "check kid; look in the log whether the jwks_uri could be fetched",
        behind RequestObjectSignatureWrong;
    RequestObjectSecretExpired = "PAR-360", InvalidRequestObject, 400, "OpenID Connect Core section 6.1",
        "the request object is signed with a client secret that was exchanged for another",
        "a signature by a secret that is good",
        "take the new secret into use",
        behind RequestObjectSignatureWrong;
    RequestObjectClientWrong = "PAR-345", InvalidRequestObject, 400, "RFC 9126 section 3",
        "client_id, iss or sub of the request object is not what it must be",
        "client_id, and iss if present, equal to the client; no sub",
        "correct the claims";
    RequestObjectAudienceWrong = "PAR-346", InvalidRequestObject, 400, "RFC 9101 section 4",
        "the audience of the request object is missing or does not name this server",
        "aud with the issuer identifier",
        "set aud to the issuer from the metadata document";
    RequestObjectTimesWrong = "PAR-347", InvalidRequestObject, 400, "RFC 9101 section 10.2",
        "exp, nbf or iat of the request object is missing, malformed, past or too far away",
        "times around now, as the profile asks",
        "make a new request object for every request and check the clock";
    RequestObjectNested = "PAR-348", InvalidRequestObject, 400, "RFC 9101 section 4",
        "request or request_uri stands inside the request object",
        "the authorization parameters themselves",
        "remove it";
    RequestObjectClaimWrong = "PAR-349", InvalidRequestObject, 400, "RFC 9101 section 4",
        "a parameter in the request object has the wrong JSON type",
        "strings; a number for max_age; an object for claims, an array for authorization_details",
        "send the claim with its type";
    RequestObjectEncryptionRefused = "PAR-355", InvalidRequestObject, 400, "RFC 8725 section 3.1",
        "the encryption of the request object is not accepted",
        "one of request_object_encryption_alg_values_supported and _enc_values_supported, the registered ones if there are any, and no compression",
        "encrypt with an accepted alg and enc";
    RequestObjectUndecipherable = "PAR-356", InvalidRequestObject, 400, "RFC 9101 section 6.1",
        "the request object cannot be decrypted",
        "a signed request object, encrypted to a key of jwks_uri whose use is enc",
        "fetch the key set again, and encrypt to the key that it has now";
    AuthorizationDetailsInvalid = "PAR-350", InvalidAuthorizationDetails, 400, "RFC 9396 section 5",
        "an element of authorization_details does not fit its type",
        "members that the type knows, each of its type and value, none that it requires missing",
        "correct the element at the place that is named";
    DpopRepeated = "PAR-401", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "there is more than one DPoP header",
        "one DPoP header",
        "send one proof";
    DpopProofInvalid = "PAR-402", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "the DPoP proof is not a well-formed signed JWT",
        "a compact JWS with a JSON object as header and payload",
        "build the proof with a DPoP library";
    DpopTypWrong = "PAR-403", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "typ of the DPoP proof is not dpop+jwt",
        "typ dpop+jwt",
        "set typ";
    DpopAlgorithmRefused = "PAR-404", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "the signature algorithm of the DPoP proof is not accepted",
        "one of dpop_signing_alg_values_supported",
        "sign with an accepted algorithm";
    DpopKeyRefused = "PAR-405", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "jwk of the DPoP proof is missing, private, symmetric or not usable",
        "the public key as jwk in the header",
        "put the public key, and no private member, into the header";
    DpopSignatureWrong = "PAR-406", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "the DPoP proof is not signed with the key in its header",
        "a signature by the key in jwk",
        "sign with the private half of that key";
    DpopMethodWrong = "PAR-407", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "htm of the DPoP proof is not the method of the request",
        "htm equal to the method, in upper case",
        "make a proof for this request";
    DpopUrlWrong = "PAR-408", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "htu of the DPoP proof is not the URL of this endpoint",
        "htu as in the metadata document, without query and fragment",
        "take the URL from the metadata document; behind a proxy check public URLs";
    DpopTimeWrong = "PAR-409", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "iat of the DPoP proof is missing, malformed, too old or in the future",
        "iat within the last minute",
        "make a new proof for every request and check the clock";
    DpopJtiMissing = "PAR-410", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "jti of the DPoP proof is missing or malformed",
        "jti as a non-empty string of at most 256 bytes",
        "add a random jti";
    DpopReplayed = "PAR-411", InvalidDpopProof, 400, "RFC 9449 section 11.1",
        "the DPoP proof was used before",
        "every proof used once",
        "make a new proof for every request";
    DpopNonceNeeded = "PAR-412", UseDpopNonce, 400, "RFC 9449 section 8",
        "the DPoP proof must carry a fresh nonce of this server",
        "the nonce from the DPoP-Nonce header",
        "repeat the request with a proof that carries the nonce";
    DpopKeyContradicted = "PAR-413", InvalidDpopProof, 400, "RFC 9449 section 10",
        "dpop_jkt differs from the key of the DPoP proof",
        "the thumbprint of the proof key",
        "send the thumbprint of the key that signs the proof";
    DpopProofMissing = "PAR-414", InvalidDpopProof, 400, "RFC 9449 section 5",
        "a DPoP proof is needed here",
        "a DPoP header with a proof",
        "send a DPoP proof";
    DpopKeyChanged = "PAR-415", InvalidGrant, 400, "RFC 9449 section 10",
        "the DPoP proof is made with another key than the grant is bound to",
        "the key that was bound",
        "keep using the same key";
    DpopAthWrong = "PAR-416", InvalidDpopProof, 400, "RFC 9449 section 4.3",
        "ath of the DPoP proof is missing or is not the hash of the access token",
        "the base64url SHA-256 of the access token",
        "make a proof for this access token";
    CertificateMalformed = "PAR-421", InvalidRequest, 400, "RFC 9440 section 2",
        "what was handed on as the client certificate cannot be read",
        "Client-Cert and Client-Cert-Chain, or one percent-encoded PEM text, with at most ten certificates",
        "check what the proxy in front of the server, or the caller of the API, writes";
    CertificateNeeded = "PAR-422", InvalidRequest, 400, "RFC 8705 section 3",
        "a client certificate is needed here: the tokens of this client are bound to one",
        "a client certificate in the TLS handshake",
        "show the certificate, at the address in mtls_endpoint_aliases if there is one";
    CertificateChanged = "PAR-423", InvalidGrant, 400, "RFC 8705 section 4",
        "the client certificate is another one than the grant is bound to",
        "the certificate that was bound",
        "keep using the same certificate";
    AttestationKeyChanged = "PAR-420", InvalidGrant, 400, "OAuth Attestation-Based Client Authentication, draft 10 section 9",
        "the request does not come from the instance of the client that the grant is bound to",
        "an attestation of the same instance key",
        "keep using the same key; another instance needs a grant of its own";
    PossessionMissing = "PAR-424", InvalidRequest, 400, "FAPI 2.0 Security Profile section 5.3.2.1",
        "tokens are bound here, and the request shows no key to bind them to",
        "a DPoP proof or a client certificate",
        "send a DPoP proof, or show the certificate at the address in mtls_endpoint_aliases";
    AuthorizeParameterMissing = "PAR-501", InvalidRequest, 400, "RFC 9126 section 4",
        "client_id or request_uri is missing",
        "client_id and request_uri, each once",
        "push the request first, then send the browser with client_id and request_uri";
    RequestWithRequestUri = "PAR-502", InvalidRequest, 400, "RFC 9101 section 5",
        "request and request_uri stand together",
        "request_uri only",
        "remove request";
    RequestUriByReference = "PAR-503", RequestUriNotSupported, 400, "OpenID Connect Core section 6.2",
        "request_uri is not a reference that this server issued",
        "a request_uri from the pushed authorization request endpoint",
        "push the request; URLs are fetched only by a profile that says so";
    RequestUriNotRegistered = "PAR-534", InvalidRequestUri, 400, "OpenID Connect Registration section 2",
        "request_uri is not registered for the client",
        "one of the request_uris of the client, to the letter",
        "register it, or push the request";
    RequestUriNotFetched = "PAR-535", InvalidRequestUri, 400, "RFC 9101 section 7",
        "no request object came from request_uri",
        "a request object at an https URL of the public internet, without redirects, at most 64 KiB within 3 seconds, the one that the fragment of request_uri names if there is one",
        "the operator's log tells why; check its content type and its certificate";
    RequestUriUnknown = "PAR-504", InvalidRequestUri, 400, "RFC 9126 section 4",
        "pushed authorization request: request_uri is unknown, expired or already used",
        "a request_uri of this client that is live and unused",
        "start again from the application";
    RequestUriMalformed = "PAR-505", InvalidRequestUri, 400, "RFC 9126 section 2.2",
        "request_uri does not have the form that this server issues",
        "the request_uri exactly as it was issued",
        "send the value unchanged, percent-encoded once",
        behind RequestUriUnknown;
    RequestUriExpired = "PAR-506", InvalidRequestUri, 400, "RFC 9126 section 4",
        "request_uri was loaded after it expired",
        "a load within expires_in seconds of the push",
        "send the browser at once, or set a longer lifetime",
        behind RequestUriUnknown;
    RequestUriTaken = "PAR-507", InvalidRequestUri, 400, "RFC 9126 section 4",
        "request_uri was completed before",
        "one completion for each pushed request",
        "push a new request for every authorization",
        behind RequestUriUnknown;
    RequestUriOfAnotherClient = "PAR-508", InvalidRequestUri, 400, "RFC 9126 section 4",
        "request_uri was pushed by another client",
        "the client_id that pushed the request",
        "send the client_id of the client that pushed",
        behind RequestUriUnknown;
    PlainRequestRefused = "PAR-509", InvalidRequest, 400, "RFC 9126 section 4",
        "only pushed authorization requests are accepted",
        "client_id and request_uri",
        "push the request first";
    InteractionUnknown = "PAR-510", InvalidRequest, 400, "Parhelion: an interaction belongs to the browser that began it",
        "this sign-in is not known in this browser, or it has ended",
        "the browser in which the sign-in began, with its cookie",
        "start again from the application and allow cookies";
    InteractionExpired = "PAR-511", InvalidRequest, 400, "Parhelion: interaction lifetime",
        "this sign-in took too long",
        "completion within the interaction lifetime",
        "start again from the application",
        behind InteractionUnknown;
    FormTokenWrong = "PAR-512", InvalidRequest, 400, "OAuth 2.1 section 7.13",
        "the form was not sent from its own page",
        "a form of this page, sent by the browser that loaded it",
        "go back to the page and send the form again";
    LoginFailed = "PAR-513", AccessDenied, 400, "OpenID Connect Core section 3.1.2.3",
        "the user name or the password is wrong",
        "a user of this tenant with the right password",
        "try again";
    LoginRequired = "PAR-514", LoginRequired, 400, "OpenID Connect Core section 3.1.2.6",
        "the user is not logged in",
        "a session, because prompt=none was asked",
        "send the request without prompt=none";
    ConsentRequired = "PAR-515", ConsentRequired, 400, "OpenID Connect Core section 3.1.2.6",
        "consent is needed",
        "remembered consent, because prompt=none was asked",
        "send the request without prompt=none";
    UserDenied = "PAR-516", AccessDenied, 400, "RFC 6749 section 4.1.2.1",
        "the user refused",
        "consent",
        "ask the user, or ask for less";
    ClientGone = "PAR-517", UnauthorizedClient, 400, "RFC 9126 section 4",
        "the client may no longer be served",
        "a client that is still registered and enabled",
        "restore the registration";
    RequestNoLongerStands = "PAR-518", InvalidRequest, 400, "RFC 9126 section 7.4",
        "the pushed request is no longer acceptable under today's configuration",
        "a request that today's client and policy accept",
        "push a new request";
    DecisionMissing = "PAR-519", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.4",
        "the consent form does not say allow or deny",
        "decision=allow or decision=deny",
        "use the buttons of the page";
    AccountSelectionNeeded = "PAR-530", AccountSelectionRequired, 400, "OpenID Connect Core section 3.1.2.6",
        "the user has to choose an account",
        "a request that lets the user choose",
        "send the request without prompt=none";
    InteractionNeeded = "PAR-531", InteractionRequired, 400, "OpenID Connect Core section 3.1.2.6",
        "the user has to be asked",
        "a request that lets the user be asked",
        "send the request without prompt=none";
    TicketUnknown = "PAR-532", InvalidRequest, 400, "Parhelion: a ticket is good once, and for the interaction lifetime",
        "the ticket is unknown, expired or used",
        "the ticket of a request that waits",
        "load the authorization request again";
    VouchedMalformed = "PAR-533", InvalidRequest, 400, "Parhelion: bounds on what a back end says of its user",
        "what is said of the user is too long, or not of its form",
        "a subject of at most 255 characters; claims as one JSON object",
        "shorten or mend what is sent beside the ticket";
    GrantTypeMissing = "PAR-601", InvalidRequest, 400, "RFC 6749 section 4.1.3",
        "grant_type is missing",
        "grant_type=authorization_code",
        "send grant_type";
    GrantTypeUnsupported = "PAR-602", UnsupportedGrantType, 400, "RFC 6749 section 5.2",
        "the grant type is not supported",
        "one of grant_types_supported",
        "use authorization_code";
    CodeMissing = "PAR-603", InvalidRequest, 400, "RFC 6749 section 4.1.3",
        "code is missing",
        "the code from the authorization response",
        "send code";
    CodeInvalid = "PAR-604", InvalidGrant, 400, "RFC 6749 section 5.2",
        "the authorization code is invalid, expired or already used",
        "an unused code of this client",
        "start a new authorization";
    CodeUnknown = "PAR-605", InvalidGrant, 400, "RFC 6749 section 5.2",
        "the authorization code is unknown or has expired",
        "a live code",
        "redeem the code at once",
        behind CodeInvalid;
    CodeUsed = "PAR-606", InvalidGrant, 400, "RFC 6749 section 4.1.2",
        "the authorization code was redeemed before",
        "one redemption for each code",
        "redeem the code once; its tokens are now revoked",
        behind CodeInvalid;
    CodeOfAnotherClient = "PAR-607", InvalidGrant, 400, "RFC 6749 section 5.2",
        "the authorization code was issued to another client",
        "the client that received the code",
        "redeem the code with the client it was issued to",
        behind CodeInvalid;
    CodeVerifierMissing = "PAR-608", InvalidGrant, 400, "RFC 7636 section 4.6",
        "code_verifier is missing",
        "the verifier of the pushed code_challenge",
        "send code_verifier";
    CodeVerifierWrong = "PAR-609", InvalidGrant, 400, "RFC 7636 section 4.6",
        "code_verifier does not match the pushed code_challenge",
        "the verifier whose challenge was pushed",
        "send the verifier that belongs to this authorization";
    CodeVerifierUnexpected = "PAR-610", InvalidRequest, 400, "RFC 9700 section 2.1.1",
        "code_verifier is present though no code_challenge was pushed",
        "no code_verifier",
        "push a code_challenge, or leave code_verifier out";
    RedirectUriChanged = "PAR-611", InvalidGrant, 400, "RFC 6749 section 4.1.3",
        "redirect_uri is missing or differs from the pushed one",
        "redirect_uri exactly as it was pushed",
        "send the same redirect_uri";
    UserGone = "PAR-612", InvalidGrant, 400, "RFC 6749 section 5.2",
        "the user may no longer be served",
        "a user who is still enabled",
        "start a new authorization",
        behind CodeInvalid;
    RefreshTokenMissing = "PAR-613", InvalidRequest, 400, "RFC 6749 section 6",
        "refresh_token is missing",
        "the refresh token",
        "send refresh_token";
    RefreshTokenInvalid = "PAR-614", InvalidGrant, 400, "RFC 6749 section 5.2",
        "the refresh token is invalid, expired, revoked or already used",
        "a live refresh token of this client",
        "start a new authorization";
    RefreshTokenUnknown = "PAR-615", InvalidGrant, 400, "RFC 6749 section 5.2",
        "the refresh token is unknown, expired or revoked",
        "a live refresh token",
        "start a new authorization",
        behind RefreshTokenInvalid;
    RefreshTokenReused = "PAR-616", InvalidGrant, 400, "RFC 9700 section 4.14.2",
        "the refresh token was replaced before; its grant is now ended",
        "the newest refresh token of the grant",
        "keep the refresh token of every response, and let one process refresh",
        behind RefreshTokenInvalid;
    RefreshTokenOfAnotherClient = "PAR-617", InvalidGrant, 400, "RFC 6749 section 6",
        "the refresh token was issued to another client",
        "the client that received it",
        "refresh with the client it was issued to",
        behind RefreshTokenInvalid;
    ScopeWiderThanGrant = "PAR-618", InvalidScope, 400, "RFC 6749 section 6",
        "the scope is wider than what was granted",
        "a subset of the granted scope",
        "ask for less, or start a new authorization";
    PublicClientGrant = "PAR-619", UnauthorizedClient, 400, "RFC 6749 section 4.4",
        "a public client may not use this grant type",
        "a client that authenticates",
        "register the client with an authentication method";
    SessionEnded = "PAR-620", InvalidGrant, 400, "OpenID Connect Core section 11",
        "the session that the grant hangs on has ended",
        "a live session, or offline_access",
        "start a new authorization",
        behind RefreshTokenInvalid;
    AuthorizationDetailsWiderThanGrant = "PAR-621", InvalidAuthorizationDetails, 400, "RFC 9396 section 6",
        "authorization_details asks for what was not granted",
        "elements that are equal to granted ones",
        "ask for some of what was granted, or start a new authorization";
    TokenMissing = "PAR-701", InvalidRequest, 400, "RFC 7009 section 2.1",
        "token is missing",
        "the token to be looked at or ended",
        "send token";
    TokenOfAnotherClient = "PAR-702", UnauthorizedClient, 400, "RFC 7009 section 2.1",
        "the token was issued to another client",
        "the client that received the token",
        "revoke with the client it was issued to";
    IntrospectionRefused = "PAR-703", InvalidClient, 401, "RFC 7662 section 2.1",
        "the caller may not introspect tokens",
        "a registered resource server",
        "register the resource server with a credential";
    AccessTokenMissing = "PAR-711", InvalidToken, 401, "RFC 6750 section 3",
        "there is no access token",
        "an access token in the Authorization header",
        "send Authorization: Bearer";
    AccessTokenInvalid = "PAR-712", InvalidToken, 401, "RFC 6750 section 3.1",
        "the access token is unknown, expired or revoked",
        "a live access token of this issuer",
        "get a new access token";
    AccessTokenTwice = "PAR-713", InvalidRequest, 400, "RFC 6750 section 2",
        "the access token is sent in more than one way",
        "one way",
        "use the Authorization header alone";
    AccessTokenScope = "PAR-714", InsufficientScope, 403, "RFC 6750 section 3.1",
        "the access token lacks the scope that is needed here",
        "a token with the scope openid",
        "ask for openid";
    AccessTokenInQuery = "PAR-715", InvalidRequest, 400, "RFC 9700 section 4.3.2",
        "an access token stands in the query of the URL",
        "the Authorization header",
        "move the token into the header: URLs end in logs";
    BoundTokenAsBearer = "PAR-716", InvalidToken, 401, "RFC 9449 section 7.2",
        "a token that is bound to a key was shown as a bearer token",
        "Authorization: DPoP and a proof",
        "send the token with the scheme DPoP and a proof";
    ProofKeyWrong = "PAR-717", InvalidToken, 401, "RFC 9449 section 7.1",
        "the proof is made with another key than the access token is bound to",
        "a proof by the key that the token is bound to",
        "use the key with which the token was requested";
    CertificateOfTokenWrong = "PAR-718", InvalidToken, 401, "RFC 8705 section 3",
        "the access token is bound to a certificate that the request does not show",
        "the certificate that the token is bound to, in the TLS handshake",
        "show the certificate that was shown when the token was issued";
    TokenOfAnotherSubject = "PAR-731", InvalidRequest, 403, "Parhelion: a resource that belongs to one subject",
        "the access token is about another subject than the one that is needed here",
        "a token that the subject in question granted",
        "get a token from the right user";
    UserAuthenticationInsufficient = "PAR-732", InsufficientUserAuthentication, 401, "RFC 9470 section 3",
        "the user authenticated too long ago, or in another way than is needed here",
        "a login that is recent and strong enough",
        "start a new authorization with max_age or acr_values";
    PostLogoutRedirectUriNotRegistered = "PAR-721", InvalidRequest, 400, "OpenID Connect RP-Initiated Logout section 3",
        "post_logout_redirect_uri is not registered for the client, or no client is named",
        "a registered value, with id_token_hint or client_id",
        "register the URI exactly as it is sent";
    IdTokenHintInvalid = "PAR-722", InvalidRequest, 400, "OpenID Connect Core section 3.1.2.2",
        "id_token_hint is not an ID token of this issuer for this client",
        "an ID token that was issued here; it may have expired",
        "send the ID token unchanged";
    RegistrationTokenMissing = "PAR-801", InvalidToken, 401, "RFC 7591 section 3",
        "there is no token for registration",
        "an initial access token, or the client's registration access token, in the Authorization header",
        "send Authorization: Bearer";
    RegistrationTokenInvalid = "PAR-802", InvalidToken, 401, "RFC 7592 section 2",
        "the token for registration is unknown, expired or used up, or not for this client",
        "a live token",
        "use the token of the last registration response; ask the operator for an initial access token";
    InitialAccessTokenUnknown = "PAR-803", InvalidToken, 401, "RFC 7591 section 3",
        "no initial access token of the tenant is the one that was sent",
        "one that the configuration names",
        "correct the token",
        behind RegistrationTokenInvalid;
    InitialAccessTokenExpired = "PAR-804", InvalidToken, 401, "RFC 7591 section 3",
        "the initial access token has expired",
        "one whose expires_at is ahead",
        "name a new token in the configuration",
        behind RegistrationTokenInvalid;
    InitialAccessTokenUsedUp = "PAR-805", InvalidToken, 401, "RFC 7591 section 3",
        "the initial access token was used as often as it may be",
        "one that was used less often than uses_max",
        "name a new token in the configuration",
        behind RegistrationTokenInvalid;
    RegisteredClientUnknown = "PAR-806", InvalidToken, 401, "RFC 7592 section 2.1",
        "no client of that identifier was registered here at run time, or it is gone",
        "a client that was registered here",
        "register the client anew; one of the configuration is changed there",
        behind RegistrationTokenInvalid;
    RegistrationTokenWrong = "PAR-807", InvalidToken, 401, "RFC 7592 section 2",
        "the token is not the registration access token of this client",
        "the token of the last response about this client",
        "use the token that came with the last registration or update",
        behind RegistrationTokenInvalid;
    RedirectUriUnfit = "PAR-808", InvalidRedirectUri, 400, "RFC 7591 section 3.2.2",
        "a redirect URI cannot be registered",
        "https, or what the profile accepts for native applications",
        "correct the URI";
    MetadataUnfit = "PAR-809", InvalidClientMetadata, 400, "RFC 7591 section 3.2.2",
        "the client metadata cannot be registered",
        "values that this server supports and the policy of the tenant accepts",
        "correct the member; the metadata document of the server lists what is supported";
    RegistrationMalformed = "PAR-810", InvalidClientMetadata, 400, "RFC 7591 section 3.1",
        "the body is not one JSON object, within its bounds and with every name once",
        "Content-Type: application/json, and one JSON object",
        "send the metadata as a JSON object";
    SoftwareStatementInvalid = "PAR-811", InvalidSoftwareStatement, 400, "RFC 7591 section 2.3",
        "the software statement is not a signed JWT that a key of its issuer verifies, or has expired",
        "a JWT signed by its issuer",
        "get a new software statement from its issuer";
    SoftwareStatementUnapproved = "PAR-812", UnapprovedSoftwareStatement, 400, "RFC 7591 section 3.2.2",
        "the software statement is missing, or its issuer is not one that this tenant trusts",
        "a statement by an issuer that the configuration names",
        "send software_statement; ask the operator whose statements are accepted";
    ServerFault = "PAR-901", ServerError, 500, "RFC 6749 section 4.1.2.1",
        "the server met an unexpected condition",
        "nothing that the caller could change",
        "try again; tell the operator the request id";
    StoreUnavailable = "PAR-902", TemporarilyUnavailable, 503, "RFC 6749 section 4.1.2.1",
        "the server cannot store or read requests now",
        "nothing that the caller could change",
        "try again after the time in Retry-After";
    Overloaded = "PAR-903", TemporarilyUnavailable, 503, "RFC 6749 section 4.1.2.1",
        "the server is busy",
        "nothing that the caller could change",
        "try again after the time in Retry-After";
    TooManyFailures = "PAR-904", TemporarilyUnavailable, 429, "RFC 9126 section 2.3",
        "too many attempts failed; for a while no other one is judged",
        "failures_per_minute of the configuration, for each client or user name at one source",
        "correct what fails, and try again after the time in Retry-After";
    TooManyRequests = "PAR-905", TemporarilyUnavailable, 429, "RFC 9126 section 2.3",
        "there were too many requests",
        "successes_per_minute of the configuration, for each client at one source",
        "try again after the time in Retry-After, and ask less often";
}
