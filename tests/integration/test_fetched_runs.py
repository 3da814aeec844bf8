"""Rosters that are fetched, on the embedded AWS: real functions, real HTTP and a real sshd on loopback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from homeroom.model import events
from homeroom.model.integration import Integration
from homeroom.model.source import CleverApi, OneRosterRest, Source
from local.embedded import Embedded
from tests.builders.oneroster import district, small_district, zip_bytes
from tests.builders.sshd import serving_sftp
from tests.fakes.clever_server import Clever
from tests.fakes.clever_server import serving as clever_serving
from tests.fakes.oneroster_server import serving as oneroster_serving
from tests.fakes.oneroster_service import Fault, Service
from tests.integration.labs import ASKS, DISTRICT, Lab
from tests.integration.test_triggers_at_once import OTHERS, at_once, by_hand, scheduled, settled

_NUMBERS = count(1)


def connected(aws: Embedded, source: Source, credentials: Mapping[str, str], **chosen: Any) -> Lab:
    """An integration that is fetched, set up as support does it."""
    lab = Lab(aws, f"fetched-{next(_NUMBERS)}")
    asked = {"district_id": DISTRICT, "hold_first_load": False, "quiet_seconds": 0} | chosen
    integration = Integration(id=lab.name, transport=source.transport, source=source, **asked)
    secrets = {name: SecretStr(value) for name, value in credentials.items()}
    lab.stack.ask(events.Connect(operation="connect", integration=integration, credentials=secrets, **ASKS))
    return lab


def run(lab: Lab) -> dict[str, Any]:
    """A run by hand, to its end."""
    lab.stack.ask(events.RunNow(operation="run", integration=lab.name, **ASKS))
    return lab.ended()


def test_a_oneroster_service_is_read_and_a_new_secret_counts_at_once(aws: Embedded) -> None:
    service = Service(rows=small_district())
    with oneroster_serving(service) as url:
        lab = connected(aws, OneRosterRest(url=url), {"key": service.key, "secret": "not-the-secret"})
        refused = run(lab)
        assert (refused["outcome"], refused["code"]) == ("failed", "SRC-01")
        assert lab.items() == []
        credentials = {"key": SecretStr(service.key), "secret": SecretStr(service.secret)}
        lab.stack.ask(events.RotateSecret(
            operation="rotate_secret", integration=lab.name, credentials=credentials, **ASKS))
        assert run(lab)["outcome"] == "applied"
    assert lab.active("people") == {row["sourcedId"] for row in small_district()["users"]}
    assert lab.active("enrollments") == {row["sourcedId"] for row in small_district()["enrollments"]}


def test_clever_is_read_whole_and_then_by_its_events(aws: Embedded) -> None:
    app = Clever()
    served = app.add_district(small_district())
    served.sync()  # the first event there is: from here on changes can be followed
    with clever_serving(app) as url:
        source = CleverApi(url=url, sign_in_url=url, follow_events=True)
        credentials = {"client_id": app.client_id, "client_secret": app.client_secret}
        lab = connected(aws, source, credentials, district_id=served.id, aggregator="clever")
        assert run(lab)["outcome"] == "applied"
        before = lab.active("people")
        served.become(district().with_student("s-new", classes=["c-1"]).files)
        step = run(lab)
        assert (step["outcome"], step["summary"]["source"]["name"]) == ("applied", "Clever events")
    assert len(lab.active("people") - before) == 1
    assert before <= lab.active("people")


def test_files_are_pulled_from_a_real_server_with_its_key_pinned(aws: Embedded, tmp_path: Path) -> None:
    folder, keys = tmp_path / "files", tmp_path / "keys"
    folder.mkdir()
    keys.mkdir()
    (folder / "export.zip").write_bytes(zip_bytes(small_district()))
    with serving_sftp(folder, keys) as sshd:
        lab = connected(aws, sshd.source, sshd.credentials)
        assert run(lab)["outcome"] == "applied"
        assert run(lab)["outcome"] == "nothing to change"
    assert lab.active("people") == {row["sourcedId"] for row in small_district()["users"]}
    assert (folder / "export.zip").exists()


def test_by_hand_and_by_schedule_at_once_read_the_source_one_time(aws: Embedded) -> None:
    service = Service(rows=small_district())
    with oneroster_serving(service) as url:
        lab = connected(aws, OneRosterRest(url=url), {"key": service.key, "secret": service.secret})
        at_once(lambda: scheduled(lab), lambda: by_hand(lab), lambda: scheduled(lab))
        runs = settled(lab, 3)
    outcomes = Counter(one["outcome"] for one in runs)
    assert outcomes["applied"] == 1
    assert {one["code"] for one in runs if one["outcome"] == "skipped"} <= OTHERS


def test_a_service_that_breaks_in_the_middle_archives_nothing(aws: Embedded) -> None:
    service = Service(rows=small_district())
    with oneroster_serving(service) as url:
        source = OneRosterRest(url=url, page_size=5)
        lab = connected(aws, source, {"key": service.key, "secret": service.secret})
        assert run(lab)["outcome"] == "applied"
        before = sorted(map(str, lab.items()))
        service.faults.append(Fault("enrollments", "empty", page=2))
        ended = run(lab)
    assert (ended["outcome"], ended["code"]) == ("failed", "SRC-04")
    assert sorted(map(str, lab.items())) == before
