"""Issues: what can be wrong with a source, a file, a row or a plan, and the one catalogue of codes.

The catalogue gives each code its severity, the owner of the next step, what it means, what we did and what to do.
`docs/issue-codes.md` is made from it. Origin: the fifty codes of the design's semantics (4f); the numbers after
FIL-07, FLD-07, REF-07 and SRC-08 are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "error", "warning", "info"]
Owner = Literal["district", "aggregator", "vendor", "nobody"]


@dataclass(frozen=True)
class Code:
    """One entry of the catalogue. `meaning` is what happened, `action` what we did, `remedy` what to do next."""

    code: str
    severity: Severity
    owner: Owner
    meaning: str
    action: str
    remedy: str


@dataclass(frozen=True)
class Issue:
    """One finding. `entity`, `source_id`, `file`, physical `line`, `column` and `value` are given where they exist.

    `value` can hold personal data: issues live in the encrypted bucket and never in a log, state or message.
    """

    code: str
    text: str = ""
    entity: str | None = None
    source_id: str | None = None
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    cause: str | None = None


ISSUE_COLUMNS = ("code", "text", "entity", "source_id", "file", "line", "column", "value", "cause")


def _rows(severity: Severity, owner: Owner, rows: tuple[tuple[str, str, str, str], ...]) -> list[Code]:
    return [Code(code, severity, owner, *texts) for code, *texts in rows]


_FIX_ROW = "Correct the record in the SIS; the next export takes it up."
_EXPORT = "Export the files again and upload the complete set."

_CODES: list[Code] = [
    *_rows("fatal", "district", (
        ("SRC-01", "Sign-in to the source was refused", "Kept the last good roster", "Check key, secret and sharing."),
        ("SRC-06", "An expected file did not arrive", "Kept the last good roster", "Check the export's schedule."),
        ("SRC-07", "The upload is not complete or still changing", "Kept the last good roster",
         "Upload the file again and let the upload end."),
        ("SRC-09", "Too many enrollments point to people or classes that are nowhere in the files",
         "Took the read as incomplete; wrote nothing", "Export users, classes and enrollments together."),
        ("SRC-11", "Signed in, but what the district shares or grants is not enough", "Kept the last good roster",
         "Share schools and people with the product, and grant its scopes."),
        ("SRC-12", "The sync at the source is not operational, or has no data yet", "Kept the last good roster",
         "Make the sync operational in Clever or ClassLink."),
        ("FIL-01", "The file is not valid text", "Refused the file", "Save the file as UTF-8."),
        ("FIL-02", "The file is not well-formed CSV", "Refused the file", _EXPORT),
        ("FIL-03", "A required file or the manifest is missing", "Refused the set", _EXPORT),
        ("FIL-04", "A required column is missing or renamed", "Refused the file",
         "Export in the OneRoster 1.1 or 1.2 layout."),
        ("FIL-06", "The archive is too large, too deep or has unsafe names", "Refused it before unpacking",
         "Put only the OneRoster CSV files into the zip."),
        ("FIL-07", "A delta file without a known base", "Refused the set", "Send one bulk export first."),
        ("FIL-14", "The OneRoster version or mode is not supported", "Refused the set",
         "Export OneRoster 1.1 or 1.2, bulk or delta."),
        ("FIL-15", "The file is not a readable zip archive", "Refused it", _EXPORT),
        ("FIL-16", "A required file has a header but no rows", "Refused the set; nothing was removed",
         "Check the export's filters: orgs and users can not be empty."),
    )),
    *_rows("fatal", "aggregator", (
        ("SRC-02", "The source could not be reached", "Kept the last good roster", "Retried in the next window."),
        ("SRC-03", "The source slowed us down beyond the time of the run", "Goes on in the next slot", "Nothing."),
        ("SRC-04", "An answer lacked its collection", "Took the read as incomplete; wrote nothing",
         "Retried in the next window."),
        ("SRC-05", "The source changed while it was read", "Wrote nothing after three restarts", "Retried later."),
    )),
    *_rows("fatal", "vendor", (
        ("SRC-10", "The credentials of the source are missing or do not fit", "Read nothing",
         "Store them with the operation rotate_secret."),
        ("SRC-15", "The server's host key is not the pinned one", "Sent no credentials; read nothing",
         "Ask the district whether its server changed, and pin the new key only if so."),
        ("SRC-16", "The clocks of the source and of Homeroom differ too much", "Kept the last good roster",
         "The service must set its clock; ours follows the network's time."),
    )),
    *_rows("error", "district", (
        ("FIL-11", "The row has too few or too many cells", "Skipped the row", "Quote values that hold a comma."),
        ("FLD-01", "A required value is empty", "Skipped the record", _FIX_ROW),
        ("FLD-07", "Unknown role", "Skipped the record", "Use a role of OneRoster."),
        ("FLD-08", "The id is too long to be an id", "Skipped the record", "Use ids of at most 255 characters."),
        ("REF-01", "The enrollment points to an unknown person", "Skipped the enrollment", _FIX_ROW),
        ("REF-02", "The enrollment points to an unknown class", "Skipped the enrollment", _FIX_ROW),
        ("REF-03", "The class has no school", "Skipped the class", _FIX_ROW),
        ("REF-08", "The person or class is in an unknown organisation", "Skipped the record",
         "Add the organisation to the export, or correct the record."),
        ("DUP-01", "The same id stands in several rows with different content", "Took none of them",
         "Give each record an id of its own."),
        ("DUP-03", "Two people share a username or a staff email", "Took neither",
         "Correct one of them in the SIS; it is picked up at the next sync."),
        ("IDN-01", "The id now belongs to a different person", "Held the record", "Check the ids in the SIS."),
        ("PRD-02", "A student is in several schools and none is clearly the home school", "Kept the previous school",
         "Contact Product Support."),
    )),
    *_rows("error", "vendor", (
        ("REF-07", "The record depends on a record in error", "Skipped it; counted under its cause",
         "Correct the cause; this one follows."),
    )),
    *_rows("warning", "district", (
        ("SRC-17", "Files that were read could not be removed from the district's server", "Left them there",
         "Let the user delete in the folder, or set `remove_after` to false."),
        ("SRC-20", "The district's directory could not be read", "Kept each person's account as found before",
         "Test the connection; the next run reads the directory again."),
        ("FIL-08", "The file is not UTF-8; read as Windows-1252", "Decoded it", "Save the file as UTF-8."),
        ("FIL-09", "There is no manifest; taken as a full (bulk) export", "Read the set", "Export manifest.csv too."),
        ("FIL-10", "The column name is spelled in another way", "Read the column", "Use the names of OneRoster."),
        ("FIL-12", "The file has a header but no rows", "Took it as empty", "Check the export if rows were expected."),
        ("FIL-13", "status or dateLastModified are filled in a bulk file", "Honoured `tobedeleted`",
         "Leave both blank in bulk files."),
        ("FLD-02", "The value is not valid", "Dropped the value", _FIX_ROW),
        ("FLD-03", "The grade, role or subject is unknown", "Mapped it to `Other`", "Use the codes of OneRoster."),
        ("FLD-04", "The email address is malformed", "Dropped the address", _FIX_ROW),
        ("FLD-06", "The date is impossible, or the begin is after the end", "Dropped the dates", _FIX_ROW),
        ("REF-04", "The class has no known course or term", "Took the class without it", _FIX_ROW),
        ("REF-05", "The class has no teacher", "Took the class", "Enroll a teacher, if there is one."),
        ("DUP-04", "The person is in the class twice with two roles", "Shows the stronger role", _FIX_ROW),
        ("IDN-02", "Several people could be meant", "Put it on the review list", "Decide in the review list."),
        ("IDN-05", "No account in the directory bears the person's name", "Left the person without an account",
         "Correct the name in the SIS or in the directory, or make the account."),
        ("MAN-03", "A hand edit was overwritten by the SIS", "Overwrote it, kept the old value",
         "Make lasting changes in the SIS."),
        ("MAN-05", "A record made by hand has the same identity as one of the SIS; the SIS's was left out",
         "Left the record made by hand as it is", "Release it to hand it over to the SIS."),
        ("PRD-01", "A student is in more than one school; a home school was chosen", "Left the others out",
         "Contact Product Support."),
        ("PRD-05", "An archive waits for an open assessment", "Keeps the student for up to 30 days", "Nothing."),
    )),
    *_rows("warning", "vendor", (
        ("FLD-05", "The value is too long", "Cut it", "Nothing; the source keeps the full value."),
        ("PRD-06", "No primary administrator was found", "Kept the old one", "Promote an administrator."),
        ("PRD-08", "The student has no grade", "Took the student without a grade level", _FIX_ROW),
        ("PRD-09", "A student is in several schools, which products of the integration do not allow",
         "Took all of them", "Contact Product Support, or choose that a home school is taken."),
        ("PRD-04", "No licence is left for the product", "Rostered without access", "Ask for licences."),
        ("UND-01", "The record changed after the run", "Did not undo it", "Look at the listed record."),
    )),
    *_rows("warning", "aggregator", (
        ("SRC-13", "The source does not offer a collection", "Read what it does offer; left the rest as it was applied",
         "Ask for access to the collection if it should be synced."),
        ("IDN-03", "The same person came with a new id",
         "Kept the identity where the number and the name agree; else proposed a re-key",
         "Nothing where the identity was kept; else approve or refuse the proposal."),
    )),
    *_rows("info", "nobody", (
        ("SRC-08", "The content is the same as last applied", "Skipped the run", "Nothing."),
        ("SRC-14", "An unknown kind of event was skipped", "Skipped it; full reads repair", "Nothing."),
        ("SRC-19", "Contacts for emergencies only, or of nobody but themselves", "Left them out", "Nothing."),
        ("FIL-05", "An unknown column or a file that is not needed", "Ignored it", "Nothing."),
        ("REF-06", "The person is in no class", "Took the person", "Nothing."),
        ("DUP-02", "The same row stands twice", "Kept one", "Nothing."),
        ("IDN-04", "Linked to an existing account", "Linked", "Nothing."),
        ("PRD-03", "The class name was made unique", "Renamed it", "Nothing."),
        ("PRD-07", "The role has no sign-in in this product", "No account", "Nothing."),
    )),
    *_rows("info", "district", (
        ("SRC-18", "The district's sync is paused at the source", "Took its data as it stands there",
         "Resume the sync at the source when it should move again."),
        ("MAN-01", "A record made by hand was adopted", "Adopted it", "Nothing."),
        ("MAN-02", "A record made by hand is not in the SIS", "Kept it", "Add it to the SIS or archive it."),
        ("MAN-06", "A record made by hand ended: what it hangs on left, or the SIS is the only source", "Archived it",
         "Nothing; `release` brings it back."),
        ("MAN-04", "A record removed by hand is still in the SIS", "Restored it", "Remove it in the SIS."),
    )),
]

CATALOGUE: Mapping[str, Code] = {c.code: c for c in sorted(_CODES, key=lambda c: c.code)}
"""Every code of source, file, row and product issues. Guards stand in `homeroom.guard.guards`, with their limits."""

NOT_RAISED: Mapping[str, str] = {
    "IDN-04": "accounts are linked at the first sign-in",
    "PRD-04": "no product tells how many licences are left",
    "PRD-05": "no product tells which assessments are open",
    "PRD-07": "what a role may do is told at sign-in",
    "REF-03": "a class without a school lacks a required value: FLD-01",
    "SRC-08": "the ledger says it: skipped, unchanged",
}
"""Codes that stand in the catalogue so that their meaning is settled, and that nothing raises; why."""
