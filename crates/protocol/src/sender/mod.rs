//! Who holds the key: proofs that bind a token to its sender, one file per kind.

pub mod certificate;
pub mod client_cert;
pub mod dpop;

use std::borrow::Cow;

use parhelion_jose::claims::{Claim, Claims};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::limits;
use crate::profile::{Policy, SenderConstraint};
use crate::refusal::{Reason, Refusal};

/// What came in a header that may come once.
#[derive(Clone, Default)]
pub enum Shown<'a> {
    /// Nothing.
    #[default]
    Absent,
    /// One value.
    One(Cow<'a, str>),
    /// More than one header, or one that is not text.
    Repeated,
}

impl Shown<'_> {
    /// Whether there was none.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// The key that a token is bound to. The number of each is stored: it is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// RFC 7638 thumbprint of a DPoP key (RFC 9449 section 6).
    Jkt([u8; 32]),
    /// SHA-256 of a client certificate (RFC 8705 section 3.1).
    X5tS256([u8; 32]),
    /// Both: the token is shown with a proof by the key, over a connection with the certificate.
    Both {
        /// As in [`Confirmation::Jkt`].
        jkt: [u8; 32],
        /// As in [`Confirmation::X5tS256`].
        x5t_s256: [u8; 32],
    },
}

impl Confirmation {
    /// A binding to what there is of the two.
    #[must_use]
    pub const fn of(held: Held) -> Option<Self> {
        match held {
            Held { jkt: Some(jkt), x5t_s256: None } => Some(Self::Jkt(jkt)),
            Held { jkt: None, x5t_s256: Some(hash) } => Some(Self::X5tS256(hash)),
            Held { jkt: Some(jkt), x5t_s256: Some(x5t_s256) } => Some(Self::Both { jkt, x5t_s256 }),
            Held { jkt: None, x5t_s256: None } => None,
        }
    }

    /// The keys that must be held to use what is bound.
    #[must_use]
    pub const fn held(self) -> Held {
        match self {
            Self::Jkt(jkt) => Held { jkt: Some(jkt), x5t_s256: None },
            Self::X5tS256(hash) => Held { jkt: None, x5t_s256: Some(hash) },
            Self::Both { jkt, x5t_s256 } => Held { jkt: Some(jkt), x5t_s256: Some(x5t_s256) },
        }
    }
}

/// Keys that somebody holds, or must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Thumbprint of the key of a DPoP proof.
    pub jkt: Option<[u8; 32]>,
    /// SHA-256 of the certificate of the connection.
    pub x5t_s256: Option<[u8; 32]>,
}

/// How the access tokens of a client are to be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraints {
    /// Whether the client registered `dpop_bound_access_tokens`.
    pub dpop: SenderConstraint,
    /// Whether it registered `tls_client_certificate_bound_access_tokens`.
    pub certificate: SenderConstraint,
    /// Whether the policy asks for either.
    pub any: SenderConstraint,
}

impl Constraints {
    /// Those of a client under this policy.
    #[must_use]
    pub const fn of(client: &Client, policy: &Policy) -> Self {
        Self {
            dpop: client.dpop_bound_access_tokens,
            certificate: client.tls_client_certificate_bound_access_tokens,
            any: policy.sender_constraint,
        }
    }

    /// Whether a token that is bound to nothing may not be issued.
    #[must_use]
    pub fn must_bind(self) -> bool {
        self.dpop.max(self.certificate).max(self.any) == SenderConstraint::Required
    }

    /// What an access token is bound to. A proof is made for nothing else, and so it always binds. A certificate may
    /// stand there to authenticate: it binds where the client registered that, where the grant is bound to one, and
    /// where something must bind and no proof does.
    ///
    /// # Errors
    /// The [`Refusal`] of what is not shown and must be, or is not what `grant` is bound to.
    pub fn bind(self, shown: Held, grant: Option<Confirmation>) -> Result<Option<Confirmation>, Refusal> {
        let grant = grant.map(Confirmation::held).unwrap_or_default();
        //= rfc9449#10 the same key as at the authorization request
        same(grant.jkt, shown.jkt, Reason::DpopProofMissing, Reason::DpopKeyChanged)?;
        //= rfc8705#4 a public client's refresh token is bound to its certificate
        same(grant.x5t_s256, shown.x5t_s256, Reason::CertificateNeeded, Reason::CertificateChanged)?;
        //= rfc9449#5.2
        if self.dpop == SenderConstraint::Required && shown.jkt.is_none() {
            return Err(Reason::DpopProofMissing.into());
        }
        //= rfc8705#3.4
        if self.certificate == SenderConstraint::Required && shown.x5t_s256.is_none() {
            return Err(Reason::CertificateNeeded.into());
        }
        let alone = self.any == SenderConstraint::Required && shown.jkt.is_none();
        let by_certificate = alone || self.certificate == SenderConstraint::Required || grant.x5t_s256.is_some();
        let bound = Confirmation::of(Held { x5t_s256: shown.x5t_s256.filter(|_| by_certificate), ..shown });
        if bound.is_none() && alone { Err(Reason::PossessionMissing.into()) } else { Ok(bound) }
    }
}

