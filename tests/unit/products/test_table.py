"""Every cell of the table of products in the requirements, through what staff call; the tests are named after them."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.integration import Integration, SignIn
from homeroom.products import LINES, PRODUCTS, HandPolicy, rules_of, sign_in_of
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.plans import run_through
from tests.unit.products.asking import (
    ALL,
    CLEVER_API,
    EVERY_WAY,
    GALILEO,
    ONE_SCHOOL,
    PORTAL,
    SCHOOL_MANAGER,
    SONDAY,
    Way,
    first_way,
    serving,
)
from tests.unit.support.asking import connect, do

BY_ONEROSTER: tuple[Way, ...] = (
    ("clever", "oneroster_rest"), ("clever", "csv_pushed"), ("clever", "csv_pulled"),
    ("classlink", "oneroster_rest"), ("classlink", "csv_pushed"), ("classlink", "csv_pulled"),
    ("none", "csv_pushed"), ("none", "csv_pulled"),
)
WAYS: dict[str, tuple[Way, ...]] = {product: BY_ONEROSTER if product in SONDAY else (CLEVER_API,) for product in ALL}
LINE: dict[str, str] = {**dict.fromkeys(SONDAY, "Sonday"), **dict.fromkeys(PORTAL, "Imagine Learning portal"),
                        GALILEO: "Galileo", SCHOOL_MANAGER: "School Manager"}
STUDENTS: dict[str, str] = {**dict.fromkeys(SONDAY, "no"), **dict.fromkeys(PORTAL, "yes"), GALILEO: "option",
                            SCHOOL_MANAGER: "yes"}
BY_HAND: dict[str, HandPolicy] = {
    **dict.fromkeys(SONDAY, HandPolicy("adopt", "archive")), **dict.fromkeys(PORTAL, HandPolicy("adopt", "keep")),
    GALILEO: HandPolicy("leave", "keep"), SCHOOL_MANAGER: HandPolicy("adopt", "archive"),
}


def cells(column: str, products: tuple[str, ...] = ALL) -> Any:
    return pytest.mark.parametrize("product", products, ids=[f"{product}: {column}" for product in products])


def connected(wanted: Integration) -> MemoryWorld:
    world = memory_world()
    connect(world, wanted)
    return world


def choose(world: MemoryWorld, **choices: Any) -> dict[str, Any]:
    return do(world, "options", integration="lab-usd", choices=choices, by="csm")


def signing_in_at(product: str) -> dict[str, Any]:
    """What ClassLink needs; Clever's own roster knows its tenant by the District ID."""
    return {"portals": {"classlink": {"tenants": ["2084"]}}} if product in SONDAY else {}


def refuses(wanted: Integration) -> str:
    """What is said to whoever connects it, with what to do."""
    world = memory_world()
    with pytest.raises(Refused) as refused:
        connect(world, wanted)
    assert (world.integrations.list(), world.runs.audits) == ([], [])
    return str(refused.value)


def test_the_catalogue_has_the_products_of_the_table_and_no_others() -> None:
    assert (tuple(PRODUCTS), sum(LINES.values(), ())) == (ALL, ALL)


@cells("line")
def test_line(product: str) -> None:
    wanted = serving(product, way=first_way(product))
    assert wanted.product_line == LINE[product]
    assert rules_of(connected(wanted).integrations.get("lab-usd")).products == (product,)
    other = next(line for line in LINES if line != LINE[product])
    assert f"{product} is no product of {other}" in refuses(wanted.model_copy(update={"product_line": other}))


@cells("sources")
def test_sources(product: str) -> None:
    for way in EVERY_WAY:
        wanted = serving(product, way=way)
        if way in WAYS[product]:
            assert connected(wanted).integrations.get("lab-usd").transport == way[1]
        else:
            said = refuses(wanted)
            assert f"{LINE[product]} can not be rostered from" in said
            assert "Take one of: " in said.splitlines()[1]


@cells("daily schedule", (GALILEO,))
def test_daily(product: str) -> None:
    world = connected(serving(product))
    assert world.integrations.get("lab-usd").schedule.mode == "daily"
    assert [timer.name for timer in world.timers.list()] == ["lab-usd"]


@cells("weekly window", (SCHOOL_MANAGER,))
def test_weekly(product: str) -> None:
    told = connect(memory_world(), serving(product, timezone="America/Denver"))
    assert told["schedule"].startswith(("SAT", "SUN"))
    assert "America/Denver" in told["schedule"]


