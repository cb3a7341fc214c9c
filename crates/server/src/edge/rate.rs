//! How often one source may fail, and how much one client may ask for: counted in bounded memory, asked before
//! anything expensive is done.
//!
//! Ours, and not the crate `governor`: that one counts at the moment it is asked, while an attempt is known to
//! have failed only afterwards, and it keeps every key until it is told to tidy up, with no bound in between. The
//! arithmetic is the same (GCRA: one number for each key), so that a limit recovers evenly.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::header;
use parhelion_dialects::Response;
use parhelion_engine::ports::TenantUid;
use tokio::time::Instant;

use crate::config::RatePlan;

/// What a limit says "a minute" for.
const WINDOW: Duration = Duration::from_secs(60);
/// How many times as often as one name at one source all names at that source may fail: one program with an old
/// secret must not take the others behind the same address with it.
const NAMES_OF_SOURCE: u32 = 5;
/// Keys of one generation; there are two.
const KEYS_MAX: usize = 32_768;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// Clients that failed to authenticate, at whichever endpoint.
    Authentication,
    /// Wrong user names and passwords.
    Login,
    /// A `request_uri` that leads nowhere.
    RequestUri,
    /// Unknown tokens for a back-end API.
    ApiToken,
    /// Unknown tokens for registration.
    RegistrationToken,
    /// Clients registered where everybody may.
    Registration,
    /// Requests of clients that did authenticate.
    Success,
}

/// Something that is about to be tried, or was.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What.
    pub kind: AttemptKind,
    /// At which tenant, where it is at one.
    pub tenant: Option<TenantUid>,
    /// In whose name, where it names anybody: a `client_id`, a user name.
    pub name: Option<&'a str>,
}

/// A limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Seconds until the next attempt is judged, at least one.
    pub retry_after_s: u64,
}

/// The limits of a server, with what was counted.
pub(super) struct Rates {
    plan: RatePlan,
    counts: RwLock<Counts>,
    names: RandomState,
    began: Instant,
}

/// The limits as they stand for one source.
#[derive(Clone, Copy)]
pub struct RatesOfSource<'a> {
    rates: &'a Rates,
    network: IpAddr,
}

impl Rates {
    pub(super) fn new(plan: RatePlan) -> Self {
        Self { plan, counts: RwLock::default(), names: RandomState::new(), began: Instant::now() }
    }

    /// The limits for a source.
    pub(super) fn of_source(&self, source: IpAddr) -> RatesOfSource<'_> {
        RatesOfSource { rates: self, network: network(source) }
    }
}

/// What one subscriber has: the whole of an IPv6 network of 64 bits is one source.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Exceeded {
    /// Says when to come again.
    pub fn tell(self, response: &mut Response) {
        response.headers_mut().insert(header::RETRY_AFTER, self.retry_after_s.into());
    }
}

