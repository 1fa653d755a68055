"""What happened in a run, folded from the journals of its feed and its agent, line by line.

One fold serves the live screen, `dolphin status` and the final report, so that they cannot tell different stories. What gates decided is
read from the lines `command`, what the agent held from `cap` and `posture`: a cut is a lower cap that a gate decided, so that neither what
a lease that ran out takes away nor what an end in good order gives back is one. Cuts are folded into slides, and an order is one record
from wish to end. How long ago each part was heard is kept beside what it said: nothing old is to be drawn as present.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from dolphin.core.audit.steps import RUN_ENDED
from dolphin.core.contract.lines import Line
from dolphin.core.words import clock, leverage
from dolphin.operator.views.lease_ends import BY_TIME, FeedSample, LeaseEnd
from dolphin.operator.views.orders import Orders
from dolphin.operator.views.plain import DENIED, fall, plain
from dolphin.operator.views.slides import SLIDE_GAP_NS, Slide, Slides

_RECENT = 400
_CAP_HISTORY = 20_000
_LAPSE_SAID_EVERY_NS = 10_000_000_000
_SAMPLES = 7_200
"""Two hours of the feed's lines."""

ORDER_TYPES: Final = ("order", "denied", "clipped", "fill", "cancelled")
_OF_A_CUT: Final = ("from_ppm", "to_ppm", "reason", "cause_ids", "event_time_ns")
STALE_NS: Final = 3_000_000_000
"""Wall time after which what a part has said is old: three of its lines are missing."""


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
    feed_samples: deque[FeedSample] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    feed_wall_ns: int | None = None
    agent_wall_ns: int | None = None
    """Wall time of the newest line of each that has one."""
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
    granted_ns: int | None = None
    """When the account's cap first left zero."""
    held_back: dict[str, str] = field(default_factory=dict)
    """Why nothing is granted, as the agent last said: by asset ("" the account) that has no cap."""
    decided: list[Line] = field(default_factory=list)
    """What the gates decided: cuts and postures, as the commands say. The same at any speed, but for the order between gates."""
    slides: Slides = field(default_factory=Slides)
    ended: Line | None = None
    """The orderly end, where there was one: {market_time_ns, from_ppm}; what it gave back."""
    lease_ends: list[LeaseEnd] = field(default_factory=list)
    late_commands: int = 0
    """Commands that came after their own lease had run out."""
    lost_messages: int = 0
    """Messages that were overwritten before the agent read them."""
    ranking: list[Line] = field(default_factory=list)
    ranking_ns: int | None = None
    """Market time of `ranking`."""
    rankings: int = 0
    orders: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDER_TYPES, 0))
    order_list: Orders = field(default_factory=Orders)
    equity_micro_usd: int | None = None
    recent: deque[Moment] = field(default_factory=lambda: deque(maxlen=_RECENT))
    told: int = 0
    """How many moments there have been; `recent` keeps the last ones."""
    latency_us: dict[str, Line] = field(default_factory=dict)
    _posture_said: str = "HIBERNATE"
    _lapsed: dict[str, LeaseEnd] = field(default_factory=dict)
    """By asset, the lease that ended and is not renewed."""
    _lapses_untold: int = 0
    _lapse_said_ns: int = 0
    _sliding: dict[str, Slide] = field(default_factory=dict)
    """Slides that may go on, of more than one cut: their end is still to be said."""

    @property
    def cuts(self) -> list[Line]:
        """The caps that a breaker, the controller or an operator lowered, in the order of their market times."""
        cuts = (_cut(line) for line in self.decided if _is_cut(line))
        return sorted(cuts, key=lambda cut: (cut["event_time_ns"], cut["asset"]))

    @property
    def is_granted(self) -> bool:
        """The account has a cap, or had one when the run ended in good order."""
        return self.account_cap_ppm > 0 or (self.ended is not None and "" in self.ended["from_ppm"])

    @property
    def unsynced(self) -> list[str]:
        """Assets whose order book the feed does not know."""
        return list(self.feed.get("unsynced", ()))

    def read_feed(self, line: Line) -> None:
        """Takes one line of the feed's journal; its counters are totals, not increments."""
        self.feed = line
        self.frames, self.rows, self.batches = line["frames"], line["rows"], line["batches"]
        self.feed_time_ns = line["market_time_ns"]
        self._see_time(self.feed_time_ns)
        self.feed_wall_ns = line.get("wall_ns", self.feed_wall_ns)
        if "wall_ns" in line:
            self.feed_samples.append(FeedSample(line["wall_ns"], line["market_time_ns"], line.get("lag_ns", 0)))

    def read_agent(self, line: Line) -> None:
        """Takes one line of the agent's journal; types it does not tell are left out."""
        self.agent_wall_ns = line.get("wall_ns", self.agent_wall_ns)
        self._see_time(line["market_time_ns"])
        self._end_slides(line["market_time_ns"])
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

    def _say(self, time_ns: int, text: str, severity: str) -> None:
        self.told += 1
        self.recent.append(Moment(time_ns, text, severity))

    def _end_slides(self, now_ns: int) -> None:
        """Says where slides have come to that cannot go on any more."""
        for asset, slide in list(self._sliding.items()):
            if now_ns - slide.end_ns > SLIDE_GAP_NS:
                self._end_slide(asset, now_ns)

    def _end_slide(self, asset: str, now_ns: int) -> None:
        slide = self._sliding.pop(asset, None)
        if slide is not None:
            whose, how = asset or "account", f"in {len(slide.cuts)} steps by {clock(slide.end_ns)}"
            self._say(now_ns, f"cut {whose} had come to {leverage(slide.to_ppm)} {how}", "cut")


