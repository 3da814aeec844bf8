"""Microsoft Graph and Google's Directory API as far as a list of accounts goes: real HTTP on 127.0.0.1.

    graph = Graph([person("a-1", "Ada", "Sample")])
    with serving(graph) as url:              # both graph.microsoft.com and login.microsoftonline.com
        graph.faults[2] = Fault(429, {"Retry-After": "3"})
        graph.log                            # what was asked

`faults` maps the number of a request for accounts, from 1, to what strikes it. It is our own reading of the vendors'
documentation and shares no code with the readers it tests.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.loopback import LoopbackServer, running

TOKEN = "token-Never-Shown-77"
TENANT, CLIENT_ID, CLIENT_SECRET = "sample-tenant", "sample-client", "secret-Never-Shown-55"
DOMAIN, ADMINISTRATOR, SERVICE_ACCOUNT = "sample.example", "admin@sample.example", "reader@sample.iam.example"
READ_USERS = "https://www.googleapis.com/auth/admin.directory.user.readonly"

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of its answer: a status, or a body that is cut or replaced."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    authorization: str


@dataclass
class WebDirectory(ABC):
    """What both have: accounts in pages, faults, and the log."""

    accounts: Sequence[Json] = ()
    page_size: int = 2
    faults: dict[int, Fault] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)
    url: str = ""
    lists: int = 0

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        self.log.append(asked)
        if asked.method == "POST":
            status, said = self.token(asked)
            return status, {}, json.dumps(said).encode()
        self.lists += 1
        fault = self.faults.get(self.lists, Fault())
        signed_in = asked.authorization == f"Bearer {TOKEN}"
        status, said = self.page(asked) if signed_in else (401, {"error": "unauthorized"})
        body = json.dumps(said, ensure_ascii=False).encode() if fault.body is None else fault.body
        if fault.cut:
            body = body[: len(body) // 2]
        return status if fault.status == 200 else fault.status, fault.headers, body

    @abstractmethod
    def token(self, asked: Asked) -> tuple[int, Json]:
        """Status and body of a sign-in."""

    @abstractmethod
    def page(self, asked: Asked) -> tuple[int, Json]:
        """Status and body of a page."""

    def _slice(self, query: Mapping[str, str], name: str) -> tuple[list[Json], int | None]:
        begin = int(query.get(name, "0"))
        end = begin + self.page_size
        return list(self.accounts[begin:end]), end if end < len(self.accounts) else None


@dataclass
class Graph(WebDirectory):
    """Microsoft Graph and the sign-in of Entra."""

    next_host: str | None = None
    """Where links to the next page lead, if not to the server itself."""

    def token(self, asked: Asked) -> tuple[int, Json]:
        if asked.path != f"/{TENANT}/oauth2/v2.0/token":
            return 400, {"error": "invalid_request", "error_description": "AADSTS90002: no such tenant"}
        good = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "scope": f"{self.url}/.default"}
        if dict(asked.form) != good:
            return 401, {"error": "invalid_client", "error_description": f"AADSTS7000215: {asked.form}"}
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}

    def page(self, asked: Asked) -> tuple[int, Json]:
        if asked.path != "/v1.0/users" or asked.query.get("$top") != "999":
            return 400, {"error": {"code": "BadRequest"}}
        wanted = asked.query["$select"].split(",")
        found, following = self._slice(asked.query, "$skiptoken")
        said: Json = {"@odata.context": "…", "value": [{name: one.get(name) for name in wanted} for one in found]}
        if following is not None:
            link = urlencode({**asked.query, "$skiptoken": following}, safe="$,")
            said["@odata.nextLink"] = f"{self.next_host or self.url}/v1.0/users?{link}"
        return 200, said


@dataclass
class Google(WebDirectory):
    """The Directory API and Google's sign-in; the service account's key is `service_key()`."""

    delegated: bool = True

    def token(self, asked: Asked) -> tuple[int, Json]:
        if asked.path != "/token" or asked.form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return 400, {"error": "invalid_request"}
        try:
            said = jwt.decode(asked.form["assertion"], _key().public_key(), algorithms=["RS256"],
                              audience=f"{self.url}/token", issuer=SERVICE_ACCOUNT, options={"verify_exp": False,
                                                                                             "verify_iat": False})
        except jwt.PyJWTError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if not self.delegated or said["scope"] != READ_USERS or said["exp"] - said["iat"] > 3600:
            return 401, {"error": "unauthorized_client"}
        if said["sub"] != ADMINISTRATOR:
            return 400, {"error": "invalid_grant", "error_description": "Invalid email or User ID"}
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}

    def page(self, asked: Asked) -> tuple[int, Json]:
        if asked.path != "/admin/directory/v1/users" or asked.query.get("domain") != DOMAIN:
            return 404, {"error": {"code": 404}}
        found, following = self._slice(asked.query, "pageToken")
        said: Json = {"kind": "admin#directory#users"}
        if found:
            said["users"] = found
        if following is not None:
            said["nextPageToken"] = str(following)
        return 200, said


def graph_user(account: str, given: str | None, family: str | None, *, enabled: bool | None = True) -> Json:
    """A user as Graph shows it; more than anybody should ask for."""
    return {"id": account, "givenName": given, "surname": family, "accountEnabled": enabled,
            "mail": f"{account}@sample.example", "mobilePhone": "555-0100"}


def google_user(account: str, given: str, family: str, **more: Any) -> Json:
    """A user as the Directory API shows it."""
    return {"id": account, "name": {"givenName": given, "familyName": family}, "suspended": False, **more}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_key() -> str:
    """The private key of the service account, in PEM."""
    return _key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption()).decode()


class _Server(LoopbackServer):
    def __init__(self, directory: WebDirectory):
        self.directory = directory
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the console: the directory's log has it."""

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        form = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        status, headers, body = self.server.directory.answer(Asked(
            self.command, path, _pairs(query), _pairs(form), self.headers.get("authorization", "")))
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _pairs(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


@contextmanager
def serving(directory: WebDirectory) -> Iterator[str]:
    """Serve on loopback while the block runs; gives the address, which is in `directory.url` too."""
    server = _Server(directory)
    directory.url = server.url
    with running(server):
        yield directory.url
