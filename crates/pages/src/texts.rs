//! Every text of the pages, one file per language. A second language is one more file and one more variant.

mod english;

use crate::login::LoginFailure;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
}

impl Language {
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &english::ENGLISH,
        }
    }
}

pub(crate) struct Texts {
    /// BCP 47 tag, for `lang`.
    pub(crate) tag: &'static str,
    /// `ltr` or `rtl`, for `dir`.
    pub(crate) direction: &'static str,
    pub(crate) product: &'static str,
    pub(crate) login: LoginTexts,
    pub(crate) consent: ConsentTexts,
    pub(crate) error: ErrorTexts,
    pub(crate) code: CodeTexts,
    pub(crate) logout: LogoutTexts,
    pub(crate) form_post: FormPostTexts,
    pub(crate) not_found: NotFoundTexts,
    pub(crate) home: HomeTexts,
}

/// A sentence around one name; the name gets markup of its own.
pub(crate) struct Around {
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
}

pub(crate) struct LoginTexts {
    pub(crate) title: &'static str,
    pub(crate) title_after_failure: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) continue_to_client: Around,
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) submit: &'static str,
    pub(crate) check_the_address: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) mismatch: &'static str,
    pub(crate) too_many_attempts: &'static str,
    pub(crate) stale: &'static str,
    pub(crate) busy: &'static str,
}

impl LoginTexts {
    pub(crate) fn failure(&self, failure: LoginFailure) -> &'static str {
        match failure {
            LoginFailure::Missing => self.missing,
            LoginFailure::Mismatch => self.mismatch,
            LoginFailure::TooManyAttempts => self.too_many_attempts,
            LoginFailure::Stale => self.stale,
            LoginFailure::Busy => self.busy,
        }
    }
}

pub(crate) struct ConsentTexts {
    pub(crate) title: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) client_asks: Around,
    pub(crate) scopes_heading: &'static str,
    pub(crate) details_heading: &'static str,
    pub(crate) asks_for_nothing: &'static str,
    pub(crate) facts_heading: &'static str,
    pub(crate) username: &'static str,
    pub(crate) client_uri: &'static str,
    pub(crate) redirect_host: &'static str,
    pub(crate) what_deny_does: &'static str,
    /// Name and meaning of the scopes of OpenID Connect Core sections 5.4 and 11.
    pub(crate) standard_scopes: &'static [(&'static str, &'static str)],
    pub(crate) allow: &'static str,
    pub(crate) deny: &'static str,
}

pub(crate) struct ErrorTexts {
    pub(crate) title: &'static str,
    pub(crate) remedy_heading: &'static str,
    pub(crate) facts_heading: &'static str,
    pub(crate) code: &'static str,
    pub(crate) oauth_error: &'static str,
    pub(crate) request_id: &'static str,
}

pub(crate) struct CodeTexts {
    pub(crate) lead: &'static str,
    pub(crate) expected_heading: &'static str,
    pub(crate) remedy_heading: &'static str,
    pub(crate) facts_heading: &'static str,
    pub(crate) oauth_error: &'static str,
    pub(crate) status: &'static str,
    pub(crate) rests_on: &'static str,
    pub(crate) section: &'static str,
}

pub(crate) struct LogoutTexts {
    pub(crate) title: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) explanation: &'static str,
    pub(crate) submit: &'static str,
    pub(crate) done_heading: &'static str,
    pub(crate) done_explanation: &'static str,
}

pub(crate) struct FormPostTexts {
    pub(crate) title: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) explanation: &'static str,
    pub(crate) submit: &'static str,
}

pub(crate) struct NotFoundTexts {
    pub(crate) heading: &'static str,
    pub(crate) explanation: &'static str,
}

pub(crate) struct HomeTexts {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) nothing_to_do: &'static str,
    pub(crate) facts_heading: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) metadata: &'static str,
}
