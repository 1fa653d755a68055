"""Timed: one step of the survival controller, calm and degraded, one leverage signal as bytes, and a call that does nothing."""

import sys

from bench.signal_rig.fresh import report
from dolphin.core.contract.packing import pack
from dolphin.core.control import gate_entry, survival
from dolphin.core.control.assessment import Inputs
from dolphin.core.control.params import GovernorParams, SurvivalParams
from dolphin.core.control.survival import SurvivalState
from dolphin.core.units import ONE

_SECOND_NS = 1_000_000_000
_START_NS = 1_700_000_000 * _SECOND_NS
_CALLS = 50  # in a row: a controller that is stepped by every batch is in the cache
_BATCH_NS = 100_000_000  # the feed publishes a batch that often


def signal(at_ns: int) -> bytes:
    """Four clear votes, as the stage sends them four times a second."""
    votes = [
        {
            "source": source,
            "seq": at_ns,
            "time_ns": at_ns,
            "severity_ppm": 0,
            "is_clear": True,
            "reason": "depth 6484666 USD within 10 bps, 98% of usual",
            "cause_id": "BTCUSDT@depth#5123126820261",
            "expires_at_ns": at_ns + 2 * _SECOND_NS,
        }
        for source in ("depth", "spread", "stale", "taker")
    ]
    return pack({"kind": "vote", "votes": votes})


def main(seconds: float) -> None:
    params, governor = SurvivalParams(), GovernorParams()
    good = Inputs(_START_NS, 0, jitter_ns=0, latency_ns=0, depth_ratio_ppm=ONE, spread_ratio_ppm=ONE, is_taker_shock=False)
    calm = good._replace(now_ns=_START_NS + _BATCH_NS)
    degraded = calm._replace(latency_ns=_SECOND_NS, depth_ratio_ppm=200_000, is_taker_shock=True)
    started, _ = survival.step(SurvivalState(), good, params, governor)
    value: bytes | None = None
    for step in range(8):
        value = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", value, signal(_START_NS + step)).value
    later = signal(_START_NS + _SECOND_NS)
    functions = {
        "calm": lambda: survival.step(started, calm, params, governor),
        "degraded": lambda: survival.step(started, degraded, params, governor),
        "entry": lambda: gate_entry.apply("LEVERAGE", "paper/BTCUSDT", value, later),
        "floor": lambda: None,
    }
    report(functions, seconds, calls=_CALLS)


if __name__ == "__main__":
    main(float(sys.argv[1]))
