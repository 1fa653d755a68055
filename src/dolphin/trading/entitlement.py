"""What the system is entitled to, as this process believes it: the shell around `dolphin.core.control.lease` and `.leverage`.

It starts with nothing, which is HIBERNATE. Commands extend what is believed; time takes it away, without any message: a timer stands at the
earliest moment at which a lease or the silence limit runs out, and the state is judged again there. A command that cannot be read or whose
checksum is wrong means that something is damaged: HIBERNATE (the f1 invariant), the governor is told (`alarm`), and nothing is believed
until it has answered and the map has been read again. Old commands and commands from the future are ignored and counted.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dolphin.core.audit.trace import Believed, LeaseEnd, PostureSeen, Reopened, Shut
from dolphin.core.contract import names
from dolphin.core.control import lease
from dolphin.core.control.command import Command, decode
from dolphin.core.control.posture import Posture
from dolphin.core.order_gate import ONE, Grant
from dolphin.errors import BadInput
from dolphin.trading.journal import OnEvent

FUTURE_LIMIT_NS: Final = 10_000_000_000
"""How far a command may be ahead of the market time known here: topics are read independently, so a little is normal."""
SILENCE_LIMIT_NS: Final = 5_000_000_000
"""Wall time without a batch after which nothing is believed, whatever the leases say."""
DETERMINISTIC_SILENCE_LIMIT_NS: Final = 60_000_000_000
"""The same where market time waits for every part: only a dead feed is that slow."""


LEASE_EXPIRED: Final = "lease expired"
"""The reason of a change that nothing but time made; its `event_time_ns` is when the lease ran out."""


@dataclass(frozen=True, slots=True)
class PostureChange:
    """The account's posture changed."""

    before: Posture
    after: Posture
    reason: str
    cause_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CapChange:
    """The cap of the account (`asset` "") or of one asset changed."""

    asset: str
    from_ppm: int
    to_ppm: int
    reason: str
    cause_ids: tuple[str, ...]
    event_time_ns: int


Change = PostureChange | CapChange


@dataclass(frozen=True, slots=True)
class _Belief:
    """What one key grants now, and why."""

    posture: Posture
    cap_ppm: int
    passive_only: bool
    reason: str
    cause_ids: tuple[str, ...]
    since_ns: int


@dataclass(frozen=True, slots=True)
class _Moment:
    """One moment of judgement."""

    market_ns: int
    nothing_because: str | None
    """Why nothing at all is granted, if so."""
    is_for_all: bool
    """The reason concerns every key as it does the account."""


