"""What a dead supervisor left running is ended; whoever has its number by now is not."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dolphin.host.leftovers import Process, end_leftovers, is_there, process_of

SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"


class Children:
    """Processes that lead groups of their own, as parts do."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, code: str = SLEEPS) -> subprocess.Popen[str]:
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.started.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        return child

    def end(self) -> None:
        for child in self.started:
            child.kill()
            child.communicate()


@pytest.fixture
def children() -> Iterator[Children]:
    children = Children()
    yield children
    children.end()


def known(part: str, child: subprocess.Popen[str]) -> Process:
    process = process_of(part, child.pid)
    assert process is not None
    return process


def test_what_is_left_is_asked_to_end_and_told_of(children: Children) -> None:
    agent, feed = children.start(), children.start()
    left = [known("feed.0", feed), known("agent", agent)]
    assert end_leftovers(left) == [f"ended what was left of feed.0 (pid {feed.pid})", f"ended what was left of agent (pid {agent.pid})"]
    assert (agent.wait(), feed.wait()) == (-signal.SIGTERM, -signal.SIGTERM)


@pytest.mark.parametrize("stops", [False, True], ids=["deaf", "stopped"])
def test_what_does_not_end_when_asked_is_killed_and_gone_when_that_is_told(children: Children, stops: bool) -> None:
    child = children.start(DEAF)
    if stops:
        child.send_signal(signal.SIGSTOP)
    process = known("member", child)
    assert end_leftovers([process], limit_s=0.2) == [f"killed what was left of member (pid {child.pid}): it did not end when asked"]
    assert not is_there(process)
    assert child.wait() == -signal.SIGKILL


def test_a_stranger_that_has_the_number_by_now_is_never_touched(children: Children) -> None:
    stranger = children.start()
    is_now = known("agent", stranger)
    was = is_now._replace(started=is_now.started - 1)
    assert not is_there(was)
    assert end_leftovers([was], limit_s=0.2) == []
    assert stranger.poll() is None


def test_what_has_ended_is_not_left_even_before_its_parent_has_read_that(children: Children) -> None:
    child = children.start("print('up', flush=True)")
    assert child.stdout is not None
    assert child.stdout.read() == ""
    while process_of("agent", child.pid) is not None:
        pass  # until the kernel has made a zombie of it
    assert child.returncode is None
    child.wait()
    assert process_of("agent", child.pid) is None
    assert end_leftovers([Process("agent", child.pid, 0)]) == []


def test_a_name_with_spaces_and_brackets_is_read_past(children: Children) -> None:
    names = "import ctypes; ctypes.CDLL(None).prctl(15, b') S 1 (x', 0, 0, 0); "
    child = children.start(names + SLEEPS)
    assert known("agent", child).started > 0
    assert known("agent", child) == known("agent", child)
