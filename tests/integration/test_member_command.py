"""`dolphin member`: a member in the foreground that says when it is ready, is watched, and leaves nothing when it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from foreground import Manager, foreground

from dolphin.cli import main
from dolphin.errors import BadInput, ExitCode
from dolphin.host.member import CONFIGS, LOOPBACK, MemberProcess

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

WATCHDOG_S = 2.0
SOON_S = 60.0
"""Longest wait for what must come; for what must not, some watchdogs."""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    opened = Manager(tmp_path)
    yield opened
    opened.close()


def test_a_member_tells_when_it_is_ready_answers_and_ends_clean(tmp_path: Path, jar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    with foreground("member", "--port", "0", "--home", home) as member:
        ready = member.ready()
        assert ready["ready"] is True
        assert ready["cluster_name"] == "dolphin"
        assert Path(ready["log"]) == tmp_path / "home" / "member.log"
        assert main(["job", "list", "--member", ready["address"], "--json"]) == ExitCode.DONE
        assert json.loads(capsys.readouterr().out)["jobs"] == []

        second = subprocess.run(
            [sys.executable, "-m", "dolphin", "member", "--port", "0", "--home", home, "--json"],
            capture_output=True,
            text=True,
            timeout=SOON_S,
            check=False,
        )
        assert second.returncode == ExitCode.REFUSED
        assert "another member keeps its gates there" in json.loads(second.stdout)["error"]["what"]

        status, said, complained = member.end(signal.SIGTERM)
        assert (status, said, complained) == (0, "", "")


def test_ctrl_c_ends_it_clean_too(tmp_path: Path, jar: Path) -> None:
    with foreground("member", "one-member", "--port", "0", "--home", str(tmp_path / "home")) as member:
        member.ready()
        status, _, complained = member.end(signal.SIGINT)
    assert status == 130
    assert "Traceback" not in complained


def test_a_member_that_dies_by_itself_is_a_failure(tmp_path: Path, jar: Path) -> None:
    with foreground("member", "--port", "0", "--home", str(tmp_path / "home")) as member:
        os.kill(member.ready()["pid"], signal.SIGKILL)
        assert psutil.Process(member.pid).wait(SOON_S) == ExitCode.FAILED


def test_systemd_hears_of_a_member_while_it_answers_and_of_a_stopped_one_nothing(tmp_path: Path, jar: Path, manager: Manager) -> None:
    home = str(tmp_path / "home")
    with foreground("member", "--port", "0", "--home", home, environment=manager.environment(WATCHDOG_S)) as member:
        assert manager.hears("READY=1", SOON_S)
        assert manager.hears("WATCHDOG=1", SOON_S)
        pid = member.ready()["pid"]
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"NOTIFY_SOCKET" not in environment, "the member is not to speak for its parent"

        os.kill(pid, signal.SIGSTOP)
        assert not manager.hears("WATCHDOG=1", WATCHDOG_S) or not manager.hears("WATCHDOG=1", 3 * WATCHDOG_S), "at most one under way"
        os.kill(pid, signal.SIGCONT)
        assert manager.hears("WATCHDOG=1", SOON_S), "it answers again"

        assert member.end()[0] == 0
        assert manager.hears("STOPPING=1", WATCHDOG_S)


def another_interface() -> str:
    """An IPv4 address of this machine that is not loopback."""
    for interface in psutil.net_if_addrs().values():
        for each in interface:
            if each.family is socket.AF_INET and each.address != LOOPBACK:
                return each.address
    pytest.skip("this machine has loopback only")


def start(jar: Path, folder: Path, interface: str, port: int) -> MemberProcess:
    """Comes to an error: with a file for its gates a member of three is refused, after its port was found free."""
    return MemberProcess.start(jar=jar, log=folder / "member.log", config=CONFIGS / "three-members.yaml", interface=interface, port=port)


def test_a_port_is_looked_for_on_the_interface_that_is_bound_to(jar: Path, tmp_path: Path) -> None:
    elsewhere = another_interface()
    with socket.create_server((elsewhere, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port} is in use on {elsewhere}"):
            start(jar, tmp_path, elsewhere, port)
        with pytest.raises(BadInput, match="SQLite file, which is for one member"):
            start(jar, tmp_path, LOOPBACK, port)
    with socket.create_server((LOOPBACK, 0)) as taken, pytest.raises(BadInput, match="SQLite file, which is for one member"):
        start(jar, tmp_path, elsewhere, taken.getsockname()[1])


def test_an_interface_that_the_machine_does_not_have_is_named_with_those_it_has(jar: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"no network interface 203\.0\.113\.7\. It has: .*{LOOPBACK}") as caught:
        start(jar, tmp_path, "203.0.113.7", 5701)
    assert len(str(caught.value).splitlines()) == 1
