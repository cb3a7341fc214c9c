// The same profile with oauth4webapi, which leaves every step to its caller: nonces are met by asking again.
// In: as message-signing.mjs, without DECISION. Out: one line of JSON.

import * as oauth from 'oauth4webapi';
import { signingKey } from './discovered.mjs';
import { walk } from './person.mjs';

const { ISSUER, CLIENT_ID, REDIRECT_URI, USERNAME: username, PASSWORD: password } = process.env;

const issuer = new URL(ISSUER);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
const client = { client_id: CLIENT_ID };
const { key, kid } = await signingKey();
const authentication = oauth.PrivateKeyJwt({ key, kid });
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
const codeVerifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];

let nonces = 0;

/** Sends, and once more when the server wants its nonce in the proof. */
async function withNonce(send, read) {
  try {
    return await read(await send());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    nonces += 1;
    return read(await send());
  }
}

const request = await oauth.issueRequestObject(
  as,
  client,
  {
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    response_mode: 'jwt',
    scope: 'openid profile offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  },
  { key, kid },
);
const pushed = await withNonce(
  () => oauth.pushedAuthorizationRequest(as, client, authentication, { request }, { DPoP }),
  (response) => oauth.processPushedAuthorizationResponse(as, client, response),
);
const url = new URL(as.authorization_endpoint);
url.search = new URLSearchParams({ client_id: CLIENT_ID, request_uri: pushed.request_uri });
const { callback } = await walk(url, REDIRECT_URI, { username, password });
const answer = await oauth.validateJwtAuthResponse(as, client, callback, state);
const tokens = await withNonce(
  () => oauth.authorizationCodeGrantRequest(as, client, authentication, answer, REDIRECT_URI, codeVerifier, { DPoP }),
  (response) =>
    oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true }),
);
const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await withNonce(
  () => oauth.userInfoRequest(as, client, tokens.access_token, { DPoP }),
  (response) => oauth.processUserInfoResponse(as, client, sub, response),
);
const interaction = crypto.randomUUID();
const resource = await withNonce(
  () => {
    const [url, headers] = [new URL(`${ISSUER}/resource`), new Headers({ 'x-fapi-interaction-id': interaction })];
    return oauth.protectedResourceRequest(tokens.access_token, 'GET', url, headers, null, { DPoP });
  },
  async (response) => ({
    ...(await response.json()),
    traced: response.headers.get('x-fapi-interaction-id') === interaction,
    dated: response.headers.has('date'),
  }),
);
const refreshed = await withNonce(
  () => oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, { DPoP }),
  (response) => oauth.processRefreshTokenResponse(as, client, response),
);
console.log(
  JSON.stringify({
    nonces,
    answered: [...callback.searchParams.keys()].sort(),
    token_type: tokens.token_type,
    userinfo,
    resource,
    refreshed: refreshed.token_type,
  }),
);
