"""Cuts folded into slides: a cap that falls step by step for one reason after another is one event to a person, not forty.

A slide is the longest run of cuts of one key of which each begins where the one before ended (so nothing was given back in between) and
comes within `SLIDE_GAP_NS` of it. Every cut is in exactly one slide.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from dolphin.core.contract.lines import Line

SLIDE_GAP_NS: Final = 20_000_000_000
"""Market time after which a further fall is another event."""


@dataclass(slots=True)
class Slide:
    """One fall of one cap; `asset` "" is the account. Caps in ppm, times are market time in ns."""

    asset: str
    cuts: list[Line] = field(default_factory=list)

    @property
    def from_ppm(self) -> int:
        return self.cuts[0]["from_ppm"]

    @property
    def to_ppm(self) -> int:
        return self.cuts[-1]["to_ppm"]

    @property
    def start_ns(self) -> int:
        return self.cuts[0]["event_time_ns"]

    @property
    def end_ns(self) -> int:
        return self.cuts[-1]["event_time_ns"]

    @property
    def decisive(self) -> Line:
        """The cut that took most; the first of equals."""
        return max(self.cuts, key=lambda cut: cut["from_ppm"] - cut["to_ppm"])

    def takes(self, cut: Line) -> bool:
        """Whether `cut` goes on where this slide stands."""
        is_next = cut["asset"] == self.asset and cut["from_ppm"] == self.to_ppm
        return is_next and 0 <= cut["event_time_ns"] - self.end_ns <= SLIDE_GAP_NS

    def to_json(self) -> Line:
        """For the report."""
        decisive = self.decisive
        return {
            "asset": self.asset,
            "from_ppm": self.from_ppm,
            "to_ppm": self.to_ppm,
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "cuts": len(self.cuts),
            "reason": decisive["reason"],
            "cause_ids": decisive["cause_ids"],
        }


@dataclass(slots=True)
class Slides:
    """All slides of a run, in the order in which they began, folded cut by cut."""

    all: list[Slide] = field(default_factory=list)
    _last: dict[str, Slide] = field(default_factory=dict)

    def add(self, cut: Line) -> tuple[Slide, bool]:
        """Takes the next cut; its slide, and whether that is a new one."""
        last = self._last.get(cut["asset"])
        if last is not None and last.takes(cut):
            last.cuts.append(cut)
            return last, False
        slide = self._last[cut["asset"]] = Slide(cut["asset"], [cut])
        self.all.append(slide)
        return slide, True


def by_weight(slides: Iterable[Line]) -> list[Line]:
    """Slides of a report, the decisive first: the account's before an asset's, the deepest fall first, then the earlier, then by name."""
    return sorted(slides, key=lambda slide: (slide["asset"] != "", slide["to_ppm"] - slide["from_ppm"], slide["start_ns"], slide["asset"]))
