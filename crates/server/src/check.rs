//! `parhelion check`: what is wrong with a configuration or doubtful, and with what it finds on this machine.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use parhelion_dialects::Dialect;
use serde_json::{Value, json};

use crate::config::{CertificatePlan, Config, ConfigFault, Examined, ServerPlan, StoreKind, TlsOption, TlsPlan};
use crate::edge;
use crate::master_key::{self, MasterKeyFault};
use crate::start::STORE_FILE_NAME;

/// Everything there is to say about a configuration file.
#[derive(Debug)]
pub struct Report {
    file: PathBuf,
    /// Why a server would not start with it.
    pub faults: Vec<ConfigFault>,
    /// What it would start with, and what should be looked at.
    pub doubts: Vec<ConfigFault>,
}

/// Reads a configuration file and looks at what it names; starts nothing and writes nothing.
#[must_use]
pub fn report(file: &Path, dialects: &'static [&'static dyn Dialect]) -> Report {
    let Examined { server, faults, doubts, .. } = Config::examine(file, dialects, TlsOption::AsConfigured);
    let mut report = Report { file: file.to_owned(), faults, doubts };
    if let Some(server) = server {
        report.look_around(&server);
    }
    report
}

impl Report {
    fn look_around(&mut self, server: &ServerPlan) {
        if !server.listen.ip().is_loopback() && server.tls.is_none() {
            let problem = format!("{} is reached without TLS", server.listen);
            self.doubt(problem, "let only a proxy that ends TLS connect to it");
        }
        if let Some(TlsPlan::Certificates(certificates)) = &server.tls {
            certificates.iter().for_each(|certificate| self.look_at_certificate(certificate));
        }
        match server.store {
            StoreKind::Memory => {
                self.doubt("store = \"memory\" forgets everything at the end".to_owned(), "use it for tests only");
            }
            StoreKind::Embedded => self.look_at_folder(&server.data_dir),
        }
    }

    fn look_at_certificate(&mut self, plan: &CertificatePlan) {
        for file in [&plan.certificate_file, &plan.key_file] {
            if let Err(error) = fs::File::open(file) {
                let problem = format!("{}: {error}", file.display());
                self.doubt(problem, "a server needs to read it: check as the user that the server runs as");
                return;
            }
        }
        match edge::examine_certificate(plan) {
            Ok(remarks) => {
                remarks.into_iter().for_each(|remark| self.doubts.push(self.about(remark)));
            }
            Err(fault) => self.faults.push(self.about(fault.to_string())),
        }
    }

    fn look_at_folder(&mut self, folder: &Path) {
        let shown = folder.display();
        match fs::metadata(folder).map(|metadata| metadata.permissions().mode() & 0o777) {
            Ok(mode) if mode & 0o077 != 0 => {
                let problem = format!("others may look into the data folder {shown} (mode {mode:03o})");
                self.doubt(problem, &format!("run: chmod 700 {shown}"));
            }
            Ok(_) => {}
            // It is made at the first start.
            Err(_) => return,
        }
        match master_key::open_existing(folder) {
            Ok(Some(_)) => {}
            Ok(None) if folder.join(STORE_FILE_NAME).exists() => {
                let problem = format!("there is a store in {shown} and no {}", master_key::FILE_NAME);
                self.doubt(
                    problem,
                    "put the one that belongs to it back from a backup: without it nothing can be read",
                );
            }
            Ok(None) => {
                let problem = format!("there is no {} in {shown} yet", master_key::FILE_NAME);
                self.doubt(problem, "the first start makes it: back it up then");
            }
            Err(fault @ MasterKeyFault::Io(..)) => {
                self.doubt(fault.to_string(), "check as the user that the server runs as");
            }
            Err(fault) => self.faults.push(self.about(fault.to_string())),
        }
    }

    fn doubt(&mut self, problem: String, remedy: &str) {
        self.doubts.push(self.about(problem).with_remedy(remedy));
    }

    fn about(&self, problem: String) -> ConfigFault {
        ConfigFault { file: self.file.clone(), line: None, problem, remedy: None }
    }

    /// `ok`, and what was found: for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = |faults: &[ConfigFault]| faults.iter().map(to_json).collect::<Vec<_>>();
        json!({ "ok": self.faults.is_empty(), "errors": list(&self.faults), "warnings": list(&self.doubts) })
    }
}

