"""finish_run: end a run. Moves the pointer as the last write, keeps and tells the summary, frees the lease."""

from __future__ import annotations

from homeroom.apply.commit import finish
from homeroom.apply.failures import UnrecordedEnd
from homeroom.aws.handler import Call, function
from homeroom.model.events import Finished, FinishRun
from homeroom.report.metrics import of_summary
from homeroom.report.summary import summarize
from homeroom.report.words import paragraph, subject
from homeroom.support.rostering import end_sign_in_where_disconnected

TOLD = ("held", "failed", "interrupted")
"""Outcomes that people hear of at once."""


def same_end(event: FinishRun | UnrecordedEnd) -> list[str | int | None]:
    """One run's end with one verdict or error."""
    asked = event if isinstance(event, FinishRun) else event.as_finish()
    return [asked.integration, asked.run, asked.fence, asked.verdict, asked.error.Error if asked.error else None]


@function("finish_run", FinishRun | UnrecordedEnd, once=same_end, repeatable=True)
def handler(event: FinishRun | UnrecordedEnd, call: Call) -> Finished:
    """Answers the outcome, and whether another delivery waits."""
    asked = event if isinstance(event, FinishRun) else event.as_finish()
    ending = finish(asked, call.world, summarize)
    if ending.record.summary is not None:
        call.count(of_summary(ending.record.summary), {"integration": asked.integration, "run": str(asked.run)})
        if ending.record.outcome in TOLD:
            call.world.notices.publish(subject(ending.record.summary), paragraph(ending.record.summary))
    end_sign_in_where_disconnected(ending.record, call.world)
    return Finished(outcome=str(ending.record.outcome), pending=ending.pending)
