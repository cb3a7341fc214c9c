//! `GET /admin/oauth/clients`: the clients that were made at run time, a page at a time.

use parhelion_engine::clients::KeptClient;
use parhelion_engine::registry::Right;
use parhelion_protocol::form;
use parhelion_protocol::limits;
use serde_json::{Map, Value, json};

use super::admin_client;
use super::caller::admit;
use super::envelope::{No, Outcome, Yes, no};
use crate::operation::Asked;

/// The vendor's default.
const PAGE_SIZE: usize = 20;

/// What is asked for.
struct Wanted {
    /// The first is 1.
    page: usize,
    page_size: usize,
    /// A part of the name, in any case of its letters.
    name: String,
    status: Option<String>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Outcome {
    admit(asked, Right::ViewClient)?;
    let wanted = Wanted::read(asked.query.unwrap_or_default())?;
    let all = asked.engine.every_client(&asked.mount.tenant).await?;
    let fitting: Vec<_> = all.iter().filter(|kept| wanted.fits(kept)).collect();
    let before = wanted.page.saturating_sub(1).saturating_mul(wanted.page_size);
    let items: Vec<_> = fitting.iter().skip(before).take(wanted.page_size).collect();
    let (total, pages) = (fitting.len(), fitting.len().div_ceil(wanted.page_size));
    let items = items.into_iter().map(|kept| admin_client::shown(asked.mount, &kept.record, None)).collect();
    Ok(Yes::Listed(Map::from_iter([
        ("items".to_owned(), Value::Array(items)),
        ("total".to_owned(), total.into()),
        (
            "pagination".to_owned(),
            json!({
                "page": wanted.page,
                "page_size": wanted.page_size,
                "total": total,
                "total_pages": pages,
                "has_next": wanted.page < pages,
                "has_prev": wanted.page > 1 && pages > 0,
            }),
        ),
    ])))
}

impl Wanted {
    fn read(query: &str) -> Result<Self, No> {
        let mut wanted = Self { page: 1, page_size: PAGE_SIZE, name: String::new(), status: None };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = form::decode(value.as_bytes()).or_else(|_| unfit(name))?;
            match name {
                "page" => wanted.page = number(name, &value)?,
                "page_size" => wanted.page_size = number(name, &value)?.min(limits::CLIENTS_A_PAGE_MAX),
                "name" => wanted.name = value.to_lowercase(),
                "status" => wanted.status = Some(value.into_owned()).filter(|status| !status.is_empty()),
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn fits(&self, kept: &KeptClient) -> bool {
        let metadata = admin_client::metadata(&kept.record);
        let name = metadata.get("client_name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let status = admin_client::status_of(&kept.record);
        name.contains(&self.name) && self.status.as_deref().is_none_or(|wanted| wanted == status)
    }
}

fn number(name: &str, value: &str) -> Result<usize, No> {
    value.parse().ok().filter(|number| *number > 0).map_or_else(|| unfit(name), Ok)
}

fn unfit<T>(name: &str) -> Result<T, No> {
    let known = ["page", "page_size"].into_iter().find(|known| *known == name).unwrap_or("a filter");
    no(http::StatusCode::BAD_REQUEST, &format!("{known} cannot be read"))
}
