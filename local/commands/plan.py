"""`homeroom plan`: what a run would do with an export, and whether the guards would let it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from homeroom.check import by_code
from homeroom.errors import SourceUnusable, StateLost
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration, Options
from homeroom.model.plan import IDENTITIES, Counts
from homeroom.model.sharing import Sharing
from homeroom.model.snapshot import Snapshot
from homeroom.preview import Preview, preview
from homeroom.products import unknown
from homeroom.read.oneroster_csv import read_set
from homeroom.report.summary import by_rules
from local import kept, screen
from local.commands.options import Json, New
from local.reasons import incomplete, issues_of, reason_of

if TYPE_CHECKING:
    from homeroom.diff.applied import State

EXIT = {"nothing": 0, "apply": 10, "hold": 20, "unusable": 30}

Since = Annotated[Path | None, typer.Option("--since", metavar="DIR|ZIP", exists=True, help=(
    "What was applied last: a folder written by --keep, or an earlier export. Default: nothing, a first load."))]
Keep = Annotated[Path | None, typer.Option("--keep", metavar="DIR", file_okay=False,
                                           help="Write the state that the plan would leave to this folder.")]
ProductLine = Annotated[str, typer.Option("--product-line", metavar="LINE", help="Product line of the integration.")]
OptionsFile = Annotated[Path | None, typer.Option("--options", metavar="FILE", exists=True, dir_okay=False,
                                                  help="JSON file: the district's options and sharing rules.")]
AsOf = Annotated[datetime | None, typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"],
                                               help="Day of the run. Default: today.")]


def plan(new: New, since: Since = None, keep: Keep = None, product_line: ProductLine = "",
         options: OptionsFile = None, as_of: AsOf = None, as_json: Json = False) -> int:
    """Preview what a run of an export would change. Nothing is applied.

    Exit code: 0 nothing to change, 10 would apply, 20 would be held, 30 not usable.
    """
    if wrong := unknown(product_line, ()):
        raise typer.BadParameter(wrong, param_hint="--product-line")
    # No integration stands behind two files: the look at a production integration's first load is not asked for here.
    chosen, sharing = _chosen(options)
    integration = Integration(id="preview", product_line=product_line, options=chosen, sharing=sharing,
                              hold_first_load=False)
    day = (as_of or datetime.now().astimezone()).strftime("%Y-%m-%d")
    try:
        with screen.progress("read, check, shape, diff, guard", quiet=as_json):
            seen, snapshot = _preview(new, _start(since, integration, day), integration, day, hold=keep is not None)
    except SourceUnusable as unusable:
        report = _unusable(unusable)
    else:
        report = _report(seen, first_load=since is None)
        if keep and snapshot and report["verdict"] != "unusable":
            _keep(keep, seen, snapshot, kept.About(str(new), snapshot.content_hash, day))
    report |= {"as_of": day, "new": str(new), "since": str(since) if since else None}
    if as_json:
        screen.print_json(report)
    else:
        _show(report, keep)
    return EXIT[report["verdict"]]


@dataclass(frozen=True)
class _Start:
    """What was applied last; and how to get the rows that a delta starts from, or an export that leaves files out."""

    applied: State | None
    base: Callable[[], Snapshot] | None


def _preview(new: Path, start: _Start, integration: Integration, day: str, *,
             hold: bool) -> tuple[Preview, Snapshot | None]:
    """The preview; and the rows as read, if they are to be kept. Else nobody here holds on to them."""
    def read() -> Snapshot:
        return read_set(new, strict=integration.options.strict, base=start.base)

    if not hold:
        return preview(read(), integration, start.applied, as_of=day), None
    snapshot = read()
    return preview(snapshot, integration, start.applied, as_of=day), snapshot


def _start(since: Path | None, integration: Integration, day: str) -> _Start:
    if since is None:
        return _Start(None, None)
    if kept.is_kept(since):
        try:
            return _Start(kept.read(since), lambda: kept.read_raw(since))
        except StateLost as lost:
            raise typer.BadParameter(lost.text, param_hint="--since") from lost
    earlier = preview(_export(since, integration), integration, None, as_of=day)
    if not earlier.verdict.complete:
        raise _of_since(incomplete(earlier.checked.unresolved, earlier.checked.references))
    return _Start(earlier.plan.next_state, lambda: _export(since, integration))


def _export(since: Path, integration: Integration) -> Snapshot:
    try:
        return read_set(since, strict=integration.options.strict)
    except SourceUnusable as unusable:
        raise _of_since(reason_of(unusable)) from unusable


def _of_since(reason: dict[str, str]) -> SourceUnusable:
    return SourceUnusable(f"The earlier export: {reason['text']}", code=reason["code"], remedy=reason["remedy"])


class _Chosen(Options):
    """The file of --options: the district's options, and the sharing rules beside them."""

    sharing: Sharing = Sharing()


