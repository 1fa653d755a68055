"""One run, told by the typed steps of its agent and the lines of its feed: warm-up, orders, a shock that slides, a silence, the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dolphin.core.audit import steps as of
from dolphin.core.audit.journal import journal_lines
from dolphin.core.audit.steps import Entry, Step
from dolphin.core.contract.lines import Line
from dolphin.core.control.belief import LEASE_EXPIRED, CapChanged, CommandBelieved, Grant, PostureChanged
from dolphin.core.control.command import Command
from dolphin.core.control.posture import Posture
from dolphin.core.ledger.events import Outcome
from dolphin.core.order_gate import Style
from dolphin.core.order_gate.admission import DenyReason, Order
from dolphin.core.placing.choice import FLATTENED, Choice, Purpose
from dolphin.core.units import ONE, ONE_E8
from dolphin.operator.views.report import Report, build
from dolphin.operator.views.story import Story

S = 1_000_000_000
START = 1_736_121_600 * S
"""2025-01-06 00:00 UTC."""
WALL = 1_800_000_000 * S
SPEED = 8.0
APEX = Grant("APEX", 6 * ONE, 6 * ONE, False)
TAKER_SHOCK = "shock (taker): f4 300000; jitter: f3 part 894137"
TAKER_CUTS = (
    ("BTCUSDT", 100.0, "taker: buy share 0.041 in 1 min, robust z 5.3", "BTCUSDT@aggTrade#1000123"),
    ("ETHUSDT", 100.5, "taker: buy share 0.050 in 1 min, robust z 5.0", "ETHUSDT@aggTrade#2000456"),
)

FIRST = Order("D-1-1", "BTCUSDT", 1, ONE_E8 // 2, Style.MARKET, None, False)
CLIPPED = Order("D-1-2", "ETHUSDT", 1, 20 * ONE_E8, Style.POST_ONLY, 2_650 * ONE_E8, False)
DENIED = Order("D-1-3", "SOLUSDT", 1, 100 * ONE_E8, Style.MARKET, None, False)
EXIT = Order("D-1-4", "BTCUSDT", -1, ONE_E8 // 2, Style.MARKET, None, True)
ENTERED = Choice(Purpose.ENTER, 1, 100_000 * ONE, 6 * ONE, ONE // 2, 350_000, 830_000, ONE_E8 // 2, 0)


def cap(asset: str, from_ppm: int, to_ppm: int, at_s: float, reason: str, *causes: str) -> CapChanged:
    return CapChanged(asset, from_ppm, to_ppm, reason, causes, START + int(at_s * S))


def decided(asset: str, posture: Posture, from_ppm: int, to_ppm: int, at_s: float, reason: str, *causes: str) -> CommandBelieved:
    """A command of a gate, which asks nothing of what the agent held."""
    time_ns, reasons = START + int(at_s * S), (reason,) if reason else ()
    common = (posture, to_ppm, ONE, (), False, reasons, causes, time_ns, time_ns + 2 * S, from_ppm)
    before = Posture.APEX if to_ppm < from_ppm else Posture.HIBERNATE
    return CommandBelieved(Command("paper", asset, 1, 1, *common), Command("paper", asset, 1, 0, before, *common[1:]))


def story_steps() -> Iterator[tuple[float, Step]]:
    """(seconds after the start, step)."""
    yield 5.0, of.RankingHeard((("BTCUSDT", 1.25), ("ETHUSDT", 0.5)))
    yield 61.0, decided("", Posture.APEX, 0, 6 * ONE, 61.0, "")
    yield 61.0, PostureChanged(Posture.HIBERNATE, Posture.APEX, "", ())
    yield 61.0, cap("", 0, 6 * ONE, 61.0, "")
    for asset in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        yield 62.0, cap(asset, 0, 6 * ONE, 62.0, "")
    yield 65.0, of.OrderWanted(FIRST, APEX, ())
    yield 65.0, of.OrderChosen("D-1-1", "BTCUSDT", ENTERED)
    yield 65.25, of.OrderFilled("D-1-1", "f1", "BTCUSDT", 1, ONE_E8 // 2, 61_000 * ONE_E8, 12 * ONE, False, True)
    yield 66.0, of.OrderWanted(CLIPPED, APEX, ())
    yield 66.0, of.OrderClipped(CLIPPED, 10 * ONE_E8, APEX)
    yield 66.0, of.OrderChosen("D-1-2", "ETHUSDT", ENTERED._replace(rank=2))
    yield 67.0, of.OrderWanted(DENIED, APEX, ())
    yield 67.0, of.OrderDenied(DENIED, DenyReason.OVER_CAP, APEX)
    yield 70.0, of.EquityTold(99_990 * ONE, 99_988 * ONE, 30_500 * ONE, 100, (("BTCUSDT", ONE_E8 // 2),))
    for asset, at_s, why, cause in TAKER_CUTS:
        yield at_s, decided(asset, Posture.TURTLE, 6 * ONE, 2_700_000, at_s, why, cause)
        yield at_s, cap(asset, 6 * ONE, 2_700_000, at_s, why, cause)
    yield 101.0, PostureChanged(Posture.APEX, Posture.TURTLE, TAKER_SHOCK, ("BTCUSDT@aggTrade#1000124",))
    for step, (before, after) in enumerate(((6 * ONE, 1_600_000), (1_600_000, 1_200_000), (1_200_000, 900_000))):
        at_s, cause = 101.0 + step, "BTCUSDT@aggTrade#1000124"
        yield at_s, decided("", Posture.TURTLE, before, after, at_s, TAKER_SHOCK, cause)
        yield at_s, cap("", before, after, at_s, TAKER_SHOCK, cause)
    yield 101.0, of.OrderEnded("D-1-2", "ETHUSDT", Outcome.CANCELLED, "")
    yield 101.0, of.OrderWanted(EXIT, Grant("TURTLE", 900_000, 900_000, True), ())
    yield 101.0, of.OrderChosen("D-1-4", "BTCUSDT", FLATTENED)
    yield 101.5, of.OrderFilled("D-1-4", "f2", "BTCUSDT", -1, ONE_E8 // 2, 60_900 * ONE_E8, 12 * ONE, False, True)
    yield 140.0, cap("SOLUSDT", 6 * ONE, 0, 140.0, LEASE_EXPIRED, "SOLUSDT@depth#77")
    yield 160.0, PostureChanged(Posture.TURTLE, Posture.HIBERNATE, of.RUN_ENDED, ())
    yield 160.0, cap("", 900_000, 0, 160.0, of.RUN_ENDED)
    yield 160.0, cap("BTCUSDT", 2_700_000, 0, 160.0, of.RUN_ENDED)
    yield 160.0, cap("ETHUSDT", 2_700_000, 0, 160.0, of.RUN_ENDED)


def agent_lines() -> Iterator[Line]:
    """The agent's journal."""
    yield {"type": "ready", "market_time_ns": 0, "run_id": "r1", "assets": ["BTCUSDT"], "epoch": 1}
    for at_s, step in story_steps():
        time_ns = START + int(at_s * S)
        for line in journal_lines(Entry(time_ns, time_ns, step), -50 * ONE if isinstance(step, of.OrderFilled) and step.side < 0 else None):
            yield {**line, **{key: list(value) for key, value in line.items() if isinstance(value, tuple)}}
    reading = {"p50": 1_500.0, "p99": 9_000.0, "p999": 20_000.0, "max": 30_000.0, "n": 1_200}
    yield {"type": "summary", "market_time_ns": START + 160 * S, "latency_us": {"feed_to_agent": reading}}


