//! Every oracle over its corpus, over what its corpus becomes by small changes, over arbitrary bytes, and over inputs of its
//! own grammar.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use parhelion_oracles::{ORACLES, Oracle, Verdict};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The name of a file and what it holds.
type Entry = (String, Vec<u8>);

static CORPUS: LazyLock<BTreeMap<&str, Vec<Entry>>> =
    LazyLock::new(|| ORACLES.iter().map(|(name, _)| (*name, entries(name))).collect());

#[allow(clippy::disallowed_methods, reason = "a corpus is files")]
fn entries(oracle: &str) -> Vec<Entry> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(oracle);
    let paths = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = paths.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

fn oracle(name: &str) -> Oracle {
    ORACLES.iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn corpus_is_accepted_and_refused_as_its_names_say() {
    for (name, check) in ORACLES {
        let mut verdicts = Vec::new();
        for (entry, bytes) in &CORPUS[name] {
            let expected = if entry.starts_with("accepted-") { Verdict::Accepted } else { Verdict::Refused };
            assert!(entry.starts_with("accepted-") || entry.starts_with("refused-"), "{name}/{entry}");
            assert_eq!(check(bytes), expected, "{name}/{entry}");
            verdicts.push(expected);
        }
        assert!(verdicts.contains(&Verdict::Accepted) && verdicts.contains(&Verdict::Refused), "{name}");
    }
}

/// Pieces that parsers stumble over.
const PIECES: &[&str] = &[
    "",
    "\0",
    "\n",
    " ",
    "%",
    "%2",
    "%00",
    "%2e",
    "%2F",
    "+",
    "&",
    "=",
    ".",
    "..",
    "/",
    "//",
    "\\",
    "@",
    ":",
    ":0",
    ":80",
    "#",
    "?",
    ";",
    "[::1]",
    "127.0.0.1",
    "localhost",
    "null",
    "1e999",
    "-0",
    "0.5",
    "18446744073709551616",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{e9}",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "\"crit\":[]",
    "\"d\":\"AA\"",
    "\"alg\":\"none\"",
    "\"sub\":\"app\"",
    "client_id",
    "resource=a&",
];

#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Put(Index, &'static str),
    Insert(Index, &'static str),
    Remove(Index, Index),
    Double(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = || select(PIECES);
    prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (any::<Index>(), piece()).prop_map(|(at, piece)| Change::Put(at, piece)),
        (any::<Index>(), piece()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        any::<(Index, Index)>().prop_map(|(from, to)| Change::Remove(from, to)),
        any::<(Index, Index)>().prop_map(|(from, to)| Change::Double(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let length = bytes.len();
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(length), to.index(length));
        from.min(to)..from.max(to)
    };
    match change {
        Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Change::Put(at, piece) => {
            let at = at.index(length);
            let end = length.min(at + piece.len());
            drop(bytes.splice(at..end, piece.bytes()));
        }
        Change::Insert(at, piece) => {
            let at = at.index(length);
            drop(bytes.splice(at..at, piece.bytes()));
        }
        Change::Remove(from, to) => drop(bytes.drain(range(from, to))),
        Change::Double(from, to) => {
            let range = range(from, to);
            let (end, piece) = (range.end, bytes[range].to_vec());
            drop(bytes.splice(end..end, piece));
        }
    }
    bytes
}

/// Few, because each is many inputs; `cargo xtask fuzz` goes on. What fails is put into `data/` and not kept elsewhere.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn holds_of_a_corpus_with_changes(changes in prop::collection::vec(change(), 1..5), entry in any::<Index>()) {
        for (name, check) in ORACLES {
            let bytes = entry.get(&CORPUS[name]).1.clone();
            check(&changes.iter().fold(bytes, changed));
        }
    }

    #[test]
    fn holds_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, check) in ORACLES {
            check(&bytes);
        }
    }

    #[test]
    fn holds_of_any_text(text in "[ -~\\n\u{e9}]{0,80}") {
        for (_, check) in ORACLES {
            check(text.as_bytes());
        }
    }

    #[test]
    fn holds_of_forms(pairs in prop::collection::vec((select(&["client_id", "state", "resource", "claims", "x", "", "client%5Fid"][..]), "[a-z%+0-9\\t\u{e9}]{0,6}"), 0..70)) {
        let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        oracle("form")(body.join("&").as_bytes());
    }

    #[test]
    fn holds_of_urls(
        registered in url(), sent in url(), same in any::<bool>(),
    ) {
        let sent = if same { registered.clone() } else { sent };
        oracle("redirect_uri")(format!("{registered}\n{sent}").as_bytes());
        oracle("dpop_proof")(sent.as_bytes());
    }

    #[test]
    fn holds_of_ports(host in select(&["127.0.0.1", "[::1]", "localhost", "app.example"][..]), ports in any::<(Option<u32>, Option<u32>)>(), rests in ("(|/|/cb|\\?a)", "(|/|/cb|\\?a)"), same in any::<bool>()) {
        let uri = |port: Option<u32>, rest: &str| format!("http://{host}{}{rest}", port.map_or(String::new(), |port| format!(":{}", port % 70_000)));
        oracle("redirect_uri")(format!("{}\n{}", uri(ports.0, &rests.0), uri(ports.1, if same { &rests.0 } else { &rests.1 })).as_bytes());
    }

    #[test]
    fn holds_of_claims(members in members(&["client_id", "aud", "iss", "exp", "nbf", "iat", "jti", "htm", "htu", "scope", "max_age", "resource", "nonce", "ath", "a"])) {
        let payload = object(&members);
        for name in ["request_object", "dpop_proof"] {
            oracle(name)(payload.as_bytes());
        }
        oracle("jwt")(format!("{{\"alg\":\"EdDSA\"}}\n{payload}").as_bytes());
        let proof = r#""htm":"POST","htu":"https://as.example/t/par","iat":1800000000,"jti":"j","#;
        oracle("dpop_proof")(payload.replacen('{', &format!("{{{proof}"), 1).as_bytes());
    }

    #[test]
    fn holds_of_headers(members in members(&["alg", "kid", "typ", "crit", "jwk", "b64", "cty"])) {
        oracle("jwt")(format!("{}\n{{\"a\":1}}", object(&members)).as_bytes());
        let signed: Vec<(&str, &str)> = members.into_iter().filter(|(name, _)| *name != "alg").chain([("alg", "\"EdDSA\"")]).collect();
        oracle("jwt")(format!("{}\n{{\"a\":1}}", object(&signed)).as_bytes());
    }

    #[test]
    fn holds_of_keys(members in members(&["use", "alg", "kid", "key_ops", "d", "x", "y", "crv", "kty"]), of in any::<Index>()) {
        let of = &of.get(&CORPUS["jwk"]).1;
        let key = String::from_utf8(of.clone()).unwrap();
        oracle("jwk")(key.replacen('{', &object(&members).replace('}', ","), 1).as_bytes());
        oracle("jwk")(format!("{{\"keys\":[{key},{}]}}", object(&members)).as_bytes());
    }

    #[test]
    fn holds_of_details(elements in prop::collection::vec(members(&["type", "amount", "a"]), 0..4)) {
        let elements: Vec<String> = elements.iter().map(|element| object(element)).collect();
        oracle("authorization_details")(format!("[{}]", elements.join(",")).as_bytes());
    }

    #[test]
    fn holds_of_what_is_encrypted(bytes in prop::collection::vec(any::<u8>(), 3..80)) {
        oracle("jwe")(&bytes);
    }
}

