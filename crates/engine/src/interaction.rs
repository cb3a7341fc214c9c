//! The interaction: what happens between loading the authorize page and its answer. It lives in a sealed
//! cookie; the store knows nothing of it until it completes.

use std::sync::Arc;

use parhelion_jose::base64url;
use parhelion_protocol::checks;
use parhelion_protocol::client::Client;
use parhelion_protocol::limits;
use parhelion_protocol::params::authorization_details::AuthorizationDetails;
use parhelion_protocol::params::scope::Scope;
use parhelion_protocol::refusal::Reason;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::Engine;
use crate::fault::{Fault, Turned};
use crate::pending::{Fallen, Pending, Standing};
use crate::ports::{Commit, Entropy, Moment, PasswordVerdict, Verdict};
use crate::records::{self, Session, Summary};
use crate::reference::{Nonce, Reference, SealingKey, sha256};
use crate::registry::Mount;
use crate::response::AuthorizationResponse;

const SEALED_FOR: &[u8] = b"parhelion/1/interaction";
const FORM: &[u8] = b"parhelion/1/form";

/// Somebody who authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The user's subject identifier.
    pub sub: String,
    /// When, in seconds since 1970.
    pub auth_time_s: i64,
    /// The id of the session that was found or opened.
    pub session: [u8; 32],
}

impl Login {
    /// Whether this is whom the client expects, where it expects somebody (OpenID Connect Core 3.1.2.2).
    pub(crate) fn is_expected(&self, expected_sub: Option<&str>) -> bool {
        expected_sub.is_none_or(|expected| expected == self.sub)
    }
}

/// An interaction as this browser carries it.
#[derive(Clone, Debug)]
pub struct Interaction {
    id: [u8; 16],
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
struct State {
    reference: [u8; 32],
    client_id: String,
    deadline_ms: i64,
    login: Option<Login>,
    form_secret: [u8; 16],
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Interaction {
    pub(crate) fn begin(
        entropy: &dyn Entropy,
        reference: Reference,
        client_id: &str,
        deadline: Moment,
        login: Option<Login>,
    ) -> Result<Self, Fault> {
        let (mut id, mut form_secret) = ([0; 16], [0; 16]);
        entropy.fill(&mut id)?;
        entropy.fill(&mut form_secret)?;
        let (reference, client_id, deadline_ms) = (*reference.as_bytes(), client_id.to_owned(), deadline.0);
        Ok(Self { id, state: State { reference, client_id, deadline_ms, login, form_secret } })
    }

    /// Its name in URLs: 22 base64url characters, no secret.
    #[must_use]
    pub fn id(&self) -> String {
        base64url::encode(&self.id)
    }

    /// From then on it is over.
    #[must_use]
    pub const fn deadline(&self) -> Moment {
        Moment(self.state.deadline_ms)
    }

    /// Who logged in, once somebody has.
    #[must_use]
    pub const fn login(&self) -> Option<&Login> {
        self.state.login.as_ref()
    }

    /// The cookie that carries it on, sealed.
    ///
    /// # Errors
    /// [`Fault::Entropy`] or [`Fault::Crypto`].
    pub fn to_cookie(&self, mount: &Mount, entropy: &dyn Entropy) -> Result<String, Fault> {
        let state = postcard::to_allocvec(&self.state).map_err(|_| Fault::Crypto)?;
        Ok(base64url::encode(&mount.tenant.cookie_key.seal(&context(&self.id), state, entropy)?))
    }

    /// What a form of this interaction must carry, so that no other page can send it, and so that it speaks
    /// of what its own page showed.
    #[must_use]
    pub fn form_token(&self, shown: &str) -> String {
        base64url::encode(&sha256(&[FORM, &self.state.form_secret, shown.as_bytes()]).0)
    }

    /// Whether a form carried it.
    ///
    /// # Errors
    /// [`Reason::FormTokenWrong`].
    pub fn check_form_token(&self, shown: &str, sent: &str) -> Result<(), Turned> {
        let same = self.form_token(shown).as_bytes().ct_eq(sent.as_bytes());
        if same.into() { Ok(()) } else { Err(Reason::FormTokenWrong.into()) }
    }

    fn from_cookie(key: &SealingKey, id: &str, cookie: &str) -> Option<Self> {
        let id = base64url::decode_array(id)?;
        let sealed = base64url::decode(cookie).ok()?;
        let state = postcard::from_bytes(&key.open(&context(&id), &sealed)?).ok()?;
        Some(Self { id, state })
    }
}

fn context(id: &[u8; 16]) -> Vec<u8> {
    [SEALED_FOR, id].concat()
}

/// What the login page shows.
#[derive(Debug)]
pub struct LoginView {
    /// Who asks.
    pub client: Arc<Client>,
    /// The user name that the client expects.
    pub username: Option<String>,
}

/// What the consent page shows to be asked for, and so the most that is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What the client may have of the requested scope.
    pub scope: Scope,
    /// Authorization details, each of them (RFC 9396).
    pub authorization_details: AuthorizationDetails,
}

impl Shown {
    /// What a request asks for that its client may have.
    pub(crate) fn of(standing: &Standing) -> Self {
        Self {
            scope: checks::allowed_scope(&standing.request, &standing.client),
            authorization_details: standing.request.authorization_details.clone(),
        }
    }

