"""What is believed, and how time alone takes it away."""

import asyncio

import pytest

from dolphin.core.audit.trace import TraceEvent
from dolphin.core.control.command import Command, encode
from dolphin.core.control.posture import Posture
from dolphin.core.order_gate import ONE, Grant
from dolphin.trading.entitlement import FUTURE_LIMIT_NS, CapChange, Change, Entitlements, PostureChange

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
SILENCE = 5 * SECOND


class Clock:
    """A monotonic clock that the test moves."""

    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def command(
    seq: int = 1, asset: str = "", posture: Posture = Posture.APEX, cap: int = 2 * ONE, issued: int = T0, lease: int = 2 * SECOND
) -> Command:
    return Command("paper", asset, 1, seq, posture, cap, ONE, (ONE,) * 5, False, ("because",), ("A@trade#1",), issued, issued + lease, 0)


class Harness:
    def __init__(self, speed: float = 1.0) -> None:
        self.clock = Clock()
        self.changes: list[Change] = []
        self.damages: list[str] = []
        self.events: list[TraceEvent] = []
        self.entitlements = Entitlements(
            "paper",
            ["A", "B"],
            speed=speed,
            silence_limit_ns=SILENCE,
            monotonic_ns=self.clock,
            on_change=lambda changes: self.changes.extend(changes),
            on_damage=self.damages.append,
            on_event=self.events.append,
        )

    def entitle(self, **terms: int) -> None:
        self.entitlements.observe(T0, "B@bookTicker#9")
        for asset in ("", "A"):
            assert self.entitlements.apply(encode(command(asset=asset, **terms))) is not None
        self.changes.clear()

    def later(self, ns: int) -> None:
        self.clock.now_ns += ns
        self.entitlements.judge()


@pytest.fixture
async def harness() -> Harness:
    return Harness()


NOTHING = Grant("HIBERNATE", 0, 0, True)


async def test_it_starts_with_nothing(harness: Harness) -> None:
    assert harness.entitlements.grant("A") == NOTHING
    assert harness.entitlements.posture is Posture.HIBERNATE


async def test_account_and_asset_together_grant_the_smaller_cap(harness: Harness) -> None:
    harness.entitle()
    harness.entitlements.apply(encode(command(2, "A", cap=ONE)))
    assert harness.entitlements.grant("A") == Grant("APEX", 2 * ONE, ONE, False)
    assert harness.entitlements.grant("B") == Grant("TURTLE", 2 * ONE, 0, True), "an asset nobody speaks of may only be left"


async def test_a_lease_ends_by_time_alone_and_exactly_when_it_says(harness: Harness) -> None:
    harness.entitle()
    harness.later(2 * SECOND - 1)
    assert not harness.changes
    harness.later(1)
    posture, account, asset = harness.changes
    assert posture == PostureChange(Posture.APEX, Posture.HIBERNATE, "lease expired", ("B@bookTicker#9",))
    assert isinstance(account, CapChange)
    assert (account.asset, account.to_ppm, account.event_time_ns) == ("", 0, T0 + 2 * SECOND)
    assert isinstance(asset, CapChange)
    assert (asset.asset, asset.to_ppm) == ("A", 0)
    assert harness.entitlements.grant("A") == NOTHING


async def test_an_order_sees_the_expired_lease_even_before_the_timer(harness: Harness) -> None:
    harness.entitle()
    harness.clock.now_ns += 2 * SECOND
    assert harness.entitlements.grant("A") == NOTHING


async def test_the_timer_stands_at_the_deadline_and_falls_without_a_message() -> None:
    harness = Harness()
    loop = asyncio.get_running_loop()
    started = loop.time()
    harness.entitlements._monotonic_ns = lambda: round((loop.time() - started) * 1e9)  # pyright: ignore[reportPrivateUsage]
    harness.entitle(lease=50_000_000)
    assert harness.entitlements.posture is Posture.APEX
    async with asyncio.timeout(30):
        while harness.entitlements.posture is not Posture.HIBERNATE:  # noqa: ASYNC110 - nothing but time happens here
            await asyncio.sleep(0.001)
    assert harness.entitlements.market_time_ns >= T0 + 50_000_000


async def test_a_timer_that_fires_before_the_lease_has_run_out_is_set_again(harness: Harness) -> None:
    harness.entitle(lease=20_000_000)
    await asyncio.sleep(0.05)  # it fires while the agent's clock has not moved
    assert harness.entitlements.posture is Posture.APEX
    harness.clock.now_ns += 20_000_000
    async with asyncio.timeout(30):
        while harness.entitlements.posture is not Posture.HIBERNATE:  # noqa: ASYNC110 - nothing but time happens here
            await asyncio.sleep(0.001)


