//! Writes the golden store file of the present format version:
//! `cargo run -p parhelion-stores --example golden -- crates/stores/tests/golden/store-v1.redb`.
//! A golden file that is committed is never written again.

use std::path::Path;
use std::sync::Arc;

use parhelion_engine::ports::{Commit, Id, Key, Kind, Moment, Store, TenantUid, Write};
use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore};
use parhelion_testkit::FakeClock;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("say where")?;
    let clock = Arc::new(FakeClock::at(Moment(1_800_000_000_000)));
    let store = EmbeddedStore::open_or_create(Path::new(&path), clock, EmbeddedLimits::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for (number, kind) in KINDS.iter().zip(1_u8..).map(|(kind, number)| (number, *kind)) {
        let key = Key { tenant: TenantUid([number; 16]), kind, id: Id([number.wrapping_mul(25); 32]) };
        let seconds = i64::from(number).wrapping_mul(60);
        let expires_at =
            if kind == Kind::SigningKey { Moment(i64::MAX) } else { Moment(1_800_000_000_000).plus_s(seconds) };
        let value = vec![number; usize::from(number).wrapping_mul(7)];
        let writes = vec![Write::Put { key, expires_at, value }];
        let verdict = runtime.block_on(store.commit(Commit { conditions: vec![], writes }));
        println!("{kind:?}: {verdict:?}");
    }
    Ok(())
}

const KINDS: [Kind; 10] = [
    Kind::Tenant,
    Kind::SigningKey,
    Kind::PushedRequest,
    Kind::Taken,
    Kind::Code,
    Kind::AccessToken,
    Kind::RefreshToken,
    Kind::OnceKey,
    Kind::Session,
    Kind::Grant,
];
