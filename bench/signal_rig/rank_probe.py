"""Timed: one ranking of 400 assets, by our rules on arrays, as a stage on Arrow batches, in pandas, and a bare sort."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.signal_rig.fresh import report
from dolphin.core.contract.schemas import SCAN
from dolphin.core.signals.ranking import best_first, depth_z, liquidity_multiplier, signals, traded_set, weighted_score, weights_of
from python_udfs.ars import Ars

ASSETS = 400


def scan(rng: np.random.Generator) -> pa.RecordBatch:
    """A SCAN batch with every signal known."""
    columns: dict[str, Any] = {
        "asset": [f"A{i:03d}USDT" for i in range(ASSETS)],
        "market_time_ns": np.full(ASSETS, 5_000_000_000),
        "eligible": np.ones(ASSETS, bool),
        "is_plunge": np.zeros(ASSETS, bool),
    }
    for field in SCAN:
        if field.name not in columns:
            columns[field.name] = pa.array(np.exp(rng.normal(size=ASSETS))).cast(field.type, safe=False)
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name], f.type) for f in SCAN], schema=SCAN)


def pandas_ranking(frame: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    """The same scores as a data scientist would write them."""
    signal = pd.DataFrame(
        {
            "loading": frame.loading,
            "idio": frame.idio_vel_div,
            "volume": np.log1p(frame.volume_5m_usd),
            "spread": -np.log(frame.spread_bps),
            "fit": -(np.log(frame.sigma_5s) - np.log(frame.sigma_5s).median()).abs(),
            "depth": np.log(frame.depth_q10_usd),
        }
    )
    centred = signal - signal.median()
    z = (centred / (1.4826 * centred.abs().median())).clip(-3, 3)
    s = (0.5 + z.drop(columns="depth") / 6) @ weights
    scored = frame[["asset"]].assign(score=s * (1 + 0.1 * np.tanh(z.depth / 2)))
    return scored.sort_values(["score", "asset"], ascending=[False, True])


def main(seconds: float) -> None:
    batch = scan(np.random.default_rng(1))
    frame = batch.to_pandas()
    stage = Ars()
    weights = weights_of(np.zeros(5))
    column = {name: batch.column(name).to_numpy() for name in ("loading", "idio_vel_div", "volume_5m_usd", "spread_bps", "sigma_5s")}
    depth = batch.column("depth_q10_usd").to_numpy()
    incumbent = np.zeros(ASSETS, bool)
    score = column["loading"]

    def rules() -> None:
        z = signals(column["loading"], column["idio_vel_div"], column["volume_5m_usd"], column["spread_bps"], column["sigma_5s"])
        scores = weighted_score(z, weights) * liquidity_multiplier(depth_z(depth))
        traded_set(scores, incumbent, 10)
        best_first(scores)

    report(
        {
            "rules": rules,
            "stage": lambda: stage.process(batch),
            "peer": lambda: pandas_ranking(frame, weights),
            "floor": lambda: np.argsort(-score, kind="stable"),
        },
        seconds,
    )


if __name__ == "__main__":
    main(float(sys.argv[1]))
