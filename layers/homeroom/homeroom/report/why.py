"""Why is a record here or not? One plain sentence, and who does what next: a table of rules, the first that speaks.

`Found` holds what was looked up; nothing here guesses. Sentences may name ids, files and lines: they are an answer to
staff who asked for that record, and go nowhere else. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeroom.model.issues import CATALOGUE, Owner


@dataclass(frozen=True)
class Why:
    """The answer in a sentence; `owner` acts next, and does what `next` says."""

    code: str
    sentence: str
    owner: Owner
    next: str


@dataclass(frozen=True)
class Step:
    """What one run did, or would do, to the record: its operation, reason, fields, and when."""

    run: int
    op: str
    reason: str = ""
    changed: tuple[str, ...] = ()
    at: str = ""
    guards: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For answers."""
        return {"run": self.run, "op": self.op, "reason": self.reason, "changed": list(self.changed), "at": self.at,
                "guards": list(self.guards)}


@dataclass(frozen=True)
class Found:
    """Everything that is known of one record; what nobody knows is empty.

    `places` are its rows in the newest rows read (`users.csv line 12`), `rows` the words for these rows. `issues` are
    findings about it, `rule` what leaves it out, `status` the one in the applied roster. `came` is the newest run that
    made, archived or restored it. `held` is what a held plan would do. `edits` are changes by hand that wait, `hand`
    the record made by hand. `refused` is a newer run that read it and was not applied. `shared` are identities that
    it shares with others. `named` counts rows that point to it.
    """

    kind: str
    rows: str
    places: tuple[str, ...] = ()
    in_error: bool = False
    removed: bool = False
    issues: tuple[Mapping[str, Any], ...] = ()
    rule: str | None = None
    status: str | None = None
    came: Step | None = None
    held: Step | None = None
    edits: tuple[Mapping[str, Any], ...] = ()
    hand: Mapping[str, Any] | None = None
    refused: Mapping[str, Any] | None = None
    shared: tuple[str, ...] = ()
    stops: str = ""
    named: Mapping[str, int] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the source says it."""
        return ", ".join(self.places)

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The finding for which the row is not taken."""
        return next((i for i in self.issues if i["severity"] == "error"), None)

    @property
    def archived_by_hand(self) -> Mapping[str, Any] | None:
        """The change by hand that hides it until the next run."""
        return next((e for e in self.edits if e["action"] == "archive"), None)


RULES: Mapping[str, tuple[str, Owner, str]] = {
    "school not shared": (
        "its school is not among the chosen ones", "vendor",
        "Should it come? Choose its school too: `homeroom choose`."),
    "grade not shared": (
        "none of its grades is shared", "vendor", "Should it come? Share the grade too: `homeroom share --grade`."),
    "no grade given": (
        "the source gives no grade, and only some grades are shared", "district", "Fill in the grade in the SIS."),
    "role not shared": (
        "none of its roles is shared", "vendor", "Should it come? Share the role too: `homeroom share --role`."),
    "class not shared": (
        "only chosen classes are shared, and none of its", "vendor",
        "Should it come? Share the class too: `homeroom share --class`."),
    "follows its student": (
        "a guardian is here for a student only, and none of the students is", "nobody",
        "Explain the student: the guardian follows."),
    "follows its class": ("its class is left out", "nobody", "Explain the class: this follows."),
    "follows its person": ("its person is left out", "nobody", "Explain the person: this follows."),
    "role not taken by the product": (
        "no product of the integration takes any of its roles", "district",
        "Is the role wrong? Correct it in the SIS. Else nothing: the product has no such people."),
    "parents are not synced": (
        "parent data is off", "vendor",
        "Should parents come? Switch on Sync Parent Data, where the products offer it: `homeroom options --parents`."),
    "its person is not taken by the product": (
        "no product of the integration takes its person", "nobody", "Explain the person: this follows."),
    "its student is not taken by the product": (
        "no product of the integration takes its student", "nobody", "Explain the student: this follows."),
    "made by hand": (
        "somebody made the same by hand, and the products keep that one", "vendor",
        "Should the SIS's come? Hand the one made by hand over: `homeroom release`; `homeroom by-hand` lists them."),
    "other school": (
        "it is not in the home school, and the products allow one school a student", "district",
        "Is the home school wrong? Correct it in the SIS, or name it in the option `home_schools`."),
}
"""Words of the rules that leave records out → because, who acts, and what to do."""
_ANY_RULE: tuple[str, Owner, str] = (
    "a rule of the products leaves it out", "vendor", "Look at the options and products: `homeroom status`.")