impl RatesOfSource<'_> {
    /// Whether an attempt may be judged now. Counts nothing.
    ///
    /// # Errors
    /// [`Exceeded`] when its name at this source, or the source, has no attempt left.
    pub fn check(&self, attempt: &Attempt<'_>) -> Result<(), Exceeded> {
        self.check_at(self.rates.began.elapsed(), attempt)
    }

    fn check_at(&self, now: Duration, attempt: &Attempt<'_>) -> Result<(), Exceeded> {
        let counts = self.rates.counts.read().unwrap_or_else(PoisonError::into_inner);
        let waits = self.limits(attempt).filter_map(|(key, limit)| limit.wait(counts.full_until(&key)?, now));
        waits.max().map_or(Ok(()), |wait| Err(Exceeded { retry_after_s: wait.as_secs().saturating_add(1) }))
    }

    /// Counts an attempt.
    pub fn count(&self, attempt: &Attempt<'_>) {
        self.count_at(self.rates.began.elapsed(), attempt);
    }

    fn count_at(&self, now: Duration, attempt: &Attempt<'_>) {
        let mut counts = self.rates.counts.write().unwrap_or_else(PoisonError::into_inner);
        self.limits(attempt).for_each(|(key, limit)| counts.count(key, limit, now));
    }

    /// Whether [`RatesOfSource::check`] could say no to any name at all. Whoever hears that it could not may spare
    /// itself finding the name out.
    #[must_use]
    pub fn may_refuse(&self, kind: AttemptKind, tenant: Option<TenantUid>) -> bool {
        if kind == AttemptKind::Success {
            return self.rates.plan.successes_per_minute.is_some();
        }
        let counts = self.rates.counts.read().unwrap_or_else(PoisonError::into_inner);
        // A name is counted before its source, and so forgotten before it.
        self.limits(&Attempt { kind, tenant, name: None }).any(|(key, _)| counts.full_until(&key).is_some())
    }

    /// Every key that an attempt is counted under, with its limit: its name's first.
    fn limits(&self, attempt: &Attempt<'_>) -> impl Iterator<Item = (Key, Limit)> {
        let RatePlan { failures_per_minute: failures, successes_per_minute: successes, registrations_per_minute } =
            self.rates.plan;
        let Attempt { kind, tenant, name } = *attempt;
        let (of_name, of_source) = match kind {
            AttemptKind::Success => (successes, None),
            AttemptKind::Registration => (Some(registrations_per_minute), None),
            AttemptKind::Authentication
            | AttemptKind::Login
            | AttemptKind::RequestUri
            | AttemptKind::ApiToken
            | AttemptKind::RegistrationToken => (failures, failures),
        };
        let name = name.map(|name| self.rates.names.hash_one(name));
        let key = move |name| Key { kind, tenant, name, network: self.network };
        let named = name.zip(of_name).map(|(name, count)| (key(Some(name)), Limit::per_minute(count.get())));
        let at_source = |count: u32| Limit::per_minute(count.saturating_mul(NAMES_OF_SOURCE));
        named.into_iter().chain(of_source.map(|count| (key(None), at_source(count.get()))))
    }
}

/// Who is counted for what. Names are kept as a keyed hash: they are of any length, and the sender's choice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: AttemptKind,
    tenant: Option<TenantUid>,
    name: Option<u64>,
    network: IpAddr,
}

/// How long one attempt takes to be forgiven.
#[derive(Clone, Copy)]
struct Limit(Duration);

impl Limit {
    fn per_minute(count: u32) -> Self {
        Self(WINDOW.checked_div(count).unwrap_or(WINDOW))
    }

    /// How long to wait, if every attempt will have been forgiven at `full_until`.
    fn wait(self, full_until: Duration, now: Duration) -> Option<Duration> {
        let wait = full_until.saturating_add(self.0).saturating_sub(now).saturating_sub(WINDOW);
        (!wait.is_zero()).then_some(wait)
    }

    /// From when on every attempt will have been forgiven, after one more. Attempts that were judged at the same
    /// time may be more than the limit; they shut nobody out for longer than it says.
    fn after_one_more(self, full_until: Duration, now: Duration) -> Duration {
        full_until.max(now).saturating_add(self.0).min(now.saturating_add(WINDOW))
    }
}

/// For each key the moment at which it has all its attempts again, since the beginning. Two generations: what was
/// not counted within the younger one's time, a window or as long as it takes to fill it, is forgotten with the
/// older. After a window there is nothing to forget; sooner than that, the keys that were counted longest ago go.
#[derive(Default)]
struct Counts {
    young: HashMap<Key, Duration>,
    old: HashMap<Key, Duration>,
    turned_at: Duration,
}

