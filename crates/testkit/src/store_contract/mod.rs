//! The contract: what every store promises, as checks with sentence names.
//!
//! A store passes it with one line in its tests, after saying in [`Place`] how it is opened:
//! `parhelion_testkit::store_contract!(durable: MyPlace);` — or `volatile:` for a store that
//! forgets when it is closed, which then owes everything but what survives reopening.

// Checks are tests that live in a library: what fails, panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod conditions;
mod expiry;
mod model;
mod opened;
mod races;
mod records;
mod reopening;
mod scanning;

use std::future::Future;
use std::sync::Arc;

use parhelion_engine::ports::Store;

use crate::FakeClock;

pub use conditions::*;
pub use expiry::*;
pub use model::*;
pub use opened::Opened;
pub use races::*;
pub use records::*;
pub use reopening::*;
pub use scanning::*;

/// Where a store under test keeps its data.
pub trait Place: Send + Sync + Sized + 'static {
    /// The store that is kept there.
    type Store: Store + 'static;

    /// A new, empty place.
    fn fresh() -> Self;

    /// Opens the store of this place; again with the same data, if the store is durable.
    fn open(&self, clock: Arc<FakeClock>) -> impl Future<Output = Self::Store> + Send;

    /// Closes a store so that its place can be opened again.
    fn close(store: Self::Store) -> impl Future<Output = ()> + Send;
}

/// Runs one check on a runtime of its own.
pub fn run(check: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(check);
}

/// Makes one `#[test]` of every check of the contract.
#[macro_export]
macro_rules! store_contract {
    (durable: $place:ty) => {
        $crate::store_contract!(volatile: $place);
        $crate::store_contract! { each $place:
            what_was_acknowledged_is_there_after_reopening
            what_was_deleted_is_absent_after_reopening
            a_version_never_repeats_across_reopening
            a_clock_set_back_across_reopening_revives_nothing
            any_sequence_of_operations_and_reopenings_agrees_with_the_model
        }
    };
    (volatile: $place:ty) => {
        $crate::store_contract! { each $place:
            what_was_never_put_is_absent
            what_was_put_is_got_as_it_was
            a_value_may_be_empty_or_large
            a_later_put_replaces_the_record
            a_deleted_record_is_absent
            deleting_nothing_is_done
            an_empty_commit_is_done
            the_version_changes_at_every_write
            the_version_never_repeats_across_delete_and_put
            all_writes_of_a_commit_happen
            sixteen_steps_are_served
            seventeen_steps_are_malformed
            a_key_written_twice_is_malformed
            a_malformed_commit_writes_nothing
            absent_holds_only_where_nothing_is
            unchanged_holds_only_for_the_present_version
            the_first_condition_that_fails_is_reported
            a_refused_commit_writes_nothing
            conditions_are_judged_before_the_writes_of_their_own_commit
            a_condition_may_stand_without_a_write
            a_record_lives_until_one_millisecond_before_its_moment
            an_expired_record_is_absent_to_get_at_its_moment
            an_expired_record_is_absent_to_scan_at_its_moment
            an_expired_record_is_absent_to_conditions_at_its_moment
            a_record_put_after_its_moment_is_absent_at_once
            i64_max_never_expires
            an_expired_key_may_be_put_again_with_another_version
            a_clock_set_back_revives_nothing
            store_time_follows_the_clock_forwards
            a_replaced_expiry_is_the_one_that_counts
            scan_answers_in_id_order
            scan_begins_after_the_given_id
            scan_pages_meet_every_record_once
            scan_shows_one_tenant_only
            scan_shows_one_kind_only
            scan_answers_at_most_the_limit
            scan_answers_at_most_max_scan
            scan_of_nothing_is_empty
            of_many_who_take_one_request_exactly_one_is_done
            of_many_who_claim_one_jti_exactly_one_is_done
            of_32_simultaneous_completions_exactly_one_is_done
            simultaneous_counters_lose_no_step
            a_dropped_commit_is_whole_or_absent
            a_dropped_commit_leaves_the_others_alone
            any_sequence_of_operations_agrees_with_the_model
        }
    };
    (each $place:ty: $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                $crate::store_contract::run($crate::store_contract::$check::<$place>());
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    const FILES: [&str; 7] = [
        include_str!("conditions.rs"),
        include_str!("expiry.rs"),
        include_str!("model.rs"),
        include_str!("races.rs"),
        include_str!("records.rs"),
        include_str!("reopening.rs"),
        include_str!("scanning.rs"),
    ];

    #[test]
    fn every_check_that_is_written_is_in_the_list() {
        let list = include_str!("mod.rs");
        let mut checks = 0;
        for line in FILES.iter().flat_map(|file| file.lines()) {
            let check = line.strip_prefix("pub async fn ").and_then(|rest| rest.strip_suffix("<P: Place>() {"));
            let Some(name) = check else { continue };
            checks += 1;
            assert!(list.lines().any(|listed| listed.trim() == name), "{name} is in no list");
        }
        assert!(checks >= 50, "only {checks} checks were found");
    }
}
