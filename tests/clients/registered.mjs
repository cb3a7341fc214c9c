// The whole life of a client that openid-client registers itself: registration, PAR, login, tokens, userinfo, introspection,
// revocation, and what was used once. In: ISSUER, REDIRECT_URI, USERNAME, PASSWORD, MEMBERS (metadata of the vendor's, as
// JSON). Out: one line of JSON.

import * as client from 'openid-client';
import { push } from './discovered.mjs';
import { visit, walk } from './person.mjs';

const { ISSUER, REDIRECT_URI } = process.env;
const person = { username: process.env.USERNAME, password: process.env.PASSWORD };
const scope = 'openid profile offline_access';

const metadata = {
  client_name: 'Registered by a library',
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_post',
  scope,
  ...JSON.parse(process.env.MEMBERS ?? '{}'),
};
const config = await client.dynamicClientRegistration(new URL(ISSUER), metadata);
const registered = config.clientMetadata();
const { url, checks } = await push(config, { scope });
const { callback } = await walk(url, REDIRECT_URI, person);
const tokens = await client.authorizationCodeGrant(config, callback, checks);
const { sub } = tokens.claims();

const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
const introspected = await client.tokenIntrospection(config, tokens.access_token);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
await client.tokenRevocation(config, refreshed.refresh_token);
const revoked = await client.tokenIntrospection(config, refreshed.access_token);
const again = await client.authorizationCodeGrant(config, callback, checks).then(() => null, (error) => error.error);
const reloaded = await visit(url, new Map());

console.log(
  JSON.stringify({ registered, parameters: [...url.searchParams.keys()].sort(), userinfo, introspected, revoked, again, reloaded: reloaded.status }),
);
