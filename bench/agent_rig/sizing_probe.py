"""Timed: one size, ours and Nautilus's."""

import sys
from decimal import Decimal

from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.objects import Money
from nautilus_trader.risk.sizing import FixedRiskSizer

from agent.instruments import instrument_of
from bench.signal_rig.fresh import report
from dolphin.core.placing.sizer import AlphaBetSizer
from dolphin.core.units import ONE


def main(seconds: float) -> None:
    sizer = AlphaBetSizer()
    instrument = instrument_of("BTCUSDT")
    theirs = FixedRiskSizer(instrument)
    entry, stop = instrument.make_price(60_000), instrument.make_price(59_000)
    equity, risk = Money(100_000, USDT), Decimal("0.01")
    report(
        {
            "target": lambda: sizer.target_micro(100_000 * ONE, 2 * ONE, 0.5, 2.5, 3e-4),
            "peer": lambda: theirs.calculate(entry, stop, equity, risk),
            "floor": lambda: None,
        },
        seconds,
    )


if __name__ == "__main__":
    main(float(sys.argv[1]))
