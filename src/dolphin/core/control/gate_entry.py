"""One entry of the gate maps `LEVERAGE` and `POSTURE` as bytes: value and signal in, value and answer out.

This is the entry processors without Hazelcast: the reference for `dolphin.jet.gates.GateEntry`, which must give the same bytes. A value
is the present command (so that any reader finds `cap_ppm`) with the rule's own state under "rule", then

    version    the durable revision: +1 exactly when what a full stop must not lose has changed; the database's fence
    op         the operation that made this version (`operation`): a signal that is applied twice to one value makes the same one
    schema     of the value as a whole
    seal       CRC-32 of every byte before it, in hexadecimal: of the rule's state as of the command

A value whose seal does not fit, or whose state no rule could have come to (`is_whole`), is damaged. Whatever arrives, the answer is a map
`{accepted, changed, refusal, command}`; a signal or a stored value that cannot be read leaves the value as it was.
"""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from dolphin.core.contract import names
from dolphin.core.contract.packing import is_map, pack, unpack
from dolphin.core.control import account_gate, breaker, posture_gate
from dolphin.core.control.command import Command, decode, to_map
from dolphin.core.control.governor import GovernorState as Governed
from dolphin.core.control.manual_cut import WORST_LEVEL, Manual
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.params import BreakerParams, GovernorParams
from dolphin.core.control.posture import Posture
from dolphin.errors import BadInput

type Map = Literal["LEVERAGE", "POSTURE"]

BREAKER_PARAMS: Final = BreakerParams()
GOVERNOR_PARAMS: Final = GovernorParams()
SCHEMA: Final = 2
_OP_BYTES: Final = 16
_SEAL: Final = pack("seal")
_EMPTY_BYTES: Final = len(_SEAL) + len(pack(""))
_SEAL_BYTES: Final = len(_SEAL) + len(pack("00000000"))


class Applied(NamedTuple):
    """The value to store (unchanged if refused) and the answer to give."""

    value: bytes | None
    answer: bytes


class Rule[S](NamedTuple):
    """What an entry of one kind needs; `S` is the rule's state."""

    first: Callable[[str], S]  # of a key
    read: Callable[[Command, dict[str, Any]], S]  # from the command and "rule"
    apply: Callable[[S, Mapping[str, object]], GateOutcome[S]]
    command: Callable[[S, int], Command]  # with the cap before
    rule: Callable[[S], dict[str, object]]
    durable: Callable[[S], tuple[object, ...]]
    restored: Callable[[S], S]
    is_whole: Callable[[S], bool]
    """Whether the rule can have come to this state."""


class Version(NamedTuple):
    """The durable revision of a value and the operation that made it."""

    number: int = 0
    op: str = ""


def apply(map_name: Map, key: str, value: bytes | None, payload: bytes) -> Applied:
    """Apply the signal in `payload` to the entry `key` of `map_name` holding `value`, with the default parameters."""
    rule = _rule(map_name, key)
    signal, unreadable = _signal(payload)
    try:
        state, version = (rule.first(key), Version()) if value is None else read(rule, value)
    except (BadInput, KeyError, TypeError, ValueError):
        return Applied(value, _refusal(None, unreadable or "stored state unreadable"))
    if unreadable:
        return _refused(value, unreadable)
    outcome = rule.apply(state, signal)
    if not outcome.is_accepted:
        return _refused(value, outcome.refusal)
    after = outcome.state
    is_new_epoch = after.epoch != state.epoch  # made durable too: else two full stops in a row would begin the same one
    if is_new_epoch or rule.durable(after) != rule.durable(state):
        version = Version(version.number + 1, operation(after.epoch, payload))
    command = rule.command(after, state.cap_ppm)
    answer = {"accepted": True, "changed": outcome.is_changed, "refusal": "", "command": to_map(command)}
    return Applied(_value(command, rule.rule(after), version), pack(answer))


def operation(epoch: int, payload: bytes) -> str:
    """The id of the operation by which `payload` made a version in the entry's `epoch`.

    The epoch is in it because a dead owner's statement may reach the database late: the value it wrote is then not taken for the one that
    the same signal makes after a restart (found by TLC, docs/formal.md).
    """
    return hashlib.sha256(b"%d|%b" % (epoch, payload)).digest()[:_OP_BYTES].hex()


