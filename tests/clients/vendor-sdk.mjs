// The journey through the API with the vendor's own TypeScript SDK, whose parsers refuse whatever is not as published.
// In: BASE_URL, SERVICE_ID, TOKEN, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, CHALLENGE, VERIFIER. Out: one line of JSON.

import { Authlete } from '@authlete/typescript-sdk';

const { BASE_URL, SERVICE_ID, TOKEN, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, CHALLENGE, VERIFIER } = process.env;
const api = new Authlete({ bearer: TOKEN, serverURL: BASE_URL });
const serviceId = SERVICE_ID;
const credentials = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET };
const form = (members) => new URLSearchParams(members).toString();

const pushed = await api.pushedAuthorization.create({
  serviceId,
  pushedAuthorizationRequest: {
    ...credentials,
    parameters: form({
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile offline_access',
      state: 'some-state',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    }),
  },
});
const loaded = await api.authorization.processRequest({
  serviceId,
  authorizationRequest: { parameters: form({ client_id: CLIENT_ID, request_uri: pushed.requestUri }) },
});
const issued = await api.authorization.issue({
  serviceId,
  authorizationIssueRequest: { ticket: loaded.ticket, subject: 'john', claims: '{"name":"John"}' },
});
const token = (parameters) =>
  api.token.process({ serviceId, tokenRequest: { ...credentials, parameters: form(parameters) } });
const tokens = await token({
  grant_type: 'authorization_code',
  code: issued.authorizationCode,
  redirect_uri: REDIRECT_URI,
  code_verifier: VERIFIER,
});
const again = await token({
  grant_type: 'authorization_code',
  code: 'unknown',
  redirect_uri: REDIRECT_URI,
  code_verifier: VERIFIER,
});
const renewed = await token({ grant_type: 'refresh_token', refresh_token: tokens.refreshToken });
const userinfo = await api.userinfo.process({ serviceId, userinfoRequest: { token: renewed.accessToken } });
const claims = await api.userinfo.issue({
  serviceId,
  userinfoIssueRequest: { token: renewed.accessToken, claims: '{"name":"John"}' },
});
const introspect = (scopes) =>
  api.introspection.process({ serviceId, introspectionRequest: { token: renewed.accessToken, scopes } });
const good = await introspect(['profile']);
const poor = await introspect(['email']);
const revoked = await api.revocation.process({
  serviceId,
  revocationRequest: { ...credentials, parameters: form({ token: renewed.accessToken }) },
});
const gone = await introspect([]);
const client = await api.client.get({ serviceId, clientId: CLIENT_ID });
const service = await api.service.get({ serviceId });
const configuration = await api.service.getConfiguration({ serviceId });

console.log(
  JSON.stringify({
    actions: [pushed, loaded, issued, tokens, again, renewed, userinfo, claims, good, poor, revoked, gone].map(
      (answer) => answer.action,
    ),
    subject: userinfo.subject,
    claims: JSON.parse(claims.responseContent),
    client: client.clientId,
    service: service.apiKey,
    configuration: typeof configuration,
  }),
);
