"""Complaints about one person who became two, or two who became one, at Clever. Numbers are those of `complaints_c`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from homeroom.model.events import Approve, Started
from homeroom.model.integration import Limit
from homeroom.model.run import RunRecord
from homeroom.support.operations import act
from tests.builders.oneroster import district
from tests.complaints.small_clever import HOW, asked
from tests.conformance.lab import CleverLab, clever, codes, counts, tripped, writes
from tests.unit.support.asking import BY

PORTAL, GALILEO = "Imagine Learning portal", "Galileo"


def person(lab: CleverLab, identity: str) -> dict[str, Any]:
    """The one person whom this identity means."""
    [found] = asked(lab, "person", identity=identity)["people"]
    return dict(found)


def people(lab: CleverLab, username: str) -> list[str]:
    """Internal ids of active people with a username, made by hand or not."""
    return [i["id"] for i in lab.world.roster.items.values() if i.get("entity") == "people" and "shard" in i
            and i["status"] == "active" and i.get("username", "").lower() == username]


def before_clever(lab: CleverLab, line: str, source_id: str = "quick-1", username: str = "user.s-1") -> str:
    """s-1 is not shared yet and has an account and a club made by hand; the internal id."""
    now = lab.world.integrations.get("clever")
    lab.world.integrations.put(now.model_copy(update={"product_line": line}))
    lab.district.unshare("users", lab.id("users", "s-1"))
    lab.run()
    school = lab.id("schools", "school-1")
    who = {"role": "student", "orgs": [school], "username": username, "given_name": "Test", "family_name": "Early"}
    id = asked(lab, "create", entity="people", source_id=source_id, fields=who, **BY)["id"]
    club = asked(lab, "create", entity="classes", fields={"title": "Club", "school": school}, **BY)["source_id"]
    place = {"class": club, "person": source_id, "role": "student"}
    asked(lab, "create", entity="enrollments", fields=place, **BY)
    return str(id)


def is_shared(lab: CleverLab, **how: Any) -> RunRecord:
    """Now Clever shares s-1 too."""
    lab.district.reshare("users", lab.id("users", "s-1"))
    return lab.run(**how)


@pytest.fixture
def unread() -> Iterator[CleverLab]:
    """The small district at Clever, not read yet."""
    with clever() as made:
        yield made


@pytest.mark.parametrize("how", HOW)
def test_c1_accounts_from_before_the_roster_become_no_duplicates(unread: CleverLab, how: dict[str, bool]) -> None:
    id = before_clever(unread, PORTAL)
    record = is_shared(unread, **how)
    assert (codes(record)["MAN-01"], counts(record, "people")["adopted"], counts(record, "people")["created"]) == (
        1, 1, 0)
    assert people(unread, "user.s-1") == [id]
    assert {one["title"] for one in person(unread, "user.s-1")["classes"]} == {"Club", "Class c-1", "Class c-2"}


def test_c1_who_can_not_be_told_for_sure_is_listed_and_not_merged(unread: CleverLab) -> None:
    id = before_clever(unread, PORTAL, username="another.name")
    record = is_shared(unread)
    assert codes(record)["MAN-02"] >= 1
    assert people(unread, "another.name") == [id]
    assert id not in people(unread, "user.s-1")
    assert id in {one["id"] for one in asked(unread, "by_hand")["records"]}


def test_c2_the_id_decides_and_an_email_of_two_people_means_neither(lab: CleverLab) -> None:
    one, two = lab.id("users", "t-1"), lab.id("users", "t-2")
    before = {who: person(lab, who)["id"] for who in (one, two)}
    lab.district.update("users", two, email="t-1@sample.example")
    record = lab.run()
    assert {who: person(lab, who)["id"] for who in (one, two)} == before
    assert {i["source_id"] for i in lab.issues(record) if i["code"] == "DUP-03"} == {one, two}
    told = asked(lab, "explain", record="t-1@sample.example")
    assert (told["code"], set(told["records"])) == ("several", {one, two})


def test_c7_a_teacher_of_many_accounts_is_one_person_under_each_of_them(lab: CleverLab) -> None:
    """Clever's id, the id of Clever's older version, the sign-in name, the number and the address: one account."""
    found = person(lab, lab.id("users", "t-1"))
    known = {one["kind"]: one["value"] for one in found["identities"]}
    assert set(known) == {"sourced_id", "username", "identifier", "email", "legacy_id"}
    assert {person(lab, value)["id"] for value in known.values()} == {found["id"]}


def test_c7_a_teacher_who_signs_in_another_way_keeps_the_account(lab: CleverLab) -> None:
    one = lab.id("users", "t-1")
    before = person(lab, one)
    lab.district.update("users", one, email="moved@other.example")
    lab.district.update_role(one, "teacher", credentials={"district_username": "moved.name"})
    assert counts(lab.run(), "people")["created"] == 0
    after = person(lab, "moved.name")
    assert (after["id"], after["classes"]) == (before["id"], before["classes"])
    assert person(lab, "moved@other.example")["id"] == before["id"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("email", [None, ""])
def test_c10_a_teacher_without_an_email_keeps_account_and_classes(
    lab: CleverLab, email: str | None, how: dict[str, bool]
) -> None:
    one = lab.id("users", "t-1")
    before = person(lab, one)
    lab.district.update("users", one, email=email)
    record = lab.run(**how)
    after = person(lab, one)
    assert (counts(record, "people")["archived"], counts(record, "people")["errors"]) == (0, 0)
    assert (after["id"], after["status"], after["classes"]) == (before["id"], "active", before["classes"])
    assert "email" not in after["fields"]


def test_c19_an_account_made_on_the_side_gets_clevers_id_and_no_clash(unread: CleverLab) -> None:
    id = before_clever(unread, PORTAL)
    record = is_shared(unread)
    found = person(unread, "user.s-1")
    assert (found["id"], found["source_id"], found["made_by_hand"]) == (id, unread.id("users", "s-1"), False)
    assert not {"DUP-03", "IDN-02"} & set(codes(record))


def test_c19_where_such_accounts_stay_theirs_one_operation_hands_them_over(unread: CleverLab) -> None:
    id = before_clever(unread, GALILEO)
    assert codes(is_shared(unread))["MAN-05"] == 1
    assert person(unread, "user.s-1")["source_id"] == "quick-1"
    asked(unread, "release", entity="people", record="quick-1", **BY)
    assert codes(unread.run())["MAN-01"] == 1
    assert (people(unread, "user.s-1"), person(unread, id)["source_id"]) == ([id], unread.id("users", "s-1"))


@pytest.mark.parametrize("by", ["username", "id"])
def test_c20_existing_accounts_are_found_though_no_email_is_shared(unread: CleverLab, by: str) -> None:
    one = unread.id("users", "s-1")
    for who in list(unread.district.shared["users"]):
        unread.district.update("users", who, email=None)
    told = {"username": {}, "id": {"source_id": one, "username": "quite.another"}}
    id = before_clever(unread, PORTAL, **told[by])
    record = is_shared(unread)
    assert counts(record, "people")["adopted"] == 1
    assert person(unread, one)["id"] == id
    assert people(unread, "user.s-1") == [id]


def with_a_staff_half(lab: CleverLab) -> tuple[str, str]:
    """t-1 once more, as staff of another address: Clever's ids of both."""
    roles = {"staff": {"legacy_id": "66a0000f" + "9" * 16, "staff_id": "9", "schools": [lab.id("schools", "school-1")]}}
    staff = lab.district.add("users", "staff-t1", name={"first": "Test", "middle": "", "last": "Teacher t-1"},
                             email="other@sample.example", roles=roles)
    lab.run()
    return lab.id("users", "t-1"), staff