def restored(map_name: Map, key: str, value: bytes) -> bytes:
    """The value as it is when it comes back from the database; one that cannot be read stays as it is, and every signal is refused."""
    rule = _rule(map_name, key)
    try:
        state, version = read(rule, value)
    except (BadInput, KeyError, TypeError, ValueError):
        return value
    after = rule.restored(state)
    return _value(rule.command(after, after.cap_ppm), rule.rule(after), version)


def _value(command: Command, rule: dict[str, object], version: Version) -> bytes:
    fields = {**to_map(command), "rule": rule, "version": version.number, "op": version.op, "schema": SCHEMA, "seal": ""}
    return sealed(pack(fields))


def sealed(packed: bytes) -> bytes:
    """The value that `packed` is, with the seal that fits in place of its empty last field."""
    return _under_seal(packed[:-_EMPTY_BYTES])


def is_sealed(value: bytes) -> bool:
    """Whether the seal of `value` fits everything before it."""
    return _under_seal(value[:-_SEAL_BYTES]) == value


def _under_seal(fields: bytes) -> bytes:
    return fields + _SEAL + pack(f"{zlib.crc32(fields):08x}")


def _refused(value: bytes | None, why: str) -> Applied:
    """The answer to a signal that changes nothing; `value` must be readable."""
    return Applied(value, _refusal(None if value is None else decode(value), why))


def _refusal(present: Command | None, why: str) -> bytes:
    return pack({"accepted": False, "changed": False, "refusal": why, "command": None if present is None else to_map(present)})


def _signal(payload: bytes) -> tuple[Mapping[str, object], str]:
    """(the signal, "") or ({}, why it cannot be read)."""
    try:
        signal = unpack(payload)
    except Exception:  # msgpack raises half a dozen kinds for damaged bytes; every one of them means the same
        return {}, "signal unreadable"
    return (signal, "") if is_map(signal) else ({}, "signal is not a map")


def read[S](rule: Rule[S], value: bytes) -> tuple[S, Version]:
    """The rule's state in a value, and its version.

    Raises:
        BadInput, KeyError, TypeError, ValueError: it is damaged, or of another schema.
    """
    if not is_sealed(value):
        raise ValueError("its seal does not fit")
    command = decode(value)
    fields = unpack(value)
    if fields["schema"] != SCHEMA:
        raise ValueError("another release wrote it")
    version = Version(fields["version"], fields["op"])
    if type(version.number) is not int or version.number < 1:
        raise ValueError("it has no version")
    state = rule.read(command, fields["rule"])
    if not rule.is_whole(state):
        raise ValueError("no rule comes to such a state")
    return state, version


def _rule(map_name: Map, key: str) -> Rule[Any]:
    if map_name == "POSTURE":
        return POSTURE
    return BREAKER if "/" in key else ACCOUNT


def _manual(raw: Any) -> Manual:
    manual = Manual(*raw)
    if not 0 <= manual.level <= WORST_LEVEL:
        raise ValueError  # a level that does not exist
    return manual


def _first_breaker(key: str) -> breaker.BreakerState:
    return breaker.BreakerState(*names.gate_parts(key))


def _breaker_rule(state: breaker.BreakerState) -> dict[str, object]:
    return {
        "level": state.level,
        "is_latched": state.is_latched,
        "hold_until_ns": state.hold_until_ns,
        "episodes_ns": list(state.episodes_ns),
        "manual": list(state.manual),
        "reasons": list(state.reasons),
        "sources": [list(source) for source in state.sources],
    }


def _read_breaker(command: Command, rule: dict[str, Any]) -> breaker.BreakerState:
    if not 0 <= rule["level"] <= WORST_LEVEL:
        raise ValueError  # a level that does not exist
    return breaker.BreakerState(
        account=command.account,
        asset=command.asset,
        epoch=command.epoch,
        seq=command.seq,
        time_ns=command.issued_at_ns,
        expires_at_ns=command.expires_at_ns,
        cap_ppm=command.cap_ppm,
        cause_ids=command.cause_ids,
        level=rule["level"],
        is_latched=rule["is_latched"],
        hold_until_ns=rule["hold_until_ns"],
        episodes_ns=tuple(rule["episodes_ns"]),
        manual=_manual(rule["manual"]),
        reasons=tuple(rule["reasons"]),
        sources=tuple(breaker.Source(*each) for each in rule["sources"]),
    )


