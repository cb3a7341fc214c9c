//! What the demo draws at random at its first run and keeps for later ones.
#![allow(clippy::disallowed_methods, reason = "this is where the demo's secrets are read and written")]

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use parhelion_dialects::RequestId;
use parhelion_engine::ports::Entropy;
use parhelion_jose::base64url;
use serde::{Deserialize, Serialize};

use super::DemoFault;
use crate::passwords;
use crate::system::SystemEntropy;

const FILE_NAME: &str = "demo-secrets.toml";

/// Every secret of the demo. No `Debug` form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secrets {
    /// Of the one user of every tenant.
    pub(super) password: String,
    pub(super) password_hash: String,
    /// Of the confidential client of every tenant.
    pub(super) client_secret: String,
    /// For the back-end API.
    pub(super) api_token: String,
    /// Not secret, but of this folder: PingOne's environment id.
    pub(super) environment: String,
}

impl Secrets {
    /// Those of the folder; new ones where it has none.
    pub(super) fn open_or_make(folder: &Path) -> Result<Self, DemoFault> {
        let path = folder.join(FILE_NAME);
        let io = |error| DemoFault::Io(path.clone(), error);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|_| DemoFault::Secrets(path.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self::draw()?;
                let text = toml::to_string(&made).map_err(|_| DemoFault::Secrets(path.clone()))?;
                let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
                file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(io)?;
                Ok(made)
            }
            Err(error) => Err(io(error)),
        }
    }

    fn draw() -> Result<Self, DemoFault> {
        let password = random_text::<9>()?;
        Ok(Self {
            password_hash: passwords::hash(&password).map_err(|_| DemoFault::Entropy)?,
            password,
            client_secret: random_text::<24>()?,
            api_token: random_text::<24>()?,
            environment: RequestId::from_random(random()?).to_string(),
        })
    }
}

/// So many random bytes, as base64url text.
pub(super) fn random_text<const BYTES: usize>() -> Result<String, DemoFault> {
    Ok(base64url::encode(&random::<BYTES>()?))
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], DemoFault> {
    let mut bytes = [0; BYTES];
    SystemEntropy::default().fill(&mut bytes).map_err(|_| DemoFault::Entropy)?;
    Ok(bytes)
}
