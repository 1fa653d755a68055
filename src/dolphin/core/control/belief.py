"""What the agent may believe of its entitlement, and until when.

It starts with nothing, which is HIBERNATE. Commands extend what is believed; time takes it away, without any message. A command that cannot
be read or whose checksum is wrong means that something is damaged: HIBERNATE (the f1 invariant), and nothing is believed until the gates
have been read again. Old commands and commands from the future are ignored. `step` takes one event with the monotonic time at which it
happened and says what changed; `grant` says what an order may use at this moment, and `left_ns` how long until something can run out.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from dolphin.core.contract import names
from dolphin.core.control import lease
from dolphin.core.control.command import Command, decode
from dolphin.core.control.lease import MarketClock
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE
from dolphin.errors import BadInput

FUTURE_LIMIT_NS = 10_000_000_000
"""How far a command may be ahead of the market time known here: topics are read independently, so a little is normal."""
LEASE_EXPIRED = "lease expired"
"""The reason of a change that nothing but time made; its `event_time_ns` is when the lease ran out."""


class Grant(NamedTuple):
    """What the system is entitled to, as far as one order is concerned. An expired lease has become HIBERNATE and zeros before this."""

    posture: str
    account_cap_ppm: int
    asset_cap_ppm: int
    """min(account, account/asset)."""
    passive_only: bool


class KeyBelief(NamedTuple):
    """What one key grants now, and why."""

    posture: Posture
    cap_ppm: int
    passive_only: bool
    reason: str
    cause_ids: tuple[str, ...]
    since_ns: int


NOT_HEARD = KeyBelief(Posture.HIBERNATE, 0, True, "not heard yet", (), 0)


class Belief(Struct, frozen=True):
    """Everything the next judgement depends on."""

    account: str
    keys: Mapping[str, str]
    """Keys of the gates that count, with their asset ("" for the account)."""
    speed_ppm: int
    """Market time per monotonic time; 0: market time moves with messages only."""
    silence_limit_ns: int
    """Monotonic time without a batch after which nothing is believed, whatever the leases say."""
    held: Mapping[str, KeyBelief]
    """By asset, what was last judged to hold."""
    clock: MarketClock | None = None
    commands: Mapping[str, Command] = {}
    granted: Mapping[str, KeyBelief] = {}
    """By key, what each command grants while its lease lasts."""
    ended: Mapping[str, tuple[int, int]] = {}
    """By key, `(epoch, seq)` of the command that was last seen to have run out."""
    is_shut: bool = False
    damage: str = ""
    closed: str = ""
    last_cause: str = ""
    """The exchange message heard last: what a silence began after."""

    @property
    def posture(self) -> Posture:
        """The account's, as last judged."""
        return self.held[""].posture


def nothing_yet(account: str, assets: tuple[str, ...], *, speed_ppm: int, silence_limit_ns: int) -> Belief:
    """The belief of an agent that has heard nothing."""
    keys = {names.gate_key(account, asset): asset for asset in ("", *sorted(assets))}
    return Belief(account, keys, speed_ppm, silence_limit_ns, dict.fromkeys(keys.values(), NOT_HEARD))


class Heard(NamedTuple):
    """A market batch arrived."""

    market_time_ns: int
    last_cause: str


class Commanded(NamedTuple):
    """A message of the command topic arrived."""

    data: bytes


class Reread(NamedTuple):
    """The gates were read; readable values mend the damage."""

    values: tuple[bytes, ...]


class Distrusted(NamedTuple):
    """Something contradicts what is believed: HIBERNATE at once, until the gates have been read again."""

    reason: str


class Closed(NamedTuple):
    """The entitlement ends for good."""

    reason: str


class Passed(NamedTuple):
    """Time went by."""


type BeliefEvent = Heard | Commanded | Reread | Distrusted | Closed | Passed


class _Effect(Struct, frozen=True):
    """Equal only to one of its own kind, as a tuple would not be."""


class CommandBelieved(_Effect, frozen=True):
    """A command is believed from now on, in the place of the one that was before."""

    command: Command
    before: Command | None = None


class CommandIgnored(_Effect, frozen=True):
    """A command or a stored value was not applied."""

    reason: str


class TrustEnded(_Effect, frozen=True):
    """Something is damaged or contradicted, and it was not before."""

    reason: str


class Shut(_Effect, frozen=True):
    """Nothing is believed from now on: silence, damage or the end."""

    reason: str


class Reopened(_Effect, frozen=True):
    """What shut the belief is over; leases count again."""


