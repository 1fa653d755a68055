"""Python stage: latency it adds, rows a second and start, against stock mapUsingPython and a bare socket echo.

Three paths carry the same messages through a Python function that does nothing: our stage on a 5.7.0 member as the project configures it,
the stock `mapUsingPython` 5.6.0 on a 5.6.0 member with Hazelcast's defaults, and (the floor) a Unix-domain socket to a Python process
that sends back what it gets. Every path also runs without the function; *added* latency is a message's latency less the median of the
path without it, so that a stall of the host counts against whom it hits.

* `row`: one row of ten columns (the stock stage gets it as one line of text), paced 2 ms apart;
* `batch`: a 400-row Arrow batch (the stock stage gets it as one base64 string, which spares it all encoding), paced 2 ms apart;
* `rows_per_s`: as much as it takes; ours 400 rows a message, stock one row a string, in batches as large as it likes. That is its own
  default (`mapUsingPython(config)` bounds a batch by Integer.MAX_VALUE) and, for a source that is never slow, its best: about a thousand
  strings, a whole queue, go into one call;
* `rows_per_s_one_a_call`: stock with one string a call (`mapUsingPython(config, 1)`), which is what it comes to when its source is a feed
  that delivers rows one by one;
* `mid_rows_per_s`: the same with the least that a function does: a column made of two others. Rows of text have to be parsed for that;
* `start_s`: from submitting a job to its first output. The stock stage makes a virtual environment each time; pip finds its downloads in
  the cache.

Paths are started afresh in turn, round by round, on JVMs that stay. Messages have intended times and latencies count from them.
"""

import base64
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from bench.measurement.host import probe_host
from bench.measurement.percentiles import Latencies, median_p50_us, worst_p99_us
from bench.stage_rig.rig import Rig, floor_rig, our_rig, stock_rig
from dolphin.cluster.wire import Batch

ROUNDS: Final = 5
MID_ROUNDS: Final = 2
ROWS: Final = 400
COLUMNS: Final = ("bid", "ask", "bid_qty", "ask_qty", "price", "qty", "spread_bps", "depth_usd", "sigma")
GAP_NS: Final = 2_000_000
_WARM_UP_GAP_NS: Final = 200_000
_WARM_UP: Final = 1_000
_FEWEST: Final = 200

Payload = Literal["row", "batch"]
PAYLOADS: Final[tuple[Payload, ...]] = ("row", "batch")