def _account_rule(state: account_gate.AccountState) -> dict[str, object]:
    return {
        "granted_ppm": state.granted_ppm,
        "source_epoch": state.source_epoch,
        "source_seq": state.source_seq,
        "manual": list(state.manual),
        "reasons": list(state.reasons),
    }


def _read_account(command: Command, rule: dict[str, Any]) -> account_gate.AccountState:
    return account_gate.AccountState(
        account=command.account,
        epoch=command.epoch,
        seq=command.seq,
        time_ns=command.issued_at_ns,
        expires_at_ns=command.expires_at_ns,
        cap_ppm=command.cap_ppm,
        posture=command.posture,
        r_total_ppm=command.r_total_ppm,
        factors_ppm=command.factors_ppm,
        is_passive_only=command.passive_only,
        cause_ids=command.cause_ids,
        granted_ppm=rule["granted_ppm"],
        source_epoch=rule["source_epoch"],
        source_seq=rule["source_seq"],
        manual=_manual(rule["manual"]),
        reasons=tuple(rule["reasons"]),
    )


def _posture_rule(state: posture_gate.PostureState) -> dict[str, object]:
    governed = state.governed
    return {
        "is_started": governed.is_started,
        "is_ready": governed.is_ready,
        "is_broken": governed.is_broken,
        "latch": governed.latch,
        "r_ppm": governed.r_ppm,
        "rise_anchor_ns": governed.rise_anchor_ns,
        "posture": governed.posture.name,
        "posture_since_ns": governed.posture_since_ns,
        "ceiling": governed.ceiling.name,
        "f1_ppm": state.factors_ppm[0],
        "source_epoch": state.source_epoch,
        "source_seq": state.source_seq,
        "operator_seq": state.operator_seq,
        "note": state.note,
        "reasons": list(state.reasons),
    }


def _read_posture(command: Command, rule: dict[str, Any]) -> posture_gate.PostureState:
    return posture_gate.PostureState(
        account=command.account,
        epoch=command.epoch,
        seq=command.seq,
        expires_at_ns=command.expires_at_ns,
        cap_ppm=command.cap_ppm,
        governed=Governed(
            time_ns=command.issued_at_ns,
            is_started=rule["is_started"],
            is_ready=rule["is_ready"],
            is_broken=rule["is_broken"],
            latch=rule["latch"],
            r_ppm=rule["r_ppm"],
            rise_anchor_ns=rule["rise_anchor_ns"],
            posture=Posture[rule["posture"]],
            posture_since_ns=rule["posture_since_ns"],
            ceiling=Posture[rule["ceiling"]],
        ),
        factors_ppm=(rule["f1_ppm"], *command.factors_ppm[1:]),
        is_passive_only=command.passive_only,
        source_epoch=rule["source_epoch"],
        source_seq=rule["source_seq"],
        operator_seq=rule["operator_seq"],
        note=rule["note"],
        reasons=tuple(rule["reasons"]),
        cause_ids=command.cause_ids,
    )


BREAKER: Final = Rule(
    _first_breaker,
    _read_breaker,
    partial(breaker.apply, params=BREAKER_PARAMS),
    breaker.command,
    _breaker_rule,
    breaker.durable,
    breaker.restored,
    partial(breaker.is_whole, params=BREAKER_PARAMS),
)
ACCOUNT: Final = Rule(
    account_gate.AccountState,
    _read_account,
    account_gate.apply,
    account_gate.command,
    _account_rule,
    account_gate.durable,
    account_gate.restored,
    account_gate.is_whole,
)
POSTURE: Final = Rule(
    posture_gate.PostureState,
    _read_posture,
    partial(posture_gate.apply, params=GOVERNOR_PARAMS),
    posture_gate.command,
    _posture_rule,
    posture_gate.durable,
    posture_gate.restored,
    posture_gate.is_whole,
)
