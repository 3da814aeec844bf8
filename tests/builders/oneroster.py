"""Builds OneRoster CSV sets for tests: valid by default, so that a test names only what matters to it.

    district().with_student("s-99", classes=["c-1"]).write_zip(tmp_path / "set.zip")
    write_zip(path, small_district(), newline="\\n", encoding="utf-8-sig", folder="export/")

People are obviously synthetic. The same files and quirks give the same bytes.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, str]
Files = dict[str, list[Row]]
"""File stem → rows, each a mapping of column to cell; a column that is not named is blank."""

HEADERS: Mapping[str, tuple[str, ...]] = {
    stem: ("sourcedId", "status", "dateLastModified", *columns.split())
    for stem, columns in {
        "orgs": "name type identifier parentSourcedId",
        "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
        "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
        "classes": "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds subjects"
                   " subjectCodes periods",
        "users": "enabledUser orgSourcedIds role username userIds givenName familyName middleName identifier email sms"
                 " phone agentSourcedIds grades password",
        "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
        "demographics": "birthDate sex",
        "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
        "userProfiles": "userSourcedId profileType vendorId applicationId description credentialType username password",
    }.items()
}
"""Columns of OneRoster 1.1 in the order of the specification; `roles` and `userProfiles` are of 1.2."""

USERS_12 = (
    *(column for column in HEADERS["users"] if column not in ("role", "orgSourcedIds")),
    "userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId",
    "pronouns",
)
"""Columns of users.csv in OneRoster 1.2, where role and organisations moved to roles.csv."""

MANIFEST_FILES = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
    "enrollments", "lineItems", "orgs", "resources", "results", "users",
)


@dataclass(frozen=True)
class Quirks:
    """How a set is written. The defaults are what the specification asks for.

    `manifest` False leaves manifest.csv out; `modes` overrides single files; `properties` overrides manifest lines.
    `headers` replaces the header of a file (order, missing or extra columns); `renamed` changes the spelling of a
    column of every file; `raw` gives whole files as bytes, also of unknown names, and replaces what was built.
    """

    newline: str = "\r\n"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote_all: bool = False
    final_newline: bool = True
    version: str = "1.1"
    manifest: bool = True
    modes: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, bytes] = field(default_factory=dict)
    folder: str = ""


def small_district() -> Files:
    """A valid set: 1 district, 2 schools, 1 year with 2 semesters, 3 courses, 4 classes, 3 teachers, 10 students,
    1 guardian linked to the first student from the student's side, 4 teacher and 12 student enrollments."""
    files: Files = {stem: [] for stem in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")}
    files["orgs"] = [
        org("d-1", name="Sample District", type="district", identifier="D1", parentSourcedId=""),
        org("school-1", name="First Sample School"),
        org("school-2", name="Second Sample School"),
    ]
    files["academicSessions"] = [
        term("y-27", title="2026-2027", type="schoolYear", parentSourcedId=""),
        term("sem-1", title="Semester 1", endDate="2026-12-20"),
        term("sem-2", title="Semester 2", startDate="2027-01-05"),
    ]
    files["courses"] = [course(f"course-{n}", title=f"Course {n}") for n in (1, 2, 3)]
    files["classes"] = [
        klass("c-1", courseSourcedId="course-1"),
        klass("c-2", courseSourcedId="course-2", termSourcedIds="sem-1,sem-2"),
        klass("c-3", courseSourcedId="course-3", schoolSourcedId="school-2"),
        klass("c-4", courseSourcedId="course-1", schoolSourcedId="school-2", classType="homeroom"),
    ]
    schools = {"c-1": "school-1", "c-2": "school-1", "c-3": "school-2", "c-4": "school-2"}
    files["users"] += [teacher("t-1"), teacher("t-2"), teacher("t-3", orgSourcedIds="school-2")]
    for person, class_id in (("t-1", "c-1"), ("t-2", "c-2"), ("t-3", "c-3"), ("t-3", "c-4")):
        files["enrollments"].append(
            enrollment(person, class_id, role="teacher", primary="true", school=schools[class_id]))
    for n in range(1, 11):
        class_id = f"c-{(n - 1) % 4 + 1}"
        files["users"].append(student(f"s-{n}", orgSourcedIds=schools[class_id]))
        files["enrollments"].append(enrollment(f"s-{n}", class_id, school=schools[class_id]))
    files["enrollments"] += [enrollment("s-1", "c-2"), enrollment("s-2", "c-1")]
    files["users"].append(guardian("g-1"))
    next(row for row in files["users"] if row["sourcedId"] == "s-1")["agentSourcedIds"] = "g-1"
    return files


def org(sourced_id: str, **cells: str) -> Row:
    """A school of the district `d-1`."""
    return {"sourcedId": sourced_id, "name": f"School {sourced_id}", "type": "school", "identifier": sourced_id,
            "parentSourcedId": "d-1"} | cells


def term(sourced_id: str, **cells: str) -> Row:
    """A semester of the school year `y-27`, from 2026-08-15 to 2027-06-15."""
    return {"sourcedId": sourced_id, "title": f"Term {sourced_id}", "type": "semester", "startDate": "2026-08-15",
            "endDate": "2027-06-15", "parentSourcedId": "y-27", "schoolYear": "2027"} | cells


def course(sourced_id: str, **cells: str) -> Row:
    """A course of the district."""
    return {"sourcedId": sourced_id, "title": f"Course {sourced_id}", "courseCode": f"code-{sourced_id}",
            "schoolYearSourcedId": "y-27", "grades": "05", "orgSourcedId": "d-1"} | cells


def klass(sourced_id: str, **cells: str) -> Row:
    """A scheduled class of `course-1` at `school-1` in `sem-1`."""
    return {"sourcedId": sourced_id, "title": f"Class {sourced_id}", "classCode": f"code-{sourced_id}", "grades": "05",
            "classType": "scheduled", "courseSourcedId": "course-1", "schoolSourcedId": "school-1",
            "termSourcedIds": "sem-1", "periods": "1"} | cells


def student(sourced_id: str, **cells: str) -> Row:
    """An enabled student of grade 05 at `school-1`."""
    return _user(sourced_id, role="student", givenName="Test", familyName=f"Student {sourced_id}", grades="05") | cells


def teacher(sourced_id: str, **cells: str) -> Row:
    """An enabled teacher at `school-1`."""
    return _user(sourced_id, role="teacher", givenName="Test", familyName=f"Teacher {sourced_id}") | cells


def guardian(sourced_id: str, **cells: str) -> Row:
    """An enabled guardian at `school-1`, linked to nobody from this side."""
    return _user(sourced_id, role="guardian", givenName="Test", familyName=f"Guardian {sourced_id}") | cells


def _user(sourced_id: str, **cells: str) -> Row:
    return {"sourcedId": sourced_id, "enabledUser": "true", "orgSourcedIds": "school-1",
            "username": f"user.{sourced_id}", "identifier": f"number-{sourced_id}",
            "email": f"{sourced_id}@sample.example"} | cells


def enrollment(person: str, class_id: str, *, school: str = "school-1", role: str = "student", **cells: str) -> Row:
    """A person's place in a class for the whole year; its id is `e-<person>-<class>`."""
    return {"sourcedId": f"e-{person}-{class_id}", "classSourcedId": class_id, "schoolSourcedId": school,
            "userSourcedId": person, "role": role, "primary": "false", "beginDate": "2026-08-15",
            "endDate": "2027-06-15"} | cells


def copy_of(files: Files) -> Files:
    """The same files with rows of their own."""
    return {stem: [dict(row) for row in rows] for stem, rows in files.items()}


class District:
    """A set that grows by sentences; every `with_…` and `without` returns a new one and leaves the old as it was."""

    def __init__(self, files: Files):
        self.files = files

    def with_row(self, stem: str, row: Row) -> District:
        """One more row at the end of a file."""
        files = copy_of(self.files)
        files.setdefault(stem, []).append(dict(row))
        return District(files)

    def with_student(self, sourced_id: str, *, classes: Sequence[str] = (), **cells: str) -> District:
        """One more student, enrolled in these classes."""
        return self._enrolled(student(sourced_id, **cells), classes, "student")

    def with_teacher(self, sourced_id: str, *, classes: Sequence[str] = (), **cells: str) -> District:
        """One more teacher, teaching these classes."""
        return self._enrolled(teacher(sourced_id, **cells), classes, "teacher")

    def with_guardian(self, sourced_id: str, *, of: str, **cells: str) -> District:
        """One more guardian, linked from the student's side."""
        linked = self.with_row("users", guardian(sourced_id, **cells))
        agents = [a for a in linked.row("users", of).get("agentSourcedIds", "").split(",") if a]
        return linked.with_cells("users", of, agentSourcedIds=",".join([*agents, sourced_id]))

    def with_class(self, sourced_id: str, **cells: str) -> District:
        """One more class."""
        return self.with_row("classes", klass(sourced_id, **cells))

    def with_enrollment(self, person: str, class_id: str, **cells: str) -> District:
        """One more enrollment, at the school of the class if the class is known."""
        schools = [row["schoolSourcedId"] for row in self.files["classes"] if row["sourcedId"] == class_id]
        known = {"school": schools[0]} if schools else {}
        return self.with_row("enrollments", enrollment(person, class_id, **known | cells))

    def with_cells(self, stem: str, sourced_id: str, **cells: str) -> District:
        """The same with cells of one record changed. Raises StopIteration when there is no such record."""
        changed = District(copy_of(self.files))
        changed.row(stem, sourced_id).update(cells)
        return changed

    def without(self, stem: str, *sourced_ids: str) -> District:
        """The same without these records of a file; nothing else is taken along."""
        files = copy_of(self.files)
        files[stem] = [row for row in files[stem] if row["sourcedId"] not in sourced_ids]
        return District(files)

    def without_file(self, stem: str) -> District:
        """The same without a whole file; the manifest then says `absent`."""
        return District({name: rows for name, rows in copy_of(self.files).items() if name != stem})

    def row(self, stem: str, sourced_id: str) -> Row:
        """The first record of that id. Raises StopIteration when there is none."""
        return next(row for row in self.files[stem] if row["sourcedId"] == sourced_id)

    def zip_bytes(self, **quirks: Any) -> bytes:
        """The set as the bytes of a zip."""
        return zip_bytes(self.files, **quirks)

    def write_zip(self, path: Path, **quirks: Any) -> Path:
        """The set as a zip file; returns the path."""
        return write_zip(path, self.files, **quirks)

    def write_folder(self, path: Path, **quirks: Any) -> Path:
        """The set as loose files in a folder; returns the path."""
        return write_folder(path, self.files, **quirks)

    def _enrolled(self, person: Row, classes: Sequence[str], role: str) -> District:
        grown = self.with_row("users", person)
        for class_id in classes:
            grown = grown.with_enrollment(person["sourcedId"], class_id, role=role)
        return grown


def district(files: Files | None = None) -> District:
    """A district to change by sentences; `small_district()` unless other files are given."""
    return District(small_district() if files is None else files)


def as_12(files: Files) -> Files:
    """The same set in OneRoster 1.2: `role` and `orgSourcedIds` of users become rows of roles.csv."""
    moved = copy_of(files)
    moved["roles"] = []
    for user in moved["users"]:
        role, orgs = user.pop("role"), user.pop("orgSourcedIds").split(",")
        for n, org_id in enumerate(orgs):
            moved["roles"].append({
                "sourcedId": f"role-{user['sourcedId']}-{n}", "userSourcedId": user["sourcedId"], "role": role,
                "roleType": "secondary" if n else "primary", "orgSourcedId": org_id,
            })
    return moved


def csv_text(stem: str, rows: Sequence[Row], **quirks: Any) -> str:
    """One file as text, header first."""
    return _csv(stem, rows, Quirks(**quirks))


def manifest_text(files: Files, **quirks: Any) -> str:
    """manifest.csv of these files: `bulk` for each unless `modes` says otherwise, `absent` for all others."""
    return _manifest(files, Quirks(**quirks))


def file_bytes(files: Files, **quirks: Any) -> dict[str, bytes]:
    """Name of each file of the set with its bytes."""
    how = Quirks(**quirks)
    texts = {f"{stem}.csv": _csv(stem, rows, how) for stem, rows in files.items()}
    if how.manifest:
        texts = {"manifest.csv": _manifest(files, how)} | texts
    return {name: text.encode(how.encoding) for name, text in texts.items()} | dict(how.raw)


def zip_bytes(files: Files, **quirks: Any) -> bytes:
    """The set as the bytes of a zip."""
    out = io.BytesIO()
    folder = Quirks(**quirks).folder
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in file_bytes(files, **quirks).items():
            member = zipfile.ZipInfo(folder + name, (2026, 9, 1, 3, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return out.getvalue()


def write_zip(path: Path, files: Files, **quirks: Any) -> Path:
    """Write the set as a zip file; returns the path."""
    path.write_bytes(zip_bytes(files, **quirks))
    return path


def write_folder(path: Path, files: Files, **quirks: Any) -> Path:
    """Write the set as loose files into a folder, which is made; returns the path."""
    folder = path / Quirks(**quirks).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in file_bytes(files, **quirks).items():
        (folder / name).write_bytes(data)
    return path


def _csv(stem: str, rows: Sequence[Row], how: Quirks) -> str:
    columns = how.headers.get(stem) or _columns(stem, rows, how)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=how.delimiter, lineterminator=how.newline,
                        quoting=csv.QUOTE_ALL if how.quote_all else csv.QUOTE_MINIMAL)
    writer.writerow([how.renamed.get(column, column) for column in columns])
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    text = out.getvalue()
    return text if how.final_newline else text.removesuffix(how.newline)


def _columns(stem: str, rows: Sequence[Row], how: Quirks) -> list[str]:
    """The columns of the specification, then what the rows hold beyond them."""
    known = USERS_12 if stem == "users" and how.version.startswith("1.2") else HEADERS[stem]
    return [*known, *dict.fromkeys(column for row in rows for column in row if column not in known)]


def _manifest(files: Files, how: Quirks) -> str:
    also = ["roles", "userProfiles"] if how.version.startswith("1.2") else []
    present = dict.fromkeys(files, "bulk")
    lines = {"manifest.version": "1.0", "oneroster.version": how.version}
    lines |= {f"file.{stem}": (present | dict(how.modes)).get(stem, "absent") for stem in [*MANIFEST_FILES, *also]}
    lines |= {"source.systemName": "Sample SIS", "source.systemCode": "sample"} | dict(how.properties)
    pairs = ["propertyName,value", *(f"{name},{value}" for name, value in lines.items())]
    return how.newline.join(pairs) + (how.newline if how.final_newline else "")
