//! Whether what is chosen for a tenant, a client or a resource server is served at all: by some mount, and with the keys
//! that the tenant has.

use parhelion_jose::jwe;
use parhelion_jose::jws::Algorithm;
use parhelion_protocol::client::Client;
use parhelion_protocol::profile::{EncryptionAlgName, Policy, RequestObjects};
use parhelion_protocol::resource_server::ResourceServer;
use parhelion_protocol::response_jwt::{Answer, Encryption};
use toml::Spanned;

use super::policies::Grounded;
use super::tenants::{MountPlan, TenantPlan};
use super::{ConfigFault, Context};

/// How clients may encrypt to a tenant where nothing else is said: what costs little to make a key for.
const DEFAULT_ENCRYPTION_ALGS: [jwe::Algorithm; 2] = [jwe::Algorithm::EcdhEs, jwe::Algorithm::EcdhEsA256Kw];

/// How clients may encrypt to a tenant: as far as some mount accepts it.
pub(super) fn encryption_algs(
    context: &Context<'_>,
    names: Option<&[Spanned<String>]>,
    mounts: &[(MountPlan, Grounded)],
) -> Vec<jwe::Algorithm> {
    let accepted = |alg: &jwe::Algorithm| {
        mounts.iter().any(|(mount, _)| mount.policy.encryption_algs.has(&EncryptionAlgName(*alg)))
    };
    let Some(names) = names else { return DEFAULT_ENCRYPTION_ALGS.into_iter().filter(accepted).collect() };
    let mut algs = Vec::new();
    for name in names {
        match jwe::Algorithm::from_name(name.get_ref()).filter(|alg| accepted(alg) && !algs.contains(alg)) {
            Some(alg) => algs.push(alg),
            None => {
                let named = name.get_ref().escape_debug();
                let problem = format!("encryption_algs has `{named}`, which no mount accepts, or has it twice");
                let known = jwe::Algorithm::ALL.into_iter().filter(accepted).map(jwe::Algorithm::name);
                let remedy = format!("choose of {}", known.collect::<Vec<_>>().join(", "));
                context.notes.note(context.source.fault_at(name.span(), problem).with_remedy(remedy));
            }
        }
    }
    algs
}

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
        let unsigned = RequestObjects::UnsignedByClient;
        if client.request_objects == unsigned && !served(&|policy| policy.request_objects == unsigned) {
            let problem = "has accept_unsigned_request_object, which no mount of its tenant accepts";
            fault(problem.to_owned(), "take it out, or choose another profile");
        }
        let alg = client.request_object_signing_alg;
        if let Some(alg) = alg.filter(|alg| !served(&|policy| policy.request_object_algs.has(alg))) {
            let problem = format!("request_object_signing_alg is {}, which no mount of its tenant accepts", alg.name());
            fault(problem, "choose another algorithm or another profile");
        }
        let request_objects = client.request_object_encryption.map(|how| ("request_object_encryption_alg", how));
        for (member, how) in client.responses.encryptions().chain(request_objects) {
            if !served(&|policy| how.is_accepted_by(policy)) {
                let problem = format!("{member}: no mount of its tenant accepts {} with {}", how.alg, how.enc);
                fault(problem, "choose algorithms of encryption_algs and encryption_encs, or another profile");
            }
        }
        let keyless = client.request_object_encryption.filter(|how| !self.encryption_algs.contains(&how.alg));
        if let Some(Encryption { alg, .. }) = keyless {
            let problem = format!("request_object_encryption_alg is {alg}, for which its tenant has no key");
            fault(problem, &format!("add {alg} to encryption_algs in its [[tenant]], or take the member out"));
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
        let refused = |how: &Encryption| !self.mounts.iter().any(|mount| how.is_accepted_by(&mount.policy));
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

/// The policy in force for a client at a mount.
pub(super) fn policy_of<'a>(mount: &'a MountPlan, client_id: &str) -> &'a Policy {
    mount.client_policies.get(client_id).unwrap_or(&mount.policy)
}
