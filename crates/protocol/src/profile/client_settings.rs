//! What of a policy an interface for clients can set for one client: kept as text that the policy at a mount is overlaid with.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::choices::{Pkce, RequestObjectTerms};

/// Settings of [`super::Policy`] by their names; what is absent is as at the mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    /// What is asked of PKCE.
    pub pkce: Option<Pkce>,
    /// What a request object must say of itself.
    pub request_object_terms: Option<RequestObjectTerms>,
    /// `expires_in` of its pushed requests, in seconds.
    pub request_uri_lifetime_s: Option<u32>,
    /// Lifetime of its access tokens, in seconds.
    pub access_token_lifetime_s: Option<u32>,
    /// Lifetime of its refresh tokens, in seconds.
    pub refresh_token_lifetime_s: Option<u32>,
    /// Lifetime of its ID tokens, in seconds.
    pub id_token_lifetime_s: Option<u32>,
}

impl ClientSettings {
    /// What is kept of a client; nothing where it is no such text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        toml::from_str(text).unwrap_or_default()
    }

    /// As it is kept.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_table().to_string()
    }

    /// As an overlay of a policy.
    #[must_use]
    pub fn to_table(&self) -> Table {
        Table::try_from(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn every_setting_is_one_of_the_policy_and_goes_there_and_back() {
        let settings = ClientSettings {
            pkce: Some(Pkce::S256Required),
            request_object_terms: Some(RequestObjectTerms::Required),
            request_uri_lifetime_s: Some(5),
            access_token_lifetime_s: Some(60),
            refresh_token_lifetime_s: Some(61),
            id_token_lifetime_s: Some(62),
        };
        let (table, policy) = (settings.to_table(), shipped("rfc9126").unwrap());
        assert_eq!(table.len(), 6);
        let overlaid = policy.overlaid(&table).unwrap();
        assert_eq!((overlaid.pkce, overlaid.request_object_terms), (Pkce::S256Required, RequestObjectTerms::Required));
        assert_eq!((overlaid.request_uri_lifetime_s.0, overlaid.access_token_lifetime_s.0), (5, 60));
        assert_eq!((overlaid.refresh_token_lifetime_s.0, overlaid.id_token_lifetime_s.0), (61, 62));
        assert_eq!(ClientSettings::from_text(&settings.to_text()), settings);
        assert_eq!(ClientSettings::default().to_text(), "");
    }

    #[test]
    fn settings_that_were_kept_by_hand_are_read() {
        let kept = ClientSettings::from_text("pkce = \"required\"\nrequest_object_terms = \"required\"\n");
        assert_eq!((kept.pkce, kept.request_object_terms), (Some(Pkce::Required), Some(RequestObjectTerms::Required)));
    }
}