class LeaseEnded(_Effect, frozen=True):
    """The command `(epoch, seq)` of `key` grants nothing any more."""

    key: str
    epoch: int
    seq: int


class PostureChanged(_Effect, frozen=True):
    """The account's posture changed."""

    before: Posture
    after: Posture
    reason: str
    cause_ids: tuple[str, ...]


class CapChanged(_Effect, frozen=True):
    """The cap of the account (`asset` "") or of one asset changed."""

    asset: str
    from_ppm: int
    to_ppm: int
    reason: str
    cause_ids: tuple[str, ...]
    event_time_ns: int


type BeliefEffect = CommandBelieved | CommandIgnored | TrustEnded | Shut | Reopened | LeaseEnded | PostureChanged | CapChanged


class _Moment(NamedTuple):
    """One moment of judgement."""

    market_ns: int
    nothing_because: str | None
    """Why nothing at all is granted; None if leases count."""
    asset_posture: Posture
    """What an asset falls to that is granted nothing; the account falls to HIBERNATE."""


def step(belief: Belief, event: BeliefEvent, monotonic_ns: int) -> tuple[Belief, tuple[BeliefEffect, ...]]:
    """What is believed after `event`, which happened at `monotonic_ns`, and what changed, in the order in which it did. Total."""
    match event:
        case Heard(market_time_ns, last_cause):
            clock = lease.observe(belief.clock, market_time_ns, monotonic_ns, belief.speed_ppm)
            return _judged(replace(belief, clock=clock, last_cause=last_cause or belief.last_cause), monotonic_ns)
        case Commanded(data):
            return _commanded(belief, data, monotonic_ns)
        case Reread(values):
            return _reread(belief, values, monotonic_ns)
        case Distrusted(reason):
            return _distrusted(belief, reason, monotonic_ns)
        case Closed(reason):
            return _judged(replace(belief, closed=belief.closed or reason), monotonic_ns)
        case _:  # time went by
            return _judged(belief, monotonic_ns)


def grant(belief: Belief, asset: str, monotonic_ns: int) -> Grant:
    """What an order in `asset` may use at this moment, whether or not time has been judged yet."""
    moment = _moment(belief, monotonic_ns)
    account = _held(belief, belief.account, moment)
    own = _held(belief, names.gate_key(belief.account, asset), moment)
    cap_ppm = min(account.cap_ppm, own.cap_ppm)
    return Grant(max(account.posture, own.posture).name, account.cap_ppm, cap_ppm, account.passive_only or own.passive_only)


def commands_behind(belief: Belief, asset: str) -> tuple[Command, ...]:
    """The commands behind `grant`: the account's and the asset's, as far as there are any."""
    keys = (belief.account, names.gate_key(belief.account, asset))
    return tuple(belief.commands[key] for key in keys if key in belief.commands)


def market_time_ns(belief: Belief, monotonic_ns: int) -> int:
    """Market time by the clock that leases are judged by; 0 before the first batch."""
    return 0 if belief.clock is None else lease.now(belief.clock, monotonic_ns)


