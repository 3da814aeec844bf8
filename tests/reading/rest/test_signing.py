"""OAuth 1.0a against the vectors of the reference (3.6), and what really goes over the wire."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests

from homeroom.read.oneroster_rest.sign_in import oauth1
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.reading.rest.reading import Reading, paged_district

URL = ("https://district.example.org/ims/oneroster/v1p1/users"
       "?filter=status%3D%27active%27%20AND%20role%3D%27student%27&limit=1000&offset=2000")
VECTORS = {"oauth1_sha256": "iO0JGZ2AcZRSccpspRMe5PDRUVjcM9wGarhkMEo70lU=",
           "oauth1_sha1": "+qGWv7umyDt6IRJ2eXh8AXd7cXY="}


def signed(sign_in: str, url: str = URL) -> requests.PreparedRequest:
    auth = oauth1({"key": "app-key-1", "secret": "s3cr3t/+=&"}, sign_in, nonce="n0nce123", timestamp="1700000000")
    return requests.Request("GET", url, auth=auth).prepare()


def fields(request: requests.PreparedRequest) -> dict[str, str]:
    header = request.headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header
    assert header.startswith("OAuth ")
    pairs = (part.strip().partition("=") for part in header.removeprefix("OAuth ").split(","))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


@pytest.mark.parametrize("sign_in", VECTORS)
def test_c48_the_signature_equals_the_vector(sign_in: str) -> None:
    told = fields(signed(sign_in))
    assert told["oauth_signature"] == VECTORS[sign_in]
    assert told["oauth_consumer_key"] == "app-key-1"
    assert "oauth_token" not in told


@pytest.mark.parametrize("sign_in", VECTORS)
def test_c49_the_query_is_sent_as_it_was_signed_and_holds_no_signature(sign_in: str) -> None:
    request = signed(sign_in)
    assert request.url == URL
    assert dict(parse_qsl(urlsplit(request.url).query))["filter"] == "status='active' AND role='student'"


@pytest.mark.parametrize("sign_in", VECTORS)
def test_c49_a_service_that_checks_signatures_takes_spaces_quotes_and_equal_signs(sign_in: str) -> None:
    service = Service(paged_district(), sign_in=sign_in)
    with serving(service) as url:
        auth = oauth1({"key": service.key, "secret": service.secret}, sign_in)
        query = "filter=status%3D%27active%27%20AND%20role%3D%27student%27&limit=100"
        answer = requests.get(f"{url}/users?{query}", auth=auth, timeout=5)
    assert answer.status_code == 200
    assert len(answer.json()["users"]) == 13


def test_c50_every_try_has_a_nonce_of_its_own() -> None:
    service = Service(paged_district(), faults=[Fault("users", 503, page=2, times=3)])
    with serving(service):
        reading = Reading(service).all()
    tries = len(reading.service.asked_for("users"))
    assert service.reasons == []  # it refuses a nonce that it has seen
    assert len(service.seen_nonces) == len(service.log) > tries > 3
