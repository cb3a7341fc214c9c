//! RP-initiated logout: a client sends the browser to end the user's session (OpenID Connect
//! RP-Initiated Logout 1.0).

use parhelion_protocol::client::Client;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::Engine;
use crate::fault::Turned;
use crate::id_token_hint::{self, Hint};
use crate::ports::{Commit, Verdict, Write};
use crate::records::{self, Session};
use crate::reference::Reference;
use crate::registry::Mount;

/// What a logout request leads to.
#[derive(Debug)]
pub enum Logout {
    /// The user is to be asked: nothing shows that the request comes from a client of theirs.
    Ask,
    /// The session has ended; the browser goes on to the client, or stays.
    Done {
        /// Where to, with `state`.
        redirect: Option<String>,
    },
}

/// Whether the user was asked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Not yet.
    NotYet,
    /// And said yes.
    Confirmed,
}

impl Engine {
    /// Ends a session, at once where `id_token_hint` names its user, otherwise when the user confirms.
    ///
    /// # Errors
    /// [`Reason::IdTokenHintInvalid`] or [`Reason::PostLogoutRedirectUriNotRegistered`]; nothing ended then.
    pub async fn end_session(
        &self,
        mount: &Mount,
        parameters: &Parameters<'_>,
        session: Option<&str>,
        asked: Asked,
    ) -> Result<Logout, Turned> {
        let hint = parameters.get(Param::IdTokenHint).map(|text| id_token_hint::read(mount, text)).transpose()?;
        let redirect = redirect(mount, parameters, hint.as_ref())?;
        let reference = session.and_then(Reference::from_text);
        let Some(reference) = reference else { return Ok(Logout::Done { redirect }) };
        let key = records::key_of::<Session>(mount.tenant.uid, &reference);
        let Some(stored) = self.store.get(key).await? else { return Ok(Logout::Done { redirect }) };
        let session = records::open_sealed::<Session>(mount.tenant.uid, &reference, &stored)?;
        let vouched = hint.is_some_and(|hint| hint.sub == session.sub);
        if !vouched && asked == Asked::NotYet {
            return Ok(Logout::Ask);
        }
        let commit = Commit { conditions: Vec::new(), writes: vec![Write::Delete(key)] };
        let (Verdict::Done | Verdict::Refused(_)) = self.store.commit(commit).await?;
        Ok(Logout::Done { redirect })
    }
}

/// Where the browser goes afterwards: only to a URI that the client named has registered.
fn redirect(mount: &Mount, parameters: &Parameters<'_>, hint: Option<&Hint>) -> Result<Option<String>, Refusal> {
    let Some(uri) = parameters.get(Param::PostLogoutRedirectUri) else { return Ok(None) };
    let refused = Refusal::new(Reason::PostLogoutRedirectUriNotRegistered).about(Some(Param::PostLogoutRedirectUri));
    let client = named_client(mount, parameters, hint).ok_or(refused)?;
    if !client.post_logout_redirect_uris.iter().any(|known| known == uri) {
        return Err(refused);
    }
    let state = parameters.get(Param::State).map(|state| ("state", state.to_owned()));
    Ok(Some(crate::response::with_query(uri, state.as_slice())))
}

fn named_client<'m>(mount: &'m Mount, parameters: &Parameters<'_>, hint: Option<&Hint>) -> Option<&'m Client> {
    let said = parameters.get(Param::ClientId);
    let id = match (hint, said) {
        (Some(hint), Some(said)) if hint.client_id != said => return None,
        (Some(hint), _) => &hint.client_id,
        (None, said) => said?,
    };
    mount.tenant.clients.get(id).map(AsRef::as_ref)
}
