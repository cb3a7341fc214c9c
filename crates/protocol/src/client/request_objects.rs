//! How a client is registered to sign its request objects: whether it must, with what, or that it need not (RFC 9101 section
//! 10.5, OpenID Connect Registration section 2).

use parhelion_jose::jws::MacKey;

use super::{ClientMetadata, MetadataFault, credential};
use crate::client_auth::{GivenSecret, Method, SecretNeed, Secrets};
use crate::profile::RequestObjects;
use crate::request_object::RequestObjectAlg;

impl ClientMetadata {
    /// What of the client's secret is needed at the server: it is a key where request objects are signed with it.
    ///
    /// # Errors
    /// As [`ClientMetadata::method`].
    pub fn secret_need(&self) -> Result<SecretNeed, MetadataFault> {
        let need = self.method()?.secret_need();
        let alg = self.request_object_signing_alg.as_deref().and_then(RequestObjectAlg::from_name);
        let signs = matches!(alg, Some(RequestObjectAlg::Secret(_)));
        Ok(if signs && need == SecretNeed::Digest { SecretNeed::Text } else { need })
    }
}

/// Whether it signs. What it may leave unsigned, it pushes as a client that has authenticated.
pub(super) fn signature(metadata: &ClientMetadata) -> Result<RequestObjects, MetadataFault> {
    let fault = |problem| Err(MetadataFault::new("accept_unsigned_request_object", problem));
    match (metadata.accept_unsigned_request_object, metadata.require_signed_request_object) {
        (false, false) => Ok(RequestObjects::Optional),
        (false, true) => Ok(RequestObjects::Required),
        (true, true) => fault("stands beside require_signed_request_object; only one of them may"),
        (true, false) if metadata.request_object_signing_alg.is_some() => {
            fault("stands beside request_object_signing_alg; only one of them may")
        }
        (true, false) if metadata.method()? == Method::None => {
            fault("is not used with this token_endpoint_auth_method")
        }
        (true, false) => Ok(RequestObjects::UnsignedByClient),
    }
}

/// The algorithm of its request objects, of either family.
pub(super) fn signing_alg(metadata: &ClientMetadata) -> Result<Option<RequestObjectAlg>, MetadataFault> {
    let Some(name) = metadata.request_object_signing_alg.as_deref() else { return Ok(None) };
    let alg = RequestObjectAlg::from_name(name)
        .ok_or_else(|| MetadataFault::new("request_object_signing_alg", "is not known").with(name))?;
    let without_secret = metadata.method()?.secret_need() == SecretNeed::None;
    if without_secret && matches!(alg, RequestObjectAlg::Secret(_)) {
        let problem = "needs a client secret, which this token_endpoint_auth_method has not";
        return Err(MetadataFault::new("request_object_signing_alg", problem));
    }
    Ok(Some(alg))
}

/// The secrets that are keys of its request objects: those of one registered algorithm, else those that are there anyway.
pub(super) fn secrets(
    metadata: &ClientMetadata,
    alg: Option<RequestObjectAlg>,
    secrets: &[GivenSecret<'_>],
) -> Result<Secrets<MacKey>, MetadataFault> {
    match alg {
        Some(RequestObjectAlg::Key(_)) => return Ok(Secrets::new([])),
        Some(RequestObjectAlg::Secret(alg)) => return credential::mac_keys(secrets, alg),
        None => {}
    }
    let is_key = metadata.method()?.secret_need() == SecretNeed::Text;
    let is_there = |secret: &&GivenSecret<'_>| is_key || secret.is_read_again();
    let keys = secrets.iter().filter(is_there).filter_map(|secret| {
        let key = MacKey::new(secret.text()?.as_bytes());
        Some((key, secret.expires_at_s))
    });
    Ok(Secrets::new(keys))
}
