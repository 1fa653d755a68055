"""The operators' chain: kept, verified, one line an action, and no hand on the trading process's lease."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dolphin.core.ledger.events import GateReading, Operation, OperationStage, RunStart
from dolphin.errors import DolphinError
from dolphin.operator import log as operator_log
from dolphin.storage.ledger import SqliteLedger

READING = GateReading(posture="APEX", cap_ppm=6_000_000, r_ppm=1_000_000, latch="", ceiling="APEX", level=0, manual_level=0)
ASKED = Operation("op-1", OperationStage.ASKED, "ann", "force TURTLE", "paper", "news", "", READING, READING)
DONE = msgspec.structs.replace(ASKED, stage=OperationStage.DONE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_an_action_is_one_line_with_its_last_word_and_the_time_it_was_asked(path: Path) -> None:
    operator_log.note(path, "paper", ASKED, 7)
    (open_one,) = operator_log.read(path, "paper")
    assert operator_log.is_open(open_one), "whoever dies here leaves this"
    operator_log.note(path, "paper", DONE, 8)
    operator_log.note(path, "paper", msgspec.structs.replace(ASKED, operation_id="op-2", stage=OperationStage.REFUSED), 9)
    first, second = operator_log.read(path, "paper")
    assert replace(first, index=1, market_time_ns=7, operation=ASKED) == open_one
    assert first.operation.stage is OperationStage.DONE
    assert second.operation.stage is OperationStage.REFUSED


def test_writing_does_not_fence_the_trading_process(path: Path) -> None:
    trader = SqliteLedger.open(path, account="paper", owner="run-1")
    operator_log.note(path, "paper", ASKED, 7)
    trader.record(RunStart(), 8)
    trader.close()
    assert operator_log.fault_of_ledger(path, "paper") is None


def test_a_missing_or_foreign_ledger_is_no_reconciliation(path: Path) -> None:
    assert "no ledger file" in (operator_log.fault_of_ledger(path, "paper") or "")
    operator_log.note(path, "paper", ASKED, 7)
    assert "no account paper" in (operator_log.fault_of_ledger(path, "paper") or "")


def test_a_changed_entry_of_any_chain_is_found(path: Path) -> None:
    import sqlite3

    SqliteLedger.open(path, account="paper", owner="run-1").record(RunStart(), 1)
    operator_log.note(path, "paper", ASKED, 7)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER entries_no_update")
    connection.execute("UPDATE entries SET content = replace(content, 'news', 'olds')")
    connection.commit()
    connection.close()
    assert "operator:paper at entry 1" in (operator_log.fault_of_ledger(path, "paper") or "")
    with pytest.raises(DolphinError, match="does not verify"):
        operator_log.note(path, "paper", DONE, 8)