_APPROVE = "Look at the held plan with `homeroom show`, then approve or discard it."


def because(rule: str) -> str:
    """Why a rule leaves a record out, in words."""
    return RULES.get(rule, _ANY_RULE)[0]


def why(found: Found) -> Why:
    """The first rule that speaks."""
    return next(told for rule in _RULES if (told := rule(found)) is not None)


def _made_by_hand(found: Found) -> Why | None:
    hand = found.hand
    if hand is None or found.status == "active":
        return None
    made = f"made by hand by {hand['by']} on {hand['at'][:10]}"
    if hand["status"] == "active":
        also = f"; the source has it too ({found.place})" if found.places else "; the source does not have it"
        if not found.places and not hand.get("lasts", True):
            return Why("by hand", f"Here: {made}{also}, and the SIS is the only source.", "vendor",
                       "The next run archives it. Should it stay? Add it to the SIS, or switch `only_source` off.")
        return Why("by hand", f"Here: {made}{also}.", "nobody",
                   "Nothing: it stays as long as what it belongs to is here.")
    return Why("archived by hand", f"Not here: it was {made}, and archived by hand.", "vendor",
               "Take it back by hand if it should be here, or let the SIS deliver it.")


def _hidden_by_hand(found: Found) -> Why | None:
    edit = found.archived_by_hand
    if edit is None or found.status != "active":
        return None
    then = "the source still has it, so the next run brings it back" if found.places else \
        "the rows read last do not have it either"
    return Why("archived by hand", f"Not here: {edit['by']} archived it by hand on {edit['at'][:10]}; {then}.",
               "district" if found.places else "nobody",
               "Remove it in the SIS if it should stay away." if found.places else "Nothing.")


def _in_error(found: Found) -> Why | None:
    error = found.error
    if not found.in_error or error is None:
        return None
    column = f" in column {error['column']}" if error["column"] else ""
    cause = f" (cause: {error['cause']})" if error["cause"] else ""
    wrong = f"{error['code']}, {_small(error['text'])}{column}{cause}"
    told = CATALOGUE[error["code"]]
    if found.status == "active":
        return Why("kept", f"Here, with its last good version: its row ({found.place}) is in error: {wrong}.",
                   told.owner, told.remedy)
    return Why("in error", f"Not here: the row is there ({found.place}), but in error: {wrong}.",
               told.owner, told.remedy)


def _left_out(found: Found) -> Why | None:
    if found.rule is None:
        return None
    reason, owner, step = RULES.get(found.rule, _ANY_RULE)
    if found.status == "active":
        told = f"Here still: the rule '{found.rule}' leaves it out ({reason}), but no run has applied that yet"
        return Why("leaves by rule", f"{told}{_held(found)}.", "vendor", _APPROVE if found.held else _run(found))
    return Why("left out", f"Not here: the row is there ({found.place}), but left out: {found.rule}: {reason}.",
               owner, step)


def _waits(found: Found) -> Why | None:
    """A held plan would change that it is here."""
    held = found.held
    if held is None or held.op not in ("create", "restore", "archive", "adopt"):
        return None
    guards = f" ({', '.join(held.guards)})" if held.guards else ""
    if held.op == "archive":
        return Why("waits", f"Here still: run {held.run} would archive it ({_reason(held.reason)}) and waits for"
                   f" approval{guards}.", "vendor", _APPROVE)
    return Why("waits", f"Not here yet: the row is there ({found.place}), but run {held.run}, which would {held.op} it,"
               f" waits for approval{guards}.", "vendor", _APPROVE)