def test_c23_teacher_and_staff_who_become_one_keep_the_teachers_account(lab: CleverLab) -> None:
    teacher, staff = with_a_staff_half(lab)
    before = person(lab, teacher)
    said = lab.district.shared["users"][staff]["roles"]["staff"]
    with lab.district.one_sync():
        lab.district.remove("users", staff)
        lab.district.update_role(teacher, "staff", **said)
    assert counts(lab.run(), "people")["created"] == 0
    after = person(lab, teacher)
    assert (after["id"], after["classes"]) == (before["id"], before["classes"])
    assert {role.partition(":")[0] for role in after["fields"]["roles"]["value"]} == {"teacher", "aide"}


def test_c23_one_who_gets_a_new_id_for_both_is_proposed_as_the_same_teacher() -> None:
    """Whoever wants to look at even one new id sets the floor of that guard to one."""
    with clever() as lab:
        floor = {"GRD-10": Limit(percent=10, floor=1)}
        lab.world.integrations.put(lab.world.integrations.get("clever").model_copy(update={"limits": floor}))
        lab.run()
        teacher, staff = with_a_staff_half(lab)
        id, said = person(lab, teacher)["id"], lab.district.shared["users"]
        both = {**said[teacher]["roles"], **said[staff]["roles"]}
        with lab.district.one_sync():
            lab.district.remove("users", staff)
            new = lab.district.renew("users", teacher, "merged")
            lab.district.update("users", new, roles=both)
        held = lab.run()
        assert (held.outcome, tripped(held), codes(held)["IDN-03"]) == ("held", ["GRD-10"], 1)
        assert approve_rekey(lab, held).outcome == "applied"
        assert person(lab, new)["id"] == person(lab, "user.t-1")["id"] == id


