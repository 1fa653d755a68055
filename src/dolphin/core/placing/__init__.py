"""How large a position the ranking, the plunge and the volatility justify, within what the lease allows."""

from dolphin.core.placing.sizer import AlphaBetSizer

__all__ = ["AlphaBetSizer"]
