"""Credentials from a file, stdin, the environment or a hidden prompt; never from the command line, where others see
them in the list of processes and in the shell's history."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path

import typer
from pydantic import SecretStr

from homeroom.model.credentials import PRIVATE_KEY, needed, needed_of_directory
from homeroom.model.integration import Integration

VARIABLE = "HOMEROOM_SECRET"
STDIN = "-"


def read_credentials(
    integration: Integration, *, key: str | None, secret_file: str | None, private_key_file: Path | None, ask: bool
) -> dict[str, SecretStr] | None:
    """What was given, by the names that this source needs; None where nothing was. `ask`: prompt on a terminal.

    Raises typer.BadParameter with what is missing, never with a value.
    """
    choices = needed(integration)
    if not choices:
        if key or secret_file or private_key_file:
            raise typer.BadParameter("files that a district pushes need no credentials")
        return None
    if private_key_file is not None:
        return _private_key(choices, private_key_file, secret_file)
    secret = _given(secret_file) or os.environ.get(VARIABLE) or (_asked(key) if ask or key else None)
    return _named(choices[0], key, secret)


def read_directory_credentials(
    integration: Integration, *, key: str | None, secret_file: str | None
) -> dict[str, SecretStr] | None:
    """As `read_credentials`, for the directory by which people are matched: its user or id, and its secret."""
    directory = integration.options.directory
    if directory is None:
        raise typer.BadParameter("no directory is named; name it first with `homeroom options --file`")
    choices = needed_of_directory(directory)
    if not choices:
        raise typer.BadParameter("a list that the district uploads needs no credentials")
    return _named(choices[0], key, _given(secret_file) or os.environ.get(VARIABLE) or _asked(key))


def read_secret(secret_file: str | None, prompt: str) -> str | None:
    """One secret, from a file, stdin, the environment or a hidden prompt; None where nobody gave one."""
    given = _given(secret_file) or os.environ.get(VARIABLE)
    if given or not sys.stdin.isatty():
        return given
    return getpass.getpass(f"{prompt}: ") or None


def _named(names: tuple[str, ...], key: str | None, secret: str | None) -> dict[str, SecretStr] | None:
    """The values under their names: a token or password alone, or what comes before the secret with it."""
    if secret is None:
        if key is not None:
            raise typer.BadParameter(f"the secret is missing: --secret-file FILE, --secret-file - or {VARIABLE}")
        return None
    if len(names) == 1:
        if key is not None:
            raise typer.BadParameter(f"only the {names[0]} is needed here, no key", param_hint="--key")
        return {names[0]: SecretStr(secret)}
    if key is None:
        raise typer.BadParameter(f"the {names[0].replace('_', ' ')} is missing", param_hint="--key")
    return {names[0]: SecretStr(key), names[1]: SecretStr(secret)}


def _private_key(
    choices: tuple[tuple[str, ...], ...], file: Path, secret_file: str | None
) -> dict[str, SecretStr]:
    if PRIVATE_KEY not in choices:
        raise typer.BadParameter("only a server for SFTP takes a private key", param_hint="--private-key-file")
    passphrase = _given(secret_file) or os.environ.get(VARIABLE)
    values = {PRIVATE_KEY[0]: SecretStr(_text(file.read_text, "--private-key-file"))}
    return values | ({"passphrase": SecretStr(passphrase)} if passphrase else {})


def _given(secret_file: str | None) -> str | None:
    if secret_file is None:
        return None
    read = sys.stdin.read if secret_file == STDIN else Path(secret_file).read_text
    return _text(read, "--secret-file").rstrip("\r\n")


def _text(read: Callable[[], str], option: str) -> str:
    """What a file holds. Raises typer.BadParameter where it can not be read, or is empty."""
    try:
        text = read()
    except (OSError, UnicodeDecodeError) as wrong:
        raise typer.BadParameter(f"can not be read: {type(wrong).__name__}", param_hint=option) from None
    if not text.strip():
        raise typer.BadParameter("is empty", param_hint=option)
    return text


def _asked(key: str | None) -> str | None:
    if not sys.stdin.isatty():
        return None
    what = "Secret" if key else "Secret, token or password"
    return getpass.getpass(f"{what} (hidden; leave it empty to store none now): ") or None