@cells("schedule is the district's own", (*SONDAY, *PORTAL))
def test_no_schedule(product: str) -> None:
    assert connected(serving(product, way=first_way(product))).timers.list() == []


@cells("a chosen schedule wins")
def test_a_schedule_that_is_given_wins_over_the_catalogues(product: str) -> None:
    chosen = {"mode": "days", "days": ("TUE",), "at": "19:00"}
    world = connected(serving(product, way=first_way(product), schedule=chosen))
    assert world.integrations.get("lab-usd").schedule.days == ("TUE",)


@cells("student SSO")
def test_student_sso(product: str) -> None:
    assert sign_in_of(PRODUCTS[product]).students == STUDENTS[product]
    world = connected(serving(product, way=first_way(product)))
    asked = {"sign_in": {"on": True, "students": True, **signing_in_at(product)}}
    if STUDENTS[product] == "no":
        with pytest.raises(Refused, match=f"there is no student login at {LINE[product]}"):
            choose(world, **asked)
        page = sign_in_of(PRODUCTS[product]).refused["student"]
        assert "no login" in page.text
    else:
        assert choose(world, **asked)["set"]["sign_in"] == {
            "on": True, "students": True, "portals": {}, "ended": None}


@cells("teacher SSO")
def test_teacher_sso(product: str) -> None:
    assert sign_in_of(PRODUCTS[product]).teachers == "yes"
    world = connected(serving(product, way=first_way(product)))
    told = choose(world, sign_in={"on": True, **signing_in_at(product)})
    assert (told["set"]["sign_in"]["on"], told["effect"]) == (True, "takes effect at once")


@cells("admin SSO")
def test_admin_sso(product: str) -> None:
    rules = sign_in_of(PRODUCTS[product])
    if product in SONDAY:
        assert rules.administrators == "no"
        assert rules.refused["administrator"].address == "https://admin.imaginesonday.com"
    else:
        assert (rules.administrators, "administrator" in rules.refused) == ("yes", False)


@cells("start address", (*SONDAY, *PORTAL))
def test_start_address(product: str) -> None:
    start = "https://teacher.imaginesonday.com" if product in SONDAY else "https://login.imaginelearning.com"
    assert sign_in_of(PRODUCTS[product]).start == start
    assert start in sign_in_of(PRODUCTS[product]).addresses


@cells("manual data")
def test_manual_data(product: str) -> None:
    assert rules_of(serving(product, way=first_way(product))).hand == BY_HAND[product]


@cells("manual data: the SIS as the only source")
def test_only_source(product: str) -> None:
    world = connected(serving(product, way=first_way(product)))
    if product in SONDAY:
        choose(world, options={"only_source": True})
        assert rules_of(world.integrations.get("lab-usd")).hand == HandPolicy("adopt", "archive", only_source=True)
    else:
        with pytest.raises(Refused, match="keeps what was made by hand"):
            choose(world, options={"only_source": True})


@cells("rules: primary administrator by hand")
def test_primary_administrator(product: str) -> None:
    world = memory_world(serving(product, way=("none", "csv_pushed")))
    run_through(world, "export.zip", [])
    told = do(world, "status", integration="lab-usd")
    steps = {step["name"]: step for step in told["steps"]}
    if product in SONDAY:
        assert steps["primary administrator"]["done"] is False
        assert (told["status"], told["owner"]) == ("up to date", "vendor")
        assert "no administrator is a primary administrator yet" in told["text"]
    else:
        assert ("primary administrator" in steps, told["owner"]) == (False, "nobody")


@cells("rules: one school per student")
def test_one_school(product: str) -> None:
    wanted = serving(product, way=first_way(product))
    assert rules_of(wanted).one_school == ((product,) if product in ONE_SCHOOL else ())
    world = connected(wanted)
    if product in ONE_SCHOOL:
        choose(world, options={"one_school": True})
        assert rules_of(world.integrations.get("lab-usd")).choose_home
    else:
        with pytest.raises(Refused, match=r"may be used in several schools[^\n]*\nLeave one_school"):
            choose(world, options={"one_school": True})


@cells("rules: `Other` = grade 6 or above")
def test_grade_other(product: str) -> None:
    words = rules_of(serving(product, way=first_way(product))).grade_words
    assert words["Other"] == ("6 or above" if product == GALILEO else "Other")
    assert (words["KG"], words["06"], words["12"]) == ("K", "6", "12")


