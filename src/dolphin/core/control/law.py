"""Which control law a process runs, as one short text: the "configuration hash" of control.md's first invariant.

The parameters of the law are part of the program (`params`, `posture`), so two processes differ in them exactly when their programs do: a
member, a stage and an agent of different deployments. The feed stamps its law on every batch; whoever decides by the batch compares it
with its own, and two laws at work on one account are a broken invariant. The rules inside the member are held to the same parameters by the
golden vectors (`tests/contract`).
"""

import hashlib
from dataclasses import fields
from typing import Final

from dolphin.core.control.params import BreakerParams, GovernorParams, SurvivalParams
from dolphin.core.control.posture import LADDER

_DIGITS: Final = 16


def hash_of(*records: object) -> str:
    """The hash of parameter records (dataclasses) and the ladder of postures: 16 hexadecimal digits."""
    lines = [f"{type(record).__name__}.{name}={value}" for record in records for name, value in _values(record)]
    lines += [f"{rung.posture.name}={rung.enter_below_ppm},{rung.leave_above_ppm},{rung.cap_ppm}" for rung in LADDER]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS]


def _values(record: object) -> list[tuple[str, object]]:
    """Every field with its value; a set in the order of its names, for its own order is not the same in two processes."""
    values = [(each.name, getattr(record, each.name)) for each in fields(record)]  # type: ignore[arg-type]
    return [(name, sorted(value) if isinstance(value, frozenset) else value) for name, value in values]


LAW: Final = hash_of(SurvivalParams(), GovernorParams(), BreakerParams())
"""The law of this process."""


def difference(other: str) -> str:
    """What is wrong if a batch was made under the law `other`; "" if it is this process's own."""
    return "" if other == LAW else f"configuration hash {other or 'missing'} in the market, {LAW} here"
