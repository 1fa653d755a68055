"""A running system whose parts are killed, stopped and starved, and what has to hold after each.

Nothing here measures the machine: every wait is bounded by something that only a hang reaches. Two limits are meant. `SHUT_S` is read off
the agent's own journal, whose status lines carry the wall clock by which it judged; and what is said `SAID_S` after a fault is held against
what is so at that moment, however long it took to get there.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import psutil

from dolphin.cluster.watch import ClusterWatch, Sighting
from dolphin.core.contract.lines import Line
from dolphin.core.contract.names import DEFAULT_ACCOUNT as ACCOUNT
from dolphin.core.contract.names import JOBS
from dolphin.core.health.parts import PARTS, PartKind
from dolphin.core.health.restart import Lifecycle
from dolphin.core.health.verdict import Health, State, has_decided
from dolphin.core.ledger import chain
from dolphin.core.ledger.accounts import Accounts
from dolphin.core.ledger.verification import verify
from dolphin.core.units import SECOND_NS
from dolphin.host.home import Home, RunFiles
from dolphin.host.standing import Standing, last_standing, read_standing
from dolphin.host.tail import Tail
from dolphin.operator.health import Assessment, assess
from dolphin.storage.sqlite import SqliteStore

SHUT_S: Final = 2.0
"""From a fault that takes the leases away to a shut order gate, by the clock of whoever shuts it."""
SAID_S: Final = 3.0
"""From a fault to a status that says so."""
PATIENCE_S: Final = 60.0
"""For R to recover. A gap of some seconds is minutes of market time at speed: the law then takes long over it, and is right to."""
BACK_S: Final = 240.0
"""Until a system trades again; a hang reaches it, a slow machine should not."""
COMMAND_S: Final = 240.0
POLL_S: Final = 0.1
MARK: Final = "DOLPHIN_FAULTS_RUN"
"""In the environment of everything that a system under test starts."""
BESIDE: Final = ("ars/scan", "ars/ranking")
"""Stages that no lease waits for."""
KIND: Final = {part.name: part.kind for part in PARTS}


class How(StrEnum):
    """What is done to a part."""

    KILL = "kill -9"
    STOP_5 = "SIGSTOP for 5 s"
    STOP_30 = "SIGSTOP for 30 s"
    STARVE = "starvation for 10 s"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing done to one part; of a job, to one of its stages' workers, which the seed chooses."""

    part: str
    how: How

    def __str__(self) -> str:
        return f"{self.how} of {self.part}"

    def takes_leases(self, victim: psutil.Process) -> bool:
        """Whether no lease can be renewed for longer than `SHUT_S`. A worker that died may be back before one has run out."""
        if self.how is How.KILL:
            return KIND[self.part] is not PartKind.JOB
        return self.how is not How.STARVE and not any(_is_of_stage(victim, stage) for stage in BESIDE)


ALL: Final = tuple(Fault(part.name, how) for part in PARTS for how in How)


