"""Which school is meant, told by somebody of it who logged in at Clever (requirement A6; ADR 0034).

Before the first run there is no roster to find anybody in, so such a log-in ends on a page; its reference finds the
attempt, which keeps the tenant and the ids of the schools, and nothing else of the person.
"""

from __future__ import annotations

from typing import Any

from homeroom.errors import NotFound, Refused
from homeroom.model.connect_events import ChooseSchools
from homeroom.model.integration import Integration
from homeroom.model.setup import OrgSeen
from homeroom.model.sign_in import Attempt
from homeroom.model.sign_in_setup_events import SignedInSchool
from homeroom.ports import World
from homeroom.sso.identifying import ALL_SCHOOLS
from homeroom.support.audit import audit
from homeroom.support.choosing import choose_schools, schools_of
from homeroom.support.sign_ins import heard

_AGAIN = "Let an administrator or teacher of the school open the product from the Clever Portal again, and take the " \
         "reference that the page shows."


def signed_in_school(event: SignedInSchool, world: World) -> dict[str, Any]:
    """The schools of a log-in, of this very district; with `confirm` they are chosen as `choose_schools` does it.

    Raises NotFound for an unknown reference, and Refused in words where the log-in tells no school, or is of another
    district.
    """
    integration = world.integrations.get(event.integration)
    attempt = heard(event.login, world)
    if attempt is None:
        raise NotFound("no sign-in has this reference", remedy=_AGAIN)
    _refuse_another_district(attempt, integration)
    schools = _schools(attempt, integration, world)
    answer: dict[str, Any] = {
        "integration": integration.id, "district_id": integration.district_id, "at": attempt.at,
        "all": attempt.schools == (ALL_SCHOOLS,), "schools": [school.model_dump(mode="json") for school in schools],
        "chosen": False,
    }
    if not event.confirm:
        return answer | {"effect": "nothing is chosen yet: look at the schools, then ask again with confirm"}
    audit(world, integration.id, "signed_in_school", event.by, event.reason, login=event.login)
    chosen = choose_schools(ChooseSchools(
        operation="choose_schools", integration=integration.id, by=event.by, reason=event.reason,
        schools="all" if answer["all"] else tuple(school.id for school in schools)), world)
    return answer | {"chosen": True, "sharing": chosen["sharing"], "effect": chosen["effect"]}


def _refuse_another_district(attempt: Attempt, integration: Integration) -> None:
    """The District ID is verified: what Clever said of the log-in is what the integration is connected to."""
    if integration.transport != "clever_api":
        raise Refused("only Clever's own roster knows schools by the ids that a log-in tells",
                      remedy="Find the school by its name: `schools`.")
    if attempt.portal != "clever" or not attempt.tenant:
        raise Refused("this was no log-in at Clever that came to an end", remedy=_AGAIN)
    if not integration.district_id:
        raise Refused(f"the integration has no District ID yet; the log-in was of the district {attempt.tenant}",
                      remedy="Compare it with the district, then `accept` its request.")
    if attempt.tenant != integration.district_id:
        raise Refused(f"the log-in was of another district, {attempt.tenant}, and the integration is of "
                      f"{integration.district_id}",
                      remedy="Look which of the two is meant: somebody else logged in, or the District ID is wrong.")
    if not attempt.schools:
        raise Refused("this log-in tells no school: it was of a student, or the district has a roster already",
                      remedy=f"{_AGAIN} Or find the school by its name: `schools`.")


def _schools(attempt: Attempt, integration: Integration, world: World) -> list[OrgSeen]:
    """The schools with their names, as the source has them. Raises Refused where it shares none of them."""
    shared = schools_of(integration, world)
    found = [school for school in shared if attempt.schools == (ALL_SCHOOLS,) or school.id in attempt.schools]
    if not found:
        raise Refused("the district shares no school of this log-in with the product",
                      remedy="Let the district share it in Clever, then ask again.")
    return sorted(found, key=lambda school: (school.name.casefold(), school.id))
