"""What a person may do at a product: roles of the roster and rules of the product (reference/sso.md 5.3). Pure.

A role never comes from the portal. Its word is a hint that chooses among what is allowed, and a witness: a portal that
says student where the roster has an adult, or the other way round, means a wrong match.

SSO-305 (not for this school) is never raised: no product is for single schools. What a district shares decides who is
in the roster (SSO-208), and `not_for` takes classes from a product, not people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.model.sign_in import Registration
from homeroom.model.sign_in_choices import SignInView
from homeroom.model.vocabulary import GUARDIAN_ROLES, STAFF_ROLES
from homeroom.products.sign_in import GROUP_OF_ROLE, Access, Door, SignInRules, sign_in_rules
from homeroom.sso.stops import Stop

STUDENT = "student"
ROLE_WORDS: Mapping[str, str] = {
    "teacher": "teacher", "administrator": "administrator", "aide": "staff", "proctor": "staff", STUDENT: STUDENT,
}
"""Role of the roster → role in tokens. Their order counts where no hint chooses: whoever teaches comes to teach."""
ROLE_CONFLICT = "role conflict"
"""Security event: the portal says student, the roster an adult, or the other way round."""
STAFF_HINTS = frozenset(ROLE_WORDS.values()) - {STUDENT}
"""Words of a portal, as `homeroom.sso.subject.HINTS` has them, that call somebody staff."""
_AT_A_DOOR: Mapping[str, str] = {"SSO-306": STUDENT, "SSO-307": "administrator"}
"""Pages that lead people of a role somewhere else."""


@dataclass(frozen=True)
class Admitted:
    """The role of this sign-in, and all that the person has and the product may see."""

    role: str
    roles: tuple[str, ...]


def admit(record: Mapping[str, Any], hint: str, view: SignInView, registration: Registration) -> Admitted:
    """Choose the role. `hint` is a role word of tokens, or empty. Raises Stop with SSO-303, 304, 306, 307 or 308."""
    roles, rules = roles_of(record), sign_in_rules(registration.product, registration.line)
    _refuse_contradiction(roles, hint)
    allowed = tuple(dict.fromkeys(
        word for role, word in ROLE_WORDS.items() if role in roles and _may(role, rules, students=view.students)))
    if not allowed:
        raise _refused(roles, hint, rules)
    return Admitted(hint if hint in allowed else allowed[0], allowed)


def door(code: str, registration: Registration, role: str = "") -> Door | None:
    """Where people of a role are sent, for the page that sends them away. `role`: of the roster, where not by code."""
    rules = sign_in_rules(registration.product, registration.line)
    return rules.refused.get(role or _AT_A_DOOR.get(code, ""))


def roles_of(record: Mapping[str, Any]) -> frozenset[str]:
    """Every role of a person anywhere: the roster has one as `role`, and each with its organisation in `roles`."""
    named = {str(entry).partition(":")[0] for entry in record.get("roles") or ()}
    return frozenset(named | {str(record["role"])} if record.get("role") else named)


def _may(role: str, rules: SignInRules, *, students: bool) -> bool:
    access: Access = getattr(rules, GROUP_OF_ROLE[role])
    return access == "yes" or (access == "option" and students)


def _refuse_contradiction(roles: frozenset[str], hint: str) -> None:
    child, adult = STUDENT in roles, bool(roles & (STAFF_ROLES | GUARDIAN_ROLES))
    if (hint == STUDENT and adult and not child) or (hint in STAFF_HINTS and child and not adult):
        raise Stop("SSO-304", "portal and roster disagree whether this is a student", security=ROLE_CONFLICT)


def _refused(roles: frozenset[str], hint: str, rules: SignInRules) -> Stop:
    """The page of the role that the person came with, else of the first that the person has."""
    mine = [role for role in ROLE_WORDS if role in roles]
    role = next((one for one in mine if ROLE_WORDS[one] == hint), mine[0] if mine else "")
    if role == STUDENT:
        return Stop("SSO-308", "students are not switched on") if rules.students == "option" \
            else Stop("SSO-306", "the product has no student login")
    if role == "administrator" and role in rules.refused:
        return Stop("SSO-307", "administrators log in elsewhere")
    return Stop("SSO-303", "no role that may sign in")