def _chosen(file: Path | None) -> tuple[Options, Sharing]:
    """What the district chose, and what is shared. Raises typer.BadParameter, with what is wrong in the file."""
    if file is None:
        return Options(), Sharing()
    try:
        said = _Chosen.model_validate_json(file.read_bytes())
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--options") from wrong
    return Options.model_validate(said.model_dump(exclude={"sharing"})), said.sharing


def _keep(folder: Path, seen: Preview, snapshot: Snapshot, about: kept.About) -> None:
    try:
        kept.write(folder, seen.plan.next_state, snapshot, about)
    except OSError as refused:
        raise typer.BadParameter(refused.strerror or str(refused), param_hint="--keep") from refused


def _report(seen: Preview, *, first_load: bool) -> dict[str, Any]:
    codes = by_code(seen.issues)
    links = {archives: rows.height for entity, archives, rows in seen.plan.operations if entity == IDENTITIES}
    report = {
        "verdict": _verdict(seen),
        "complete": seen.verdict.complete,
        "first_load": first_load,
        "entities": {name: _told(counts) for name, counts in seen.plan.counts.items()},
        "identity_links": {"write": links.get(False, 0), "remove": links.get(True, 0)},
        "removals": {name: dict(reasons) for name, reasons in seen.plan.reasons.items() if reasons},
        **by_rules(seen.plan.reasons, seen.plan.left_out),
        "guards": [judged.as_json() for judged in seen.verdict.guards],
        "read": {name: asdict(entity.read) for name, entity in seen.checked.entities.items()},
        "issues": {"total": sum(codes.values()), "by_code": codes},
    }
    if seen.verdict.complete:
        return report
    return report | {"reason": incomplete(seen.checked.unresolved, seen.checked.references)}


def _told(counts: Counts) -> dict[str, int]:
    """The actions of the design's list always; what only hand-made records and divided plans have, where it happens."""
    always = {"create", "update", "archive", "restore", "unchanged", "kept"}
    return {action: count for action, count in asdict(counts).items() if count or action in always}


def _verdict(seen: Preview) -> str:
    """The word for a plan, in the order in which a run decides (`homeroom.planning`)."""
    if not seen.verdict.complete:
        return "unusable"
    if seen.verdict.holds:
        return "hold"
    return "apply" if seen.plan.size else "nothing"


def _unusable(unusable: SourceUnusable) -> dict[str, Any]:
    codes: dict[str, int] = {}
    for issue in issues_of(unusable):
        codes[issue.code] = codes.get(issue.code, 0) + 1
    return {
        "verdict": "unusable", "complete": False, "reason": reason_of(unusable),
        "entities": {name: _told(Counts()) for name in ENTITIES}, "guards": [],
        "issues": {"total": sum(codes.values()), "by_code": codes},
    }


def _show(report: dict[str, Any], keep: Path | None) -> None:
    from local.views.plan import plan_view

    kept_in = f"Kept in {screen.escape(str(keep))} for the next --since. It holds personal data." if keep else ""
    screen.show(*plan_view(report), kept_in if report["verdict"] != "unusable" else "")