def _read_posture(story: Story, line: Line) -> None:
    is_end = line["reason"] == RUN_ENDED
    story.posture = line["to"]
    step = {key: line[key] for key in ("market_time_ns", "from", "to", "reason", "cause_ids")}
    story.posture_path.append(step | {"is_orderly_end": is_end})
    if line["reason"] not in BY_TIME and line["to"] != story._posture_said:
        why = plain(line["reason"]) or "the readings allow it"
        story._say(line["market_time_ns"], f"posture {story._posture_said} -> {line['to']}: {why}", "calm" if is_end else "cut")
        story._posture_said = line["to"]


def _read_command(story: Story, line: Line) -> None:
    """What a gate decided, whether or not its lease was still running when the agent heard of it."""
    story.decided.append({key: line[key] for key in ("asset", "posture", *_OF_A_CUT)})
    if _is_cut(line):
        _read_cut(story, _cut(line), line["market_time_ns"])


def _is_cut(line: Line) -> bool:
    return line["to_ppm"] < line["from_ppm"]


def _cut(line: Line) -> Line:
    return {"asset": line["asset"]} | {key: line[key] for key in _OF_A_CUT}


def _read_cut(story: Story, cut: Line, time_ns: int) -> None:
    slide, is_new = story.slides.add(cut)
    if is_new:
        story._end_slide(cut["asset"], time_ns)
        whose, how = cut["asset"] or "account", fall(cut["from_ppm"], cut["to_ppm"])
        story._say(time_ns, f"cut {whose} {how}: {plain(cut['reason'])}", "cut")
    else:
        story._sliding[cut["asset"]] = slide


def _read_cap(story: Story, line: Line) -> None:
    """What the agent holds from now on."""
    asset, to_ppm, time_ns = line["asset"], line["to_ppm"], line["market_time_ns"]
    if asset:
        story.caps_ppm[asset] = to_ppm
    else:
        story.account_cap_ppm = to_ppm
        story.cap_history.append((time_ns, to_ppm))
    if to_ppm > 0:
        _read_grant(story, asset, to_ppm, time_ns)
    elif line["reason"] in BY_TIME:
        _read_lapse(story, line)
    elif line["reason"] == RUN_ENDED:
        story.ended = story.ended or {"market_time_ns": time_ns, "from_ppm": {}}
        story.ended["from_ppm"][asset] = line["from_ppm"]
    if to_ppm == 0 and line["reason"] != RUN_ENDED:
        story.held_back[asset] = line["reason"]


def _read_grant(story: Story, asset: str, to_ppm: int, time_ns: int) -> None:
    story.held_back.pop(asset, None)
    if not asset:
        story.granted_ns = story.granted_ns or time_ns
    lapsed = story._lapsed.pop(asset, None)
    if lapsed is not None:
        lapsed.is_renewed = True
    slide = story._sliding.get(asset)
    if slide is not None and to_ppm > slide.to_ppm:
        story._end_slide(asset, time_ns)


def _read_lapse(story: Story, line: Line) -> None:
    """A cap that only time took away: said at most every `_LAPSE_SAID_EVERY_NS`, with how many there have been."""
    story._lapsed[line["asset"]] = LeaseEnd(line["asset"], line["event_time_ns"])
    story.lease_ends.append(story._lapsed[line["asset"]])
    story._lapses_untold += 1
    if line["market_time_ns"] - story._lapse_said_ns >= _LAPSE_SAID_EVERY_NS:
        many = "" if story._lapses_untold == 1 else f" ({story._lapses_untold} since the last word on it)"
        whose = line["asset"] or "account"
        story._say(line["market_time_ns"], f"{whose}: {plain(line['reason'])}; nothing is granted until one does{many}", "cut")
        story._lapses_untold, story._lapse_said_ns = 0, line["market_time_ns"]


def _read_status(story: Story, line: Line) -> None:
    story.held_back = dict(line.get("held_back", story.held_back))
    story.heard_time_ns = line.get("heard_ns", 0)


def _read_ranking(story: Story, line: Line) -> None:
    story.rankings += 1
    story.ranking, story.ranking_ns = line["top"], line["market_time_ns"]


def _read_equity(story: Story, line: Line) -> None:
    story.equity_micro_usd = line["equity_micro_usd"]


def _read_order(story: Story, line: Line) -> None:
    story.order_list.read(line)
    words = " ".join(str(line[key]) for key in ("side", "qty", "asset") if key in line)
    reason = line.get("reason", "")
    said = f": {DENIED.get(reason, reason)}" if reason else ""
    story._say(line["market_time_ns"], f"{line['type']} {words}{said}", "order")


def _read_silently(story: Story, line: Line) -> None:
    story.order_list.read(line)


def _read_summary(story: Story, line: Line) -> None:
    story.latency_us = line["latency_us"]
    story.late_commands, story.lost_messages = line.get("late_commands", 0), line.get("lost_messages", 0)
    for asset in list(story._sliding):
        story._end_slide(asset, line["market_time_ns"])


_READERS = {
    "posture": _read_posture,
    "cap": _read_cap,
    "command": _read_command,
    "status": _read_status,
    "ranking": _read_ranking,
    "equity": _read_equity,
    "chosen": _read_silently,
    "lost": _read_silently,
    "summary": _read_summary,
} | dict.fromkeys(ORDER_TYPES, _read_order)
