"""What is brought back takes the place of nothing that is in use, and of nothing that was not said."""

import io
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dolphin.core.ledger.events import GateReading, Operation, OperationStage
from dolphin.core.upkeep.room import MIB
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host import space
from dolphin.host.home import Home, RunFiles, open_home
from dolphin.host.home_lock import locked, under_way
from dolphin.host.member import Gates
from dolphin.operator import log as operator_log
from dolphin.storage.ledger import SqliteLedger
from dolphin.storage.sqlite import SqliteStore, lock_of, share
from dolphin.trading.booking import Booking
from dolphin.upkeep import restore as restoring
from dolphin.upkeep.archive import UNKNOWN_PLACE
from dolphin.upkeep.backup import back_up
from dolphin.upkeep.restore import restore

RUN = "20260101T000000Z-aaaa"


def ignore(name: str) -> None:
    pass


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which a system has run, and nothing runs."""
    home = open_home(tmp_path / "home")
    ledger = SqliteLedger.open(home.ledger, account="paper", owner=RUN)
    ledger.ensure_opening(10_000_000_000, 1)
    ledger.close()
    sqlite3.connect(home.gates).close()
    home.run(RUN).mkdir(parents=True)
    (home.run(RUN) / "agent.ndjson").write_text('{"type": "ready"}\n')
    return home


@pytest.fixture
def file(home: Home, tmp_path: Path) -> Path:
    back_up(home, tmp_path / "copy.tar.gz", ignore)
    return tmp_path / "copy.tar.gz"


@contextmanager
def closing_descriptor(descriptor: int | None) -> Any:
    assert descriptor is not None
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(home: Home) -> Any:
    store = SqliteStore.open(home.ledger)
    try:
        yield
    finally:
        store.close()


AT_WORK: dict[str, tuple[Callable[[Home], AbstractContextManager[Any]], str]] = {
    "a member": (lambda home: closing_descriptor(Gates.in_file(home.gates).lock()), "another member keeps its gates there"),
    "an agent": (writing, "the ledger is in use"),
    "a feed": (lambda home: under_way(home.run("live")), "this run is under way"),
    "a backup": (lambda home: closing_descriptor(share(home.ledger)), "the ledger is in use"),
}


def inodes(home: Home) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in home.root.iterdir() if path.is_file()}


@pytest.mark.parametrize("who", AT_WORK)
def test_nothing_is_moved_away_under_who_takes_no_lock_of_the_home(who: str, home: Home, file: Path) -> None:
    begin, said = AT_WORK[who]
    with begin(home):
        before = inodes(home)
        with pytest.raises(Refused, match=said):
            restore(file, home, ignore, replace=True)
        assert {name: inodes(home)[name] for name in before} == before
        assert home.runs.is_dir()
    restore(file, home, ignore, replace=True)


def test_a_lock_stays_where_it_is_so_that_who_comes_later_finds_it(home: Home, file: Path) -> None:
    locks = (Path(f"{home.gates}.lock"), lock_of(home.ledger))
    for lock in locks:
        os.close(locked(lock))
    before = inodes(home)
    restore(file, home, ignore, replace=True)
    after = inodes(home)
    assert [after[lock.name] for lock in locks] == [before[lock.name] for lock in locks]
    assert after["gates.sqlite"] != before["gates.sqlite"]
    (aside,) = home.root.glob("replaced-*")
    assert {path.name for path in aside.iterdir()} >= {"gates.sqlite", "ledger.sqlite", "runs"}
    assert not list(aside.glob("*.lock"))


def test_while_it_is_replaced_nobody_gets_at_the_gates_or_the_ledger(home: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place, seen = restoring._put_in_place, []

    def look(home: Home, place: Path) -> None:
        for attempt in (Gates.in_file(home.gates).lock, lambda: SqliteStore.open(home.ledger), lambda: share(home.ledger)):
            with pytest.raises(Refused) as caught:
                attempt()
            seen.append(caught.value.what)
        put_in_place(home, place)

    monkeypatch.setattr(restoring, "_put_in_place", look)
    restore(file, home, ignore, replace=True)
    assert seen == ["another member keeps its gates there", *["it is being replaced just now"] * 2]


def test_gates_without_a_ledger_are_replaced_only_when_told(file: Path, tmp_path: Path) -> None:
    """A home of a member alone."""
    other = open_home(tmp_path / "member")
    other.gates.write_bytes(b"a cut")
    with pytest.raises(Refused, match=r"it has gates.sqlite, which would be replaced"):
        restore(file, other, ignore, replace=False)
    assert other.gates.read_bytes() == b"a cut"
    restore(file, other, ignore, replace=True)
    assert [path.read_bytes() for path in other.root.glob("replaced-*/gates.sqlite")] == [b"a cut"]


def test_nobody_opens_or_copies_what_a_restore_has_left_half_done(home: Home, tmp_path: Path) -> None:
    home.restoring.touch()
    reading = GateReading(posture="APEX", cap_ppm=1, r_ppm=1, latch="", ceiling="APEX", level=0, manual_level=0)
    asked = Operation("op-1", OperationStage.ASKED, "ann", "force TURTLE", "paper", "news", "", reading, reading)
    for attempt in (
        lambda: Booking.open(home.ledger, account="paper", run_id="r2", opening_deposit_micro=1),
        lambda: operator_log.note(home.ledger, "paper", asked, 7),
        lambda: back_up(home, tmp_path / "half.tar.gz", ignore),
    ):
        with pytest.raises(BadInput, match="did not come to its end"):
            attempt()
    assert not (tmp_path / "half.tar.gz").exists()


def test_a_backup_holds_a_restore_off_and_makes_no_lock_for_that(home: Home, tmp_path: Path) -> None:
    lock_of(home.ledger).unlink()
    back_up(home, tmp_path / "one", ignore)
    assert not lock_of(home.ledger).exists()
    os.close(share(home.ledger, os.O_CREAT))

    def try_to_replace(name: str) -> None:
        with pytest.raises(BlockingIOError):
            locked(lock_of(home.ledger))

    back_up(home, tmp_path / "two", try_to_replace)


def test_a_disk_without_room_for_it_is_told_with_the_numbers_and_left_alone(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "_free", lambda _: MIB // 2)
    with pytest.raises(Refused, match="0 MiB are free, 2 MiB are needed"):
        restore(file, Home(tmp_path / "not" / "yet"), ignore, replace=False)
    assert not (tmp_path / "not").exists()


def tar_of(names: list[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))
    return out.getvalue()


@pytest.mark.parametrize(
    "names",
    [
        ["ledger.sqlite", "ledger.sqlite"],
        ["runs/r/x", "runs/r//x"],
        ["runs/r/x", "runs/r/x/y"],
        ["runs/../ledger.sqlite"],
        ["runs/r"],
        ["/ledger.sqlite"],
        ["notes.txt"],
    ],
)
def test_what_no_backup_of_ours_has_is_none(names: list[str], tmp_path: Path) -> None:
    file, home = tmp_path / "file", tmp_path / "home"
    file.write_bytes(tar_of(names))
    with pytest.raises(BadInput, match="there is something in it that no backup has"):
        restore(file, Home(home), ignore, replace=False)
    assert not home.exists()


def test_a_file_that_cannot_be_read_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(DolphinError, match="cannot be restored"):
        restore(tmp_path, Home(tmp_path / "home"), ignore, replace=False)


# where the gates are


def run(home: Home, run_id: str, source: str | None, url: str | None = "", *, member: bool = True) -> None:
    """A run's folder, as far as it says where the gates were."""
    files = RunFiles(home.run(run_id))
    files.directory.mkdir(parents=True, exist_ok=True)
    files.feed_journal.touch()
    if source is not None:
        files.options("feed").write_bytes(msgspec.json.encode({"source": source, "member": "h:5701"}))
    if url is not None:
        files.config.write_text(f'[gates]\nurl = "{url}"\n')
    if member:
        files.log("member").touch()


