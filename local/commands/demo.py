"""`homeroom demo`: a sample district in the embedded AWS: three landings, the same from two services, two sign-ins."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from local import screen
from local.commands.options import Json
from local.demo import sample, sources
from local.demo.neighbours import KEPT, Neighbours, end_neighbours
from local.demo.signing_in import PRODUCT_NAME, STUDENT, TEACHER, SigningIn, hold_to_expectations
from local.demo.story import Story, expect, stopwatch
from local.embedded import HOME, Embedded, EmbeddedError, deploy, embedded, up
from local.reasons import Stopped
from local.stack import Stack
from local.views.stack import addresses_view
from local.views.summary import WORDS, summary_view, words_line

Keep = Annotated[bool, typer.Option("--keep", help="Leave the embedded AWS up, and print what to try.")]

CREATED = {"orgs": 3, "terms": 3, "courses": 6, "classes": 24, "people": 312, "enrollments": 824, "contacts": 100}
GUARDS = {"GRD-02", "GRD-04", "GRD-05"}


def demo(keep: Keep = False, as_json: Json = False) -> int:
    """Land a sample district three times, in the embedded AWS.

    Its first load, the next day, and an export of which half of the students are gone: that one is held. Then the same
    district comes from a fake ClassLink, first with a wrong secret, and from a fake Clever. At last a teacher clicks a
    tile of a fake ClassLink and is in a sample product, and a student is told that there is no student login.

    Exit code: 0 when everything went as expected, else 1 with the reason.
    """
    took = stopwatch()
    try:
        with _aws(keep, as_json) as aws:
            assert aws.stack is not None
            _say(f"up        the stack of template.yaml, in the embedded AWS at {aws.endpoint}", as_json)
            stack = Stack(aws.clients, aws.stack.outputs)
            _refuse_a_second(stack)
            story, status = _tell(stack, as_json)
            fetched = [_classlink(stack, as_json), _clever(stack, as_json)]
            entered = _sign_in(stack, aws.front_door, keep, as_json)
            seconds = round(took(), 1)
            if as_json:
                screen.print_json({"seconds": seconds, "landings": story.summaries, "status": status,
                                   "fetched": fetched, "sign_in": entered, "endpoint": aws.endpoint if keep else None})
            else:
                _goodbye(aws, story, entered["portal"], seconds, keep)
    except EmbeddedError as broken:
        raise Stopped(str(broken)) from broken
    return 0


def _refuse_a_second(stack: Stack) -> None:
    """A district is synced from one place once: the demo can not be told twice in one embedded AWS."""
    if Story(stack).free_name("classlink") != "classlink-1":
        raise Stopped("a demo that was told before is still up", "End it with `homeroom down`, then tell it anew.")


def _tell(stack: Stack, quiet: bool) -> tuple[Story, dict[str, Any]]:
    """The story itself. Raises Stopped where it goes otherwise than expected."""
    story = Story(stack)
    story.connect()
    _say(f"connect   {story.integration}: Sample District, OneRoster CSV by SFTP", quiet)
    _first_load(story, quiet)
    _next_day(story, quiet)
    return story, _half_gone(story, quiet)


def _first_load(story: Story, quiet: bool) -> None:
    summary = _land(story, "day-0.zip", "first load", sample.first_day(), quiet)
    expect(summary, "applied", created=CREATED, updated={}, archived={}, restored={})


def _next_day(story: Story, quiet: bool) -> None:
    summary = _land(story, "day-1.zip", "next day", sample.next_day(), quiet)
    expect(summary, "applied", created={"people": 3, "enrollments": 12}, updated={"people": 1, "classes": 1},
           archived={"people": 2, "enrollments": 8}, restored={})


def _half_gone(story: Story, quiet: bool) -> dict[str, Any]:
    """The accident: held, not one item of the table touched, and discarded."""
    before = story.table()
    summary = _land(story, "day-2.zip", "half of the students are gone", sample.half_gone(), quiet)
    expect(summary, "held")
    tripped = {guard["code"] for guard in summary["guards"] if guard["tripped"]}
    if GUARDS - tripped:
        raise Stopped(f"these guards did not trip: {', '.join(sorted(GUARDS - tripped))}")
    if story.table() != before:
        raise Stopped("a held run wrote to the roster table")
    _say(f"\nheld      nothing was written: all {story.count():,} items of the roster table are as before", quiet)
    status = story.discard(summary["run"])
    if status["runs"][0]["outcome"] != "discarded":
        raise Stopped(f"the held run is {status['runs'][0]['outcome']} and not discarded")
    _say(f"discard   run {summary['run']} is discarded; the integration is now: {status['status']}", quiet)
    return status


def _classlink(stack: Stack, quiet: bool) -> dict[str, Any]:
    """The same district from a OneRoster REST service, as ClassLink is one: key, secret and URL."""
    way = sources.Way(Story(stack))
    with sources.served("oneroster_server") as service:
        words, summary = sources.classlink(way, service)
    _say(f"\nconnect   {way.name}: ClassLink (a fake), OneRoster 1.1 REST, with a wrong secret:\n          {words}\n"
         "rotate    the right secret is stored; the test is well; district verified, all schools chosen", quiet)
    return _fetched(summary, CREATED, quiet)


def _clever(stack: Stack, quiet: bool) -> dict[str, Any]:
    """The same district from Clever, where a term and a course exist only with a class."""
    way = sources.Way(Story(stack))
    with sources.served("clever_server") as service:
        district, summary = sources.clever(way, service)
    _say(f"\nconnect   {way.name}: Clever (a fake); the request of {district} waits\n"
         "accept    the District ID is verified, all schools chosen, the test is well", quiet)
    return _fetched(summary, CREATED | {"terms": 1}, quiet)


def _fetched(summary: dict[str, Any], created: dict[str, int], quiet: bool) -> dict[str, Any]:
    expect(summary, "applied", created=created, updated={}, archived={}, restored={})
    counts = ", ".join(f"{created[name]:,} {name}" for name in ("people", "classes", "enrollments", "contacts"))
    _say(f"run {summary['run']:<6}{' '.join(WORDS)}\n          applied: {counts}", quiet)
    return summary


def _land(story: Story, name: str, title: str, export: sample.Export, quiet: bool) -> dict[str, Any]:
    _say(f"\nland      {title}: {name} with {export.rows:,} rows goes to landing/{story.integration}/", quiet)
    with screen.live(quiet=quiet) as line:
        story.live = lambda done: line(words_line(done))
        summary = story.land(name, export)
    passed = [word for word in WORDS if word != "apply" or summary["applied"]]
    _say(f"run {summary['run']:<6}{' '.join(passed)}\n", quiet)
    if not quiet:
        screen.show(*summary_view(summary))
    return summary


@contextmanager
def _aws(keep: bool, quiet: bool) -> Iterator[Embedded]:
    """The embedded AWS with the stack in it; ended with the block, unless it is to be kept."""
    doing = "making the layers, starting the embedded AWS, deploying template.yaml"
    if keep:
        with screen.progress(doing, quiet=quiet):
            kept = up()
        yield kept
        return
    with embedded() as aws:
        with screen.progress(doing, quiet=quiet):
            stack = deploy(aws.clients)
        yield Embedded(aws.emulator, aws.clients, stack)


def _sign_in(stack: Stack, front_door: str, keep: bool, quiet: bool) -> dict[str, Any]:
    """A tile is clicked twice. What stands beside the embedded AWS for that ends with it, or is kept with it."""
    folder = KEPT if keep else Path(tempfile.mkdtemp(prefix="neighbours-", dir=HOME))
    signing_in = SigningIn(stack, front_door, Neighbours(folder, end_neighbours(folder)))
    try:
        summary = signing_in.set_up()
        _say(f"\nconnect   {signing_in.integration}: ClassLink (a fake) with a tile for {PRODUCT_NAME} (a sample)\n"
             f"run {summary['run']:<6}{' '.join(WORDS)}", quiet)
        teacher, student = signing_in.click(TEACHER), signing_in.click(STUDENT)
        history = signing_in.history()
        hold_to_expectations(teacher, student, history)
    finally:
        if not keep:
            end_neighbours(folder)
    for click in (teacher, student):
        _say(f"click     {click.who} signs in at ClassLink and clicks the tile, {click.seconds:.1f} s\n"
             f"          → {click.words}", quiet)
    _say(f"history   {history['counted']} sign-ins: {history['signed_in']} signed in, "
         + ", ".join(f"{one['count']} {one['outcome']}" for one in history["refused"]), quiet)
    return {"clicks": [teacher.as_json(), student.as_json()], "integration": signing_in.integration,
            "portal": signing_in.portal if keep else None, "product": signing_in.product if keep else None}


def _goodbye(aws: Embedded, story: Story, portal: str | None, seconds: float, kept: bool) -> None:
    """How long it took; and, if it is kept, where to look and what to try."""
    if not kept:
        screen.show(f"\nAs expected, in {seconds:g} s. What was started is stopped; `make demo KEEP=1` leaves it up.")
        return
    assert aws.stack is not None
    tries = "\n".join(f"  .venv/bin/homeroom {words}" for words in (
        "list", f"show {story.integration} 1", f"runs {story.integration}",
        f"run {story.integration} --force --reason 'the smaller district is right'", "down"))
    screen.show(f"\nAs expected, in {seconds:g} s.", *addresses_view(aws.endpoint, aws.stack.outputs), f"Try:\n{tries}",
                f"Sign in yourself: open {portal} in a browser, choose who you are, and click the tile.")


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        screen.show(text)
