"""Gates as the entry processors would have made them: each signal through the rule, on bytes."""

from dataclasses import replace

from dolphin.core.contract.packing import pack
from dolphin.core.control import gate_entry
from dolphin.core.control.command import decode, survival_signal
from dolphin.core.units import ONE
from dolphin.operator.gate_state import Gates

T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
NOTHING = Gates("paper", 0, False, None, None, {}, frozenset({"BTCUSDT"}))


def demanded(gates: Gates, seq: int, r_ppm: int = ONE, *, at_ns: int | None = None, is_ready: bool = True, **more: object) -> Gates:
    """After the controller's demand number `seq`, one a second, carried to the account's cap."""
    now_ns = T0 + seq * SECOND if at_ns is None else at_ns
    demand: dict[str, object] = {
        "kind": "demand",
        "epoch": 1,
        "seq": seq,
        "time_ns": now_ns,
        "is_ready": is_ready,
        "broken": [],
        "r_cmd_ppm": r_ppm,
        "factors_ppm": [ONE, ONE, r_ppm, ONE, ONE],
        "passive_only": False,
        "reasons": [],
        "cause_ids": [],
        "expires_at_ns": now_ns + 2 * SECOND,
    }
    after = told(gates, demand | more)
    return replace(after, market_time_ns=now_ns, is_governed=True)


def told(gates: Gates, signal: dict[str, object]) -> Gates:
    """After a signal to the governor that it takes."""
    posture = gate_entry.apply("POSTURE", "paper", gates.posture_value, pack(signal)).value
    assert posture is not None
    assert posture != gates.posture_value
    word = survival_signal(decode(posture))
    return replace(gates, posture_value=posture, account_value=gate_entry.apply("LEVERAGE", "paper", gates.account_value, word).value)


def broken(gates: Gates) -> Gates:
    """After somebody's word that an invariant does not hold."""
    return told(gates, {"kind": "broken", "source": "agent", "reason": "checksum", "cause_id": "A@b#1"})


def voted(gates: Gates, seq: int, severity_ppm: int = 0, asset: str = "BTCUSDT") -> Gates:
    """After one source's vote number `seq`, one a second."""
    now_ns = T0 + seq * SECOND
    vote = {
        "kind": "vote",
        "source": "taker",
        "seq": seq,
        "time_ns": now_ns,
        "severity_ppm": severity_ppm,
        "is_clear": severity_ppm == 0,
        "reason": "selling",
        "cause_id": "BTCUSDT@trade#5",
        "expires_at_ns": now_ns + 2 * SECOND,
    }
    value = gate_entry.apply("LEVERAGE", f"paper/{asset}", gates.breaker_values.get(asset), pack(vote)).value
    assert value is not None
    return replace(gates, breaker_values={**gates.breaker_values, asset: value}, market_time_ns=max(gates.market_time_ns, now_ns))