async def test_a_renewal_keeps_it_up(harness: Harness) -> None:
    harness.entitle()
    for n in range(1, 20):
        harness.later(SECOND)
        harness.entitlements.observe(T0 + n * SECOND, None)
        harness.entitlements.apply(encode(command(n + 1, issued=T0 + n * SECOND)))
        assert harness.entitlements.posture is Posture.APEX


async def test_market_time_runs_with_the_speed_of_the_play() -> None:
    harness = Harness(speed=10.0)
    harness.entitle()
    harness.later(SECOND // 5)
    assert harness.entitlements.posture is Posture.HIBERNATE


async def test_silence_ends_everything_at_speed_zero_where_no_lease_can_run_out() -> None:
    harness = Harness(speed=0.0)
    harness.entitle()
    harness.later(SILENCE)
    assert harness.entitlements.posture is Posture.APEX
    harness.later(1)
    assert harness.entitlements.posture is Posture.HIBERNATE
    assert isinstance(harness.changes[0], PostureChange)
    assert harness.changes[0].reason == "silence"


async def test_old_and_foreign_and_future_commands_are_ignored_and_counted(harness: Harness) -> None:
    harness.entitle()
    apply = harness.entitlements.apply
    assert apply(encode(command(5, cap=ONE))) is not None
    assert apply(encode(command(4, cap=6 * ONE))) is None
    assert apply(encode(command(5, cap=6 * ONE))) is None
    assert apply(encode(command(6, issued=T0 + FUTURE_LIMIT_NS + 1))) is None
    assert apply(encode(command(7)._replace(account="other"))) is None
    assert harness.entitlements.caps_ppm[""] == ONE
    assert harness.entitlements.ignored == {"old": 2, "from the future": 1, "not ours": 1}


async def test_a_command_before_the_first_market_time_is_not_believed(harness: Harness) -> None:
    assert harness.entitlements.apply(encode(command())) is None
    assert harness.entitlements.ignored == {"from the future": 1}


@pytest.mark.parametrize("damage", [b"", b"\x80", encode(command(9))[:-3], encode(command(9)).replace(b"APEX", b"APEY")])
async def test_damage_is_hibernate_until_the_map_has_been_read(harness: Harness, damage: bytes) -> None:
    harness.entitle()
    assert harness.entitlements.apply(damage) is None
    assert harness.entitlements.grant("A") == NOTHING
    assert harness.entitlements.apply(encode(command(3))) is not None
    assert harness.entitlements.posture is Posture.HIBERNATE, "a good message does not mend a bad one"
    harness.entitlements.restore([damage])
    assert harness.entitlements.posture is Posture.HIBERNATE
    harness.entitlements.restore([encode(command(4, cap=ONE))])
    assert harness.entitlements.posture is Posture.APEX
    assert harness.entitlements.caps_ppm[""] == ONE


async def test_a_bit_that_flipped_in_a_number_is_damage(harness: Harness) -> None:
    harness.entitle()
    good = bytearray(encode(command(9, cap=1_234_567)))
    at = good.index((1_234_567).to_bytes(4, "big"))
    good[at + 1] ^= 0x40
    assert harness.entitlements.apply(bytes(good)) is None
    assert harness.entitlements.posture is Posture.HIBERNATE


async def test_closing_is_final(harness: Harness) -> None:
    harness.entitle()
    harness.entitlements.close("run ended")
    assert isinstance(harness.changes[0], PostureChange)
    assert harness.changes[0].reason == "run ended"
    harness.entitlements.apply(encode(command(9)))
    harness.entitlements.restore([encode(command(10))])
    assert harness.entitlements.grant("A") == NOTHING


async def test_nothing_is_told_twice(harness: Harness) -> None:
    harness.entitle()
    harness.later(3 * SECOND)
    told = len(harness.changes)
    harness.later(3 * SECOND)
    harness.entitlements.observe(T0 + SECOND, None)
    assert len(harness.changes) == told


async def test_damage_is_told_once_until_it_is_mended(harness: Harness) -> None:
    harness.entitle()
    harness.entitlements.apply(b"junk")
    harness.entitlements.apply(b"junk")
    assert harness.damages == ["a damaged command arrived"]
    assert harness.entitlements.grant("A") == NOTHING
    harness.entitlements.restore([b"junk"])
    assert harness.entitlements.is_damaged
    harness.entitlements.restore([])
    assert not harness.entitlements.is_damaged
    harness.entitlements.apply(b"junk")
    assert len(harness.damages) == 2


async def test_distrust_is_hibernate_at_once_with_its_reason(harness: Harness) -> None:
    harness.entitle()
    harness.entitlements.distrust("the venue says otherwise")
    assert harness.entitlements.posture is Posture.HIBERNATE
    assert isinstance(harness.changes[0], PostureChange)
    assert harness.changes[0].reason == "the venue says otherwise"
