//! Every bound on a size, a count or a time that no profile moves, in one place.
//!
//! What a profile does move (body size, lifetimes, minimum lengths) is in [`crate::profile::Policy`].

/// Parameters of one form or JSON body, unknown ones included.
pub const PARAMETERS_MAX: usize = 64;
/// Bytes of a decoded parameter name.
pub const PARAMETER_NAME_MAX_BYTES: usize = 64;
/// Bytes of a decoded parameter value.
pub const PARAMETER_VALUE_MAX_BYTES: usize = 32 * 1024;
/// Bytes of all header names and values of a request together.
pub const HEADERS_MAX_BYTES: usize = 32 * 1024;
/// Bytes that one byte of a form can take in a JSON string: `\u003d`.
pub const JSON_ESCAPE_MAX_BYTES: u32 = 6;
/// Bytes of a caller's name for an interaction that is repeated in the answer; a UUID has 36.
pub const INTERACTION_ID_MAX_BYTES: usize = 64;
/// Header fields of one request.
pub const HEADERS_MAX: usize = 100;
/// Bytes of a request target.
pub const TARGET_MAX_BYTES: usize = 16 * 1024;
/// Depth of a JSON request body: a JSON-valued parameter inside one object.
pub const JSON_BODY_MAX_DEPTH: usize = JSON_PARAMETER_MAX_DEPTH + 1;
/// Nodes of a JSON request body: every parameter, two of them JSON-valued and one an array of resources.
pub const JSON_BODY_MAX_NODES: usize = PARAMETERS_MAX + 2 * JSON_PARAMETER_MAX_NODES + RESOURCES_MAX;
/// What `Retry-After` says beside a fault of ours, in seconds.
pub const RETRY_AFTER_S: u32 = 5;

/// Bytes of a `client_id`: printable ASCII.
pub const CLIENT_ID_MAX_BYTES: usize = 256;
/// Bytes of a client secret that is looked at at all.
pub const CLIENT_SECRET_MAX_BYTES: usize = 1024;
/// A client's name and secret that it had elsewhere are at least so long.
pub const IMPORTED_CREDENTIAL_MIN_BYTES: usize = 8;
/// Clients that are listed at once.
pub const CLIENTS_A_PAGE_MAX: usize = 100;
/// Clients that are looked through for one that is named by what follows from its identifier, at most.
pub const CLIENTS_LOOKED_THROUGH_MAX: usize = 100_000;
/// Clients that are read at once while looking.
pub const CLIENTS_READ_AT_ONCE: usize = 500;
/// Certificates that a client may show: its own, and those that lead to an authority.
pub const CERTIFICATES_MAX: usize = 10;
/// Bytes of all of them together.
pub const CERTIFICATES_MAX_BYTES: usize = 64 * 1024;
/// Bytes of a redirect URI.
pub const REDIRECT_URI_MAX_BYTES: usize = 2048;
/// Bytes of a client's name, as people are shown it.
pub const CLIENT_NAME_MAX_BYTES: usize = 256;
/// Bytes of a `software_id` or `software_version`.
pub const SOFTWARE_NAME_MAX_BYTES: usize = 256;
/// Bytes that the metadata of a registered client may have as JSON text.
pub const CLIENT_METADATA_MAX_BYTES: usize = 64 * 1024;
/// Secrets of one client at a time: the newest, and those that it was exchanged for.
pub const CLIENT_SECRETS_MAX: usize = 4;
/// Redirect URIs of one client.
pub const REDIRECT_URIS_MAX: usize = 100;
/// Bytes of `state`; longer is refused, never cut.
pub const STATE_MAX_BYTES: usize = 2048;
/// Bytes of `nonce`.
pub const NONCE_MAX_BYTES: usize = 512;
/// Scope tokens in one request.
pub const SCOPE_TOKENS_MAX: usize = 64;
/// `resource` values in one request.
pub const RESOURCES_MAX: usize = 16;
/// Bytes of `login_hint`.
pub const LOGIN_HINT_MAX_BYTES: usize = 256;
/// Bytes of `id_token_hint`.
pub const ID_TOKEN_HINT_MAX_BYTES: usize = 8 * 1024;
/// Bytes of `acr_values`.
pub const ACR_VALUES_MAX_BYTES: usize = 1024;
/// Bytes of `ui_locales`.
pub const UI_LOCALES_MAX_BYTES: usize = 512;
/// Bytes of a JSON-valued parameter (`claims`, `authorization_details`).
pub const JSON_PARAMETER_MAX_BYTES: usize = 16 * 1024;
/// Depth of a JSON-valued parameter.
pub const JSON_PARAMETER_MAX_DEPTH: usize = 8;
/// Nodes of a JSON-valued parameter.
pub const JSON_PARAMETER_MAX_NODES: usize = 200;
/// Bytes of the name of an authorization details type: printable ASCII without spaces.
pub const AUTHORIZATION_DETAILS_TYPE_MAX_BYTES: usize = 256;
/// Bytes of the JSON Schema of an authorization details type.
pub const SCHEMA_MAX_BYTES: usize = 256 * 1024;
/// Depth of a JSON Schema.
pub const SCHEMA_MAX_DEPTH: usize = 64;
/// Nodes of a JSON Schema.
pub const SCHEMA_MAX_NODES: usize = 10_000;
/// Bytes of the place that a refusal names inside a request; a longer one ends at the last name that fits.
pub const POINTER_MAX_BYTES: usize = 60;
/// The largest `max_age`, in seconds.
pub const MAX_AGE_MAX_S: u32 = 2_147_483_647;

