"""The pages about sign-in say what is so: every page of ours with whose turn it is, steps, words, metrics, alarms."""

from __future__ import annotations

import ast
import json
import re

import pytest

from homeroom.aws import sign_in_noting
from homeroom.model.choice_events import Choices
from homeroom.model.integration import PortalSignIn
from homeroom.model.sign_in_setup_events import TrySignIn
from homeroom.report.metrics import PORTAL_DIFFERS
from homeroom.sso.codes import CODES
from homeroom.support.stories import RULES, STEPS
from tests.conftest import ROOT
from tests.docs.test_docs import text_of

RUNBOOK, GUIDE = "docs/runbooks/sign-in.md", "docs/sign-in.md"
SSO = sorted((ROOT / "layers/homeroom/homeroom/sso").glob("*.py"))


def calls_of(method: str) -> list[ast.Call]:
    """Calls of a method of this name in the code of sign-in."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SSO]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)
            and (getattr(node.func, "attr", None) or getattr(node.func, "id", None)) == method]


def words_said(method: str) -> set[str]:
    """The first argument of these calls, where it is written out."""
    return {str(call.args[0].value) for call in calls_of(method) if call.args
            and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)}


def test_every_page_is_in_the_runbook_with_whose_turn_it_is() -> None:
    rows = dict(re.findall(r"^\| `(SSO-\d{3})` \| (\w+) \| \S", text_of(RUNBOOK), re.MULTILINE))
    assert rows == {code.code: code.fault for code in CODES.values()}


@pytest.mark.parametrize("page", [RUNBOOK, GUIDE, "docs/security.md", "docs/explain.md", "docs/setup-clever.md"])
def test_no_page_names_a_code_that_is_not_there(page: str) -> None:
    assert set(re.findall(r"SSO-\d{3}", text_of(page))) <= set(CODES)


def test_every_step_that_a_sign_in_writes_down_has_words() -> None:
    written = words_said("step")
    assert written
    assert sorted(written - set(STEPS)) == []


def test_every_rule_by_which_people_are_found_has_words() -> None:
    told = TrySignIn.model_fields["told"].annotation
    words = {word for part in getattr(told, "__args__", ()) for word in getattr(part, "__args__", ())}
    assert words
    assert sorted(words - set(RULES)) == []


def test_every_security_event_is_in_the_runbook() -> None:
    named = {str(word.value.value) for call in calls_of("Stop") for word in call.keywords
             if word.arg == "security" and isinstance(word.value, ast.Constant)}
    events = named | words_said("alarm")
    assert len(events) > 10
    assert sorted(event for event in events if f"`{event}`" not in text_of(RUNBOOK)) == []


def test_every_metric_of_sign_in_is_explained() -> None:
    ours = {sign_in_noting.SIGN_IN, sign_in_noting.REFUSED, sign_in_noting.SECURITY, sign_in_noting.MILLISECONDS,
            *sign_in_noting.ALARMING.values(), *sign_in_noting.COUNTED.values(), PORTAL_DIFFERS}
    assert sorted(metric for metric in ours if f"`{metric}`" not in text_of(GUIDE)) == []


def test_the_queries_ask_for_words_that_a_line_holds() -> None:
    asked = set(re.findall(r"\bby ([a-z_, ]+)", "\n".join(re.findall(r"stats count[^\n`]*", text_of(GUIDE)))))
    words = {word.strip() for line in asked for word in line.split(",")}
    assert words
    assert sorted(words - sign_in_noting.WORDS - {"event"}) == []




def test_the_options_that_the_guide_shows_are_options() -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```", text_of(GUIDE), re.MULTILINE | re.DOTALL)
    chosen = Choices.model_validate_json(shown).sign_in
    assert chosen is not None
    explained = set(re.findall(r"`portals\.<name>\.([a-z_]+)`", text_of(GUIDE)))
    assert explained == set(PortalSignIn.model_fields)


def test_the_sample_events_of_sign_in_hold_no_secret() -> None:
    told = [path.read_text(encoding="utf-8") for path in (ROOT / "events/support").glob("register_product*.json")]
    assert told
    assert [text for text in told if "client_secret" in json.loads(text).get("apps", [{}])[0]] == []
