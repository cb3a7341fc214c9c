//! The route table: built once, read on every request with one look-up and without allocating.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use parhelion_dialects::operation::{Operation, SEGMENTS_MAX};
use parhelion_dialects::{Dialect, Lobby};
use parhelion_engine::discovery;
use parhelion_engine::registry::{Mount, Registry};
use parhelion_protocol::endpoint::Endpoint;

use crate::config::{CorsPlan, INTERACTIONS, Served, claims, host_of};
use crate::metrics::{Metrics, PlaceMeters};
use crate::wiring::Wired;

/// A mount as the edge serves it.
pub(crate) struct Place {
    pub(crate) mount: Arc<Mount>,
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) cors: CorsPlan,
    pub(crate) meters: Arc<PlaceMeters>,
    /// The metadata document.
    pub(crate) metadata: Bytes,
    /// The key set.
    pub(crate) jwks: Bytes,
}

impl Place {
    fn new(wired: &Wired<'_>, meters: Arc<PlaceMeters>) -> Self {
        let mount = Arc::clone(&wired.mount);
        Self {
            dialect: wired.dialect,
            cors: wired.plan.cors.clone(),
            meters,
            metadata: Bytes::from(discovery::metadata(&mount)),
            jwks: Bytes::copy_from_slice(mount.tenant.keys.jwks().as_bytes()),
            mount,
        }
    }

    /// The same over a changed mount.
    fn over(&self, mount: &Arc<Mount>) -> Self {
        Self {
            mount: Arc::clone(mount),
            dialect: self.dialect,
            cors: self.cors.clone(),
            meters: Arc::clone(&self.meters),
            metadata: Bytes::from(discovery::metadata(mount)),
            jwks: Bytes::copy_from_slice(mount.tenant.keys.jwks().as_bytes()),
        }
    }
}

/// What is at a path.
pub(crate) enum Found<'table, 'path> {
    /// An endpoint of a mount.
    Endpoint(&'table Place, Endpoint),
    /// A page of a mount's interactions; what stands behind `/interaction/`.
    Interaction(&'table Place, &'path str),
    /// A mount's base URL.
    Home(&'table Place),
    /// An operation of a mount's back-end API, and the path segments behind it.
    Operation(&'table Place, &'static Operation, Segments<'path>),
    /// A dialect's part of the host, where no tenant is.
    Lobby(Lobby),
    /// Nothing of a mount.
    Nothing,
}

/// The path segments behind an operation's own path.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Segments<'path> {
    first: Option<&'path str>,
    second: Option<&'path str>,
}

impl<'path> Segments<'path> {
    fn put_before(&mut self, segment: &'path str) {
        (self.first, self.second) = (Some(segment), self.first);
    }

    /// In the order of the path.
    pub(crate) fn to_vec(self) -> Vec<&'path str> {
        self.first.into_iter().chain(self.second).collect()
    }
}

#[derive(Clone, Default)]
pub(crate) struct RouteTable {
    exact: HashMap<String, Candidates<Endpoint>>,
    interactions: HashMap<String, Candidates<()>>,
    homes: HashMap<String, Candidates<()>>,
    /// By how many segments stand behind the path.
    operations: [HashMap<String, Candidates<&'static Operation>>; SEGMENTS_MAX + 1],
    /// The paths of tenants in lobbies.
    tenants: HashMap<String, Candidates<()>>,
    lobbies: Vec<LobbyPlace>,
    /// Whose mounts they are.
    over: Arc<Registry>,
    /// Whom the addresses of mounts name, each once.
    hosts: Vec<String>,
}

/// Who answers at a path; more than one only where their hosts tell them apart.
type Candidates<T> = Vec<Candidate<T>>;

#[derive(Clone)]
struct Candidate<T> {
    authority: String,
    place: Arc<Place>,
    what: T,
}

#[derive(Clone)]
struct LobbyPlace {
    authority: String,
    path: String,
    lobby: Lobby,
}

impl RouteTable {
    /// The table of mounts whose places are known to differ, for a server whose own pages are below `own_path`.
    pub(crate) fn build(wired: &[Wired<'_>], own_path: &str, metrics: &Metrics) -> Self {
        let mut table = Self::default();
        let own_home = format!("{own_path}/");
        let mut first = None;
        for wired in wired {
            let Wired { mount, dialect, plan } = wired;
            let meters = metrics.of_place(&mount.tenant.id, dialect.name());
            let place = Arc::new(Place::new(wired, meters));
            for (authority, path, served) in claims(plan) {
                table.add_host(&authority);
                match served {
                    Served::Endpoint(endpoint) => add(&mut table.exact, authority, path, &place, endpoint),
                    Served::Interactions => add(&mut table.interactions, authority, path, &place, ()),
                    Served::Operation => {}
                }
            }
            let below = format!("{}{}", plan.base.path(), plan.tenant_path);
            table.add_operations(plan.base.authority(), &below, &place, dialect.operations());
            let authority = plan.base.authority().to_owned();
            if plan.serves(Endpoint::Discovery) {
                let base = plan.base.path().to_owned();
                add(&mut table.homes, authority.clone(), format!("{base}/"), &place, ());
                add(&mut table.homes, authority.clone(), base, &place, ());
                first.get_or_insert((authority.clone(), Arc::clone(&place)));
            }
            if let Some(lobby) = dialect.lobby() {
                let path = format!("{}{}", plan.base.path(), lobby.path);
                table.add_operations(plan.base.authority(), &path, &place, lobby.operations);
                let tenant = format!("{}{}", plan.base.path(), plan.tenant_path);
                add(&mut table.tenants, authority.clone(), tenant, &place, ());
                table.lobbies.push(LobbyPlace { authority, path, lobby });
            }
        }
        // Where no mount is at the root, the first one speaks for the server.
        if let Some((authority, place)) = first.filter(|_| !table.homes.contains_key(&own_home)) {
            add(&mut table.homes, authority, own_home, &place, ());
        }
        table
    }

    fn add_operations(&mut self, authority: &str, below: &str, place: &Arc<Place>, operations: &'static [Operation]) {
        for operation in operations {
            if let Some(by_path) = self.operations.get_mut(operation.segments) {
                let path = format!("{below}{}", operation.path);
                add(by_path, authority.to_owned(), path, place, operation);
            }
        }
    }

    fn add_host(&mut self, authority: &str) {
        let host = host_of(authority);
        if !self.is_host(host) {
            self.hosts.push(host.to_owned());
        }
    }

    fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }

