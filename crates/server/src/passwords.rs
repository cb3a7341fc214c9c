//! Password hashing: argon2id, in as many threads as there are cores, with a bounded queue before them.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, password_hash};
use parhelion_engine::ports::{PasswordAnswer, PasswordVerdict, Passwords, PasswordsBusy};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Checks that may wait for each thread; at some thirty milliseconds each, the last one waits about a second.
const WAITING_PER_WORKER: usize = 32;

/// Of default cost, and of no password: for users that do not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A PHC string for a password, with a new salt and the cost that OWASP recommends.
///
/// # Errors
/// When the operating system gives no randomness, or the password is longer than four gigabytes.
pub fn hash(password: &str) -> Result<String, password_hash::Error> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
}

/// The pool that checks passwords.
#[derive(Debug)]
pub struct Argon2Passwords {
    workers: Arc<Semaphore>,
    room: Arc<Semaphore>,
    nobody: String,
}

impl Argon2Passwords {
    /// A pool of `workers` threads. Where nobody is known by a name, the work is done for `example`, a user's
    /// hash, so that it costs the same.
    #[must_use]
    pub fn new(workers: usize, example: Option<&str>) -> Self {
        let waiting = workers.saturating_mul(WAITING_PER_WORKER);
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            room: Arc::new(Semaphore::new(workers.saturating_add(waiting))),
            nobody: example.unwrap_or(NOBODY).to_owned(),
        }
    }

    async fn check_in_turn(
        &self,
        hash: Option<String>,
        password: Zeroizing<String>,
    ) -> Result<PasswordVerdict, PasswordsBusy> {
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| PasswordsBusy)?;
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| PasswordsBusy)?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work, not by whoever waits for it: that one may have gone.
            let _held = (place, worker);
            Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok()
        });
        let right = work.await.map_err(|_| PasswordsBusy)?;
        Ok(if right && known { PasswordVerdict::Right } else { PasswordVerdict::Wrong })
    }
}

impl Passwords for Argon2Passwords {
    fn check(&self, hash: Option<String>, password: Zeroizing<String>) -> PasswordAnswer<'_> {
        Box::pin(self.check_in_turn(hash, password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn right_wrong_and_nobody() {
        let ada = hash("correct horse").unwrap();
        let pool = Argon2Passwords::new(1, Some(&ada));
        assert_eq!(pool.check(Some(ada.clone()), password("correct horse")).await, Ok(PasswordVerdict::Right));
        assert_eq!(pool.check(Some(ada), password("wrong horse")).await, Ok(PasswordVerdict::Wrong));
        // Also for the password of the user whose hash is worked on in vain.
        assert_eq!(pool.check(None, password("correct horse")).await, Ok(PasswordVerdict::Wrong));
    }

    #[tokio::test]
    async fn stand_in_for_nobody_is_a_hash_that_can_be_worked_on() {
        assert!(password_hash::phc::PasswordHash::new(NOBODY).is_ok());
        let pool = Argon2Passwords::new(1, None);
        assert_eq!(pool.check(None, password("")).await, Ok(PasswordVerdict::Wrong));
    }

    #[tokio::test]
    async fn full_queue_says_so_at_once() {
        let pool = Argon2Passwords::new(1, None);
        let _all = pool.room.acquire_many(33).await.unwrap();
        assert_eq!(pool.check(None, password("x")).await, Err(PasswordsBusy));
    }
}
