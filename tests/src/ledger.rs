//! What the server promised, written down outside of it and made durable line by line: what was about to be sent, and
//! what was answered. After a fault the ledger alone says what must be true.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A push that was acknowledged with 201.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// `request_uri`.
    pub request_uri: String,
    /// Milliseconds since 1970 before which it must be redeemable: when the push was sent, plus `expires_in`.
    pub redeem_by_ms: u64,
    /// The PKCE verifier.
    pub verifier: String,
}

/// What the ledger knows of one push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent, no answer: it may exist or not.
    Sent,
    /// Answered with 201, not used.
    Pushed(Acknowledged),
    /// Its approval was sent, no answer: it may be used or not.
    Finishing(Acknowledged),
    /// Used; the code that came of it.
    Finished(Acknowledged, String),
}

/// The open ledger.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: Mutex<File>,
    next: AtomicU64,
}

impl Ledger {
    /// Begins a ledger.
    ///
    /// # Errors
    /// The file's.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), next: AtomicU64::new(0) })
    }

    /// A push is about to be sent; its number.
    ///
    /// # Errors
    /// The file's.
    pub fn sending(&self) -> io::Result<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.write(&format!("sent {number}"))?;
        Ok(number)
    }

    /// The push was answered with 201.
    ///
    /// # Errors
    /// The file's.
    pub fn pushed(&self, number: u64, push: &Acknowledged) -> io::Result<()> {
        self.write(&format!("pushed {number} {} {} {}", push.redeem_by_ms, push.verifier, push.request_uri))
    }

    /// Its approval is about to be sent.
    ///
    /// # Errors
    /// The file's.
    pub fn finishing(&self, number: u64) -> io::Result<()> {
        self.write(&format!("finishing {number}"))
    }

    /// A code came of it.
    ///
    /// # Errors
    /// The file's.
    pub fn finished(&self, number: u64, code: &str) -> io::Result<()> {
        self.write(&format!("finished {number} {code}"))
    }

    /// Reads back, from the disk, what was written.
    ///
    /// # Errors
    /// The file's.
    ///
    /// # Panics
    /// When the file was not written by this ledger.
    pub fn read(&self) -> io::Result<BTreeMap<u64, Fate>> {
        let mut fates = BTreeMap::new();
        for line in fs::read_to_string(&self.path)?.lines() {
            apply(&mut fates, line).unwrap_or_else(|| panic!("not a line of a ledger: {line}"));
        }
        Ok(fates)
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut file = self.file.lock().expect("no writer panicked");
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }
}

fn apply(fates: &mut BTreeMap<u64, Fate>, line: &str) -> Option<()> {
    let mut words = line.split(' ');
    let (verb, number) = (words.next()?, words.next()?.parse().ok()?);
    let fate = match (verb, fates.remove(&number)) {
        ("sent", None) => Fate::Sent,
        ("pushed", Some(Fate::Sent)) => {
            let (deadline, verifier, request_uri) = (words.next()?, words.next()?, words.next()?);
            Fate::Pushed(Acknowledged {
                request_uri: request_uri.to_owned(),
                redeem_by_ms: deadline.parse().ok()?,
                verifier: verifier.to_owned(),
            })
        }
        ("finishing", Some(Fate::Pushed(push))) => Fate::Finishing(push),
        ("finished", Some(Fate::Finishing(push))) => Fate::Finished(push, words.next()?.to_owned()),
        _ => return None,
    };
    fates.insert(number, fate);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    #[test]
    fn every_fate_is_read_back() {
        let folder = Folder::new("ledger");
        let ledger = Ledger::create(&folder.path().join("ledger")).unwrap();
        let push = Acknowledged { request_uri: "urn:x".to_owned(), redeem_by_ms: 7, verifier: "v".to_owned() };
        for _ in 0..4 {
            ledger.sending().unwrap();
        }
        for number in 1..4 {
            ledger.pushed(number, &push).unwrap();
        }
        ledger.finishing(2).unwrap();
        ledger.finishing(3).unwrap();
        ledger.finished(3, "code").unwrap();
        let fates: Vec<Fate> = ledger.read().unwrap().into_values().collect();
        let expected = [
            Fate::Sent,
            Fate::Pushed(push.clone()),
            Fate::Finishing(push.clone()),
            Fate::Finished(push, "code".to_owned()),
        ];
        assert_eq!(fates, expected);
    }
}