    /// Whether `host` and `authority` name hosts of this server, and not the same one. A name that no mount has decides
    /// nothing: whoever stands in between may have names of its own for the server.
    pub(crate) fn are_two_hosts(&self, host: &str, authority: &str) -> bool {
        let other = host_of(authority);
        !host.eq_ignore_ascii_case(other) && self.is_host(host) && self.is_host(other)
    }

    /// The operation at a path, with the segments that stand behind its own path.
    fn operation<'path>(&self, path: &'path str, authority: &str) -> Option<Found<'_, 'path>> {
        let (mut own, mut segments) = (path, Segments::default());
        for by_path in &self.operations {
            if let Some(found) = by_path.get(own).and_then(|candidates| choose(candidates, authority)) {
                return Some(Found::Operation(&found.place, found.what, segments));
            }
            let (before, segment) = own.rsplit_once('/')?;
            segments.put_before(segment);
            own = before;
        }
        None
    }

    /// Where a request is served that is in a lobby and names its tenant by its credentials.
    pub(crate) fn moved(&self, path: &str, authority: &str, headers: &HeaderMap) -> Option<String> {
        let place = self.lobby_place(path, authority)?;
        let base = place.path.strip_suffix(place.lobby.path)?;
        let moved = (place.lobby.moved)(headers, path.strip_prefix(base)?)?;
        Some(format!("{base}{moved}"))
    }

    /// Whether it is the table over this registry.
    pub(crate) fn is_over(&self, registry: &Arc<Registry>) -> bool {
        Arc::ptr_eq(&self.over, registry)
    }

    /// The same table over a changed registry: each mount by tenant and issuer in the place of the one it comes from.
    pub(crate) fn over(&self, registry: &Arc<Registry>) -> Self {
        let mut table = Self { over: Arc::clone(registry), ..self.clone() };
        let mut places = Replaced { mounts: &registry.mounts, made: Vec::new() };
        table.exact.values_mut().for_each(|candidates| places.replace(candidates));
        table.interactions.values_mut().for_each(|candidates| places.replace(candidates));
        table.homes.values_mut().for_each(|candidates| places.replace(candidates));
        table.tenants.values_mut().for_each(|candidates| places.replace(candidates));
        table.operations.iter_mut().flat_map(HashMap::values_mut).for_each(|candidates| places.replace(candidates));
        table
    }

