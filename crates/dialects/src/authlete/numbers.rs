//! Numbers: this vendor calls services and clients by decimal numbers that JavaScript can hold.

use std::sync::Arc;

use parhelion_engine::reference::sha256;
use parhelion_engine::registry::Mount;
use parhelion_protocol::client::Client;

/// Ids are read as JavaScript numbers by some of the vendor's clients.
const END: u64 = 1 << 53;

/// A number as `%d` writes it, if it is one that can be an id: digits, no leading zero, below 2^53.
pub(super) fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|id| digits && *id < END)
}

/// The number of a tenant: its first alias that is one.
pub(super) fn service_id(mount: &Mount) -> Option<u64> {
    mount.tenant.aliases.iter().find_map(|alias| parse(alias))
}

/// The number of a client: its identifier, if that is a number, else 53 bits that follow from it, the first of them
/// set. The identifier itself is the client's alias.
pub(super) fn client_number(client_id: &str) -> u64 {
    parse(client_id).unwrap_or_else(|| {
        let [a, b, c, d, e, f, g, ..] = sha256(&[b"parhelion/1/client-number/", client_id.as_bytes()]).0;
        let random = u64::from_be_bytes([0, a, b, c, d, e, f, g]) & (END / 2 - 1);
        (END / 2) | random
    })
}

/// The client of the configuration with this number or alias.
pub(super) fn find_client<'m>(mount: &'m Mount, identifier: &str) -> Option<&'m Arc<Client>> {
    let clients = &mount.tenant.clients;
    clients.get(identifier).or_else(|| {
        let number = parse(identifier)?;
        clients.values().find(|client| client_number(&client.client_id) == number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_the_identifier_itself_or_follows_from_it() {
        assert_eq!(client_number("26478243745571"), 26_478_243_745_571);
        for name in ["app", "9007199254740992", "007", ""] {
            let number = client_number(name);
            assert!((END / 2..END).contains(&number), "{name}");
            assert_eq!(number, client_number(name));
        }
        assert_ne!(client_number("app"), client_number("apq"));
    }
}
