//! Unpacked, by whatever the client signs with at this moment: the same for every door a request comes by.

use parhelion_protocol::client::Client;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::Refusal;
use parhelion_protocol::request_object::{self, Door, Unpacked};

use crate::Engine;
use crate::client_keys::KeySource;
use crate::registry::Mount;

impl Engine {
    /// The parameters that count of a client's request.
    pub(crate) async fn unpack<'p, 'a>(
        &self,
        mount: &Mount,
        parameters: &'p Parameters<'a>,
        (client, policy): (&Client, &Policy),
        door: Door,
    ) -> Result<Unpacked<'p, 'a>, Refusal> {
        let (decryption, now_s) = (mount.tenant.keys.decryption(), self.store.now().epoch_s());
        // Without a request object there is nothing to be judged by keys, and nothing is fetched.
        let uri = client.jwks_uri.as_ref().filter(|_| parameters.get(Param::Request).is_some());
        let source = KeySource { client_id: &client.client_id, registered: &client.keys, uri };
        self.judge_by_keys(mount, source, |keys| {
            let judge = request_object::Judge { policy, issuer: &mount.issuer, keys, decryption, door, now_s };
            request_object::unpack(parameters, client, &judge)
        })
        .await
    }
}
