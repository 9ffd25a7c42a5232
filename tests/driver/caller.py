"""Who calls: by access key, signed with the vendor's own signer, or by token."""

import json as json_module
from urllib.parse import quote, urlencode

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from driver.exchange import exchange, host_of


class Caller:
    """Calls within one project; a subclass says how it proves who it is."""

    def __init__(self, server, project=None):
        self.server = server
        self.project = project or server.project

    def path(self, tail):
        return f"/v1/{self.project}/{tail}"

    def call(self, method, tail, *, query=(), json=None, body=None, headers=None):
        """One call below /v1/{project}/, or at any path that begins with a slash."""
        path = tail if tail.startswith("/") else self.path(tail)
        pairs = list(query.items() if hasattr(query, "items") else query)
        payload = body if body is not None else b"" if json is None else json_module.dumps(json).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self.send(method, path, pairs, sent, payload)

    def send(self, method, path, query, headers, body):
        raise NotImplementedError

    def get(self, tail, **options):
        return self.call("GET", tail, **options)

    def post(self, tail, json=None, **options):
        return self.call("POST", tail, json=json, **options)

    def put(self, tail, json=None, **options):
        return self.call("PUT", tail, json=json, **options)

    def delete(self, tail, **options):
        return self.call("DELETE", tail, **options)


class KeyCaller(Caller):
    """By access key; a temporary one comes with its security token. `source` is the local address to call from."""

    def __init__(self, server, access_key=None, secret_key=None, project=None, *, security_token=None, source=None):
        super().__init__(server, project)
        self.access_key = access_key or server.credentials["access_key"]
        self.secret_key = secret_key or server.credentials["secret_key"]
        self.security_token = security_token
        self.source = source

    def signed(self, method, path, query, headers, body):
        """The vendor's request object after its signer has been over it."""
        if self.security_token:
            headers = {**headers, "X-Security-Token": self.security_token}
        request = SdkRequest(
            method=method, schema="http", host=host_of(self.server.endpoint), resource_path=path,
            query_params=[(str(key), value) for key, value in query], header_params=dict(headers), body=body)
        return Signer(BasicCredentials(self.access_key, self.secret_key, self.project)).sign(request)

    def send(self, method, path, query, headers, body):
        request = self.signed(method, path, query, headers, body)
        # The signer leaves header values as text of the bytes to send.
        sent = {name: value.encode("iso-8859-1") for name, value in request.header_params.items()}
        return exchange(self.server.endpoint, method, request.uri, sent, request.body or b"", source=self.source)


class TokenCaller(Caller):
    def __init__(self, server, token, project=None, *, source=None):
        super().__init__(server, project)
        self.token = token
        self.source = source

    def send(self, method, path, query, headers, body):
        target = f"{path}?{urlencode(query, quote_via=quote, doseq=True)}" if query else path
        return exchange(self.server.endpoint, method, target, {"X-Auth-Token": self.token, **headers}, body,
                        source=self.source)


def password_request(credentials, *, password=None, scope=None):
    """The body of POST /v3/auth/tokens for the owner that a first start made."""
    user = {"name": credentials["user_name"], "password": password or credentials["password"],
            "domain": {"name": credentials["domain_name"]}}
    scope = scope or {"project": {"name": credentials["project_name"]}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}


def request_token(server, **options):
    body = json_module.dumps(password_request(server.credentials, **options)).encode()
    return exchange(server.endpoint, "POST", "/v3/auth/tokens", {"Content-Type": "application/json"}, body)


def token_caller(server):
    answer = request_token(server)
    assert answer.status == 201, answer
    return TokenCaller(server, answer.headers["X-Subject-Token"])
