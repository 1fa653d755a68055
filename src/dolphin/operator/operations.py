"""An operator's word to a gate, and what it would do: pure, so that a dry run and the real thing are the same code.

An `Operation` is one signal for one gate, numbered one above the last word of an operator there. So it applies to what its author saw: if
somebody else spoke meanwhile, the gate refuses it as an old one. `rehearse` tries it on the stored bytes with the rule that the member
runs, and on the account's cap with what the governor would answer.
"""

from dataclasses import dataclass, replace

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control import gate_entry
from dolphin.core.control.command import decode, survival_signal
from dolphin.core.control.gate_entry import Map
from dolphin.core.control.manual_cut import WORST_LEVEL
from dolphin.core.control.posture import Posture
from dolphin.core.ledger.events import GateReading
from dolphin.core.words import leverage
from dolphin.errors import BadInput
from dolphin.operator.gate_state import Gates, breaker_reading, holds_on_account, holds_on_asset, posture_reading

MAX_BY = 64
MAX_REASON = 160
"""UTF-16 units. With what the rule writes around them a note stays within the 256 that a reason may have (`manual.MAX_TEXT`)."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who speaks, and why."""

    by: str
    reason: str

    def __post_init__(self) -> None:
        _check_text("--by", self.by, MAX_BY)
        _check_text("--reason", self.reason, MAX_REASON)


