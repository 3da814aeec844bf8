"""An LDAP directory, OpenLDAP or Active Directory: TLS with a certificate that is checked, a simple bind, pages of 500.

Nothing is sent before TLS stands. References to other servers are not followed: the password is for this one. A limit
of the server that cuts the list is an error, never a shorter list.
"""

from __future__ import annotations

import socket
import ssl
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ldap3 import NONE, SIMPLE, SUBTREE, SYNC, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException, LDAPInvalidDnError, LDAPInvalidFilterError

from homeroom.errors import Owner, SourceUnusable
from homeroom.model.directory import Account, Ldap
from homeroom.read.directory import Access
from homeroom.read.http import ANSWER_SECONDS, CONNECT_SECONDS, why_unreachable

PAGE = 500
_PAGED = "1.2.840.113556.1.4.319"
"""The control of RFC 2696, by which every server pages."""
_PAUSES = (2.0, 8.0)
_SET_UP = "Correct the directory of the integration."
_LIMITED = "Raise the limit of the server for the user that signs in (size, time, and the total of paged searches)."
_WRONG: Mapping[int, tuple[str, str, Owner, str]] = {
    3: ("SRC-04", "the server's time limit cuts the list of accounts", "district", _LIMITED),
    4: ("SRC-04", "the server's size limit cuts the list of accounts", "district", _LIMITED),
    11: ("SRC-04", "a limit of the server cuts the list of accounts", "district", _LIMITED),
    8: ("SRC-01", "the server wants another way of signing in", "district", "Allow a simple bind over TLS."),
    10: ("SRC-11", "the accounts are on another server", "vendor", "Name the server that holds the base."),
    12: ("SRC-04", "the server does not give its list in pages", "district", "Allow paged results (RFC 2696)."),
    32: ("SRC-11", "there is no such base, or the user may not see it", "vendor", _SET_UP),
    34: ("SRC-10", "the base or the user is no DN", "vendor", _SET_UP),
    49: ("SRC-01", "the server refused user or password", "district", "Check the DN of the user and the password."),
    50: ("SRC-11", "the user may not read the accounts", "district", "Let the user read the base, read-only."),
    53: ("SRC-01", "the server refuses to serve this user", "district", "Check whether the user is locked or expired."),
}
"""Result codes of LDAP (RFC 4511, 4.1.9) that say more than that it did not work."""


def accounts(directory: Ldap, access: Access) -> list[Account]:
    """All entries below the base that fit the filter. Raises SourceUnusable."""
    for pause in _PAUSES:
        try:
            return _read(directory, access.credentials)
        except SourceUnusable as failed:
            if failed.issue_code != "SRC-02" or not access.patience.spend(pause):
                raise
    return _read(directory, access.credentials)


def _read(directory: Ldap, credentials: Mapping[str, str]) -> list[Account]:
    found: list[Account] = []
    seen = 0
    with _signed_in(directory, credentials) as connection:
        for entries in _pages(connection, directory):
            seen += len(entries)
            found += [one for entry in entries if (one := _account(directory, entry)).id]
    if seen and not found:
        raise SourceUnusable(f"no entry shows its {directory.id}, by which accounts are told apart", code="SRC-11",
                             remedy=f"Let the user read {directory.id}, or name the attribute of the directory's ids.")
    return found


@contextmanager
def _signed_in(directory: Ldap, credentials: Mapping[str, str]) -> Iterator[Connection]:
    """A connection under TLS on which the user is bound. Raises SourceUnusable."""
    tls = _Verified(directory.ca)
    server = Server(directory.host, directory.port, use_ssl=directory.encryption == "ldaps", tls=tls, get_info=NONE,
                    connect_timeout=CONNECT_SECONDS, allowed_referral_hosts=[])
    connection = Connection(
        server, credentials["user"], credentials["password"], authentication=SIMPLE, client_strategy=SYNC,
        read_only=True, auto_referrals=False, check_names=False, receive_timeout=ANSWER_SECONDS,
    )
    try:
        connection.open(read_server_info=False)
        if directory.encryption == "starttls":
            connection.start_tls(read_server_info=False)
        if not tls.stands:  # the password goes nowhere without
            raise _unreachable(directory, tls, LDAPException())
        connection.bind(read_server_info=False)
        _refuse_unless_done(connection.result)
        yield connection
    except (LDAPInvalidFilterError, LDAPInvalidDnError):
        raise SourceUnusable("the filter or the base is no LDAP", code="SRC-10", owner="vendor",
                             remedy=_SET_UP) from None
    except (LDAPException, OSError) as failed:
        raise _unreachable(directory, tls, failed) from None
    finally:
        connection.strategy.close()


