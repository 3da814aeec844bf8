"""The slow way to read records that do not fit their types: value by value, keeping what fits.

It keeps the promise of the fast way: only values of declared fields are ever decoded; all others stay bytes.
"""

from __future__ import annotations

from typing import Any, get_args, get_origin

import msgspec
from msgspec import UNSET, Raw, Struct

_OBJECT, _ARRAY = dict[str, Raw], list[Raw]


def fitted(raw: Raw, kind: Any) -> Any:
    """The value as this type, None where nothing of it fits. Objects and lists keep their fitting parts."""
    whole = _decoded(raw, kind)
    if whole is not UNSET:
        return whole
    for one in get_args(kind) if get_origin(kind) not in (list, dict) else (kind,):
        if (part := _in_part(raw, one)) is not None:
            return part
    return _in_part(raw, kind)


def _in_part(raw: Raw, kind: Any) -> Any:
    if get_origin(kind) is list:
        return _list(raw, *get_args(kind))
    if get_origin(kind) is dict:
        return _dict(raw, get_args(kind)[1])
    return _struct(raw, kind) if isinstance(kind, type) and issubclass(kind, Struct) else None


def _struct(raw: Raw, kind: type[Struct]) -> Struct | None:
    members = _decoded(raw, _OBJECT)
    if members is UNSET:
        return None
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    return kind(**{fields[name].name: fitted(value, fields[name].type) for name, value in members.items()
                   if name in fields})


def _list(raw: Raw, kind: Any) -> list[Any] | None:
    """Scalars keep their place, since subjects and their codes are paired by it; of objects those that fit stay."""
    items = _decoded(raw, _ARRAY)
    if items is UNSET:
        return None
    values = [fitted(item, kind) for item in items]
    return [value for value in values if value is not None] if isinstance(kind, type) else values


def _dict(raw: Raw, kind: Any) -> dict[str, Any] | None:
    members = _decoded(raw, _OBJECT)
    if members is UNSET:
        return None
    values = {name: fitted(value, kind) for name, value in members.items()}
    return {name: value for name, value in values.items() if value is not None}


def _decoded(raw: Raw, kind: Any) -> Any:
    """The value, or UNSET if it is none of that type."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UNSET
