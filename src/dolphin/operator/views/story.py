"""What happened in a run, folded from the journals of its feed and its agent, line by line.

One fold serves the live screen, `dolphin status` and the final report, so that they cannot tell different stories.
"""

from collections import deque
from dataclasses import dataclass, field

from dolphin.core.contract.lines import Line
from dolphin.core.words import leverage

_RECENT = 8
_CAP_HISTORY = 20_000

ORDER_TYPES = ("order", "denied", "clipped", "fill", "cancelled")


@dataclass(frozen=True, slots=True)
class Moment:
    """One decision, as a line a person reads."""

    market_time_ns: int
    text: str
    severity: str
    """`calm`, `cut` or `order`; the screen colours by it."""


@dataclass(slots=True)
class Story:
    """The state of the fold. Caps are ppm of leverage (1x = 1_000_000), times market time in nanoseconds, money micro-dollars."""

    frames: int = 0
    rows: int = 0
    batches: int = 0
    feed: Line = field(default_factory=dict)
    first_time_ns: int | None = None
    market_time_ns: int = 0
    feed_time_ns: int = 0
    """Market time of the last batch that the feed has published."""
    heard_time_ns: int = 0
    """Market time of the last one that the agent has read; its own clock goes on between batches."""
    posture: str = "HIBERNATE"
    posture_path: list[Line] = field(default_factory=list)
    account_cap_ppm: int = 0
    caps_ppm: dict[str, int] = field(default_factory=dict)
    cap_history: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_CAP_HISTORY))
    decided: list[Line] = field(default_factory=list)
    """What the gates decided: cuts and postures, as the commands say. The same at any speed, but for the order between gates."""
    leases: list[Line] = field(default_factory=list)
    """Leases that ended, and whether a later command renewed them."""
    late_commands: int = 0
    """Commands that came after their own lease had run out."""
    lost_messages: int = 0
    """Messages that were overwritten before the agent read them."""
    ranking: list[Line] = field(default_factory=list)
    rankings: int = 0
    orders: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDER_TYPES, 0))
    equity_micro_usd: int | None = None
    recent: deque[Moment] = field(default_factory=lambda: deque(maxlen=_RECENT))
    told: int = 0
    """How many moments there have been; `recent` keeps the last few."""
    latency_us: dict[str, Line] = field(default_factory=dict)

    @property
    def cuts(self) -> list[Line]:
        """The caps that a breaker, the controller or an operator lowered, in the order of their market times."""
        keys = ("asset", "from_ppm", "to_ppm", "reason", "cause_ids", "event_time_ns")
        cuts = [{key: line[key] for key in keys} for line in self.decided if line["to_ppm"] < line["from_ppm"]]
        return sorted(cuts, key=lambda cut: (cut["event_time_ns"], cut["asset"]))

    def read_feed(self, line: Line) -> None:
        """Takes one line of the feed's journal; its counters are totals, not increments."""
        self.feed = line
        self.frames, self.rows, self.batches = line["frames"], line["rows"], line["batches"]
        self.feed_time_ns = line["market_time_ns"]
        self._see_time(self.feed_time_ns)

    def read_agent(self, line: Line) -> None:
        """Takes one line of the agent's journal; types it does not tell are left out."""
        self._see_time(line["market_time_ns"])
        kind = line["type"]
        if kind in self.orders:
            self.orders[kind] += 1
        reader = _READERS.get(kind)
        if reader is not None:
            reader(self, line)

    def _see_time(self, time_ns: int) -> None:
        if time_ns:
            self.first_time_ns = self.first_time_ns or time_ns
            self.market_time_ns = max(self.market_time_ns, time_ns)

    def _say(self, line: Line, text: str, severity: str) -> None:
        self.told += 1
        self.recent.append(Moment(line["market_time_ns"], text, severity))


def _read_posture(story: Story, line: Line) -> None:
    story.posture = line["to"]
    story.posture_path.append({key: line[key] for key in ("market_time_ns", "from", "to", "reason", "cause_ids")})
    story._say(line, f"posture {line['from']} -> {line['to']}: {line['reason']}", "cut")


def _read_cap(story: Story, line: Line) -> None:
    asset = line["asset"]
    if asset:
        story.caps_ppm[asset] = line["to_ppm"]
    else:
        story.account_cap_ppm = line["to_ppm"]
        story.cap_history.append((line["market_time_ns"], line["to_ppm"]))
    if line["to_ppm"] > line["from_ppm"]:
        for lease in story.leases:
            lease["is_renewed"] |= lease["asset"] == asset
    if line["to_ppm"] < line["from_ppm"]:
        story._say(line, f"cut {asset or 'account'} {leverage(line['from_ppm'])} -> {leverage(line['to_ppm'])}: {line['reason']}", "cut")


def _read_command(story: Story, line: Line) -> None:
    keys = ("asset", "posture", "from_ppm", "to_ppm", "reason", "cause_ids", "event_time_ns")
    story.decided.append({key: line[key] for key in keys})


def _read_lease(story: Story, line: Line) -> None:
    story.leases.append({"asset": line["asset"], "expired_at_ns": line["expired_at_ns"], "is_renewed": False})


def _read_ranking(story: Story, line: Line) -> None:
    story.rankings += 1
    story.ranking = line["top"]


def _read_equity(story: Story, line: Line) -> None:
    story.equity_micro_usd = line["equity_micro_usd"]


def _read_order(story: Story, line: Line) -> None:
    words = " ".join(str(line[key]) for key in ("side", "qty", "asset") if key in line)
    story._say(line, f"{line['type']} {words} {line.get('reason', '')}".rstrip(), "order")


def _read_status(story: Story, line: Line) -> None:
    story.heard_time_ns = line.get("heard_ns", 0)


def _read_summary(story: Story, line: Line) -> None:
    story.latency_us = line["latency_us"]
    story.late_commands, story.lost_messages = line.get("late_commands", 0), line.get("lost_messages", 0)


_READERS = {
    "posture": _read_posture,
    "cap": _read_cap,
    "command": _read_command,
    "lease": _read_lease,
    "ranking": _read_ranking,
    "equity": _read_equity,
    "status": _read_status,
    "summary": _read_summary,
} | dict.fromkeys(ORDER_TYPES, _read_order)
