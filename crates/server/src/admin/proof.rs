//! What opens the operations that change something: a proof, for one request and a minute, that whoever asks can read the
//! master key. The key itself never travels, so that a stranger who listens in the server's place learns nothing of use.

use aws_lc_rs::{hkdf, hmac};
use parhelion_engine::fault::Fault;
use parhelion_engine::ports::Moment;
use parhelion_jose::base64url;

use crate::master_key::MasterKey;

/// The scheme of the `Authorization` header.
pub(super) const SCHEME: &str = "Parhelion-Admin";
/// How far the clocks of command and server may differ, in seconds.
const AGE_MAX_S: u64 = 60;

/// What proofs are made and judged with.
pub(super) struct ProofKey(hmac::Key);

impl ProofKey {
    pub(super) fn derive(master: &MasterKey) -> Result<Self, Fault> {
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&**master);
        let expanded = extracted.expand(&[b"parhelion/1/admin"], hmac::HMAC_SHA256).map_err(|_| Fault::Crypto)?;
        Ok(Self(hmac::Key::from(expanded)))
    }

    /// The proof for a request of this moment, as it stands behind [`SCHEME`].
    pub(super) fn prove(&self, path: &str, body: &[u8], now: Moment) -> String {
        let seconds = now.epoch_s();
        let tag = hmac::sign(&self.0, &told(path, body, seconds));
        format!("{seconds}.{}", base64url::encode(tag.as_ref()))
    }

    /// Whether it is one for this request, of about this moment.
    pub(super) fn holds(&self, proof: &str, path: &str, body: &[u8], now: Moment) -> bool {
        let parts = proof.split_once('.').and_then(|(seconds, tag)| Some((seconds.parse::<i64>().ok()?, tag)));
        let Some((seconds, tag)) = parts else { return false };
        let is_young = seconds.abs_diff(now.epoch_s()) <= AGE_MAX_S;
        let tag = base64url::decode_array::<32>(tag);
        is_young && tag.is_some_and(|tag| hmac::verify(&self.0, &told(path, body, seconds), &tag).is_ok())
    }
}

fn told(path: &str, body: &[u8], seconds: i64) -> Vec<u8> {
    [format!("{path}\n{seconds}\n").as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn proof_is_for_one_request_one_key_and_a_minute() {
        let key = |byte| ProofKey::derive(&Zeroizing::new([byte; 32])).unwrap();
        let now = Moment(1_800_000_000_000);
        let proof = key(1).prove("/keys/list", b"{}", now);
        let holds = |path, body: &[u8], later_s| key(1).holds(&proof, path, body, now.plus_s(later_s));
        assert!(holds("/keys/list", b"{}", 0) && holds("/keys/list", b"{}", 60) && holds("/keys/list", b"{}", -60));
        assert!(!holds("/keys/list", b"{}", 61) && !holds("/keys/list", b"{}", -61));
        assert!(!holds("/keys/rotate", b"{}", 0) && !holds("/keys/list", b"{ }", 0));
        assert!(!key(2).holds(&proof, "/keys/list", b"{}", now));
        let later = proof.replace("1800000000.", "1800000001.");
        assert!(later != proof && !key(1).holds(&later, "/keys/list", b"{}", now));
        for wrong in ["", ".", "1800000000.", "1800000000", proof.trim_end_matches(char::is_alphanumeric)] {
            assert!(!key(1).holds(wrong, "/keys/list", b"{}", now), "{wrong}");
        }
    }
}
