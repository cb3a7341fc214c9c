//! `request_uris`: where a client keeps request objects (OpenID Connect Registration section 2), and which of them a
//! `request_uri` names.

use aws_lc_rs::digest;
use parhelion_jose::base64url;

use crate::client::{ClientMetadata, MetadataFault};
use crate::fetched_uri::{FetchedUri, FetchedUriFault};
use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Where a request object is, and which one it has to be where its URI says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencedRequest {
    /// As it was written, without the fragment: two spellings are two addresses.
    address: String,
    uri: FetchedUri,
    digest: Option<[u8; 32]>,
}

impl ReferencedRequest {
    /// Reads a URI, whose fragment may be the SHA-256 of what is there.
    ///
    /// # Errors
    /// [`FetchedUriFault`].
    //= openid-connect-registration#2 "the base64url-encoded SHA-256 hash value of the file contents"
    pub fn parse(text: &str) -> Result<Self, FetchedUriFault> {
        let (address, fragment) = text.split_once('#').map_or((text, None), |(address, rest)| (address, Some(rest)));
        let unfit = FetchedUriFault("has a fragment that is not a SHA-256 hash in base64url");
        let digest = fragment.map(|hash| base64url::decode_array(hash).ok_or(unfit)).transpose()?;
        Ok(Self { address: address.to_owned(), uri: FetchedUri::parse(address)?, digest })
    }

    /// Where it is.
    #[must_use]
    pub const fn uri(&self) -> &FetchedUri {
        &self.uri
    }

    /// Whether a document is the one that is meant.
    #[must_use]
    pub fn is(&self, document: &[u8]) -> bool {
        let matches = |digest: &[u8; 32]| digest::digest(&digest::SHA256, document).as_ref() == digest;
        self.digest.as_ref().is_none_or(matches)
    }

    /// Whether one that was registered covers it: the same address, and the same document where that one names it.
    fn is_covered_by(&self, registered: &Self) -> bool {
        self.address == registered.address && (registered.digest.is_none() || registered.digest == self.digest)
    }
}

/// Takes the member of client metadata in.
///
/// # Errors
/// [`MetadataFault`] of the first URI that cannot be registered.
pub(crate) fn register(metadata: &ClientMetadata) -> Result<Vec<ReferencedRequest>, MetadataFault> {
    const MEMBER: &str = "request_uris";
    if metadata.request_uris.len() > limits::REQUEST_URIS_MAX {
        return Err(MetadataFault::new(MEMBER, "must be at most 100 URIs"));
    }
    let read =
        |text: &String| ReferencedRequest::parse(text).map_err(|fault| MetadataFault::new(MEMBER, fault.0).with(text));
    metadata.request_uris.iter().map(read).collect()
}

/// What a `request_uri` names, if it is registered.
///
/// # Errors
/// [`Reason::RequestUriNotRegistered`].
pub fn registered(text: &str, registered: &[ReferencedRequest]) -> Result<ReferencedRequest, Refusal> {
    let named = ReferencedRequest::parse(text).ok();
    let covered = named.filter(|named| registered.iter().any(|known| named.is_covered_by(known)));
    covered.ok_or(Refusal::new(Reason::RequestUriNotRegistered).about(Some(Param::RequestUri)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://app.example/request.jwt";
    /// Of `a request`.
    const HASH: &str = "rwvypWLaviqB4LC0ejOlFbXoSVxy__IYr0wV8_Bm-kQ";

    fn read(texts: &[&str]) -> Vec<ReferencedRequest> {
        texts.iter().map(|text| ReferencedRequest::parse(text).unwrap()).collect()
    }

    fn hash(document: &[u8]) -> String {
        base64url::encode(digest::digest(&digest::SHA256, document).as_ref())
    }

    #[test]
    fn uri_is_registered_to_the_letter_or_not_at_all() {
        let known = read(&[ADDRESS]);
        assert!(registered(ADDRESS, &known).is_ok());
        for text in [
            "https://app.example/request.jwt?",
            "https://app.example/request.jw",
            "https://app.example/x/../request.jwt",
            "https://APP.example/request.jwt",
            "https://app.example:443/request.jwt",
            "HTTPS://app.example/request.jwt",
            "http://app.example/request.jwt",
            "https://u@app.example/request.jwt",
            "https://app.example/request.jwt#",
            "https://app.example/request.jwt#part",
            " https://app.example/request.jwt",
        ] {
            assert_eq!(registered(text, &known).unwrap_err().reason, Reason::RequestUriNotRegistered, "{text}");
        }
        assert!(registered(ADDRESS, &[]).is_err());
    }

    #[test]
    fn fragment_names_the_document() {
        let (one, other) = (format!("{ADDRESS}#{}", hash(b"one")), format!("{ADDRESS}#{}", hash(b"other")));
        let named = registered(&one, &read(&[ADDRESS])).unwrap();
        assert!(named.is(b"one") && !named.is(b"other"));
        assert_eq!(named.uri().url().as_str(), ADDRESS);
        assert!(registered(&one, &read(&[&other, &one])).is_ok());
        for text in [ADDRESS, &one] {
            assert!(registered(text, &read(&[&other])).is_err(), "{text}");
        }
        assert!(read(&[ADDRESS])[0].is(b"anything"));
    }

    #[test]
    fn fragment_that_is_no_hash_cannot_be_registered() {
        assert!(read(&[&format!("{ADDRESS}#{HASH}")])[0].is(b"a request"));
        for fragment in [
            "",
            "part",
            &HASH.replace("rw", ""),
            &format!("{HASH}="),
            &format!("{HASH}#{HASH}"),
            &HASH.replace("kQ", "kR"),
        ] {
            assert!(ReferencedRequest::parse(&format!("{ADDRESS}#{fragment}")).is_err(), "{fragment}");
        }
    }
}
