"""The paper venue: Binance USD-M perpetuals as Nautilus instruments, and the units between the two worlds.

Prices and sizes cross this boundary as integers: Nautilus keeps them scaled by 10^16, the gate and the ledger by 10^8. Every tick and step
used here is a multiple of 10^-8, so the conversion is exact.
"""

from decimal import Decimal
from typing import Final

from nautilus_trader.core.nautilus_pyo3 import FIXED_PRECISION
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import CurrencyType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Currency, Money, Price, Quantity

from dolphin.core.order_gate import ONE, Limits
from dolphin.core.placing.view import Touch

VENUE: Final = Venue("BINANCE")
RAW_PER_E8: Final = 10 ** (FIXED_PRECISION - 8)
MIN_NOTIONAL_MICRO: Final = 5 * ONE
"""The exchange's smallest order on most USD-M perpetuals."""
MAKER_FEE: Final = Decimal("0.0002")
TAKER_FEE: Final = Decimal("0.0005")
VENUE_LEVERAGE: Final = Decimal(20)
"""What the venue itself would allow; well above any cap, because the gate decides, not the venue's margin check."""

PRECISIONS: Final = {
    "BTCUSDT": (1, 3),
    "ETHUSDT": (2, 3),
    "BNBUSDT": (2, 2),
    "SOLUSDT": (4, 0),
    "XRPUSDT": (4, 1),
    "DOGEUSDT": (5, 0),
    "ADAUSDT": (5, 0),
    "LTCUSDT": (2, 3),
}
"""Decimals of price and size. The tick may be finer than the exchange's: every quoted price must be representable."""
DEFAULT_PRECISION: Final = (8, 3)


def instrument_of(asset: str) -> CryptoPerpetual:
    """The perpetual traded under the exchange's symbol `asset`, quoted and settled in USDT."""
    price_precision, size_precision = PRECISIONS.get(asset, DEFAULT_PRECISION)
    base = asset.removesuffix("USDT") or asset
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol(asset), VENUE),
        raw_symbol=Symbol(asset),
        base_currency=Currency(base, precision=8, iso4217=0, name=base, currency_type=CurrencyType.CRYPTO),
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=price_precision,
        size_precision=size_precision,
        price_increment=Price(10**-price_precision, price_precision),
        size_increment=Quantity(10**-size_precision, size_precision),
        ts_event=0,
        ts_init=0,
        margin_init=Decimal(1),
        margin_maint=Decimal("0.5"),
        maker_fee=MAKER_FEE,
        taker_fee=TAKER_FEE,
    )


def limits_of(instrument: CryptoPerpetual) -> Limits:
    """The instrument's rules, as the gate wants them."""
    return Limits(step_e8=e8_of_quantity(instrument.size_increment), min_notional_micro=MIN_NOTIONAL_MICRO)


def quote_of(instrument: CryptoPerpetual, touch: Touch, market_time_ns: int) -> QuoteTick | None:
    """The touch as a quote of the venue; None if a size is below the instrument's step (there is nothing to deal with)."""
    bid_size = quantity_of(instrument, touch.bid_qty_e8)
    ask_size = quantity_of(instrument, touch.ask_qty_e8)
    if not (bid_size.raw and ask_size.raw):
        return None
    return QuoteTick(
        instrument_id=instrument.id,
        bid_price=price_of(instrument, touch.bid_e8),
        ask_price=price_of(instrument, touch.ask_e8),
        bid_size=bid_size,
        ask_size=ask_size,
        ts_event=market_time_ns,
        ts_init=market_time_ns,
    )


def price_of(instrument: CryptoPerpetual, price_e8: int) -> Price:
    """The nearest price on the instrument's tick."""
    tick_e8 = 10 ** (8 - instrument.price_precision)
    return Price.from_raw((price_e8 + tick_e8 // 2) // tick_e8 * tick_e8 * RAW_PER_E8, instrument.price_precision)


def quantity_of(instrument: CryptoPerpetual, qty_e8: int) -> Quantity:
    """The quantity, rounded down to the instrument's step."""
    step_e8 = 10 ** (8 - instrument.size_precision)
    return Quantity.from_raw(qty_e8 // step_e8 * step_e8 * RAW_PER_E8, instrument.size_precision)


def e8_of_price(price: Price) -> int:
    return price.raw // RAW_PER_E8


def e8_of_quantity(quantity: Quantity) -> int:
    return quantity.raw // RAW_PER_E8


def micro_of(money: Money) -> int:
    """Money as micro-dollars, rounded up: used for fees."""
    return -(-money.raw // 10 ** (FIXED_PRECISION - 6))


def dollars_of(micro_usd: int) -> str:
    """Micro-dollars as the text Nautilus reads a balance from."""
    return f"{Decimal(micro_usd) / ONE:.6f} USDT"
