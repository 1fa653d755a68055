"""What an entry can say. One frozen struct a kind; the kind is its tag in the stored JSON; an unknown kind or field does not decode.

Quantities and prices are integers in units of 1e-8 (`_e8`), money in micro-dollars, shares in ppm, times in nanoseconds of market time.
No run id and no wall clock occur here: two replays in lockstep on fresh homes write the same events, byte for byte.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec

MAX_INTEGER = 2**63 - 1
"""Bound on the magnitude of every number in an entry and in the accounts, so that any store and any language can hold it."""
Integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @classmethod
    def of(cls, sign: int) -> "Side":
        """1 buys, -1 sells."""
        return {1: cls.BUY, -1: cls.SELL}[sign]


class Outcome(StrEnum):
    """What became of an order, other than fills."""

    DENIED = "denied"  # by the order gate: it never left
    CLIPPED = "clipped"  # by the order gate: it left smaller
    REJECTED = "rejected"  # by the venue
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Nothing more is expected of the order (a fill that was already under way is still booked)."""
        return self is not Outcome.CLIPPED


class BookedCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A leverage command that an order was decided under: the link from the order to factors and sensor readings."""

    account: str
    asset: str
    epoch: Integer
    seq: Integer
    posture: str
    cap_ppm: Integer
    r_total_ppm: Integer
    factors_ppm: tuple[Integer, ...]
    passive_only: bool
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]
    issued_at_ns: Integer
    expires_at_ns: Integer

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "BookedCommand":
        """Takes the fields it knows from a command message (docs/contracts.md, "Leverage").

        Raises:
            msgspec.ValidationError: a field is missing or has the wrong type.
        """
        return msgspec.convert({name: message[name] for name in cls.__struct_fields__ if name in message}, cls)


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class RunStart(_Event, frozen=True, tag="run_start"):
    """A writer begins; what it starts from is what the entries before it add up to."""


class RunEnd(_Event, frozen=True, tag="run_end"):
    """A writer ended in good order. A run without one was killed."""

    reason: str


class OpeningDeposit(_Event, frozen=True, tag="opening_deposit"):
    amount_micro_usd: Integer


class OrderIntent(_Event, frozen=True, tag="order_intent"):
    """Written before an order is checked and leaves. `cap_ppm` and `posture` are those in force for the asset at that moment."""

    order_id: str
    asset: str
    side: Side
    qty_e8: Integer
    price_e8: Integer | None
    is_reduce_only: bool
    cap_ppm: Integer
    posture: str
    commands: tuple[BookedCommand, ...]


class OrderOutcome(_Event, frozen=True, tag="order_outcome"):
    """`qty_e8` is what is left to trade of a clipped order, None for every other outcome."""

    order_id: str
    outcome: Outcome
    detail: str
    qty_e8: Integer | None


class Fill(_Event, frozen=True, tag="fill"):
    """`fee_micro_usd` is negative for a rebate. `(order_id, fill_id)` names a fill once and for all."""

    order_id: str
    fill_id: str
    asset: str
    side: Side
    qty_e8: Integer
    price_e8: Integer
    fee_micro_usd: Integer


class Fee(_Event, frozen=True, tag="fee"):
    """A charge that belongs to no fill."""

    amount_micro_usd: Integer
    detail: str


class Funding(_Event, frozen=True, tag="funding"):
    """A funding payment, positive when received."""

    asset: str
    amount_micro_usd: Integer


class Mark(_Event, frozen=True, tag="mark"):
    """Equity at market prices, and the highest it has ever been."""

    equity_micro_usd: Integer
    high_water_mark_micro_usd: Integer


class Reconciliation(_Event, frozen=True, tag="reconciliation"):
    """One asset's position as the venue reports it against what the entries add up to."""

    asset: str
    ledger_qty_e8: Integer
    venue_qty_e8: Integer


class GateReading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gate held: of the account posture, R, latch and the operator's ceiling; of an asset the breaker's level."""

    posture: str
    cap_ppm: Integer
    r_ppm: Integer
    latch: str
    ceiling: str
    level: Integer
    manual_level: Integer


class OperationStage(StrEnum):
    ASKED = "asked"  # written before anything is sent: an operator's process that dies leaves this
    DONE = "done"
    REFUSED = "refused"


class Operation(_Event, frozen=True, tag="operation"):
    """An operator's word to a gate: who, what, why. Entries with the same `operation_id` are of one action.

    `after` is what was expected while it is `asked`, what came of it when it is `done`, and the same as `before` when it was refused.
    """

    operation_id: str
    stage: OperationStage
    by: str
    verb: str
    target: str
    reason: str
    detail: str
    before: GateReading
    after: GateReading


LedgerEvent = RunStart | RunEnd | OpeningDeposit | OrderIntent | OrderOutcome | Fill | Fee | Funding | Mark | Reconciliation | Operation


def kind(event: LedgerEvent) -> str:
    """The event's tag as stored: `fill`, `order_intent`, ..."""
    tag = event.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
