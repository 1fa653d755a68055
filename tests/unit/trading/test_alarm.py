"""The alarm: it never holds anybody up, and it does not give up early."""

import asyncio

import msgpack
import pytest

from dolphin.core.control import posture_gate
from dolphin.core.control.manual_cut import MAX_TEXT
from dolphin.core.control.params import GovernorParams
from dolphin.host.tasks import beside
from dolphin.trading.alarm import MAX_ATTEMPTS, MAX_PENDING, Alarm


class Governor:
    """Answers after `failures` failed calls."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.heard: list[bytes] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, signal: bytes) -> None:
        await self.may_answer.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        self.heard.append(signal)


async def test_it_rings_without_waiting_and_settles_when_it_was_heard() -> None:
    governor = Governor()
    governor.may_answer.clear()
    alarm = Alarm(governor, pause_s=0)
    alarm.ring("checksum", "A@b#1")
    assert not governor.heard
    async with beside(alarm.run()), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(alarm.settled())
        await asyncio.sleep(0)
        assert not waiting.done()
        governor.may_answer.set()
    assert waiting.result()
    assert (alarm.rung, alarm.told) == (1, 1)


async def test_who_stops_waiting_does_not_stop_the_telling() -> None:
    governor = Governor()
    governor.may_answer.clear()
    alarm = Alarm(governor, pause_s=0)
    alarm.ring("checksum", "")
    async with beside(alarm.run()):
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(alarm.settled())
            await asyncio.sleep(0)
            waiting.cancel()
        governor.may_answer.set()
        assert await alarm.settled()
    assert alarm.told == 1


@pytest.mark.parametrize("failures", [1, MAX_ATTEMPTS - 1])
async def test_it_says_it_again_until_it_is_heard(failures: int) -> None:
    alarm = Alarm(governor := Governor(failures), pause_s=0)
    alarm.ring("checksum", "")
    async with beside(alarm.run()):
        assert await alarm.settled()
    assert len(governor.heard) == 1


async def test_after_the_last_attempt_it_is_unheard_for_good() -> None:
    alarm = Alarm(Governor(MAX_ATTEMPTS), pause_s=0)
    async with beside(alarm.run()):
        for _ in range(2):
            alarm.ring("checksum", "")
            assert not await alarm.settled()


async def test_what_is_told_at_the_same_time_is_bounded() -> None:
    governor = Governor()
    governor.may_answer.clear()
    alarm = Alarm(governor, pause_s=0)
    for _ in range(3 * MAX_PENDING):
        alarm.ring("checksum", "")
    governor.may_answer.set()
    async with beside(alarm.run()):
        await alarm.settled()
    assert (alarm.rung, alarm.told) == (3 * MAX_PENDING, MAX_PENDING)


@pytest.mark.parametrize("reason", ["short", "long " * 200, "𝕊" * 300])
async def test_the_governor_latches_on_it_and_keeps_the_reason(reason: str) -> None:
    alarm = Alarm(governor := Governor(), pause_s=0)
    alarm.ring(reason, "")
    async with beside(alarm.run()):
        await alarm.settled()
    state = posture_gate.apply(posture_gate.PostureState("paper"), msgpack.unpackb(governor.heard[0]), GovernorParams()).state
    assert state.governed.latch.startswith(f"agent: {reason[:20]}")
    assert len(state.governed.latch.encode("utf-16-le")) <= 2 * MAX_TEXT
