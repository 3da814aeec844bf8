"""The state machine: well formed, every error has its way, and small however large the district."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest

from homeroom.model.plan import PART_SIZE
from tests.template.conftest import Resources

State = dict[str, Any]
COMMON = {"Comment", "Type", "Next", "End", "InputPath", "OutputPath"}
FIELDS = {
    "Task": {"Resource", "Parameters", "ResultSelector", "ResultPath", "TimeoutSeconds", "Retry", "Catch"},
    "Map": {"ItemsPath", "MaxConcurrency", "ItemSelector", "ItemProcessor", "ResultPath", "Catch"},
    "Choice": {"Choices", "Default"},
    "Pass": {"Result", "ResultPath"},
    "Succeed": set(),
    "Fail": {"Error", "Cause"},
}
POLLS = {"PollOneroster": "oneroster_rest", "PollClever": "clever_api", "PullSftp": "csv_pulled"}
CALLED = {
    **{name: name for name in POLLS},
    "Plan": "PlanRoster",
    "UpsertPart": "UpsertRoster",
    "Finish": "FinishRun",
    "Fail": "FinishRun",
    "StartNext": "StartRun",
}
KILLED = ["Sandbox.Timedout", "Lambda.Unknown", "Runtime.ExitError", "States.Timeout"]
"""A poll that was killed in the middle goes on from the progress that it kept."""
BUSY = [
    "Lambda.ServiceException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException", "RetryableError",
]


def levels(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine and the machines inside its Maps: each has StartAt and States."""
    yield machine
    for state in machine["States"].values():
        if state["Type"] == "Map":
            yield from levels(state["ItemProcessor"])


def states(machine: dict[str, Any], kind: str | None = None) -> dict[str, State]:
    found = {name: state for level in levels(machine) for name, state in level["States"].items()}
    return {name: state for name, state in found.items() if kind in (None, state["Type"])}


def following(state: State) -> set[str]:
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


def test_states_have_the_fields_of_their_type_and_no_others(machine: dict[str, Any]) -> None:
    unknown = {name: set(s) - COMMON - FIELDS[s["Type"]] for name, s in states(machine).items()}
    assert {name: fields for name, fields in unknown.items() if fields} == {}


def test_every_state_is_reached_and_leads_somewhere(machine: dict[str, Any]) -> None:
    for level in levels(machine):
        reached, frontier = {level["StartAt"]}, [level["StartAt"]]
        while frontier:
            new = following(level["States"][frontier.pop()]) - reached
            reached |= new
            frontier += new
        assert reached == set(level["States"])
        for name, state in level["States"].items():
            assert state["Type"] in {"Succeed", "Fail"} or state.get("End") or following(state), name


def test_every_state_says_what_it_is_for(machine: dict[str, Any]) -> None:
    assert [name for name, state in states(machine).items() if len(state.get("Comment", "")) < 20] == []


def test_the_run_reads_from_top_to_bottom(machine: dict[str, Any]) -> None:
    order = list(machine["States"])
    assert order[0] == machine["StartAt"] == "Read"
    spine = ["Read", "Plan", "Verdict", "Apply", "Finish", "Next", "StartNext", "Done", "Fail", "Failed"]
    assert [name for name in order if name in spine] == spine


def test_every_transport_but_pushed_files_is_fetched_until_its_read_is_done(machine: dict[str, Any]) -> None:
    from typing import get_args

    from homeroom.model.integration import Transport

    ways = {choice["StringEquals"]: choice["Next"] for choice in machine["States"]["Read"]["Choices"]}
    assert ways == {"csv_pushed": "Plan", **{transport: state for state, transport in POLLS.items()}}
    assert set(ways) == set(get_args(Transport))
    assert {machine["States"][state]["Next"] for state in POLLS} == {"ReadOn"}
    (done,) = machine["States"]["ReadOn"]["Choices"]
    assert (done["Variable"], done["BooleanEquals"], done["Next"]) == ("$.read.done", True, "Plan")
    assert machine["States"]["ReadOn"]["Default"] == "Read"


def test_tasks_call_the_function_that_their_name_promises(machine: dict[str, Any]) -> None:
    tasks = states(machine, "Task")
    assert {name: task["Parameters"]["FunctionName"] for name, task in tasks.items()} == CALLED
    assert {task["Resource"] for task in tasks.values()} == {"arn:Partition:states:::lambda:invoke"}


def test_every_substitution_is_used_and_every_placeholder_is_substituted(
    machine_text: str, resources: Resources
) -> None:
    given = resources["SyncRosterStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", machine_text)) == set(given)


def test_a_task_outlives_the_function_that_it_calls(machine: dict[str, Any], functions: Resources) -> None:
    for name, task in states(machine, "Task").items():
        timeout = functions[f"{CALLED[name]}Function"]["Timeout"]
        assert timeout < task["TimeoutSeconds"] < timeout + 60, name


def test_busy_services_are_retried_with_jitter_and_else_only_a_poll_that_was_killed(machine: dict[str, Any]) -> None:
    for name, task in states(machine, "Task").items():
        retry, *more = task["Retry"]
        assert retry["ErrorEquals"] == BUSY, name
        assert [one["ErrorEquals"] for one in more] == ([KILLED] if name in POLLS else [])
        assert retry["JitterStrategy"] == "FULL"
        assert retry["MaxAttempts"] >= 5
        assert retry["MaxDelaySeconds"] <= 60


