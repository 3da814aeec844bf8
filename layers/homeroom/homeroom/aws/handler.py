"""The frame of every function: event parsed, call logged and counted, idempotency, and errors in our words.

A function is `@function("name", EventModel, once=…)` around `handler(event, call)`. Nothing here, and so nothing in a
handler's module, needs the environment or the network before the first call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.parser import parse
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from homeroom.aws.faults import told
from homeroom.aws.once import Once
from homeroom.aws.wiring import world
from homeroom.errors import HomeroomError, LeaseLost, Refused
from homeroom.model.integration import Integration
from homeroom.ports import World

logger = Logger()
LONGEST_CALL = timedelta(minutes=15)
"""Taken where nobody says how much time a call has, as on a laptop."""

Answer = BaseModel | Mapping[str, Any]
Stage = Callable[[Any, "Call"], Answer]
Handler = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """What a handler gets beside its event: the world, the end of its time, and idempotency for parts of a batch."""

    world: World
    deadline: datetime
    request: str | None
    once: Once

    def count(self, values: Mapping[str, float], about: Mapping[str, str]) -> None:
        """Count metrics (units Count, and Seconds where the name says so); `about` is metadata, never a dimension."""
        for name, value in values.items():
            _metrics().add_metric(name=name, unit="Seconds" if name.endswith("Seconds") else "Count", value=value)
        for name, text in about.items():
            _metrics().add_metadata(key=name, value=text)


def function(
    name: str, shape: Any, *, once: Callable[[Any], Any] | None = None, repeatable: bool = False,
    unkept: tuple[type, ...] = (),
) -> Callable[[Stage], Handler]:
    """Make a Lambda handler of `handler(event, call)`.

    `name` is the function's folder, `shape` its event's pydantic model or union. `once` gives what makes two events the
    same one (JSON; None: every call counts); left out, it is the invocation itself, so that only Lambda's own repeats
    are recognised. Events of `unkept` have an answer that may lie nowhere: each counts. `repeatable` functions write
    the same absolute values however often they are called: they go on where a call died.
    """

    def frame(stage: Stage) -> Handler:
        keeper = Once(name, repeatable=repeatable)

        @functools.wraps(stage)
        def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
            try:
                asked = _parsed(event, shape)
                call = _begun(asked, context, keeper)
                same = None if isinstance(asked, unkept) else call.request if once is None else once(asked)
                answer = keeper(same, lambda: _json(stage(asked, call)), context)
                logger.info("done")
                return answer
            except Exception as error:  # noqa: BLE001 - every error leaves in our words, logged
                raise in_our_words(error) from None
            finally:
                _flush()

        return handler

    return frame


@functools.cache
def _metrics() -> Metrics:
    return Metrics()


def _flush() -> None:
    if _metrics().metric_set:
        _metrics().flush_metrics()


def _parsed(event: Mapping[str, Any], shape: Any) -> Any:
    try:
        return parse(event=dict(event), model=shape)
    except ValidationError as invalid:
        wrong = [".".join(map(str, e["loc"])) + ": " + e["type"] for e in invalid.errors(include_input=False)]
        raise Refused(f"the event does not fit: {', '.join(wrong[:5])}") from None


def _begun(asked: Any, context: Any, keeper: Once) -> Call:
    """Log keys of this call alone, and what the handler may know of it."""
    logger.clear_state()
    about = getattr(asked, "integration", None)
    name, run = about.id if isinstance(about, Integration) else about, getattr(asked, "run", None)
    logger.append_keys(**{k: v for k, v in (("integration", name), ("run", run)) if v is not None})
    logger.set_correlation_id(f"{name}-{run}" if name and run else name)
    request = getattr(context, "aws_request_id", None)
    logger.append_keys(function=getattr(context, "function_name", None), request=request)
    outside = world()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis()) if context is not None else LONGEST_CALL
    return Call(outside, outside.clock.now() + left, request, keeper)


def _json(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(mode="json") if isinstance(answer, BaseModel) else dict(answer)


def in_our_words(error: Exception) -> HomeroomError:
    """The error as it leaves the function, logged: code and place, no foreign message, which may hold personal data."""
    if isinstance(error, HomeroomError):
        ours = error
    elif isinstance(error, ClientError | BotoCoreError):
        ours = told(error)
    else:
        ours = HomeroomError(f"internal error: {type(error).__name__} at {_where(error)}")
    expected = ours.retryable or isinstance(ours, Refused | LeaseLost)
    log = logger.warning if expected else logger.error
    about = {"code": ours.issue_code, "error": type(ours).__name__, "at": _where(error), "again": ours.retryable}
    log("failed", extra=about)
    return ours


def _where(error: Exception) -> str:
    """File, line and function of our own code in which an error rose."""
    frames = extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if "/homeroom/" in frame.filename), frames[-1])
    return f"{'/'.join(PurePath(last.filename).parts[-2:])}:{last.lineno} {last.name}"
