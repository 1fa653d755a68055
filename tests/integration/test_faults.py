"""A running system in APEX with positions whose parts are killed, stopped and starved: it protects, comes back by itself, and says so.

The check takes each part once, and one stop. `DOLPHIN_FAULTS_SECONDS=3600` plays every fault of every part (`faults.ALL`), over and over
for that long, in an order drawn from a seed that is printed (`DOLPHIN_FAULTS_SEED` repeats it), each few of them on a new system: every
fault costs the fees of a flattening, and an account that has lost enough is entitled to less for a good reason.
"""

import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

import psutil
import pytest
from faults import ALL, MARK, Fault, How, System, processes_of

from dolphin.core.contract.names import AGENT, FIRST_SHARD, JOBS, MEMBER, feed_part

FAULTS_S: Final = float(os.environ.get("DOLPHIN_FAULTS_SECONDS", "0"))
SEED: Final = int(os.environ.get("DOLPHIN_FAULTS_SEED") or secrets.randbelow(1_000_000))
SPEED: Final = float(os.environ.get("DOLPHIN_FAULTS_SPEED", "2"))
PER_SYSTEM: Final = 4
FAULT_EVERY_S: Final = 60.0
FLATTENED_S: Final = 20.0
"""From its supervisor's death to the agent's end."""
FEED: Final = feed_part(FIRST_SHARD)
MARKET: Final = "[synthetic]\nassets = 2\nminutes = 600.0\n"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200 + 4 * FAULTS_S)]


def system_in(folder: Path, mark: str) -> System:
    folder.mkdir(exist_ok=True)
    config = folder / "market.toml"
    config.write_text(MARKET)
    return System(folder / "home", config, mark, speed=SPEED, seed=SEED)


@pytest.fixture(scope="module")
def mark() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        value = secrets.token_hex(8)
        patch.setenv(MARK, value)
        yield value
        for process in processes_of(value):  # of a system whose test failed
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, mark: str) -> System:
    """One for the whole module, each test of which leaves it up."""
    print(f"faults: DOLPHIN_FAULTS_SEED={SEED} repeats this")
    system = system_in(tmp_path_factory.mktemp("faults"), mark)
    system.up()
    return system


def test_a_system_that_trades_bears_the_death_of_jobs_and_agent_and_a_stop(system: System) -> None:
    """Of each job, a worker of one of its stages."""
    killed = [Fault(part, How.KILL) for part in (*JOBS, AGENT)]
    stopped = Fault(random.Random(SEED).choice(killed).part, How.STOP_5)
    for fault in (*killed, stopped):
        print(fault, system.trade())
        system.suffer(fault)
        system.assert_books_are_right()


def test_when_the_supervisor_dies_the_agent_flattens_and_ends_and_a_new_up_works(system: System) -> None:
    system.trade()
    standing = system.standing()
    psutil.Process(standing.pid).kill()
    ended_by = time.monotonic() + FLATTENED_S
    while system.processes():
        assert time.monotonic() < ended_by, [process.cmdline() for process in system.processes()]
        time.sleep(0.1)
    summary = system.journal.read()[-1]
    assert summary["type"] == "summary"
    assert (summary["positions"], summary["working"]) == (0, 0)
    system.assert_books_are_right()
    system.up()


def test_after_a_members_death_and_a_feeds_it_trades_again_or_says_what_it_waits_for(system: System) -> None:
    """Without a market for three seconds of its time the governor latches, at speed in any case: then an operator releases that."""
    for part in (MEMBER, FEED):
        system.trade()
        system.suffer(Fault(part, How.KILL))
        print(f"after the death of {part}:", system.settle())
        system.assert_books_are_right()


def test_what_a_dead_supervisor_left_running_is_ended_by_a_new_up_which_says_so(system: System) -> None:
    standing = system.standing()
    agent = standing.parts["agent"].process
    assert agent is not None
    psutil.Process(agent.pid).suspend()  # so that it cannot hear of its supervisor's death
    psutil.Process(standing.pid).kill()
    said = system.up()
    assert f"A system that ended badly was found: killed what was left of agent (pid {agent.pid})" in said
    assert not psutil.pid_exists(agent.pid)
    system.await_parts()
    system.assert_ledger_is_whole()


def test_after_the_death_of_everything_at_once_a_new_up_works_and_down_leaves_nothing(system: System) -> None:
    for process in system.processes():
        with suppress(psutil.NoSuchProcess):  # it died with the one before
            process.kill()
    system.assert_ledger_is_whole()
    system.up()
    system.await_parts()
    system.assert_ledger_is_whole()
    system.down()


@pytest.mark.skipif(not FAULTS_S, reason="takes as long as DOLPHIN_FAULTS_SECONDS says")
def test_every_fault_of_every_part_again_and_again(tmp_path: Path, mark: str) -> None:
    order, ends_at = random.Random(SEED), time.monotonic() + FAULTS_S
    print(f"faults: DOLPHIN_FAULTS_SEED={SEED} repeats this")
    todo: list[Fault] = []
    system: System | None = None
    for number in count():
        if number % PER_SYSTEM == 0:
            if system is not None:
                system.down()
            if time.monotonic() > ends_at:
                return
            system = system_in(tmp_path / str(number), mark)
            system.up()
        assert system is not None
        todo = todo or order.sample(ALL, len(ALL))
        fault, began_at = todo.pop(), time.monotonic()
        for stop in system.trade():
            print(f"  stopped, and stated it: {stop}", flush=True)
        print(f"{time.strftime('%H:%M:%S')} {fault}", flush=True)
        system.suffer(fault)
        system.assert_books_are_right()
        time.sleep(max(0.0, began_at + FAULT_EVERY_S - time.monotonic()))
