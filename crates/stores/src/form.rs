//! The form every commit must have, whatever the store.

use parhelion_engine::ports::{Commit, Key, MAX_COMMIT_STEPS, StoreFault, Write};

/// Refuses more than [`MAX_COMMIT_STEPS`] steps and a key that is written twice.
pub(crate) fn check_form(commit: &Commit) -> Result<(), StoreFault> {
    let steps = commit.conditions.len().saturating_add(commit.writes.len());
    let twice = || {
        let mut writes = commit.writes.iter();
        std::iter::from_fn(|| writes.next().map(|write| (written_key(write), writes.clone())))
            .any(|(key, mut later)| later.any(|write| written_key(write) == key))
    };
    if steps > MAX_COMMIT_STEPS || twice() { Err(StoreFault::Malformed) } else { Ok(()) }
}

/// The key a write is about.
pub(crate) fn written_key(write: &Write) -> Key {
    match write {
        Write::Put { key, .. } | Write::Delete(key) => *key,
    }
}
