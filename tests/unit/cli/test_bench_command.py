"""`bench` on the command line: one, all, and those that cannot run here."""

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from dolphin.assurance import performance
from dolphin.cli import bench, main
from dolphin.errors import DolphinError, ExitCode

MEASURED = {
    "peer": "another",
    "host": {},
    "ours": {"p50_us": 10.0},
    "peer_result": {"p50_us": 5.0},
    "floor": {},
    "ratios": {"over_peer": 2.0},
    "targets": {"over_peer": {"op": "<=", "value": 1.0}},
}


def works(seconds: float) -> dict[str, Any]:
    return MEASURED


def lacks_something(seconds: float) -> dict[str, Any]:
    raise DolphinError("nothing to compare with", remedy="Fetch it once.")


def is_wrong(seconds: float) -> dict[str, Any]:
    raise ZeroDivisionError("of what")


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Puts benchmarks in place of the real ones; what is saved goes into the list that it returns."""

    def put(**runs: Callable[[float], dict[str, Any]]) -> list[str]:
        for name, run in runs.items():
            module = ModuleType(f"bench.{name}")
            module.run = run  # pyright: ignore[reportAttributeAccessIssue]
            monkeypatch.setitem(sys.modules, f"bench.{name}", module)
        saved: list[str] = []
        monkeypatch.setattr(performance, "benchmarks", lambda: dict.fromkeys(runs, "what it measures"))
        monkeypatch.setattr(performance, "save", lambda result: saved.append(result["name"]))
        for build in ("ensure_jar", "warm_kernels"):
            monkeypatch.setattr(bench, build, lambda console: None)
        return saved

    return put


def test_list_names_every_one_and_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "list"]) == ExitCode.DONE
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == [*performance.benchmarks(), "all"]


def test_all_runs_and_saves_those_that_can_and_says_why_of_the_others(
    benchmarks: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    saved = benchmarks(first=lacks_something, second=works, third=works)
    assert main(["bench", "all", "--save"]) == ExitCode.DONE
    assert saved == ["second", "third"]
    said = capsys.readouterr().out
    assert "first could not run here: nothing to compare with. Fetch it once." in said
    assert said.count("target <= 1: MISSED") == 2, "a missed target is no failure"


def test_all_says_the_same_as_data(benchmarks: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    saved = benchmarks(first=lacks_something, second=works)
    assert main(["bench", "all", "--json"]) == ExitCode.DONE
    assert saved == []
    said = json.loads(capsys.readouterr().out)
    assert [result["name"] for result in said["results"]] == ["second"]
    assert said["could_not_run"].keys() == {"first"}


@pytest.mark.parametrize("runs", [{"first": lacks_something}, {"first": works, "second": is_wrong}])
def test_all_fails_where_none_could_run_or_one_broke(
    runs: dict[str, Callable[[float], dict[str, Any]]], benchmarks: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    benchmarks(**runs)
    assert main(["bench", "all"]) == ExitCode.FAILED
    assert "nothing to compare with" in (said := capsys.readouterr().out) or "second broke: ZeroDivisionError: of what" in said


def test_one_that_cannot_run_fails_and_one_that_is_none_is_named(
    benchmarks: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    benchmarks(first=lacks_something)
    assert main(["bench", "first"]) == ExitCode.FAILED
    assert "nothing to compare with" in capsys.readouterr().err
    assert main(["bench", "nosuch"]) == ExitCode.BAD_INPUT
    assert "first, all" in capsys.readouterr().err
