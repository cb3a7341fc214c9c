// A client that an attester vouches for, with @openid4vc/oauth2: attestation, proof and every request are the library's;
// keys and randomness are ours, as it wants them.
// In: ISSUER, CLIENT_ID, REDIRECT_URI, USERNAME, PASSWORD, DECISION, ATTESTER, ATTESTER_JWK. Out: one line of JSON.

import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  Oauth2Client,
  clientAuthenticationClientAttestationJwt,
  createClientAttestationJwt,
  decodeJwt,
  fetchAuthorizationServerMetadata,
} from '@openid4vc/oauth2';
import { walk } from './person.mjs';

const { ISSUER, CLIENT_ID, REDIRECT_URI, USERNAME: username, PASSWORD: password, DECISION, ATTESTER } = process.env;

const attester = createPrivateKey({ key: JSON.parse(process.env.ATTESTER_JWK), format: 'jwk' });
const instance = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const instanceJwk = instance.publicKey.export({ format: 'jwk' });

const sent = [];
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The callbacks of one who holds this key. */
const holding = (key) => ({
  generateRandom: (length) => randomBytes(length),
  hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
  fetch: (url, request) => {
    sent.push({ url: String(url), headers: Object.fromEntries(new Headers(request?.headers)), body: String(request?.body) });
    return fetch(url, request);
  },
  signJwt: (signer, { header, payload }) => {
    const input = `${base64url(header)}.${base64url(payload)}`;
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
    return { jwt: `${input}.${signature.toString('base64url')}`, signerJwk: signer.publicJwk ?? instanceJwk };
  },
  verifyJwt: () => ({ verified: false }),
});

const clientAttestationJwt = await createClientAttestationJwt({
  clientId: CLIENT_ID,
  issuer: ATTESTER,
  expiresAt: new Date(Date.now() + 600_000),
  confirmation: { jwk: instanceJwk },
  signer: { method: 'custom', alg: 'ES256' },
  callbacks: holding(attester),
});
const callbacks = holding(instance.privateKey);
const client = new Oauth2Client({
  callbacks: {
    ...callbacks,
    clientAuthentication: clientAuthenticationClientAttestationJwt({ clientAttestationJwt, callbacks }),
  },
});

const authorizationServerMetadata = await fetchAuthorizationServerMetadata(ISSUER, callbacks.fetch);
const dpop = { signer: { method: 'jwk', alg: 'ES256', publicJwk: instanceJwk } };
let request;
try {
  request = await client.createAuthorizationRequestUrl({
    authorizationServerMetadata,
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    scope: 'openid profile offline_access',
    state: 'state-of-the-wallet',
    dpop,
  });
} catch (error) {
  if (!error.errorResponse) throw error;
  console.log(JSON.stringify({ refused: error.errorResponse.error }));
  process.exit();
}
const { callback } = await walk(request.authorizationRequestUrl, REDIRECT_URI, { username, password }, DECISION);
const answer = Object.fromEntries(callback.searchParams);

let tokens, refreshed;
if (answer.code) {
  const redeemed = await client.retrieveAuthorizationCodeAccessToken({
    authorizationServerMetadata,
    authorizationCode: answer.code,
    pkceCodeVerifier: request.pkce?.codeVerifier,
    redirectUri: REDIRECT_URI,
    dpop: request.dpop,
  });
  tokens = redeemed.accessTokenResponse;
  const again = await client.retrieveRefreshTokenAccessToken({
    authorizationServerMetadata,
    refreshToken: tokens.refresh_token,
    dpop: redeemed.dpop,
  });
  refreshed = again.accessTokenResponse;
}

const pushed = sent.find(({ url }) => url === authorizationServerMetadata.pushed_authorization_request_endpoint);
const pop = decodeJwt({ jwt: pushed.headers['oauth-client-attestation-pop'] });
console.log(
  JSON.stringify({
    parameters: [...new URL(request.authorizationRequestUrl).searchParams.keys()].sort(),
    authorization: pushed.headers.authorization ?? null,
    pop: { claims: Object.keys(pop.payload).sort(), aud: pop.payload.aud, typ: pop.header.typ },
    answer,
    token_type: tokens?.token_type,
    refreshed: refreshed?.token_type,
  }),
);