def test_every_error_has_its_way(machine: dict[str, Any]) -> None:
    ways = {
        name: [(catch["ErrorEquals"], catch["ResultPath"], catch["Next"]) for catch in state.get("Catch", [])]
        for name, state in machine["States"].items()
        if state["Type"] in {"Task", "Map"}
    }
    to_fail = [(["States.ALL"], "$.error", "Fail")]
    assert ways == {
        "PollOneroster": to_fail, "PollClever": to_fail, "PullSftp": to_fail,
        "Plan": to_fail, "Apply": to_fail, "Finish": to_fail,
        "StartNext": [(["States.ALL"], "$.error", "NextNotStarted")],
        "Fail": [],
    }


def test_events_are_those_that_the_functions_take(machine: dict[str, Any]) -> None:
    from homeroom.model.events import FinishRun, PlanRoster, Poll, StartRun, UpsertRoster

    models = {
        **dict.fromkeys(POLLS, Poll),
        "Plan": PlanRoster,
        "UpsertPart": UpsertRoster,
        "Finish": FinishRun,
        "Fail": FinishRun,
        "StartNext": StartRun,
    }
    for name, task in states(machine, "Task").items():
        sent = {key.removesuffix(".$") for key in task["Parameters"]["Payload"]}
        fields = models[name].model_fields
        assert sent <= set(fields), name
        assert {key for key, field in fields.items() if field.is_required()} <= sent, name


def test_answers_are_those_that_the_functions_give(machine: dict[str, Any]) -> None:
    from homeroom.model.events import Finished, Planned, Upserted

    models = {"Plan": Planned, "UpsertPart": Upserted, "Finish": Finished}
    for name, model in models.items():
        wanted = {path.removeprefix("$.Payload.") for path in states(machine)[name]["ResultSelector"].values()}
        assert wanted == set(model.model_fields), name


def test_the_verdicts_and_outcomes_that_choices_name_exist(machine: dict[str, Any]) -> None:
    from typing import get_args

    from homeroom.model.events import Planned
    from homeroom.model.run import Outcome

    assert states(machine)["Verdict"]["Choices"][0]["StringEquals"] in get_args(
        Planned.model_fields["verdict"].annotation
    )
    assert states(machine)["Ended"]["Choices"][0]["StringEquals"] in get_args(Outcome)


def test_waves_follow_one_another_and_parts_run_eight_at_a_time(machine: dict[str, Any]) -> None:
    maps = states(machine, "Map")
    assert {name: state["MaxConcurrency"] for name, state in maps.items()} == {"Apply": 1, "Wave": 8}
    assert {state["ItemProcessor"]["ProcessorConfig"]["Mode"] for state in maps.values()} == {"INLINE"}


def test_logs_hold_errors_and_never_the_data(resources: Resources) -> None:
    properties = resources["SyncRosterStateMachine"]["Properties"]
    assert (properties["Logging"]["Level"], properties["Logging"]["IncludeExecutionData"]) == ("ERROR", False)
    assert properties["Tracing"] == {"Enabled": True}


# --------------------------------------------------------------------------- the largest first load, from the contract


RECORDS = {
    "orgs": 1_800, "terms": 10, "courses": 12_000, "people": 1_190_000, "identities": 3 * 1_190_000,
    "contacts": 1_100_000, "classes": 150_000, "enrollments": 9_900_000,
}
"""More than eleven million rows of a district, and three identities for every person."""


@pytest.fixture(scope="module")
def waves() -> list[list[int]]:
    """Part numbers by wave, as plan_roster answers them."""
    found: list[list[int]] = []
    for records in RECORDS.values():
        first = sum(map(len, found))
        found.append(list(range(first, first + ceil(records / PART_SIZE))))
    return found


def test_the_largest_state_of_an_eleven_million_row_first_load_is_under_200_kib(waves: list[list[int]]) -> None:
    parts = sum(map(len, waves))
    given = {"integration": "x" * 40, "run": 99_999_999, "fence": 99_999_999}
    planned = {**given, "transport": "csv_pushed", "plan": {"verdict": "apply", "waves": waves, "operations": 10**8}}
    largest_wave = max(waves, key=len)
    in_flight = {
        "after Plan": planned,
        "one wave": {**given, "parts": largest_wave},
        "results of a wave, as Step Functions gathers them": [{} for _ in largest_wave],
        "one part": {**given, "part": parts, "written": {"done": False, "offset": PART_SIZE}},
        "at the end": {**planned, "finish": {"outcome": "applied with issues", "pending": True}},
    }
    sizes = {name: len(json.dumps(state).encode()) for name, state in in_flight.items()}
    assert parts > 1_500
    assert max(sizes.values()) < 200 * 1024, sizes


def test_a_part_leaves_nothing_behind_in_the_state(machine: dict[str, Any]) -> None:
    found = states(machine)
    assert found["PartWritten"]["OutputPath"] is None
    assert found["Wave"]["OutputPath"] is None
    assert found["Apply"]["ResultPath"] is None


def test_the_largest_first_load_fits_the_history_of_an_execution(waves: list[list[int]]) -> None:
    """An execution ends at 25,000 events: 11 for a part, 7 more if it is called again, 6 for a wave."""
    parts = sum(map(len, waves))
    called_again = parts // 4
    assert parts * 11 + called_again * 7 + len(waves) * 6 + 60 < 25_000
