"""The one stream of steps: everything that happens to an account, each once, as a typed value.

What a run leaves behind is made from this stream and from nothing else: the ledger's rows (`ledger_rows`), the journal that people, screens
and reports read (`journal`), the trace that the model checker reads (`trace`). Each of the three is a function of a step that pyright holds
to every kind there is, so a new step that one of them forgets does not pass the types.
"""

from typing import Final, NamedTuple

from msgspec import Struct

from dolphin.core.control.belief import BeliefEffect, Grant
from dolphin.core.control.command import Command
from dolphin.core.ledger.events import Operation, Outcome
from dolphin.core.order_gate.admission import DenyReason, Order
from dolphin.core.placing.choice import Choice

RUN_ENDED: Final = "run ended"
"""The reason of everything that an end in good order takes away: no cut, and nothing to look into."""


class Term(Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry stands on, for one of its two keys: the command, the effective cap, and the exposure that the entry leads to.

    It stands in the trace as it is, so a line with another field is no trace.
    """

    key: str
    epoch: int
    seq: int
    cap_ppm: int
    exposure_ppm: int
    """Of the equity, with this order, rounded up."""


class _Step(Struct, frozen=True):
    """Equal only to one of its own kind, as a tuple would not be."""


class AccountTaken(_Step, frozen=True):
    """This process is the one writer of `account` from now on."""

    account: str
    run_id: str
    epoch: int


class RunStarted(_Step, frozen=True):
    """The first market batch of a run arrived."""


class RunEnded(_Step, frozen=True):
    """The run ended in good order."""

    reason: str


class OrderWanted(_Step, frozen=True):
    """Somebody wants to send an order; what it is decided under."""

    order: Order
    grant: Grant
    commands: tuple[Command, ...]


class OrderChosen(_Step, frozen=True):
    """Why a strategy sent an order, and why it had its size."""

    order_id: str
    asset: str
    choice: Choice


class OrderAdmitted(_Step, frozen=True):
    """The order may leave, with `qty_e8` of it. An exit has no terms."""

    order: Order
    qty_e8: int
    notional_micro_usd: int
    terms: tuple[Term, ...]


class OrderClipped(_Step, frozen=True):
    """Only `qty_e8` of the order may leave."""

    order: Order
    qty_e8: int
    grant: Grant


class OrderDenied(_Step, frozen=True):
    """The order does not leave."""

    order: Order
    reason: DenyReason
    grant: Grant


class OrderReplaced(_Step, frozen=True):
    """A working order has new terms, which the order gate allowed as those of a new one."""

    order_id: str
    terms: tuple[Term, ...]


class OrderFilled(_Step, frozen=True):
    """The venue dealt; `is_last` if nothing is left of the order."""

    order_id: str
    fill_id: str
    asset: str
    side: int
    qty_e8: int
    price_e8: int
    fee_micro_usd: int
    is_maker: bool
    is_last: bool


class OrderEnded(_Step, frozen=True):
    """The venue says that the order is over without (further) fills."""

    order_id: str
    asset: str
    outcome: Outcome
    detail: str


class OrderLost(_Step, frozen=True):
    """An order that a killed run left behind, of which nothing is expected any more."""

    order_id: str
    detail: str


class PositionCompared(_Step, frozen=True):
    """What the venue holds of an asset beside what the ledger says."""

    asset: str
    ledger_qty_e8: int
    venue_qty_e8: int


class PositionClosedOut(_Step, frozen=True):
    """A position that only the ledger has was closed in it, openly."""

    order_id: str
    asset: str
    side: int
    qty_e8: int
    price_e8: int


class LossCharged(_Step, frozen=True):
    """A loss that belongs to no fill."""

    amount_micro_usd: int
    detail: str


class AccountValued(_Step, frozen=True):
    """The account's equity at the prices at which it could be closed."""

    equity_micro_usd: int


class EquityTold(_Step, frozen=True):
    """How the account stands; `exposure_micro_usd` and `equity_micro_usd` are None while a price is missing."""

    equity_micro_usd: int | None
    cash_micro_usd: int
    exposure_micro_usd: int | None
    drawdown_ppm: int
    positions_e8: tuple[tuple[str, int], ...]


class RankingHeard(_Step, frozen=True):
    """A ranking arrived, of this market time; its best assets with their scores."""

    top: tuple[tuple[str, float], ...]


class InvariantBroken(_Step, frozen=True):
    """This process found an invariant broken, and the governor is told."""

    reason: str
    cause_id: str


class Operated(_Step, frozen=True):
    """An operator's word to a gate."""

    operation: Operation


type Step = (
    BeliefEffect
    | AccountTaken
    | RunStarted
    | RunEnded
    | OrderWanted
    | OrderChosen
    | OrderAdmitted
    | OrderClipped
    | OrderDenied
    | OrderReplaced
    | OrderFilled
    | OrderEnded
    | OrderLost
    | PositionCompared
    | PositionClosedOut
    | LossCharged
    | AccountValued
    | EquityTold
    | RankingHeard
    | InvariantBroken
    | Operated
)


class Entry(NamedTuple):
    """One step with its time, in the order of happening."""

    market_time_ns: int
    """Market time as the account has it; never steps back."""
    lease_time_ns: int
    """Market time by the clock that leases are judged by."""
    step: Step
