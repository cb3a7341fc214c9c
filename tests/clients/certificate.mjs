// A client that authenticates with a certificate and has its tokens bound to it: openid-client over undici, which shows
// the certificate, at the addresses in mtls_endpoint_aliases.
// In: ISSUER, CLIENT_ID, REDIRECT_URI, CERTIFICATE, KEY (PEM), CA_FILE, USERNAME, PASSWORD. Out: one line of JSON.

import { readFileSync } from 'node:fs';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { push } from './discovered.mjs';
import { walk } from './person.mjs';

const { ISSUER, CLIENT_ID, REDIRECT_URI, CERTIFICATE, KEY, CA_FILE } = process.env;
const person = { username: process.env.USERNAME, password: process.env.PASSWORD };

const ca = readFileSync(CA_FILE);
const showing = new Agent({ connect: { ca, cert: CERTIFICATE, key: KEY } });
const bare = new Agent({ connect: { ca } });
const hosts = new Set();

const through = (dispatcher) => (url, options) => {
  hosts.add(new URL(url).hostname);
  return undiciFetch(url, { ...options, dispatcher });
};

const metadata = { redirect_uris: [REDIRECT_URI], use_mtls_endpoint_aliases: true };
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, metadata, client.TlsClientAuth(), {
  [client.customFetch]: through(showing),
});
const { url, checks } = await push(config, { scope: 'openid profile offline_access' });
const { callback } = await walk(url, REDIRECT_URI, person);
const tokens = await client.authorizationCodeGrant(config, callback, checks);
const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);

const resource = new URL(`${new URL(config.serverMetadata().mtls_endpoint_aliases.token_endpoint).origin}/plan/resource`);
const shown = await client.fetchProtectedResource(config, refreshed.access_token, resource, 'GET');
const authorization = { authorization: `Bearer ${refreshed.access_token}` };
const stolen = await through(bare)(resource, { headers: authorization });

console.log(
  JSON.stringify({
    hosts: [...hosts].sort(),
    token_type: tokens.token_type,
    claims: tokens.claims(),
    userinfo,
    resource: await shown.json(),
    stolen: stolen.status,
  }),
);
