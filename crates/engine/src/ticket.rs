//! The ticket: an interaction that a back end leads. The back end asks its own users, and says how it went; what it may
//! say and what comes of it are the rules of [`crate::interaction`]. A ticket is good once, as its request is.

use std::sync::Arc;

use parhelion_protocol::client::Client;
use parhelion_protocol::limits;
use parhelion_protocol::params::authorization_details;
use parhelion_protocol::params::scope;
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::request::AuthorizationRequest;
use serde_json::{Map, Value};

use crate::Engine;
use crate::authorize::{Waiting, Waits};
use crate::completion::Allowing;
use crate::fault::{Fault, Turned};
use crate::interaction::Shown;
use crate::pending::{Fallen, Pending, Standing};
use crate::person::Person;
use crate::ports::{Commit, Condition, Moment, Stored, Verdict, Write};
use crate::records::{self, External, Property, Summary, Ticket};
use crate::reference::{Nonce, Reference};
use crate::registry::Mount;
use crate::response::AuthorizationResponse;

/// How often a completion is tried again when others change what it builds on.
const RACES_MAX: usize = 8;

/// What a back end needs to ask its user.
pub struct TicketView {
    /// 43 base64url characters.
    pub ticket: String,
    /// Who asks.
    pub client: Arc<Client>,
    /// For what.
    pub request: AuthorizationRequest,
    /// The most that is granted.
    pub shown: Shown,
    /// The subject that the client expects.
    pub expected_sub: Option<String>,
    /// The `claims` parameter as it was pushed.
    pub claims: Option<String>,
}

/// What a request comes to that is loaded for a back end.
pub enum Opened {
    /// Its user is to be asked.
    Ticket(Box<TicketView>),
    /// Its client is told why not.
    Answer(AuthorizationResponse),
}

/// What a back end says of a user who allowed a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vouched {
    /// Who: the back end's own name for them.
    pub subject: String,
    /// When they authenticated, in seconds since 1970.
    pub auth_time_s: Option<i64>,
    /// What they allowed; none or empty is all that was asked for.
    pub scopes: Vec<String>,
    /// The authorization details that they allowed, as JSON text; none is all that were asked for.
    pub authorization_details: Option<String>,
    /// What else is said of them.
    pub said: External,
    /// What is attached to the tokens.
    pub properties: Vec<Property>,
}

/// Why a request is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody says why, or the back end broke.
    Unknown,
    /// Nobody is logged in who may be, or not as the client asks.
    LoginRequired,
    /// The user said no.
    Denied,
    /// The user failed to authenticate.
    NotAuthenticated,
    /// The user has to choose an account.
    AccountSelectionRequired,
    /// The user has to be asked for consent.
    ConsentRequired,
    /// The user has to be asked something.
    InteractionRequired,
    /// The resource is not one that tokens are issued for.
    InvalidTarget,
}

impl Failure {
    const fn reason(self) -> Reason {
        match self {
            Self::Unknown => Reason::ServerFault,
            Self::LoginRequired => Reason::LoginRequired,
            Self::Denied => Reason::UserDenied,
            Self::NotAuthenticated => Reason::LoginFailed,
            Self::AccountSelectionRequired => Reason::AccountSelectionNeeded,
            Self::ConsentRequired => Reason::ConsentRequired,
            Self::InteractionRequired => Reason::InteractionNeeded,
            Self::InvalidTarget => Reason::ResourceUnknown,
        }
    }
}

/// A ticket that is over.
pub struct Completed {
    /// What the browser carries to the client.
    pub response: AuthorizationResponse,
    /// What the back end kept with it.
    pub context: Option<String>,
}

/// A ticket that was found, with what is needed to write it back.
struct Found {
    reference: Reference,
    stored: Stored,
    ticket: Ticket,
}

impl Found {
    /// The ticket goes, if it is still the one that was found.
    fn taken(&self, mount: &Mount) -> Commit {
        let key = records::key_of::<Ticket>(mount.tenant.uid, &self.reference);
        let conditions = vec![Condition::Unchanged(key, self.stored.version)];
        Commit { conditions, writes: vec![Write::Delete(key)] }
    }
}

