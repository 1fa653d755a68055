"""Numbers as people say them, one way for every screen, report, journal and error. Text only: nothing decides on it."""

from datetime import UTC, datetime

from dolphin.core.units import ONE, SECOND_NS


def leverage(ppm: int) -> str:
    """A cap, rounded down: 2_000_000 is "2.00x"."""
    return f"{ppm // 10_000 / 100:.2f}x"


def share(ppm: int) -> str:
    """A part of one, rounded down: 634_999 is "63.4 %"."""
    return f"{ppm // 1_000 / 10:.1f} %"


def span(duration_ns: int) -> str:
    """A length of time, rounded up to the second: "1 h 04 min", "12 min 30 s", "8 s"."""
    seconds = max(0, -(-duration_ns // SECOND_NS))
    minutes, hours = seconds // 60, seconds // 3_600
    if hours:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{minutes} min {seconds % 60:02d} s" if minutes else f"{seconds} s"


def utc(market_time_ns: int) -> str:
    """A moment to the millisecond: "2025-10-10 14:57:00.000"."""
    return f"{datetime.fromtimestamp(market_time_ns // 1_000_000 / 1000, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def clock(market_time_ns: int) -> str:
    """The time of day, in UTC: "14:57:00"."""
    return utc(market_time_ns)[11:19]


def usd(amount_micro_usd: int) -> str:
    """An amount with all six decimals, as it is booked: -1 is "-0.000001"."""
    return _decimal(amount_micro_usd, 6)


def dollars(amount_micro_usd: int) -> str:
    """An amount to the cent, for people: 1_234_560_000 is "1,234.56 USD"."""
    return f"{amount_micro_usd / ONE:,.2f} USD"


def decimal_e8(amount_e8: int) -> str:
    """A quantity or a price in whole units, without trailing zeros: 150_000_000 is "1.5"."""
    return _decimal(amount_e8, 8).rstrip("0").rstrip(".")


def side(sign: int) -> str:
    """1 is "BUY", -1 is "SELL"."""
    return {1: "BUY", -1: "SELL"}[sign]


def _decimal(amount: int, decimals: int) -> str:
    whole, part = divmod(abs(amount), 10**decimals)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{decimals}d}"
