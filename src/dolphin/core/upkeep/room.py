"""How much room on the disk is enough: to start, to enter a position, and what is set aside so that exits can be booked on a full disk."""

from typing import Final

MIB: Final = 1024 * 1024

RESERVE: Final = 32 * MIB
"""Set aside in a file. An exit takes about 1 kB of the ledger; SQLite's log grows to 4 MB once and is used again."""
SLICE: Final = 1 * MIB
"""Given up at a time: whatever else fills the disk gets no more of the reserve than the ledger has just asked for."""
SHORT: Final = 32 * MIB
"""Free bytes below which no entry leaves."""
ENOUGH: Final = 2 * SHORT
"""Free bytes, besides what the reserve lacks, from which on entries leave again."""
TO_START: Final = 256 * MIB
"""Free bytes, besides what the reserve lacks, that a start needs: a few hours of everything."""


def is_short(free: int, reserve: int, *, was_short: bool) -> bool:
    """Whether entries are denied for want of room, with `free` bytes left and `reserve` of the reserve; a threshold with hysteresis."""
    lacking = max(0, RESERVE - reserve)
    return lacking > 0 or free < (ENOUGH if was_short else SHORT)


def may_refill(free: int, reserve: int) -> bool:
    """Whether the reserve can be made whole again and enough is left."""
    lacking = max(0, RESERVE - reserve)
    return lacking > 0 and free - lacking >= ENOUGH


def missing_to_start(free: int, reserve: int) -> int:
    """Bytes that have to be freed before a start; 0 if there is room."""
    return max(0, TO_START + max(0, RESERVE - reserve) - free)
