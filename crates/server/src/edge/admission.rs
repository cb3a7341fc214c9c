//! Whether a client's request is judged at all, and what its outcome counts for.

use http::{StatusCode, header};
use parhelion_dialects::{Response, Sender};
use parhelion_engine::client_request::ClientRequest;
use parhelion_engine::fault::Turned;
use parhelion_protocol::client_auth;
use parhelion_protocol::profile::ClientIdInForm;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};

use super::back_channel::Call;
use super::rate::{Attempt, AttemptKind, Exceeded, RatesOfSource};

/// A token for a back-end API is shown; whose it would be is not known before it is found.
pub(super) const API_TOKEN: Attempt<'_> = Attempt { kind: AttemptKind::ApiToken, tenant: None, name: None };

/// A request is not judged: why, and when to come again.
pub(super) struct NotNow {
    pub(super) refusal: Refusal,
    pub(super) exceeded: Exceeded,
}

impl Call<'_> {
    /// Whether the caller of a back-end API may show its token.
    pub(super) fn admit_sender(&self) -> Result<(), NotNow> {
        match self.place.dialect.sender() {
            Sender::Client => Ok(()),
            Sender::BackEnd => self.rates().check(&API_TOKEN).map_err(NotNow::after_failures),
        }
    }

    /// Counts the answer to a caller whose token was not good.
    pub(super) fn count_sender(&self, response: &Response) {
        // Who shows nothing guesses nothing.
        let tried = self.exchange.parts.headers.contains_key(header::AUTHORIZATION);
        if tried && response.status() == StatusCode::UNAUTHORIZED {
            self.rates().count(&API_TOKEN);
        }
    }

    /// Whether a client's credential may be judged. A back end knows its clients' sources, and we do not: what
    /// they fail at is its to count.
    pub(super) fn admit_client(&self, request: &ClientRequest<'_>) -> Result<(), NotNow> {
        let (rates, tenant) = (self.rates(), Some(self.place.mount.tenant.uid));
        let failures = self.place.dialect.sender() == Sender::Client;
        let kinds = [(AttemptKind::Authentication, failures), (AttemptKind::Success, true)];
        let mut kinds =
            kinds.into_iter().filter(|(kind, counts)| *counts && rates.may_refuse(*kind, tenant)).peekable();
        if kinds.peek().is_none() {
            return Ok(());
        }
        let name = client_id(request);
        kinds.try_for_each(|(kind, _)| {
            let attempt = Attempt { kind, tenant, name: name.as_deref() };
            rates.check(&attempt).map_err(|exceeded| match kind {
                AttemptKind::Success => NotNow { refusal: Reason::TooManyRequests.into(), exceeded },
                AttemptKind::Authentication
                | AttemptKind::Login
                | AttemptKind::RequestUri
                | AttemptKind::ApiToken
                | AttemptKind::RegistrationToken
                | AttemptKind::Registration => NotNow::after_failures(exceeded),
            })
        })
    }

    /// Whether it matters who asks for what is granted.
    pub(super) fn counts_successes(&self) -> bool {
        self.rates().may_refuse(AttemptKind::Success, None)
    }

    /// Counts what came of a client's request.
    pub(super) fn count_client(&self, turned: Option<&Turned>, client_id: Option<&str>) {
        let kind = match turned {
            Some(Turned::Faulted(_)) => return,
            Some(Turned::Refused(refusal)) if is_of_authentication(refusal) => AttemptKind::Authentication,
            Some(Turned::Refused(_)) | None => AttemptKind::Success,
        };
        if kind == AttemptKind::Success || self.place.dialect.sender() == Sender::Client {
            self.rates().count(&Attempt { kind, tenant: Some(self.place.mount.tenant.uid), name: client_id });
        }
    }

    fn rates(&self) -> RatesOfSource<'_> {
        self.exchange.rates()
    }
}

impl NotNow {
    pub(super) fn after_failures(exceeded: Exceeded) -> Self {
        Self { refusal: Reason::TooManyFailures.into(), exceeded }
    }
}

/// Whether a client failed to show who it is: one of the 2xx rows that say so to the client.
fn is_of_authentication(refusal: &Refusal) -> bool {
    refusal.row().code.starts_with("PAR-2") && refusal.public().error == OAuthError::InvalidClient
}

/// Who a request says it comes from.
pub(super) fn client_id(request: &ClientRequest<'_>) -> Option<String> {
    let presented = client_auth::present(&request.evidence(), ClientIdInForm::FromCredential).ok()?;
    Some(presented.client_id().to_owned())
}
