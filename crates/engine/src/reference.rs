//! References are capabilities: whoever holds one can find its record and open it; whoever holds the
//! store can do neither.

use aws_lc_rs::{aead, digest, hkdf};
use parhelion_jose::base64url;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::ports::{Entropy, Id, Key};

const NONCE_LEN: usize = aead::NONCE_LEN;

/// Bytes that sealing adds: the nonce before, the tag behind.
pub const SEAL_OVERHEAD: usize = NONCE_LEN + 16;

/// 32 random bytes: a `request_uri`, a code, a token, a session. Only its SHA-256 is stored.
#[derive(Clone)]
pub struct Reference(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reference(..)")
    }
}

impl Reference {
    /// A new one.
    ///
    /// # Errors
    /// [`Fault::Entropy`].
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, Fault> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// A new one, and what its record is first sealed with: the generator is asked once.
    ///
    /// # Errors
    /// [`Fault::Entropy`].
    pub fn draw_with_nonce(entropy: &dyn Entropy) -> Result<(Self, Nonce), Fault> {
        let mut drawn = Zeroizing::new([0; 32 + NONCE_LEN]);
        entropy.fill(&mut *drawn)?;
        let (reference, nonce) = drawn.split_first_chunk::<32>().ok_or(Fault::Entropy)?;
        let nonce = nonce.try_into().map_err(|_| Fault::Entropy)?;
        Ok((Self::from_bytes(*reference), Nonce(nonce)))
    }

    /// One that came back.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// One that came back as 43 base64url characters.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        base64url::decode_array(text).map(Self::from_bytes)
    }

    /// The bytes, for the one who is to carry it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 43 base64url characters.
    #[must_use]
    pub fn to_text(&self) -> String {
        base64url::encode(&*self.0)
    }

    /// The name of its record: its SHA-256.
    #[must_use]
    pub fn id(&self) -> Id {
        sha256(&[&*self.0])
    }

    /// Encrypts a payload for the record at `key`, under a key that only this reference gives, behind what
    /// `value` holds already; [`SEAL_OVERHEAD`] bytes longer.
    ///
    /// # Errors
    /// [`Fault::Crypto`].
    pub fn seal_onto(&self, value: Vec<u8>, key: Key, payload: &[u8], nonce: Nonce) -> Result<Vec<u8>, Fault> {
        seal(value, &self.sealing_key(key)?, &key.to_bytes(), payload, nonce)
    }

    /// Decrypts what [`Reference::seal_onto`] made for the same key.
    ///
    /// # Errors
    /// [`Fault::Record`] when it was made for another, or was changed.
    pub fn open(&self, key: Key, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        open(&self.sealing_key(key)?, &key.to_bytes(), sealed).ok_or(Fault::Record)
    }

    fn sealing_key(&self, key: Key) -> Result<aead::LessSafeKey, Fault> {
        derived(&*self.0, &[b"parhelion/1/payload", &key.to_bytes()])
    }
}

/// 12 random bytes, to seal one payload with.
pub struct Nonce([u8; NONCE_LEN]);

impl Nonce {
    /// A new one.
    ///
    /// # Errors
    /// [`Fault::Entropy`].
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, Fault> {
        let mut bytes = [0; NONCE_LEN];
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// A server-side secret that cookies are sealed with, one for each tenant. Every context gets a key of its
/// own, so that no key seals more than a few payloads.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// Asks HKDF for 32 bytes.
struct Len32;

impl hkdf::KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl SealingKey {
    /// Derives the secret for one purpose from the master key.
    ///
    /// # Errors
    /// [`Fault::Crypto`].
    pub fn derive(master: &[u8; 32], purpose: &[&[u8]]) -> Result<Self, Fault> {
        expanded(master, purpose).map(Self)
    }

    /// What only a holder of this secret can say about `context`.
    ///
    /// # Errors
    /// [`Fault::Crypto`].
    pub fn mac(&self, context: &[&[u8]]) -> Result<[u8; 32], Fault> {
        expanded(&self.0, context).map(|bytes| *bytes)
    }

    /// Encrypts, bound to `context`.
    ///
    /// # Errors
    /// [`Fault::Entropy`] or [`Fault::Crypto`].
    pub fn seal(&self, context: &[u8], payload: Vec<u8>, entropy: &dyn Entropy) -> Result<Vec<u8>, Fault> {
        seal(Vec::new(), &derived(&*self.0, &[context])?, context, &payload, Nonce::draw(entropy)?)
    }

    /// Decrypts what [`SealingKey::seal`] made for the same context.
    #[must_use]
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&derived(&*self.0, &[context]).ok()?, context, sealed)
    }
}

/// SHA-256 of the parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Id {
    let mut hash = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| hash.update(part));
    let mut id = [0; 32];
    id.copy_from_slice(hash.finish().as_ref());
    Id(id)
}

fn expanded(secret: &[u8; 32], info: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut bytes = Zeroizing::new([0; 32]);
    let random = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret);
    let expanded = random.expand(info, Len32).map_err(|_| Fault::Crypto)?;
    expanded.fill(&mut *bytes).map_err(|_| Fault::Crypto)?;
    Ok(bytes)
}

//= rfc5869#3.3 a secret that is random already needs no extract step
fn derived(secret: &[u8], info: &[&[u8]]) -> Result<aead::LessSafeKey, Fault> {
    let random = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret);
    let expanded = random.expand(info, &aead::AES_256_GCM).map_err(|_| Fault::Crypto)?;
    Ok(aead::LessSafeKey::new(aead::UnboundKey::from(expanded)))
}

fn seal(
    mut value: Vec<u8>,
    key: &aead::LessSafeKey,
    context: &[u8],
    payload: &[u8],
    Nonce(nonce): Nonce,
) -> Result<Vec<u8>, Fault> {
    value.extend_from_slice(&nonce);
    let begin = value.len();
    value.extend_from_slice(payload);
    let unique = aead::Nonce::assume_unique_for_key(nonce);
    let in_place = value.get_mut(begin..).unwrap_or_default();
    let tag = key.seal_in_place_separate_tag(unique, aead::Aad::from(context), in_place).map_err(|_| Fault::Crypto)?;
    value.extend_from_slice(tag.as_ref());
    Ok(value)
}

fn open(key: &aead::LessSafeKey, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, payload) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut payload = Zeroizing::new(payload.to_vec());
    let nonce = aead::Nonce::assume_unique_for_key(*nonce);
    let length = key.open_in_place(nonce, aead::Aad::from(context), &mut payload).ok()?.len();
    payload.truncate(length);
    Some(payload)
}
