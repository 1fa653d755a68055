"""The live screen: the story so far, redrawn a few times a second; plain lines where there is no terminal."""

from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dolphin.core.words import clock, dollars, leverage
from dolphin.operator.views.report import cap_chart
from dolphin.operator.views.story import Story

_COLOUR = {"APEX": "bold green", "STALKER": "bold yellow", "TURTLE": "bold dark_orange", "HIBERNATE": "bold red"}
_SEVERITY = {"cut": "red", "order": "cyan", "calm": "dim"}
_ASSETS_SHOWN = 8


class Screen:
    """Shows a story. `market` says what is played; `length_s`, where known, is how long it lasts in market time."""

    def __init__(self, console: Console, market: str, length_s: float | None) -> None:
        self._console = console
        self._market = market
        self._length_s = length_s
        self._live: Live | None = None
        self._said = 0

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
            self._live.update(self._draw(story))

    def print(self, story: Story) -> None:
        """Draws the story once, to stay."""
        self._console.print(self._draw(story))

    def _say_new(self, story: Story) -> None:
        new = min(len(story.recent), story.told - self._said)
        for line in list(story.recent)[len(story.recent) - new :]:
            self._console.print(f"{clock(line.market_time_ns)} {line.text}")
        self._said = story.told

    def _draw(self, story: Story) -> RenderableType:
        return Panel(
            Group(self._progress(story), _entitlement(story), _two_columns(_caps(story), _ranking(story)), _orders(story), _recent(story)),
            title=f"DOLPHIN: {self._market}",
            title_align="left",
        )

    def _progress(self, story: Story) -> RenderableType:
        elapsed_s = (story.market_time_ns - (story.first_time_ns or story.market_time_ns)) / 1e9
        grid = Table.grid(padding=(0, 2))
        reached = f"{clock(story.market_time_ns)} UTC   {story.rows:,} events   {story.rankings} rankings"
        if self._length_s:
            grid.add_row(ProgressBar(total=self._length_s, completed=min(elapsed_s, self._length_s), width=30), reached)
        else:
            grid.add_row(reached)
        return grid


def _entitlement(story: Story) -> RenderableType:
    return Text.assemble(
        "posture ",
        (f"{story.posture:<10}", _COLOUR[story.posture]),
        "  account cap ",
        (f"{leverage(story.account_cap_ppm):<7}", "bold"),
        (cap_chart(list(story.cap_history), story.market_time_ns, 40), "cyan"),
    )


def _caps(story: Story) -> RenderableType:
    table = Table(title="caps", title_justify="left", box=None, show_header=False)
    for asset, cap_ppm in sorted(story.caps_ppm.items())[:_ASSETS_SHOWN]:
        table.add_row(asset, leverage(cap_ppm), ProgressBar(total=6_000_000, completed=cap_ppm, width=20))
    return table


def _ranking(story: Story) -> RenderableType:
    table = Table(title="ranking", title_justify="left", box=None, show_header=False)
    for place, row in enumerate(story.ranking, 1):
        table.add_row(str(place), row["asset"], f"{row['score']:+.3f}")
    return table


def _two_columns(left: RenderableType, right: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 4))
    grid.add_row(left, right)
    return grid


def _orders(story: Story) -> RenderableType:
    equity = "" if story.equity_micro_usd is None else f"   equity {dollars(story.equity_micro_usd)}"
    counts = "  ".join(f"{kind} {count}" for kind, count in story.orders.items())
    return Text(f"orders  {counts}{equity}")


def _recent(story: Story) -> RenderableType:
    return Group(*(Text(f"{clock(line.market_time_ns)} {line.text}", _SEVERITY[line.severity]) for line in story.recent))
