//! The demo resource: shows what an access token is worth to a resource server that stands beside this one.

use parhelion_protocol::endpoint::Endpoint;
use serde_json::{Map, Value, json};

use crate::Engine;
use crate::client_request::Judged;
use crate::fault::Turned;
use crate::introspect::confirmation;
use crate::registry::Mount;
use crate::userinfo::ShownToken;

impl Engine {
    /// What the token says to a resource: `client_id`, `scope`, `sub` where a user stands behind it, and `cnf` where
    /// it is bound, as a JSON object.
    ///
    /// # Errors
    /// In the outcome: the token is not live, or not shown as it must be (RFC 9449 section 7, RFC 8705 section 3).
    pub async fn demo_resource(&self, mount: &Mount, shown: &ShownToken<'_>) -> Judged<Map<String, Value>> {
        Judged { dpop_nonce: self.next_nonce(mount, shown), ..Judged::unidentified(self.worth(mount, shown).await) }
    }

    async fn worth(&self, mount: &Mount, shown: &ShownToken<'_>) -> Result<Map<String, Value>, Turned> {
        let live = self.accept(mount, shown, Endpoint::DemoResource).await?;
        let token = live.token;
        let mut members = Map::new();
        members.insert("client_id".to_owned(), json!(token.client_id));
        members.insert("scope".to_owned(), json!(token.scope));
        members.extend(token.sub.map(|sub| ("sub".to_owned(), json!(sub))));
        members.extend(token.bound_to.map(|bound| ("cnf".to_owned(), confirmation(bound))));
        Ok(members)
    }
}
