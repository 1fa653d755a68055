"""What `kill -9` of everything, or a power cut, leaves opens again and is reconciled: the files as they are in the middle of a write."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from homes import versions

from dolphin.core.audit.steps import Entry
from dolphin.errors import DolphinError
from dolphin.host.home import Home, RunFiles
from dolphin.host.tail import Tail
from dolphin.storage.ledger import SqliteLedger
from dolphin.trading.booking import Booking
from dolphin.trading.telling import Telling
from dolphin.upkeep.archive import heads_of

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

RUN_ID = "20260101T000000Z-aaaa"
CUTS = 12


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[tuple[Home, subprocess.Popen[str]]]:
    """A home in which a process writes as fast as it can."""
    root = tmp_path / "home"
    command = [sys.executable, str(Path(__file__).with_name("homes.py")), str(root), RUN_ID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        yield Home(root), process
        process.kill()


def reconcile(home: Home) -> None:
    """What the next start does: verifies the ledger, and closes out what was left open. Then nothing is, and all of it verifies."""
    booking = Booking.open(home.ledger, account="paper", run_id="next", opening_deposit_micro=1)
    telling = Telling(booking.ledger, lambda line: None, lambda event: None)
    booking.start_run(lambda step: telling.tell(Entry(1, 1, step)))
    assert booking.ledger.open_orders() == ()
    assert not booking.ledger.positions
    booking.close()
    SqliteLedger.open(home.ledger, account="paper", owner="reader").close()
    assert versions(home.gates)


def test_a_copy_taken_at_any_moment_opens_and_is_reconciled(writing: tuple[Home, subprocess.Popen[str]], tmp_path: Path) -> None:
    """The writer stands still while it is copied, wherever it is just then: that is what is on the disk when the power goes."""
    home, process = writing
    chance = random.Random(7)
    entries = 0
    for cut in range(CUTS):
        time.sleep(chance.uniform(0.0, 0.3))
        os.kill(process.pid, signal.SIGSTOP)
        copy = Home(tmp_path / f"copy-{cut}")
        shutil.copytree(home.root, copy.root)
        os.kill(process.pid, signal.SIGCONT)
        lines = Tail(RunFiles(copy.run(RUN_ID)).agent_journal).read()
        assert [line["market_time_ns"] for line in lines] == list(range(len(lines)))
        ledger = SqliteLedger.open(copy.ledger, account="paper", owner="reader")
        booked = sum(1 for _ in ledger.records())
        ledger.close()
        assert booked > entries, "what was on disk at the cut before still is"
        assert booked >= len(lines), "what the journal tells is booked"
        entries = booked
        reconcile(copy)


def test_after_kill_9_of_everything_the_home_itself_opens(writing: tuple[Home, subprocess.Popen[str]]) -> None:
    home, process = writing
    time.sleep(0.5)
    process.kill()
    process.wait()
    reconcile(home)


def test_a_plain_copy_of_a_running_home_is_whole_or_refused(writing: tuple[Home, subprocess.Popen[str]], tmp_path: Path) -> None:
    """File after file while they change is no moment in time: `dolphin backup` is. What `cp` makes is never wrong without a word."""
    home, _ = writing
    for attempt in range(CUTS):
        copy = Home(tmp_path / f"copy-{attempt}")
        copy.root.mkdir()
        for name in ("ledger.sqlite", "ledger.sqlite-wal"):
            shutil.copyfile(home.root / name, copy.root / name)
        with suppress(DolphinError):  # refused; opened, it verifies
            SqliteLedger.open(copy.ledger, account="paper", owner="reader").close()
            assert heads_of(copy.ledger)
