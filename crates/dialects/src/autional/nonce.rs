//! `GET /oauth/dpop/nonce`: the nonce that proofs may carry, for whoever asks.

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::envelope::{No, answered};
use crate::oauth_answer::{NO_STORE, json_response};
use crate::operation::{Answered, Asked};

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

pub(super) async fn serve(asked: &Asked<'_>) -> Answered {
    match asked.engine.dpop_nonce(asked.mount) {
        Ok(nonce) => {
            let mut response = json_response(200, NO_STORE, json!({ "nonce": nonce }).to_string());
            response.headers_mut().extend(HeaderValue::try_from(nonce).ok().map(|nonce| (DPOP_NONCE, nonce)));
            response.into()
        }
        Err(fault) => answered(asked, Err(No::from(fault))),
    }
}
