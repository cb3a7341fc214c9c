// One journey with openid-client as its users have it: discovery, PKCE, PAR, login, consent, callback, tokens.
// In: what discovered.mjs reads, and USERNAME, PASSWORD, DECISION. Out: one line of JSON.

import * as client from 'openid-client';
import { discover, push } from './discovered.mjs';
import { walk } from './person.mjs';

const { REDIRECT_URI, DECISION } = process.env;
const person = { username: process.env.USERNAME, password: process.env.PASSWORD };

const config = await discover();
const { url, checks } = await push(config, { scope: 'openid profile' });
const { callback } = await walk(url, REDIRECT_URI, person, DECISION);
const report = { parameters: [...url.searchParams.keys()].sort(), iss: callback.searchParams.get('iss') };
try {
  const tokens = await client.authorizationCodeGrant(config, callback, checks);
  console.log(JSON.stringify({ ...report, token_type: tokens.token_type, claims: tokens.claims() }));
} catch (error) {
  if (!(error instanceof client.AuthorizationResponseError)) throw error;
  console.log(JSON.stringify({ ...report, error: error.error }));
}
