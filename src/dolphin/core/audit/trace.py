"""What a trace holds: one line for each linearisation point of the agent, in the order in which they happened.

A linearisation point is the one moment at which a step takes effect: the command that is believed from now on, the intent that is on disk
from now on. Between two of them nothing happens that the specification speaks of.

    epoch        the ledger's lease row was taken             command    a leverage command is believed
    lease_end    a lease ran out, and that was noticed        shut       nothing is believed, whatever the leases say
    reopened     leases count again                           posture    the account's posture as the agent sees it
    admitted     the order gate let an order through                intent     that order's intent is on disk
    denied       the order gate refused an order; booked as such    replaced   a working order has new terms
    fill, ended  what the venue said of an order, booked      cut        the trace ends here although the run went on
"""

from typing import Final

import msgspec

from dolphin.core.audit import steps
from dolphin.core.audit.steps import Entry, Term
from dolphin.core.control.belief import (
    CapChanged,
    CommandBelieved,
    CommandIgnored,
    LeaseEnded,
    PostureChanged,
    Reopened,
    Shut,
    TrustEnded,
)
from dolphin.core.control.command import Command

MAX_EVENTS: Final = 200_000
"""Longest trace that is written or checked."""


class _Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    market_time_ns: int
    """Market time by the agent's own clock."""


class Epoch(_Event, frozen=True, kw_only=True, tag="epoch"):
    """The agent is the one writer of `account` from now on."""

    account: str
    run_id: str
    epoch: int


class Believed(_Event, frozen=True, kw_only=True, tag="command"):
    """A leverage command for the account, or for `account/asset`. `f1_ppm` is 0 while an invariant is latched; None for an asset."""

    key: str
    epoch: int
    seq: int
    posture: str
    cap_ppm: int
    f1_ppm: int | None
    expires_at_ns: int


class LeaseEnd(_Event, frozen=True, kw_only=True, tag="lease_end"):
    """The command `(epoch, seq)` of `key` grants nothing any more."""

    key: str
    epoch: int
    seq: int


class TraceShut(_Event, frozen=True, kw_only=True, tag="shut"):
    """Silence, damage or the end of the run."""

    reason: str


class TraceReopened(_Event, frozen=True, kw_only=True, tag="reopened"):
    """What shut the agent is over."""


class PostureSeen(_Event, frozen=True, kw_only=True, tag="posture"):
    """The account's posture, when it has changed."""

    posture: str
    reason: str


class Admitted(_Event, frozen=True, kw_only=True, tag="admitted"):
    """An order may leave once its intent is on disk. An exit has no terms."""

    order_id: str
    asset: str
    notional_micro_usd: int
    terms: tuple[Term, ...]


class Intent(_Event, frozen=True, kw_only=True, tag="intent"):
    """The intent of the order admitted last is on disk."""

    order_id: str


class Denied(_Event, frozen=True, kw_only=True, tag="denied"):
    """Intent and denial are on disk."""

    order_id: str
    reason: str


class Replaced(_Event, frozen=True, kw_only=True, tag="replaced"):
    """A working order has new terms, which the order gate allowed as those of a new one."""

    order_id: str
    terms: tuple[Term, ...]


class Filled(_Event, frozen=True, kw_only=True, tag="fill"):
    """A fill is booked; `is_last` if nothing is left of the order."""

    order_id: str
    fill_id: str
    is_last: bool


class Ended(_Event, frozen=True, kw_only=True, tag="ended"):
    """The order is over without (further) fills, and that is booked."""

    order_id: str
    outcome: str


class Cut(_Event, frozen=True, kw_only=True, tag="cut"):
    """Not everything could be written; what is before this is complete."""

    reason: str


TraceEvent = (
    Epoch | Believed | LeaseEnd | TraceShut | TraceReopened | PostureSeen | Admitted | Intent | Denied | Replaced | Filled | Ended | Cut
)


def kind(event: TraceEvent) -> str:
    """The event's type as it stands in the file."""
    return str(type(event).__struct_config__.tag)


def trace_events(entry: Entry) -> tuple[TraceEvent, ...]:
    """The trace's events of one step."""
    now_ns = entry.lease_time_ns
    match entry.step:
        case CommandBelieved(command, _):
            return (_believed(command, now_ns),)
        case LeaseEnded(key, epoch, seq):
            return (LeaseEnd(market_time_ns=now_ns, key=key, epoch=epoch, seq=seq),)
        case Shut(reason):
            return (TraceShut(market_time_ns=now_ns, reason=reason),)
        case Reopened():
            return (TraceReopened(market_time_ns=now_ns),)
        case PostureChanged(_, after, reason, _):
            return (PostureSeen(market_time_ns=now_ns, posture=after.name, reason=reason),)
        case steps.AccountTaken(account, run_id, epoch):
            return (Epoch(market_time_ns=now_ns, account=account, run_id=run_id, epoch=epoch),)
        case steps.OrderAdmitted(order, _, notional_micro_usd, terms):
            admitted = Admitted(
                market_time_ns=now_ns,
                order_id=order.order_id,
                asset=order.asset,
                notional_micro_usd=notional_micro_usd,
                terms=terms,
            )
            return admitted, Intent(market_time_ns=now_ns, order_id=order.order_id)
        case steps.OrderDenied(order, reason, _):
            return (Denied(market_time_ns=now_ns, order_id=order.order_id, reason=reason.value),)
        case steps.OrderReplaced(order_id, terms):
            return (Replaced(market_time_ns=now_ns, order_id=order_id, terms=terms),)
        case steps.OrderFilled(order_id=order_id, fill_id=fill_id, is_last=is_last):
            return (Filled(market_time_ns=now_ns, order_id=order_id, fill_id=fill_id, is_last=is_last),)
        case steps.OrderEnded(order_id, _, outcome, _):
            return (Ended(market_time_ns=now_ns, order_id=order_id, outcome=outcome.value),)
        case (
            CommandIgnored()
            | TrustEnded()
            | CapChanged()
            | steps.RunStarted()
            | steps.RunEnded()
            | steps.OrderWanted()
            | steps.OrderChosen()
            | steps.OrderClipped()
            | steps.OrderLost()
            | steps.PositionCompared()
            | steps.PositionClosedOut()
            | steps.LossCharged()
            | steps.AccountValued()
            | steps.EquityTold()
            | steps.RankingHeard()
            | steps.InvariantBroken()
            | steps.Operated()
        ):
            return ()


def _believed(command: Command, now_ns: int) -> Believed:
    return Believed(
        market_time_ns=now_ns,
        key=command.key,
        epoch=command.epoch,
        seq=command.seq,
        posture=command.posture.name,
        cap_ppm=command.cap_ppm,
        f1_ppm=command.factors_ppm[0] if command.factors_ppm else None,
        expires_at_ns=command.expires_at_ns,
    )