def left_ns(belief: Belief, monotonic_ns: int) -> int | None:
    """Monotonic nanoseconds until the next lease or the silence limit runs out; None if nothing is believed anyway."""
    clock = belief.clock
    if clock is None or all(held.cap_ppm == 0 and held.posture >= Posture.TURTLE for held in belief.held.values()):
        return None
    delays_ns = [clock.heard_ns + belief.silence_limit_ns + 1 - monotonic_ns]
    if clock.speed_ppm:
        market_ns = lease.now(clock, monotonic_ns)
        leases_ns = (command.expires_at_ns - market_ns for command in belief.commands.values() if command.expires_at_ns > market_ns)
        delays_ns += [-(-each_ns * ONE // clock.speed_ppm) for each_ns in leases_ns]
    return max(0, min(delays_ns))


def _commanded(belief: Belief, data: bytes, monotonic_ns: int) -> tuple[Belief, tuple[BeliefEffect, ...]]:
    try:
        command = decode(data)
    except BadInput:
        after, effects = _distrusted(belief, "a damaged command arrived", monotonic_ns)
        return after, (CommandIgnored("damaged"), *effects)
    return _taken(belief, command, monotonic_ns)


def _reread(belief: Belief, values: tuple[bytes, ...], monotonic_ns: int) -> tuple[Belief, tuple[BeliefEffect, ...]]:
    try:
        commands = [decode(value) for value in values]
    except BadInput:
        after, effects = _distrusted(belief, "LEVERAGE holds a damaged value", monotonic_ns)
        return after, (CommandIgnored("damaged"), *effects)
    after, effects = replace(belief, damage=""), ()
    for command in commands:
        after, more = _taken(after, command, monotonic_ns)
        effects = (*effects, *more)
    after, more = _judged(after, monotonic_ns)
    return after, (*effects, *more)


def _distrusted(belief: Belief, reason: str, monotonic_ns: int) -> tuple[Belief, tuple[BeliefEffect, ...]]:
    if belief.damage:
        return _judged(belief, monotonic_ns)
    after, effects = _judged(replace(belief, damage=reason), monotonic_ns)
    return after, (TrustEnded(reason), *effects)


def _taken(belief: Belief, command: Command, monotonic_ns: int) -> tuple[Belief, tuple[BeliefEffect, ...]]:
    known = belief.commands.get(command.key)
    if command.key not in belief.keys:
        return belief, (CommandIgnored("not ours"),)
    if not command.is_newer_than(known):
        return belief, (() if command == known else (CommandIgnored("old"),))
    if belief.clock is None or command.issued_at_ns > lease.now(belief.clock, monotonic_ns) + FUTURE_LIMIT_NS:
        return belief, (CommandIgnored("from the future"),)
    granted = KeyBelief(
        command.posture, command.cap_ppm, command.passive_only, "; ".join(command.reasons), command.cause_ids, command.issued_at_ns
    )
    taken = replace(belief, commands={**belief.commands, command.key: command}, granted={**belief.granted, command.key: granted})
    after, effects = _judged(taken, monotonic_ns)
    return after, (CommandBelieved(command, known), *effects)


def _judged(belief: Belief, monotonic_ns: int) -> tuple[Belief, tuple[BeliefEffect, ...]]:
    """What holds at `monotonic_ns`, and what that changed."""
    moment = _moment(belief, monotonic_ns)
    held = {asset: _held(belief, key, moment) for key, asset in belief.keys.items()}
    effects: list[BeliefEffect] = []
    is_shut = moment.nothing_because is not None
    if is_shut is not belief.is_shut:
        effects.append(Reopened() if moment.nothing_because is None else Shut(moment.nothing_because))
    ended = dict(belief.ended)
    for key, asset in belief.keys.items():
        command = belief.commands.get(key)
        if command is not None and held[asset].reason == LEASE_EXPIRED and ended.get(key) != (command.epoch, command.seq):
            ended[key] = (command.epoch, command.seq)
            effects.append(LeaseEnded(key, command.epoch, command.seq))
    effects += _changes(belief.held, held)
    return replace(belief, held=held, ended=ended, is_shut=is_shut), tuple(effects)


def _changes(before: Mapping[str, KeyBelief], after: Mapping[str, KeyBelief]) -> Iterator[BeliefEffect]:
    old, new = before[""], after[""]
    if old.posture is not new.posture:
        yield PostureChanged(old.posture, new.posture, new.reason, new.cause_ids)
    for asset, held in after.items():
        if held.cap_ppm != before[asset].cap_ppm:
            yield CapChanged(asset, before[asset].cap_ppm, held.cap_ppm, held.reason, held.cause_ids, held.since_ns)


def _moment(belief: Belief, monotonic_ns: int) -> _Moment:
    """What holds for every key at this moment."""
    market_ns = market_time_ns(belief, monotonic_ns)
    if belief.closed or belief.damage:
        return _Moment(market_ns, belief.closed or belief.damage, Posture.HIBERNATE)
    if lease.is_silent(belief.clock, monotonic_ns, belief.silence_limit_ns):
        return _Moment(market_ns, "no market time" if belief.clock is None else "silence", Posture.TURTLE)
    return _Moment(market_ns, None, Posture.TURTLE)


def _held(belief: Belief, key: str, moment: _Moment) -> KeyBelief:
    """What `key` grants at `moment`."""
    command = belief.commands.get(key)
    if moment.nothing_because is not None:
        reason, since_ns = moment.nothing_because, moment.market_ns
    elif command is None:
        reason, since_ns = "no command", moment.market_ns
    elif moment.market_ns >= command.expires_at_ns:
        reason, since_ns = LEASE_EXPIRED, command.expires_at_ns
    else:
        return belief.granted[key]
    posture = Posture.HIBERNATE if key == belief.account else moment.asset_posture
    return KeyBelief(posture, 0, True, reason, (belief.last_cause,) if belief.last_cause else (), since_ns)