    /// What is at `path`. Where only one mount claims it, by whatever host, that one answers whatever `authority` says; else the one
    /// whose base URL has this authority.
    pub(crate) fn find<'path>(&self, path: &'path str, authority: &str) -> Found<'_, 'path> {
        if let Some(candidate) = self.exact.get(path).and_then(|candidates| choose(candidates, authority)) {
            return Found::Endpoint(&candidate.place, candidate.what);
        }
        if let Some(candidate) = self.one_below(path).and_then(|candidates| choose(candidates, authority)) {
            return Found::Endpoint(&candidate.place, candidate.what);
        }
        if let Some((prefix, rest)) = split_interaction(path)
            && let Some(candidate) = self.interactions.get(prefix).and_then(|found| choose(found, authority))
        {
            return Found::Interaction(&candidate.place, rest);
        }
        if let Some(candidate) = self.homes.get(path).and_then(|candidates| choose(candidates, authority)) {
            return Found::Home(&candidate.place);
        }
        if let Some(found) = self.operation(path, authority) {
            return found;
        }
        let Some(lobby) = self.lobby_place(path, authority) else { return Found::Nothing };
        match self.tenant_of(path, &lobby.path).and_then(|candidates| choose(candidates, authority)) {
            Some(tenant) => Found::Operation(&tenant.place, lobby.lobby.below_tenant, Segments::default()),
            None => Found::Lobby(lobby.lobby),
        }
    }

    /// Who answers at a path that ends with a slash, for one more segment behind it.
    fn one_below(&self, path: &str) -> Option<&Candidates<Endpoint>> {
        let (before, _) = path.rsplit_once('/')?;
        self.exact.get(path.get(..before.len().saturating_add(1))?)
    }

    /// Whose path it is that begins with a lobby's: the segment behind it names the tenant.
    fn tenant_of(&self, path: &str, lobby: &str) -> Option<&Candidates<()>> {
        let segment = path.strip_prefix(lobby)?.strip_prefix('/')?.split('/').next()?;
        let end = lobby.len().saturating_add(1).saturating_add(segment.len());
        self.tenants.get(path.get(..end)?)
    }

    /// The lobby that a path is in; any of them where none has this authority.
    fn lobby_place(&self, path: &str, authority: &str) -> Option<&LobbyPlace> {
        let mut below = self.lobbies.iter().filter(|place| {
            path.strip_prefix(&place.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let first = below.clone().next()?;
        Some(below.find(|place| same_authority(&place.authority, authority)).unwrap_or(first))
    }
}

/// Places that were made anew, each once.
struct Replaced<'a> {
    mounts: &'a [Arc<Mount>],
    made: Vec<(Arc<Place>, Arc<Place>)>,
}

impl Replaced<'_> {
    fn replace<T>(&mut self, candidates: &mut Candidates<T>) {
        candidates.iter_mut().for_each(|candidate| candidate.place = self.of(&candidate.place));
    }

    fn of(&mut self, old: &Arc<Place>) -> Arc<Place> {
        if let Some((_, new)) = self.made.iter().find(|(before, _)| Arc::ptr_eq(before, old)) {
            return Arc::clone(new);
        }
        let is_it = |mount: &&Arc<Mount>| mount.tenant.uid == old.mount.tenant.uid && mount.issuer == old.mount.issuer;
        let new = match self.mounts.iter().find(is_it) {
            Some(mount) if !Arc::ptr_eq(mount, &old.mount) => Arc::new(old.over(mount)),
            Some(_) | None => Arc::clone(old),
        };
        self.made.push((Arc::clone(old), Arc::clone(&new)));
        new
    }
}

fn add<T: Copy>(
    map: &mut HashMap<String, Candidates<T>>,
    authority: String,
    path: String,
    place: &Arc<Place>,
    what: T,
) {
    let candidates = map.entry(path).or_default();
    if !candidates.iter().any(|candidate| candidate.authority == authority) {
        candidates.push(Candidate { authority, place: Arc::clone(place), what });
    }
}

fn choose<'a, T>(candidates: &'a [Candidate<T>], authority: &str) -> Option<&'a Candidate<T>> {
    match candidates {
        // A mount and its alias are one.
        [first, others @ ..] if others.iter().all(|other| Arc::ptr_eq(&other.place, &first.place)) => Some(first),
        several => several.iter().find(|candidate| same_authority(&candidate.authority, authority)),
    }
}

fn same_authority(ours: &str, theirs: &str) -> bool {
    let without_port = theirs.strip_suffix(":443").or(theirs.strip_suffix(":80")).unwrap_or(theirs);
    ours.eq_ignore_ascii_case(theirs) || ours.eq_ignore_ascii_case(without_port)
}

