//! The other end: a command that asks the running server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use parhelion_engine::ports::Clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::{KeysCall, KeysRequest};
use super::proof::{ProofKey, SCHEME};
use crate::key_ring::KeyView;
use crate::keys_command;
use crate::master_key::MasterKey;
use crate::system::SystemClock;

/// A new RSA key may take seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read.
const ANSWER_MAX_BYTES: u64 = 256 * 1024;

/// Why a running server did not do what it was asked.
pub(crate) enum AskFault {
    /// Nobody listens there.
    NobodyThere,
    /// In words for the operator.
    Refused(String),
}

/// Asks the server whose admin listener is at `address` for what there is, or for a new key.
pub(crate) async fn keys(
    address: SocketAddr,
    master: &MasterKey,
    call: &keys_command::KeysCall,
    tenant: &str,
) -> Result<Vec<KeyView>, AskFault> {
    let refused = |problem: String| AskFault::Refused(format!("{address}: {problem}"));
    let (call, alg) = match call {
        keys_command::KeysCall::List => (KeysCall::List, None),
        keys_command::KeysCall::Rotate(alg) => (KeysCall::Rotate, alg.map(|alg| alg.name().to_owned())),
    };
    let request = KeysRequest { tenant: tenant.to_owned(), alg };
    let body = serde_json::to_string(&request).map_err(|error| refused(error.to_string()))?;
    let key = ProofKey::derive(master).map_err(|_| refused("no proof can be made".to_owned()))?;
    let (path, length) = (call.path(), body.len());
    let proof = key.prove(path, body.as_bytes(), SystemClock.now());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: {SCHEME} {proof}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    let asked = timeout(PATIENCE, exchange(address, &[head, body].concat())).await;
    let answer = match asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(answer) => answer,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Err(AskFault::NobodyThere),
        Err(error) => return Err(refused(error.to_string())),
    };
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let mut value: Value =
        serde_json::from_str(body).map_err(|_| refused("no admin listener answers there".to_owned()))?;
    if let Some(problem) = value.get("problem").and_then(Value::as_str) {
        return Err(AskFault::Refused(problem.to_owned()));
    }
    let keys = value.get_mut("keys").map(Value::take).unwrap_or_default();
    serde_json::from_value(keys).map_err(|_| refused("the answer is not one of this release".to_owned()))
}

async fn exchange(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.take(ANSWER_MAX_BYTES).read_to_string(&mut answer).await?;
    Ok(answer)
}
