"""Two exports of one district, a day apart, with every kind of change between them."""

from __future__ import annotations

from tests.builders.oneroster import Files, small_district

ONLY_OF_THE_SECOND_DAY = {"student-new", "enrollment-new"}


def first_day() -> Files:
    return small_district()


def next_day() -> Files:
    """Every kind of change at once: a student leaves, comes, is renamed, changes class; two swap their usernames."""
    files = small_district()
    students = [row for row in files["users"] if row["role"] == "student"]
    leaver, renamed, mover, one, other = students[:5]
    one["username"], other["username"] = other["username"], one["username"]
    files["users"] = [row for row in files["users"] if row is not leaver]
    files["enrollments"] = [row for row in files["enrollments"] if row["userSourcedId"] != leaver["sourcedId"]]
    renamed["familyName"], renamed["username"] = "Renamed-Sample", "renamed.sample"
    newcomer = {**mover, "sourcedId": "student-new", "username": "student.new", "identifier": "90001",
                "agentSourcedIds": ""}
    files["users"].append(newcomer)
    moved = next(row for row in files["enrollments"] if row["userSourcedId"] == mover["sourcedId"])
    elsewhere = next(row for row in files["classes"] if row["sourcedId"] != moved["classSourcedId"])
    moved["classSourcedId"] = elsewhere["sourcedId"]
    files["enrollments"].append({**moved, "sourcedId": "enrollment-new", "userSourcedId": "student-new"})
    return files
