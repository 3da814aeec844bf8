"""The texts of the pages: short, plain, with a next step, and the statuses of the reference."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from homeroom.sso.codes import CODES, Button, Code

STATUS_OF_REFERENCE = {
    "101": 400, "102": 403, "103": 502, "104": 400, "105": 400, "106": 400, "107": 400, "108": 400, "109": 403,
    "201": 403, "202": 403, "203": 404, "204": 409, "205": 403, "206": 403,
    "301": 403, "302": 403, "303": 403, "304": 409, "305": 403, "501": 503,
}
"""reference/sso.md 5.4."""
OURS = {"207", "208", "306", "307", "308", "404", "405"}
JARGON = re.compile(
    r"\b(sso|oauth|oidc|token|tenant|idp|session|redirect|url|uri|http|parameter|state|nonce|request|server|browser "
    r"binding|roster|sync\w*|provision\w*|integration|licen[cs]e|credential\w*|authenticat\w*|authori[sz]\w*|invalid|"
    r"error|failed|failure|denied|forbidden|unknown|please contact)\b", re.IGNORECASE)
ALL = list(CODES.values())
STUDENT = [code for code in ALL if code.code != "SSO-307"]


def named(code: Code) -> str:
    return code.code


def sentences(code: Code) -> list[str]:
    texts = (code.title, code.text, code.ask)
    return [sentence for text in texts for sentence in re.split(r"(?<=[.!?]) ", text) if sentence]


def test_the_codes_are_those_of_the_reference_and_a_few_of_ours() -> None:
    assert {code.removeprefix("SSO-"): told.status for code, told in CODES.items() if code[4:] not in OURS} == \
        STATUS_OF_REFERENCE
    assert {code[4:] for code in CODES} == set(STATUS_OF_REFERENCE) | OURS


@pytest.mark.parametrize("code", STUDENT, ids=named)
def test_a_child_can_read_it(code: Code) -> None:
    for sentence in sentences(code):
        words = re.findall(r"[\w'{}]+", sentence)
        assert len(words) <= 18, sentence
        assert not JARGON.search(sentence.replace("{product}", "").replace("{portal}", "")), sentence
    assert len(code.text) <= 130
    assert len(code.title) <= 45
    letters = [len(word) for word in re.findall(r"\w+", code.text)]
    assert sum(letters) / len(letters) < 5.2, "short words"


@pytest.mark.parametrize("code", ALL, ids=named)
def test_a_title_is_no_sentence_and_a_text_is_whole_sentences(code: Code) -> None:
    assert not code.title.endswith(".")
    assert code.text.endswith(".")
    assert code.text != code.title
    assert code.support.endswith(".")
    assert "can not" not in f"{code.title} {code.text} {code.ask}"
    filled = set(re.findall(r"\{\w*\}", code.title + code.text + code.ask + code.again))
    assert filled <= {"{product}", "{portal}"}


@pytest.mark.parametrize("code", ALL, ids=named)
def test_who_is_asked_to_act_has_a_way_to(code: Code) -> None:
    """The school gets a message, the vendor's support a button; whoever only has to start again gets that first."""
    if code.code in ("SSO-404", "SSO-405"):
        return
    assert code.buttons
    assert set(code.buttons) <= set(get_args(Button))
    assert ("copy message" in code.buttons) == bool(code.ask)
    if code.fault == "vendor":
        assert "support" in code.buttons or code.code == "SSO-207"
    if code.fault in ("person", "portal"):
        assert code.buttons[0] == "again"
    assert set(code.buttons) - {"copy message", "cookies"}, "a message alone leads nowhere"


def test_a_fault_of_ours_is_called_ours() -> None:
    assert "our side" in CODES["SSO-501"].text
    assert "not your fault" in CODES["SSO-501"].text


def test_no_page_says_whether_somebodys_account_exists_beyond_the_district() -> None:
    """Reference section 5.4: a stranger learns no more than that we know the district."""
    assert CODES["SSO-203"].text.startswith("We know your school district")
    assert all("someone" not in code.text and "somebody" not in code.text for code in ALL)
