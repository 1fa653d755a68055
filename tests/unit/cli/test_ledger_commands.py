"""`dolphin ledger` and `dolphin explain`, as typed."""

import json
import sqlite3
from pathlib import Path

import pytest

from dolphin.cli import main
from dolphin.core.ledger import BookedCommand, Outcome, Side
from dolphin.core.ledger.events import Fill, OrderIntent, OrderOutcome, RunStart
from dolphin.errors import ExitCode
from dolphin.storage.ledger import SqliteLedger

COMMAND = BookedCommand(
    "paper", "BTCUSDT", 1, 7, "STALKER", 1_500_000, 900_000, (900_000,), True, ("taker [shock]",), ("BTCUSDT@trade#5",), 10**18, 10**18
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    ledger = SqliteLedger.open(tmp_path / "ledger.sqlite", account="paper", owner="run-1")
    ledger.record(RunStart(), 10**18)
    ledger.ensure_opening(5_000_000_000, 10**18)
    intent = OrderIntent("O-1-1", "BTCUSDT", Side.BUY, 3 * 10**6, 60_000 * 10**8, False, 1_500_000, "STALKER", (COMMAND,))
    ledger.record(intent, 10**18)
    ledger.record(OrderOutcome("O-1-1", Outcome.CLIPPED, "over the cap", 2 * 10**6), 10**18)
    ledger.record(Fill("O-1-1", "f", "BTCUSDT", Side.BUY, 10**6, 60_000 * 10**8, 9), 10**18)
    ledger.close()
    return tmp_path


def run(home: Path, *arguments: str) -> int:
    return main([*arguments, "--home", str(home)])


def test_show_prints_one_line_an_entry_and_only_as_many_as_asked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "ledger", "show", "--last", "2") == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "order_outcome" in lines[0]
    assert "2001-09-09 01:46:40.000" in lines[1]
    assert "cash -0.000009" in lines[1]


def test_show_as_json_has_every_entry_of_the_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SqliteLedger.open(home / "ledger.sqlite", account="paper", owner="run-2").record(RunStart(), 1)
    assert run(home, "ledger", "show", "--run", "run-1", "--json") == ExitCode.DONE
    entries = json.loads(capsys.readouterr().out)["entries"]
    assert [entry["event"]["type"] for entry in entries] == ["run_start", "opening_deposit", "order_intent", "order_outcome", "fill"]
    assert entries[1]["legs"] == [["cash", 5_000_000_000], ["opening_capital", -5_000_000_000]]


def test_balance_says_what_there_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "ledger", "balance", "--json") == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["balances_micro_usd"]["cash"] == 4_999_999_991
    assert told["positions"] == {"BTCUSDT": {"qty_e8": 10**6, "cost_micro_usd": 600_000_000}}
    assert told["open_orders"] == ["O-1-1"]
    assert run(home, "ledger", "balance") == ExitCode.DONE
    said = capsys.readouterr().out
    assert "4999.999991" in said
    assert "Open: O-1-1, 0.01 of 0.02 filled" in said


def test_verify_says_so_when_all_is_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "ledger", "verify") == ExitCode.DONE
    assert "paper: verified, 5 entries" in capsys.readouterr().out


def test_verify_names_the_first_bad_entry_and_exits_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(home / "ledger.sqlite")
    connection.execute("DROP TRIGGER entries_no_update")
    connection.execute("UPDATE entries SET content = replace(content, '5000000000', '6000000000') WHERE idx = 2")
    connection.commit()
    assert run(home, "ledger", "verify") == ExitCode.FAILED
    assert "FAILED at entry 2" in capsys.readouterr().out
    assert run(home, "ledger", "verify", "--json") == ExitCode.FAILED
    told = json.loads(capsys.readouterr().out)
    assert (told["verified"], told["accounts"][0]["first_bad_index"]) == (False, 2)


def test_explain_walks_from_the_order_to_the_readings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "explain", "O-1-1") == ExitCode.DONE
    said = capsys.readouterr().out
    order = ("BUY 0.03 BTCUSDT at 60000", "clipped to 0.02", "fill f", "cap 1.50x", "command (1, 7)", "taker [shock]", "BTCUSDT@trade#5")
    assert [said.index(part) for part in order] == sorted(said.index(part) for part in order)
    assert "invariants 90.0 %" in said


def test_explain_as_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "explain", "O-1-1", "--json") == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["cap_ppm"], told["cause_ids"], told["commands"][0]["seq"]) == (1_500_000, ["BTCUSDT@trade#5"], 7)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["explain", "O-9"], "ORDER = 'O-9'"),
        (["explain", "O-1-1", "--account", "live"], "--account = 'live'"),
        (["ledger", "show", "--run", "run-9"], "--run = 'run-9'"),
        (["ledger", "balance", "--account", "live"], "--account = 'live'"),
    ],
)
def test_what_is_not_there_is_named_in_one_line(home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str) -> None:
    assert run(home, *arguments) == ExitCode.BAD_INPUT
    said = capsys.readouterr()
    assert named in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("arguments", [["ledger", "show"], ["ledger", "verify"], ["ledger", "balance"], ["explain", "O-1"]])
def test_a_home_without_a_ledger_and_a_file_that_is_none_are_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(tmp_path, *arguments) == ExitCode.BAD_INPUT
    assert "there is no ledger file" in capsys.readouterr().err
    (tmp_path / "ledger.sqlite").write_text("hello" * 1000)
    assert run(tmp_path, *arguments) == ExitCode.BAD_INPUT
    assert "cannot be used as a ledger" in capsys.readouterr().err


@pytest.mark.parametrize("last", ["0", "-1", "many"])
def test_last_must_be_a_count(home: Path, last: str) -> None:
    assert run(home, "ledger", "show", "--last", last) == ExitCode.BAD_INPUT