class Entitlements:
    """Holds the commands of one account and judges them against the clock.

    `on_change` is called after every judgement that changed something, with what changed; `on_damage` when trust ends, with the reason;
    `on_event` gets each step for the trace, as it is taken; `monotonic_ns` is the clock that carries market time on between messages.
    """

    def __init__(
        self,
        account: str,
        assets: Iterable[str],
        *,
        speed: float,
        silence_limit_ns: int,
        monotonic_ns: Callable[[], int],
        on_change: Callable[[tuple[Change, ...]], None],
        on_damage: Callable[[str], None],
        on_event: OnEvent,
    ) -> None:
        self._account = account
        self._keys = {names.gate_key(account, asset): asset for asset in ("", *sorted(assets))}
        self._speed_ppm = round(speed * ONE)
        self._silence_limit_ns = silence_limit_ns
        self._monotonic_ns = monotonic_ns
        self._on_change = on_change
        self._on_damage = on_damage
        self._on_event = on_event
        self._clock: lease.MarketClock | None = None
        self._commands: dict[str, Command] = {}
        self._granted: dict[str, _Belief] = {}
        """What each command grants while its lease lasts."""
        self._ended: dict[str, Command] = {}
        """By key, the command that was last seen to have run out."""
        self._is_shut = False
        self._closed_reason: str | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_at_s = 0.0
        self.last_cause: str | None = None
        """The exchange message heard last: what a silence began after."""
        self._damage: str | None = None
        self.ignored: Counter[str] = Counter()
        """Commands that were not applied, by reason."""
        nothing = _Belief(Posture.HIBERNATE, 0, True, "not heard yet", (), 0)
        self._beliefs: dict[str, _Belief] = dict.fromkeys(self._keys.values(), nothing)

    @property
    def is_damaged(self) -> bool:
        """Something could not be trusted; `LEVERAGE` has to be read again."""
        return self._damage is not None

    @property
    def speed(self) -> float:
        """Market seconds per second; 0 where market time moves with messages only."""
        return self._speed_ppm / ONE

    @property
    def posture(self) -> Posture:
        """The account's posture."""
        return self._beliefs[""].posture

    @property
    def market_time_ns(self) -> int:
        """Market time as estimated here; 0 before the first batch."""
        return 0 if self._clock is None else lease.now(self._clock, self._monotonic_ns())

    @property
    def caps_ppm(self) -> Mapping[str, int]:
        """Caps in force now: the account's under "", each asset's own under its name."""
        return {key: belief.cap_ppm for key, belief in self._beliefs.items()}

    def grant(self, asset: str) -> Grant:
        """What an order in `asset` may use at this moment, whether or not a timer has fired yet."""
        moment = self._moment()
        account = self._judge(self._account, moment)
        own = self._judge(names.gate_key(self._account, asset), moment)
        cap_ppm = min(account.cap_ppm, own.cap_ppm)
        return Grant(max(account.posture, own.posture).name, account.cap_ppm, cap_ppm, account.passive_only or own.passive_only)

    def commands(self, asset: str) -> tuple[Command, ...]:
        """The commands behind `grant(asset)`: the account's and the asset's, as far as there are any."""
        keys = (self._account, names.gate_key(self._account, asset))
        return tuple(self._commands[key] for key in keys if key in self._commands)

    def observe(self, market_time_ns: int, last_cause: str | None) -> None:
        """A batch of `market_time_ns` arrived."""
        self._clock = lease.observe(self._clock, market_time_ns, self._monotonic_ns(), self._speed_ppm)
        self.last_cause = last_cause or self.last_cause
        self.judge()

    def apply(self, data: bytes) -> Command | None:
        """A message of `leverage-changes`; the command if it was applied."""
        try:
            command = decode(data)
        except BadInput:
            self.ignored["damaged"] += 1
            self.distrust("a damaged command arrived")
            return None
        return self._take(command)

    def distrust(self, reason: str) -> None:
        """HIBERNATE at once, until the map has been read again."""
        if self._damage is None:
            self._damage = reason
            self._on_damage(reason)
        self.judge()

    def restore(self, values: Iterable[bytes]) -> None:
        """Takes over what was read from `LEVERAGE`; readable values mend the damage."""
        try:
            commands = [decode(value) for value in values]
        except BadInput:
            self.ignored["damaged"] += 1
            self.distrust("LEVERAGE holds a damaged value")
        else:
            self._damage = None
            for command in commands:
                self._take(command)
        self.judge()

    def close(self, reason: str) -> None:
        """Ends the entitlement for good: HIBERNATE until the process ends."""
        self._closed_reason = self._closed_reason or reason
        self.judge()

    def judge(self) -> None:
        """Works out what holds now, tells what changed, and has a timer stand at the next moment when something can run out."""
        moment = self._moment()
        beliefs = {asset: self._judge(key, moment) for key, asset in self._keys.items()}
        before, self._beliefs = self._beliefs, beliefs
        self._trace(moment, before[""])
        self._set_timer()
        changes = tuple(_changes(before, beliefs))
        if changes:
            self._on_change(changes)

    def _take(self, command: Command) -> Command | None:
        known = self._commands.get(command.key)
        if command.key not in self._keys:
            self.ignored["not ours"] += 1
        elif not command.is_newer_than(known):
            self.ignored["old"] += command != known
        elif self._clock is None or command.issued_at_ns > self.market_time_ns + FUTURE_LIMIT_NS:
            self.ignored["from the future"] += 1
        else:
            self._commands[command.key] = command
            self._granted[command.key] = _granted(command)
            self._on_event(_believed(command, self.market_time_ns))
            self.judge()
            return command
        return None

    def _trace(self, moment: _Moment, before: _Belief) -> None:
        """Tells the trace what a judgement at `moment` made of the leases and of the account, which was `before`."""
        if (moment.nothing_because is not None) is not self._is_shut:
            self._is_shut = not self._is_shut
            now_ns, reason = moment.market_ns, moment.nothing_because
            self._on_event(Reopened(market_time_ns=now_ns) if reason is None else Shut(market_time_ns=now_ns, reason=reason))
        for key, asset in self._keys.items():
            command = self._commands.get(key)
            if command is not None and self._beliefs[asset].reason == LEASE_EXPIRED and self._ended.get(key) is not command:
                self._ended[key] = command
                self._on_event(LeaseEnd(market_time_ns=moment.market_ns, key=key, epoch=command.epoch, seq=command.seq))
        account = self._beliefs[""]
        if account.posture is not before.posture:
            self._on_event(PostureSeen(market_time_ns=moment.market_ns, posture=account.posture.name, reason=account.reason))

    def _moment(self) -> _Moment:
        """What holds for every key at this moment."""
        monotonic_ns = self._monotonic_ns()
        market_ns = 0 if self._clock is None else lease.now(self._clock, monotonic_ns)
        if self._closed_reason is not None:
            return _Moment(market_ns, self._closed_reason, is_for_all=True)
        if self._damage is not None:
            return _Moment(market_ns, self._damage, is_for_all=True)
        if lease.is_silent(self._clock, monotonic_ns, self._silence_limit_ns):
            return _Moment(market_ns, "silence" if self._clock else "no market time", is_for_all=False)
        return _Moment(market_ns, None, is_for_all=False)

    def _judge(self, key: str, moment: _Moment) -> _Belief:
        """What `key` grants at `moment`."""
        command = self._commands.get(key)
        is_account = moment.is_for_all or key == self._account
        if moment.nothing_because is not None:
            return self._nothing(moment.nothing_because, moment.market_ns, is_account=is_account)
        if command is None:
            return self._nothing("no command", moment.market_ns, is_account=is_account)
        if moment.market_ns >= command.expires_at_ns:
            return self._nothing(LEASE_EXPIRED, command.expires_at_ns, is_account=is_account)
        return self._granted[key]

    def _nothing(self, reason: str, since_ns: int, *, is_account: bool) -> _Belief:
        posture = Posture.HIBERNATE if is_account else Posture.TURTLE
        return _Belief(posture, 0, True, reason, (self.last_cause,) if self.last_cause else (), since_ns)

    def _set_timer(self) -> None:
        """Leaves a timer alone that stands early enough: when it fires too early, it only judges again."""
        delay_ns = self._next_expiry_ns()
        if delay_ns is None:
            return
        loop = asyncio.get_running_loop()
        when = loop.time() + delay_ns / 1e9
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

    def _next_expiry_ns(self) -> int | None:
        """Monotonic nanoseconds until the next lease or the silence limit runs out; None if nothing is believed anyway."""
        clock = self._clock
        if clock is None or all(belief.cap_ppm == 0 and belief.posture >= Posture.TURTLE for belief in self._beliefs.values()):
            return None
        now_ns = self._monotonic_ns()
        delays = [clock.heard_ns + self._silence_limit_ns + 1 - now_ns]
        if clock.speed_ppm:
            market_now_ns = lease.now(clock, now_ns)
            left = (c.expires_at_ns - market_now_ns for c in self._commands.values() if c.expires_at_ns > market_now_ns)
            delays += [-(-left_ns * ONE // clock.speed_ppm) for left_ns in left]
        return max(0, min(delays))


def _granted(command: Command) -> _Belief:
    reason = "; ".join(command.reasons)
    return _Belief(command.posture, command.cap_ppm, command.passive_only, reason, command.cause_ids, command.issued_at_ns)


def _believed(command: Command, market_time_ns: int) -> Believed:
    return Believed(
        market_time_ns=market_time_ns,
        key=command.key,
        epoch=command.epoch,
        seq=command.seq,
        posture=command.posture.name,
        cap_ppm=command.cap_ppm,
        f1_ppm=command.factors_ppm[0] if command.factors_ppm else None,
        expires_at_ns=command.expires_at_ns,
    )


def _changes(before: Mapping[str, _Belief], after: Mapping[str, _Belief]) -> Iterable[Change]:
    old, new = before[""], after[""]
    if old.posture is not new.posture:
        yield PostureChange(old.posture, new.posture, new.reason, new.cause_ids)
    for asset, belief in after.items():
        if belief.cap_ppm != before[asset].cap_ppm:
            yield CapChange(asset, before[asset].cap_ppm, belief.cap_ppm, belief.reason, belief.cause_ids, belief.since_ns)
