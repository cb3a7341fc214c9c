"""The journey through the API with the vendor's own Python library, in version 3 of the API or in version 2. The client that
walks it is made, changed and removed by the library too.

In: BASE_URL, API_VERSION, SERVICE_ID, TOKEN, REDIRECT_URI, CHALLENGE, VERIFIER.
Out: one line of JSON.
"""

import json
import os
import urllib.parse

from authlete.api.authlete_api_exception import AuthleteApiException
from authlete.api.authlete_api_impl import AuthleteApiImpl
from authlete.conf.authlete_configuration import AuthleteConfiguration
from authlete.dto.authorization_fail_request import AuthorizationFailRequest
from authlete.dto.authorization_fail_reason import AuthorizationFailReason
from authlete.dto.authorization_issue_request import AuthorizationIssueRequest
from authlete.dto.authorization_request import AuthorizationRequest
from authlete.dto.client import Client
from authlete.dto.introspection_request import IntrospectionRequest
from authlete.dto.pushed_auth_req_request import PushedAuthReqRequest
from authlete.dto.revocation_request import RevocationRequest
from authlete.dto.token_request import TokenRequest
from authlete.dto.token_update_request import TokenUpdateRequest
from authlete.dto.userinfo_issue_request import UserInfoIssueRequest
from authlete.dto.userinfo_request import UserInfoRequest
from authlete.types.client_auth_method import ClientAuthMethod
from authlete.types.client_type import ClientType
from authlete.types.grant_type import GrantType
from authlete.types.response_type import ResponseType

env = os.environ
form = urllib.parse.urlencode


def made(kind, **members):
    request = kind()
    for name, value in members.items():
        setattr(request, name, value)
    return request


configuration = made(AuthleteConfiguration, baseUrl=env["BASE_URL"], serviceApiKey=env["SERVICE_ID"])
if env["API_VERSION"] == "V3":
    configuration.apiVersion = "V3"
    configuration.serviceAccessToken = env["TOKEN"]
else:
    configuration.serviceApiSecret = env["TOKEN"]
    configuration.serviceOwnerApiKey = env["SERVICE_ID"]
    configuration.serviceOwnerApiSecret = env["TOKEN"]
api = AuthleteApiImpl(configuration)

new = api.createClient(made(
    Client,
    clientName="Made by the library",
    clientType=ClientType.CONFIDENTIAL,
    tokenAuthMethod=ClientAuthMethod.CLIENT_SECRET_BASIC,
    grantTypes=[GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN],
    responseTypes=[ResponseType.CODE],
    redirectUris=[env["REDIRECT_URI"]],
))
listed = api.getClientList(start=0, end=9)
read = api.getClient(new.clientId)
read.clientName = "Changed"
updated = api.updateClient(read)
exchanged = api.refreshClientSecret(new.clientId)
client_id = str(new.clientId)
credentials = {"clientId": client_id, "clientSecret": exchanged.newClientSecret}


def load(request_uri):
    parameters = form({"client_id": client_id, "request_uri": request_uri})
    return api.authorization(made(AuthorizationRequest, parameters=parameters))


def push(secret):
    parameters = form({
        "response_type": "code",
        "redirect_uri": env["REDIRECT_URI"],
        "scope": "openid profile",
        "state": "some-state",
        "code_challenge": env["CHALLENGE"],
        "code_challenge_method": "S256",
    })
    return api.pushAuthorizationRequest(
        made(PushedAuthReqRequest, parameters=parameters, clientId=client_id, clientSecret=secret)
    )


def redeem(code):
    parameters = form({
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": env["REDIRECT_URI"],
        "code_verifier": env["VERIFIER"],
    })
    return api.token(made(TokenRequest, parameters=parameters, **credentials))


former = push(new.clientSecret)
denied = load(push(exchanged.newClientSecret).requestUri)
failed = api.authorizationFail(
    made(AuthorizationFailRequest, ticket=denied.ticket, reason=AuthorizationFailReason.DENIED)
)
pushed = push(exchanged.newClientSecret)
loaded = load(pushed.requestUri)
issued = api.authorizationIssue(made(AuthorizationIssueRequest, ticket=loaded.ticket, subject="john"))
reused = load(pushed.requestUri)
tokens = redeem(issued.authorizationCode)
userinfo = api.userinfo(made(UserInfoRequest, token=tokens.accessToken))
claims = api.userinfoIssue(made(UserInfoIssueRequest, token=tokens.accessToken, claims='{"name":"John"}'))
good = api.introspection(made(IntrospectionRequest, token=tokens.accessToken, scopes=["profile"]))
changed = api.tokenUpdate(made(TokenUpdateRequest, accessToken=tokens.accessToken, scopes=["openid"]))
narrow = api.introspection(made(IntrospectionRequest, token=tokens.accessToken, scopes=["profile"]))
parameters = form({"token": tokens.accessToken})
revoked = api.revocation(made(RevocationRequest, parameters=parameters, **credentials))
gone = api.introspection(made(IntrospectionRequest, token=tokens.accessToken))
replayed = redeem(issued.authorizationCode)

service = api.getService(int(env["SERVICE_ID"]))
service.parRequired = True
strict = api.updateService(service)
service.parRequired = False
undone = api.updateService(service)
api.deleteClient(new.clientId)
try:
    api.getClient(new.clientId)
    deleted = None
except AuthleteApiException as refused:
    deleted = str(refused)

answers = {
    "former": former, "failed": failed, "pushed": pushed, "loaded": loaded, "issued": issued, "reused": reused,
    "tokens": tokens, "userinfo": userinfo, "claims": claims, "good": good, "changed": changed, "narrow": narrow,
    "revoked": revoked, "gone": gone, "replayed": replayed,
}
print(json.dumps({
    "actions": {name: answer.action.name for name, answer in answers.items()},
    "error": urllib.parse.parse_qs(urllib.parse.urlparse(failed.responseContent).query)["error"][0],
    "names": [new.clientName, updated.clientName],
    "seen": any(client.clientId == new.clientId for client in listed.clients),
    "exchanged": exchanged.oldClientSecret == new.clientSecret != exchanged.newClientSecret,
    "subject": userinfo.subject,
    "service": service.apiKey,
    "required": [strict.parRequired, undone.parRequired],
    "issuer": json.loads(api.getServiceConfiguration())["issuer"],
    "deleted": deleted,
}))
