//! Password checking, which is slow on purpose and so happens elsewhere.

use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

/// There is no room for another check now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordsBusy;

/// What a check answers with.
pub type PasswordAnswer<'a> = Pin<Box<dyn Future<Output = Result<PasswordVerdict, PasswordsBusy>> + Send + 'a>>;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordVerdict {
    /// It is the password.
    Right,
    /// It is not, or there is no such user.
    Wrong,
}

/// Checks passwords in a bounded pool.
pub trait Passwords: Send + Sync {
    /// Checks a password against a PHC string; without one does the same work in vain, so that an
    /// unknown user cannot be told from a wrong password.
    fn check(&self, hash: Option<String>, password: Zeroizing<String>) -> PasswordAnswer<'_>;
}
