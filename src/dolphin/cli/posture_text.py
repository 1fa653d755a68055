"""How an account stands, as lines of plain text."""

from typing import Literal

from dolphin.core.control.manual_cut import CUTS_PPM
from dolphin.core.control.posture import LADDER
from dolphin.core.health.verdict import Verdict
from dolphin.core.units import ONE
from dolphin.core.words import leverage, share, span, utc
from dolphin.operator.views.account import AccountView
from dolphin.operator.views.plain import plain, seconds

BAR_WIDTH = 60


def posture_lines(seen: AccountView, health: Verdict) -> list[str]:
    """The account at a glance, the most important line first."""
    return [
        f"{seen.account}: {_granted(seen, health)}",
        *r_bar(seen.r_ppm),
        "factors  " + "  ".join(f"f{number} {share(factor)}" for number, factor in enumerate(seen.factors_ppm.values(), 1)),
        f"latch    {plain(seen.latch) or 'none'}",
        f"forced   {'nothing' if seen.ceiling == 'APEX' else f'no milder than {seen.ceiling}: {seen.ceiling_note}'}",
        f"cut      {f'to {share(CUTS_PPM[seen.manual_level])}: {seen.manual_note}' if seen.manual_level else 'none'}",
        f"since    {_since(seen)}",
        f"unsensed {', '.join(seen.not_sensed) or 'nothing'}",
    ]


def r_bar(r_ppm: int) -> list[str]:
    """R on a scale from 0 to 1, with the gates below: v falls to the posture under it, ^ returns to the one above."""
    filled = r_ppm * BAR_WIDTH // ONE
    marks = [" "] * (BAR_WIDTH + 1)
    for rung in LADDER[1:]:
        marks[rung.enter_below_ppm * BAR_WIDTH // ONE] = "v"
        marks[rung.leave_above_ppm * BAR_WIDTH // ONE] = "^"
    return [
        f"R        |{'#' * filled}{'.' * (BAR_WIDTH - filled)}| {share(r_ppm)}",
        f"          {''.join(marks)}   v falls below {_gates('enter_below_ppm')}, ^ rises above {_gates('leave_above_ppm')}",
    ]


def _gates(which: Literal["enter_below_ppm", "leave_above_ppm"]) -> str:
    return " ".join(f"{getattr(rung, which) // 10_000}" for rung in reversed(LADDER[1:])) + " %"


def _passive(seen: AccountView) -> str:
    return ", passive orders only" if seen.passive_only else ""


def _granted(seen: AccountView, health: Verdict) -> str:
    """Where a part does not do its work, what the gate says is history, whatever lease it shows: the market's time stands still with it."""
    gate = f"{seen.posture}, cap {leverage(seen.cap_ppm)}{_passive(seen)}"
    if health.is_current:
        return f"{gate}  {_alive(seen)}"
    heard = "" if health.market_age_ns is None else f", and the market moved {seconds(health.market_age_ns)} ago"
    return f"nothing is granted (the gate last said {gate}{heard})"


def _alive(seen: AccountView) -> str:
    if seen.lease_left_ns <= 0:
        return "(the lease is over: nothing is granted)"
    if not seen.is_governed:
        return "(the controller was silent while we looked: the lease may be over)"
    return f"(lease: {seen.lease_left_ns / 1e9:.1f} s left)"


def _since(seen: AccountView) -> str:
    if seen.since_ns is None:
        return "nothing is granted: latched" if seen.latch else "nothing is granted: the controller is not ready"
    length = span(seen.market_time_ns - seen.since_ns)
    earned = "" if seen.earned_posture == seen.posture else f" (R has earned {seen.earned_posture})"
    return f"{utc(seen.since_ns)} UTC of market time, {length}{earned}"
