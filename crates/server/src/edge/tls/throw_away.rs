//! `--tls dev`: a certificate for this machine from an authority whose key nobody keeps, in the data folder.
#![allow(clippy::disallowed_methods, reason = "this is where throw-away certificates are read and written")]

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parhelion_engine::ports::Moment;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use zeroize::Zeroizing;

use super::{TlsFault, pair, provider};
use crate::config::CertificatePlan;
use crate::master_key::make_folder;

/// What clients trust to trust this server.
pub(crate) const CA_FILE_NAME: &str = "ca.pem";
const CERTIFICATE_FILE_NAME: &str = "dev-certificate.pem";
const KEY_FILE_NAME: &str = "dev-key.pem";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Browsers refuse certificates that are good for more than 398 days.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// One that has less than this left is replaced.
const LEFT_MIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The certificate of this folder; a new one, of a new authority, where it has none that is good at `now` and for a while
/// for this machine and for `hosts` (names, or addresses, those of IPv6 in brackets or bare).
///
/// # Errors
/// [`TlsFault`].
pub(super) fn open_or_make(folder: &Path, hosts: &[&str], now: Moment) -> Result<CertificatePlan, TlsFault> {
    let since_1970 = Duration::from_millis(u64::try_from(now.0).unwrap_or_default());
    let plan =
        CertificatePlan { certificate_file: folder.join(CERTIFICATE_FILE_NAME), key_file: folder.join(KEY_FILE_NAME) };
    let names = names(hosts);
    let ca_file = folder.join(CA_FILE_NAME);
    if !is_good(&plan, &ca_file, &names, since_1970) {
        make_folder(folder).map_err(|fault| TlsFault { file: None, problem: fault.to_string() })?;
        let now = SystemTime::UNIX_EPOCH.checked_add(since_1970).unwrap_or(SystemTime::UNIX_EPOCH);
        let made = Made::new(names, now).map_err(|error| TlsFault::of(folder, error))?;
        write(&plan.key_file, 0o600, &made.key)?;
        write(&plan.certificate_file, 0o644, &made.certificate)?;
        write(&ca_file, 0o644, &made.ca)?;
    }
    Ok(plan)
}

/// This machine's names for itself, and the others.
fn names(hosts: &[&str]) -> Vec<String> {
    let bare = |host: &&str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].iter().chain(hosts).map(bare).collect();
    names.sort();
    names.dedup();
    names
}

fn is_good(plan: &CertificatePlan, ca_file: &Path, names: &[String], since_1970: Duration) -> bool {
    let Ok(fresh) = pair::read(plan, &provider()) else { return false };
    let mut roots = RootCertStore::empty();
    let ca = std::fs::read(ca_file).ok().and_then(|text| CertificateDer::from_pem_slice(&text).ok());
    if ca.and_then(|ca| roots.add(ca).ok()).is_none() {
        return false;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider())).build();
    let (Ok(verifier), Some(leaf)) = (verifier, fresh.key.cert.first()) else { return false };
    let moments = [since_1970, since_1970.saturating_add(LEFT_MIN)].map(UnixTime::since_unix_epoch);
    names.iter().all(|name| {
        let name = ServerName::try_from(name.as_str());
        name.is_ok_and(|name| {
            moments.iter().all(|moment| verifier.verify_server_cert(leaf, &[], &name, &[], *moment).is_ok())
        })
    })
}

/// In PEM.
struct Made {
    ca: String,
    certificate: String,
    key: Zeroizing<String>,
}

impl Made {
    /// The authority's key ends here: whoever trusts the authority trusts this one certificate and never another.
    fn new(names: Vec<String>, now: SystemTime) -> Result<Self, rcgen::Error> {
        let mut ca = parameters("Parhelion throw-away authority", Vec::new(), now)?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let ca_key = KeyPair::generate()?;
        let ca_certificate = ca.self_signed(&ca_key)?;
        let mut leaf = parameters("Parhelion on this machine", names, now)?;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?;
        Ok(Self { ca: ca_certificate.pem(), certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
    }
}

fn parameters(common_name: &str, names: Vec<String>, now: SystemTime) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.not_before = now.checked_sub(DAY).unwrap_or(now).into();
    parameters.not_after = now.checked_add(LIFETIME).unwrap_or(now).into();
    parameters.use_authority_key_identifier_extension = true;
    Ok(parameters)
}

/// A file anew, so that it has this mode and is no link to elsewhere.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsFault> {
    let io = |error| TlsFault::of(path, error);
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
        Ok(()) | Err(_) => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(io)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use parhelion_testkit::TemporaryDirectory;

    use super::*;

    const DAYS: i64 = 24 * 60 * 60 * 1000;

    fn in_days(days: i64) -> Moment {
        Moment(1_800_000_000_000 + days * DAYS)
    }

    fn key(plan: &CertificatePlan) -> String {
        std::fs::read_to_string(&plan.key_file).unwrap()
    }

    #[test]
    fn certificate_is_used_again_while_it_is_good_for_these_hosts() {
        let directory = TemporaryDirectory::new();
        let open = |hosts: &[&str], now| key(&open_or_make(directory.path(), hosts, now).unwrap());
        let first = open(&["as.example"], in_days(0));
        assert_eq!(open(&["as.example"], in_days(0)), first);
        assert_eq!(open(&["[::1]"], in_days(0)), first);
        assert_eq!(open(&[], in_days(330)), first);
        let later = open(&[], in_days(340));
        assert_ne!(later, first, "25 days are left");
        let other = open(&["other.example"], in_days(340));
        assert_ne!(other, later, "another host");
        std::fs::remove_file(directory.path().join(CA_FILE_NAME)).unwrap();
        assert_ne!(open(&["other.example"], in_days(340)), other, "nothing to trust it by");
    }

    #[test]
    fn key_is_for_its_owner_and_that_of_the_authority_is_nowhere() {
        let directory = TemporaryDirectory::new();
        let plan = open_or_make(directory.path(), &[], in_days(0)).unwrap();
        let mode = std::fs::metadata(&plan.key_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
        let keys = files.filter(|file| std::fs::read_to_string(file).unwrap().contains("PRIVATE KEY"));
        assert_eq!(keys.collect::<Vec<_>>(), [plan.key_file]);
    }

    #[test]
    fn damaged_files_are_made_anew() {
        let directory = TemporaryDirectory::new();
        for name in [CA_FILE_NAME, CERTIFICATE_FILE_NAME, KEY_FILE_NAME] {
            open_or_make(directory.path(), &[], in_days(0)).unwrap();
            std::fs::write(directory.path().join(name), "damaged").unwrap();
            let plan = open_or_make(directory.path(), &[], in_days(0)).unwrap();
            let ca_file = directory.path().join(CA_FILE_NAME);
            assert!(is_good(&plan, &ca_file, &names(&[]), Duration::from_secs(1_800_000_000)), "{name}");
        }
    }
}