impl Engine {
    /// Loads a request for a back end, which keeps `context` with the ticket. `query` is the query or the body that the
    /// browser brought. `prompt=none` is the back end's to judge.
    ///
    /// # Errors
    /// What stands in the way: there is no redirect URI to trust.
    pub async fn open_ticket(&self, mount: &Mount, query: &[u8], context: Option<String>) -> Result<Opened, Turned> {
        check_length(context.as_deref())?;
        let Waits { pending, standing, reference } = match self.load(mount, query).await? {
            Waiting::Request(waits) => *waits,
            Waiting::Answered(response) => return Ok(Opened::Answer(response)),
        };
        let now = self.store.now();
        let client_id = pending.record.client_id.clone();
        let ticket = Ticket { request: *reference.as_bytes(), client_id, made_at_ms: now.0, context };
        // Never past the record itself, or a completion could find its tombstone collected.
        let gone_at = now.plus_s(standing.policy.interaction_lifetime_s.0.into()).min(pending.gone_at);
        let reference = Reference::draw(&*self.entropy)?;
        let write = self.put_ticket(mount, &reference, &ticket, gone_at)?;
        let commit = Commit { conditions: vec![Condition::Absent(write.key())], writes: vec![write] };
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(Opened::Ticket(Box::new(view(&reference, standing)))),
            Verdict::Refused(_) => Err(Fault::Record.into()),
        }
    }

    /// What a back end keeps with a ticket.
    ///
    /// # Errors
    /// [`Reason::TicketUnknown`].
    pub async fn ticket_context(&self, mount: &Mount, ticket: &str) -> Result<Option<String>, Turned> {
        Ok(self.find_ticket(mount, ticket).await?.ticket.context)
    }

    /// Keeps something else with a ticket.
    ///
    /// # Errors
    /// [`Reason::TicketUnknown`] or [`Reason::VouchedMalformed`].
    pub async fn update_ticket(&self, mount: &Mount, ticket: &str, context: Option<String>) -> Result<(), Turned> {
        check_length(context.as_deref())?;
        for _ in 0..RACES_MAX {
            let found = self.find_ticket(mount, ticket).await?;
            let changed = Ticket { context: context.clone(), ..found.ticket };
            let write = self.put_ticket(mount, &found.reference, &changed, found.stored.expires_at)?;
            let conditions = vec![Condition::Unchanged(write.key(), found.stored.version)];
            if self.store.commit(Commit { conditions, writes: vec![write] }).await? == Verdict::Done {
                return Ok(());
            }
        }
        Err(Fault::Busy.into())
    }

    /// Completes: the user of the back end allowed the request. The first completion wins, whoever else tries, wherever;
    /// what is issued is for no more than what was asked for and allowed.
    ///
    /// # Errors
    /// [`Reason::TicketUnknown`], [`Reason::VouchedMalformed`], or what stands in the way of the request; nothing
    /// happened then.
    pub async fn complete_ticket(&self, mount: &Mount, ticket: &str, vouched: &Vouched) -> Result<Completed, Turned> {
        let allowed = allowed(vouched)?;
        for _ in 0..RACES_MAX {
            let found = self.find_ticket(mount, ticket).await?;
            let (pending, standing) = match self.standing_of(mount, &found).await? {
                Stands::Yes(pending, standing) => (pending, standing),
                Stands::No(response) => return Ok(Completed { response, context: found.ticket.context }),
            };
            if let Some(reason) = unfit(vouched, &standing, Moment(found.ticket.made_at_ms)) {
                return self.deny(mount, &pending, &standing, found, reason).await;
            }
            match self.take_vouched(mount, &pending, &standing, &found, vouched, &allowed).await {
                Ok(response) => return Ok(Completed { response, context: found.ticket.context }),
                // Ticket or consent changed meanwhile.
                Err(Turned::Faulted(Fault::Busy)) => {}
                Err(turned) => return Err(turned),
            }
        }
        Err(Fault::Busy.into())
    }

    /// Completes: the request is not allowed, and its client is told.
    ///
    /// # Errors
    /// As [`Engine::complete_ticket`].
    pub async fn fail_ticket(&self, mount: &Mount, ticket: &str, failure: Failure) -> Result<Completed, Turned> {
        let found = self.find_ticket(mount, ticket).await?;
        match self.standing_of(mount, &found).await? {
            Stands::Yes(pending, standing) => self.deny(mount, &pending, &standing, found, failure.reason()).await,
            Stands::No(response) => Ok(Completed { response, context: found.ticket.context }),
        }
    }

    async fn deny(
        &self,
        mount: &Mount,
        pending: &Pending,
        standing: &Standing,
        found: Found,
        reason: Reason,
    ) -> Result<Completed, Turned> {
        let response = standing.back.error(&reason.into())?;
        self.take_with(pending, self.taker()?, found.taken(mount)).await?;
        Ok(Completed { response, context: found.ticket.context })
    }

    async fn take_vouched(
        &self,
        mount: &Mount,
        pending: &Pending,
        standing: &Standing,
        found: &Found,
        vouched: &Vouched,
        allowed: &Allowed,
    ) -> Result<AuthorizationResponse, Turned> {
        let now = self.store.now();
        let all = Shown::of(standing);
        let shown = Shown {
            scope: allowed.scope.clone().unwrap_or_else(|| all.scope.clone()),
            authorization_details: allowed.details.clone().unwrap_or_else(|| all.authorization_details.clone()),
        };
        let granted = all.filtered(&shown);
        let (tenant, client_id) = (&mount.tenant, &standing.client.client_id);
        let mut beside = found.taken(mount);
        let consent = self.remember_external(tenant, client_id, &vouched.subject, &granted.scope).await?;
        beside.conditions.extend(consent.conditions);
        beside.writes.extend(consent.writes);
        let said = External { given_at_ms: now.0, ..vouched.said.clone() };
        let allowing = Allowing {
            person: &Person::External { sub: vouched.subject.clone(), said, narrowed_to: None },
            sub: &vouched.subject,
            auth_time_s: vouched.auth_time_s.unwrap_or(0),
            session: [0; 32],
            properties: &vouched.properties,
            granted,
            beside,
        };
        self.take_allowed_by(mount, pending, standing, self.taker()?, allowing).await
    }

    async fn find_ticket(&self, mount: &Mount, ticket: &str) -> Result<Found, Turned> {
        let unknown = || Turned::from(Reason::TicketUnknown);
        let reference = Reference::from_text(ticket).ok_or_else(unknown)?;
        let tenant = mount.tenant.uid;
        let stored = self.store.get(records::key_of::<Ticket>(tenant, &reference)).await?.ok_or_else(unknown)?;
        let ticket = records::open_sealed::<Ticket>(tenant, &reference, &stored)?;
        Ok(Found { reference, stored, ticket })
    }

    fn put_ticket(
        &self,
        mount: &Mount,
        reference: &Reference,
        ticket: &Ticket,
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let summary = Summary { client_id: (&ticket.client_id).into(), made_at_ms: ticket.made_at_ms, count: 0 };
        Ok(records::put_sealed(mount.tenant.uid, reference, &summary, ticket, gone_at, Nonce::draw(&*self.entropy)?)?)
    }

    /// The request as it stands today; one that does not is answered to its client, where that can be trusted.
    async fn standing_of(&self, mount: &Mount, found: &Found) -> Result<Stands, Turned> {
        let reference = Reference::from_bytes(found.ticket.request);
        let pending = self.find_pending(mount, &reference, &found.ticket.client_id).await?;
        match self.stand(mount, &pending).await {
            Ok(standing) => Ok(Stands::Yes(Box::new(pending), Box::new(standing))),
            Err(Fallen::Page(refusal)) => Err(refusal.into()),
            Err(Fallen::Redirect(response)) => {
                self.take_with(&pending, self.taker()?, found.taken(mount)).await?;
                Ok(Stands::No(response))
            }
            Err(Fallen::Broken(fault)) => Err(fault.into()),
        }
    }
}

