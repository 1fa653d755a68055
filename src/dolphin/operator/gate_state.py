"""The gates of one account as values: what `POSTURE` and `LEVERAGE` held at one moment, and what holds the account down.

`Gates` keeps the stored bytes, so that a rule can be tried on them, and reads them into the rules' own states. Nothing here decides: the
rules are `dolphin.core.control.posture_gate`, `account_gate` and `breaker`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dolphin.core.contract import names
from dolphin.core.control import account_gate, breaker, gate_entry, governor, manual_cut, posture_gate
from dolphin.core.control.posture import LADDER, Posture
from dolphin.core.ledger.events import GateReading
from dolphin.core.units import ONE
from dolphin.core.words import share, span
from dolphin.errors import BadInput, DolphinError
from dolphin.operator.views.plain import plain


@dataclass(frozen=True)
class Gates:
    """What was read, all at about the same time."""

    account: str
    market_time_ns: int
    """As far as any part of the system has got; 0 before the first batch."""
    is_governed: bool
    """A new demand of the controller arrived while they were looked at."""
    posture_value: bytes | None
    account_value: bytes | None
    breaker_values: Mapping[str, bytes]
    """By asset."""
    assets: frozenset[str]
    """Every asset that is known, whether or not it has a breaker yet."""

    @cached_property
    def posture(self) -> posture_gate.PostureState:
        """The governor's entry; of an account nobody spoke of yet, what it starts with.

        Raises:
            DolphinError: the stored value is damaged.
        """
        return _read(gate_entry.POSTURE, "POSTURE", self.account, self.posture_value)

    @cached_property
    def leverage(self) -> account_gate.AccountState:
        """The account's entry in `LEVERAGE`; raises as `posture`."""
        return _read(gate_entry.ACCOUNT, "LEVERAGE", self.account, self.account_value)

    @cached_property
    def breakers(self) -> tuple[breaker.BreakerState, ...]:
        """The assets' entries, the most restricted first; raises as `posture`."""
        states = [self.breaker(asset) for asset in self.breaker_values]
        return tuple(sorted(states, key=lambda each: (each.cap_ppm, -each.level, -each.manual.level, -each.hold_until_ns, each.asset)))

    def breaker(self, asset: str) -> breaker.BreakerState:
        """One asset's entry; of one without votes, what it starts with. Raises as `posture`."""
        return _read(gate_entry.BREAKER, "LEVERAGE", self.key(asset), self.breaker_values.get(asset))

    def key(self, asset: str) -> str:
        """The key of an asset in `LEVERAGE`; of the account for ""."""
        return names.gate_key(self.account, asset)


def posture_reading(state: posture_gate.PostureState, leverage: account_gate.AccountState) -> GateReading:
    """The account as an entry of the operator's log has it."""
    granted = governor.grant(state.governed)
    return GateReading(
        posture=granted.posture.name,
        cap_ppm=leverage.cap_ppm,
        r_ppm=granted.r_ppm,
        latch=state.governed.latch,
        ceiling=state.governed.ceiling.name,
        level=0,
        manual_level=leverage.manual.level,
    )


def breaker_reading(state: breaker.BreakerState) -> GateReading:
    """An asset as an entry of the operator's log has it; R is what its cut leaves."""
    left_ppm = manual_cut.CUTS_PPM[max(state.level, state.manual.level)]
    return GateReading(
        posture="",
        cap_ppm=state.cap_ppm,
        r_ppm=left_ppm,
        latch="held" if is_held(state) else "",
        ceiling="",
        level=state.level,
        manual_level=state.manual.level,
    )


def is_held(state: breaker.BreakerState) -> bool:
    """The breaker's own hold lasts."""
    return state.is_latched and state.time_ns < state.hold_until_ns


def holds_on_account(state: posture_gate.PostureState, leverage: account_gate.AccountState) -> tuple[str, ...]:
    """Everything that keeps the account below full leverage, the strongest first; () if nothing does."""
    return (*words_on_account(state, leverage), *waits_of_account(state))


def words_on_account(state: posture_gate.PostureState, leverage: account_gate.AccountState) -> tuple[str, ...]:
    """What holds the account down until a person says otherwise: a latch, a forced posture, a cut."""
    governed = state.governed
    found: list[str] = []
    if governed.latch:
        found.append(f"latched: {plain(governed.latch)}")
    if governed.ceiling is not Posture.APEX:
        found.append(f"an operator's word: {state.note}")
    if leverage.manual.level:
        found.append(f"an operator's cut to {share(manual_cut.CUTS_PPM[leverage.manual.level])}: {leverage.manual.note}")
    return tuple(found)


def waits_of_account(state: posture_gate.PostureState) -> tuple[str, ...]:
    """What holds it down by itself, until the readings and time allow more."""
    governed = state.governed
    found: list[str] = []
    if not governed.is_ready:
        found.append("the controller is not ready: not every sensor has been heard")
    if governed.posture is not Posture.APEX:
        gate = share(LADDER[governed.posture].leave_above_ppm)
        found.append(f"R {share(governed.r_ppm)} and the posture {governed.posture.name}, which is left above {gate}")
    elif governed.r_ppm < ONE:
        found.append(f"R {share(governed.r_ppm)}")
    return tuple(found)


def holds_on_asset(state: breaker.BreakerState) -> tuple[str, ...]:
    """The same for an asset's own cap."""
    found: list[str] = []
    if state.manual.level:
        found.append(f"an operator's cut to {share(manual_cut.CUTS_PPM[state.manual.level])}: {state.manual.note}")
    if state.level:
        why = "; ".join(map(plain, state.reasons))
        found.append(f"the breaker's level {state.level}, which leaves {share(manual_cut.CUTS_PPM[state.level])} ({why})")
    if is_held(state):
        found.append(f"its hold, for another {span(state.hold_until_ns - state.time_ns)}")
    return tuple(found)


def _read(rule: gate_entry.Rule, map_name: str, key: str, value: bytes | None) -> Any:
    if value is None:
        return rule.first(key)
    try:
        return gate_entry.read(rule, value)[0]
    except (BadInput, KeyError, TypeError, ValueError) as error:
        raise DolphinError(
            f"the stored value is damaged ({str(error) or type(error).__name__}); nothing is granted on it",
            field=map_name,
            value=key,
            remedy="Every signal to it is refused: stop the system and restore the gates' database from a copy (docs/gates.md).",
        ) from error
