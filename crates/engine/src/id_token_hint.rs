//! `id_token_hint`: an ID token of ours that names the user expected (OpenID Connect Core 3.1.2.1).

use parhelion_jose::claims::Claim;
use parhelion_jose::jws::Compact;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::registry::Mount;

/// Whom a genuine ID token was issued about, and to whom.
pub(crate) struct Hint {
    pub(crate) sub: String,
    pub(crate) client_id: String,
}

/// Reads a hint. It speaks of a past session, so that its expiry does not count; signature and issuer do.
pub(crate) fn read(mount: &Mount, text: &str) -> Result<Hint, Refusal> {
    let refused = Refusal::new(Reason::IdTokenHintInvalid).about(Some(Param::IdTokenHint));
    let token = Compact::parse(text).map_err(|_| refused)?;
    let claims = mount.tenant.keys.verify(&token).ok_or(refused)?;
    let ours = claims.string("iss") == Claim::Valid(&mount.issuer);
    match (claims.string("sub"), claims.string("aud")) {
        (Claim::Valid(sub), Claim::Valid(client_id)) if ours => {
            Ok(Hint { sub: sub.to_owned(), client_id: client_id.to_owned() })
        }
        _ => Err(refused),
    }
}

/// Reads a hint that a client sent about its own user.
pub(crate) fn read_for(mount: &Mount, client_id: &str, text: &str) -> Result<String, Refusal> {
    let hint = read(mount, text)?;
    let refused = Refusal::new(Reason::IdTokenHintInvalid).about(Some(Param::IdTokenHint));
    if hint.client_id == client_id { Ok(hint.sub) } else { Err(refused) }
}
