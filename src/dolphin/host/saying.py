"""What a process says of itself for people, in its log: a line for what has changed, with the time.

Journals are for machines and have a line a second; here are the few lines that one looks for when something was wrong: what went away,
why, and when it came back.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from dolphin.core.units import SECOND_NS
from dolphin.core.words import span
from dolphin.host import stderr

type Say = Callable[[str], None]
"""Takes one thing to be said."""


def timed(who: str) -> Say:
    """Says it on standard error as `2026-01-31 12:00:00.250Z who: text`. A disk that takes no line changes nothing else."""

    def say(text: str) -> None:
        stderr.say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"Z {who}: {text}")

    return say


class Outage:
    """Something that is there or not; says once that it went, and once that it is back, with how long it was away."""

    def __init__(self, what: str, say: Say, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._say = say
        self._monotonic = monotonic
        self._since: float | None = None
        self._why = ""

    @property
    def text(self) -> str:
        """What is lost, why and for how long; "" while it is there."""
        return "" if self._since is None else f"{self._what} has been lost for {span(self._away_ns())}: {self._why}"

    def began(self, why: str) -> None:
        """It is gone; without effect while it is."""
        if self._since is None:
            self._since, self._why = self._monotonic(), why
            self._say(f"{self._what} is lost: {why}")

    def ended(self) -> None:
        """It is there; without effect unless it was gone."""
        if self._since is not None:
            self._say(f"{self._what} is back after {self._away_ns() / SECOND_NS:.1f} s")
            self._since = None

    def _away_ns(self) -> int:
        return 0 if self._since is None else round((self._monotonic() - self._since) * SECOND_NS)
