//! What the forms of our own pages carry.

use parhelion_protocol::form;
use parhelion_protocol::refusal::{Reason, Refusal};
use zeroize::Zeroizing;

/// The fields of our own pages.
#[derive(Default)]
pub(super) struct PageForm {
    pub(super) username: Option<String>,
    pub(super) password: Option<Zeroizing<String>>,
    pub(super) form_token: Option<String>,
    pub(super) decision: Option<String>,
}

impl PageForm {
    /// Each at most once.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut form = Self::default();
        for pair in form::pairs(body) {
            let (name, value) = pair?;
            let field = match &*name {
                "username" => &mut form.username,
                "form_token" => &mut form.form_token,
                "decision" => &mut form.decision,
                "password" => {
                    once(form.password.is_none())?;
                    form.password = Some(Zeroizing::new(value.into_owned())).filter(|value| !value.is_empty());
                    continue;
                }
                _ => continue,
            };
            once(field.is_none())?;
            *field = Some(value.into_owned()).filter(|value| !value.is_empty());
        }
        Ok(form)
    }
}

fn once(first: bool) -> Result<(), Refusal> {
    if first { Ok(()) } else { Err(Reason::ParameterRepeated.into()) }
}
