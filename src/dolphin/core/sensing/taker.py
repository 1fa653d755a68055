"""Who crosses the spread: the log odds of buying in the last minute, of one asset and of the whole account."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

from dolphin.core.control.breaker import UNKNOWN_PPM
from dolphin.core.sensing import severity
from dolphin.core.sensing.readings import AssetReading
from dolphin.core.sensing.trail import MIN_SAMPLES, Trail
from dolphin.core.sensing.votes import VoteReading
from dolphin.core.units import SECOND_NS

MIN_ASSET_TRADES_1M: Final = 5
MIN_ACCOUNT_TRADES_1M: Final = 20
MIN_LOG_ODDS_SCALE: Final = 0.35  # sigma of the log odds: a share of 0.5 +- 0.09
MAX_LOG_ODDS_SCALE: Final = 0.60  # so that a wild day cannot hide a share of 0.1
SHARE_FLOOR: Final = 0.005  # a share is taken to lie within [0.005, 0.995]
OUT_SIGMA: Final = 3.0
IN_SIGMA: Final = 2.0
INSIDE_PPM: Final = 249_999
"""The most that an asset's flow says while it is not out: just below the first trip."""
SHOCK_SIGMA: Final = 4.0


def log_odds(buy_usd: float, sell_usd: float) -> float:
    """ln(buying / selling), with both shares kept off 0; needs a positive sum."""
    buy_share = min(1.0 - SHARE_FLOOR, max(SHARE_FLOOR, buy_usd / (buy_usd + sell_usd)))
    return math.log(buy_share / (1.0 - buy_share))


def log_odds_scale(scale: float) -> float:
    """The robust scale of log odds within its bounds."""
    return min(MAX_LOG_ODDS_SCALE, max(MIN_LOG_ODDS_SCALE, scale))


@dataclass(slots=True)
class AssetTaker:
    """One asset: out when beyond the 1 % quantile of its own day and 3 sigma, in again below 2 sigma."""

    trail: Trail = field(default_factory=Trail)
    is_out: bool = False

    def read(self, reading: AssetReading, now_ns: int, warm_up_ns: int) -> VoteReading:
        """What the flow of the last minute says."""
        buy, sell = reading.taker_buy_usd, reading.taker_sell_usd
        if buy is None or sell is None or buy + sell <= 0.0 or (reading.trades_1m or 0) < MIN_ASSET_TRADES_1M:
            return VoteReading(UNKNOWN_PPM, "too few trades in the last minute", reading.taker_cause)
        odds = log_odds(buy, sell)
        if not self.trail.is_warm(now_ns, warm_up_ns, MIN_SAMPLES):
            self.trail.add(now_ns, odds)
            return VoteReading(UNKNOWN_PPM, "warming up", reading.taker_cause)
        usual = self.trail.statistics()
        self.trail.add(now_ns, odds)
        z = abs(odds - usual.median) / log_odds_scale(usual.scale)
        if z >= OUT_SIGMA and not usual.low < odds < usual.high:
            self.is_out = True
        elif z < IN_SIGMA:
            self.is_out = False
        severity_ppm = severity.through(severity.Z_KNOTS, z)
        if not self.is_out:
            severity_ppm = min(severity_ppm, INSIDE_PPM)
        return VoteReading(severity_ppm, f"buy share {buy / (buy + sell):.3f} in 1 min, robust z {z:.1f}", reading.taker_cause)


@dataclass(slots=True)
class AccountTaker:
    """All assets together: a shock when their log odds fall below their own 1 % quantile and 4 sigma, in two of three seconds."""

    trail: Trail = field(default_factory=Trail)
    shocks: list[bool] = field(default_factory=list)  # of the last seconds, newest last
    shock_second: int = -1

    def read(self, rows: list[AssetReading], now_ns: int, warm_up_ns: int) -> tuple[bool | None, int]:
        """Whether selling overwhelms the account's assets (None: not known), and the row of the asset sold most."""
        buys = [row.taker_buy_usd or 0.0 for row in rows]
        sells = [row.taker_sell_usd or 0.0 for row in rows]
        buy, sell = sum(buys), sum(sells)
        most_sold = sells.index(max(sells, default=0.0)) if rows else 0
        if buy + sell <= 0.0 or sum(row.trades_1m or 0 for row in rows) < MIN_ACCOUNT_TRADES_1M:
            return None, most_sold
        odds = log_odds(buy, sell)
        is_warm = self.trail.is_warm(now_ns, warm_up_ns, MIN_SAMPLES)
        second = now_ns // SECOND_NS
        if is_warm and second > self.shock_second:
            usual = self.trail.statistics()
            is_low = odds <= usual.low and usual.median - odds >= SHOCK_SIGMA * log_odds_scale(usual.scale)
            self.shocks = [*self.shocks[-2:], is_low]
            self.shock_second = second
        self.trail.add(now_ns, odds)
        return (sum(self.shocks) >= 2 if is_warm else None), most_sold

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        return [self.trail.to_list(), self.shocks, self.shock_second]

    @classmethod
    def from_list(cls, fields: list[Any]) -> "AccountTaker":
        """The memory that `to_list` wrote."""
        trail, shocks, shock_second = fields
        return cls(Trail.from_list(trail), shocks, shock_second)
