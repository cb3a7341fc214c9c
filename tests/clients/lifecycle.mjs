// What follows the tokens, with openid-client as its users have it: userinfo, refresh, introspection, revocation,
// logout. The response comes back by form_post. In: as openid-client.mjs. Out: one line of JSON.

import * as client from 'openid-client';
import { discover, push } from './discovered.mjs';
import { visit, walk } from './person.mjs';

const { REDIRECT_URI } = process.env;
const person = { username: process.env.USERNAME, password: process.env.PASSWORD };

const config = await discover();
const scope = 'openid profile offline_access';
const { url, checks } = await push(config, { scope, response_mode: 'form_post' });
const { callback, form, cookies } = await walk(url, REDIRECT_URI, person);
const posted = new Request(callback, { method: 'POST', body: form });
const tokens = await client.authorizationCodeGrant(config, posted, checks);
const { sub } = tokens.claims();

const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const introspected = await client.tokenIntrospection(config, refreshed.access_token);
await client.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token);
const revoked = await client.tokenIntrospection(config, refreshed.access_token);
const refused = await client.refreshTokenGrant(config, refreshed.refresh_token).then(() => null, (error) => error.error);

const goodbye = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: `${REDIRECT_URI}/bye`,
  id_token_hint: refreshed.id_token,
  state: 'farewell',
});
const farewell = await visit(goodbye, cookies);
const again = await push(config, { scope, prompt: 'none' });
const silent = await walk(again.url, REDIRECT_URI, person, 'allow', cookies);

console.log(
  JSON.stringify({
    posted: Boolean(form),
    userinfo,
    refreshed: { token_type: refreshed.token_type, scope: refreshed.scope, claims: refreshed.claims() },
    introspected,
    revoked,
    refused,
    farewell: farewell.headers.get('location'),
    silent: silent.callback.searchParams.get('error'),
  }),
);