    /// What both show.
    pub(crate) fn filtered(&self, other: &Self) -> Self {
        Self {
            scope: self.scope.filtered(|token| other.scope.has(token)),
            authorization_details: self.authorization_details.filtered(&other.authorization_details),
        }
    }
}

/// The text that a form of the page is tied to. No scope holds a line break, so that the parts stay apart.
impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.scope, self.authorization_details.to_text().unwrap_or_default())
    }
}

/// What the consent page shows.
#[derive(Debug)]
pub struct ConsentView {
    /// Who asks.
    pub client: Arc<Client>,
    /// For what.
    pub shown: Shown,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Who is asked.
    pub username: String,
}

/// What a page of an interaction comes to.
#[derive(Debug)]
pub enum Page<T> {
    /// It is shown.
    Show(T),
    /// The request no longer stands, and its client is told: the request is taken.
    Answer(AuthorizationResponse),
}

/// What the user said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// Somebody logged in: the interaction goes on, and the browser has a new session. It holds the session's
/// reference, and so has no `Debug`.
pub struct LoggedIn {
    /// To be carried on in place of the one before.
    pub interaction: Interaction,
    /// The session's reference, as text for a cookie.
    pub session: String,
}

impl Engine {
    /// Opens the interaction that a browser carries.
    ///
    /// # Errors
    /// [`Reason::InteractionUnknown`] or [`Reason::InteractionExpired`].
    pub fn resume(&self, mount: &Mount, id: &str, cookie: Option<&str>) -> Result<Interaction, Turned> {
        let key = &mount.tenant.cookie_key;
        let interaction = cookie.and_then(|cookie| Interaction::from_cookie(key, id, cookie));
        let interaction = interaction.ok_or(Turned::from(Reason::InteractionUnknown))?;
        if self.store.now() >= interaction.deadline() {
            return Err(Reason::InteractionExpired.into());
        }
        Ok(interaction)
    }

    /// What to show on the login page.
    ///
    /// # Errors
    /// The request is gone or taken, or nobody can be told that it no longer stands.
    pub async fn login_view(&self, mount: &Mount, interaction: &Interaction) -> Result<Page<LoginView>, Turned> {
        let standing = match self.standing(mount, interaction).await? {
            Page::Show((_, standing)) => standing,
            Page::Answer(response) => return Ok(Page::Answer(response)),
        };
        let username = standing.request.login_hint.map(|hint| hint.username);
        Ok(Page::Show(LoginView { client: standing.client, username }))
    }

    /// Logs somebody in. A new session begins in any case: one that was there before is not continued. Whether
    /// the request still stands is seen by the page that follows.
    ///
    /// # Errors
    /// [`Reason::LoginFailed`], the same for an unknown user and a wrong password.
    pub async fn login(
        &self,
        mount: &Mount,
        interaction: &Interaction,
        username: &str,
        password: Zeroizing<String>,
    ) -> Result<LoggedIn, Turned> {
        self.pending(mount, interaction).await?;
        let bounded = [username, &password].iter().all(|field| field.len() <= limits::LOGIN_FIELD_MAX_BYTES);
        let user = mount.tenant.users.named(username).filter(|_| bounded);
        let password = if bounded { password } else { Zeroizing::new(String::new()) };
        let verdict = self.passwords.check(user.map(|user| user.password_hash.clone()), password).await?;
        match (verdict, user) {
            (PasswordVerdict::Right, Some(user)) => self.open_session(mount, interaction, &user.sub).await,
            (PasswordVerdict::Right | PasswordVerdict::Wrong, _) => Err(Reason::LoginFailed.into()),
        }
    }

