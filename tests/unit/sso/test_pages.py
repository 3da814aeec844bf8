"""The pages: a code, a reference and a next step on each; nothing of the request; nothing that is loaded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from itertools import product as combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.model.sign_in import App, Portal, Registration
from homeroom.model.sign_in_choices import PortalView, SignInView
from homeroom.products.sign_in import SIGN_IN_OF_LINE
from homeroom.sso.codes import CODES
from homeroom.sso.http import Answer
from homeroom.sso.pages import Choice, Links, chooser, front, links_of, page
from tests.sso.proves import proves

BASE = "https://sso.vendor.example"
LOGIN = "01JDTESTTESTTESTTESTTESTTE"
AT = datetime(2026, 11, 2, 15, 4, tzinfo=UTC)
LINKS = Links(
    start=f"{BASE}/", again=f"{BASE}/start/clever/some-product", portal="https://clever.com/in/some-district",
    home="https://product.example/", support="https://product.example/help", status_page="https://status.example/",
    administrators="https://admin.product.example/")
NASTY = '<script>alert(1)</script>"\'><img src=x onerror=y>&amp;</title></style>{product}{portal}'


class Seen(HTMLParser):
    """Elements with their attributes, and what a person reads."""

    def __init__(self, answer: Answer):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(answer.body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "well formed"

    def handle_data(self, data: str) -> None:
        if "style" not in self._open and "title" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def addresses(self) -> list[str]:
        return [str(attributes["href"]) for tag, attributes in self.elements if tag == "a"]

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def shown(code: str, links: Links | None = LINKS, line: str = "") -> Seen:
    return Seen(page(code, login_id=LOGIN, product="Some Product", portal="Clever", links=links, line=line, at=AT))


@pytest.mark.parametrize("code", CODES)
@proves("C48")
def test_every_page_has_its_code_a_reference_and_a_button_that_leads_on(code: str) -> None:
    for links in (LINKS, Links(), None, *(replace(Links(), **{name: value}) for name, value in vars(LINKS).items())):
        seen = shown(code, links)
        assert code in seen.text
        assert LOGIN in seen.text
        assert seen.addresses, "at least one next step"
        assert all(seen.addresses), "no button without an address"
        assert seen.addresses[0] == next(attributes["href"] for attributes in seen.tags("a")
                                         if attributes.get("class") == "first")


@pytest.mark.parametrize("code", CODES)
@proves("C48")
def test_the_status_is_the_codes_and_the_page_says_in_words_what_to_do(code: str) -> None:
    answer = page(code, login_id=LOGIN, product="Some Product", portal="Clever", links=LINKS, at=AT)
    told = CODES[code]
    assert answer.status == told.status
    seen = Seen(answer)
    assert told.title.replace("{product}", "Some Product").replace("{portal}", "Clever") in seen.text
    assert told.text.replace("{product}", "Some Product").replace("{portal}", "Clever") in seen.text
    assert "2 November 2026, 15:04 UTC" in seen.text


@pytest.mark.parametrize("code", CODES)
@proves("C48", "T30", "T32")
def test_no_page_has_a_script_a_form_or_anything_that_is_loaded(code: str) -> None:
    for answer in (page(code, login_id=LOGIN, links=LINKS), chooser("Some Product", [Choice("Clever", "/c")]), front()):
        seen = Seen(answer)
        tags = {tag for tag, _ in seen.elements}
        assert tags <= {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "span",
                        "h1", "h2", "p", "br", "ul", "ol", "li", "a", "details", "summary"}
        names = {name for _, attributes in seen.elements for name in attributes}
        assert names <= {"lang", "charset", "name", "content", "class", "id", "href", "aria-hidden", "aria-labelledby"}
        assert "url(" not in answer.body
        assert "@import" not in answer.body


@pytest.mark.parametrize("code", CODES)
def test_a_page_can_be_heard_by_its_landmarks_and_one_heading(code: str) -> None:
    seen = shown(code)
    assert seen.tags("html") == [{"lang": "en"}]
    assert [len(seen.tags(tag)) for tag in ("title", "header", "main", "footer", "h1")] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("code", CODES)
@proves("T32")
def test_names_of_products_districts_and_addresses_are_escaped(code: str) -> None:
    links = Links(*(f"https://x.example/{NASTY}" for _ in vars(Links())))
    answer = page(code, login_id=NASTY, product=NASTY, portal=NASTY, links=links, line=NASTY, at=AT)
    seen = Seen(answer)
    assert "<script" not in answer.body
    assert not seen.tags("img")
    assert set(seen.addresses) == {f"https://x.example/{NASTY}"}


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(sorted(CODES)))
@settings(max_examples=60)
@proves("T32")
def test_whatever_a_product_is_called_the_page_stays_the_same_page(product: str, portal: str, code: str) -> None:
    plain = [tag for tag, _ in Seen(page(code, login_id=LOGIN, product="P", portal="Q", links=LINKS)).elements]
    odd = [tag for tag, _ in Seen(page(code, login_id=LOGIN, product=product, portal=portal, links=LINKS)).elements]
    assert odd == plain


@proves("C20", "T32")
def test_a_page_is_made_of_configuration_alone() -> None:
    """Nothing of a request can reach it: it takes no request, and the same words give the same page."""
    taken = set(page.__annotations__) - {"return"}
    assert taken == {"code", "login_id", "product", "portal", "links", "line", "at"}
    assert page("SSO-102", login_id=LOGIN, links=LINKS) == page("SSO-102", login_id=LOGIN, links=LINKS)
    with pytest.raises(KeyError):
        page("access_denied", login_id=LOGIN)


@pytest.mark.parametrize("code", [code for code, told in CODES.items() if "copy message" in told.buttons])
@proves("C48")
def test_the_message_for_the_school_has_product_code_reference_and_time_and_no_name(code: str) -> None:
    body = page(code, login_id=LOGIN, product="Some Product", portal="Clever", links=LINKS, at=AT).body
    message = unescape(body.split("<p class=copy>")[1].split("</p>")[0]).split("<br>")
    told = CODES[code]
    assert message == [
        "I could not open Some Product from Clever.",
        told.ask.replace("{product}", "Some Product").replace("{portal}", "Clever"),
        f"The page said: {code}, {told.title.replace('{product}', 'Some Product').replace('{portal}', 'Clever')}",
        f"Reference: {LOGIN}",
        "Time: 2 November 2026, 15:04 UTC",
    ]
    assert f"Message for {told.whom}" in unescape(body)


@proves("C48")
def test_help_with_cookies_needs_no_other_page() -> None:
    for code in ("SSO-104", "SSO-108"):
        seen = shown(code, Links())
        assert "Help with cookies" in seen.text
        assert seen.addresses == ["/"]


def test_a_student_of_a_sonday_product_reads_that_there_is_no_student_login_and_goes_back_to_the_portal() -> None:
    seen = shown("SSO-306", line="Sonday")
    assert "There is no student login" in seen.text
    assert SIGN_IN_OF_LINE["Sonday"].refused["student"].text in seen.text
    assert seen.addresses == [LINKS.portal]


def test_an_administrator_of_a_sonday_product_gets_the_address_of_their_own_log_in() -> None:
    seen = shown("SSO-307", replace(LINKS, administrators=""), line="Sonday")
    assert SIGN_IN_OF_LINE["Sonday"].refused["administrator"].text in seen.text
    assert seen.addresses == ["https://admin.imaginesonday.com", LINKS.portal]


@pytest.mark.parametrize("line", ["", "Galileo", "no such line"])
def test_a_line_without_a_door_of_its_own_gets_the_words_of_the_code(line: str) -> None:
    assert "Students do not log in to Some Product." in shown("SSO-306", line=line).text
    assert shown("SSO-307", line=line).addresses == [LINKS.administrators, LINKS.portal]


def test_where_no_product_or_portal_is_known_the_page_still_reads_well() -> None:
    for code in CODES:
        text = Seen(page(code, login_id=LOGIN, links=LINKS)).text
        assert not re.search(r"\{|\}|  +[.,]", text)
        heading = page(code, login_id=LOGIN).body.split("<h1>")[1]
        assert heading[0].isupper()


CLEVER = Portal("clever", "Clever", "i", "a", "t", "j", "u", "p", "basic", "openid", "https://clever.com/",
                "https://status.clever.com/")
PRODUCT = Registration("some-product", "Some Product", "Galileo", (), "https://p.example/sso", "https://p.example/",
                       "https://p.example/help", (), (App("clever", "some-product", "c", "s"),))
VIEW = SignInView("i", "Some District", "Galileo", (), "clever", "clever_api", True, True,
                  portals={"clever": PortalView(launch_url="https://clever.com/in/some-district")})


def test_links_are_those_that_configuration_knows() -> None:
    assert links_of(BASE, registration=PRODUCT, portal=CLEVER, app="some-product", view=VIEW) == replace(
        LINKS, home="https://p.example/", support="https://p.example/help", status_page=CLEVER.status_page,
        administrators="")


@pytest.mark.parametrize("view", [None, replace(VIEW, portals={}), replace(VIEW, portals={"clever": PortalView()})])
def test_without_a_page_of_the_district_the_portals_own_home_takes_its_place(view: SignInView | None) -> None:
    assert links_of(BASE, portal=CLEVER, view=view).portal == CLEVER.home


def test_where_nothing_is_known_our_own_first_page_leads_on() -> None:
    assert links_of(BASE) == Links(start=f"{BASE}/")
    for code, with_app in combinations(CODES, ("", "some-product")):
        assert shown(code, links_of(BASE, app=with_app)).addresses[0].startswith(("https://",))


def test_the_chooser_offers_each_portal_of_the_product_alike() -> None:
    answer = chooser("Some Product", [Choice("Clever", "https://a.example/c?x=1&y=2"), Choice("ClassLink", "/l")])
    seen = Seen(answer)
    assert answer.status == 200
    assert seen.addresses == ["https://a.example/c?x=1&y=2", "/l"]
    assert "Sign in with Clever" in seen.text
    assert "Sign in with ClassLink" in seen.text
    assert [attributes["class"] for attributes in seen.tags("a")] == ["first", "first"]


def test_a_chooser_without_choices_leads_on_as_well() -> None:
    assert Seen(chooser("Some Product", [], start=f"{BASE}/")).addresses == [f"{BASE}/"]


def test_the_front_page_sends_people_to_their_portal() -> None:
    answer = front([Choice("Clever", "https://clever.com/"), Choice("ClassLink", "https://launchpad.classlink.com/")])
    assert answer.status == 200
    assert Seen(answer).addresses == ["https://clever.com/", "https://launchpad.classlink.com/"]
    assert "Open your program from your school's portal" in Seen(answer).text
