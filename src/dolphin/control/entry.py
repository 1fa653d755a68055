"""One entry of the `LEVERAGE` map as bytes: value and signal in, value and answer out.

This is the leverage entry processor without Hazelcast: the reference for `dolphin.jet.leverage.ApplyLeverage`, which must give the same
bytes. A value is the present command (so that any reader finds `cap_ppm`) with the rule's own state under "rule". Whatever arrives, the
answer is a map `{accepted, changed, refusal, command}`; a signal or a stored value that cannot be read leaves the value as it was.
"""

from typing import NamedTuple

import msgpack

from dolphin.control import acb
from dolphin.control import account as accounts
from dolphin.control.leverage import Command, decode, pack, to_map
from dolphin.control.manual import WORST_LEVEL, Manual
from dolphin.control.params import BreakerParams
from dolphin.errors import BadInput


class Applied(NamedTuple):
    """The value to store (unchanged if refused) and the answer to give."""

    value: bytes | None
    answer: bytes


def apply(key: str, value: bytes | None, payload: bytes, params: BreakerParams) -> Applied:
    """Apply the signal in `payload` to the entry `key` holding `value`."""
    signal, unreadable = _signal(payload)
    try:
        state = _read(key, value)
    except (BadInput, KeyError, TypeError, ValueError):
        return Applied(value, _refusal(None, unreadable or "stored state unreadable"))
    if unreadable:
        return _refused(value, unreadable)
    if isinstance(state, acb.State):
        outcome = acb.apply(state, signal, params)
        if not outcome.is_accepted:
            return _refused(value, outcome.refusal)
        return _stored(acb.command(outcome.state, state.cap_ppm), _breaker_rule(outcome.state), outcome.is_changed)
    decided = accounts.apply(state, signal)
    if not decided.is_accepted:
        return _refused(value, decided.refusal)
    return _stored(accounts.command(decided.state, state.cap_ppm), _account_rule(decided.state), decided.is_changed)


def _stored(command: Command, rule: dict[str, object], is_changed: bool) -> Applied:
    fields = to_map(command)
    return Applied(pack({**fields, "rule": rule}), pack({"accepted": True, "changed": is_changed, "refusal": "", "command": fields}))


def _refused(value: bytes | None, why: str) -> Applied:
    """The answer to a signal that changes nothing; `value` must be readable."""
    return Applied(value, _refusal(None if value is None else decode(value), why))


def _refusal(present: Command | None, why: str) -> bytes:
    return pack({"accepted": False, "changed": False, "refusal": why, "command": None if present is None else to_map(present)})


def _signal(payload: bytes) -> tuple[dict[object, object], str]:
    """(the signal, "") or ({}, why it cannot be read)."""
    try:
        signal = msgpack.unpackb(payload)
    except Exception:  # msgpack raises half a dozen kinds for damaged bytes; every one of them means the same
        return {}, "signal unreadable"
    return (signal, "") if isinstance(signal, dict) else ({}, "signal is not a map")


def _read(key: str, value: bytes | None) -> "acb.State | accounts.State":
    account, slash, asset = key.rpartition("/")
    if value is None:
        return acb.State(account, asset) if slash else accounts.State(key)
    command = decode(value)
    rule = msgpack.unpackb(value)["rule"]
    state = _read_breaker(command, rule) if slash else _read_account(command, rule)
    if not (0 <= state.manual.level <= WORST_LEVEL and (isinstance(state, accounts.State) or 0 <= state.level <= WORST_LEVEL)):
        raise ValueError("a level that does not exist")
    return state


def _breaker_rule(state: acb.State) -> dict[str, object]:
    return {
        "level": state.level,
        "is_latched": state.is_latched,
        "hold_until_ns": state.hold_until_ns,
        "episodes_ns": list(state.episodes_ns),
        "manual": list(state.manual),
        "reasons": list(state.reasons),
        "sources": [list(source) for source in state.sources],
    }


def _read_breaker(command: Command, rule: dict[str, object]) -> acb.State:
    fields: dict[str, object] = dict(rule)
    for name in ("episodes_ns", "reasons"):
        fields[name] = tuple(rule[name])  # type: ignore[arg-type]
    fields["manual"] = Manual(*rule["manual"])  # type: ignore[misc]
    fields["sources"] = tuple(acb.Source(*each) for each in rule["sources"])  # type: ignore[union-attr]
    return acb.State(
        account=command.account,
        asset=command.asset,
        epoch=command.epoch,
        seq=command.seq,
        time_ns=command.issued_at_ns,
        expires_at_ns=command.expires_at_ns,
        cap_ppm=command.cap_ppm,
        cause_ids=command.cause_ids,
        **fields,  # type: ignore[arg-type]
    )


def _account_rule(state: accounts.State) -> dict[str, object]:
    return {
        "granted_ppm": state.granted_ppm,
        "source_epoch": state.source_epoch,
        "source_seq": state.source_seq,
        "manual": list(state.manual),
        "reasons": list(state.reasons),
    }


def _read_account(command: Command, rule: dict[str, object]) -> accounts.State:
    fields: dict[str, object] = dict(rule)
    fields["reasons"] = tuple(rule["reasons"])  # type: ignore[arg-type]
    fields["manual"] = Manual(*rule["manual"])  # type: ignore[misc]
    return accounts.State(
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
        **fields,  # type: ignore[arg-type]
    )
