"""The whole system, as a newcomer starts it: one command, real processes, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from dolphin.cli import main
from dolphin.core.contract.causes import cause_id
from dolphin.core.contract.kinds import Kind
from dolphin.core.market.rows import Translator
from dolphin.feeds import recording
from dolphin.feeds.source import Frame
from dolphin.feeds.synthetic import Synthetic, generate

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDING = REPOSITORY / "tests" / "recordings" / "synthetic.txt.gz"
SHARED = Path(os.environ.get("DOLPHIN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
BTC_ETH_2024 = [SHARED / "binance_ws_2024-08-08" / name for name in ("usdm_btcusdt_20240808.gz", "usdm_ethusdt_20240808.gz")]

MINUTES = 6.0
SEED = 7
RUN_LIMIT_S = 170
LADDER = ("HIBERNATE", "TURTLE", "STALKER", "APEX")

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


@dataclass(frozen=True)
class Ended:
    """A demo that has ended."""

    status: int
    report: dict[str, Any]
    stderr: str


def command(home: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "dolphin", "demo", "--json", "--home", str(home), *options]


def synthetic(tmp_path: Path) -> list[str]:
    path = tmp_path / "market.toml"
    path.write_text(f"[synthetic]\nminutes = {MINUTES}\nseed = {SEED}\nassets = 4\n")
    return ["--config", str(path)]


def demo(home: Path, *options: str) -> Ended:
    done = subprocess.run(command(home, *options), capture_output=True, text=True, timeout=RUN_LIMIT_S, check=False)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "{}"
    return Ended(done.returncode, json.loads(last), done.stderr)


def left_running(home: Path) -> list[str]:
    """Command lines of processes that still belong to a run in `home`."""
    found: list[str] = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(home) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(line)
    return found


def await_nothing_running(home: Path, seconds: float = 15.0) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := left_running(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def causes_in(frames: Iterable[Frame]) -> set[str]:
    """The cause id of every message in a market."""
    translator = Translator()
    rows = (row for frame in frames for row in translator.on_frame(frame.receive_ns, frame.raw, frame.event_shift_ns))
    return {cause_id(asset, Kind(kind), exchange_id) for asset, kind, _, _, exchange_id, *_ in rows if asset and exchange_id is not None}


def assert_every_cut_has_a_cause_in(report: dict[str, Any], frames: Iterable[Frame]) -> None:
    known = causes_in(frames)
    assert report["cuts"]
    for cut in report["cuts"]:
        assert cut["cause_ids"], cut
        assert set(cut["cause_ids"]) <= known, cut
        assert cut["to_ppm"] < cut["from_ppm"]
        assert cut["reason"]


def without_identity(report: dict[str, Any]) -> dict[str, Any]:
    """What two runs in lockstep must agree on."""
    kept = ("events_in", "rankings", "last_ranking", "cuts", "posture_path", "cap_path", "orders", "decisions_sha256")
    return {key: report[key] for key in kept} | {"ledger": report["ledger"]["content_sha256"]}


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended, Ended]:
    """The same synthetic market, twice, each in a home of its own."""
    home, other = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    options = ["--speed", "max", *synthetic(home)]
    return home, demo(home, *options), demo(other, *options)


def test_two_runs_at_full_speed_decide_the_same(two_runs: tuple[Path, Ended, Ended]) -> None:
    _, first, second = two_runs
    assert (first.status, second.status) == (0, 0), first.stderr + second.stderr
    assert without_identity(first.report) == without_identity(second.report)
    assert first.report["run_id"] != second.report["run_id"]


def test_a_run_goes_from_frames_to_booked_orders(two_runs: tuple[Path, Ended, Ended]) -> None:
    report = two_runs[1].report
    assert report["events_in"] > 5_000
    assert report["rankings"] >= MINUTES * 60 / 5 - 2
    assert {job["name"]: job["status"] for job in report["jobs"]} == {"ars": "running", "acb": "running", "survival": "running"}
    assert report["orders"]["submitted"] > 0
    assert report["orders"]["filled"] > 0
    assert report["ledger"]["verified"]
    assert report["ledger"]["entries"] > report["orders"]["submitted"]


def test_the_shocks_of_the_market_become_cuts_whose_causes_are_in_it(two_runs: tuple[Path, Ended, Ended]) -> None:
    report = two_runs[1].report
    assert_every_cut_has_a_cause_in(report, generate(Synthetic(4, SEED, MINUTES)))
    assert {"depth", "taker"} <= {word for cut in report["cuts"] for word in ("depth", "taker", "spread") if word in cut["reason"]}


def test_the_posture_starts_in_hibernate_and_never_rises_two_steps_after_the_start(two_runs: tuple[Path, Ended, Ended]) -> None:
    path = [step["to"] for step in two_runs[1].report["posture_path"]]
    assert two_runs[1].report["posture_path"][0]["from"] == "HIBERNATE"
    for before, after in pairwise(path):
        assert LADDER.index(after) <= LADDER.index(before) + 1


def test_the_specification_allows_the_trace_of_the_whole_run(two_runs: tuple[Path, Ended, Ended]) -> None:
    home, first, _ = two_runs
    assert main(["trace", "check", first.report["run_id"], "--home", str(home)]) == 0


def test_a_second_run_continues_the_ledger_and_a_killed_feed_ends_in_hibernate(two_runs: tuple[Path, Ended, Ended], tmp_path: Path) -> None:
    home, first, _ = two_runs
    process = subprocess.Popen(
        command(home, "--speed", "4", *synthetic(tmp_path)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    feed = await_feed(home)
    await_posture(home, "APEX")
    feed.kill()
    stdout, stderr = process.communicate(timeout=RUN_LIMIT_S)
    report = json.loads(stdout.strip().splitlines()[-1])
    assert process.returncode == 1, stderr
    assert report["feed_ended_well"] is False
    assert report["posture_path"][-1]["to"] == "HIBERNATE"
    assert "lease" in report["posture_path"][-1]["reason"] or "silence" in report["posture_path"][-1]["reason"]
    assert report["ledger"]["opening_balance"] == first.report["ledger"]["closing_balance"]
    assert report["ledger"]["verified"]
    assert await_nothing_running(home) == []


def as_at_a_terminal() -> None:
    """A shell's background job ignores the interrupt, and so would everything that these tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(command(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=as_at_a_terminal)
    await_feed(home)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=RUN_LIMIT_S)
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert await_nothing_running(home) == []


