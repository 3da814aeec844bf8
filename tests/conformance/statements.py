"""What a reader of OneRoster and of Clever must do, statement by statement, in our words.

The numbers are those of the two conformance lists that the readers were built to. A test carries the number of its
statement: `test_or_35_…` and `test_cl_08_…`. `REMARKS` say where the design of Homeroom decides something else than
the list, or how much of a statement the tests show; `LEFT_OUT` why a statement has no test.
"""

from __future__ import annotations

from collections.abc import Mapping

Statements = Mapping[int, str]

ONEROSTER: Statements = dict(enumerate((
    "A valid 1.1 set of the seven core files imports without a warning.",
    "Columns are found by name; their order does not matter.",
    "A byte order mark at the start of any file changes nothing.",
    "CRLF, LF and a missing last line break give the same.",
    "Quoted commas, doubled quotes and names of any script survive.",
    "Windows-1252 bytes are decoded, with a warning that names file and line.",
    "UTF-16 is decoded, or refused in clear words; it never becomes garbage.",
    "A file separated by semicolons is refused.",
    "Header names in another case are taken, with a warning.",
    "A missing required column is refused, naming column and file.",
    "Unknown columns are ignored; `metadata.*` is kept.",
    "A blank required value costs only its row, told with file, line, column and id.",
    "Two different rows of one id are told, and the result does not depend on their order.",
    "Bulk: who was there before and is missing now is archived.",
    "Delta: what is not listed stays; `tobedeleted` is archived.",
    "A file that the manifest calls absent is neither changed nor swept, even if it is in the zip.",
    "A file that is announced as bulk and is missing fails the run; nothing is swept.",
    "A header without rows, announced as bulk, sweeps nothing and is told.",
    "A set without a manifest is refused, or taken as bulk, as the source is configured.",
    "A 1.2 set with roles.csv gives the same as the 1.1 set.",
    "Another version than 1.1 and 1.2 is refused in clear words.",
    "Files inside one common folder are found; what a Mac adds is ignored.",
    "Unsafe or doubled names, too many entries, too large or too well packed: refused before unpacking.",
    "The same zip twice writes nothing the second time.",
    "An older bulk zip that comes late does not overwrite newer data.",
    "Every grade code is taken, usual spellings are mapped, others become `Other` and their value is kept.",
    "Flags may be text in any case or JSON's own; anything else is a warning.",
    "A class of several terms is current while any of them is.",
    "Somebody enrolled twice in a class is one member, with two enrollments kept.",
    "Somebody of two organisations belongs to both.",
    "An enrollment that came before its class is linked once the class comes, without being sent again.",
    "Enrollments of nobody or nowhere are counted and listed, and fail nothing.",
    "A link between student and guardian is kept from whichever side tells it.",
    "A password is kept and logged nowhere, from files and from services.",
    "REST: the offset advances by the records received, whatever limit was asked for.",
    "REST: works without total and without links.",
    "REST: an empty page is the end; a service that ignores the offset is not asked for ever.",
    "REST: a total that changes restarts the read, at most three times, with no sweep between.",
    "REST: /schools is read under `schools` and under `orgs`.",
    "REST: 200 with an error body or without a collection is an error; nothing is swept.",
    "REST: nulls are accepted, also for metadata.",
    "REST: a collection that came empty after it was not sweeps nothing, and somebody is told.",
    "REST: a drop above the threshold holds the run; the data stays.",
    "REST: after 401 the sign-in is tried once more, with credentials fetched anew; then the run stops and tells.",
    "REST: Retry-After is honoured in seconds and as a date; without it pauses grow, differ and end.",
    "REST: 500, 502, 503 and 504 are tried again a few times; then the last good roster stays.",
    "REST: 403 or 404 of one collection does not sweep it and does not stop the others.",
    "REST: OAuth 1.0a signatures equal the vectors, SHA-256 and SHA-1.",
    "REST: a filter with spaces, equal signs and quotes is sent as it was signed.",
    "REST: each try has a nonce and a timestamp of its own.",
    "REST: ids are percent-encoded in paths; an application id that is encoded already is sent as it is.",
    "REST: what was deleted at the source is gone after one full read.",
    "Equal ids of two districts never meet.",
    "The status `inactive` means removed.",
    "A run that is killed anywhere goes on or begins again, without doubles and without an early sweep.",
    "The report counts for each collection what came and what became of it.",
    "REST: `roles[]` of 1.2 and `role` with `orgs` of 1.1 give the same.",
    "A date with a time becomes the calendar date that is written.",
    "Enrollments in other roles are kept and make nobody a student or teacher of the class.",
    "A source that sees a part of the schools leaves the records of another source alone.",
), 1))

