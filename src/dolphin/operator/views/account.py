"""How an account stands, for people: one record behind `dolphin posture show` and `explain`."""

from dataclasses import dataclass

from dolphin.core.control import governor, manual_cut
from dolphin.core.control import posture as posture_rule
from dolphin.core.control.assessment import not_sensed
from dolphin.core.control.params import GovernorParams, SurvivalParams
from dolphin.core.control.posture import LADDER, Posture
from dolphin.core.ledger.explanation import FACTORS
from dolphin.operator.gate_state import Gates, holds_on_account
from dolphin.operator.outlook import Outlook, outlook, readings_allow_ppm


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One of the things that the cap is the smallest of."""

    name: str
    cap_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """Shares and caps in ppm, times in nanoseconds of market time."""

    account: str
    market_time_ns: int
    posture: str
    """Granted now."""
    cap_ppm: int
    """Of the account in `LEVERAGE`, an operator's cut included."""
    r_ppm: int
    """The governor's R, also while nothing is granted."""
    readings_allow_ppm: int
    """The product of the factors."""
    factors_ppm: dict[str, int]
    passive_only: bool
    latch: str
    ceiling: str
    ceiling_note: str
    manual_level: int
    manual_note: str
    earned_posture: str
    """What R has earned; the granted one is not milder."""
    since_ns: int | None
    """Since when the earned posture is in force; None while it is latched or nothing is ready."""
    is_ready: bool
    is_governed: bool
    """The controller spoke while we looked."""
    lease_left_ns: int
    """0 or less: what is above is not granted any more."""
    not_sensed: tuple[str, ...]
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]
    held_by: tuple[str, ...]
    bounds: tuple[Bound, ...]
    """The cap is the smallest of these."""
    manual_cuts: dict[str, str]
    """Assets with an operator's cut, and its note."""
    outlook: Outlook


def view(gates: Gates) -> AccountView:
    """What the gates say of the account.

    Raises:
        DolphinError: a stored value is damaged.
    """
    state, leverage = gates.posture, gates.leverage
    governed = state.governed
    granted = governor.grant(governed)
    f1_ppm = 0 if governed.latch else state.factors_ppm[0]
    is_standing = governed.is_ready and not governed.latch
    return AccountView(
        account=gates.account,
        market_time_ns=max(gates.market_time_ns, governed.time_ns),
        posture=granted.posture.name,
        cap_ppm=leverage.cap_ppm,
        r_ppm=governed.r_ppm,
        readings_allow_ppm=readings_allow_ppm(state),
        factors_ppm=dict(zip(FACTORS, (f1_ppm, *state.factors_ppm[1:]), strict=True)),
        passive_only=state.is_passive_only,
        latch=governed.latch,
        ceiling=governed.ceiling.name,
        ceiling_note=state.note,
        manual_level=leverage.manual.level,
        manual_note=leverage.manual.note,
        earned_posture=governed.posture.name,
        since_ns=governed.posture_since_ns if is_standing else None,
        is_ready=governed.is_ready,
        is_governed=gates.is_governed,
        lease_left_ns=min(state.expires_at_ns, leverage.expires_at_ns) - max(gates.market_time_ns, governed.time_ns),
        not_sensed=not_sensed(SurvivalParams()),
        reasons=state.reasons,
        cause_ids=state.cause_ids,
        held_by=holds_on_account(state, leverage),
        bounds=_bounds(gates),
        manual_cuts={each.asset: each.manual.note for each in gates.breakers if each.manual.level},
        outlook=outlook(state, GovernorParams()),
    )


def _bounds(gates: Gates) -> tuple[Bound, ...]:
    governed = gates.posture.governed
    granted = governor.grant(governed)
    found = [
        Bound(name=f"posture {granted.posture.name}", cap_ppm=LADDER[granted.posture].cap_ppm),
        Bound(name="6x times R", cap_ppm=posture_rule.cap(Posture.APEX, granted.r_ppm)),
    ]
    level = gates.leverage.manual.level
    if level:
        found.append(Bound(name="an operator's cut", cap_ppm=manual_cut.cap_at(level)))
    return tuple(found)
