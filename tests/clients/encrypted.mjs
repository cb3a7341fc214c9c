// openid-client with a key of its own to decrypt with: a signed and encrypted response, ID token and userinfo answer.
// In: what discovered.mjs reads, and DECRYPTION_JWK, USERNAME, PASSWORD, DECISION. Out: one line of JSON.

import * as client from 'openid-client';
import { discover, push } from './discovered.mjs';
import { walk } from './person.mjs';

const { REDIRECT_URI, DECRYPTION_JWK, DECISION, USERNAME: username, PASSWORD: password } = process.env;

const config = await discover({ userinfo_signed_response_alg: 'ES256' });
const jwk = JSON.parse(DECRYPTION_JWK);
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
client.enableDecryptingResponses(config, ['A256GCM'], { key, kid: jwk.kid });
client.useJwtResponseMode(config);
const { url, checks } = await push(config, { scope: 'openid profile' });
const { callback } = await walk(url, REDIRECT_URI, { username, password }, DECISION);
const segments = callback.searchParams.get('response').split('.').length;
try {
  const tokens = await client.authorizationCodeGrant(config, callback, checks);
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  const sealed = tokens.id_token.split('.').length;
  console.log(JSON.stringify({ segments, sealed, claims: tokens.claims(), userinfo }));
} catch (error) {
  if (!(error instanceof client.AuthorizationResponseError)) throw error;
  console.log(JSON.stringify({ segments, error: error.error }));
}
