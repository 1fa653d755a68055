"""The system left running: up, status, down, on the live feed's own protocol against the local exchange."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from dolphin.host.home import Home
from dolphin.host.home_lock import HomeLock
from dolphin.host.standing import last_standing

BOUND_S = 60.0

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def dolphin(*arguments: str) -> tuple[int, Any]:
    """Exit status and JSON answer of one command."""
    done = subprocess.run([sys.executable, "-m", "dolphin", *arguments, "--json"], capture_output=True, text=True, timeout=150, check=False)
    return done.returncode, json.loads(done.stdout.strip().splitlines()[-1])


class Live(NamedTuple):
    """A stand-in of the exchange on loopback, and a configuration whose live feed it is."""

    config: Path
    exchange: psutil.Process


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    command = [sys.executable, "-m", "dolphin", "exchange", "--assets", "2", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as exchange:
        assert exchange.stdout is not None
        told = json.loads(exchange.stdout.readline())
        path = tmp_path / "live.toml"
        urls = f"ws_url = {json.dumps(told['ws_url'])}\nrest_url = {json.dumps(told['rest_url'])}\n"
        path.write_text(f"[live]\nsymbols = {json.dumps(list(told['symbols']))}\n{urls}")
        yield Live(path, psutil.Process(exchange.pid))
        exchange.terminate()


def await_status(home: Path, holds: Callable[[Any], bool], expected: int = 0) -> Any:
    deadline, told = time.monotonic() + BOUND_S, None
    while time.monotonic() < deadline:
        status, told = dolphin("status", "--home", str(home))
        if status == expected and holds(told):
            return told
        time.sleep(0.5)
    raise AssertionError(f"never came true; the last status was {told}")


def test_up_on_the_live_feed_is_seen_by_status_refused_twice_and_gone_after_down(tmp_path: Path, live: Live) -> None:
    home = tmp_path / "home"
    status, up = dolphin("up", "--feed", "live", "--config", str(live.config), "--home", str(home))
    assert status == 0, up
    assert up["state"] == "up"
    assert "paper" in up["market"]

    told = await_status(home, lambda told: told["rankings"] > 0 and told["market_time_ns"] > 0)
    assert {job["name"]: job["status"] for job in told["jobs"]} == {"ars": "running", "acb": "running", "survival": "running"}
    assert told["posture"] == "HIBERNATE", "nothing is warm yet"

    for command in ("up", "demo"):
        status, refused = dolphin(command, "--home", str(home))
        assert (status, refused["error"]["exit_code"]) == (3, 3)
        assert f"dolphin up runs in it (pid {up['pid']}, since" in refused["error"]["what"]
        assert up["run_id"] in refused["error"]["what"]
        assert f"dolphin down --home {home}" in refused["error"]["remedy"]

    live.exchange.suspend()  # its connections stay open, and time goes on without it
    silent = await_status(home, lambda told: "the exchange has been silent for" in told["headline"], expected=1)
    assert silent["headline"].startswith("DEGRADED: feed.0: ")
    _, shown = dolphin("posture", "show", "--home", str(home))
    assert shown["health"]["health"] == "degraded"
    live.exchange.resume()
    await_status(home, lambda _: True)

    status, _ = dolphin("down", "--home", str(home))
    assert status == 0
    assert not [line for process in psutil.process_iter(["cmdline"]) if str(home) in (line := " ".join(process.info["cmdline"] or ()))]

    status, gone = dolphin("status", "--home", str(home))
    assert status == 4
    assert gone["headline"] == "DOWN: no system is up here"


@pytest.mark.parametrize("phase", ["starting member", "starting agent"])
def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path, phase: str) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "dolphin", "up", "--home", str(home), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as starting:
        deadline = time.monotonic() + BOUND_S
        while (standing := last_standing(Home(home))) is None or standing.what != phase:
            assert time.monotonic() < deadline, standing
            time.sleep(0.01)
        started = psutil.Process(starting.pid).children(recursive=True)
        assert started
        starting.send_signal(signal.SIGINT)
        _, complained = starting.communicate(timeout=BOUND_S)
    assert starting.returncode == 130, complained
    assert "interrupted; everything it started has been stopped" in complained
    assert not psutil.wait_procs(started, timeout=BOUND_S)[1]
    assert dolphin("status", "--home", str(home))[0] == 4
    HomeLock.take(Home(home), "a test", "r").release()


def test_of_two_ups_at_once_one_wins_and_a_killed_supervisor_frees_the_home(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    command = [sys.executable, "-m", "dolphin", "up", "--home", home, "--json"]
    rivals = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(rival.communicate(timeout=150)[0], rival.returncode) for rival in rivals]
    assert sorted(status for _, status in ended) == [0, 3], ended
    up = next(json.loads(said) for said, status in ended if status == 0)
    assert dolphin("status", "--home", home)[1]["run_id"] == up["run_id"]

    psutil.Process(up["pid"]).kill()
    status, again = dolphin("up", "--home", home)
    assert status == 0, again
    assert again["run_id"] != up["run_id"]
    assert dolphin("down", "--home", home)[0] == 0
