"""Why an order was what it was: from the order to the cap it was decided under, the commands that set the cap, their factors, their causes.

Everything is read from the order's own entries: the intent carries the commands that were in force, so the answer does not depend on a
cluster that is up or a journal that was kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from dolphin.core.ledger import chain
from dolphin.core.ledger.chain import Record
from dolphin.core.ledger.events import BookedCommand, Fill, OrderIntent, OrderOutcome

FACTORS = ("invariants", "structural integrity", "microstructure confidence", "environmental entropy", "capital stress")
"""f1 to f5 of the survival controller, in the order of `factors_ppm`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry about the order: where and when it was written, and what it says."""

    index: int
    epoch: int
    run_id: str
    market_time_ns: int
    event: OrderIntent | OrderOutcome | Fill


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order's entries in order."""

    order_id: str
    steps: tuple[Step, ...]

    @property
    def intent(self) -> OrderIntent | None:
        """None when the order only appeared through a fill: nobody here decided it."""
        return next((step.event for step in self.steps if isinstance(step.event, OrderIntent)), None)

    @property
    def commands(self) -> tuple[BookedCommand, ...]:
        """The commands in force, the most restrictive first."""
        return () if self.intent is None else tuple(sorted(self.intent.commands, key=lambda command: command.cap_ppm))

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON-able data; each command has its factors by name beside the numbers."""
        steps = [{**msgspec.to_builtins(step), "event": msgspec.to_builtins(step.event)} for step in self.steps]
        commands = [{**msgspec.to_builtins(command), "factors": factors(command)} for command in self.commands]
        intent = self.intent
        return {
            "order_id": self.order_id,
            "cap_ppm": None if intent is None else intent.cap_ppm,
            "posture": None if intent is None else intent.posture,
            "commands": commands,
            "cause_ids": sorted({cause for command in self.commands for cause in command.cause_ids}),
            "steps": steps,
        }


def explain(order_id: str, records: Iterable[Record]) -> Explanation:
    """The explanation of `order_id` from its records (other orders' are passed over)."""
    steps: list[Step] = []
    for record in records:
        content = chain.content_of(record)
        event = content.event
        if isinstance(event, OrderIntent | OrderOutcome | Fill) and event.order_id == order_id:
            steps.append(Step(record.index, record.epoch, record.run_id, content.market_time_ns, event))
    return Explanation(order_id, tuple(steps))


def factors(command: BookedCommand) -> dict[str, int]:
    """The command's factors by name, ppm; none for a command that carries none."""
    return dict(zip(FACTORS, command.factors_ppm, strict=False))
