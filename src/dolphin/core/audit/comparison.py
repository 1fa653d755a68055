"""The ledger's positions beside the venue's."""

from collections.abc import Mapping

from dolphin.core.audit.steps import PositionCompared


def compared(ledger_e8: Mapping[str, int], venue_e8: Mapping[str, int]) -> tuple[PositionCompared, ...]:
    """One step for each asset that either holds, by name; an asset that one of them does not name is flat there."""
    assets = sorted(ledger_e8.keys() | venue_e8.keys())
    return tuple([PositionCompared(asset, ledger_e8.get(asset, 0), venue_e8.get(asset, 0)) for asset in assets])
