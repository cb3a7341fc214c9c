//! RP-initiated logout: a client sends the browser to end the user's session (OpenID Connect
//! RP-Initiated Logout 1.0).

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
        let redirect = self.after_logout(mount, parameters, hint.as_ref()).await?;
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

    /// Where the browser goes afterwards: only to a URI that the client named has registered.
    async fn after_logout(
        &self,
        mount: &Mount,
        parameters: &Parameters<'_>,
        hint: Option<&Hint>,
    ) -> Result<Option<String>, Turned> {
        let Some(uri) = parameters.get(Param::PostLogoutRedirectUri) else { return Ok(None) };
        let refused =
            Refusal::new(Reason::PostLogoutRedirectUriNotRegistered).about(Some(Param::PostLogoutRedirectUri));
        let known = match named_client(parameters, hint) {
            Some(id) => self.find_client(mount, id).await?,
            None => None,
        };
        let known = known.ok_or(refused)?;
        if !known.client.post_logout_redirect_uris.iter().any(|known| known == uri) {
            return Err(refused.into());
        }
        let state = parameters.get(Param::State).map(|state| ("state", state.to_owned()));
        Ok(Some(crate::response::with_query(uri, state.as_slice())))
    }
}

fn named_client<'a>(parameters: &'a Parameters<'_>, hint: Option<&'a Hint>) -> Option<&'a str> {
    let said = parameters.get(Param::ClientId);
    match (hint, said) {
        (Some(hint), Some(said)) if hint.client_id != said => None,
        (Some(hint), _) => Some(&hint.client_id),
        (None, said) => said,
    }
}
