"""How the readings of one source become its vote. A source is read once at every grid point of market time.

A source keeps its last three readings and votes their middle, so two of three must agree and one bad tick moves nothing. A source that does
not know yet, or whose newest reading is unknown, votes unknown: it never counts as clear.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from dolphin.core.control.breaker import UNKNOWN_PPM
from dolphin.core.control.params import BreakerParams

OF_READINGS: Final = 3
CLEAR_PPM: Final = BreakerParams().clear_ppm


class VoteReading(NamedTuple):
    """One reading of one source."""

    severity_ppm: int  # UNKNOWN_PPM, or 0..ONE
    reason: str
    cause_id: str


UNREAD: Final = VoteReading(UNKNOWN_PPM, "not known yet", "")


@dataclass(slots=True)
class VoteSource:
    """The last readings of one source, newest last."""

    recent: list[VoteReading] = field(default_factory=list)

    def take(self, reading: VoteReading) -> None:
        """Remember a reading."""
        self.recent = [*self.recent[1 - OF_READINGS :], reading]

    def vote(self) -> VoteReading:
        """The middle of three; unknown if the newest is, unless two of three are unclear."""
        if len(self.recent) < OF_READINGS:
            return UNREAD
        middle = sorted(self.recent, key=lambda reading: reading.severity_ppm)[OF_READINGS // 2]
        newest = self.recent[-1]
        return newest if newest.severity_ppm == UNKNOWN_PPM and middle.severity_ppm < CLEAR_PPM else middle

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        return [list(each) for each in self.recent]

    @classmethod
    def from_list(cls, fields: list[Any]) -> "VoteSource":
        """The source that `to_list` wrote."""
        return cls([VoteReading(*each) for each in fields])
