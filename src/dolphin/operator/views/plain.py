"""Reasons as people say them. What decides writes short texts with its own units (ppm, ns), which travel in commands and stand in journals
and ledger as they are; here, and only here, they are put into words. A text that is not known is shown as it is, its long numbers with
units a person reads.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from dolphin.core.units import ONE, SECOND_NS
from dolphin.core.words import leverage, share

_LEAVES: Final = r"(\d+)"
_AT_ONCE_NS: Final = 50_000_000


def _leaving(what: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{what} {percent(int(found[1]))} of the leverage"


_SAID: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (rf"jitter: f3 part {_LEAVES}", _leaving("unsteady message delay leaves")),
        (rf"latency: f3 part {_LEAVES}", _leaving("late messages leave")),
        (rf"depth: f3 part {_LEAVES}", _leaving("thin order books leave")),
        (rf"forewarner envelope: f2 {_LEAVES}", _leaving("the forewarner's envelope leaves")),
        (rf"drawdown: f5 {_LEAVES}", _leaving("drawdown leaves")),
        (rf"after a shock: f4 {_LEAVES}", _leaving("recovery from the last shock leaves")),
        (r"shock \((.*)\): f4 (\d+)", lambda found: f"shock ({found[1]}) leaves {percent(int(found[2]))} of the leverage"),
        (r"recovering toward R (\d+)", lambda found: f"recovering, at most 1 % a minute, toward {percent(int(found[1]))}"),
        (r"(.*)heartbeat lost for (\d+) ns", lambda found: f"{found[1]}heartbeat lost for {seconds(int(found[2]))}"),
        (r"lease expired", lambda _: "the lease ran out: no newer command came in time"),
        (r"no market time", lambda _: "no market data yet"),
        (r"no command|not heard yet", lambda _: "no command about it yet"),
        (r"nothing known yet", lambda _: "nothing is known about it yet"),
        (r"silence", lambda _: "silence: no market data"),
    )
)
_LONG_NS: Final = re.compile(r"(\d{4,}) ns\b")
_FACTOR: Final = re.compile(r"\b(f[1-5])(?: part)? (\d{1,7})\b")
_TWICE: Final = re.compile(r"(\w+): (\1 .*)")
_LONG_USD: Final = re.compile(r"(\d{4,}) USD")
_NUMBERED: Final = re.compile(r"R (\d{4,7})\b")

DENIED: Final = {
    "bad_order": "the order makes no sense",
    "bad_grant": "the entitlement makes no sense",
    "unknown_posture": "the posture is not known",
    "unknown_position": "the position is not known",
    "unknown_exposure": "the exposure is not known",
    "unknown_equity": "the equity is not known",
    "unknown_price": "there is no price",
    "unknown_instrument": "the instrument is not known",
    "no_entries_in_posture": "the posture allows no entries",
    "style_not_permitted": "the posture does not allow this kind of order",
    "passive_only": "only passive orders are allowed",
    "nothing_to_reduce": "there is nothing to reduce",
    "entry_against_position": "it would oppose the position",
    "cap_is_zero": "the cap is zero",
    "over_cap": "the cap is used up",
    "below_minimum": "what the cap leaves is below the venue's minimum",
    "duplicate_id": "its id was used before",
    "too_many_working": "too many orders are working",
    "ledger_cannot_be_kept": "the ledger cannot be kept",
    "disk_is_full": "the disk is full, and what room is left is for exits",
}
"""The order gate's reasons; a test holds the keys to them."""


def plain(reason: str) -> str:
    """A reason in plain words; the parts of a command's are separated by "; "."""
    return "; ".join(_one(part) for part in reason.split("; "))


def took(duration_ns: int) -> str:
    """How long something took: "at once", "after 0.3 s", "after 12 s"."""
    return "at once" if duration_ns < _AT_ONCE_NS else f"after {seconds(duration_ns)}"


def percent(ppm: int) -> str:
    """A part of one without an idle decimal: "50 %", "89.4 %"."""
    return share(ppm).replace(".0 %", " %")


def seconds(duration_ns: int) -> str:
    """A short length of time: "0.3 s", "12 s"."""
    return f"{duration_ns / SECOND_NS:.1f} s" if duration_ns < 10 * SECOND_NS else f"{duration_ns / SECOND_NS:.0f} s"


def some(names: Iterable[str], shown: int = 3) -> str:
    """A few names: "A, B, C and 5 more"."""
    listed = list(names)
    more = len(listed) - shown
    return ", ".join(listed[:shown]) + (f" and {more} more" if more > 0 else "")


def fall(from_ppm: int, to_ppm: int) -> str:
    """A change of a cap: "6.00x -> 2.70x"."""
    return f"{leverage(from_ppm)} -> {leverage(to_ppm)}"


def _one(reason: str) -> str:
    for pattern, said in _SAID:
        if (found := pattern.fullmatch(reason)) is not None:
            return said(found)
    text = reason if (twice := _TWICE.fullmatch(reason)) is None else twice[2]  # "depth: depth 5 USD ..."
    text = _LONG_NS.sub(lambda found: seconds(int(found[1])), text)
    text = _LONG_USD.sub(lambda found: f"{int(found[1]):,} USD", text)
    text = _FACTOR.sub(lambda found: f"{found[1]} {percent(int(found[2]))}", text)
    return _NUMBERED.sub(lambda found: f"R {int(found[1]) / ONE:.2f}", text)
