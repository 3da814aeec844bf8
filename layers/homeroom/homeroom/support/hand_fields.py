"""Fields that staff give by hand, checked by the table of fields (`homeroom.model.entities`), in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from homeroom.errors import Refused
from homeroom.model.entities import ENTITIES, LIST_KINDS, Field
from homeroom.model.vocabulary import plain

DEFAULTS: Mapping[str, Mapping[str, Any]] = {"people": {"enabled": True}, "classes": {"type": "scheduled"}}
"""What a record made by hand has where nobody says otherwise."""


def given_fields(entity: str, given: Mapping[str, Any], receivable: frozenset[str] | None) -> dict[str, Any]:
    """The values as the roster holds them; null empties a field. Raises Refused with every mistake in words.

    `receivable` are the fields that the products of the integration may receive, None for all.
    """
    known = {field.name: field for field in ENTITIES[entity].fields if not field.made or entity == "contacts"}
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in given.items():
        field = known.get(name)
        if field is None:
            wrong.append(f"{entity} have no field {name} that can be given")
        elif receivable is not None and name not in receivable:
            wrong.append(f"{name} may not be received by the products of this integration")
        elif value is None:
            values[name] = None
        else:
            values[name], mistake = _read(field, value)
            wrong += [mistake] if mistake else []
    _refuse(entity, wrong, known)
    return values


def whole_fields(entity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A record's fields without the empty ones. Raises Refused where one is missing that a record needs."""
    kept = {name: value for name, value in fields.items() if value not in (None, [], "")}
    needed = [field.name for field in ENTITIES[entity].fields if field.required and field.name not in kept]
    _refuse(entity, [f"{name} is missing" for name in needed], {})
    return kept


def _refuse(entity: str, wrong: list[str], known: Mapping[str, Field]) -> None:
    if wrong:
        told = f" Fields of {entity}: {', '.join(known)}." if known else ""
        raise Refused("; ".join(wrong), remedy=f"Correct the fields and ask again.{told}")


def _read(field: Field, value: Any) -> tuple[Any, str | None]:
    """The value as it is kept, and what is wrong with it, if anything. The value itself is never told."""
    if field.kind in LIST_KINDS:
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            return None, f"{field.name} must be a list of texts"
        if any("," in one for one in value):
            return None, f"an entry of {field.name} holds a comma"
        if field.vocabulary is None:
            return [one.strip() for one in value], None
        read = [_word(field, one) for one in value]
        return [word for word, _ in read], next((mistake for _, mistake in read if mistake), None)
    return _KINDS.get(field.kind, _text)(field, value)


def _text(field: Field, value: Any) -> tuple[Any, str | None]:
    if not isinstance(value, str) or not value.strip():
        return None, f"{field.name} must be a text"
    return (value.strip(), None) if len(value) <= field.longest else (None, f"{field.name} is too long")


def _word(field: Field, value: Any) -> tuple[Any, str | None]:
    words = field.vocabulary.spellings() if field.vocabulary else {}
    word = words.get(plain(value)) if isinstance(value, str) else None
    known = ", ".join(field.vocabulary.words) if field.vocabulary else ""
    return word, None if word is not None else f"{field.name} must be one of {known}"


def _flag(field: Field, value: Any) -> tuple[Any, str | None]:
    return (value, None) if isinstance(value, bool) else (None, f"{field.name} must be true or false")


def _date(field: Field, value: Any) -> tuple[Any, str | None]:
    try:
        return date.fromisoformat(value).isoformat(), None
    except (TypeError, ValueError):
        return None, f"{field.name} must be a day as 2026-09-30"


def _email(field: Field, value: Any) -> tuple[Any, str | None]:
    whole = isinstance(value, str) and value.count("@") == 1 and all(value.strip().split("@"))
    return (value.strip(), None) if whole else (None, f"{field.name} must be an address with one @")


_KINDS: Mapping[str, Callable[[Field, Any], tuple[Any, str | None]]] = {
    "word": _word, "flag": _flag, "date": _date, "email": _email,
}
