"""What only time took away, told apart from what was decided.

A lease that runs out takes the cap to nothing until the next command. That is no cut: nobody decided it, and what the next command says
is to be compared with what held before the lease ran out. So the changes of a run are read here as the commands made them, with the lapses
between them left out; otherwise a slow machine would hide every cut behind a lapse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dolphin.core.control.belief import LEASE_EXPIRED
from dolphin.host.tail import Line

BY_TIME: Final = frozenset({LEASE_EXPIRED, "silence"})
"""Reasons of changes that nothing but time made."""


@dataclass(slots=True)
class Lapses:
    """What held before the lapses that are not over."""

    before: dict[str, int] = field(default_factory=dict)
    """Caps in ppm, by asset ("" the account)."""

    def decided(self, change: Line) -> Line | None:
        """A change of a cap as commands made it; None for one that only time made."""
        asset = change["asset"]
        if change["reason"] in BY_TIME:
            self.before.setdefault(asset, change["from_ppm"])
            return None
        return change | {"from_ppm": self.before.pop(asset, change["from_ppm"])}


def decided_path(path: Sequence[Line]) -> list[Line]:
    """The changes of posture as commands made them: without lapses that ended where they had begun. A lapse at the end stays."""
    decided: list[Line] = []
    lapse: Line | None = None
    for step in path:
        if step["reason"] in BY_TIME:
            lapse = lapse or step
            continue
        before = step["from"] if lapse is None else lapse["from"]
        lapse = None
        if before != step["to"]:
            decided.append(step | {"from": before})
    return decided if lapse is None else [*decided, lapse]
