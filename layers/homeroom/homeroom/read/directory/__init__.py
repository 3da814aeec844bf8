"""The accounts of a district's directory, for matching by name (requirement C7): the whole list, or why it is not.

One module a kind, imported when it is asked for. A list that was cut, torn or is empty is never taken as the directory:
people would lose their accounts by it. What is read is the immutable id and the two names, nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from homeroom.errors import NotFound, SourceUnusable
from homeroom.model import places
from homeroom.model.credentials import missing_of_directory
from homeroom.model.directory import Account, Directory, UploadedList
from homeroom.model.integration import Integration
from homeroom.ports import World
from homeroom.read.http import Patience

_MODULES: Mapping[str, str] = {
    kind: f"homeroom.read.directory.{kind}" for kind in ("entra", "google", "ldap", "uploaded")
}


@dataclass(frozen=True)
class Access:
    """What a reader needs: the credentials, the waiting that it may do, and the bytes of the list that was uploaded."""

    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: Patience = field(default_factory=Patience)
    uploaded: Callable[[], bytes] = lambda: b""


def accounts(directory: Directory, access: Access) -> tuple[Account, ...]:
    """All accounts that are in use and have both names, in the order of their ids. Raises SourceUnusable."""
    wrong = missing_of_directory(directory, access.credentials)
    if wrong is not None:
        raise SourceUnusable(f"the stored credentials of the directory do not fit; {wrong}", code="SRC-10",
                             owner="vendor", remedy="Store them with the operation rotate_secret (which: directory).")
    found = _named(importlib.import_module(_MODULES[directory.kind]).accounts(directory, access))
    if not found:
        raise SourceUnusable("the directory shows no account with a first and a last name", code="SRC-11",
                             remedy="Check what the directory lets us read, and where it is read from.")
    return found


def accounts_in(directory: Directory, integration: Integration, world: World,
                patience: Patience | None = None) -> tuple[Account, ...]:
    """The accounts of an integration's directory, with its secret or its uploaded list. Raises SourceUnusable."""
    return accounts(directory, Access(
        _credentials(directory, integration, world), patience or Patience(),
        lambda: _uploaded(directory, integration, world),
    ))


def _credentials(directory: Directory, integration: Integration, world: World) -> Mapping[str, str]:
    name = integration.options.directory_secret
    if isinstance(directory, UploadedList) or name is None:
        return {}
    try:
        return world.secrets.get(name)
    except NotFound:
        return {}


def _uploaded(directory: Directory, integration: Integration, world: World) -> bytes:
    """The newest list that the district uploaded. Raises SourceUnusable where there is none."""
    assert isinstance(directory, UploadedList)
    newest = world.landing.newest(places.uploaded_directory(integration.id, directory.name))
    if newest is None:
        raise SourceUnusable(f"no list of accounts has landed as {places.DIRECTORY}/{directory.name}", code="SRC-06",
                             remedy="Upload the list into that folder.")
    with TemporaryDirectory() as folder:
        return world.landing.fetch(newest, Path(folder)).read_bytes()


def _named(found: Iterable[Account]) -> tuple[Account, ...]:
    """Accounts with both names, each id once: an entry that moved while pages were read can come twice."""
    named = {one.id: one for one in found if one.id and one.given_name.strip() and one.family_name.strip()}
    return tuple(named[key] for key in sorted(named))
