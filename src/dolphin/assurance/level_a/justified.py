"""Gaps that are justified: a TOML file with one table a gap, which names the place and says why no test can close it.

The list only shrinks by itself: an entry without a reason does not load, and one that excuses nothing (the gap is closed, or the code is
gone) is as much an error as a gap without an entry.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from dolphin.errors import BadInput


class Gap(Protocol):
    """Anything that is missing at a place."""

    @property
    def place(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Justification:
    """Why the gap at `place` stands."""

    place: tuple[str, ...]
    reason: str

    @classmethod
    def read(cls, path: Path, keys: Sequence[str]) -> tuple[Self, ...]:
        """The entries of `path`; each names its place by exactly `keys`.

        Raises:
            BadInput: the file cannot be read, or an entry lacks a key or a reason, has another key, or names a place twice.
        """
        try:
            raw = tomllib.loads(path.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise BadInput(f"cannot be read ({error})", field="justifications", value=str(path), remedy="Mend the file.") from error
        entries: list[Self] = []
        for each in raw.get("justified", []):
            reason = each.get("reason", "")
            if each.keys() != {*keys, "reason"} or not all(isinstance(value, str) for value in each.values()) or not reason.strip():
                raise BadInput(
                    f"an entry needs {', '.join(keys)} and a reason, as text",
                    field="justified",
                    value=each,
                    remedy=f"Mend it in {path.name}.",
                )
            entries.append(cls(tuple(each[key] for key in keys), reason))
        if len({entry.place for entry in entries}) < len(entries):
            raise BadInput("a place is named twice", field="justified", value=path.name, remedy="Remove one.")
        return tuple(entries)


class Verdict[G](NamedTuple):
    """Gaps by what was said about them."""

    open: tuple[G, ...]
    justified: tuple[tuple[G, str], ...]
    unneeded: tuple[tuple[str, ...], ...]
    """Places of justifications that excuse nothing."""

    @property
    def is_clean(self) -> bool:
        return not self.open and not self.unneeded


def check[G: Gap](gaps: Sequence[G], justifications: Sequence[Justification]) -> Verdict[G]:
    """Puts the justifications against the gaps."""
    reasons = {entry.place: entry.reason for entry in justifications}
    places = {gap.place for gap in gaps}
    return Verdict(
        tuple(gap for gap in gaps if gap.place not in reasons),
        tuple((gap, reasons[gap.place]) for gap in gaps if gap.place in reasons),
        tuple(place for place in reasons if place not in places),
    )
