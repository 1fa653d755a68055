"""An operator's cut of an account or an asset: final until the operator releases it.

Signals are ordered by their own `seq`; an old one changes nothing. A level that cannot be read is the worst one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dolphin.core.control.posture import MAX_LEVERAGE_PPM
from dolphin.core.law import LAW
from dolphin.core.units import MAX_NS, as_int, mul

MAX_TEXT = 256  # UTF-16 units of a reason, cause or name
UTF_16 = ("utf-16-be", "surrogatepass")  # text as Java sees it: the bytes sort as its strings do, and half a pair is a unit
CUTS_PPM = LAW.row("breaker", "cuts_to_ppm", 5)  # what each level leaves
WORST_LEVEL = len(CUTS_PPM) - 1


class Manual(NamedTuple):
    """The operator's cut in force; level 0 is none."""

    level: int = 0
    seq: int = 0
    note: str = ""


def cap_at(level: int) -> int:
    """The cap that a cut of `level` leaves, an operator's or the breaker's own."""
    return mul(MAX_LEVERAGE_PPM, CUTS_PPM[level])


def apply(manual: Manual, signal: Mapping[str, object]) -> tuple[Manual, int] | str:
    """(the cut after `signal`, its market time), or why the signal is refused."""
    seq = as_int(signal.get("seq"), 1, MAX_NS)
    time_ns = as_int(signal.get("time_ns"), 0, MAX_NS)
    by = text(signal.get("by"))
    op = text(signal.get("op"))
    if seq is None or time_ns is None or not by or op not in ("cut", "release"):
        return "a manual signal needs op cut or release, by, seq and time_ns"
    if seq <= manual.seq:
        return "old seq"
    if op == "release":
        return Manual(seq=seq), time_ns
    level = as_int(signal.get("level"), 1, WORST_LEVEL)
    return Manual(WORST_LEVEL if level is None else level, seq, f"cut by {by}: {text(signal.get('reason'))}"), time_ns


def noted(manual: Manual, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """`reasons` with the operator's before them."""
    return (manual.note, *reasons) if manual.note else reasons


def text(value: object) -> str:
    """`value` if it is a string of at most MAX_TEXT UTF-16 units (Java's length), else ""."""
    if isinstance(value, str) and len(value.encode(*UTF_16)) <= 2 * MAX_TEXT:
        return value
    return ""