/// Bytes of a subject that a back end names (OpenID Connect Core section 2).
pub const SUBJECT_MAX_BYTES: usize = 255;
/// Bytes of what a back end keeps with a ticket, or says of its user in one member.
pub const VOUCHED_MAX_BYTES: usize = 64 * 1024;
/// Properties that a back end attaches to tokens.
pub const PROPERTIES_MAX: usize = 100;

/// Bytes of an assertion's `jti`.
pub const JTI_MAX_BYTES: usize = 256;
/// How far ahead `iat` and `nbf` may be, in seconds: 10 must be accepted, 60 must not.
pub const CLOCK_SKEW_AHEAD_S: i64 = 30;
/// How long after `exp` a token is still taken, in seconds.
pub const CLOCK_SKEW_BEHIND_S: i64 = 10;

/// How much longer than it is accepted a once-key is remembered, in seconds: longer than any request takes,
/// so that what was judged in time is also claimed in time.
pub const ONCE_KEY_MARGIN_S: i64 = 60;

/// Bytes of a URL that something is fetched from for a client.
pub const FETCHED_URI_MAX_BYTES: usize = 2048;
/// Values of `request_uris` of one client.
pub const REQUEST_URIS_MAX: usize = 100;
/// Attesters of one tenant.
pub const ATTESTERS_MAX: usize = 16;

/// How long an authorization response that is a JWT is good, in seconds (JARM 2.1: at most ten minutes).
pub const RESPONSE_JWT_LIFETIME_S: i64 = 120;
/// How long a request object may live, and how old it may be, where a profile asks, in seconds.
pub const REQUEST_OBJECT_LIFETIME_MAX_S: i64 = 3600;
/// How old a proof of possession may be, in seconds: 10 must be accepted, an hour must not.
pub const PROOF_AGE_MAX_S: i64 = 60;
/// How long a nonce for such a proof is handed out; it is accepted for as long again, in seconds.
pub const PROOF_NONCE_LIFETIME_S: i64 = 120;

/// Refusals of a wrong `code_verifier` that one code survives.
pub const CODE_VERIFIER_FAILURES_MAX: u8 = 5;
/// Bytes of a user name or password typed into the login page.
pub const LOGIN_FIELD_MAX_BYTES: usize = 512;
/// How long a session at the login page lasts, in seconds.
pub const SESSION_LIFETIME_S: u32 = 8 * 3600;
