"""A home as a running system makes one: ledger, gates, journals. `python homes.py HOME` writes on until it is killed."""

import random
import sqlite3
import sys
from itertools import count
from pathlib import Path

from dolphin.core.ledger.events import Fill, OrderIntent, Side
from dolphin.core.upkeep.segments import SegmentRule
from dolphin.host.home import REPOSITORY, Home, RunFiles, open_home
from dolphin.host.segments import Appender
from dolphin.storage.ledger import SqliteLedger

SCHEMA = REPOSITORY / "jet" / "src" / "main" / "resources" / "gates" / "sqlite.sql"
RULE = SegmentRule(max_bytes=4096)


class Writer:
    """Everything that writes into a home, each step whole on disk when it returns."""

    def __init__(self, root: Path, run_id: str) -> None:
        self.home = open_home(root)
        files = RunFiles(self.home.run(run_id))
        self.ledger = SqliteLedger.open(self.home.ledger, account="paper", owner=run_id)
        self.ledger.ensure_opening(10_000_000_000, 1)
        self.gates = sqlite3.connect(self.home.gates, isolation_level=None)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
            self.gates.execute(statement)
        self.gates.executescript(SCHEMA.read_text())
        self.journals = [Appender(path, RULE) for path in (files.agent_journal, files.feed_journal)]
        files.log("member").touch()
        self._orders = count()

    def step(self) -> None:
        """One order, half of them filled; one change of a gate; a line in each journal."""
        number = next(self._orders)
        order_id, side = f"D-{self.ledger.epoch}-{number}", Side.BUY if number % 4 < 2 else Side.SELL
        self.ledger.record(OrderIntent(order_id, "BTCUSDT", side, 10**8, None, False, 2_000_000, "STALKER", ()), number)
        if number % 2:
            self.ledger.fill(Fill(order_id, "1", "BTCUSDT", side, 10**8, 100 * 10**8, 50_000), number)
        key, version = f"paper/A{number % 5}", number // 5 + 1
        if version == 1:
            self.gates.execute("INSERT OR IGNORE INTO gate VALUES ('LEVERAGE', ?, 1, 'op', ?)", (key, b"value"))
        else:
            self.gates.execute("UPDATE gate SET version = version + 1, op = 'op', value = ? WHERE key = ?", (random.randbytes(99), key))
        for journal in self.journals:
            journal.write(b'{"type": "order", "market_time_ns": %d, "order_id": "%s"}\n' % (number, order_id.encode()))

    def close(self) -> None:
        self.ledger.close()
        self.gates.close()
        for journal in self.journals:
            journal.close()


def make_home(root: Path, steps: int, run_id: str = "20260101T000000Z-aaaa") -> Home:
    """A home in which one run has taken `steps` steps and ended."""
    writer = Writer(root, run_id)
    for _ in range(steps):
        writer.step()
    writer.close()
    return writer.home


def versions(gates: Path) -> dict[str, int]:
    """The version of each gate, which its history has to lead up to without a gap."""
    database = sqlite3.connect(gates)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = dict(database.execute("SELECT key, version FROM gate").fetchall())
        history = database.execute("SELECT key, max(version), count(*) FROM gate_history GROUP BY key").fetchall()
    finally:
        database.close()
    assert {key: last for key, last, _ in history} == found
    assert all(last == entries for _, last, entries in history)
    return found


def main() -> None:
    writer = Writer(Path(sys.argv[1]), sys.argv[2])
    for number in count():
        writer.step()
        if number % 10 == 0:
            print(number, flush=True)


if __name__ == "__main__":
    main()