@dataclass(frozen=True, slots=True)
class Operation:
    """One word of an operator."""

    verb: str
    """As it was typed: `force STALKER`, `release --latch`, `cut 3`."""
    map_name: Map
    asset: str
    """"" for the account."""
    author: Author
    signal: bytes
    is_loosening: bool
    """It can raise what somebody may use."""
    needs_reconciliation: bool = False
    """Only with a ledger that verifies and a controller that speaks."""

    def made(self, value: bytes) -> bool:
        """Whether this operation made the version of `value`."""
        fields = unpack(value)
        return fields["op"] == gate_entry.operation(fields["epoch"], self.signal)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an operation does to what is there."""

    refusal: str
    """Why the gate refuses it; "" if it does not."""
    before: GateReading
    after: GateReading
    still_held: tuple[str, ...]
    """What keeps the gate below full leverage afterwards all the same."""


def force(gates: Gates, posture: Posture, author: Author) -> Operation:
    """No milder posture than `posture`, until `unforce`."""
    if posture is Posture.APEX:
        raise BadInput(
            "it bounds nothing", field="POSTURE", value=posture.name, remedy="Lift a bound with: dolphin posture release --force."
        )
    more = {"posture": posture.name}
    return _posture(gates, f"force {posture.name}", "force", author, is_loosening=posture < gates.posture.governed.ceiling, **more)


def unforce(gates: Gates, author: Author) -> Operation:
    """Lifts what `force` set."""
    if gates.posture.governed.ceiling is Posture.APEX:
        raise BadInput("no posture is forced", field="--force", value=gates.account, remedy="See dolphin posture show.")
    return _posture(gates, "release --force", "unforce", author, is_loosening=True)


def unlatch(gates: Gates, author: Author) -> Operation:
    """Releases the latch of a broken invariant."""
    return replace(_posture(gates, "release --latch", "unlatch", author, is_loosening=True), needs_reconciliation=True)


def cut(gates: Gates, asset: str, level: int, author: Author) -> Operation:
    """A manual cut to `level` of an asset, or of the account ("")."""
    if not 1 <= level <= WORST_LEVEL:
        raise BadInput("no such level", field="LEVEL", value=level, remedy=f"Give 1 to {WORST_LEVEL}: see docs/operator.md.")
    return _leverage(gates, asset, f"cut {level}", author, is_loosening=level < _manual_level(gates, asset), op="cut", level=level)


def uncut(gates: Gates, asset: str, author: Author) -> Operation:
    """Releases a manual cut."""
    if not _manual_level(gates, asset):
        raise BadInput(
            "no manual cut is in force there",
            field="TARGET",
            value=asset or gates.account,
            remedy="What the rule itself holds is released by time and clear readings only: dolphin breaker list.",
        )
    return _leverage(gates, asset, "release", author, is_loosening=True, op="release")


def rehearse(gates: Gates, operation: Operation) -> Consequence:
    """What `operation` does to `gates`, by the rules of the entry processors; nothing is sent."""
    if operation.map_name == "POSTURE":
        refusal, after = _rehearse_posture(gates, operation.signal)
    else:
        refusal, after = _rehearse_leverage(gates, operation.asset, operation.signal)
    return consequence(gates, after, operation, refusal)


def consequence(before: Gates, after: Gates, operation: Operation, refusal: str) -> Consequence:
    """The difference between two looks at the gates, as far as `operation` is concerned."""
    if operation.asset:
        held = holds_on_asset(after.breaker(operation.asset))
        account = after.leverage.cap_ppm
        if account < after.breaker(operation.asset).cap_ppm:
            held += (f"the account's own cap of {leverage(account)}",)
    else:
        held = holds_on_account(after.posture, after.leverage)
    return Consequence(refusal, reading(before, operation.asset), reading(after, operation.asset), held)


def reading(gates: Gates, asset: str) -> GateReading:
    """What the log says of an asset, or of the account ("")."""
    return breaker_reading(gates.breaker(asset)) if asset else posture_reading(gates.posture, gates.leverage)


def _rehearse_posture(gates: Gates, signal: bytes) -> tuple[str, Gates]:
    applied = gate_entry.apply("POSTURE", gates.account, gates.posture_value, signal)
    answer = unpack(applied.answer)
    if not answer["accepted"]:
        return answer["refusal"], gates
    word = survival_signal(decode(pack(answer["command"])))
    carried = gate_entry.apply("LEVERAGE", gates.account, gates.account_value, word)
    return "", replace(gates, posture_value=applied.value, account_value=carried.value)


def _rehearse_leverage(gates: Gates, asset: str, signal: bytes) -> tuple[str, Gates]:
    value = gates.breaker_values.get(asset) if asset else gates.account_value
    applied = gate_entry.apply("LEVERAGE", gates.key(asset), value, signal)
    refusal = unpack(applied.answer)["refusal"]
    if applied.value is None or refusal:
        return refusal, gates
    if not asset:
        return "", replace(gates, account_value=applied.value)
    return "", replace(gates, breaker_values={**gates.breaker_values, asset: applied.value})


def _posture(gates: Gates, verb: str, op: str, author: Author, *, is_loosening: bool, **more: object) -> Operation:
    seq = gates.posture.operator_seq + 1
    signal = {"kind": "operator", "op": op, **more, "by": author.by, "reason": author.reason, "seq": seq}
    return Operation(verb, "POSTURE", "", author, pack(signal), is_loosening)


def _leverage(gates: Gates, asset: str, verb: str, author: Author, *, is_loosening: bool, **more: object) -> Operation:
    state = gates.breaker(asset) if asset else gates.leverage
    time_ns = max(gates.market_time_ns, state.time_ns)
    signal = {"kind": "manual", **more, "by": author.by, "reason": author.reason, "seq": state.manual.seq + 1, "time_ns": time_ns}
    return Operation(verb, "LEVERAGE", asset, author, pack(signal), is_loosening)


def _manual_level(gates: Gates, asset: str) -> int:
    return (gates.breaker(asset) if asset else gates.leverage).manual.level


def _check_text(option: str, text: str, limit: int) -> None:
    """What the rule would drop without a word is refused here."""
    if not text.strip():
        raise BadInput("must say something", field=option, value=text, remedy="It is kept in the ledger for good.")
    if not text.isprintable():
        raise BadInput("has characters that cannot be shown", field=option, value=text, remedy="Give plain text in one line.")
    if len(text.encode("utf-16-le")) > 2 * limit:
        raise BadInput("is too long", field=option, value=f"{text[:20]}…", remedy=f"Give at most {limit} characters.")