fn url() -> impl Strategy<Value = String> {
    let scheme = select(&["https", "http", "HTTPS", "com.example", "javascript", "https%3a"][..]);
    let slashes = select(&["://", "://", "://", ":/", ":", ":///", ":\\\\"][..]);
    let host = select(
        &[
            "as.example",
            "AS.example",
            "127.0.0.1",
            "[::1]",
            "localhost",
            "u@as.example",
            "@as.example",
            "as.example.",
            "127.1",
            "%61s.example",
            "",
        ][..],
    );
    let port = select(&["", "", ":443", ":8443", ":80", ":0", ":", ":08443", ":99999"][..]);
    let path = "(/t/par|/%74/par|/%7e|/T/par|/t/./par|/t/x/../par|/t//par|/t/par/|/par|/cb|)(\\?a=b|\\?code=1|\\?|\\?a;iss=1)?(#f|#)?";
    (scheme, slashes, host, port, path)
        .prop_map(|(scheme, slashes, host, port, path)| format!("{scheme}{slashes}{host}{port}{path}"))
}

fn members(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    const VALUES: &[&str] = &[
        "null",
        "true",
        "0",
        "1",
        "1.5",
        "-1",
        "1e400",
        "1799999990",
        "1800000060",
        "1800000000.5",
        "253402300800",
        "\"\"",
        "\"app\"",
        "\"POST\"",
        "\"sig\"",
        "\"enc\"",
        "\"EdDSA\"",
        "\"ES256\"",
        "\"none\"",
        "\"RSA\"",
        "\"EC\"",
        "\"payment\"",
        "\"https://as.example/t\"",
        "\"https://as.example/t/par\"",
        "[]",
        "[\"app\"]",
        "[\"https://as.example/t\",\"b\"]",
        "[1]",
        "{}",
        "{\"a\":[{}]}",
        "\"\\u0000\"",
        "\"AAAA\"",
    ];
    prop::collection::vec((select(names), select(VALUES)), 0..7)
}

fn object(members: &[(&str, &str)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}
