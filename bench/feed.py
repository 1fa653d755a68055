"""feed: frames decoded, books synchronised and rows batched per second, against json.loads of the same frames.

The frames are a calm synthetic market of 50 assets, one shard's worth, with their receive times, as lines of a recording held in memory.
Ours reads the lines, decodes and checks every frame, keeps the order books, measures depth and makes Arrow batches; the peer only parses
the JSON (`json.loads`, what a plain Python client does first); the floor only reads the lines. The three take turns on the same lines;
medians over the turns are reported.
"""

import io
import json
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from bench.measurement.host import probe_host
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import Translator
from dolphin.feeds.synthetic import Synthetic, generate

MARKET: Final = Synthetic(assets=50, seed=7, minutes=0.5, scenario=())
SPAN_NS: Final = 100_000_000
MIN_TURNS: Final = 5


def run(seconds: float) -> dict[str, Any]:
    """Measure for about `seconds`, at least `MIN_TURNS` turns of each."""
    host = probe_host()
    lines = b"".join(b"%d %s\n" % (frame.receive_ns, frame.raw) for frame in generate(MARKET))
    frames = lines.count(b"\n")
    contestants: dict[str, Callable[[bytes], int]] = {"ours": _ours, "peer": _peer, "floor": _floor}
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        contestant(lines)  # warm up
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at or len(rates["ours"]) < MIN_TURNS:
        for name, contestant in contestants.items():
            started_ns = time.perf_counter_ns()
            seen = contestant(lines)
            rates[name].append(frames * 1e9 / (time.perf_counter_ns() - started_ns))
            assert seen == frames
    ours, peer, floor = (_summary(rates[name]) for name in ("ours", "peer", "floor"))
    return {
        "peer": "json.loads",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": floor,
        "ratios": {
            "ours_to_peer": ours["frames_per_s"] / peer["frames_per_s"],
            "ours_to_floor": ours["frames_per_s"] / floor["frames_per_s"],
        },
        "targets": {},
        "frames": frames,
        "turns": len(rates["ours"]),
    }


def _summary(rates: list[float]) -> dict[str, float]:
    return {"frames_per_s": statistics.median(rates), "worst_frames_per_s": min(rates), "us_per_frame": 1e6 / statistics.median(rates)}


def _ours(lines: bytes) -> int:
    translator, batcher = Translator(), Batcher(shard="0", max_span_ns=SPAN_NS)
    for line in io.BytesIO(lines):
        stamp, _, raw = line.partition(b" ")
        batcher.add(translator.on_frame(int(stamp), raw))
        while batcher.take(translator.market_time_ns) is not None:
            pass
    assert translator.counters.bad_frames == 0
    return translator.counters.frames


def _peer(lines: bytes) -> int:
    count = 0
    for line in io.BytesIO(lines):
        json.loads(line.partition(b" ")[2])
        count += 1
    return count


def _floor(lines: bytes) -> int:
    return sum(1 for _ in io.BytesIO(lines))