CLEVER: Statements = dict(enumerate((
    "Requests carry the bearer token, and it is never logged.",
    "District tokens are listed with the app's own key, and read by owner.",
    "A rotated token is picked up without anybody's help.",
    "After 401 tokens are listed once more; a district that is gone is shown as disconnected and nothing is archived.",
    "`next` links are followed, on the API's host alone, until there is none.",
    "Empty pages and pages without links are accepted.",
    "No page is larger than 10,000; after 413 it is made smaller.",
    "After 429 the wait is until the told reset, then the same page comes.",
    "500, 502 and 503 are tried again after growing pauses; 400, 404 and 501 are not, 401 only after a new look-up.",
    "An error page in HTML is survived.",
    "Unknown fields are ignored, unknown words kept.",
    "Everything that is not guaranteed may be absent, null or blank.",
    "Every grade word is accepted: Other, Ungraded, blank, 13, TransitionalKindergarten.",
    "A birth date in any form rejects nobody.",
    "Names in any script and of any length do not fail a run.",
    "An e-mail may lack its sign, be missing, or be that of another person.",
    "A user is known by the id; legacy ids are kept as further identities.",
    "Teacher, staff and district administrator may be one person.",
    "A contact and a teacher of one e-mail stay two people.",
    "Administrators and staff without a school are accepted.",
    "A contact without a first name is taken with the last name.",
    "Members of a class are its students and teachers; `teacher` is the primary one.",
    "All co-teachers are in the class; there may be no primary one.",
    "A student of another school may be in a section.",
    "A student of several schools belongs to each; `school` is the primary one.",
    "A teacher without a section keeps the account.",
    "Two sections of one name stay two.",
    "A term or course with a new id takes its sections along; none is archived.",
    "An id that is missing in a complete read is archived, not erased; a torn or failed read archives nothing.",
    "An id that comes back is the same record, also of terms, courses and sections.",
    "The same sync twice changes nothing the second time.",
    "Too many archives wait for an approval.",
    "A district that shows nobody archives nobody.",
    "There are a daily schedule and runs by hand; two runs of a district never overlap.",
    "A paused district is synced without an alarm and shown as paused.",
    "The record of a run shows state, times, counts, holds and the problems of single records.",
    "Events: the newest one is noted before a full read begins.",
    "Events: taken in the order of their ids; the cursor moves with the commit.",
    "Events: one that is told again changes nothing.",
    "Events: an update of somebody unknown creates, a deletion is ignored, a creation of somebody archived restores.",
    "Events: previous attributes are read in either place and needed nowhere.",
    "Events: older than 28 days or not known any more means a full read.",
    "Events: unknown kinds are skipped and counted.",
    "Events: a role that is lost takes the right and leaves the account.",
    "Events: an interrupted page is read again without loss and without a double effect.",
    "Sign-in: a callback without state exchanges no code and starts again from our side.",
    "Sign-in: a callback with a wrong state makes no session.",
    "Sign-in: at most one restart by itself, then a page with a button.",
    "Sign-in: a code is exchanged once; a replay shows no error to who is signed in.",
    "Sign-in: the token request has Basic sign-in, a JSON body and the same redirect address.",
    "Sign-in: a session of somebody else is replaced by a new one.",
    "Sign-in: people are found by Clever's ids, by e-mail only where a rule says so.",
    "Sign-in: an unknown person is provisioned, or gets a page that says what is next.",
    "Sign-in: errors, expired codes and failures give a friendly page with an id and a way on.",
    "Sign-in: people of a district that is not connected are refused politely.",
    "Sign-in: an id token is checked for signature, issuer, audience, age and nonce.",
    "Sign-in: the log-out button ends our session alone.",
    "Sign-in: the page shows name and role of who is signed in.",
    "Sign-in: after it, redirects lead to our own paths only.",
    "Sign-in: a missing e-mail or name blocks nobody.",
), 1))

_NO_SIGN_IN = "About signing in, which comes with single sign-on; nothing here is read from a source."

LEFT_OUT: Mapping[str, Statements] = {
    "or": {},
    "cl": dict.fromkeys(range(46, 61), _NO_SIGN_IN),
}
"""List → number of a statement without a test → why."""

REMARKS: Mapping[str, Statements] = {
    "or": {
        10: "The whole set is refused, not the file alone: a part of a set is no proof of anything.",
        13: "Neither row is taken. A record that was applied before stays as it was.",
        19: "By default it is taken with a warning; the option `strict` refuses it.",
        28: "Shown where it matters today: whether an ended term explains why a class leaves.",
        52: "Every read of a service is a full one; `dateLastModified` is not asked by.",
        59: "Shown by the key of the item, by which students and teachers of a class are found.",
    },
    "cl": {
        16: "Two employees can not share an e-mail: Clever makes them one user.",
        32: "The whole plan waits, creates and updates too: what was looked at is what is applied.",
        36: "When Clever itself last took up data is told by the connection test.",
    },
}
"""List → number → a remark that stands under the statement."""

LISTS: Mapping[str, tuple[str, Statements]] = {"or": ("OneRoster", ONEROSTER), "cl": ("Clever", CLEVER)}
"""Letters in the names of tests → the list."""
