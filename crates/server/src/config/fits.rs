//! Whether what a client or a resource server is registered for is served at all: by some mount, and with the key that
//! the tenant signs with.

use parhelion_jose::jws::Algorithm;
use parhelion_protocol::client::Client;
use parhelion_protocol::profile::{EncryptionAlgName, EncryptionEncName, Policy};
use parhelion_protocol::resource_server::ResourceServer;
use parhelion_protocol::response_jwt::{Answer, Encryption};

use super::tenants::{MountPlan, TenantPlan};
use super::{ConfigFault, Context};

impl TenantPlan {
    /// The signature algorithms that clients and resource servers ask for.
    pub(super) fn asked_signing_algs(&self) -> impl Iterator<Item = Algorithm> {
        let clients = self.clients.values().flat_map(|client| client.responses.signing_algs());
        let servers = self.resource_servers.values().filter_map(|server| server.introspection.signing_alg);
        clients.map(|(_, alg)| alg).chain(servers)
    }

    /// Notes what of a client's registration nobody could ever use.
    pub(super) fn check_client(&self, context: &Context<'_>, line: usize, client: &Client) {
        let fault = |problem: String, remedy: &str| {
            let problem = format!("client `{}` {problem}", client.client_id.escape_debug());
            let fault = ConfigFault { line: Some(line), ..context.source.fault(problem) };
            context.notes.note(fault.with_remedy(remedy));
        };
        let served = |accepts: &dyn Fn(&Policy) -> bool| {
            self.mounts.is_empty() || self.mounts.iter().any(|mount| accepts(policy_of(mount, &client.client_id)))
        };
        let method = client.credential.method();
        if !served(&|policy| policy.client_auth_methods.has(&method)) {
            let problem = format!("uses {}, which no mount of its tenant accepts", method.as_str());
            fault(problem, "choose another token_endpoint_auth_method or another profile");
        }
        for kind in client.response_types.iter().filter(|kind| !served(&|policy| policy.response_types.has(kind))) {
            let problem = format!("has the response type `{}`, which no mount of its tenant accepts", kind.as_str());
            fault(problem, "choose other response_types or another profile");
        }
        let request_objects = client.request_object_encryption.map(|how| ("request_object_encryption_alg", how));
        for (member, how) in client.responses.encryptions().chain(request_objects) {
            if !served(&|policy| accepts(policy, how)) {
                let problem = format!("{member}: no mount of its tenant accepts {} with {}", how.alg, how.enc);
                fault(problem, "choose algorithms of encryption_algs and encryption_encs, or another profile");
            }
        }
        for (member, alg) in client.responses.signing_algs().filter(|(_, alg)| *alg != self.signing_alg) {
            fault(self.signs_otherwise(member, alg), &signing_remedy(alg));
        }
    }

    /// The same of a resource server.
    pub(super) fn check_resource_server(&self, context: &Context<'_>, line: usize, server: &ResourceServer) {
        let fault = |problem: String, remedy: &str| {
            let problem = format!("resource server `{}` {problem}", server.id.escape_debug());
            let fault = ConfigFault { line: Some(line), ..context.source.fault(problem) };
            context.notes.note(fault.with_remedy(remedy));
        };
        let [signed, encrypted, _] = Answer::Introspection.members();
        if let Some(alg) = server.introspection.signing_alg.filter(|alg| *alg != self.signing_alg) {
            fault(self.signs_otherwise(signed, alg), &signing_remedy(alg));
        }
        let refused = |how: &Encryption| !self.mounts.iter().any(|mount| accepts(&mount.policy, *how));
        if let Some(how) = server.introspection.encryption.filter(refused).filter(|_| !self.mounts.is_empty()) {
            let problem = format!("{encrypted}: no mount of its tenant accepts {} with {}", how.alg, how.enc);
            fault(problem, "choose algorithms of encryption_algs and encryption_encs, or another profile");
        }
    }

    fn signs_otherwise(&self, member: &str, alg: Algorithm) -> String {
        format!("{member} is {alg}, and the tenant signs with {}", self.signing_alg)
    }
}

fn signing_remedy(alg: Algorithm) -> String {
    format!("write signing_alg = \"{alg}\" in its [[tenant]], or take the member out")
}

fn accepts(policy: &Policy, how: Encryption) -> bool {
    policy.encryption_algs.has(&EncryptionAlgName(how.alg)) && policy.encryption_encs.has(&EncryptionEncName(how.enc))
}

/// The policy in force for a client at a mount.
pub(super) fn policy_of<'a>(mount: &'a MountPlan, client_id: &str) -> &'a Policy {
    mount.client_policies.get(client_id).unwrap_or(&mount.policy)
}
