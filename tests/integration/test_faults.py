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
from pathlib import Path
from typing import Final

import psutil
import pytest
from faults import ALL, MARK, Fault, How, System

FAULTS_S: Final = float(os.environ.get("DOLPHIN_FAULTS_SECONDS", "0"))
SEED: Final = int(os.environ.get("DOLPHIN_FAULTS_SEED") or secrets.randbelow(1_000_000))
SPEED: Final = float(os.environ.get("DOLPHIN_FAULTS_SPEED", "4"))
PER_SYSTEM: Final = 4
FLATTENED_S: Final = 20.0
"""From its supervisor's death to the agent's end."""
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


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, mark: str) -> Iterator[System]:
    """One for the whole module, each test of which leaves it up."""
    print(f"faults: DOLPHIN_FAULTS_SEED={SEED} repeats this")
    system = system_in(tmp_path_factory.mktemp("faults"), mark)
    system.up()
    yield system
    for process in system.processes():
        process.kill()


def slice_of_the_check() -> tuple[list[Fault], list[Fault]]:
    """The worker of one stage of each job and the feed; then the stop, the agent, and the member, which takes all others with it."""
    stopped = random.Random(SEED).choice(("survival", "feed.0", "agent"))
    killed = [Fault(part, How.KILL) for part in ("survival", "acb", "ars", "feed.0", "agent", "member")]
    return killed[:4], [Fault(stopped, How.STOP_5), *killed[4:]]


def test_a_system_that_trades_bears_the_death_of_each_part_and_a_stop(system: System) -> None:
    for faults in slice_of_the_check():
        system.trade()
        for fault in faults:
            system.suffer(fault)
            system.assert_ledger_is_whole()
    system.await_trading()  # or it has latched: without its member for ten seconds of market time, the governor had no heartbeat


def test_when_the_supervisor_dies_the_agent_flattens_and_a_new_up_says_what_it_found(system: System) -> None:
    system.trade()
    standing = system.standing()
    agent = standing.parts["agent"].process
    assert agent is not None
    psutil.Process(standing.pid).kill()
    ended_by = time.monotonic() + FLATTENED_S
    while system.processes():
        assert time.monotonic() < ended_by, [process.cmdline() for process in system.processes()]
        time.sleep(0.1)
    summary = system.journal.read()[-1]
    assert summary["type"] == "summary"
    assert (summary["positions"], summary["working"]) == (0, 0)
    system.assert_ledger_is_whole()
    system.up()
    system.await_parts()
    system.assert_ledger_is_whole()


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
    round_ = 0
    while time.monotonic() < ends_at:
        todo = order.sample(ALL, len(ALL))
        while todo and time.monotonic() < ends_at:
            round_ += 1
            system = system_in(tmp_path / str(round_), mark)
            system.up()
            for fault in [todo.pop() for _ in range(PER_SYSTEM)]:
                system.await_trading()
                if why := system.stated_stop():
                    print(f"stopped: {why}")
                    break
                print(f"{time.strftime('%H:%M:%S')} {fault}", flush=True)
                system.suffer(fault)
                system.assert_ledger_is_whole()
            system.down()
