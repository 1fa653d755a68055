"""AlphaBetSizer: from entitlement to a target position (`control.md` 5).

    target = equity * cap * weight * conviction(plunge depth) * scale(sigma)

`cap` is a hard bound: every other term is at most 1, so the target is never above what the lease allows. Conviction is convex in plunge
depth (a plunge has to be deep before it convinces) and volatility only ever scales down. What is not known counts as the worst: no
volatility estimate means no position, no plunge reading means the least conviction.
"""

import math
from dataclasses import dataclass

from dolphin.core.units import ONE


@dataclass(frozen=True, slots=True)
class AlphaBetSizer:
    """The sizing rule with its parameters. A level C part: it may use floats because the order gate, which uses none, has the last word."""

    base_conviction: float = 0.35
    """Share of the bound that is taken without any plunge, 0 to 1."""
    full_depth: float = 6.0
    """Plunge depth (robust z, `control.md` 3) from which conviction is 1."""
    sigma_target: float = 4e-4
    """Volatility of 5 s log returns up to which nothing is taken off: about 5 % a day."""

    def __post_init__(self) -> None:
        assert 0.0 <= self.base_conviction <= 1.0
        assert self.full_depth > 0.0
        assert self.sigma_target > 0.0

    def conviction(self, plunge_depth: float) -> float:
        """0 to 1: `base` without a plunge, rising with the square of the depth to 1 at `full_depth`; NaN is no plunge."""
        share = min(max(plunge_depth, 0.0) / self.full_depth, 1.0) if plunge_depth == plunge_depth else 0.0
        return self.base_conviction + (1.0 - self.base_conviction) * share * share

    def scale(self, sigma_5s: float) -> float:
        """0 to 1: what a volatility (positive and finite) leaves."""
        return min(1.0, self.sigma_target / sigma_5s)

    def target_micro(self, equity_micro: int, cap_ppm: int, weight: float, plunge_depth: float, sigma_5s: float) -> int:
        """Target notional in micro-dollars, 0 to `equity_micro * cap_ppm / ONE`.

        `weight` is the share of the cap given to the asset (0 to 1), `sigma_5s` the EWMA volatility of its 5 s log returns.
        """
        bound_micro = equity_micro * cap_ppm // ONE
        if bound_micro <= 0 or not (math.isfinite(sigma_5s) and sigma_5s > 0.0 and 0.0 < weight <= 1.0):
            return 0
        return min(bound_micro, int(bound_micro * (weight * self.conviction(plunge_depth) * self.scale(sigma_5s))))
