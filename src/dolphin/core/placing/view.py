"""What a strategy sees of the market: the touch of each asset and the ranking."""

from typing import NamedTuple


class Touch(NamedTuple):
    """Best bid and ask of an asset."""

    bid_e8: int
    ask_e8: int
    bid_qty_e8: int
    ask_qty_e8: int


class Ranked(NamedTuple):
    """One row of the ranking, best first."""

    asset: str
    score: float
    plunge_depth: float
    sigma_5s: float


class Ranking(NamedTuple):
    """One message of `ranking`."""

    market_time_ns: int
    rows: tuple[Ranked, ...]