def approve_rekey(lab: CleverLab, held: RunRecord) -> RunRecord:
    """The plan that keeps every identity is approved, by as many people as it needs."""
    assert held.summary is not None
    proposed, answer = held.summary["rekey"], {"state": "waiting"}
    for by in ("first person", "second person")[: proposed["approvers"]]:
        answer = act(Approve(operation="approve", integration="clever", run=held.run, by=by, reason="the same",
                             plan_hash=proposed["plan_hash"], rekey=True), lab.world)
    return lab.end(Started.model_validate(answer))


def test_c9_new_ids_of_the_sis_wait_with_a_proposal_and_archive_nobody() -> None:
    grown = district()
    for n in range(100, 130):
        grown = grown.with_student(f"s-{n}", classes=["c-1"])
    with clever(grown.files, page_size=100) as lab:
        lab.run()
        pupils = {**lab.items("people")}
        ids = {item["username"]: item["id"] for item in pupils.values() if "username" in item}
        with lab.district.one_sync():
            for n in range(100, 130):
                lab.district.renew("users", lab.id("users", f"s-{n}"), f"new-{n}")
        held = lab.full()
        assert (held.outcome, "GRD-10" in tripped(held), codes(held)["IDN-03"]) == ("held", True, 30)
        assert lab.items("people") == pupils
        applied = approve_rekey(lab, held)
        assert (counts(applied, "people")["created"], counts(applied, "people")["archived"]) == (0, 0)
        assert {item["username"]: item["id"] for item in lab.items("people").values() if "username" in item} == ids
        assert lab.id("users", "new-100") in lab.active("people")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("who", ["t-1", "s-1"])
def test_c31_a_new_email_splits_nobody(lab: CleverLab, who: str, how: dict[str, bool]) -> None:
    one = lab.id("users", who)
    id = person(lab, one)["id"]
    lab.district.update("users", one, email="new@other.example")
    assert writes(lab, lambda: lab.run(**how)) >= 1
    assert len(lab.active("people")) == len(lab.district.shared["users"])
    after = person(lab, one)
    assert (after["id"], after["fields"]["email"]["value"]) == (id, "new@other.example")
