"""The instruments of the synthetic market: names, price levels and tick sizes like those of Binance USD-M perpetuals.

Only the shape matters: prices are of the right order, ticks are the exchange's, `beta` is the loading on the one market factor, and
`level_usd` the notional of a typical book level.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Instrument:
    """One perpetual."""

    symbol: str
    price: float
    price_decimals: int
    """The tick is 10 to the minus this."""
    qty_decimals: int
    beta: float
    level_usd: float


_TABLE: Final = """
BTCUSDT 61000 1 3 1.00 300000
ETHUSDT 2650 2 3 1.15 150000
SOLUSDT 152 3 1 1.35 60000
BNBUSDT 560 2 2 0.80 50000
XRPUSDT 0.5700 4 1 1.00 60000
DOGEUSDT 0.10500 5 0 1.30 40000
ADAUSDT 0.3500 4 0 1.15 30000
LINKUSDT 10.400 3 2 1.25 25000
AVAXUSDT 22.500 4 0 1.35 25000
LTCUSDT 64.50 2 3 0.95 25000
DOTUSDT 4.600 3 1 1.15 20000
BCHUSDT 350.00 2 3 1.05 20000
TRXUSDT 0.13100 5 0 0.55 20000
NEARUSDT 4.100 3 0 1.40 18000
UNIUSDT 6.300 3 0 1.20 15000
APTUSDT 6.1000 4 1 1.35 15000
FILUSDT 3.500 3 1 1.25 15000
ARBUSDT 0.5400 4 1 1.35 14000
OPUSDT 1.3500 4 1 1.40 14000
ATOMUSDT 4.600 3 2 1.15 12000
ETCUSDT 19.000 3 2 1.10 12000
SUIUSDT 0.8700 4 1 1.45 14000
INJUSDT 18.500 3 1 1.45 10000
SEIUSDT 0.2800 4 0 1.45 9000
TIAUSDT 5.3000 4 0 1.45 9000
AAVEUSDT 102.00 2 1 1.20 10000
MKRUSDT 2050.0 1 3 1.00 8000
RUNEUSDT 3.800 3 0 1.40 8000
STXUSDT 1.4500 4 0 1.35 8000
IMXUSDT 1.2100 4 0 1.35 7000
GALAUSDT 0.01950 5 0 1.35 7000
SANDUSDT 0.25000 5 0 1.25 7000
MANAUSDT 0.2700 4 0 1.20 6000
AXSUSDT 4.700 3 0 1.25 6000
APEUSDT 0.7200 4 0 1.30 6000
CRVUSDT 0.270 3 1 1.30 6000
LDOUSDT 1.1000 4 0 1.35 6000
SNXUSDT 1.350 3 1 1.25 5000
COMPUSDT 43.00 2 3 1.15 5000
EGLDUSDT 27.50 2 1 1.15 5000
ALGOUSDT 0.1250 4 1 1.15 5000
VETUSDT 0.02200 5 0 1.15 5000
XLMUSDT 0.09600 5 0 0.95 6000
EOSUSDT 0.490 3 1 1.05 5000
THETAUSDT 1.2000 4 1 1.25 5000
FLOWUSDT 0.540 3 1 1.20 4000
KAVAUSDT 0.3000 4 1 1.15 4000
DYDXUSDT 1.050 3 1 1.30 4000
ENJUSDT 0.14500 5 0 1.20 4000
ZILUSDT 0.01350 5 0 1.15 4000
"""


def _parse(line: str) -> Instrument:
    symbol, price, price_decimals, qty_decimals, beta, level_usd = line.split()
    return Instrument(symbol, float(price), int(price_decimals), int(qty_decimals), float(beta), float(level_usd))


INSTRUMENTS: Final[tuple[Instrument, ...]] = tuple(_parse(line) for line in _TABLE.strip().splitlines())
