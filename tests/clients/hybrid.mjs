// openid-client with response_type=code id_token: the library judges c_hash and s_hash of the ID token in the fragment.
// In: what discovered.mjs reads, and USERNAME, PASSWORD, DECISION. Out: one line of JSON.

import * as client from 'openid-client';
import { discover, push } from './discovered.mjs';
import { walk } from './person.mjs';

const { REDIRECT_URI, DECISION, USERNAME: username, PASSWORD: password } = process.env;

const config = await discover();
client.useCodeIdTokenResponseType(config);
client.enableDetachedSignatureResponseChecks(config);
const { url, checks } = await push(config, { scope: 'openid profile' });
const { callback } = await walk(url, REDIRECT_URI, { username, password }, DECISION);
const answered = [...new URLSearchParams(callback.hash.slice(1)).keys()].sort();
const tokens = await client.authorizationCodeGrant(config, callback, checks);
const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
console.log(JSON.stringify({ answered, claims: tokens.claims(), userinfo }));
