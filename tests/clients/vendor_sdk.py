"""The journey through the API with the vendor's own Python library, in version 3 of the API or in version 2.

In: BASE_URL, API_VERSION, SERVICE_ID, TOKEN, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, CHALLENGE, VERIFIER.
Out: one line of JSON.
"""

import json
import os
import urllib.parse

from authlete.api.authlete_api_impl import AuthleteApiImpl
from authlete.conf.authlete_configuration import AuthleteConfiguration
from authlete.dto.authorization_fail_request import AuthorizationFailRequest
from authlete.dto.authorization_fail_reason import AuthorizationFailReason
from authlete.dto.authorization_issue_request import AuthorizationIssueRequest
from authlete.dto.authorization_request import AuthorizationRequest
from authlete.dto.introspection_request import IntrospectionRequest
from authlete.dto.pushed_auth_req_request import PushedAuthReqRequest
from authlete.dto.revocation_request import RevocationRequest
from authlete.dto.token_request import TokenRequest
from authlete.dto.userinfo_issue_request import UserInfoIssueRequest
from authlete.dto.userinfo_request import UserInfoRequest

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
credentials = {"clientId": env["CLIENT_ID"], "clientSecret": env["CLIENT_SECRET"]}


def ticket():
    parameters = form({
        "response_type": "code",
        "redirect_uri": env["REDIRECT_URI"],
        "scope": "openid profile",
        "state": "some-state",
        "code_challenge": env["CHALLENGE"],
        "code_challenge_method": "S256",
    })
    pushed = api.pushAuthorizationRequest(made(PushedAuthReqRequest, parameters=parameters, **credentials))
    parameters = form({"client_id": env["CLIENT_ID"], "request_uri": pushed.requestUri})
    return api.authorization(made(AuthorizationRequest, parameters=parameters))


failed = api.authorizationFail(made(AuthorizationFailRequest, ticket=ticket().ticket, reason=AuthorizationFailReason.DENIED))
issued = api.authorizationIssue(made(AuthorizationIssueRequest, ticket=ticket().ticket, subject="john"))
parameters = form({
    "grant_type": "authorization_code",
    "code": issued.authorizationCode,
    "redirect_uri": env["REDIRECT_URI"],
    "code_verifier": env["VERIFIER"],
})
tokens = api.token(made(TokenRequest, parameters=parameters, **credentials))
userinfo = api.userinfo(made(UserInfoRequest, token=tokens.accessToken))
claims = api.userinfoIssue(made(UserInfoIssueRequest, token=tokens.accessToken, claims='{"name":"John"}'))
good = api.introspection(made(IntrospectionRequest, token=tokens.accessToken, scopes=["profile"]))
parameters = form({"token": tokens.accessToken})
revoked = api.revocation(made(RevocationRequest, parameters=parameters, **credentials))
gone = api.introspection(made(IntrospectionRequest, token=tokens.accessToken))
answers = [failed, issued, tokens, userinfo, claims, good, revoked, gone]
print(json.dumps({
    "actions": [answer.action.name for answer in answers],
    "error": urllib.parse.parse_qs(urllib.parse.urlparse(failed.responseContent).query)["error"][0],
    "subject": userinfo.subject,
    "service": api.getService(int(env["SERVICE_ID"])).apiKey,
    "issuer": json.loads(api.getServiceConfiguration())["issuer"],
    "clients": api.getClientList().totalCount,
}))
