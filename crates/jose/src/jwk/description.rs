//! What a JWK says of its key beside the key itself (RFC 7517 sections 4.2 to 4.5).

use super::{JwkFault, string};
use crate::limits::{KEY_OPS, KID_BYTES};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// `kid`, `use`, `key_ops` and `alg`, as written.
pub(super) struct Description {
    kid: Option<Box<str>>,
    public_key_use: Option<Box<str>>,
    key_ops: Option<Box<[Box<str>]>>,
    alg: Option<Box<str>>,
}

impl Description {
    pub(super) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkFault> {
        let kid = string(jwk, "kid")?;
        if kid.is_some_and(|kid| kid.len() > KID_BYTES) {
            return Err(JwkFault::KidTooLong);
        }
        Ok(Self {
            kid: kid.map(Into::into),
            public_key_use: string(jwk, "use")?.map(Into::into),
            key_ops: key_ops(jwk)?,
            alg: string(jwk, "alg")?.map(Into::into),
        })
    }

    /// Of the public half of a key of ours.
    pub(super) fn of_own_key(kid: &str, public_key_use: &'static str, alg: &'static str) -> Self {
        Self {
            kid: Some(kid.into()),
            public_key_use: Some(public_key_use.into()),
            key_ops: None,
            alg: Some(alg.into()),
        }
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn public_key_use(&self) -> Option<&str> {
        self.public_key_use.as_deref()
    }

    pub(super) fn key_ops(&self) -> Option<impl Iterator<Item = &str>> {
        self.key_ops.as_ref().map(|ops| ops.iter().map(AsRef::as_ref))
    }

    pub(super) fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// Whether `use` is absent or this one, and `key_ops` is absent or has one of `operations`.
    pub(super) fn serves(&self, public_key_use: &str, operations: &[&str]) -> bool {
        self.public_key_use().is_none_or(|written| written == public_key_use)
            && self.key_ops().is_none_or(|mut ops| ops.any(|op| operations.contains(&op)))
    }

    /// The JWK of a key with these required members.
    pub(super) fn jwk(&self, members: Vec<(&'static str, Cow<'static, str>)>) -> Map<String, Value> {
        let mut jwk = Map::new();
        for (name, value) in members {
            jwk.insert(name.to_owned(), Value::String(value.into_owned()));
        }
        for (name, value) in [("kid", self.kid()), ("use", self.public_key_use()), ("alg", self.alg())] {
            if let Some(value) = value {
                jwk.insert(name.to_owned(), value.into());
            }
        }
        if let Some(ops) = self.key_ops() {
            jwk.insert("key_ops".to_owned(), ops.collect());
        }
        jwk
    }
}

/// An array of strings, none twice.
fn key_ops(jwk: &Map<String, Value>) -> Result<Option<Box<[Box<str>]>>, JwkFault> {
    const NAME: &str = "key_ops";
    let Some(value) = jwk.get(NAME) else { return Ok(None) };
    let array = value.as_array().filter(|array| array.len() <= KEY_OPS).ok_or(JwkFault::Malformed(NAME))?;
    let mut ops: Vec<Box<str>> = Vec::with_capacity(array.len());
    for op in array {
        let op = op.as_str().filter(|op| !ops.iter().any(|known| &**known == *op)).ok_or(JwkFault::Malformed(NAME))?;
        ops.push(op.into());
    }
    Ok(Some(ops.into()))
}
