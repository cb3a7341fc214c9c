//! Checks of scan: order, pages, isolation, limits.

use parhelion_engine::ports::{Id, Kind, MAX_SCAN, Stored, Write};

use super::Place;
use super::opened::{LONG_MS, OTHER_TENANT, Opened, TENANT, id, key, put};

/// Whatever the order of writing.
pub async fn scan_answers_in_id_order<P: Place>() {
    let opened = filled::<P>([512, 3, 77, 65_535, 0, 256]).await;
    assert_eq!(numbers(opened.scan(TENANT, Kind::Grant, None, 100).await), [0, 3, 77, 256, 512, 65_535]);
}

/// Strictly after, whether a record is there or not.
pub async fn scan_begins_after_the_given_id<P: Place>() {
    let opened = filled::<P>([10, 20, 30]).await;
    for (after, expected) in [(9, vec![10, 20, 30]), (10, vec![20, 30]), (29, vec![30]), (30, vec![])] {
        assert_eq!(numbers(opened.scan(TENANT, Kind::Grant, Some(id(after)), 100).await), expected);
    }
    assert_eq!(opened.scan(TENANT, Kind::Grant, Some(Id([255; 32])), 100).await, vec![]);
}

/// Pages of any size, put end to end, are the whole, with the records as get shows them.
pub async fn scan_pages_meet_every_record_once<P: Place>() {
    let written: Vec<u16> = (0..23).map(|number| number * 2_801).collect();
    let opened = filled::<P>(written.clone()).await;
    for page_size in [1, 7, 23, 24] {
        let (mut met, mut after) = (Vec::new(), None);
        loop {
            let page = opened.scan(TENANT, Kind::Grant, after, page_size).await;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            met.extend(page);
        }
        for (met_id, stored) in &met {
            let mut met_key = key(Kind::Grant, 0);
            met_key.id = *met_id;
            assert_eq!(opened.get(met_key).await.as_ref(), Some(stored));
        }
        assert_eq!(numbers(met), written);
    }
}

/// Neighbours in key order included.
pub async fn scan_shows_one_tenant_only<P: Place>() {
    let opened = filled::<P>([1, 2]).await;
    let mut foreign = key(Kind::Grant, 3);
    foreign.tenant = OTHER_TENANT;
    opened.put(foreign, LONG_MS, b"foreign").await;
    assert_eq!(numbers(opened.scan(TENANT, Kind::Grant, None, 100).await), [1, 2]);
    assert_eq!(numbers(opened.scan(OTHER_TENANT, Kind::Grant, None, 100).await), [3]);
    assert_eq!(numbers(opened.scan(OTHER_TENANT, Kind::Grant, Some(id(1)), 100).await), [3]);
}

/// Kinds that stand before and after included.
pub async fn scan_shows_one_kind_only<P: Place>() {
    let opened = filled::<P>([1, 2]).await;
    opened.put(key(Kind::Session, 0), LONG_MS, b"before").await;
    opened.put(key(Kind::Code, 9), LONG_MS, b"before too").await;
    assert_eq!(numbers(opened.scan(TENANT, Kind::Grant, None, 100).await), [1, 2]);
    assert_eq!(numbers(opened.scan(TENANT, Kind::Session, None, 100).await), [0]);
    assert_eq!(opened.scan(TENANT, Kind::Session, Some(id(0)), 100).await, vec![]);
}

/// Zero included.
pub async fn scan_answers_at_most_the_limit<P: Place>() {
    let opened = filled::<P>([1, 2, 3]).await;
    for (limit, expected) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3)] {
        assert_eq!(opened.scan(TENANT, Kind::Grant, None, limit).await.len(), expected);
    }
}

/// However much is asked for.
pub async fn scan_answers_at_most_max_scan<P: Place>() {
    let opened = filled::<P>(0..1_005).await;
    for limit in [MAX_SCAN, MAX_SCAN + 1, usize::MAX] {
        assert_eq!(opened.scan(TENANT, Kind::Grant, None, limit).await.len(), MAX_SCAN);
    }
    assert_eq!(numbers(opened.scan(TENANT, Kind::Grant, Some(id(999)), usize::MAX).await).len(), 5);
}

/// Of a tenant that never was, and of what was deleted.
pub async fn scan_of_nothing_is_empty<P: Place>() {
    let opened = filled::<P>([1]).await;
    opened.delete(key(Kind::Grant, 1)).await;
    assert_eq!(opened.scan(TENANT, Kind::Grant, None, 100).await, vec![]);
    assert_eq!(opened.scan(OTHER_TENANT, Kind::Grant, None, 100).await, vec![]);
}

async fn filled<P: Place>(numbers: impl IntoIterator<Item = u16>) -> Opened<P> {
    let opened = Opened::<P>::fresh().await;
    let until = opened.in_ms(LONG_MS);
    let writes: Vec<Write> =
        numbers.into_iter().map(|number| put(key(Kind::Grant, number), until, &number.to_be_bytes())).collect();
    for commit in writes.chunks(16) {
        let _ = opened.commit(vec![], commit.to_vec()).await;
    }
    opened
}

fn numbers(records: Vec<(Id, Stored)>) -> Vec<u16> {
    records.into_iter().map(|(id, _)| u16::from_be_bytes([id.0[0], id.0[1]])).collect()
}
