"""Commands about what is done by hand: records that the SIS does not have, edits until the next run, and people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from homeroom.model import events
from homeroom.model.entities import ENTITIES, LIST_KINDS
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.views.byhand import by_hand_view, done_view, person_view

Entity = Annotated[str, typer.Argument(metavar="KIND", help=(
    "people, classes, enrollments or contacts; to edit and archive also orgs, terms or courses."))]
Record = Annotated[str, typer.Argument(metavar="RECORD", help="Internal id or source id of the record.")]
Fields = Annotated[list[str], typer.Option("--set", metavar="FIELD=VALUE", help=(
    "A field and its value; of a list the entries, with commas between them; nothing after `=` empties it."))]
SourceId = Annotated[str | None, typer.Option("--source-id", metavar="ID", help="The id that it has in the SIS.")]
Identity = Annotated[str, typer.Argument(metavar="IDENTITY", help=(
    "Source id, username, number, email of staff, or internal id."))]


def edit(
    integration: IntegrationId, entity: Entity, record: Record, fields: Fields, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Change fields of a record by hand.

    Of a record of the SIS until the next run; of one made by hand for good.
    """
    asked = {"operation": "edit", "integration": integration, "entity": entity, "record": record,
             "fields": _values(entity, fields), "by": who(by), "reason": reason}
    answer = opened(stack, profile).ask(_asked(events.EditRecord, asked))
    return told(answer, as_json, *done_view(answer, integration))


def archive(
    integration: IntegrationId, entity: Entity, record: Record, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Archive a record by hand.

    One of the SIS until the next run; one made by hand for good.
    """
    asked = {"operation": "archive", "integration": integration, "entity": entity, "record": record,
             "by": who(by), "reason": reason}
    answer = opened(stack, profile).ask(_asked(events.ArchiveRecord, asked))
    return told(answer, as_json, *done_view(answer, integration))


def create(
    integration: IntegrationId, entity: Entity, fields: Fields, reason: Reason, source_id: SourceId = None,
    by: By = None, stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Make a record that the SIS does not have."""
    asked = {"operation": "create", "integration": integration, "entity": entity, "fields": _values(entity, fields),
             "source_id": source_id, "by": who(by), "reason": reason}
    answer = opened(stack, profile).ask(_asked(events.CreateRecord, asked))
    return told(answer, as_json, *done_view(answer))


def release(
    integration: IntegrationId, entity: Entity, record: Record, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Take back what was done by hand.

    An edit or archive of a record of the SIS ends at once. One made by hand is handed over to the SIS as soon as that
    has it too; an archived one comes back.
    """
    asked = {"operation": "release", "integration": integration, "entity": entity, "record": record,
             "by": who(by), "reason": reason}
    answer = opened(stack, profile).ask(_asked(events.ReleaseRecord, asked))
    return told(answer, as_json, *done_view(answer))


def by_hand(integration: IntegrationId, stack: StackName = None, profile: Profile = None,
            as_json: Json = False) -> int:
    """List what was done by hand.

    Records made by hand, and edits that the next run overrides.
    """
    answer = opened(stack, profile).ask(events.ListByHand(operation="by_hand", integration=integration))
    return told(answer, as_json, *by_hand_view(answer))


def person(integration: IntegrationId, identity: Identity, stack: StackName = None, profile: Profile = None,
           as_json: Json = False) -> int:
    """Show one person. It prints personal data.

    Record, identities, classes, and what was changed by hand.
    """
    asked = events.FindPerson(operation="person", integration=integration, identity=identity)
    answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *(line for one in answer["people"] for line in person_view(one)))


def _asked(event: Any, words: Mapping[str, Any]) -> Any:
    """The event, read as `support` reads it. Raises typer.BadParameter for a kind of record that it does not take."""
    known = event.model_fields["entity"].annotation.__args__
    if words["entity"] not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint="KIND")
    return event.model_validate(dict(words))


def _values(entity: str, pairs: list[str]) -> dict[str, Any]:
    kinds = {field.name: field.kind for field in ENTITIES[entity].fields} if entity in ENTITIES else {}
    values: dict[str, Any] = {}
    for pair in pairs:
        name, found, text = pair.partition("=")
        if not found:
            raise typer.BadParameter(f"{name} needs a value: FIELD=VALUE", param_hint="--set")
        kind = kinds.get(name, "text")
        values[name] = None if not text else text.split(",") if kind in LIST_KINDS else _plain(kind, text)
    return values


def _plain(kind: str, text: str) -> Any:
    return json.loads(text) if kind == "flag" and text in ("true", "false") else text
