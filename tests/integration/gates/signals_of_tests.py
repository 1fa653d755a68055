"""What the tests of the gates send and read."""

from typing import Any

from hazelcast.asyncio import HazelcastClient
from waiting import value_of

from dolphin.cluster.calls import apply_signal
from dolphin.cluster.wire import ApplyLeverage, ApplyPosture
from dolphin.core.contract.packing import pack, unpack

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000 * SECOND_NS
LEASE_NS = 2 * SECOND_NS


def vote(seq: int, severity_ppm: int = 0) -> ApplyLeverage:
    """One source's reading, a second after the last."""
    at_ns = START_NS + seq * SECOND_NS
    signal = {"kind": "vote", "source": "taker", "seq": seq, "time_ns": at_ns, "severity_ppm": severity_ppm, "is_clear": severity_ppm == 0}
    return ApplyLeverage(bytes(pack({**signal, "reason": "test", "cause_id": f"BTCUSDT@trade#{seq}", "expires_at_ns": at_ns + LEASE_NS})))


def operator_cut(seq: int, level: int = 4) -> ApplyLeverage:
    signal = {"kind": "manual", "op": "cut", "level": level, "by": "test", "reason": f"number {seq}", "seq": seq, "time_ns": START_NS}
    return ApplyLeverage(bytes(pack(signal)))


def broken() -> ApplyPosture:
    """Somebody's word that an invariant does not hold: it latches."""
    return ApplyPosture(bytes(pack({"kind": "broken", "source": "ledger", "reason": "checksum"})))


def demand(seq: int) -> ApplyPosture:
    """Everything is good."""
    at_ns = START_NS + seq * SECOND_NS
    signal = {"kind": "demand", "epoch": 1, "seq": seq, "time_ns": at_ns, "is_ready": True, "r_cmd_ppm": 1_000_000, "broken": []}
    more = {"factors_ppm": [1_000_000] * 5, "passive_only": False, "reasons": [], "cause_ids": [], "expires_at_ns": at_ns + LEASE_NS}
    return ApplyPosture(bytes(pack({**signal, **more})))


async def apply(hazelcast: HazelcastClient, key: str, signal: ApplyLeverage | ApplyPosture) -> dict[str, Any]:
    return await apply_signal(hazelcast, "POSTURE" if isinstance(signal, ApplyPosture) else "LEVERAGE", key, signal)


async def gate(hazelcast: HazelcastClient, map_name: str, key: str) -> dict[str, Any]:
    return unpack(await value_of(hazelcast, map_name, key))
