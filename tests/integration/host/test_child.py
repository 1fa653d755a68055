"""Nothing that was started outlives its starter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dolphin.host.child import Child
from dolphin.host.segments import Segments

pytestmark = pytest.mark.integration

SLEEP = (
    "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(p.pid, flush=True); "
)
DEADLINE_S = 10.0


def await_gone(pid: int) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def first_line(path: Path) -> str:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if path.exists() and "\n" in path.read_text():
            return path.read_text().splitlines()[0]
        time.sleep(0.02)
    raise AssertionError(f"nothing was written to {path}")


def test_stop_ends_the_whole_group_even_if_it_ignores_the_request(tmp_path: Path) -> None:
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP + "time.sleep(60)"
    child = Child("stubborn", [sys.executable, "-c", script], tmp_path / "log")
    grandchild = int(first_line(tmp_path / "log"))
    child.stop(grace_s=0.2)
    assert child.exit_status() == -signal.SIGKILL
    assert await_gone(grandchild)


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f"""
import sys, time
from pathlib import Path
from dolphin.host.child import Child
from dolphin.host.segments import Segments
child = Child("orphan", [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"], Path({str(log)!r}))
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script])
    pid = int(first_line(log))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert await_gone(pid)


def test_last_words_are_the_end_of_the_log(tmp_path: Path) -> None:
    child = Child("talker", [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"], tmp_path / "log")
    assert child.wait(DEADLINE_S) == 3
    assert child.last_words(lines=1) == "two"


@pytest.mark.parametrize("lines", [1, 3])
def test_a_silent_child_has_a_word_said_for_it(tmp_path: Path, lines: int) -> None:
    child = Child("silent", [sys.executable, "-c", ""], tmp_path / "log")
    child.wait(DEADLINE_S)
    assert child.last_words(lines) == "it wrote nothing"


def test_the_log_of_a_child_that_talks_without_end_is_cut_and_keeps_its_place(tmp_path: Path) -> None:
    """It goes on writing at the end, wherever that is now, and its lines are all there but for what fell into the cut."""
    log = tmp_path / "talker.log"
    talk = "import itertools, time\nfor n in itertools.count(): print(f'line {n:08} ' + 'x' * 1000, flush=True); time.sleep(0.001)"
    with Child("talker", [sys.executable, "-c", talk], log) as child:
        deadline = time.monotonic() + 60.0
        while not (tmp_path / "talker.log.000003.gz").exists():
            assert time.monotonic() < deadline
            child.tend_log()
            time.sleep(0.02)
    assert log.stat().st_size == 0 or b"\0" not in log.read_bytes()
    lines = Segments(log).read().splitlines()
    numbers = [int(line.split()[1]) for line in lines if line.startswith(b"line ")]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 0.9 * numbers[-1]
    assert "line " in child.last_words(1)