@dataclass(slots=True)
class Readings:
    """What was measured of one path, a list element for each fresh start."""

    start_s: list[float] = field(default_factory=list)
    rows_per_s: list[float] = field(default_factory=list)
    mid_rows_per_s: list[float] = field(default_factory=list)
    rows_per_s_one_a_call: list[float] = field(default_factory=list)
    with_stage: dict[Payload, list[Latencies]] = field(default_factory=lambda: {"row": [], "batch": []})
    without: dict[Payload, list[Latencies]] = field(default_factory=lambda: {"row": [], "batch": []})

    def added_us(self, payload: Payload, quantile: Callable[[list[Latencies]], float]) -> float:
        return quantile(self.with_stage[payload]) - median_p50_us(self.without[payload])

    def summary(self) -> dict[str, float]:
        return {
            "added_row_p50_us": self.added_us("row", median_p50_us),
            "added_row_p99_us": self.added_us("row", worst_p99_us),
            "added_batch_p50_us": self.added_us("batch", median_p50_us),
            "added_batch_p99_us": self.added_us("batch", worst_p99_us),
            "rows_per_s": median(self.rows_per_s),
            "mid_rows_per_s": median(self.mid_rows_per_s),
            "start_s": median(self.start_s),
            **({"rows_per_s_one_a_call": median(self.rows_per_s_one_a_call)} if self.rows_per_s_one_a_call else {}),
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the three paths and the payloads in its form."""

    rig: Rig
    payloads: dict[Payload, Path]
    flooded_by: Payload
    rows_a_message: int
    readings: Readings = field(default_factory=Readings)

    def measure(self, seconds: float) -> None:
        """One fresh start without and one with the stage."""
        self._latencies(self.readings.without, seconds / 5, None)
        self.rig.stop()
        self.readings.start_s.append(self._latencies(self.readings.with_stage, seconds, "same"))
        self.readings.rows_per_s.append(self._flood(seconds))
        self.rig.stop()

    def measure_mid(self, seconds: float) -> None:
        """One fresh start with the function that computes something."""
        self._flood_afresh(seconds, "mid", self.readings.mid_rows_per_s)

    def measure_one_a_call(self, seconds: float) -> None:
        """One fresh start with batches of one message."""
        self._flood_afresh(seconds, "same@1", self.readings.rows_per_s_one_a_call)

    def _flood_afresh(self, seconds: float, function: str, into: list[float]) -> None:
        self.rig.start(self.payloads[self.flooded_by], function)
        into.append(self._flood(seconds))
        self.rig.stop()

    def _flood(self, seconds: float) -> float:
        return self.rig.flood(self.payloads[self.flooded_by], seconds) * self.rows_a_message

    def _latencies(self, into: dict[Payload, list[Latencies]], seconds: float, function: str | None) -> float:
        start_s = self.rig.start(self.payloads["row"], function)
        count = max(_FEWEST, round(seconds * 1e9 / GAP_NS))
        for payload, file in self.payloads.items():
            self.rig.paced(file, _WARM_UP, _WARM_UP_GAP_NS)
            into[payload].append(Latencies(self.rig.paced(file, count, GAP_NS)))
        return start_s


def run(seconds: float) -> dict[str, Any]:
    """Measures each path for about `seconds`, a third of it on each kind of message, in `ROUNDS` fresh starts."""
    host = probe_host()
    with tempfile.TemporaryDirectory(prefix="dolphin-bench-") as folder, ExitStack() as rigs:
        work = Path(folder)
        arrow: dict[Payload, Path] = {"row": _write(work / "row.arrow", _arrow(1)), "batch": _write(work / "batch.arrow", _arrow(ROWS))}
        text: dict[Payload, Path] = {
            "row": _write(work / "row.txt", _line()),
            "batch": _write(work / "batch.txt", base64.b64encode(_arrow(ROWS))),
        }
        ours = Candidate(rigs.enter_context(our_rig(work)), arrow, "batch", ROWS)
        stock = Candidate(rigs.enter_context(stock_rig(work)), text, "row", 1)
        floor = Candidate(rigs.enter_context(floor_rig(work)), arrow, "batch", ROWS)
        for _ in range(ROUNDS):
            for path in (ours, stock, floor):
                path.measure(seconds / 3 / ROUNDS)
        for _ in range(MID_ROUNDS):
            for path in (ours, stock, floor):
                path.measure_mid(seconds / 3 / ROUNDS)
            stock.measure_one_a_call(seconds / 3 / ROUNDS)
    return _result(host.as_dict(), ours.readings.summary(), stock.readings.summary(), floor.readings.summary())


def _result(host: dict[str, Any], ours: dict[str, float], stock: dict[str, float], floor: dict[str, float]) -> dict[str, Any]:
    latencies = [name for name in ours if name.startswith("added_")]
    to_stock = {f"{name.removesuffix('_us')}_to_stock": ours[name] / stock[name] for name in latencies}
    to_floor = {f"{name.removesuffix('_us')}_to_floor": ours[name] / floor[name] for name in latencies}
    # what the targets come to for a socket that carries the same bytes and does nothing with them: none that it would miss is one
    floor_to_stock = {f"floor_{name.removesuffix('_us')}_to_stock": floor[name] / stock[name] for name in latencies}
    rates = {
        "rows_per_s_to_stock": ours["rows_per_s"] / stock["rows_per_s"],
        "rows_per_s_to_stock_one_a_call": ours["rows_per_s"] / stock["rows_per_s_one_a_call"],
        "mid_rows_per_s_to_stock": ours["mid_rows_per_s"] / stock["mid_rows_per_s"],
    }
    ratios = {
        **to_stock,
        **to_floor,
        **floor_to_stock,
        **rates,
        "floor_rows_per_s_to_stock": floor["rows_per_s"] / stock["rows_per_s"],
        "start_speedup": stock["start_s"] / ours["start_s"],
    }
    targets = {
        **{f"added_{payload}_p50_to_floor": {"op": "<=", "value": 2.2} for payload in PAYLOADS},
        **{f"added_{payload}_p50_to_stock": {"op": "<=", "value": 0.35} for payload in PAYLOADS},
        **{f"added_{payload}_p99_to_stock": {"op": "<=", "value": 0.7} for payload in PAYLOADS},
        "rows_per_s_to_stock": {"op": ">=", "value": 8},
        "start_speedup": {"op": ">=", "value": 20},
    }
    return {
        "peer": "mapUsingPython 5.6.0",
        "host": host,
        "ours": ours,
        "peer_result": stock,
        "floor": floor,
        "ratios": ratios,
        "targets": targets,
    }


def _write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def _arrow(rows: int) -> bytes:
    random = np.random.default_rng(1)
    columns: dict[str, pa.Array] = {"asset": pa.array([f"ASSET{i:03}USDT" for i in range(rows)])}
    columns |= {name: pa.array(random.uniform(1, 1e5, rows)) for name in COLUMNS}
    return Batch.of("0", 1, pa.RecordBatch.from_pydict(columns)).arrow


def _line() -> bytes:
    numbers = np.random.default_rng(1).uniform(1, 1e5, len(COLUMNS))
    return ",".join(["ASSET000USDT", *(repr(float(number)) for number in numbers)]).encode()
