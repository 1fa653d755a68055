"""The live screen: the story so far, redrawn a few times a second; plain lines where there is no terminal.

What a part has said carries how long ago that was; from `STALE_NS` on it is struck through, for it may no longer be so.
"""

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dolphin.core.words import clock, dollars, leverage
from dolphin.operator.views.cap_chart import cap_chart
from dolphin.operator.views.plain import seconds
from dolphin.operator.views.story import STALE_NS, Story
from dolphin.operator.views.waiting import obstacles

_COLOUR = {"APEX": "bold green", "STALKER": "bold yellow", "TURTLE": "bold dark_orange", "HIBERNATE": "bold red"}
_SEVERITY = {"cut": "red", "order": "cyan", "calm": "dim"}
_OLD = "dim strike"
_ASSETS_SHOWN = 8
_MOMENTS_SHOWN = 8
_WAITING_EVERY_NS = 15_000_000_000
"""Market time between two lines that say what is waited for, where there is no terminal."""


class Screen:
    """Shows a story. `market` says what is played; `length_s`, where known, is how long it lasts in market time; `wall_ns` tells ages."""

    def __init__(self, console: Console, market: str, length_s: float | None, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._console = console
        self._market = market
        self._length_s = length_s
        self._wall_ns = wall_ns
        self._live: Live | None = None
        self._said = 0
        self._waiting_said_ns: int | None = None

    def open(self) -> Callable[[], None]:
        """Takes the terminal; returns what gives it back."""
        if not self._console.is_terminal:
            return lambda: None
        self._live = Live(console=self._console, refresh_per_second=5, transient=True)
        self._live.start()
        return self._live.stop

    def step(self, text: str) -> None:
        """Says what is being started."""
        if self._live is None:
            self._console.print(f"... {text}")
        else:
            self._live.update(Panel(f"{text} ...", title="DOLPHIN", title_align="left"))

    def show(self, story: Story) -> None:
        """Draws the story as it stands."""
        if self._live is None:
            self._say_new(story)
        else:
            self._live.update(self.draw(story))

    def _say_new(self, story: Story) -> None:
        new = min(len(story.recent), story.told - self._said)
        left_out = story.told - self._said - new
        if left_out:
            self._say(f"({left_out} more)")
        for line in list(story.recent)[len(story.recent) - new :]:
            self._say(f"{clock(line.market_time_ns)} {line.text}")
        self._said = story.told
        self._say_waiting(story)

    def _say_waiting(self, story: Story) -> None:
        """While it warms up: what for, now and then."""
        if story.granted_ns is not None or story.first_time_ns is None:
            return
        if self._waiting_said_ns is None or story.market_time_ns - self._waiting_said_ns >= _WAITING_EVERY_NS:
            self._waiting_said_ns = story.market_time_ns
            self._say(f"{clock(story.market_time_ns)} waiting for {'; '.join(obstacles(story)) or 'the first grant'}")

    def _say(self, text: str) -> None:
        """One line, however long: what reads a pipe does not want it folded."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)

    def draw(self, story: Story) -> RenderableType:
        """The story as it stands."""
        is_agent_old = _age_ns(self._wall_ns(), story.agent_wall_ns) > STALE_NS
        parts = [self._progress(story), self._ages(story), _entitlement(story, is_old=is_agent_old), *_waiting(story)]
        parts += [_two_columns(_caps(story, is_old=is_agent_old), _ranking(story)), _orders(story, is_old=is_agent_old), _recent(story)]
        return Panel(Group(*parts), title=f"DOLPHIN: {self._market}", title_align="left")

    def _progress(self, story: Story) -> RenderableType:
        elapsed_s = (story.market_time_ns - (story.first_time_ns or story.market_time_ns)) / 1e9
        grid = Table.grid(padding=(0, 2))
        time_of_day = "no market data yet" if story.first_time_ns is None else f"{clock(story.market_time_ns)} UTC"
        reached = f"{time_of_day}   {story.rows:,} events   {story.rankings} rankings"
        if self._length_s:
            grid.add_row(ProgressBar(total=self._length_s, completed=min(elapsed_s, self._length_s), width=20), reached)
        else:
            grid.add_row(reached)
        return grid

    def _ages(self, story: Story) -> RenderableType:
        """How long ago each part was heard."""
        now_ns, said = self._wall_ns(), Text("heard  ")
        for name, wall_ns in (("feed", story.feed_wall_ns), ("agent", story.agent_wall_ns)):
            age_ns = _age_ns(now_ns, wall_ns)
            style = "bold red" if age_ns > STALE_NS else "dim"
            said.append(f"{name} {'not yet' if wall_ns is None else f'{seconds(age_ns)} ago'}   ", style)
        lag_ns = story.feed.get("lag_ns", 0)
        if lag_ns > STALE_NS:
            said.append(f"feed {seconds(lag_ns)} behind its clock", "bold red")
        return said


def _age_ns(now_ns: int, wall_ns: int | None) -> int:
    """Of what was said at `wall_ns`; never said is not old, for nothing of it is shown."""
    return 0 if wall_ns is None else max(0, now_ns - wall_ns)


def _entitlement(story: Story, *, is_old: bool) -> RenderableType:
    return Text.assemble(
        "posture ",
        (f"{story.posture:<10}", _OLD if is_old else _COLOUR[story.posture]),
        "  account cap ",
        (f"{leverage(story.account_cap_ppm):<7}", _OLD if is_old else "bold"),
        (cap_chart(list(story.cap_history), story.market_time_ns, 32), "cyan"),
    )


def _waiting(story: Story) -> list[RenderableType]:
    found = obstacles(story) if story.account_cap_ppm == 0 else []
    word = "waiting for " if story.granted_ns is None else "no entries: "
    return [Text(word + each, "yellow") for each in found[:3]]


def _caps(story: Story, *, is_old: bool) -> RenderableType:
    table = Table(title="caps", title_justify="left", box=None, show_header=False)
    for asset, cap_ppm in sorted(story.caps_ppm.items())[:_ASSETS_SHOWN]:
        cap = Text(leverage(cap_ppm), _OLD if is_old else "")
        table.add_row(asset, cap, ProgressBar(total=6_000_000, completed=0 if is_old else cap_ppm, width=16))
    return table


def _ranking(story: Story) -> RenderableType:
    age = "" if story.ranking_ns is None else f", {seconds(max(0, story.market_time_ns - story.ranking_ns))} old"
    table = Table(title=f"ranking{age}", title_justify="left", box=None, show_header=False)
    for place, row in enumerate(story.ranking, 1):
        table.add_row(str(place), row["asset"], f"{row['score']:+.3f}")
    return table


def _two_columns(left: RenderableType, right: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 4))
    grid.add_row(left, right)
    return grid


def _orders(story: Story, *, is_old: bool) -> RenderableType:
    said = Text(no_wrap=True, overflow="ellipsis")
    if story.equity_micro_usd is not None:
        said.append("equity ").append(dollars(story.equity_micro_usd), _OLD if is_old else "").append("  ")
    words = {"order": "sent", "denied": "denied", "clipped": "clipped", "fill": "filled", "cancelled": "cancelled"}
    return said.append("  ".join(f"{word} {story.orders[kind]}" for kind, word in words.items()))


def _recent(story: Story) -> RenderableType:
    return Group(
        *(_one_line(f"{clock(line.market_time_ns)} {line.text}", _SEVERITY[line.severity]) for line in list(story.recent)[-_MOMENTS_SHOWN:])
    )


def _one_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