/// The path up to and with the last `/interaction/`, and what stands behind it.
fn split_interaction(path: &str) -> Option<(&str, &str)> {
    let (before, rest) = path.rsplit_once(INTERACTIONS)?;
    let end = before.len().saturating_add(INTERACTIONS.len());
    Some((path.get(..end)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::passwords::Argon2Passwords;
    use crate::plain_dialect::DIALECTS;
    use crate::wiring::{Ports, wire};
    use parhelion_stores::MemoryStore;
    use parhelion_testkit::{FakeClock, SeededEntropy};
    use std::path::Path;
    use zeroize::Zeroizing;

    async fn table(text: &str) -> RouteTable {
        let config = Config::read(Path::new("x.toml"), text, DIALECTS).unwrap();
        let ports = Ports {
            store: Arc::new(MemoryStore::new(Arc::new(FakeClock::default()))),
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(Argon2Passwords::new(1, None)),
            master: Zeroizing::new([1; 32]),
        };
        let (_, wired, _) = wire(&config, ports).await.unwrap();
        RouteTable::build(&wired, "", &Metrics::new())
    }

    fn tenant(id: &str, dialect: &str, base_url: &str) -> String {
        format!(
            "[[tenant]]\nid = \"{id}\"\naliases = [\"42\"]\n[[tenant.mount]]\ndialect = \"{dialect}\"\nbase_url = \"{base_url}\"\n"
        )
    }

    fn shown(found: &Found<'_, '_>) -> String {
        match found {
            Found::Endpoint(place, endpoint) => format!("{} {endpoint:?}", place.mount.tenant.id),
            Found::Interaction(place, rest) => format!("{} interaction {rest}", place.mount.tenant.id),
            Found::Home(place) => format!("{} home", place.mount.tenant.id),
            Found::Operation(place, operation, segments) => {
                format!("{} {} {}", place.mount.tenant.id, operation.name, segments.to_vec().join(" "))
            }
            Found::Lobby(lobby) => format!("lobby {}", lobby.path),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[tokio::test]
    async fn every_path_leads_to_its_mount() {
        let text = [
            "version = 1\n",
            &tenant("root", "plain", "https://as.example"),
            &tenant("acme", "plain", "https://as.example/acme"),
            &tenant("backend", "numbered", "https://as.example"),
        ];
        let table = table(&text.concat()).await;
        for (path, expected) in [
            ("/par", "root Push"),
            ("/push", "root Push"),
            ("/acme/par", "acme Push"),
            ("/acme/push", "acme Push"),
            ("/acme/authorize", "acme Authorize"),
            ("/acme/token", "acme Token"),
            ("/acme/jwks", "acme Jwks"),
            ("/acme/.well-known/openid-configuration", "acme Discovery"),
            ("/.well-known/oauth-authorization-server/acme", "acme Discovery"),
            ("/.well-known/oauth-authorization-server", "root Discovery"),
            ("/.well-known/openid-configuration", "root Discovery"),
            ("/acme/interaction/abc/login", "acme interaction abc/login"),
            ("/interaction/abc/consent", "root interaction abc/consent"),
            ("/acme/interaction/", "acme interaction "),
            ("/acme", "acme home"),
            ("/acme/", "acme home"),
            ("/", "root home"),
            ("/api/42/push", "backend Push"),
            ("/api/43/push", "lobby /api"),
            ("/api", "lobby /api"),
            ("/apis", "nothing"),
            ("/acme/par/", "nothing"),
            ("/acme/Par", "nothing"),
            ("/acme/interaction", "nothing"),
            ("/other/interaction/abc/login", "nothing"),
            ("/x", "nothing"),
        ] {
            assert_eq!(shown(&table.find(path, "whatever.example")), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn host_decides_only_where_two_mounts_share_a_path() {
        let text = [
            "version = 1\n",
            &tenant("one", "plain", "https://one.example"),
            &tenant("two", "plain", "https://two.example:8443"),
            &tenant("acme", "plain", "https://one.example/acme"),
        ];
        let table = table(&text.concat()).await;
        for (authority, expected) in [
            ("one.example", "one Push"),
            ("ONE.example", "one Push"),
            ("one.example:443", "one Push"),
            ("two.example:8443", "two Push"),
            ("two.example", "nothing"),
            ("evil.example", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(shown(&table.find("/par", authority)), expected, "{authority}");
        }
        assert_eq!(shown(&table.find("/acme/par", "evil.example")), "acme Push");
    }
}