def dolphin(*arguments: str) -> tuple[int, Any, str]:
    """Exit status, JSON answer and standard error of one command."""
    command = [sys.executable, "-m", "dolphin", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    lines = done.stdout.strip().splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr


def is_shut(status: Line) -> bool:
    """Whether an agent with this status line lets nothing in: the account's cap is 0, or every asset's."""
    caps = status["caps_ppm"]
    return status["posture"] == "HIBERNATE" or caps[""] == 0 or not any(cap for asset, cap in caps.items() if asset)


def _are_shut(statuses: Iterable[Line]) -> bool:
    said = [is_shut(status) for status in statuses]
    return bool(said) and all(said)


def processes_of(mark: str) -> list[psutil.Process]:
    """Everything alive that was started with `mark`, but this process."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            is_ours = process.pid != os.getpid() and process.environ().get(MARK) == mark
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


class Journal:
    """The lines of an agent's journal, as they come."""

    def __init__(self, home: Home, run_id: str) -> None:
        self._tail = Tail(RunFiles(home.run(run_id)).agent_journal)
        self.lines: list[Line] = []

    def read(self) -> list[Line]:
        """All up to now."""
        self.lines += self._tail.read()
        return self.lines

    def positions(self) -> dict[str, Decimal]:
        """By the fills that the agent's venue has told it of; that venue began with the agent, and empty."""
        held: dict[str, Decimal] = {}
        for line in self.read():
            if line["type"] == "ready":
                held = {}
            elif line["type"] == "fill":
                signed = Decimal(line["qty"]) * (1 if line["side"] == "BUY" else -1)
                held[line["asset"]] = held.get(line["asset"], Decimal(0)) + signed
        return {asset: qty for asset, qty in held.items() if qty}

    def last_status(self) -> Line | None:
        return next((line for line in reversed(self.read()) if line["type"] == "status"), None)


class System:
    """A system of `dolphin up` in a home of its own."""

    def __init__(self, home: Path, config: Path, mark: str, *, speed: float, seed: int) -> None:
        self.home = Home(home)
        self._config = config
        self._mark = mark
        self._speed = speed
        self._random = random.Random(seed)
        self._watch: ClusterWatch | None = None
        self.journal: Journal

    def up(self) -> str:
        """Starts it; returns what was said of what was found there."""
        arguments = ("--config", str(self._config), "--home", str(self.home.root), "--speed", f"{self._speed:g}")
        status, told, said = dolphin("up", *arguments)
        assert status == 0, (told, said)
        self.journal = Journal(self.home, told["run_id"])
        return said

    def down(self) -> Any:
        """Ends it, with nothing left."""
        status, told, said = dolphin("down", "--home", str(self.home.root))
        assert status == 0, (told, said)
        self.assert_nothing_is_left()
        return told

    def standing(self) -> Standing:
        standing = read_standing(self.home)
        assert standing is not None, f"the supervisor is gone; it last wrote {last_standing(self.home)}"
        return standing

    def processes(self) -> list[psutil.Process]:
        """Everything alive that belongs to the system."""
        return processes_of(self._mark)

    def assert_nothing_is_left(self) -> None:
        left = self.processes()
        assert not left, [(process.pid, process.cmdline()) for process in left]

    def assert_books_are_right(self) -> None:
        """The ledger is whole, and its positions are those that the venue's fills make since the agent has had that venue."""
        self._await(lambda: self._booked() == self.journal.positions(), "ledger and fills agree on what is held")

    def assert_ledger_is_whole(self) -> None:
        self._booked()

    def _booked(self) -> dict[str, Decimal]:
        """The positions in the ledger, which has to verify."""
        store = SqliteStore.read(self.home.ledger)
        try:
            records = tuple(store.records(ACCOUNT))
            report = verify(ACCOUNT, records, store.head(ACCOUNT))
        finally:
            store.close()
        assert report.is_verified, report
        accounts = Accounts()
        for record in records:
            accounts.apply(chain.content_of(record))
        return {asset: Decimal(position.qty_e8).scaleb(-8) for asset, position in accounts.positions.items() if position.qty_e8}

    # waiting

    def trade(self) -> list[str]:
        """Until it is in APEX with positions: by itself, or by an operator who does what a stop that is stated asks for.

        Returns what that was; [] if it came back by itself.
        """
        done: list[str] = []
        while stops := self.settle(PATIENCE_S):
            done += stops
            if self._trades():
                break
            self.down()  # a new run has new gates
            self.up()
        return done

    def settle(self, patience_s: float = 0.0) -> list[str]:
        """Until it trades, or says what it waits for; an operator releases latches. Returns what it said; [] if it trades by itself."""
        said: list[str] = []
        while stop := self._await_trading_or_stop(patience_s):
            said.append(stop)
            self._assert_says_shut(stop, assess(self.home))
            if stop != self._latch():
                break
            self.release(stop)
        return said

    def _await_trading_or_stop(self, patience_s: float) -> str:
        """Returns which stop, in the system's own words; "" when it trades."""
        patient_until = time.monotonic() + patience_s
        is_too_long = lambda: time.monotonic() > patient_until and bool(self._recovers())  # noqa: E731
        self._await(lambda: self._trades() or bool(self.stated_stop()) or is_too_long(), "it trades again, or says why not")
        return "" if self._trades() else self.stated_stop() or self._recovers()

    def stated_stop(self) -> str:
        """Why nothing is traded until a person acts; "" if nothing of that kind is said."""
        return self.given_up() or self._latch()

    def _latch(self) -> str:
        held = self._held_back()
        return held if held.startswith("invariant broken") else ""

    def _recovers(self) -> str:
        held = self._held_back()
        return held if "recovering toward" in held else ""

    def _held_back(self) -> str:
        status = self.journal.last_status()
        return "" if status is None else status["held_back"].get("", "")

    def release(self, why: str) -> None:
        """Releases the latch, as soon as the controller speaks: the command reconciles first, and is refused until then."""
        arguments = ("posture", "release", "--latch", "--by", "the drill", "--reason", f"a fault of the drill: {why}"[:160])
        self._await(lambda: dolphin(*arguments, "--home", str(self.home.root))[0] == 0, "the latch can be released")
        self._await(lambda: not self._latch(), "the agent hears of the release")

    def given_up(self) -> str:
        """Which parts are not started again, and why."""
        parts = self.standing().parts.items()
        return "; ".join(f"{name}: {part.why}" for name, part in parts if part.phase == Lifecycle.GIVEN_UP.value)

    def await_parts(self) -> None:
        """Until every part is up by its supervisor's word and by a heartbeat that is not old, or one is given up."""
        self._await(lambda: self._all_beat() or bool(self.given_up()), "every part is up and beats")

    def _trades(self) -> bool:
        status = self.journal.last_status()
        return status is not None and status["posture"] == "APEX" and status["positions"] > 0 and self._is_fresh(status)

    @staticmethod
    def _is_fresh(status: Line) -> bool:
        return time.time_ns() - status["wall_ns"] < 3 * SECOND_NS

    def _all_beat(self) -> bool:
        if any(part.phase != Lifecycle.UP.value for part in self.standing().parts.values()):
            return False
        sighting = asyncio.run(self._see())
        if sighting is None or not has_decided(sighting.beats):
            return False
        return all(time.time_ns() - sighting.beats[part.name].wall_ns <= part.silent_after_ns for part in PARTS)

    async def _see(self) -> Sighting | None:
        standing = self.standing()
        watch = ClusterWatch(standing.cluster_name, name="faults")
        watch.address = standing.member
        try:
            return await watch.see()
        finally:
            await watch.close()

    def _await(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + BACK_S
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"never came true: {what}; {self.standing()}; last status {self.journal.last_status()}")
            time.sleep(POLL_S)

    # faults

    def victim(self, part: str) -> psutil.Process:
        """The process of `part`; of a job, one of its workers."""
        if part not in JOBS:
            process = self.standing().parts[part].process
            assert process is not None, part
            return psutil.Process(process.pid)
        workers = [process for process in self.processes() if _is_worker(process, part)]
        assert workers, f"{part} has no workers"
        return self._random.choice(sorted(workers, key=lambda process: process.pid))

    def suffer(self, fault: Fault) -> None:
        """Does it, and waits until it is over; checks what is due meanwhile."""
        victim = self.victim(fault.part)
        before = len(self.journal.read())
        restarts = {name: part.restarts for name, part in self.standing().parts.items()}
        began_ns = time.time_ns()
        takes_leases = fault.takes_leases(victim)
        _do(victim, fault.how, lambda: self._assert_said(fault, victim))
        if takes_leases and fault.part != "agent":
            self._assert_shut(fault, before, began_ns)
        if fault.how is How.KILL and fault.part not in JOBS:
            is_again = lambda: self.standing().parts[fault.part].restarts > restarts[fault.part]  # noqa: E731
            self._await(lambda: is_again() or bool(self.given_up()), f"{fault.part} is started again")
        self.await_parts()
        if fault.part == "agent":
            is_ready = lambda: any(line["type"] == "ready" for line in self.journal.read()[before:])  # noqa: E731
            self._await(lambda: fault.how is not How.KILL or is_ready() or bool(self.given_up()), "the agent is ready again")
            self._assert_nothing_left_the_agent(fault, before)

    def _assert_said(self, fault: Fault, victim: psutil.Process) -> None:
        """What `status` says now, `SAID_S` into the fault, is so."""
        before = len(self.journal.read())
        was_shut = self._was_shut()
        seen = assess(self.home)
        said = next(part for part in seen.verdict.parts if part.name == fault.part)
        if victim.is_running() and victim.status() == psutil.STATUS_STOPPED:
            assert said.state in (State.SILENT, State.STILL, State.DEAD, State.UNKNOWN, State.STARTING), (fault, seen.verdict)
            assert seen.verdict.health is not Health.HEALTHY, (fault, seen.verdict)
        if said.state is State.ALIVE and fault.how is How.KILL and fault.part not in JOBS:
            process = self.standing().parts[fault.part].process
            assert process is not None, (fault, seen.verdict)
            assert process.pid != victim.pid, (fault, seen.verdict)
        later = self.journal.read()[before:]
        if was_shut and _are_shut(line for line in later if line["type"] == "status"):
            self._assert_says_shut(fault, seen)

    def _was_shut(self) -> bool:
        """Whether, by the agent's own word, nothing was let in for `SAID_S` up to now."""
        since_ns = time.time_ns() - round(SAID_S * SECOND_NS)
        return _are_shut(line for line in self.journal.read() if line["type"] == "status" and line["wall_ns"] >= since_ns)

    @staticmethod
    def _assert_says_shut(fault: object, seen: Assessment) -> None:
        assert seen.verdict.not_trading, (fault, seen.verdict)

    def _assert_shut(self, fault: Fault, before: int, began_ns: int) -> None:
        """By the first status that the agent wrote when the limit was over; an agent that is not there any more lets nothing in either."""
        due_ns = began_ns + round(SHUT_S * SECOND_NS)
        agent = self.standing().parts["agent"].process

        def found() -> Line | None:
            later = (line for line in self.journal.read()[before:] if line["type"] == "status" and line["wall_ns"] >= due_ns)
            return next(later, None)

        is_gone = lambda: agent is None or not psutil.pid_exists(agent.pid)  # noqa: E731
        self._await(lambda: found() is not None or is_gone(), "the agent says how it stands")
        status = found()
        assert status is None or is_shut(status), (fault, status)

    def _assert_nothing_left_the_agent(self, fault: Fault, before: int) -> None:
        """Between the fault and the first time that the agent is entitled again, nothing is bought; what is held is flattened."""
        lines = self.journal.read()[before:]
        if fault.how is How.KILL:
            lines = lines[next(number for number, line in enumerate(lines) if line["type"] == "ready") :]  # its first word of a new life
        elif fault.how is How.STARVE:
            return  # it may be entitled in between
        else:
            lines = lines[next((number for number, line in enumerate(lines) if _shuts(line)), 0) :]
        opens = next((number for number, line in enumerate(lines) if line["type"] == "posture" and line["to"] != "HIBERNATE"), len(lines))
        assert not [line for line in lines[:opens] if line["type"] == "chosen" and line["purpose"] == "enter"], fault


def _shuts(line: Line) -> bool:
    return line["type"] == "ready" or (line["type"] == "posture" and line["to"] == "HIBERNATE")


def _is_worker(process: psutil.Process, job: str) -> bool:
    """A worker's parent is its guardian, which has the same command line."""
    with suppress(psutil.Error):
        parent = process.parent()
        return parent is not None and _is_of_stage(process, job) and _is_of_stage(parent, job)
    return False


def _is_of_stage(process: psutil.Process, stage: str) -> bool:
    words = process.cmdline()
    return "dolphin.stage.guardian" in words and any(word.startswith((f"{stage}/", f"{stage}@")) for word in words)


def _do(victim: psutil.Process, how: How, look: Callable[[], None]) -> None:
    """Does it to `victim`, and looks `SAID_S` after it has begun."""
    match how:
        case How.KILL:
            victim.kill()
            time.sleep(SAID_S)
            look()
        case How.STOP_5 | How.STOP_30:
            with _held(victim):
                ends_at = time.monotonic() + (5.0 if how is How.STOP_5 else 30.0)
                time.sleep(SAID_S)
                look()
                time.sleep(max(0.0, ends_at - time.monotonic()))
        case How.STARVE:
            ends_at = time.monotonic() + 10.0
            while time.monotonic() < ends_at:
                with _held(victim):
                    time.sleep(0.4)
                time.sleep(0.1)
            look()


@contextmanager
def _held(victim: psutil.Process) -> Iterator[None]:
    """Stopped for the length of the block; it may be gone before the end. psutil asks whether it is still the same before each signal."""
    with suppress(psutil.NoSuchProcess):
        victim.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGCONT)