DATABASE = "jdbc:postgresql://h/gates"
ELSEWHERE: dict[str, tuple[list[tuple[Any, ...]], str, bool]] = {
    "in the home": ([("2", "live", "")], "", True),
    "in a database, with a replay after that": ([("2", "live", DATABASE), ("3", "synthetic", ""), ("4", "recording", "")], DATABASE, True),
    "in a database, with a run after that which had no feed yet": ([("2", "live", DATABASE), ("3", None, "")], DATABASE, True),
    "in the last one": ([("2", "live", "jdbc:postgresql://old/gates"), ("3", "live", DATABASE)], DATABASE, True),
    "in a cluster that was joined": ([("2", "live", DATABASE)], UNKNOWN_PLACE, False),
    "in a cluster that workers of systemd are on": ([("live", None, None)], UNKNOWN_PLACE, False),
    "where a configuration that nobody can read says": ([("2", "live", "no address")], UNKNOWN_PLACE, True),
    "nowhere": ([("2", "synthetic", "")], "", True),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_backup_says_where_the_gates_of_the_live_market_are(where: str, home: Home, tmp_path: Path) -> None:
    runs, said, member = ELSEWHERE[where]
    for each in runs:
        run(home, *each, member=member)
    assert back_up(home, tmp_path / "copy", ignore).gates_elsewhere == said
