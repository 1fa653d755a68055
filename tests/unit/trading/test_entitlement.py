"""The shell around the belief: events get the time of the clock, what changed is handed on, and a timer stands at the deadline."""

import asyncio

import pytest

from dolphin.core.control.belief import BeliefEffect, CapChanged, Grant, PostureChanged, TrustEnded
from dolphin.core.control.command import Command, encode
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE
from dolphin.trading.entitlement import Entitlements

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
SILENCE = 5 * SECOND


class Clock:
    """A monotonic clock that the test moves."""

    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def command(seq: int = 1, asset: str = "", cap: int = 2 * ONE, issued: int = T0, lease: int = 2 * SECOND) -> Command:
    fields = ("because",), ("A@trade#1",), issued, issued + lease, 0
    return Command("paper", asset, 1, seq, Posture.APEX, cap, ONE, (ONE,) * 5, False, *fields)


class Harness:
    def __init__(self, speed: float = 1.0) -> None:
        self.clock = Clock()
        self.effects: list[BeliefEffect] = []
        self.entitlements = Entitlements(
            "paper", ["A", "B"], speed=speed, silence_limit_ns=SILENCE, monotonic_ns=self.clock, on_effects=self.effects.extend
        )

    def entitle(self, **terms: int) -> None:
        self.entitlements.observe(T0, "B@bookTicker#9")
        for asset in ("", "A"):
            assert self.entitlements.apply(encode(command(asset=asset, **terms))) is not None
        self.effects.clear()


@pytest.fixture
async def harness() -> Harness:
    return Harness()


async def fallen(entitlements: Entitlements) -> None:
    """Waits until nothing is believed any more."""
    async with asyncio.timeout(30):
        while entitlements.posture is not Posture.HIBERNATE:  # noqa: ASYNC110 - nothing but time happens here
            await asyncio.sleep(0.001)


async def test_the_timer_stands_at_the_deadline_and_falls_without_a_message() -> None:
    harness = Harness()
    loop = asyncio.get_running_loop()
    harness.entitlements._monotonic_ns = lambda: round(loop.time() * 1e9)  # pyright: ignore[reportPrivateUsage]
    harness.entitle(lease=50_000_000)
    assert harness.entitlements.posture is Posture.APEX
    await fallen(harness.entitlements)
    assert harness.entitlements.market_time_ns >= T0 + 50_000_000


async def test_a_timer_that_fires_before_the_lease_has_run_out_is_set_again(harness: Harness) -> None:
    harness.entitle(lease=20_000_000)
    await asyncio.sleep(0.05)  # it fires while the agent's clock has not moved
    assert harness.entitlements.posture is Posture.APEX
    harness.clock.now_ns += 20_000_000
    await fallen(harness.entitlements)


async def test_a_lease_that_runs_out_just_after_a_judgement_is_not_waited_for_until_silence() -> None:
    harness = Harness()
    harness.entitle()
    times = iter([2 * SECOND - 1])  # the judgement; whoever asks again, a moment later, is told that the lease is over
    harness.entitlements._monotonic_ns = lambda: next(times, 2 * SECOND)
    began_s = asyncio.get_running_loop().time()
    assert harness.entitlements._timer is not None
    harness.entitlements._timer.cancel()
    harness.entitlements._on_timer()  # a moment early, as uvloop does
    assert harness.entitlements.posture is Posture.APEX
    await fallen(harness.entitlements)
    assert asyncio.get_running_loop().time() - began_s < 1.0, "the silence limit is five"


async def test_what_changed_is_handed_on_in_order_and_nothing_else_is(harness: Harness) -> None:
    harness.entitle()
    harness.entitlements.judge()
    assert harness.effects == []
    harness.entitlements.distrust("the venue says otherwise")
    assert [type(effect) for effect in harness.effects if isinstance(effect, TrustEnded | PostureChanged | CapChanged)] == [
        TrustEnded,
        PostureChanged,
        CapChanged,
        CapChanged,
    ]
    assert harness.entitlements.is_damaged
    harness.entitlements.restore([])
    assert not harness.entitlements.is_damaged
    assert harness.entitlements.posture is Posture.APEX


async def test_it_tells_what_holds(harness: Harness) -> None:
    harness.entitle()
    held = harness.entitlements
    assert held.caps_ppm == {"": 2 * ONE, "A": 2 * ONE, "B": 0}
    assert held.grant("A") == Grant("APEX", 2 * ONE, 2 * ONE, False)
    assert held.commands("A") == (command(), command(asset="A"))
    assert (held.speed, held.last_cause, held.market_time_ns) == (1.0, "B@bookTicker#9", T0)


async def test_a_command_that_was_not_applied_is_none_and_counted(harness: Harness) -> None:
    harness.entitle()
    assert harness.entitlements.apply(encode(command(5))) == command(5)
    assert harness.entitlements.apply(encode(command(4))) is None
    assert harness.entitlements.apply(b"junk") is None
    assert harness.entitlements.ignored == {"old": 1, "damaged": 1}


async def test_a_command_that_comes_when_its_own_lease_is_over_is_counted_as_late(harness: Harness) -> None:
    harness.entitle()
    harness.clock.now_ns += SECOND
    assert harness.entitlements.apply(encode(command(2, issued=T0 - SECOND))) == command(2, issued=T0 - SECOND)
    assert harness.entitlements.late == 1
    assert harness.entitlements.apply(encode(command(3, issued=T0 + SECOND))) == command(3, issued=T0 + SECOND)
    assert harness.entitlements.late == 1


async def test_closing_is_final(harness: Harness) -> None:
    harness.entitle()
    harness.entitlements.close("run ended")
    harness.entitlements.apply(encode(command(9)))
    assert harness.entitlements.grant("A") == Grant("HIBERNATE", 0, 0, True)