fn to_json(fault: &ConfigFault) -> Value {
    let ConfigFault { file, line, problem, remedy } = fault;
    json!({ "file": file, "line": line, "problem": problem, "remedy": remedy })
}

/// One line for each, and one that counts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.iter().try_for_each(|fault| writeln!(f, "error: {fault}"))?;
        self.doubts.iter().try_for_each(|doubt| writeln!(f, "warning: {doubt}"))?;
        let (faults, doubts) = (self.faults.len(), self.doubts.len());
        let verdict = if faults == 0 { "can be served" } else { "cannot be served" };
        writeln!(f, "{} {verdict}: errors {faults}, warnings {doubts}", self.file.display())
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "these tests write files")]
mod tests {
    use super::*;
    use crate::plain_dialect::DIALECTS;
    use crate::system::SystemEntropy;
    use parhelion_testkit::TemporaryDirectory;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn with(directory: &TemporaryDirectory, server: &str) -> Report {
        let path = directory.path().join("parhelion.toml");
        fs::write(&path, format!("version = 1\n[server]\ndata_dir = \"data\"\n{server}")).unwrap();
        report(&path, DIALECTS)
    }

    #[test]
    fn configuration_without_anything_on_this_machine_is_fine() {
        let directory = TemporaryDirectory::new();
        let report = with(&directory, "");
        assert_eq!((report.faults.len(), report.doubts.len()), (0, 0), "{report}");
        assert!(report.to_string().ends_with("parhelion.toml can be served: errors 0, warnings 0\n"));
        assert!(!directory.path().join("data").exists(), "a check writes nothing");
    }

    #[test]
    fn folder_that_others_look_into_and_missing_master_keys_are_doubted() {
        let directory = TemporaryDirectory::new();
        let folder = directory.path().join("data");
        master_key::make_folder(&folder).unwrap();
        let only = |report: &Report| {
            assert_eq!((report.faults.len(), report.doubts.len()), (0, 1), "{report}");
            report.doubts[0].to_string()
        };
        assert!(only(&with(&directory, "")).contains("there is no master.key in"));
        fs::write(folder.join(STORE_FILE_NAME), "x").unwrap();
        assert!(only(&with(&directory, "")).contains("back from a backup"));
        master_key::open_or_make(&folder, &SystemEntropy::default()).unwrap();
        set_mode(&folder, 0o750);
        assert!(only(&with(&directory, "")).contains("(mode 750); run: chmod 700"));
        set_mode(&folder, 0o700);
        assert!(
            only(&with(&directory, "listen = \"0.0.0.0:1\"\npublic_url = \"https://as.example\"\n")).contains("TLS")
        );
        assert!(only(&with(&directory, "store = \"memory\"\n")).contains("forgets everything"));
    }

    #[test]
    fn certificate_that_cannot_be_read_here_is_doubted_and_one_that_is_none_is_a_fault() {
        let directory = TemporaryDirectory::new();
        let server = "[[server.tls.certificate]]\ncertificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n";
        let missing = with(&directory, server);
        assert_eq!((missing.faults.len(), missing.doubts.len()), (0, 1), "{missing}");
        assert!(missing.doubts[0].problem.contains("chain.pem: No such file"), "{missing}");
        fs::write(directory.path().join("chain.pem"), "x").unwrap();
        assert!(with(&directory, server).doubts[0].problem.contains("key.pem: No such file"));
        fs::write(directory.path().join("key.pem"), "canary-key").unwrap();
        let none = with(&directory, server);
        assert_eq!((none.faults.len(), none.doubts.len()), (1, 0), "{none}");
        assert!(none.faults[0].problem.contains("chain.pem") && !none.to_string().contains("canary"), "{none}");
    }

    #[test]
    fn master_key_that_others_may_read_is_a_fault_as_it_is_at_the_start() {
        let directory = TemporaryDirectory::new();
        let folder = directory.path().join("data");
        master_key::make_folder(&folder).unwrap();
        master_key::open_or_make(&folder, &SystemEntropy::default()).unwrap();
        set_mode(&folder.join(master_key::FILE_NAME), 0o644);
        let report = with(&directory, "listn = 1\n");
        assert_eq!(report.faults.len(), 2, "{report}");
        assert_eq!(report.to_json()["errors"][0]["line"], 4);
        assert!(report.faults[1].problem.contains("mode 644"), "{report}");
        assert!(report.to_string().contains("cannot be served: errors 2"));
    }
}
