"""A system that does not come up: why is said as its supervisor said it, and what earlier ones have said stays."""

import sys
from pathlib import Path

import pytest

from dolphin.config import Config
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import Home, open_home
from dolphin.host.home_lock import HomeLock
from dolphin.run import supervisor
from dolphin.run.launch import Show
from dolphin.run.plan import Market
from dolphin.run.supervisor import COMMAND, Request, start_detached

FAILS = """
import sys
from pathlib import Path
from dolphin.errors import BadInput
from dolphin.host.home import Home
from dolphin.host.standing import Fault, Standing, write_standing
error = BadInput("member: Java 11 is too old", field="java", value="/bin/java", remedy="Install one.")
write_standing(Home(Path(sys.argv[1])), Standing(pid=1, state="failed", what=str(error), fault=Fault.of(error), run_id="r", market="m"))
print("why it failed")
sys.exit(error.exit_code)
"""
FALLS = "raise RuntimeError('a fault of ours')"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path)


def start(home: Home, script: str, monkeypatch: pytest.MonkeyPatch) -> DolphinError:
    """What `up` says when its supervisor is `script`."""
    monkeypatch.setattr(supervisor, "_command", lambda home, lock: [sys.executable, "-c", script, str(home.root)])
    show = Show(Market("synthetic", (), ("BTCUSDT",), 1.0, loop=True), "a market", None)
    with HomeLock.take(home, COMMAND, "r") as lock, pytest.raises(DolphinError) as caught:
        start_detached(home, lock, Request("r", Config(), show, None))
    return caught.value


def test_an_error_is_said_once_with_its_own_remedy(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    error = start(home, FAILS, monkeypatch)
    assert isinstance(error, BadInput)
    assert str(error) == "java = '/bin/java': member: Java 11 is too old. Install one."


def test_a_supervisor_that_fell_is_looked_up_in_its_log(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(start(home, FALLS, monkeypatch)) == f"the system did not come up. See {home.supervisor_log}."


def test_what_the_supervisor_before_has_said_stays_in_the_log(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    start(home, FALLS, monkeypatch)
    start(home, FAILS, monkeypatch)
    said = home.supervisor_log.read_text()
    assert said.index("a fault of ours") < said.index("why it failed")