impl Counts {
    fn full_until(&self, key: &Key) -> Option<Duration> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn count(&mut self, key: Key, limit: Limit, now: Duration) {
        let full_until = limit.after_one_more(self.full_until(&key).unwrap_or_default(), now);
        if self.young.len() >= KEYS_MAX || now.saturating_sub(self.turned_at) >= WINDOW {
            self.old = std::mem::take(&mut self.young);
            self.turned_at = now;
        }
        self.young.insert(key, full_until);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    const TENANT: TenantUid = TenantUid([1; 16]);
    const NOW: Duration = Duration::from_secs(1000);
    const OTHER_TENANT: TenantUid = TenantUid([2; 16]);

    fn rates(failures: u32, successes: u32) -> Rates {
        let (failures_per_minute, successes_per_minute) = (NonZeroU32::new(failures), NonZeroU32::new(successes));
        let registrations_per_minute = NonZeroU32::MIN;
        Rates::new(RatePlan { failures_per_minute, successes_per_minute, registrations_per_minute })
    }

    fn at<'a>(rates: &'a Rates, source: &str) -> RatesOfSource<'a> {
        rates.of_source(source.parse().unwrap())
    }

    fn of(name: &str) -> Attempt<'_> {
        Attempt { kind: AttemptKind::Authentication, tenant: Some(TENANT), name: Some(name) }
    }

    fn after(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    fn fail(rates: RatesOfSource<'_>, attempt: &Attempt<'_>, times: usize) {
        (0..times).for_each(|_| rates.count_at(NOW, attempt));
    }

    #[test]
    fn name_at_its_source_has_so_many_attempts_and_then_one_for_each_share_of_a_minute() {
        let rates = rates(3, 0);
        let here = at(&rates, "192.0.2.1");
        for _ in 0..3 {
            assert_eq!(here.check_at(NOW, &of("app")), Ok(()));
            here.count_at(NOW, &of("app"));
        }
        assert_eq!(here.check_at(NOW, &of("app")), Err(Exceeded { retry_after_s: 21 }));
        assert_eq!(here.check_at(after(15), &of("app")), Err(Exceeded { retry_after_s: 6 }));
        assert_eq!(here.check_at(after(20), &of("app")), Ok(()));
        here.count_at(after(20), &of("app"));
        assert!(here.check_at(after(20), &of("app")).is_err());
        (0..2).for_each(|_| here.count_at(after(80), &of("app")));
        assert_eq!(here.check_at(after(80), &of("app")), Ok(()));
    }

    #[test]
    fn other_names_sources_tenants_and_kinds_are_not_touched() {
        let rates = rates(3, 0);
        let (here, there) = (at(&rates, "192.0.2.1"), at(&rates, "192.0.2.2"));
        fail(here, &of("app"), 3);
        assert!(here.check_at(NOW, &of("app")).is_err());
        assert_eq!(there.check_at(NOW, &of("app")), Ok(()));
        assert_eq!(here.check_at(NOW, &of("other")), Ok(()));
        assert_eq!(here.check_at(NOW, &Attempt { tenant: Some(OTHER_TENANT), ..of("app") }), Ok(()));
        assert_eq!(here.check_at(NOW, &Attempt { kind: AttemptKind::Login, ..of("app") }), Ok(()));
    }

    #[test]
    fn source_that_goes_through_names_is_stopped_at_five_times_the_limit() {
        let rates = rates(3, 0);
        let (here, there) = (at(&rates, "192.0.2.1"), at(&rates, "192.0.2.2"));
        (0..15).for_each(|n| here.count_at(NOW, &of(&n.to_string())));
        assert!(here.check_at(NOW, &of("app")).is_err());
        assert_eq!(there.check_at(NOW, &of("app")), Ok(()));
    }

    #[test]
    fn attempts_at_the_same_time_shut_nobody_out_for_longer() {
        let rates = rates(3, 0);
        let here = at(&rates, "192.0.2.1");
        fail(here, &of("app"), 14);
        assert!(here.check_at(after(19), &of("app")).is_err());
        assert_eq!(here.check_at(after(20), &of("app")), Ok(()));
    }

    #[test]
    fn network_of_64_bits_is_one_source_and_a_mapped_address_is_the_plain_one() {
        let rates = rates(3, 0);
        fail(at(&rates, "2001:db8:1:2::1"), &of("app"), 3);
        assert!(at(&rates, "2001:db8:1:2:ffff::9").check_at(NOW, &of("app")).is_err());
        assert_eq!(at(&rates, "2001:db8:1:3::1").check_at(NOW, &of("app")), Ok(()));
        fail(at(&rates, "::ffff:192.0.2.1"), &of("app"), 3);
        assert!(at(&rates, "192.0.2.1").check_at(NOW, &of("app")).is_err());
        assert_eq!(at(&rates, "::ffff:192.0.2.2").check_at(NOW, &of("app")), Ok(()));
    }

    #[test]
    fn limit_that_is_off_counts_nothing() {
        let rates = rates(0, 0);
        let here = at(&rates, "192.0.2.1");
        fail(here, &of("app"), 1000);
        assert_eq!(here.check_at(NOW, &of("app")), Ok(()));
        assert!(
            !here.may_refuse(AttemptKind::Authentication, Some(TENANT))
                && !here.may_refuse(AttemptKind::Success, Some(TENANT))
        );
    }

    #[test]
    fn successes_are_counted_by_name_alone() {
        let rates = rates(3, 2);
        let here = at(&rates, "192.0.2.1");
        fn success(name: &str) -> Attempt<'_> {
            Attempt { kind: AttemptKind::Success, ..of(name) }
        }
        fail(here, &success("app"), 2);
        assert!(here.check_at(NOW, &success("app")).is_err());
        (0..100).for_each(|n| here.count_at(NOW, &success(&n.to_string())));
        assert_eq!(here.check_at(NOW, &success("other")), Ok(()));
        assert_eq!(here.check_at(NOW, &of("app")), Ok(()));
    }

    #[test]
    fn names_need_to_be_found_only_where_somebody_failed() {
        let rates = rates(3, 0);
        let here = at(&rates, "192.0.2.1");
        assert!(!here.may_refuse(AttemptKind::Authentication, Some(TENANT)));
        here.count_at(NOW, &of("app"));
        assert!(here.may_refuse(AttemptKind::Authentication, Some(TENANT)));
        assert!(!here.may_refuse(AttemptKind::Authentication, Some(OTHER_TENANT)));
        assert!(!at(&rates, "192.0.2.2").may_refuse(AttemptKind::Authentication, Some(TENANT)));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_names_refuses_nobody_else() {
        let rates = rates(3, 0);
        for n in 0..u32::try_from(3 * KEYS_MAX).unwrap() {
            let source = IpAddr::from(n.to_be_bytes());
            fail(rates.of_source(source), &of("app"), 3);
            let counts = rates.counts.read().unwrap();
            assert!(counts.young.len() <= KEYS_MAX && counts.old.len() <= KEYS_MAX);
        }
        // The newest are known, the oldest forgotten; a stranger is let in.
        let newest = IpAddr::from(u32::try_from(3 * KEYS_MAX - 1).unwrap().to_be_bytes());
        assert!(rates.of_source(newest).check_at(NOW, &of("app")).is_err());
        assert_eq!(rates.of_source(IpAddr::from([0, 0, 0, 0])).check_at(NOW, &of("app")), Ok(()));
        assert_eq!(at(&rates, "192.0.2.1").check_at(NOW, &of("app")), Ok(()));
    }

    #[test]
    fn what_is_forgiven_is_forgotten() {
        let rates = rates(3, 0);
        at(&rates, "192.0.2.1").count_at(NOW, &of("app"));
        [60, 120].into_iter().for_each(|s| at(&rates, "192.0.2.2").count_at(after(s), &of("app")));
        let counts = rates.counts.read().unwrap();
        assert_eq!((counts.young.len(), counts.old.len()), (2, 2));
    }
}
