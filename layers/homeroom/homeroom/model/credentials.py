"""Which credentials each way of signing in to a source or directory needs. The values live in Secrets Manager alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from homeroom.model.directory import Directory
from homeroom.model.integration import Integration
from homeroom.model.source import OneRosterRest

KEY_AND_SECRET, TOKEN, APP = ("key", "secret"), ("token",), ("client_id", "client_secret")
PASSWORD, PRIVATE_KEY = ("password",), ("private_key",)
OPTIONAL = ("passphrase",)
"""Of a private key."""

_BY_SIGN_IN: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "oauth1_sha256": (KEY_AND_SECRET,), "oauth1_sha1": (KEY_AND_SECRET,), "oauth2": (KEY_AND_SECRET,),
    "bearer": (TOKEN,),
}
_BY_TRANSPORT: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "clever_api": (APP,), "csv_pulled": (PASSWORD, PRIVATE_KEY), "csv_pushed": (),
}

_BY_DIRECTORY: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "entra": (APP,), "google": (("client_email", "private_key"),), "ldap": (("user", "password"),), "uploaded": (),
}


def needed(integration: Integration) -> tuple[tuple[str, ...], ...]:
    """The sets of names of which one must be there whole; none where nothing is fetched."""
    if isinstance(integration.source, OneRosterRest):
        return _BY_SIGN_IN[integration.source.sign_in]
    return _BY_TRANSPORT[integration.transport]


def missing(integration: Integration, names: Collection[str]) -> str | None:
    """What is missing in a set of credentials, or too much in it, in words; None where it fits."""
    return _missing(needed(integration), names, OPTIONAL)


def needed_of_directory(directory: Directory) -> tuple[tuple[str, ...], ...]:
    """As `needed`, for a district's directory (requirement C7); none for a list that is uploaded."""
    return _BY_DIRECTORY[directory.kind]


def missing_of_directory(directory: Directory, names: Collection[str]) -> str | None:
    """As `missing`, for the credentials of a district's directory."""
    choices = needed_of_directory(directory)
    return _missing(choices, names) if choices or names else None


def directory_secret(integration: str) -> str:
    """Name of the secret with the credentials of an integration's directory. The stroke keeps it apart from those of
    sources, whose names have none: the function that reads directories may read no others."""
    return f"directory/{integration}"


def _missing(choices: tuple[tuple[str, ...], ...], names: Collection[str],
             optional: Collection[str] = ()) -> str | None:
    fitting = next((choice for choice in choices if set(choice) <= set(names)), None)
    if fitting is None:
        return "needed: " + ", or ".join(" and ".join(choice) for choice in choices) if choices else "none are needed"
    strangers = sorted(set(names) - set(fitting) - set(optional))
    return f"not known here: {', '.join(strangers)}" if strangers else None