enum Stands {
    Yes(Box<Pending>, Box<Standing>),
    No(AuthorizationResponse),
}

fn view(reference: &Reference, standing: Standing) -> TicketView {
    TicketView {
        ticket: reference.to_text(),
        shown: Shown::of(&standing),
        client: standing.client,
        request: standing.request,
        expected_sub: standing.expected_sub,
        claims: standing.claims,
    }
}

/// What a user allowed of what was asked for, where the back end says it.
struct Allowed {
    scope: Option<scope::Scope>,
    details: Option<authorization_details::AuthorizationDetails>,
}

/// Whether what is said of a user is of its form and within its bounds.
fn allowed(vouched: &Vouched) -> Result<Allowed, Turned> {
    let malformed = Turned::from(Reason::VouchedMalformed);
    check_subject(&vouched.subject)?;
    check_properties(&vouched.properties)?;
    let said = &vouched.said;
    if let Some(sub) = &said.shown_sub {
        check_subject(sub)?;
    }
    [&said.acr, &said.claims, &said.session_id].into_iter().try_for_each(|text| check_length(text.as_deref()))?;
    let names = said.consented_claims.iter().map(String::len).fold(0, usize::saturating_add);
    let claims = said.claims.as_deref().map(serde_json::from_str::<Map<String, Value>>);
    if names > limits::VOUCHED_MAX_BYTES || claims.is_some_and(|claims| claims.is_err()) {
        return Err(malformed);
    }
    let scope = (!vouched.scopes.is_empty()).then(|| scope::parse(&vouched.scopes.join(" ")));
    let details = vouched.authorization_details.as_deref().map(authorization_details::parse);
    Ok(Allowed {
        scope: scope.transpose().map_err(|_| malformed)?,
        details: details.transpose().map_err(|_| malformed)?,
    })
}

