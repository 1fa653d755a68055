"""The paper venue: Binance USD-M perpetuals as Nautilus instruments, and the units between the two worlds.

Prices and sizes cross this boundary as integers: Nautilus keeps them scaled by 10^16, the order gate and the ledger by 10^8. Every tick and
step used here is a multiple of 10^-8, so the conversion is exact.
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

from dolphin.core.market.instruments import MAKER_FEE_PPM, MIN_NOTIONAL_MICRO, TAKER_FEE_PPM
from dolphin.core.market.instruments import instrument_of as rules_of
from dolphin.core.order_gate import Limits
from dolphin.core.placing.view import Touch
from dolphin.core.units import ONE

VENUE: Final = Venue("BINANCE")
RAW_PER_E8: Final = 10 ** (FIXED_PRECISION - 8)
VENUE_LEVERAGE: Final = Decimal(20)
"""What the venue itself would allow; well above any cap, because the order gate decides, not the venue's margin check."""


def instrument_of(asset: str) -> CryptoPerpetual:
    """The perpetual traded under the exchange's symbol `asset`, quoted and settled in USDT."""
    rules = rules_of(asset)
    base = asset.removesuffix("USDT") or asset
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol(asset), VENUE),
        raw_symbol=Symbol(asset),
        base_currency=Currency(base, precision=8, iso4217=0, name=base, currency_type=CurrencyType.CRYPTO),
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=rules.price_decimals,
        size_precision=rules.qty_decimals,
        price_increment=Price(10**-rules.price_decimals, rules.price_decimals),
        size_increment=Quantity(10**-rules.qty_decimals, rules.qty_decimals),
        ts_event=0,
        ts_init=0,
        margin_init=Decimal(1),
        margin_maint=Decimal("0.5"),
        maker_fee=Decimal(MAKER_FEE_PPM) / ONE,
        taker_fee=Decimal(TAKER_FEE_PPM) / ONE,
    )


def limits_of(asset: str) -> Limits:
    """The venue's rules for `asset`, as the order gate wants them."""
    return Limits(rules_of(asset).step_e8, MIN_NOTIONAL_MICRO)


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
