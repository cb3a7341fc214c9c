// One journey with openid-client as its users have it: discovery, PKCE, PAR, login, consent, callback, tokens.
// In: ISSUER, CLIENT_ID, METHOD, CLIENT_SECRET or CLIENT_JWK, REDIRECT_URI, USERNAME, PASSWORD, DECISION.
// Out: one line of JSON.

import * as client from 'openid-client';
import { walk } from './person.mjs';

const { ISSUER, CLIENT_ID, METHOD, CLIENT_SECRET, CLIENT_JWK, REDIRECT_URI, DECISION } = process.env;
const person = { username: process.env.USERNAME, password: process.env.PASSWORD };

async function authentication() {
  if (METHOD === 'none') return client.None();
  if (METHOD === 'client_secret_basic') return client.ClientSecretBasic(CLIENT_SECRET);
  if (METHOD === 'client_secret_post') return client.ClientSecretPost(CLIENT_SECRET);
  if (METHOD === 'private_key_jwt') {
    const jwk = JSON.parse(CLIENT_JWK);
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
    return client.PrivateKeyJwt({ key, kid: jwk.kid });
  }
  throw new Error(`no such method: ${METHOD}`);
}

const config = await client.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  { redirect_uris: [REDIRECT_URI] },
  await authentication(),
  { execute: [client.allowInsecureRequests] },
);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
const url = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid profile',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
});

const callback = await walk(url, REDIRECT_URI, person, DECISION);
const report = { parameters: [...url.searchParams.keys()].sort(), iss: callback.searchParams.get('iss') };
try {
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, callback, checks);
  console.log(JSON.stringify({ ...report, token_type: tokens.token_type, claims: tokens.claims() }));
} catch (error) {
  if (!(error instanceof client.AuthorizationResponseError)) throw error;
  console.log(JSON.stringify({ ...report, error: error.error }));
}
