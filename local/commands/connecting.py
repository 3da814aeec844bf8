"""Commands that set up an integration and its credentials."""

from __future__ import annotations

from typing import Any

import typer

from homeroom.errors import NotFound
from homeroom.model import events
from homeroom.model.integration import Integration
from local import screen
from local.commands import source_options as options
from local.commands.asking import opened, told, who
from local.commands.credentials import read_credentials, read_directory_credentials
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.reasons import Stopped
from local.stack import Stack
from local.views.set_up import districts_view, findings_view, schedule_line, steps_view
from local.views.summary import integrations_view

ACCEPT = "accept"
"""A step that a test of Clever can not go beyond: nothing is wrong, the district is not chosen yet."""


def connect(
    integration: IntegrationId, file: options.File = None,
    district_id: options.DistrictId = None, district_name: options.DistrictName = None,
    aggregator: options.Aggregator = None, transport: options.Transport = None,
    product_line: options.ProductLine = None, product: options.Product = None, timezone: options.Timezone = None,
    quiet_seconds: options.QuietSeconds = None, hold_first_load: options.HoldFirstLoad = None,
    url: options.Url = None, version: options.Version = None, sign_in: options.SignIn = None,
    token_url: options.TokenUrl = None, sign_in_url: options.SignInUrl = None,
    host: options.Host = None, port: options.Port = None, user: options.User = None, folder: options.Folder = None,
    host_key: options.HostKey = None,
    schedule: options.Schedule = None, at: options.At = None, days: options.Days = None,
    secret_name: options.SecretName = None, key: options.Key = None, secret_file: options.SecretFile = None,
    private_key_file: options.PrivateKeyFile = None, test: options.Test = True,
    same_people: options.SamePeople = False,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Set up an integration, then test its connection.

    Of one that is there, the options change only what they name.
    """
    where = opened(stack, profile)
    known = options.read_file(file) if file else _known(where, integration)
    if same_people:
        known.pop("secret_name", None)  # the credentials of the way before stay as they are: there may be a way back
    wanted = options.wanted(
        integration, known,
        {"district_id": district_id, "district_name": district_name, "aggregator": aggregator, "timezone": timezone,
         "transport": transport and transport.replace("-", "_"), "product_line": product_line, "products": product,
         "quiet_seconds": quiet_seconds, "hold_first_load": hold_first_load, "secret_name": secret_name},
        {"url": url, "version": version, "sign_in": sign_in, "token_url": token_url, "sign_in_url": sign_in_url,
         "host": host, "port": port, "user": user, "folder": folder, "host_key": host_key},
        {"mode": schedule, "at": at, "days": days},
    )
    credentials = read_credentials(wanted, key=key, secret_file=secret_file, private_key_file=private_key_file,
                                   ask=wanted.secret_name is None)
    asked: dict[str, Any] = {"integration": wanted, "by": who(by), "reason": reason}
    if credentials is not None:
        asked["credentials"] = credentials
    answer = where.ask(_request(asked, same_people))
    stored = credentials is not None or wanted.secret_name is not None
    if not (test and stored and wanted.transport != "csv_pushed"):
        return told(answer, as_json, *integrations_view([answer]), schedule_line(answer), *steps_view(answer))
    tested = _tested(where, integration, by, reason, as_json)
    return _tell_test(tested, {**answer, **tested}, as_json)


def _request(asked: dict[str, Any], same_people: bool) -> events.Connect | events.ChangeAggregator:
    set_up = events.Connect(operation="connect", **asked)
    if not same_people:
        return set_up
    return events.ChangeAggregator(
        operation="change_aggregator", set_up=set_up, by=set_up.by, reason=set_up.reason or "another way in")


def try_connection(
    integration: IntegrationId, by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None,
    as_json: Json = False,
) -> int:
    """Test the connection to the source, step by step, in words."""
    tested = _tested(opened(stack, profile), integration, by, reason, as_json)
    return _tell_test(tested, tested, as_json)


def rotate(
    integration: IntegrationId, key: options.Key = None, secret_file: options.SecretFile = None,
    private_key_file: options.PrivateKeyFile = None, directory: options.OfDirectory = False,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Replace the credentials of a source, or of the directory. The next call to it uses the new ones."""
    where = opened(stack, profile)
    wanted = Integration.model_validate(_status(where, integration)["set_up"])
    credentials = read_directory_credentials(wanted, key=key, secret_file=secret_file) if directory else \
        read_credentials(wanted, key=key, secret_file=secret_file, private_key_file=private_key_file, ask=True)
    if credentials is None:
        raise typer.BadParameter("the new secret is missing", param_hint="--secret-file")
    answer = where.ask(events.RotateSecret(
        operation="rotate_secret", integration=integration, credentials=credentials, by=who(by), reason=reason,
        which="directory" if directory else "source"))
    others = answer["also_used_by"]
    shared = f" It is also used by {', '.join(others)}." if others else ""
    return told(answer, as_json, f"Replaced the secret {screen.escape(answer['secret_name'])}.{shared} "
                                 f"Try it with `homeroom test {integration}`.")


def _known(where: Stack, integration: str) -> dict[str, Any]:
    """The present set-up, so that options change only what they name; empty for a new integration."""
    try:
        return dict(_status(where, integration)["set_up"])
    except Stopped as stopped:
        if stopped.issue_code == NotFound.code:
            return {}
        raise


def _status(where: Stack, integration: str) -> dict[str, Any]:
    return where.ask(events.ShowStatus(operation="status", integration=integration, runs=1))


def _tested(where: Stack, integration: str, by: str | None, reason: str, as_json: bool) -> dict[str, Any]:
    asked = events.TryConnection(operation="test_connection", integration=integration, by=who(by), reason=reason)
    with screen.progress(f"testing the connection of {integration}", quiet=as_json):
        return where.ask(asked)


def _tell_test(tested: dict[str, Any], answer: dict[str, Any], as_json: bool) -> int:
    """What the test found, and the steps of the set-up; a failure in one line on stderr, and exit code 1."""
    districts = [] if tested["ok"] and tested["district_id"] else districts_view(tested["districts"])
    told(answer, as_json, *findings_view(tested["findings"], tested["schools"]), *districts,
         *integrations_view([tested]), schedule_line(tested), *steps_view(tested))
    failed = next((finding for finding in tested["findings"] if not finding["ok"]), None)
    turn = next((step["name"] for step in tested["steps"] if step["done"] is False), None)
    if failed is None or turn == ACCEPT:
        return 0
    screen.complain(": ".join(part for part in (failed["code"], failed["text"]) if part), failed["remedy"])
    return 1
