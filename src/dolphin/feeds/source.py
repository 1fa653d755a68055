"""What every source of market data yields: frames with the time they were received, and the loss of a connection."""

from typing import NamedTuple


class Frame(NamedTuple):
    """One combined-stream frame as received."""

    receive_ns: int
    """The receiver's clock: nanoseconds since 1970."""
    raw: bytes
    """The frame's JSON text."""
    event_shift_ns: int = 0
    """Added to exchange times, so that a recording played again is later by both clocks."""


class Lost(NamedTuple):
    """The connection broke: what follows is not continuous with what came before."""

    receive_ns: int
    reason: str