    async fn open_session(&self, mount: &Mount, interaction: &Interaction, sub: &str) -> Result<LoggedIn, Turned> {
        let now = self.store.now();
        let reference = Reference::draw(&*self.entropy)?;
        let login = Login { sub: sub.to_owned(), auth_time_s: now.epoch_s(), session: reference.id().0 };
        let session = Session { sub: sub.to_owned(), auth_time_s: login.auth_time_s };
        let summary = Summary { client_id: "".into(), made_at_ms: now.0, count: 0 };
        let gone_at = now.plus_s(limits::SESSION_LIFETIME_S.into());
        let tenant = mount.tenant.uid;
        let write = records::put_sealed(tenant, &reference, &summary, &session, gone_at, Nonce::draw(&*self.entropy)?)?;
        let commit = Commit { conditions: Vec::new(), writes: vec![write] };
        let (Verdict::Done | Verdict::Refused(_)) = self.store.commit(commit).await?;
        // A page that was loaded before the login cannot be sent after it.
        let mut form_secret = [0; 16];
        self.entropy.fill(&mut form_secret)?;
        let state = State { login: Some(login), form_secret, ..interaction.state.clone() };
        Ok(LoggedIn { interaction: Interaction { id: interaction.id, state }, session: reference.to_text() })
    }

    /// What to show on the consent page.
    ///
    /// # Errors
    /// As [`Engine::login_view`]; [`Reason::InteractionUnknown`] when nobody has logged in.
    pub async fn consent_view(&self, mount: &Mount, interaction: &Interaction) -> Result<Page<ConsentView>, Turned> {
        let login = interaction.login().ok_or(Turned::from(Reason::InteractionUnknown))?;
        let standing = match self.standing(mount, interaction).await? {
            Page::Show((_, standing)) => standing,
            Page::Answer(response) => return Ok(Page::Answer(response)),
        };
        let shown = Shown::of(&standing);
        let user = mount.tenant.users.with_sub(&login.sub).ok_or(Turned::from(Reason::InteractionUnknown))?;
        let username = user.username.clone();
        let redirect_uri = standing.back.redirect_uri;
        Ok(Page::Show(ConsentView { client: standing.client, shown, redirect_uri, username }))
    }

    /// Completes: the first one wins, whoever else tries, wherever. What is issued is written by the same commit
    /// that takes the request, for no more than what was `shown`.
    ///
    /// # Errors
    /// The request was taken, is gone, or no longer stands; nothing happened then.
    pub async fn complete(
        &self,
        mount: &Mount,
        interaction: &Interaction,
        decision: Decision,
        shown: &Shown,
    ) -> Result<AuthorizationResponse, Turned> {
        let by = self.taker()?;
        let login = interaction.login().ok_or(Turned::from(Reason::InteractionUnknown))?;
        let (pending, standing) = match self.standing(mount, interaction).await? {
            Page::Show(standing) => standing,
            Page::Answer(response) => return Ok(response),
        };
        let refusal = match decision {
            Decision::Allow if login.is_expected(standing.expected_sub.as_deref()) => {
                return self.take_allowed(mount, &pending, &standing, by, login, shown).await;
            }
            Decision::Allow => Reason::LoginRequired,
            Decision::Deny => Reason::UserDenied,
        };
        let response = standing.back.error(&refusal.into())?;
        self.take(&pending, by, Vec::new()).await?;
        Ok(response)
    }

    /// A name for one attempt to take.
    pub(crate) fn taker(&self) -> Result<[u8; 16], Turned> {
        let mut by = [0; 16];
        self.entropy.fill(&mut by)?;
        Ok(by)
    }

    async fn pending(&self, mount: &Mount, interaction: &Interaction) -> Result<Pending, Turned> {
        let reference = Reference::from_bytes(interaction.state.reference);
        self.find_pending(mount, &reference, &interaction.state.client_id).await
    }

    /// The request as it stands today; one that does not is answered to its client, where that can be trusted.
    async fn standing(&self, mount: &Mount, interaction: &Interaction) -> Result<Page<(Pending, Standing)>, Turned> {
        let pending = self.pending(mount, interaction).await?;
        match self.stand(mount, &pending).await {
            Ok(standing) => Ok(Page::Show((pending, standing))),
            Err(Fallen::Page(refusal)) => Err(refusal.into()),
            Err(Fallen::Redirect(response)) => {
                self.take(&pending, self.taker()?, Vec::new()).await?;
                Ok(Page::Answer(response))
            }
            Err(Fallen::Broken(fault)) => Err(fault.into()),
        }
    }
}
