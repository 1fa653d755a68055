"""One system a home: who holds it is said, and whatever ends the holder frees it. The holders are real processes."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dolphin.errors import BadInput, ExitCode, Refused
from dolphin.host import home_lock
from dolphin.host.home import REPOSITORY, Home, open_home
from dolphin.host.home_lock import HomeLock, is_under_way

HOLD = """
import subprocess, sys
from pathlib import Path
from dolphin.host.home import Home
from dolphin.host.home_lock import Holder, HomeLock
home = Home(Path(sys.argv[1]))
"""
TAKE = "lock = HomeLock.take(home, 'dolphin demo', 'r1')\n"
WAIT = "print('held', flush=True); sys.stdin.read()\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path)


@contextmanager
def running(home: Home, script: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """A process that runs `script` and has said its first line; ended by the end of the block."""
    command = [sys.executable, "-c", HOLD + script, str(home.root), *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, pass_fds=pass_fds)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def is_free(home: Home) -> bool:
    try:
        HomeLock.take(home, "dolphin test", "r2").release()
    except Refused:
        return False
    return True


def test_a_second_system_is_told_who_holds_the_home_and_how_to_end_it(home: Home) -> None:
    with running(home, TAKE + WAIT) as holder, pytest.raises(Refused) as caught:
        HomeLock.take(home, "dolphin up", "r2")
    assert caught.value.exit_code == ExitCode.REFUSED
    assert caught.value.what.startswith(f"dolphin demo runs in it (pid {holder.pid}, since 20")
    assert caught.value.what.endswith("Z, run r1)")
    assert f"kill {holder.pid}" in caught.value.remedy


def test_a_home_is_free_when_its_holder_lets_go(home: Home) -> None:
    with HomeLock.take(home, "dolphin demo", "r1"):
        assert not is_free(home)
    assert is_free(home)


def test_a_killed_holder_frees_the_home_although_what_it_started_lives_on(home: Home) -> None:
    orphan = "child = subprocess.Popen(['sleep', '60'], close_fds=False, start_new_session=True, stdout=subprocess.DEVNULL)\n"
    with running(home, TAKE + orphan + "print('held', flush=True); print(child.pid, flush=True); sys.stdin.read()\n") as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        holder.kill()
        holder.wait()
        try:
            os.kill(child, 0)
            assert is_free(home)
        finally:
            os.kill(child, 9)


def test_a_lock_that_is_handed_on_is_held_without_a_gap_and_named_anew(home: Home) -> None:
    lock = HomeLock.take(home, "dolphin up", "r1")
    inherit = "HomeLock.inherit(int(sys.argv[2]), Holder.this_process('dolphin up', 'r1', 'dolphin down'))\n"
    with running(home, inherit + WAIT, str(lock.descriptor), pass_fds=(lock.descriptor,)) as heir:
        lock.release()
        with pytest.raises(Refused, match=f"pid {heir.pid}.* To end it: dolphin down"):
            HomeLock.take(home, "dolphin demo", "r2")
        heir.kill()
        heir.wait()
        assert is_free(home)


def test_of_many_at_once_exactly_one_wins(home: Home) -> None:
    attempt = (
        "print('held', flush=True); sys.stdin.readline()\ntry:\n    " + TAKE + "except Exception as error: print(type(error).__name__)\n"
    )
    attempt += "else: print('won')\nsys.stdout.flush(); sys.stdin.read()\n"
    command = [sys.executable, "-c", HOLD + attempt, str(home.root)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    rivals = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(6)]
    for rival in rivals:
        assert rival.stdout is not None
        assert rival.stdout.readline() == "held\n"
    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write("go\n")
        rival.stdin.flush()
    said = sorted(rival.stdout.readline().strip() for rival in rivals if rival.stdout is not None)
    for rival in rivals:
        rival.communicate()
    assert said == [*["Refused"] * 5, "won"]


def test_a_holder_that_has_not_said_who_it_is_holds_the_home_all_the_same(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_lock, "_NAMED_WITHIN_S", 0.05)
    with HomeLock.take(home, "dolphin demo", "r1"):
        home.lock.write_text("")
        with pytest.raises(Refused, match="a system runs in it"):
            HomeLock.take(home, "dolphin up", "r2")


def test_a_lock_on_a_full_disk_is_one_although_nobody_can_write_into_it_whose(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(home_lock, "_NAMED_WITHIN_S", 0.05)
    monkeypatch.setattr(os, "pwrite", full)
    with HomeLock.take(home, "dolphin up", "r1"), pytest.raises(Refused, match="a system runs in it"):
        HomeLock.take(home, "dolphin up", "r2")


def test_a_run_is_under_way_as_long_as_a_worker_says_so(home: Home) -> None:
    run = home.run("live")
    assert not is_under_way(run), "it is not even there"
    script = "from dolphin.host.home_lock import under_way\nwith under_way(home.run('live')):\n    " + WAIT
    with running(home, script) as worker:
        assert is_under_way(run)
        worker.kill()
        worker.wait()
        assert not is_under_way(run)


def test_a_home_that_cannot_be_locked_is_named(home: Home) -> None:
    home.lock.mkdir()
    with pytest.raises(BadInput, match="cannot be locked"):
        HomeLock.take(home, "dolphin demo", "r1")
