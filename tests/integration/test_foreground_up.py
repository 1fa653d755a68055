"""`up` for a service manager: in the foreground, heard of while every part runs; a symbol that nobody trades stops it before anything."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreground import Manager, foreground, stand_in_exchange

from dolphin.errors import ExitCode

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

SOON_S = 150.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    opened = Manager(tmp_path)
    yield opened
    opened.close()


def test_a_system_in_the_foreground_is_ready_watched_and_ended_by_ctrl_c(tmp_path: Path, manager: Manager, jar: Path) -> None:
    home = tmp_path / "home"
    with (
        stand_in_exchange(tmp_path) as live,
        foreground(
            *("up", "--foreground", "--feed", "live", "--config", str(written(tmp_path, live)), "--home", str(home)),
            environment=manager.environment(8.0),
        ) as system,
    ):
        up = system.ready()
        assert (up["state"], up["pid"], up["is_joined"]) == ("up", system.pid, False)
        assert manager.hears("READY=1", SOON_S)
        assert manager.hears("WATCHDOG=1", SOON_S)
        status, _, complained = system.end(signal.SIGINT)
        assert status == 0
        assert all("Z supervisor: " in line for line in complained.splitlines()), complained
        assert manager.hears("STOPPING=1", 1.0)
    assert not (home / "run" / "supervisor.json").exists()


def test_a_symbol_that_the_exchange_does_not_list_stops_up_before_anything_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with stand_in_exchange(tmp_path) as live:
        config = written(tmp_path, live.replace("ETHUSDT", "ETHUSTD"))
        command = [sys.executable, "-m", "dolphin", "up", "--feed", "live", "--config", str(config), "--home", str(home), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SOON_S, check=False)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["field"], error["value"]) == (ExitCode.BAD_INPUT, "live.symbols", "ETHUSTD")
    assert "Did you mean ETHUSDT" in error["remedy"]
    assert not home.exists()


def written(folder: Path, settings: str) -> Path:
    path = folder / "dolphin.toml"
    path.write_text(settings)
    return path
