"""A full disk: at start, in the middle, and while positions are closed. The disk is a real one, small and full to the last byte."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from homes import make_home
from small_disk import SmallDisk, small_disk

from dolphin.core.ledger.events import Fee, Fill, OrderIntent, Side
from dolphin.core.upkeep.room import ENOUGH, MIB, RESERVE, SHORT, SLICE, TO_START
from dolphin.errors import DolphinError, Refused
from dolphin.host.home import Home, open_home
from dolphin.host.space import Reserve, Room, require_room
from dolphin.storage.ledger import SqliteLedger
from dolphin.storage.sqlite import SqliteStore
from dolphin.trading.journal import Journal
from dolphin.upkeep.backup import back_up
from dolphin.upkeep.restore import restore

pytestmark = pytest.mark.integration


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted


@pytest.fixture
def home(disk: SmallDisk) -> Home:
    home = open_home(disk.folder / "home")
    require_room(home)
    return home


def opened(home: Home, room: Room) -> SqliteLedger:
    ledger = SqliteLedger.open(home.ledger, account="paper", owner="run-1", make_room=room.give_up)
    ledger.ensure_opening(10_000_000_000, 1)
    return ledger


def book_orders(ledger: SqliteLedger, count: int, prefix: str) -> None:
    """Intent and fill of `count` orders, each on disk before the next."""
    for number in range(count):
        order_id = f"{prefix}-{number}"
        ledger.record(OrderIntent(order_id, "BTCUSDT", Side.BUY, 10**8, None, True, 0, "HIBERNATE", ()), 2)
        ledger.fill(Fill(order_id, "1", "BTCUSDT", Side.BUY, 10**8, 100 * 10**8, 50_000), 3)


def verified_entries(home: Home) -> int:
    """Entries of the account, as another process reads and verifies them."""
    store = SqliteStore.read(home.ledger)
    store.close()
    ledger = SqliteLedger.open(home.ledger, account="paper", owner="reader")
    try:
        return sum(1 for _ in ledger.records())
    finally:
        ledger.close()


def test_a_start_on_a_disk_with_too_little_room_is_refused_with_the_numbers(disk: SmallDisk) -> None:
    home = open_home(disk.folder / "home")
    disk.fill(leave=100 * MIB)
    with pytest.raises(Refused) as caught:
        require_room(home)
    assert "100 MiB are free" in caught.value.what
    assert f"{(TO_START + RESERVE) // MIB} MiB are needed" in caught.value.what
    assert "dolphin prune" in caught.value.remedy
    assert not home.reserve.exists(), "what was not enough is not taken"
    disk.free()
    require_room(home)
    assert home.reserve.stat().st_blocks * 512 >= RESERVE, "room is taken, not promised"


@pytest.mark.timeout(120)
def test_up_and_demo_refuse_a_full_disk_before_anything_is_started(disk: SmallDisk) -> None:
    for leave in (10 * MIB, 0):
        disk.fill(leave=leave)
        for command in ("demo", "up"):
            home = disk.folder / f"{command}-{leave}"
            asked = [sys.executable, "-m", "dolphin", command, "--home", str(home)]
            done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 3, done.stderr
            assert re.search(r"too little room on the disk: \d MiB are free, \d+ MiB are needed", done.stderr), done.stderr
            assert not (home / "runs").exists()


def test_nothing_is_restored_onto_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    back_up(make_home(tmp_path / "home", 5), tmp_path / "copy", lambda name: None)
    disk.fill()
    with pytest.raises(Refused, match="0 MiB are free"):
        restore(tmp_path / "copy", Home(disk.folder / "home"), lambda name: None, replace=False)
    assert not (disk.folder / "home").exists()


def test_without_a_reserve_a_full_disk_ends_the_booking(disk: SmallDisk) -> None:
    home = open_home(disk.folder / "home")
    ledger = SqliteLedger.open(home.ledger, account="paper", owner="run-1")
    ledger.ensure_opening(10_000_000_000, 1)
    disk.fill()
    with pytest.raises(DolphinError, match="full"):
        book_orders(ledger, 100_000, "O")
    ledger.close()


def test_exits_are_booked_on_a_full_disk_from_the_reserve(disk: SmallDisk, home: Home) -> None:
    room = Room(home.ledger)
    ledger = opened(home, room)
    assert not room.is_short
    disk.fill()
    book_orders(ledger, 400, "X")
    ledger.close()
    size = Reserve(home.reserve).size()
    assert size is not None
    assert RESERVE // 2 < size < RESERVE, "some of it went, in slices"
    assert room.is_short
    assert verified_entries(home) == 1 + 800


def test_what_belongs_together_is_booked_together_from_the_reserve_too(disk: SmallDisk, home: Home) -> None:
    room = Room(home.ledger)
    ledger = opened(home, room)
    disk.fill()
    for number in range(300):
        with ledger.batch():
            ledger.record(Fee(1, f"first {number}"), 2)
            ledger.record(Fee(1, f"second {number}"), 2)
    with suppress(ValueError), ledger.batch():
        ledger.record(Fee(1, "never"), 2)
        raise ValueError("in the middle")
    assert room.is_short
    ledger.close()
    assert verified_entries(home) == 1 + 600


def test_a_new_writer_takes_the_account_over_on_a_full_disk(disk: SmallDisk, home: Home) -> None:
    room = Room(home.ledger)
    ledger = opened(home, room)
    disk.fill()
    for number in range(40):
        ledger.close()
        ledger = SqliteLedger.open(home.ledger, account="paper", owner=f"run-{number}", make_room=room.give_up)
        assert ledger.epoch == number + 2
        book_orders(ledger, 5, f"E{number}")
    ledger.close()
    assert verified_entries(home) == 1 + 400


def test_when_the_reserve_is_used_up_it_is_said_and_what_was_booked_stands(disk: SmallDisk, home: Home) -> None:
    room = Room(home.ledger)
    ledger = opened(home, room)
    disk.fill()
    while Reserve(home.reserve).give_up():
        disk.fill()  # somebody else is quicker
    booked = 0

    def book_for_ever() -> None:
        nonlocal booked
        while True:
            book_orders(ledger, 1, f"Y{booked}")
            booked += 1

    with pytest.raises(DolphinError, match="full"):
        book_for_ever()
    ledger.close()
    disk.free()
    assert verified_entries(home) >= 1 + 2 * booked


def test_entries_leave_again_when_there_is_room_and_the_reserve_is_whole(disk: SmallDisk, home: Home) -> None:
    room = Room(home.ledger)
    disk.fill(leave=SHORT - MIB)
    room.look()
    assert room.is_short
    assert Reserve(home.reserve).size() == RESERVE, "nothing was given up yet"
    disk.fill()
    assert room.give_up()
    room.look()
    assert Reserve(home.reserve).size() == RESERVE - SLICE
    disk.free()
    room.look()
    assert not room.is_short
    assert Reserve(home.reserve).size() == RESERVE
    assert disk.free_bytes() > ENOUGH


def test_journal_and_trace_of_a_full_disk_lack_lines_and_go_on_afterwards(
    disk: SmallDisk, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(home.run("r") / "agent.ndjson")
    journal.write({"type": "first", "market_time_ns": 1})
    disk.fill()
    while not journal.missing:
        journal.write({"type": "fill", "market_time_ns": 1, "text": "x" * 1000})
    disk.free()
    journal.write({"type": "after", "market_time_ns": 1})
    journal.close()
    lines = home.run("r").joinpath("agent.ndjson").read_bytes().splitlines()
    assert lines[0].startswith(b'{"type":"first"')
    assert lines[-1].startswith(b'{"type":"after"')
    assert all(line.startswith(b"{") and line.endswith(b"}") for line in lines), "no half line"
    assert capsys.readouterr().err.count("cannot be written") == 1
