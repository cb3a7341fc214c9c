//! What is sent: one scenario for each way in which a client authenticates, and the null server's.

use clap::ValueEnum;
use parhelion_tests::application::{Application, Attempt, Credential};
use parhelion_tests::mount::Mount;
use parhelion_tests::request::Request;
use url::form_urlencoded;

use crate::signer::Signer;
use crate::site::{BASIC_SECRET, CALLBACK, POST_SECRET};

/// `client_assertion_type` (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Bytes of the form that the null server reads.
const NULL_FORM_BYTES: usize = 600;

/// Where the server under test keeps its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum StoreKind {
    Memory,
    Embedded,
}

impl StoreKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Embedded => "embedded",
        }
    }
}

/// How the client that pushes proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    None,
    Basic,
    Post,
    Es256,
    Ps256,
    /// No credential, and a DPoP proof.
    NoneDpop,
    /// An assertion and a DPoP proof.
    Es256Dpop,
}

impl Scenario {
    pub(crate) const ALL: [Self; 7] =
        [Self::None, Self::Basic, Self::Post, Self::Es256, Self::Ps256, Self::NoneDpop, Self::Es256Dpop];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none + PKCE",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::Es256 => "private_key_jwt ES256",
            Self::Ps256 => "private_key_jwt PS256",
            Self::NoneDpop => "none + DPoP",
            Self::Es256Dpop => "private_key_jwt ES256 + DPoP",
        }
    }

    pub(crate) const fn client_id(self) -> &'static str {
        match self {
            Self::None => "app-public",
            Self::Basic => "app-basic",
            Self::Post => "app-post",
            Self::Es256 => "app-es256",
            Self::Ps256 => "app-ps256",
            Self::NoneDpop => "app-public-dpop",
            Self::Es256Dpop => "app-es256-dpop",
        }
    }

    /// Whether the server has a signature to verify.
    pub(crate) const fn is_signed(self) -> bool {
        match self {
            Self::None | Self::Basic | Self::Post => false,
            Self::Es256 | Self::Ps256 | Self::NoneDpop | Self::Es256Dpop => true,
        }
    }

    const fn shows_a_proof(self) -> bool {
        match self {
            Self::None | Self::Basic | Self::Post | Self::Es256 | Self::Ps256 => false,
            Self::NoneDpop | Self::Es256Dpop => true,
        }
    }
}

/// The keys of the clients that sign, and the one that proofs are made with.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) es256: Signer,
    pub(crate) ps256: Signer,
    pub(crate) holder: Signer,
}

impl Keys {
    pub(crate) fn generate() -> Result<Self, String> {
        Ok(Self { es256: Signer::es256()?, ps256: Signer::ps256()?, holder: Signer::es256()? })
    }
}

/// That many pushes as they go over the wire, no two alike.
pub(crate) fn pushes(
    scenario: Scenario,
    count: u32,
    mount: &Mount,
    host: &str,
    keys: &Keys,
) -> Result<Vec<Vec<u8>>, String> {
    (0..count).map(|_| Ok(push(scenario, mount, keys)?.bytes(host))).collect()
}

fn push(scenario: Scenario, mount: &Mount, keys: &Keys) -> Result<Request, String> {
    let request = ordinary(without_proof(scenario, mount, keys)?);
    if scenario.shows_a_proof() {
        Ok(request.header("DPoP", &keys.holder.proof("POST", &mount.par)?))
    } else {
        Ok(request)
    }
}

fn without_proof(scenario: Scenario, mount: &Mount, keys: &Keys) -> Result<Request, String> {
    let attempt = Attempt::new();
    let app = application(scenario);
    let signer = match scenario {
        Scenario::None | Scenario::Basic | Scenario::Post | Scenario::NoneDpop => {
            return Ok(app.push_request(mount, &attempt));
        }
        Scenario::Es256 | Scenario::Es256Dpop => &keys.es256,
        Scenario::Ps256 => &keys.ps256,
    };
    let mut fields = app.parameters(&attempt);
    fields.push(("client_assertion_type".to_owned(), JWT_BEARER.to_owned()));
    fields.push(("client_assertion".to_owned(), signer.assertion(app.client_id, &mount.issuer)?));
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(Request::form(&mount.par, &pairs))
}

/// The registered client of a scenario. One that signs is given its assertion by the caller.
pub(crate) fn application(scenario: Scenario) -> Application<'static> {
    let credential = match scenario {
        Scenario::None | Scenario::Es256 | Scenario::Ps256 | Scenario::NoneDpop | Scenario::Es256Dpop => {
            Credential::None
        }
        Scenario::Basic => Credential::SecretBasic(BASIC_SECRET),
        Scenario::Post => Credential::SecretPost(POST_SECRET),
    };
    Application { client_id: scenario.client_id(), credential, redirect_uri: CALLBACK, scope: "openid profile" }
}

/// A request for the null server: a form of the same kind, as often as needed.
pub(crate) fn null_requests(count: u32, host: &str) -> Vec<Vec<u8>> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(application(Scenario::None).parameters(&Attempt::new()));
    let mut body = form.finish();
    let filling = NULL_FORM_BYTES.saturating_sub(body.len() + "&filling=".len());
    body.push_str(&format!("&filling={}", "x".repeat(filling)));
    let request = Request::new("POST", "/par").header("Content-Type", "application/x-www-form-urlencoded").body(body);
    let bytes = ordinary(request).bytes(host);
    (0..count).map(|_| bytes.clone()).collect()
}

/// With the headers that an HTTP library adds.
fn ordinary(request: Request) -> Request {
    request.header("User-Agent", "parhelion-bench").header("Accept", "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(request: &[u8]) -> &str {
        std::str::from_utf8(request).unwrap().split_once("\r\n\r\n").unwrap().1
    }

    #[test]
    fn no_two_pushes_are_alike() {
        let keys = Keys::generate().unwrap();
        let mount = Mount::standard("http://127.0.0.1:1/bench");
        for scenario in Scenario::ALL {
            let pushes = pushes(scenario, 2, &mount, "127.0.0.1:1", &keys).unwrap();
            assert_ne!(body(&pushes[0]), body(&pushes[1]), "{scenario:?}");
            assert!(body(&pushes[0]).contains("code_challenge_method=S256"), "{scenario:?}");
        }
    }

    #[test]
    fn the_null_form_has_its_length() {
        assert_eq!(body(&null_requests(1, "127.0.0.1:1")[0]).len(), NULL_FORM_BYTES);
    }
}