def _pages(connection: Connection, directory: Ldap) -> Iterator[list[dict[str, Any]]]:
    """The entries, page by page. The id is asked for by name: `entryUUID` comes only so. Raises SourceUnusable."""
    cookie: bytes | None = None
    while True:
        connection.search(
            directory.base, directory.filter, SUBTREE, paged_size=PAGE, paged_criticality=True, paged_cookie=cookie,
            attributes=[directory.id, directory.given_name, directory.family_name],
        )
        _refuse_unless_done(connection.result)
        yield [one for one in connection.response or () if one["type"] == "searchResEntry"]
        control = (connection.result.get("controls") or {}).get(_PAGED)
        if control is None:
            raise _wrong(12)
        cookie = control["value"]["cookie"]
        if not cookie:
            return


def _refuse_unless_done(result: Mapping[str, Any]) -> None:
    code = int(result["result"])
    if code:
        raise _wrong(code)


def _wrong(code: int) -> SourceUnusable:
    """Why a request was not done; the server's own text is not repeated, it can hold names."""
    issue, text, owner, remedy = _WRONG.get(
        code, ("SRC-02", f"the directory answered {code} (LDAP)", "district", "Retried in the next run."))
    return SourceUnusable(text, code=issue, owner=owner, remedy=remedy)


def _unreachable(directory: Ldap, tls: _Verified, failed: Exception) -> SourceUnusable:
    """ldap3 makes texts of the errors below it, so what stopped TLS is kept, and a plain connection asked once more."""
    cause: BaseException | None = tls.refused
    if cause is None and not tls.stands:
        try:
            socket.create_connection((directory.host, directory.port), CONNECT_SECONDS).close()
        except OSError as refused:
            cause = refused
        if cause is None and directory.encryption == "starttls":
            return SourceUnusable("the directory does not start TLS on this port", code="SRC-02",
                                  remedy="Offer StartTLS, or name the port of ldaps.")
    text, _, remedy = why_unreachable(cause or failed)
    return SourceUnusable(f"the directory {text}", code="SRC-02", owner="district", remedy=remedy)


class _Verified(Tls):
    """TLS by Python's own defaults: chain and host name are checked always, by the given CA alone if there is one."""

    def __init__(self, ca: str | None):
        super().__init__(validate=ssl.CERT_REQUIRED)
        self.stands = False
        self.refused: OSError | None = None
        try:
            self._context = ssl.create_default_context(cadata=ca)
        except ssl.SSLError:
            raise SourceUnusable("the CA of the directory is no PEM", code="SRC-10", owner="vendor",
                                 remedy=_SET_UP) from None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002 - as ldap3 calls it
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)
        except OSError as refused:
            self.refused = refused
            raise
        self.stands = True


def _account(directory: Ldap, entry: Mapping[str, Any]) -> Account:
    raw = {str(name).lower(): values for name, values in entry["raw_attributes"].items()}
    first = {name: next(iter(raw.get(name.lower(), ())), b"")
             for name in (directory.id, directory.given_name, directory.family_name)}
    return Account(_id(directory.id, first[directory.id]), _text(first[directory.given_name]),
                   _text(first[directory.family_name]))


def _id(attribute: str, value: bytes) -> str:
    """An id as text; Active Directory's objectGUID is sixteen bytes, the first parts in little-endian order."""
    if attribute.lower() == "objectguid" and len(value) == 16:
        return str(uuid.UUID(bytes_le=value))
    return _text(value)


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace").strip()
