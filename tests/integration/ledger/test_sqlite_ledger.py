"""The ledger on a real file: what the database itself refuses, what a restart finds, what a crash leaves, what a second writer does."""

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dolphin.core.ledger import Outcome, Side, verify
from dolphin.core.ledger.events import Fee, Fill, Funding, OrderIntent, OrderOutcome, Reconciliation, RunEnd, RunStart
from dolphin.core.ledger.position import Position
from dolphin.core.ledger.verification import Report
from dolphin.errors import BadInput, DolphinError
from dolphin.storage.ledger import EntryRefused, SqliteLedger
from dolphin.storage.sqlite import LeaseLost, SqliteStore
from dolphin.storage.summary import summarise

DEPOSIT = 10_000_000_000
BTC = 10**8
USD = 10**8
COLUMNS = "account, idx, epoch, run_id, written_wall_ns, content, previous_hash, hash"
KILLS = 5
BYTE_FLIPS = 250


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    ledger = opened(path)
    yield ledger
    ledger.close()


def opened(path: Path, owner: str = "run-1", at_wall_ns: int = 77) -> SqliteLedger:
    ledger = SqliteLedger.open(path, account="paper", owner=owner, wall_clock_ns=lambda: at_wall_ns)
    ledger.record(RunStart(), 1)
    ledger.ensure_opening(DEPOSIT, 1)
    return ledger


def intend(ledger: SqliteLedger, order_id: str, *, qty_e8: int = BTC) -> None:
    ledger.record(OrderIntent(order_id, "BTCUSDT", Side.BUY, qty_e8, None, False, 2_000_000, "STALKER", ()), 2)


def fill(ledger: SqliteLedger, order_id: str, fill_id: str, *, side: Side = Side.BUY, price_e8: int = 100 * USD):
    return ledger.fill(Fill(order_id, fill_id, "BTCUSDT", side, BTC, price_e8, 50_000), 3)


def trade(ledger: SqliteLedger) -> None:
    """A little of everything."""
    intend(ledger, "O-1")
    fill(ledger, "O-1", "1")
    intend(ledger, "O-2")
    ledger.record(OrderOutcome("O-2", Outcome.DENIED, "over the cap", None), 3)
    ledger.record(Funding("BTCUSDT", -12), 4)
    fill(ledger, "O-3", "1", side=Side.SELL, price_e8=110 * USD)
    ledger.mark(DEPOSIT + 20_000_000, 5)
    ledger.record(Reconciliation("BTCUSDT", 0, 0), 6)
    ledger.record(RunEnd("done"), 7)


def report_on(path: Path) -> Report:
    store = SqliteStore.read(path)
    try:
        return verify("paper", store.records("paper"), store.head("paper"))
    finally:
        store.close()


def test_who_reads_while_another_writes_sees_one_moment(path: Path, ledger: SqliteLedger) -> None:
    store = SqliteStore.read(path)
    try:
        before = store.head("paper")
        trade(ledger)
        assert verify("paper", store.records("paper"), store.head("paper")).is_verified
        assert verify("paper", list(store.records("paper")), before).is_verified
    finally:
        store.close()
    assert report_on(path).entries > before.index


