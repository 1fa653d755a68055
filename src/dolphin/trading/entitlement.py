"""What the system is entitled to, as this process believes it: the shell around `dolphin.core.control.belief`.

It brings events to the rule with the time of a monotonic clock, hands on what changed, and has a timer stand at the earliest moment at
which a lease or the silence limit runs out: the belief is judged again there, without any message.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from dolphin.core.control import belief as rule
from dolphin.core.control.belief import (
    BeliefEffect,
    BeliefEvent,
    Closed,
    Commanded,
    CommandIgnored,
    Distrusted,
    Grant,
    Heard,
    Passed,
    Reread,
)
from dolphin.core.control.command import Command
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE

SILENCE_LIMIT_NS: Final = 5_000_000_000
"""Wall time without a batch after which nothing is believed, whatever the leases say."""
LOCKSTEP_SILENCE_LIMIT_NS: Final = 60_000_000_000
"""The same where market time waits for every part: only a dead feed is that slow."""


class Entitlements:
    """Holds the belief of one account and judges it against the clock.

    `on_effects` is called after every event that changed something, with what changed, in order; `monotonic_ns` is the clock that carries
    market time on between messages.
    """

    def __init__(
        self,
        account: str,
        assets: Iterable[str],
        *,
        speed: float,
        silence_limit_ns: int,
        monotonic_ns: Callable[[], int],
        on_effects: Callable[[tuple[BeliefEffect, ...]], None],
    ) -> None:
        self._belief = rule.nothing_yet(account, tuple(assets), speed_ppm=round(speed * ONE), silence_limit_ns=silence_limit_ns)
        self._monotonic_ns = monotonic_ns
        self._on_effects = on_effects
        self._timer: asyncio.Handle | None = None
        self._timer_at_s = 0.0
        self.ignored: Counter[str] = Counter()
        """Commands that were not applied, by reason."""
        self.late = 0
        """Commands that arrived after their own lease had run out."""

    @property
    def is_damaged(self) -> bool:
        """Nothing is believed until the gates have been read again."""
        return bool(self._belief.damage)

    @property
    def speed(self) -> float:
        """Market seconds per second; 0: market time moves with messages only."""
        return self._belief.speed_ppm / ONE

    @property
    def last_cause(self) -> str:
        """The exchange message heard last; "" before the first."""
        return self._belief.last_cause

    @property
    def market_time_ns(self) -> int:
        """Market time by the clock of the leases; 0 before the first batch."""
        return rule.market_time_ns(self._belief, self._monotonic_ns())

    @property
    def posture(self) -> Posture:
        """The account's posture as last judged."""
        return self._belief.posture

    @property
    def caps_ppm(self) -> dict[str, int]:
        """Caps in force now: the account's under "", each asset's own under its name."""
        return {asset: held.cap_ppm for asset, held in self._belief.held.items()}

    @property
    def held_back(self) -> dict[str, str]:
        """Why nothing is granted, by key as in `caps_ppm`, for those that grant nothing."""
        return {asset: held.reason for asset, held in self._belief.held.items() if not held.cap_ppm}

    def grant(self, asset: str) -> Grant:
        """What an order in `asset` may use at this moment, whether or not a timer has fired yet."""
        return rule.grant(self._belief, asset, self._monotonic_ns())

    def commands(self, asset: str) -> tuple[Command, ...]:
        """The commands behind `grant(asset)`: the account's and the asset's, as far as there are any."""
        return rule.commands_behind(self._belief, asset)

    def observe(self, market_time_ns: int, last_cause: str | None) -> None:
        """A batch of `market_time_ns` arrived."""
        self._take(Heard(market_time_ns, last_cause or ""))

    def apply(self, data: bytes) -> Command | None:
        """A message of `leverage-changes`; the command if it was applied."""
        effects = self._take(Commanded(data))
        command = next((effect.command for effect in effects if isinstance(effect, rule.CommandBelieved)), None)
        if command is not None:
            self.late += rule.LeaseEnded(command.key, command.epoch, command.seq) in effects
        return command

    def distrust(self, reason: str) -> None:
        """HIBERNATE at once, until the gates have been read again."""
        self._take(Distrusted(reason))

    def restore(self, values: Iterable[bytes]) -> None:
        """Takes over what was read from `LEVERAGE`; readable values mend the damage."""
        self._take(Reread(tuple(values)))

    def close(self, reason: str) -> None:
        """Ends the entitlement for good: HIBERNATE until the process ends."""
        self._take(Closed(reason))

    def judge(self) -> None:
        """Looks what time has changed."""
        self._take(Passed())

    def _take(self, event: BeliefEvent) -> tuple[BeliefEffect, ...]:
        now_ns = self._monotonic_ns()
        self._belief, effects = rule.step(self._belief, event, now_ns)
        self._set_timer(now_ns)
        self.ignored.update(effect.reason for effect in effects if isinstance(effect, CommandIgnored))
        if effects:
            self._on_effects(effects)
        return effects

    def _set_timer(self, judged_ns: int) -> None:
        """Leaves a timer alone that stands early enough: when it fires too early, it only judges again.

        What is left counts from the moment of the judgement: a lease that ran out since then would be neither judged nor waited for.
        """
        left_ns = rule.left_ns(self._belief, judged_ns)
        if left_ns is None:
            return
        loop = asyncio.get_running_loop()
        when = loop.time() + left_ns / 1e9
        if self._timer is not None:
            if self._timer_at_s <= when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(when, self._on_timer)  # uvloop answers a plain Handle, which cannot say when, if that is now
        self._timer_at_s = when

    def _on_timer(self) -> None:
        """The timer is spent, also where it fired a little early: uvloop counts whole milliseconds."""
        self._timer = None
        self.judge()
