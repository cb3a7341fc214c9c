// A login through passport-ci-oidc, IBM Verify's strategy for Passport, as its users have it: only the URL and the credential
// are ours. In: DISCOVERY, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, USERNAME, PASSWORD. Out: one line of JSON.

import { setTimeout as sleep } from 'node:timers/promises';
import verify from 'passport-ci-oidc';
import { walk } from './person.mjs';

const { DISCOVERY, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
const person = { username: process.env.USERNAME, password: process.env.PASSWORD };

const strategy = new verify.IDaaSOIDCStrategy(
  { discoveryURL: DISCOVERY, clientID: CLIENT_ID, clientSecret: CLIENT_SECRET, callbackURL: REDIRECT_URI, scope: 'openid profile' },
  (iss, sub, profile, claims, accessToken, refreshToken, params, done) =>
    done(null, { iss, sub, name: profile.displayName, claims, tokenType: params.token_type }),
);
// It fetches metadata and keys on its own and tells nobody when it has them.
for (let tries = 0; tries < 200 && !strategy._keystore; tries++) await sleep(50);

/** What Passport does with a strategy: calls it with what its request is answered by. */
function authenticate(request) {
  return new Promise((resolve, reject) => {
    const answers = { redirect: (url) => resolve({ url }), success: (user) => resolve({ user }), fail: () => resolve({}), error: reject };
    Object.assign(Object.create(strategy), answers).authenticate(request, { state: 'a-state-of-its-own' });
  });
}

const session = {};
const { url } = await authenticate({ query: {}, session });
const { callback } = await walk(url, REDIRECT_URI, person);
const query = Object.fromEntries(callback.searchParams);
const { user } = await authenticate({ query, session });
console.log(JSON.stringify({ sent: [...new URL(url).searchParams.keys()].sort(), user }));
