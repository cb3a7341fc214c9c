//! What the caller keeps with a ticket.

use parhelion_engine::fault::Turned;
use parhelion_engine::registry::Right;
use parhelion_protocol::refusal::Reason;
use serde::Deserialize;
use serde_json::{Value, json};

use super::result::{No, acted, json_200};
use super::{caller, members};
use crate::incoming::Response;
use crate::operation::Asked;

#[derive(Deserialize)]
struct Ticket {
    ticket: Option<String>,
    info: Option<Info>,
}

/// Text, or an object around it: the published document says the one, programs send the other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Info {
    Text(String),
    Object { context: Option<String> },
}

impl Info {
    fn into_context(self) -> Option<String> {
        match self {
            Self::Text(context) => Some(context),
            Self::Object { context } => context,
        }
    }
}

/// `/auth/authorization/ticket/info`.
pub(super) async fn info(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Ticket = members::read(asked)?;
    let context = asked.engine.ticket_context(asked.mount, &sent.ticket.unwrap_or_default()).await;
    told(context)
}

/// `/auth/authorization/ticket/update`.
pub(super) async fn update(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Ticket = members::read(asked)?;
    let context = sent.info.and_then(Info::into_context);
    let updated = asked.engine.update_ticket(asked.mount, &sent.ticket.unwrap_or_default(), context.clone()).await;
    told(updated.map(|()| context))
}

fn told(context: Result<Option<String>, Turned>) -> Result<Response, No> {
    match context {
        Ok(context) => {
            let mut members = acted("A900001", "The ticket is good.", "OK");
            let info = context.map_or_else(|| json!({}), |context| json!({ "context": context }));
            members.insert("info".to_owned(), info);
            Ok(json_200(members))
        }
        Err(turned) => {
            let refusal = turned.refusal();
            let (code, action) = if refusal.reason == Reason::TicketUnknown {
                ("A900205", "NOT_FOUND")
            } else if refusal.public().status < 500 {
                ("A900206", "CALLER_ERROR")
            } else {
                ("A900101", "AUTHLETE_ERROR")
            };
            let mut members = acted(code, refusal.public().description, action);
            members.insert("info".to_owned(), Value::Object(Default::default()));
            Err(No::Turned { response: Box::new(json_200(members)), turned, client_id: None })
        }
    }
}