/// Why a user who said yes is not whom the client asked for (OpenID Connect Core section 3.1.2.2): another one, or one
/// who authenticated too long before the request was loaded.
fn unfit(vouched: &Vouched, standing: &Standing, loaded_at: Moment) -> Option<Reason> {
    let shown = vouched.said.shown_sub.as_ref().unwrap_or(&vouched.subject);
    let expected = standing.expected_sub.as_ref().is_none_or(|expected| expected == shown);
    let fresh = standing.request.max_age_s.is_none_or(|max_age_s| {
        let auth_time_s = vouched.auth_time_s;
        auth_time_s.is_some_and(|at_s| at_s.saturating_add(max_age_s.into()) >= loaded_at.epoch_s())
    });
    (!expected || !fresh).then_some(Reason::LoginRequired)
}

/// Whether a back end's name for a user can be kept and told.
pub(crate) fn check_subject(subject: &str) -> Result<(), Turned> {
    let fits = (1..=limits::SUBJECT_MAX_BYTES).contains(&subject.len()) && !subject.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Reason::VouchedMalformed.into()) }
}

/// Whether properties are few and short enough to be kept.
pub(crate) fn check_properties(properties: &[Property]) -> Result<(), Turned> {
    let lengths = properties.iter().map(|property| property.key.len().saturating_add(property.value.len()));
    let bytes = lengths.fold(0, usize::saturating_add);
    let fits = properties.len() <= limits::PROPERTIES_MAX && bytes <= limits::VOUCHED_MAX_BYTES;
    if fits { Ok(()) } else { Err(Reason::VouchedMalformed.into()) }
}

fn check_length(text: Option<&str>) -> Result<(), Turned> {
    let fits = text.is_none_or(|text| text.len() <= limits::VOUCHED_MAX_BYTES);
    if fits { Ok(()) } else { Err(Reason::VouchedMalformed.into()) }
}
