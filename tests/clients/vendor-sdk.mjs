// The journey through the API with the vendor's own TypeScript SDK, whose parsers refuse whatever is not as published. The
// client that walks it is made, changed and removed by the SDK too.
// In: BASE_URL, SERVICE_ID, TOKEN, REDIRECT_URI, CHALLENGE, VERIFIER. Out: one line of JSON.

import { Authlete } from '@authlete/typescript-sdk';

const { BASE_URL, SERVICE_ID: serviceId, TOKEN, REDIRECT_URI, CHALLENGE, VERIFIER } = process.env;
const api = new Authlete({ bearer: TOKEN, serverURL: BASE_URL });
const form = (members) => new URLSearchParams(members).toString();

const wanted = {
  clientName: 'Made by the SDK',
  clientType: 'CONFIDENTIAL',
  applicationType: 'WEB',
  tokenAuthMethod: 'CLIENT_SECRET_BASIC',
  grantTypes: ['AUTHORIZATION_CODE', 'REFRESH_TOKEN'],
  responseTypes: ['CODE'],
  redirectUris: [REDIRECT_URI],
  attributes: [{ key: 'tier', value: 'gold' }],
};
const made = await api.client.create({ serviceId, client: wanted });
const clientId = String(made.clientId);
const read = await api.client.get({ serviceId, clientId });
const listed = await api.client.list({ serviceId, start: 0, end: 9 });
const updated = await api.client.update({ serviceId, clientId, client: { ...wanted, clientName: 'Changed' } });
const exchanged = await api.client.management.refreshSecret({ serviceId, clientIdentifier: clientId });
const credentials = { clientId, clientSecret: exchanged.newClientSecret };
const push = (secret) =>
  api.pushedAuthorization.create({
    serviceId,
    pushedAuthorizationRequest: {
      clientId,
      clientSecret: secret,
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
const former = await push(made.clientSecret);
const pushed = await push(exchanged.newClientSecret);
const load = () =>
  api.authorization.processRequest({
    serviceId,
    authorizationRequest: { parameters: form({ client_id: clientId, request_uri: pushed.requestUri }) },
  });
const loaded = await load();
const issued = await api.authorization.issue({
  serviceId,
  authorizationIssueRequest: { ticket: loaded.ticket, subject: 'john', claims: '{"name":"John"}' },
});
const reused = await load();
const token = (parameters) =>
  api.token.process({ serviceId, tokenRequest: { ...credentials, parameters: form(parameters) } });
const redeem = (code) =>
  token({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER });
const unknown = await redeem('unknown');
const tokens = await redeem(issued.authorizationCode);
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
const changed = await api.token.management.update({
  serviceId,
  tokenUpdateRequest: { accessToken: renewed.accessToken, scopes: ['openid'] },
});
const narrow = await introspect(['profile']);
const revoked = await api.revocation.process({
  serviceId,
  revocationRequest: { ...credentials, parameters: form({ token: renewed.accessToken }) },
});
const gone = await introspect([]);
const replayed = await redeem(issued.authorizationCode);
const noTicket = await api.token.fail({ serviceId, tokenFailRequest: { ticket: 'none', reason: 'UNKNOWN' } });

const service = await api.service.get({ serviceId });
const strict = await api.service.update({ serviceId, service: { parRequired: true, pushedAuthReqDuration: 90 } });
const shortLived = await push(exchanged.newClientSecret);
const back = { parRequired: service.parRequired, pushedAuthReqDuration: service.pushedAuthReqDuration };
const undone = await api.service.update({ serviceId, service: back });
const configuration = await api.service.getConfiguration({ serviceId });
await api.client.delete({ serviceId, clientId });
const refused = await api.client.get({ serviceId, clientId }).catch((error) => error);

const actions = Object.entries({
  former, pushed, loaded, issued, reused, unknown, tokens, renewed, userinfo, claims, good, poor, changed, narrow,
  revoked, gone, replayed, noTicket,
}).map(([name, answer]) => [name, answer.action]);
console.log(
  JSON.stringify({
    actions: Object.fromEntries(actions),
    names: [made, read, updated].map((client) => client.clientName),
    seen: listed.clients.some((client) => client.clientId === made.clientId),
    exchanged: exchanged.oldClientSecret === made.clientSecret && exchanged.newClientSecret !== made.clientSecret,
    subject: userinfo.subject,
    claims: JSON.parse(claims.responseContent),
    scopes: changed.scopes,
    service: service.apiKey,
    required: [strict.parRequired, undone.parRequired],
    lifetime: JSON.parse(shortLived.responseContent).expires_in,
    configuration: typeof configuration,
    deleted: [refused.statusCode, refused.resultCode],
  }),
);
