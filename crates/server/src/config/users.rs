//! The users of a tenant.

use argon2::password_hash::phc::PasswordHash;
use toml::Spanned;

use super::fault::ConfigFault;
use super::file::UserSection;
use super::{Context, doubts};

/// A user as configured.
#[derive(Debug)]
pub struct UserPlan {
    /// What is typed into the login page.
    pub username: String,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
    /// The subject identifier, if the file names one.
    pub sub: Option<String>,
    /// Claims about the user.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

pub(super) fn read(context: &Context<'_>, sections: Vec<UserSection>) -> Vec<UserPlan> {
    let mut users: Vec<UserPlan> = Vec::new();
    for section in sections {
        if users.iter().any(|user| user.username == *section.username.get_ref()) {
            let problem = format!("user `{}` is there twice", section.username.get_ref().escape_debug());
            let fault = context.source.fault_at(section.username.span(), problem);
            context.notes.note(fault.with_remedy("a username is unique in its tenant"));
        }
        users.extend(context.notes.keep(user(context, section)));
    }
    users
}

fn user(context: &Context<'_>, section: UserSection) -> Result<UserPlan, ConfigFault> {
    let fault = |at: &Spanned<String>, problem: String| context.source.fault_at(at.span(), problem);
    let name = section.username.get_ref().escape_debug();
    let hash = PasswordHash::new(section.password_hash.get_ref()).ok();
    let hash = hash.filter(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some());
    let Some(hash) = hash else {
        let problem = format!("the password_hash of user `{name}` is not an argon2id PHC string");
        return Err(fault(&section.password_hash, problem).with_remedy("make one with `parhelion hash-password`"));
    };
    doubts::weak_hash(context, &section.username, &section.password_hash, &hash);
    if let Some(sub) = section.sub.as_ref().filter(|sub| !fits_sub(sub.get_ref())) {
        let problem = format!("the sub of user `{name}` is not 1 to 255 ASCII characters");
        return Err(fault(sub, problem).with_remedy("OpenID Connect Core section 2 asks for that"));
    }
    let claims = serde_json::to_value(section.claims).ok();
    let Some(serde_json::Value::Object(claims)) = claims else {
        return Err(fault(&section.username, format!("the claims of user `{name}` cannot be told as JSON")));
    };
    Ok(UserPlan {
        username: section.username.into_inner(),
        password_hash: section.password_hash.into_inner(),
        sub: section.sub.map(Spanned::into_inner),
        claims,
    })
}

fn fits_sub(sub: &str) -> bool {
    (1..=255).contains(&sub.len()) && sub.is_ascii()
}
