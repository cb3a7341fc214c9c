// FAPI 2.0 Message Signing with openid-client: private_key_jwt, DPoP with nonces, a signed request object inside the
// push, a signed response. In: what discovered.mjs reads, and USERNAME, PASSWORD, DECISION. Out: one line of JSON.

import * as client from 'openid-client';
import { discover, signingKey } from './discovered.mjs';
import { walk } from './person.mjs';

const { REDIRECT_URI, DECISION, USERNAME: username, PASSWORD: password } = process.env;

const config = await discover();
client.useJwtResponseMode(config);
const { key, kid } = await signingKey();
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const pkceCodeVerifier = client.randomPKCECodeVerifier();
const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];

const { searchParams: signed } = await client.buildAuthorizationUrlWithJAR(
  config,
  {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    dpop_jkt: await DPoP.calculateThumbprint(),
  },
  { key, kid },
);
const url = await client.buildAuthorizationUrlWithPAR(config, signed, { DPoP });
const { callback } = await walk(url, REDIRECT_URI, { username, password }, DECISION);
const report = {
  signed: [...signed.keys()].sort(),
  parameters: [...url.searchParams.keys()].sort(),
  answered: [...callback.searchParams.keys()].sort(),
};
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
try {
  const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP });
  const { sub } = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  console.log(
    JSON.stringify({
      ...report,
      token_type: tokens.token_type,
      claims: tokens.claims(),
      userinfo,
      refreshed: [refreshed.token_type, again.token_type],
    }),
  );
} catch (error) {
  if (!(error instanceof client.AuthorizationResponseError)) throw error;
  console.log(JSON.stringify({ ...report, error: error.error }));
}
