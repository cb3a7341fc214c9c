//! The request objects that clients keep at URLs of their own, and that so have to be fetched.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parhelion_protocol::fetched_uri::FetchedUri;

use super::TenantUid;

/// Whose request object: of a client of one tenant, which registered the URL.
#[derive(Clone, Copy, Debug)]
pub struct RequestObjectOf<'a> {
    /// The tenant.
    pub tenant: TenantUid,
    /// The client.
    pub client_id: &'a str,
    /// Where it is.
    pub uri: &'a FetchedUri,
}

/// The text that is there at this moment; none where none can be had.
pub type RequestObjectAnswer<'a> = Pin<Box<dyn Future<Output = Option<Arc<str>>> + Send + 'a>>;

/// Gets the request objects that clients keep at URLs of their own.
///
/// Promises: what is given was fetched after it was asked for, or while it was; a fetch ends within a bound; those who
/// ask for one URL of a client at one moment cause one fetch, and where nothing came nobody asks for a while.
pub trait RequestObjectHosts: Send + Sync {
    /// The request object of one client.
    fn request_object<'a>(&'a self, whose: RequestObjectOf<'a>) -> RequestObjectAnswer<'a>;
}

/// Fetches nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoRequestObjectHosts;

impl RequestObjectHosts for NoRequestObjectHosts {
    fn request_object<'a>(&'a self, _: RequestObjectOf<'a>) -> RequestObjectAnswer<'a> {
        Box::pin(async { None })
    }
}
