//! The floor: hyper reads a form and answers JSON with as many headers as a push is answered with, and thinks nothing.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::Ipv4Addr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// 120 bytes, as long as the answer to a push.
pub(crate) const ANSWER: &[u8] = br#"{"request_uri":"urn:ietf:params:oauth:request_uri:0000000000000000000000000000000000000000000","expires_in":60,"n":0.00}"#;

/// Serves until it is killed; the first line of standard output is its address.
pub(crate) fn run() -> Result<(), String> {
    // The server under test has the same runtime.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.and_then(|runtime| runtime.block_on(serve())).map_err(|error| error.to_string())
}

async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let read = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
    *response.status_mut() = if read > 0 { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .insert(HeaderName::from_static("x-request-id"), HeaderValue::from_static("00000000000000000000000000000000"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_length_that_it_claims() {
        assert_eq!(ANSWER.len(), 120);
    }
}
