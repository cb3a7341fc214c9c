//! A request's body, within its limit and its deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use parhelion_protocol::refusal::{Reason, Refusal};
use tokio::time::timeout;

/// Why there is no body. In each case the connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// It is larger than the endpoint takes, or says that it will be.
    TooLarge(usize),
    /// It did not come in time.
    Late,
    /// It is not what its framing says, or the client has gone.
    Broken,
}

impl BodyFault {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::TooLarge(bytes) => Refusal::new(Reason::BodyTooLarge).found_length(bytes),
            Self::Late | Self::Broken => Reason::BodyIncomplete.into(),
        }
    }
}

/// Reads a body. One that announces too much is not read at all, so that a client which waits for `100 Continue`
/// never gets it.
pub(super) async fn read(body: Incoming, max_bytes: u32, wait: Duration) -> Result<Bytes, BodyFault> {
    let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > max_bytes {
        return Err(BodyFault::TooLarge(announced));
    }
    timeout(wait, collect(body, max_bytes)).await.unwrap_or(Err(BodyFault::Late))
}

async fn collect(mut body: Incoming, max_bytes: usize) -> Result<Bytes, BodyFault> {
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        //= rfc9110#6.5.1 trailers are read and ignored
        let Ok(data) = frame.map_err(|_| BodyFault::Broken)?.into_data() else { continue };
        let length = first.len().saturating_add(joined.len()).saturating_add(data.len());
        if length > max_bytes {
            return Err(BodyFault::TooLarge(length));
        }
        if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&data);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}
