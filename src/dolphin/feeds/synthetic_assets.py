"""The assets of the synthetic market: prices of the right order, `beta` the loading on the one market factor, and the notional of a typical
book level. Ticks and steps are the venue's (`dolphin.core.market.instruments`).
"""

from typing import Final, NamedTuple

from dolphin.core.market.instruments import INSTRUMENTS, Instrument


class SyntheticAsset(NamedTuple):
    """One perpetual of the synthetic market."""

    instrument: Instrument
    price: float
    beta: float
    level_usd: float


_TABLE: Final = """
BTCUSDT 61000 1.00 300000
ETHUSDT 2650 1.15 150000
SOLUSDT 152 1.35 60000
BNBUSDT 560 0.80 50000
XRPUSDT 0.5700 1.00 60000
DOGEUSDT 0.10500 1.30 40000
ADAUSDT 0.3500 1.15 30000
LINKUSDT 10.400 1.25 25000
AVAXUSDT 22.500 1.35 25000
LTCUSDT 64.50 0.95 25000
DOTUSDT 4.600 1.15 20000
BCHUSDT 350.00 1.05 20000
TRXUSDT 0.13100 0.55 20000
NEARUSDT 4.100 1.40 18000
UNIUSDT 6.300 1.20 15000
APTUSDT 6.1000 1.35 15000
FILUSDT 3.500 1.25 15000
ARBUSDT 0.5400 1.35 14000
OPUSDT 1.3500 1.40 14000
ATOMUSDT 4.600 1.15 12000
ETCUSDT 19.000 1.10 12000
SUIUSDT 0.8700 1.45 14000
INJUSDT 18.500 1.45 10000
SEIUSDT 0.2800 1.45 9000
TIAUSDT 5.3000 1.45 9000
AAVEUSDT 102.00 1.20 10000
MKRUSDT 2050.0 1.00 8000
RUNEUSDT 3.800 1.40 8000
STXUSDT 1.4500 1.35 8000
IMXUSDT 1.2100 1.35 7000
GALAUSDT 0.01950 1.35 7000
SANDUSDT 0.25000 1.25 7000
MANAUSDT 0.2700 1.20 6000
AXSUSDT 4.700 1.25 6000
APEUSDT 0.7200 1.30 6000
CRVUSDT 0.270 1.30 6000
LDOUSDT 1.1000 1.35 6000
SNXUSDT 1.350 1.25 5000
COMPUSDT 43.00 1.15 5000
EGLDUSDT 27.50 1.15 5000
ALGOUSDT 0.1250 1.15 5000
VETUSDT 0.02200 1.15 5000
XLMUSDT 0.09600 0.95 6000
EOSUSDT 0.490 1.05 5000
THETAUSDT 1.2000 1.25 5000
FLOWUSDT 0.540 1.20 4000
KAVAUSDT 0.3000 1.15 4000
DYDXUSDT 1.050 1.30 4000
ENJUSDT 0.14500 1.20 4000
ZILUSDT 0.01350 1.15 4000
"""


def _parse(line: str) -> SyntheticAsset:
    symbol, price, beta, level_usd = line.split()
    return SyntheticAsset(INSTRUMENTS[symbol], float(price), float(beta), float(level_usd))


ASSETS: Final[tuple[SyntheticAsset, ...]] = tuple(_parse(line) for line in _TABLE.strip().splitlines())
