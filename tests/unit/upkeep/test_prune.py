"""Old runs go; the one that is under way never does."""

import os
import shutil
from pathlib import Path

import pytest

from dolphin.core.upkeep.runs import to_prune
from dolphin.errors import Refused
from dolphin.host.home import Home, open_home
from dolphin.host.home_lock import Holder, HomeLock, under_way
from dolphin.upkeep.prune import folders, looked_at, remove, settled

OLD_S = 1_000_000.0
RUNS = ["20250101T000000Z-aaaa", "20250102T000000Z-bbbb", "20250103T000000Z-cccc"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    for run_id in RUNS:
        home.run(run_id).mkdir(parents=True)
        journal = home.run(run_id) / "agent.ndjson"
        journal.write_bytes(b"x" * 10_000)
        os.utime(journal, (OLD_S, OLD_S))
    return home


def left(home: Home) -> list[str]:
    return sorted(path.name for path in home.runs.iterdir())


def test_no_system_starts_while_runs_are_removed(home: Home) -> None:
    with settled(home) as running:
        assert running == ""
        with pytest.raises(Refused, match="dolphin prune runs in it"):
            HomeLock.take(home, "dolphin up", "r1")
    HomeLock.take(home, "dolphin up", "r1").release()


def test_the_run_of_a_running_system_stays_however_old_its_files_are(home: Home) -> None:
    with HomeLock.take(home, "dolphin up", RUNS[0]), settled(home) as running:
        found = folders(home, running)
        assert [run.is_running for run in found] == [True, False, False]
        remove(home, to_prune(found, 2 * OLD_S), lambda run: None)
    assert left(home) == [RUNS[0]]


def test_a_system_whose_run_is_not_known_yet_keeps_everything(home: Home) -> None:
    with HomeLock.take(home, "dolphin up", "") as lock:
        lock.name(Holder.this_process("dolphin up", "", "wait"))
        with pytest.raises(Refused, match="dolphin up runs in it"), settled(home):
            pass
    assert left(home) == RUNS


def test_a_run_that_wrote_just_now_stays_whoever_started_it(home: Home) -> None:
    (home.run(RUNS[0]) / "feed.ndjson").touch()
    assert [run.run_id for run in folders(home, "") if run.is_running] == [RUNS[0]]


def test_a_run_whose_worker_lives_stays_although_a_full_disk_takes_nothing_of_it(home: Home) -> None:
    with under_way(home.run(RUNS[0])):
        os.utime(home.run(RUNS[0]) / "agent.ndjson", (OLD_S, OLD_S))
        remove(home, to_prune(folders(home, ""), 2 * OLD_S), lambda run: None)
    assert left(home) == [RUNS[0]]


def test_a_look_at_what_would_go_locks_and_makes_nothing(home: Home) -> None:
    def everything() -> list[Path]:
        return sorted(home.root.rglob("*"))

    before = everything()
    with looked_at(home) as running:
        assert running == ""
        HomeLock.take(home, "dolphin up", RUNS[0]).release()
    home.lock.unlink()
    assert everything() == before
    with HomeLock.take(home, "dolphin up", RUNS[0]), looked_at(home) as running:
        assert running == RUNS[0]


def test_what_is_said_to_be_freed_is_freed_and_what_was_begun_is_finished(home: Home) -> None:
    shutil.copytree(home.run(RUNS[0]), home.runs / ".going-20240101T000000Z-dddd")
    (home.run(RUNS[1]) / "link").symlink_to(home.run(RUNS[2]))
    said: list[str] = []
    going = [run for run in folders(home, "") if run.run_id != RUNS[2]]
    assert [run.run_id for run in going] == RUNS[:2], "what is going is no run any more"
    assert all(run.size >= 10_000 for run in going)
    remove(home, going, lambda run: said.append(run.run_id))
    assert said == RUNS[:2]
    assert left(home) == [RUNS[2]]
    assert (home.run(RUNS[2]) / "agent.ndjson").exists(), "a link is not followed"