def feed_line(at_s: float, **more: Any) -> Line:
    """A line of the feed's journal, `at_s` market seconds after the start."""
    line = {"type": "progress", "market_time_ns": START + int(at_s * S), "wall_ns": WALL + int(at_s * S / SPEED), "lag_ns": 0}
    return line | {"frames": int(at_s * 100), "rows": int(at_s * 90), "batches": int(at_s * 10), "unsynced": []} | more


def feed_lines() -> Iterator[Line]:
    """The feed's journal: a line each second of wall time."""
    for second in range(21):
        yield feed_line(second * SPEED)


def told(agent: Iterator[Line] | None = None, feed: Iterator[Line] | None = None) -> Story:
    """The story of these journals."""
    story = Story()
    for line in feed_lines() if feed is None else feed:
        story.read_feed(line)
    for line in agent_lines() if agent is None else agent:
        story.read_agent(line)
    return story


LEDGER = {"account": "paper", "opening_balance": "100000.000000", "closing_balance": "99926.000000", "entries": 17, "verified": True}


def report(story: Story | None = None, **more: Any) -> Report:
    """The report of the run."""
    known = {"run_id": "20250106T000000Z-0001", "market": "SYNTHETIC market, seed 7 (160 s) at 8x", "speed": SPEED}
    known |= {"home": Path(".dolphin/demo"), "jobs": [{"name": name, "status": "running"} for name in ("ars", "acb", "survival")]}
    known |= {"ledger": LEDGER, "digest": "0123456789abcdef" * 4, "feed_ended_well": True}
    return build(story=told() if story is None else story, **(known | more))
