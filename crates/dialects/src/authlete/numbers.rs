//! Numbers: this vendor calls services and clients by decimal numbers that JavaScript can hold.

use parhelion_engine::clients::KnownClient;
use parhelion_engine::fault::Fault;
use parhelion_engine::reference::sha256;
use parhelion_engine::registry::Mount;

use crate::operation::Asked;

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

/// The client with this number or alias, of the configuration or made at run time, locked or not.
///
/// # Errors
/// [`Fault::Store`], [`Fault::Record`], or [`Fault::Busy`] where there are too many to look through.
pub(super) async fn find_client(asked: &Asked<'_>, identifier: &str) -> Result<Option<KnownClient>, Fault> {
    if let Some(known) = asked.engine.find_client(asked.mount, identifier).await? {
        return Ok(Some(known));
    }
    // A number below this one is the identifier itself.
    let Some(number) = parse(identifier).filter(|number| *number >= END / 2) else { return Ok(None) };
    let mut configured = asked.mount.tenant.clients.keys();
    let found = match configured.find(|client_id| client_number(client_id) == number) {
        Some(client_id) => Some(client_id.clone()),
        None => kept_clients(asked).await?.into_iter().find(|client_id| client_number(client_id) == number),
    };
    match found {
        Some(client_id) => asked.engine.find_client(asked.mount, &client_id).await,
        None => Ok(None),
    }
}

/// The identifiers of the clients that were made at run time, in an order that stays.
///
/// # Errors
/// As [`find_client`].
pub(super) async fn kept_clients(asked: &Asked<'_>) -> Result<Vec<String>, Fault> {
    let kept = asked.engine.every_client(&asked.mount.tenant).await?;
    Ok(kept.into_iter().map(|kept| kept.record.client_id).collect())
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