def test_a_demo_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(command(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await_feed(home)
    process.kill()
    process.wait()
    assert await_nothing_running(home) == []


def test_without_a_home_a_demo_takes_one_of_its_own_and_a_short_recording_says_why_nothing_was_traded(tmp_path: Path) -> None:
    """The running system's home is `.dolphin` here, and nothing of the demo may be in it but the demo's own home."""
    plain = [sys.executable, "-m", "dolphin", "demo", "--json", "--speed", "max", "--recording", str(RECORDING)]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'src'}"}
    done = subprocess.run(plain, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.strip().splitlines()[-1])
    assert "play a longer recording" in report["why_nothing_traded"][0]
    assert report["next"][0]["type"] == "./dolphin ledger show --home .dolphin/demo"
    assert [path.name for path in (tmp_path / ".dolphin").iterdir()] == ["demo"]
    assert "\x1b" not in done.stderr
    assert "waiting for" in done.stderr

    show = [sys.executable, "-m", "dolphin", "ledger", "show", "--json"]
    told = subprocess.run(show, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=False)
    assert told.returncode == 2
    assert "--home .dolphin/demo" in json.loads(told.stdout)["error"]["remedy"]


@pytest.mark.skipif(not BTC_ETH_2024[0].exists(), reason=f"no recordings in {SHARED}")
def test_a_real_recording_becomes_cuts_whose_causes_are_in_it(tmp_path: Path) -> None:
    paths = [argument for path in BTC_ETH_2024 for argument in ("--recording", str(path))]
    ended = demo(tmp_path / "home", "--speed", "max", *paths)
    assert ended.status == 0, ended.stderr
    assert ended.report["frames_in"] == 93_954 + 74_655
    assert_every_cut_has_a_cause_in(ended.report, recording.read(BTC_ETH_2024))
    assert ended.report["ledger"]["verified"]


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda path: None, "no such"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_text("1723161255030314667 {not json\n"), "line"),
        (lambda path: path.write_bytes(b"\x1f\x8b\x08\x00broken"), "gzip"),
    ],
)
def test_a_recording_that_cannot_be_played_is_one_line_and_starts_nothing(tmp_path: Path, make: Any, word: str) -> None:
    path = tmp_path / "recording"
    make(path)
    home = tmp_path / "home"
    ended = demo(home, "--recording", str(path))
    assert ended.status == 2
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert str(path) in ended.stderr
    assert ended.report["error"]["remedy"]
    assert not (home / "runs").exists()


def test_a_port_in_use_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    config = tmp_path / "port.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config.write_text(f"[member]\nport = {taken.getsockname()[1]}\n")
        ended = demo(tmp_path / "home", "--config", str(config))
    assert ended.status == 2
    assert "in use" in ended.stderr
    assert await_nothing_running(tmp_path / "home") == []


def await_feed(home: Path, seconds: float = 90.0) -> psutil.Process:
    """The feed process of the run in `home`, once there is one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if "dolphin.feeds.worker" in line and any(str(home) in word for word in line):
                return process
        time.sleep(0.1)
    raise AssertionError("no feed was started")


def await_posture(home: Path, posture: str, seconds: float = 90.0) -> None:
    """Waits until the newest run's agent has come to `posture`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        newest = max((home / "runs").iterdir())
        journal = newest / "agent.ndjson"
        if journal.exists() and f'"to":"{posture}"' in journal.read_text():
            return
        time.sleep(0.2)
    raise AssertionError(f"the agent never came to {posture}")
