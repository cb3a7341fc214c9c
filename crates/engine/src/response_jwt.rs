//! An answer as a JWT for the one it is for: signed by the tenant, then encrypted where that is registered (RFC 7519
//! section 11.2).

use parhelion_jose::jwe;
use parhelion_jose::jwk::KeySet;
use parhelion_protocol::response_jwt::ResponseJwt;

use crate::fault::Fault;
use crate::registry::Tenant;

/// Signs a payload and, where it is registered, encrypts it to the key of its reader that fits.
///
/// # Errors
/// [`Fault::Crypto`]: also where the tenant has no key of the algorithm that the reader asks for.
pub(crate) fn make(
    tenant: &Tenant,
    registered: &ResponseJwt,
    keys: &KeySet,
    typ: &str,
    payload: &[u8],
) -> Result<String, Fault> {
    let signer = tenant.keys.signing(registered.signing_alg).ok_or(Fault::Crypto)?;
    let signed = signer.sign(typ, payload).map_err(|_| Fault::Crypto)?;
    let Some(encryption) = registered.encryption else { return Ok(signed) };
    let key = keys.encryption_key(encryption.alg).ok_or(Fault::Crypto)?;
    let encrypted = jwe::encrypt(key, encryption.alg, encryption.enc, Some("JWT"), signed.as_bytes());
    encrypted.map_err(|_| Fault::Crypto)
}
