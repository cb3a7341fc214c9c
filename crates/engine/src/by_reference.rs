//! A request that its client keeps at a URL of its own, brought by the browser as a `request_uri` (RFC 9101 section 5.2,
//! OpenID Connect Core section 6.2): fetched, and from there on what a browser with `request` would have brought.

use parhelion_protocol::client::Client;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::request_uris;

use crate::Engine;
use crate::ports::RequestObjectOf;
use crate::registry::Mount;

impl Engine {
    /// The request behind a `request_uri` that the client registered. Nothing else is ever asked for.
    pub(crate) async fn fetch_request(
        &self,
        mount: &Mount,
        client: &Client,
        sent: &Parameters<'_>,
    ) -> Result<Parameters<'static>, Refusal> {
        let named = request_uris::registered(sent.get(Param::RequestUri).unwrap_or_default(), &client.request_uris)?;
        let whose = RequestObjectOf { tenant: mount.tenant.uid, client_id: &client.client_id, uri: named.uri() };
        let fetched = self.request_object_hosts.request_object(whose).await;
        let text = fetched.filter(|text| !text.is_empty() && named.is(text.as_bytes()));
        let text = text.ok_or(Refusal::new(Reason::RequestUriNotFetched).about(Some(Param::RequestUri)))?;
        let mut request = Parameters::default();
        request.add(Param::ClientId.name(), client.client_id.clone().into())?;
        // Too long for a request object, or of characters that none has.
        let malformed = Refusal::new(Reason::RequestObjectMalformed).about(Some(Param::Request));
        let added = request.add(Param::Request.name(), text.to_string().into());
        added.map_err(|_| malformed.found_length(text.len()))?;
        Ok(request)
    }
}