fn same(bound: Option<[u8; 32]>, shown: Option<[u8; 32]>, missing: Reason, changed: Reason) -> Result<(), Refusal> {
    match (bound, shown) {
        (Some(bound), Some(shown)) if bound != shown => Err(changed.into()),
        (Some(_), None) => Err(missing.into()),
        (Some(_), Some(_)) | (None, _) => Ok(()),
    }
}

/// How a token is shown that is bound to this, or to nothing (RFC 9449 section 5, RFC 8705 section 3).
#[must_use]
pub const fn token_type(bound_to: Option<Confirmation>) -> &'static str {
    match bound_to {
        Some(Confirmation::Jkt(_) | Confirmation::Both { .. }) => "DPoP",
        Some(Confirmation::X5tS256(_)) | None => "Bearer",
    }
}

/// When a proof was made that is to have been made just now: `iat`, judged with `nbf` and `exp` where they are.
///
/// # Errors
/// `wrong`, with the age of the proof where it has one.
pub(crate) fn made_at(claims: &Claims, now_s: i64, wrong: Reason) -> Result<i64, Refusal> {
    let Claim::Valid(issued_at_s) = claims.numeric_date("iat") else { return Err(wrong.into()) };
    let age_s = now_s.saturating_sub(issued_at_s);
    let wrong = Refusal::new(wrong).found_seconds(age_s);
    if !(-limits::CLOCK_SKEW_AHEAD_S..=limits::PROOF_AGE_MAX_S).contains(&age_s) {
        return Err(wrong);
    }
    for (name, within) in
        [("nbf", -limits::CLOCK_SKEW_AHEAD_S..=i64::MAX), ("exp", i64::MIN..=limits::CLOCK_SKEW_BEHIND_S)]
    {
        match claims.numeric_date(name) {
            Claim::Absent => {}
            Claim::Valid(at_s) if within.contains(&now_s.saturating_sub(at_s)) => {}
            Claim::Valid(_) | Claim::Malformed => return Err(wrong),
        }
    }
    Ok(issued_at_s)
}

#[cfg(test)]
mod tests {
    use super::SenderConstraint::{Optional, Required};
    use super::*;

    const A: [u8; 32] = [1; 32];
    const B: [u8; 32] = [2; 32];
    const NOTHING: Held = Held { jkt: None, x5t_s256: None };
    const PROOF: Held = Held { jkt: Some(A), x5t_s256: None };
    const CERTIFICATE: Held = Held { jkt: None, x5t_s256: Some(B) };
    const EITHER: Held = Held { jkt: Some(A), x5t_s256: Some(B) };

    fn bind(constraints: [SenderConstraint; 3], shown: Held) -> Result<Option<Confirmation>, Reason> {
        let [dpop, certificate, any] = constraints;
        Constraints { dpop, certificate, any }.bind(shown, None).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn proof_always_binds_and_a_certificate_where_it_is_asked_for() {
        let both = Some(Confirmation::Both { jkt: A, x5t_s256: B });
        for (constraints, shown, expected) in [
            ([Optional; 3], NOTHING, Ok(None)),
            ([Optional; 3], CERTIFICATE, Ok(None)),
            ([Optional; 3], EITHER, Ok(Some(Confirmation::Jkt(A)))),
            ([Optional, Optional, Required], NOTHING, Err(Reason::PossessionMissing)),
            ([Optional, Optional, Required], PROOF, Ok(Some(Confirmation::Jkt(A)))),
            ([Optional, Optional, Required], CERTIFICATE, Ok(Some(Confirmation::X5tS256(B)))),
            ([Optional, Optional, Required], EITHER, Ok(Some(Confirmation::Jkt(A)))),
            ([Optional, Required, Optional], CERTIFICATE, Ok(Some(Confirmation::X5tS256(B)))),
            ([Optional, Required, Optional], EITHER, Ok(both)),
            ([Optional, Required, Required], PROOF, Err(Reason::CertificateNeeded)),
            ([Required, Optional, Required], CERTIFICATE, Err(Reason::DpopProofMissing)),
            ([Required, Required, Required], EITHER, Ok(both)),
        ] {
            assert_eq!(bind(constraints, shown), expected, "{constraints:?} {shown:?}");
        }
    }

    #[test]
    fn bound_grant_is_used_with_what_it_is_bound_to() {
        let free = Constraints { dpop: Optional, certificate: Optional, any: Optional };
        let bind = |shown, grant| free.bind(shown, Some(grant)).map_err(|refusal| refusal.reason);
        let (jkt, x5t) = (Confirmation::Jkt(A), Confirmation::X5tS256(B));
        assert_eq!(bind(EITHER, jkt), Ok(Some(jkt)));
        assert_eq!(bind(CERTIFICATE, x5t), Ok(Some(x5t)));
        assert_eq!(bind(CERTIFICATE, jkt), Err(Reason::DpopProofMissing));
        assert_eq!(bind(PROOF, x5t), Err(Reason::CertificateNeeded));
        assert_eq!(bind(PROOF, Confirmation::Jkt(B)), Err(Reason::DpopKeyChanged));
        assert_eq!(bind(CERTIFICATE, Confirmation::X5tS256(A)), Err(Reason::CertificateChanged));
        assert_eq!(bind(EITHER, Confirmation::Both { jkt: A, x5t_s256: A }), Err(Reason::CertificateChanged));
    }
}