# --- what the database refuses ---


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET run_id = 'x' WHERE idx = 1",
        "UPDATE OR REPLACE entries SET idx = 1 WHERE idx = 2",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE idx = (SELECT max(idx) FROM entries)",
        "INSERT OR REPLACE INTO entries (COLUMNS) SELECT COLUMNS FROM entries LIMIT 1",
        "DELETE FROM head",
        "UPDATE head SET idx = idx - 1",
        "UPDATE head SET idx = idx + 1",
        "UPDATE head SET hash = 'x'",
        "INSERT OR REPLACE INTO head VALUES ('paper', 1, 'x')",
        "INSERT INTO head VALUES ('other', 2, 'x')",
        "DELETE FROM lease",
        "UPDATE lease SET epoch = epoch - 1",
        "UPDATE lease SET epoch = epoch + 2",
        "UPDATE lease SET owner = 'x'",
        "UPDATE lease SET account = 'x', epoch = epoch + 1",
        "INSERT OR REPLACE INTO lease VALUES ('paper', 1, 'x')",
        "INSERT INTO lease VALUES ('other', 2, 'x')",
    ],
)
def test_the_database_refuses(path: Path, ledger: SqliteLedger, statement: str) -> None:
    trade(ledger)
    before = report_on(path)
    intruder = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="ledger: "):
        intruder.execute(statement.replace("COLUMNS", COLUMNS))
    intruder.rollback()
    assert report_on(path) == before
    assert before.is_verified


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"epoch": 0}, "stale epoch"),
        ({"epoch": 2}, "stale epoch"),
        ({"account": "nobody"}, "stale epoch"),
        ({"idx": 99}, "continue the chain"),
        ({"idx": 1}, "continue the chain"),
        ({"previous_hash": "0" * 64}, "continue the chain"),
        ({"content": '{"event":{"type":"opening_deposit"}}'}, "booked once"),
        ({"content": '{"event":{"type":"order_intent","order_id":"O-1"}}'}, "booked once"),
        ({"content": '{"event":{"type":"fill","order_id":"O-1","fill_id":"1"}}'}, "booked once"),
    ],
)
def test_the_database_refuses_an_insert_with(path: Path, ledger: SqliteLedger, change: dict[str, object], why: str) -> None:
    trade(ledger)
    intruder = sqlite3.connect(path)
    index, digest = intruder.execute("SELECT idx, hash FROM head").fetchone()
    good = ("paper", index + 1, 1, "r", 0, '{"event":{"type":"fee"}}', digest, "h")
    row = dict(zip(COLUMNS.split(", "), good, strict=True)) | change
    for verb in ("INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(sqlite3.IntegrityError, match=f"ledger: .*{why}"):
            intruder.execute(f"{verb} INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tuple(row.values()))
    intruder.close()
    assert report_on(path).is_verified


def test_every_commit_is_forced_to_disk(ledger: SqliteLedger) -> None:
    connection = ledger._store._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


# --- what a restart finds ---


def test_capital_positions_open_orders_and_high_water_mark_survive_a_restart(path: Path) -> None:
    first = opened(path)
    fill(first, "O-0", "1")
    intend(first, "O-1")
    first.mark(DEPOSIT + 50_000_000, 4)
    first.mark(DEPOSIT - 50_000_000, 5)
    first.close()
    second = opened(path, "run-2")
    assert second.epoch == 2
    assert second.balance("cash") == DEPOSIT - 50_000
    assert second.balance("opening_capital") == DEPOSIT
    assert second.positions == {"BTCUSDT": Position(BTC, 100_000_000)}
    assert [order.order_id for order in second.open_orders()] == ["O-1"]
    assert second.high_water_mark_micro_usd == DEPOSIT + 50_000_000
    assert second.equity_micro_usd == DEPOSIT - 50_000_000
    assert second.drawdown_ppm == 9_951
    second.close()


def test_the_opening_deposit_is_booked_once_whatever_later_runs_would_deposit(path: Path) -> None:
    opened(path).close()
    second = SqliteLedger.open(path, account="paper", owner="run-2")
    assert second.ensure_opening(999, 1) is False
    assert second.balance("cash") == DEPOSIT
    second.close()


def test_a_fill_that_is_reported_twice_is_booked_once_also_after_a_restart(path: Path, ledger: SqliteLedger) -> None:
    first = fill(ledger, "O-1", "1")
    assert (first.is_repeat, first.is_expected) == (False, False)
    assert fill(ledger, "O-1", "1").is_repeat
    again = opened(path, "run-2")
    entries = len(tuple(again.records()))
    assert fill(again, "O-1", "1").is_repeat
    assert len(tuple(again.records())) == entries
    assert again.balance("cash") == DEPOSIT - 50_000
    again.close()


def test_a_closing_fill_says_what_it_realised(ledger: SqliteLedger) -> None:
    intend(ledger, "O-1")
    assert fill(ledger, "O-1", "1").is_expected
    closing = fill(ledger, "O-2", "1", side=Side.SELL, price_e8=110 * USD)
    assert (closing.pnl_micro_usd, closing.position) == (10_000_000, Position())
    assert ledger.balance("cash") == DEPOSIT + 10_000_000 - 100_000


def test_equity_needs_a_price_for_every_position(ledger: SqliteLedger) -> None:
    fill(ledger, "O-1", "1")
    assert ledger.equity_at({"BTCUSDT": 101 * USD}) == DEPOSIT + 1_000_000 - 50_000
    with pytest.raises(BadInput, match="BTCUSDT"):
        ledger.equity_at({})


def test_small_movements_of_equity_are_not_written_but_the_last_is_at_the_end_of_the_run(path: Path, ledger: SqliteLedger) -> None:
    entries = len(tuple(ledger.records()))
    ledger.mark(DEPOSIT + 5, 2)
    ledger.mark(DEPOSIT + 4, 3)
    assert len(tuple(ledger.records())) == entries
    ledger.record(RunEnd("done"), 4)
    again = opened(path, "run-2")
    assert (again.equity_micro_usd, again.high_water_mark_micro_usd) == (DEPOSIT + 4, DEPOSIT + 5)
    again.close()


def test_a_refused_entry_leaves_no_trace(ledger: SqliteLedger) -> None:
    before, entries = ledger.balances(), len(tuple(ledger.records()))
    with pytest.raises(EntryRefused, match="qty_e8 must be positive"):
        intend(ledger, "O-1", qty_e8=0)
    with pytest.raises(EntryRefused, match="no intent"):
        ledger.record(OrderOutcome("O-1", Outcome.EXPIRED, "", None), 2)
    assert (ledger.balances(), len(tuple(ledger.records()))) == (before, entries)


def test_a_batch_reaches_the_disk_whole_or_not_at_all(path: Path, ledger: SqliteLedger) -> None:
    entries, cash = report_on(path).entries, ledger.balance("cash")
    ledger.mark(DEPOSIT + 7, 2)
    with pytest.raises(EntryRefused):
        fill_and_then_intend_nonsense(ledger)
    assert (report_on(path).entries, ledger.balance("cash"), ledger.positions) == (entries, cash, {})
    assert ledger.high_water_mark_micro_usd == DEPOSIT + 7
    with ledger.batch():
        fill(ledger, "O-1", "1")
        intend(ledger, "O-2")
        assert report_on(path).entries == entries
    assert report_on(path).entries == entries + 2


@pytest.mark.parametrize("market_time_ns", [None, 1.0, float("nan"), "1", 2**63])
def test_a_time_that_is_none_is_refused_before_it_is_written(path: Path, ledger: SqliteLedger, market_time_ns: Any) -> None:
    before = report_on(path)
    with pytest.raises(EntryRefused, match="market_time_ns"):
        ledger.record(Fee(1, ""), market_time_ns)
    assert report_on(path) == before


def fill_and_then_intend_nonsense(ledger: SqliteLedger) -> None:
    with ledger.batch():
        assert not fill(ledger, "O-1", "1").is_repeat
        assert ledger.positions
        intend(ledger, "O-2", qty_e8=-1)


def test_two_accounts_in_one_file_have_chains_of_their_own(path: Path, ledger: SqliteLedger) -> None:
    other = SqliteLedger.open(path, account="other", owner="run-9")
    other.ensure_opening(5, 1)
    fill(ledger, "O-1", "1")
    assert (other.epoch, other.balance("cash"), [record.index for record in other.records()]) == (1, 5, [1])
    other.close()
    assert report_on(path).is_verified


def test_a_run_is_summed_up_on_its_own(path: Path) -> None:
    first = opened(path)
    trade(first)
    first.close()
    second = opened(path, "run-2")
    fill(second, "O-9", "1")
    second.close()
    told = summarise(path, run_id="run-1")
    assert (told["opening_balance"], told["closing_balance"]) == ("10000.000000", "10009.899988")
    assert (told["realised_pnl"], told["fees"], told["funding"]) == ("10.000000", "0.100000", "-0.000012")
    assert (told["verified"], told["entries"], told["open_orders"]) == (True, 11, 0)
    again = summarise(path, run_id="run-2")
    assert (again["opening_balance"], again["closing_balance"], again["realised_pnl"]) == (
        told["closing_balance"],
        "10009.849988",
        "0.000000",
    )
    with pytest.raises(BadInput, match="run-3"):
        summarise(path, run_id="run-3")


# --- determinism ---


def test_two_fresh_homes_that_see_the_same_hold_the_same_but_for_run_id_wall_time_and_hashes(tmp_path: Path) -> None:
    told = []
    for home, owner, wall in (("a", "run-a", 1), ("b", "run-b", 2)):
        (tmp_path / home).mkdir()
        ledger = opened(tmp_path / home / "ledger.sqlite", owner, wall)
        trade(ledger)
        told.append([(record.account, record.index, record.epoch, record.content) for record in ledger.records()])
        ledger.close()
    assert told[0] == told[1]
    digests = {summarise(tmp_path / home / "ledger.sqlite", run_id=f"run-{home}")["content_sha256"] for home in "ab"}
    assert len(digests) == 1


# --- damage ---


def test_a_tampered_ledger_is_not_opened_for_trading(path: Path, ledger: SqliteLedger) -> None:
    trade(ledger)
    ledger.close()
    tamper(path, "UPDATE entries SET content = replace(content, '50000', '10000') WHERE idx = 4")
    assert report_on(path).first_bad_index == 4
    with pytest.raises(DolphinError, match="does not verify at entry 4"):
        SqliteLedger.open(path, account="paper", owner="run-2")


@pytest.mark.parametrize("cut", ["DELETE FROM entries WHERE idx > 3", "DELETE FROM entries WHERE idx = 2", "DELETE FROM entries"])
def test_entries_taken_out_of_the_file_are_missed(path: Path, ledger: SqliteLedger, cut: str) -> None:
    trade(ledger)
    ledger.close()
    tamper(path, cut)
    assert not report_on(path).is_verified
    with pytest.raises(DolphinError, match="does not verify"):
        SqliteLedger.open(path, account="paper", owner="run-2")


def tamper(path: Path, statement: str) -> None:
    """What someone with the file and a little SQL can do: take the guards away first."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_flipped_byte_anywhere_in_the_file_is_found_or_changes_nothing_that_is_read(path: Path, ledger: SqliteLedger) -> None:
    trade(ledger)
    ledger.close()
    tamper(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    original, chance = path.read_bytes(), random.Random(11)
    told = records_in(path)
    bent, found = path.with_name("bent.sqlite"), 0
    for _ in range(BYTE_FLIPS):
        raw = bytearray(original)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        bent.write_bytes(raw)
        try:
            is_verified = report_on(bent).is_verified
        except DolphinError:
            is_verified = False
        found += not is_verified
        assert not is_verified or records_in(bent) == told
    assert found > 0


def records_in(path: Path) -> list[object]:
    store = SqliteStore.read(path)
    try:
        return list(store.records("paper"))
    finally:
        store.close()


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to look like one" * 50], ids=["empty", "text"])
def test_a_file_that_is_not_a_ledger_is_not_read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"ledger\.sqlite"):
        SqliteStore.read(path)


def test_a_database_of_something_else_is_neither_read_nor_written(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE things (name TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    for attempt in (SqliteStore.read, SqliteStore.open):
        with pytest.raises(BadInput, match="not a ledger"):
            attempt(path)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_schema").fetchall() == [("things",)]
    assert before[:16] == path.read_bytes()[:16]


def test_a_ledger_of_another_version_is_refused_by_its_version(path: Path, ledger: SqliteLedger) -> None:
    ledger.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(BadInput, match="schema version 9"):
        SqliteLedger.open(path, account="paper", owner="run-2")


def test_a_missing_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        SqliteLedger.open(tmp_path / "nowhere" / "ledger.sqlite", account="paper", owner="run-1")
    with pytest.raises(BadInput, match="there is no ledger file"):
        SqliteStore.read(tmp_path / "ledger.sqlite")


# --- two writers, and none ---


def child(path: Path, owner: str, mode: str) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("ledger_child.py")
    return subprocess.Popen([sys.executable, str(script), str(path), owner, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def nudge(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return told_by(process)


def test_of_two_processes_only_the_newer_writer_may_write_however_late_the_older_wakes_up(path: Path) -> None:
    older = child(path, "run-1", "wait")
    newer: subprocess.Popen[str] | None = None
    try:
        assert told_by(older) == "ready 1"
        assert (nudge(older), told_by(older)) == ("stored 1", "ready 1")
        newer = child(path, "run-2", "wait")
        assert told_by(newer) == "ready 2"
        assert nudge(older) == "refused LeaseLost"
        assert (nudge(newer), told_by(newer)) == ("stored 1", "ready 2")
    finally:
        for process in (older, newer):
            if process is not None:
                process.kill()
                process.communicate()
    report = report_on(path)
    assert (report.is_verified, report.entries) == (True, 5)


def test_a_writer_that_lost_its_lease_is_refused_and_what_it_tried_is_nowhere(path: Path, ledger: SqliteLedger) -> None:
    newer = opened(path, "run-2")
    with pytest.raises(LeaseLost, match="epoch 1"):
        intend(ledger, "O-1")
    assert newer.open_orders() == ()
    fill(newer, "O-2", "1")
    assert report_on(path).is_verified
    newer.close()


def test_killed_in_the_middle_of_appending_every_acknowledged_batch_is_there_and_whole(path: Path) -> None:
    chance = random.Random(5)
    for attempt in range(KILLS):
        process = child(path, f"run-{attempt}", "run")
        try:
            acknowledged = [told_by(process) for _ in range(chance.randrange(1, 25))][-1]
        finally:
            process.kill()
            rest = process.communicate()[0].split("\n")
        acknowledged = next((line for line in reversed(rest[:-1]) if line), acknowledged)
        copy = path.with_name("copy.sqlite")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        store = SqliteStore.read(path)
        written = len(list(store.records("paper", run_id=f"run-{attempt}"))) - (attempt == 0)
        store.close()
        assert report_on(path).is_verified
        assert written % 2 == 0
        assert written // 2 - int(acknowledged.split()[1]) in (0, 1)
        assert report_on(copy).is_verified
    reopened = opened(path, "after")
    assert (reopened.epoch, reopened.balance("cash")) == (KILLS + 1, DEPOSIT)
    reopened.close()


# --- the documentation ---


def test_the_example_in_the_documentation_runs_as_printed(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "ledger.md").read_text()
    example = page.split("```python\n")[1].split("```")[0]
    command = {"account": "paper", "asset": "", "epoch": 1, "seq": 2, "posture": "STALKER", "cap_ppm": 1_500_000, "r_total_ppm": 900_000}
    command |= {"factors_ppm": [900_000], "passive_only": False, "reasons": [], "cause_ids": [], "issued_at_ns": 1, "expires_at_ns": 2}
    exec(example, {"home": tmp_path, "run_id": "run-1", "message": command, "market_time_ns": 5})
    told = summarise(tmp_path / "ledger.sqlite", run_id="run-1")
    assert (told["verified"], told["closing_balance"], told["equity"]) == (True, "99999.400000", "99999.600000")


def test_a_write_that_found_no_room_is_made_again_with_all_that_belongs_to_it(path: Path) -> None:
    """Where no small disk can be mounted: the database itself is told how long it may be, a few pages more each time it asks."""
    asked = 0

    def make_room() -> bool:
        nonlocal asked
        asked += 1
        grow(4)
        return True

    def grow(pages: int) -> None:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {count + pages}")

    ledger = SqliteLedger.open(path, account="paper", owner="run-1", make_room=make_room)
    connection = ledger._store._connection
    ledger.ensure_opening(DEPOSIT, 1)
    grow(1)
    for number in range(50):
        with ledger.batch():
            for part in range(4):
                ledger.record(Fee(1, f"{number} {part} {'x' * 500}"), 2)
    assert asked > 5
    ledger.close()
    report = report_on(path)
    assert (report.is_verified, report.entries) == (True, 201)
