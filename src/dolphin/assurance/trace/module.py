"""A trace as a TLA+ module.

TLC's integers have 32 bits. Times and epochs are therefore replaced by their ranks: the specification compares them and does nothing else
with them, so their order is all there is. Order ids and keys become numbers and short names. Caps and exposures are parts per million as
they are; a cap is at most 6,000,000, an exposure beyond 32 bits is above every cap whatever it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dolphin.core.audit import trace as of
from dolphin.core.audit.steps import Term
from dolphin.core.audit.trace import TraceEvent

NAME: Final = "TraceData"
SPECIFICATION: Final = "InventoryTrace"
_MAX_INT: Final = 2**31 - 1

MODEL: Final = """\
SPECIFICATION TraceSpec
CHECK_DEADLOCK TRUE
CONSTANTS
    Workers = {agent}
    Agent = agent
    Keys <- EventKeys
    Caps = {0}
    OrderIds = {}
    LeaseTicks = 1
    ClockLag = 0
    None = None
"""


def text(events: Sequence[TraceEvent]) -> str:
    """The module `TraceData` for these events, which hold no `Cut`."""
    names = _Names.of(events)
    rows = ",\n".join("    " + _record(names.fields(event)) for event in events)
    keys = ", ".join(f'"{name}"' for name in names.keys.values())
    account = names.keys[_account(events)]
    return f'---- MODULE {NAME} ----\nEXTENDS Integers\nAccount == "{account}"\nEventKeys == {{{keys}}}\nEvents == <<\n{rows}\n>>\n====\n'


@dataclass(frozen=True, slots=True)
class _Names:
    """What stands for the times, epochs, keys and orders of one trace."""

    times: dict[int, int]
    epochs: dict[int, int]
    keys: dict[str, str]
    orders: dict[str, int]

    @classmethod
    def of(cls, events: Sequence[TraceEvent]) -> "_Names":
        commands = [event for event in events if isinstance(event, of.Believed)]
        ends = [event for event in events if isinstance(event, of.LeaseEnd)]
        terms = [term for event in events for term in _terms(event)]
        keys = dict.fromkeys([_account(events), *(each.key for each in (*commands, *ends, *terms))])
        ids = dict.fromkeys(event.order_id for event in events if isinstance(event, _OF_AN_ORDER))
        return cls(
            times=_ranks([*(event.market_time_ns for event in events), *(command.expires_at_ns for command in commands)]),
            epochs=_ranks(each.epoch for each in (*commands, *ends, *terms)),
            keys={key: f"key{number}" for number, key in enumerate(keys)},
            orders={order_id: number for number, order_id in enumerate(ids, 1)},
        )

    def fields(self, event: TraceEvent) -> dict[str, str]:
        """The record of `event`, its values as TLA+ expressions."""
        return {"event": f'"{_kind(event)}"', "at": str(self.times[event.market_time_ns]), **self._rest(event)}

    def _rest(self, event: TraceEvent) -> dict[str, str]:
        match event:
            case of.Epoch():
                return {"epoch": _int(event.epoch)}
            case of.Believed():
                command = {
                    "epoch": str(self.epochs[event.epoch]),
                    "seq": _int(event.seq),
                    "cap": _int(event.cap_ppm),
                    "expires": str(self.times[event.expires_at_ns]),
                    "posture": _text(event.posture),
                }
                return {
                    "key": self._key(event.key),
                    "latched": "TRUE" if event.f1_ppm == 0 else "FALSE",
                    "command": _record(command),
                }
            case of.LeaseEnd():
                return {"key": self._key(event.key), "epoch": str(self.epochs[event.epoch]), "seq": _int(event.seq)}
            case of.PostureSeen():
                return {"posture": _text(event.posture)}
            case of.Admitted() | of.Replaced():
                return {"id": str(self.orders[event.order_id]), "terms": self._terms(event.terms)}
            case of.Intent() | of.Denied() | of.Filled() | of.Ended():
                return {"id": str(self.orders[event.order_id])}
            case of.TraceShut() | of.TraceReopened() | of.Cut():
                return {}

    def _terms(self, terms: tuple[Term, ...]) -> str:
        """A function from keys to what the order stands on: a record, which is one on strings; `<<>>` is the one with no keys."""
        fields = {
            self.keys[term.key]: _record(
                {
                    "epoch": str(self.epochs[term.epoch]),
                    "seq": _int(term.seq),
                    "cap": _int(term.cap_ppm),
                    "exposure": _int(term.exposure_ppm),
                }
            )
            for term in terms
        }
        return _record(fields) if fields else "<<>>"

    def _key(self, key: str) -> str:
        return f'"{self.keys[key]}"'


_OF_AN_ORDER = of.Admitted | of.Intent | of.Denied | of.Replaced | of.Filled | of.Ended


def _terms(event: TraceEvent) -> tuple[Term, ...]:
    return event.terms if isinstance(event, of.Admitted | of.Replaced) else ()


def _account(events: Sequence[TraceEvent]) -> str:
    """The account's key; a trace that does not begin with its epoch is rejected at its first event, whatever this is."""
    first = events[0]
    return first.account if isinstance(first, of.Epoch) else ""


def _kind(event: TraceEvent) -> str:
    """The name of the event in the specification: an order that is over is over, however that came."""
    if isinstance(event, of.Ended) or (isinstance(event, of.Filled) and event.is_last):
        return "over"
    return of.kind(event)


def _ranks(numbers: Iterable[int]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(sorted(set(numbers)), 1)}


def _int(number: int) -> str:
    """`number` as TLC can hold it; what is negative or too large stays so in kind."""
    return "(0 - 1)" if number < 0 else str(min(number, _MAX_INT))


def _text(words: str) -> str:
    """A string that TLA+ can hold: anything but letters and digits is left out, so that it equals nothing that the specification knows."""
    return f'"{"".join(letter for letter in words if letter.isascii() and letter.isalnum())}"'


def _record(fields: dict[str, str]) -> str:
    return "[" + ", ".join(f"{name} |-> {value}" for name, value in fields.items()) + "]"
