//! Revocation: a client ends a token of its own (RFC 7009).

use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::profile::ClientIdInForm;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::Engine;
use crate::client_request::{ClientRequest, Judged, Proven};
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Verdict, Write};
use crate::records::{self, AccessToken, RefreshToken};
use crate::reference::Reference;
use crate::registry::Mount;

impl Engine {
    /// Takes a revocation request. A token that is not known is revoked already.
    ///
    /// # Errors
    /// In the outcome: the client is not who it says, or the token is another's; it stays then.
    pub async fn revoke(&self, mount: &Mount, request: &ClientRequest<'_>) -> Judged<()> {
        let act = async |proven: &Proven| self.revoke_proven(mount, request, proven).await;
        self.for_client(mount, request, Endpoint::Revoke, ClientIdInForm::FromCredential, act).await
    }

    /// The hint is only a hint: both kinds are looked for (RFC 7009 section 2.1).
    async fn revoke_proven(&self, mount: &Mount, request: &ClientRequest<'_>, proven: &Proven) -> Result<(), Turned> {
        let missing = Refusal::new(Reason::TokenMissing).about(Some(Param::Token));
        let text = request.parameters.get(Param::Token).ok_or(missing)?;
        let mut commit = Commit::default();
        if let Some(reference) = Reference::from_text(text) {
            let writes = [
                self.end_refresh_token(mount, &reference, proven).await?,
                self.end_access_token(mount, &reference, proven).await?,
            ];
            commit.writes.extend(writes.into_iter().flatten());
        }
        let claim = proven.claim_in(&mut commit)?;
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(()),
            Verdict::Refused(index) => Err(claim.lost(index, Fault::Record)),
        }
    }

    //= rfc7009#2.1 the access tokens of the same grant end too
    async fn end_refresh_token(
        &self,
        mount: &Mount,
        reference: &Reference,
        proven: &Proven,
    ) -> Result<Option<Write>, Turned> {
        let tenant = mount.tenant.uid;
        let Some(stored) = self.store.get(records::key_of::<RefreshToken>(tenant, reference)).await? else {
            return Ok(None);
        };
        let token = records::open_sealed::<RefreshToken>(tenant, reference, &stored)?;
        check_owner(&token.client_id, proven)?;
        Ok(Some(Write::Delete(crate::token::grant_key(mount, token.grant))))
    }

    async fn end_access_token(
        &self,
        mount: &Mount,
        reference: &Reference,
        proven: &Proven,
    ) -> Result<Option<Write>, Turned> {
        let tenant = mount.tenant.uid;
        let key = records::key_of::<AccessToken>(tenant, reference);
        let Some(stored) = self.store.get(key).await? else { return Ok(None) };
        let token = records::open_sealed::<AccessToken>(tenant, reference, &stored)?;
        check_owner(&token.client_id, proven)?;
        Ok(Some(Write::Delete(key)))
    }
}

//= rfc7009#2.1 "the request is refused and the client is informed of the error"
fn check_owner(client_id: &str, proven: &Proven) -> Result<(), Refusal> {
    let foreign = Refusal::new(Reason::TokenOfAnotherClient).about(Some(Param::Token));
    if client_id == proven.client.client_id { Ok(()) } else { Err(foreign) }
}
