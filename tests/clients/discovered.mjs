// A client as openid-client's users configure one: by discovery, with the credential of its method.
// Read from the environment: ISSUER, CLIENT_ID, METHOD, CLIENT_SECRET or CLIENT_JWK, REDIRECT_URI.

import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, METHOD, CLIENT_SECRET, CLIENT_JWK, REDIRECT_URI } = process.env;

async function authentication() {
  if (METHOD === 'none') return client.None();
  if (METHOD === 'client_secret_basic') return client.ClientSecretBasic(CLIENT_SECRET);
  if (METHOD === 'client_secret_post') return client.ClientSecretPost(CLIENT_SECRET);
  if (METHOD === 'private_key_jwt') return client.PrivateKeyJwt(await signingKey());
  throw new Error(`no such method: ${METHOD}`);
}

/** The client's own key, with its name. */
export async function signingKey() {
  const jwk = JSON.parse(CLIENT_JWK);
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  return { key, kid: jwk.kid };
}

/** The library's configuration; `http` is allowed only where the issuer is an `http` URL. */
export async function discover(more = {}) {
  const execute = ISSUER.startsWith('http:') ? [client.allowInsecureRequests] : [];
  const metadata = { redirect_uris: [REDIRECT_URI], ...more };
  return client.discovery(new URL(ISSUER), CLIENT_ID, metadata, await authentication(), { execute });
}

/** Pushes an authorization request with PKCE; gives the URL for the browser, and what the callback is checked by. */
export async function push(config, parameters) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: REDIRECT_URI,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}