def _removed(found: Found) -> Why | None:
    if not found.removed or found.status == "active":
        return None
    return Why("removed by the source", f"Not here: its row ({found.place}) says `tobedeleted`.", "district",
               "If it should be here, make it active in the SIS.")


def _comes_next(found: Found) -> Why | None:
    if not found.places or found.removed or found.in_error or found.status == "active":
        return None
    return Why("comes next", f"Not here yet: the row is there ({found.place}) and nothing leaves it out; no run has"
               f" applied it{f': {found.stops}' if found.stops else ''}.", "vendor", _run(found))


def _refused(found: Found) -> Why | None:
    newer = found.refused
    if newer is None or found.status == "active":
        return None
    return Why("not applied", f"Not here: run {newer['run']} read it ({newer['place']}), but that run was not applied:"
               f" {newer['outcome']}{': ' + newer['text'] if newer['text'] else ''}.", newer["owner"], newer["next"])


def _archived(found: Found) -> Why | None:
    if found.status != "archived":
        return None
    came = found.came
    by = f"by run {came.run} on {came.at[:10]} ({_reason(came.reason)})" if came else "by an earlier run"
    return Why("archived", f"Not here: archived {by}, and the {found.rows} do not have it.",
               "district", f"If it should be here, share it again; it comes back as the same {found.kind}.")


def _only_named(found: Found) -> Why | None:
    if found.status is not None or found.places or not found.named:
        return None
    told = ", ".join(f"{count} rows of {file}" for file, count in found.named.items())
    return Why("only named", f"Not here: there is no row of it, but {told} name it.", "district",
               f"Export the {found.kind} together with what points to it.")


def _shared_identity(found: Found) -> Why | None:
    if not found.shared or found.status != "active":
        return None
    same = " and ".join(found.shared)
    return Why("cannot sign in", f"Here, but somebody else has the same {same}: nobody can sign in with it.",
               "district", "Correct one of the records in the SIS.")


def _edited(found: Found) -> Why | None:
    edit = next((e for e in found.edits if e["action"] == "edit"), None)
    if edit is None or found.status != "active":
        return None
    fields = ", ".join(edit["fields"] or ()) or "its fields"
    return Why("edited by hand", f"Here, with values by hand: {edit['by']} changed {fields} on {edit['at'][:10]};"
               " the next run overrides that.", "district", "Make the change in the SIS if it should last.")


def _gone_from_rows(found: Found) -> Why | None:
    if found.places or found.status != "active":
        return None
    return Why("kept", f"Here, though the {found.rows} have no row of it"
               f"{f': {found.stops}' if found.stops else ''}.", "vendor", _run(found))


def _here(found: Found) -> Why | None:
    since = f" since run {found.came.run} ({found.came.at[:10]})" if found.came else ""
    later = f"; run {found.held.run} would change {', '.join(found.held.changed) or 'it'} and waits for approval" \
        if found.held else ""
    return Why("here", f"Here{since}, as {found.place} says{later}.", "vendor" if found.held else "nobody",
               _APPROVE if found.held else "Nothing.")


_RULES: tuple[Callable[[Found], Why | None], ...] = (
    _made_by_hand, _hidden_by_hand, _in_error, _left_out, _waits, _removed, _comes_next, _refused, _archived,
    _only_named, _shared_identity, _edited, _gone_from_rows, _here,
)


def _held(found: Found) -> str:
    held = found.held
    return f": run {held.run} waits for approval ({', '.join(held.guards)})" if held else ""


def _run(found: Found) -> str:
    return "See `homeroom status`: it names who acts." if found.stops else "Start a run: `homeroom run`."


def _reason(reason: str) -> str:
    return "the source did not have it any more" if reason == "absent" else reason


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