@cells("rules: missing grades are reported")
def test_needs_grades(product: str) -> None:
    assert rules_of(serving(product, way=first_way(product))).needs_grades is (product != SCHOOL_MANAGER)


@cells("rules: Clever Goals not supported")
def test_goals(product: str) -> None:
    said = refuses(serving(product, way=first_way(product), options={"goals": True}))
    assert f"Clever Goals are currently not supported by {product}" in said


@cells("rules: SSO needs Clever rostering", (GALILEO,))
def test_sso_needs_rostering(product: str) -> None:
    wanted = serving(product, way=("clever", "oneroster_rest"), sign_in={"on": True})
    said = "sign-in to Galileo can not be used without Clever rostering"
    assert said in refuses(wanted)
    world = memory_world(wanted.model_copy(update={"sign_in": SignIn()}))
    with pytest.raises(Refused, match=said):
        choose(world, sign_in={"on": True})


@cells("rules: SSO without Clever rostering", SONDAY)
def test_sso_on_a_roster_that_came_another_way(product: str) -> None:
    """ClassLink for sign-in alone: the roster comes by files (requirement D4)."""
    tenant, match = {"tenants": ["2084"]}, {"portal": "sourced_id", "roster": "identifier"}
    for way, portals in ((("classlink", "csv_pushed"), {"classlink": tenant}),
                         (("none", "csv_pushed"), {"classlink": tenant | {"match": match}}),
                         (("clever", "oneroster_rest"), {"classlink": tenant | {"match": match}})):
        world = connected(serving(product, way=way, sign_in={"on": True, "portals": portals}))
        assert world.integrations.get("lab-usd").sign_in.on
        assert world.sign_ins.tenants_of("lab-usd")[0].integrations == {"Sonday": "lab-usd"}
    assert "nowhere to sign in from" in refuses(serving(product, way=("none", "csv_pushed"), sign_in={"on": True}))


@cells("rules: its app in Clever may bear another name", (GALILEO,))
def test_name_in_clever(product: str) -> None:
    assert PRODUCTS[product].in_clever is not None
    assert "name of its app in Clever may be another one" in PRODUCTS[product].open[0]


@cells("rules: match by name")
def test_match_by_name(product: str) -> None:
    asked = {"match_by_name": True, "directory": {"kind": "uploaded"}}
    world = connected(serving(product, way=first_way(product)))
    if product == SCHOOL_MANAGER:
        choose(world, options=asked)
        assert rules_of(world.integrations.get("lab-usd")).match_by_name
        with pytest.raises(Refused, match="needs the district's directory"):
            choose(world, options={"directory": None})
    else:
        with pytest.raises(Refused, match="does not offer Match Users By Name"):
            choose(world, options=asked)


@cells("rules: unique class names")
def test_class_names(product: str) -> None:
    world = connected(serving(product, way=first_way(product)))
    assert rules_of(world.integrations.get("lab-usd")).class_names == "off"
    for word in ("on", "where they clash"):
        if product == SCHOOL_MANAGER:
            choose(world, options={"class_names": word})
            assert rules_of(world.integrations.get("lab-usd")).class_names == word
        else:
            with pytest.raises(Refused, match="does not offer Force Unique Class Names"):
                choose(world, options={"class_names": word})


@cells("rules: parent data")
def test_parent_data(product: str) -> None:
    world = connected(serving(product, way=first_way(product)))
    rules = rules_of(world.integrations.get("lab-usd"))
    if product == SCHOOL_MANAGER:
        assert (rules.parents, "guardian" in (rules.roles or ()), "sms" in rules.fields["people"]) == (True, True, True)
        choose(world, options={"parents": False})
        rules = rules_of(world.integrations.get("lab-usd"))
    else:
        with pytest.raises(Refused, match="does not offer Sync Parent Data: no parent is stored"):
            choose(world, options={"parents": True})
    assert (rules.parents, "guardian" in (rules.roles or ()), "sms" in rules.fields["people"]) == (False, False, False)


@cells("only the data that is relevant to it")
def test_fields(product: str) -> None:
    fields = rules_of(serving(product, way=first_way(product))).fields
    kept = {"given_name", "family_name", "username", "identifier", "user_ids", "email", "grades", "grade_levels"}
    assert kept <= fields["people"]
    assert {"pronouns", "middle_name", "master_identifier", "metadata"} & fields["people"] == set()
    assert all("metadata" not in names for names in fields.values())
