//! One journey with huskarl as its users have it: discovery, PAR, the browser, tokens, userinfo, refresh.
//!
//! In: ISSUER, CLIENT_ID, REDIRECT_URI, CA_FILE; CLIENT_JWK for `private_key_jwt` (else the certificate authenticates);
//! IDENTITY (PEM, key and chain) where a certificate is shown; DPOP and SIGNED where they are set. Out: a line with the
//! address for the browser; then, after a line with the callback came in, one line of JSON.

use std::env;
use std::error::Error;
use std::io::{BufRead, stdin};

use huskarl::core::client_auth::{Audience, JwtBearer, NoAuth};
use huskarl::core::dpop::DPoP;
use huskarl::core::jwk::{Jwk, PrivateJwk};
use huskarl::core::secrets::{EnvVarSecret, ProvidedSecret};
use huskarl::core::server_metadata::AuthorizationServerMetadata;
use huskarl::grant::authorization_code::{AuthorizationCodeGrant, CompleteInput, ResponseMode, StartInput};
use huskarl::grant::refresh::RefreshGrantParameters;
use huskarl::prelude::*;
use huskarl::userinfo::UserInfoClient;
use huskarl_crypto_native::asymmetric::signer::{GenerateAlgorithm, PrivateKey};
use huskarl_reqwest::ReqwestClient;
use huskarl_reqwest::mtls::MtlsPem;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let set = |name: &str| env::var(name).is_ok();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(env::var("CA_FILE")?)?)?;
    let builder = ReqwestClient::builder().root_certificates(vec![ca]);
    let http = if set("IDENTITY") {
        builder.mtls(MtlsPem::new(EnvVarSecret::string("IDENTITY")?)).build().await?
    } else {
        builder.build().await?
    };
    let metadata = AuthorizationServerMetadata::fetch().http_client(&http).issuer(env::var("ISSUER")?).call().await?;
    let key = match env::var("CLIENT_JWK") {
        Ok(jwk) => Some(PrivateKey::from_secret(ProvidedSecret::new(private(&jwk)?)).await?),
        Err(_) => None,
    };
    let authentication = key.clone().filter(|_| set("ASSERTING"));
    let builder = AuthorizationCodeGrant::builder_from_metadata(&metadata)?
        .client_id(env::var("CLIENT_ID")?)
        .http_client(http.clone())
        .redirect_uri(env::var("REDIRECT_URI")?)
        .maybe_response_mode(set("SIGNED").then_some(ResponseMode::QueryJwt))
        .maybe_dpop(dpop(set("DPOP"))?)
        .maybe_jar(key.filter(|_| set("SIGNED")));
    let grant: AuthorizationCodeGrant = match authentication {
        Some(key) => {
            let assertion = JwtBearer::builder().signer(key).audience(Audience::Issuer).build();
            builder.client_auth(assertion).build().await?
        }
        None => builder.client_auth(NoAuth).build().await?,
    };
    let started =
        grant.start(StartInput::scope(["openid", "profile", "offline_access"].map(str::to_owned).to_vec())).await?;
    println!("{}", started.authorization_url);
    let callback = stdin().lock().lines().next().ok_or("no callback")??;
    let completed = grant.complete(&started.pending_state, callback.parse::<CompleteInput>()?).await?;
    let tokens = completed.token_response;
    let sub = completed.id_token.and_then(|token| token.sub).ok_or("no subject")?;
    let userinfo = UserInfoClient::builder_from_grant(&grant, &metadata)?.build().await?;
    let userinfo = userinfo.get(&http, tokens.access_token(), &sub).await?;
    let refresh_token = tokens.refresh_token().cloned().ok_or("no refresh token")?;
    let refreshed = grant.to_refresh_grant().exchange(RefreshGrantParameters::refresh_token(refresh_token)).await?;
    println!(
        "{}",
        json!({
            "sub": sub,
            "token_type": tokens.access_token().token_type(),
            "name": userinfo.profile.name,
            "refreshed": refreshed.access_token().token_type(),
        })
    );
    Ok(())
}

fn dpop(wanted: bool) -> Result<Option<DPoP>, Box<dyn Error>> {
    let key = wanted.then(|| PrivateKey::generate(GenerateAlgorithm::Es256, None)).transpose()?;
    Ok(key.map(|key| DPoP::builder().signer(key).build()))
}

fn private(jwk: &str) -> Result<PrivateJwk, Box<dyn Error>> {
    serde_json::from_str::<Jwk>(jwk)?.private_jwk().ok_or_else(|| "CLIENT_JWK has no private part".into())
}
