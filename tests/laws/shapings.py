"""Towns and rules for the laws of shapes: students in several schools, several grades and roles, classes with one name,
co-teachers, parents who teach, people renamed, ids swapped.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from homeroom.model.vocabulary import GRADES
from homeroom.products.rules import Rules
from tests.fakes.twins import twin_of
from tests.laws.towns import FAMILY, STAFF, STUDENTS, Town, edits, pick, towns

ONE, TOO, OTHER = "One", "Too", "Other"
"""Two products of one school, and one without the rule."""
ROLES = frozenset({"administrator", "teacher", "student"})
_WORDS = {grade: grade if grade.isdigit() else "Other" for grade in GRADES.words}


@st.composite
def busy(draw: st.DrawFn, faults: bool = True) -> Town:
    """A town where much is shared: titles, schools, classes, roles."""
    return draw(busier(draw(towns(faults))))


@st.composite
def busier(draw: st.DrawFn, town: Town) -> Town:
    town = twin_of(town)
    for id, user in town["users"].items():
        user["grades"] = draw(pick(["", "05", "05,06", "KG,05", "Twelfth"])) if id in STUDENTS else ""
        user["primaryOrgSourcedId"] = draw(pick(["", "", "", "a", "b"]))
        user["roles"] = draw(pick(_roles_of(id, user["role"], user["orgSourcedIds"])))
    for row in town["classes"].values():
        row["title"] = draw(pick(["A", "a ", "B", "A - c1"]))
        row["classType"] = draw(pick(["scheduled", "scheduled", "homeroom"]))
    return town


def _roles_of(id: str, role: str, orgs: str) -> list[str]:
    """Mostly what role and organisations say; sometimes a student who helps, a parent who teaches."""
    plain = ",".join(f"{role}:{org}" for org in orgs.split(","))
    first = orgs.split(",")[0]
    more = {**dict.fromkeys(STUDENTS, "aide"), **dict.fromkeys(STAFF, "parent"), **dict.fromkeys(FAMILY, "teacher")}
    known = role in ("student", "teacher", "aide", "guardian", "parent")
    return ["", "", plain, f"{plain},{more[id]}:{first}"] if known else [""]


@st.composite
def next_days(draw: st.DrawFn, town: Town, faults: bool = True) -> Town:
    """The next day of a busy town: rows drawn anew, a person renamed, two people who swap their ids."""
    changed = draw(edits(town, faults))
    for id in draw(st.lists(pick(sorted(changed["users"]) or ["-"]), max_size=2)):
        if id in changed["users"]:
            changed["users"][id]["familyName"] = "Renamed-Sample"
    one, other = draw(pick([("s1", "s2"), ("t1", "t2"), ("-", "-")]))
    if one in changed["users"] and other in changed["users"]:
        users = changed["users"]
        users[one], users[other] = users[other] | {"sourcedId": one}, users[one] | {"sourcedId": other}
    return draw(busier(changed)) if draw(st.booleans()) else changed


@st.composite
def rules_of_products(draw: st.DrawFn, **fixed: Any) -> Rules:
    """Any rules, but for those that are fixed."""
    drawn: dict[str, Any] = {
        "products": draw(pick([(ONE, TOO), (ONE, OTHER), (ONE, TOO, OTHER)])),
        "roles": draw(pick([None, ROLES, ROLES | {"guardian"}])),
        "parents": draw(st.booleans()),
        "fields": draw(pick([{}, {"people": frozenset({"grades", "orgs", "roles", "primary_org"})}])),
        "grade_words": draw(pick([{}, _WORDS])),
        "needs_grades": draw(st.booleans()),
        "class_names": draw(pick(["off", "on", "where they clash"])),
        "choose_home": draw(st.booleans()),
        "home_schools": draw(pick([{}, {"s1": "a"}, {"s2": "nowhere"}])),
    }
    drawn |= fixed
    schools = tuple(name for name in drawn["products"] if name != OTHER)
    return Rules(**{"one_school": draw(pick([(), schools])), **drawn})
