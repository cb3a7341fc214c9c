//! A certificate with its key: out of two PEM files, or not at all.
#![allow(clippy::disallowed_methods, reason = "this is where certificates and their keys are read")]

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, Validity, X509Certificate};
use zeroize::Zeroizing;

use super::TlsFault;
use crate::config::CertificatePlan;

/// More than any chain or key needs.
const FILE_MAX_BYTES: u64 = 256 * 1024;

/// By which a file that changed is told from one that did not, also where a symbolic link on the way to it moved:
/// device, inode, length, and the times of its last writing and its last change, in nanoseconds.
pub(super) type Stamp = Option<(u64, u64, u64, i128, i128)>;

/// The stamps of both files; of one that is not there, none.
pub(super) fn stamps(plan: &CertificatePlan) -> [Stamp; 2] {
    [stamp(&plan.certificate_file), stamp(&plan.key_file)]
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    let nanos = |s: i64, ns: i64| i128::from(s).saturating_mul(1_000_000_000).saturating_add(i128::from(ns));
    let (written, changed) = (nanos(found.mtime(), found.mtime_nsec()), nanos(found.ctime(), found.ctime_nsec()));
    Some((found.dev(), found.ino(), found.len(), written, changed))
}

/// A pair that can be used.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) key: CertifiedKey,
    /// What the operator should know of it all the same.
    pub(super) remarks: Vec<String>,
}

/// Reads a pair and judges whether its halves belong together. One that is out of its time is remarked on and used:
/// clients decide for themselves, and no certificate at all helps nobody.
pub(super) fn read(plan: &CertificatePlan, provider: &CryptoProvider) -> Result<Fresh, TlsFault> {
    let chain = chain(&plan.certificate_file)?;
    let key = key(&plan.key_file)?;
    let pair = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let strange = matches!(error, rustls::Error::InconsistentKeys(_));
        let strange = strange.then(|| format!("is not the key of {}", plan.certificate_file.display()));
        TlsFault::of(&plan.key_file, strange.unwrap_or_else(|| error.to_string()))
    })?;
    let time = pair.cert.first().and_then(|leaf| remark_on_time(&plan.certificate_file, leaf));
    let remarks = [time, remark_on_readers(&plan.key_file)].into_iter().flatten().collect();
    Ok(Fresh { key: pair, remarks })
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let text = text(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| TlsFault::of(path, format!("no certificates in PEM: {error}")))?;
    if chain.is_empty() {
        return Err(TlsFault::of(path, "there is no certificate in it"));
    }
    for certificate in &chain {
        parse(path, certificate)?;
    }
    Ok(chain)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let text = text(path)?;
    // The reason may not be told in the reader's words: it has read a key.
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsFault::of(path, "there is no private key in PEM in it"))
}

fn text(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsFault> {
    let mut text = Zeroizing::new(Vec::new());
    let file = File::open(path).and_then(|file| file.take(FILE_MAX_BYTES).read_to_end(&mut text));
    file.map_err(|error| TlsFault::of(path, error))?;
    Ok(text)
}

fn parse<'a>(path: &Path, certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, TlsFault> {
    match X509Certificate::from_der(certificate) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) | Err(_) => Err(TlsFault::of(path, "what is in it is no X.509 certificate")),
    }
}

fn remark_on_time(path: &Path, leaf: &CertificateDer<'_>) -> Option<String> {
    let validity = parse(path, leaf).ok()?.validity().clone();
    let Validity { not_before, not_after } = &validity;
    let remark = || {
        let path = path.display();
        format!(
            "{path}: the certificate is good from {not_before} to {not_after}, which is not now; it is used all the same"
        )
    };
    (!validity.is_valid()).then(remark)
}

fn remark_on_readers(path: &Path) -> Option<String> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let remark =
        || format!("{}: everybody on this machine may read the private key; chmod o-r closes it", path.display());
    (mode & 0o004 != 0).then(remark)
}
