"""The venue's rules for its perpetuals, once: tick, step, smallest order, fees.

The table holds the decimals of price and quantity of the USD-M perpetuals that the synthetic market plays and the paper venue knows. One
that is not in it gets the finest grid there is, so that every price that is quoted can be represented.
"""

from typing import Final, NamedTuple

from dolphin.core.units import ONE

MIN_NOTIONAL_MICRO: Final = 5 * ONE
"""The exchange's smallest order on most USD-M perpetuals."""
MAKER_FEE_PPM: Final = 200
TAKER_FEE_PPM: Final = 500
E8_DECIMALS: Final = 8


class Instrument(NamedTuple):
    """One perpetual, quoted and settled in USDT."""

    symbol: str
    price_decimals: int
    """The tick is 10 to the minus this."""
    qty_decimals: int
    """The step is 10 to the minus this."""

    @property
    def tick_e8(self) -> int:
        """Prices are multiples of this."""
        return 10 ** (E8_DECIMALS - self.price_decimals)

    @property
    def step_e8(self) -> int:
        """Quantities are multiples of this."""
        return 10 ** (E8_DECIMALS - self.qty_decimals)


_TABLE: Final = """
BTCUSDT 1 3
ETHUSDT 2 3
SOLUSDT 3 1
BNBUSDT 2 2
XRPUSDT 4 1
DOGEUSDT 5 0
ADAUSDT 4 0
LINKUSDT 3 2
AVAXUSDT 4 0
LTCUSDT 2 3
DOTUSDT 3 1
BCHUSDT 2 3
TRXUSDT 5 0
NEARUSDT 3 0
UNIUSDT 3 0
APTUSDT 4 1
FILUSDT 3 1
ARBUSDT 4 1
OPUSDT 4 1
ATOMUSDT 3 2
ETCUSDT 3 2
SUIUSDT 4 1
INJUSDT 3 1
SEIUSDT 4 0
TIAUSDT 4 0
AAVEUSDT 2 1
MKRUSDT 1 3
RUNEUSDT 3 0
STXUSDT 4 0
IMXUSDT 4 0
GALAUSDT 5 0
SANDUSDT 5 0
MANAUSDT 4 0
AXSUSDT 3 0
APEUSDT 4 0
CRVUSDT 3 1
LDOUSDT 4 0
SNXUSDT 3 1
COMPUSDT 2 3
EGLDUSDT 2 1
ALGOUSDT 4 1
VETUSDT 5 0
XLMUSDT 5 0
EOSUSDT 3 1
THETAUSDT 4 1
FLOWUSDT 3 1
KAVAUSDT 4 1
DYDXUSDT 3 1
ENJUSDT 5 0
ZILUSDT 5 0
"""


def _parse(line: str) -> Instrument:
    symbol, price_decimals, qty_decimals = line.split()
    return Instrument(symbol, int(price_decimals), int(qty_decimals))


INSTRUMENTS: Final[dict[str, Instrument]] = {each.symbol: each for each in map(_parse, _TABLE.strip().splitlines())}


def instrument_of(symbol: str) -> Instrument:
    """The perpetual traded under the exchange's symbol."""
    return INSTRUMENTS.get(symbol, Instrument(symbol, E8_DECIMALS, 3))
